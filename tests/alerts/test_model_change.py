"""Another model judges: what it sees otherwise is no news, what happens meanwhile is."""

from datetime import datetime, timedelta

import pytest

from alerts import judge, trends, triage
from storage.models import Case, Incident
from storage.records import Sentiment
from tests.alerts.world import MODEL, NOW, World, burst

HOUR = timedelta(hours=1)
NEW = "proef-2"
DAYS = 3
PER_HOUR = 12


@pytest.fixture
def busy(world: World) -> World:
    """Three days with twelve posts an hour, heard every hour, in which the model saw no complaint."""
    world.put_to_use(MODEL, NOW - 30 * 24 * HOUR)
    for hour in range(DAYS * 24, -1, -1):
        world.crawled("pagina", NOW - hour * HOUR)
        world.crawled("berichten", NOW - hour * HOUR)
    steps = range(DAYS * 24 * PER_HOUR, 0, -1)
    world.post(*(NOW - step * HOUR / PER_HOUR for step in steps), sentiment=Sentiment.POSITIVE)
    world.put_to_use(NEW)
    return world


def judged(world: World, now: datetime = NOW) -> list[Incident]:
    trends.run(world.database, now)
    judge.run(world.database, world.configuration.alerts, now)
    return [one for one in world.incidents() if one.brand_id and not one.source_id]


@pytest.mark.parametrize("done", [PER_HOUR, 10 * PER_HOUR, DAYS * 24 * PER_HOUR])
def test_a_model_that_calls_everything_a_complaint_opens_nothing(busy: World, done: int) -> None:
    assert busy.judge_again(NEW, most=done) == done
    assert judged(busy) == []


def test_new_posts_that_the_new_model_finds_bad_open_nothing_before_history_is_judged_anew(
    busy: World,
) -> None:
    busy.post(*burst(PER_HOUR, minutes=50), model=NEW)
    assert judged(busy) == []


def test_what_the_old_model_called_a_complaint_is_not_added_to_what_the_new_one_does(heard: World) -> None:
    heard.put_to_use(MODEL, NOW - 30 * 24 * HOUR)
    heard.post(*burst(20))
    heard.put_to_use(NEW)
    assert judged(heard) == []
    heard.judge_again(NEW, most=20)
    assert [one.facts["observed"] for one in judged(heard)] == [20]


def test_a_storm_is_told_while_the_model_changes(busy: World) -> None:
    busy.post(*burst(90), model=NEW)
    [incident] = judged(busy)
    assert incident.facts["observed"] == 90
    assert incident.facts["expected"] == pytest.approx(PER_HOUR, rel=0.2)
    assert incident.facts["inexact_hours"] > 60


def test_the_worst_hour_keeps_saying_that_it_was_compared_with_all_posts(busy: World) -> None:
    busy.post(*burst(90), model=NEW)
    [told] = judged(busy)
    busy.judge_again(NEW, sentiment=Sentiment.POSITIVE)
    busy.post(*burst(30, until=NOW + HOUR), model=NEW)
    [incident] = judged(busy, NOW + HOUR)
    kept = ("observed", "expected", "inexact_hours")
    assert [incident.facts[name] for name in kept] == [told.facts[name] for name in kept]


def test_the_spike_rule_is_as_sharp_as_before_once_everything_is_judged_anew(busy: World) -> None:
    busy.judge_again(NEW, sentiment=Sentiment.POSITIVE)
    busy.post(*burst(PER_HOUR, minutes=50), model=NEW)
    [incident] = judged(busy)
    assert (incident.facts["observed"], incident.facts["inexact_hours"]) == (PER_HOUR, 0)


def test_doubted_complaints_count_neither_now_nor_in_what_is_usual(heard: World) -> None:
    heard.post(*(NOW - hour * HOUR for hour in range(2, 300) for _ in range(4)), unsure=True)
    heard.post(*burst(20))
    heard.post(*burst(7), unsure=True)
    [incident] = judged(heard)
    assert (incident.facts["observed"], incident.facts["doubted"]) == (20, 7)
    assert incident.facts["expected"] < 1


@pytest.mark.parametrize(
    "before",
    [{"sentiment": Sentiment.NEUTRAL, "escalation": True}, {"sentiment": Sentiment.NEGATIVE}],
)
def test_a_threat_that_only_a_later_model_sees_is_no_news(world: World, before: dict[str, object]) -> None:
    world.post(NOW - 5 * HOUR, **before)  # type: ignore[arg-type]
    world.judge_again(NEW, escalation=True)
    assert judged(world) == []


def test_a_threat_that_both_models_see_is_news(world: World) -> None:
    world.post(NOW - 5 * HOUR, escalation=True)
    world.judge_again(NEW, escalation=True)
    assert [one.rule for one in judged(world)] == ["severe_mention"]


@pytest.mark.parametrize(("age", "cases"), [(timedelta(days=1), 1), (timedelta(days=8), 0)])
def test_a_recent_post_that_the_new_model_finds_a_complaint_gets_a_case(
    world: World, age: timedelta, cases: int
) -> None:
    world.post(NOW - age, sentiment=Sentiment.NEUTRAL)
    triage.run(world.database, NOW)
    world.judge_again(NEW)
    triage.run(world.database, NOW)
    assert len(world.all(Case)) == cases
