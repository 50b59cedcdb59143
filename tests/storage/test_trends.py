"""Counts per hour and Dutch day, always recomputed."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from storage import buckets, corrections, export, judges, trends
from storage.calendar import start_of
from storage.database import Database
from storage.models import Bucket, DayBucket, TouchedHour
from storage.records import Sentiment
from storage.sources import brand_named
from storage.trends import By, Figures
from tests.alerts.world import MODEL, NOW, World

HOUR = timedelta(hours=1)


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def recompute(world: World) -> int:
    with world.database.write() as session:
        return buckets.recompute(session)


def series(world: World, since: datetime, until: datetime, by: By) -> list[Figures]:
    with world.database.read() as session:
        brand = brand_named(session, "Snelveld").id or 0
        return [point.figures for point in trends.series(session, brand, since, until, by)]


def day_figures(world: World, first: date, last: date) -> list[int]:
    with world.database.read() as session:
        brand = brand_named(session, "Snelveld").id or 0
        return [figures.mentions for figures in trends.days(session, brand, first, last).values()]


def test_judged_mentions_are_counted_by_sentiment_in_their_hour(world: World) -> None:
    world.post(NOW, NOW - HOUR / 6)
    world.post(NOW, sentiment=Sentiment.POSITIVE, question=True)
    recompute(world)
    [figures] = series(world, NOW, NOW + HOUR / 2, By.HOUR)
    assert figures == Figures(mentions=3, negative=2, positive=1, question=1)


def test_counting_again_changes_nothing(world: World) -> None:
    world.post(NOW)
    recompute(world)
    world.touch_all()
    assert recompute(world) == 1
    assert series(world, NOW, NOW + HOUR / 2, By.HOUR)[0].mentions == 1


def test_a_removed_mention_counts_no_more(world: World) -> None:
    ids = world.post(NOW)
    recompute(world)
    world.remove(ids)
    recompute(world)
    with world.database.read() as session:
        assert session.exec(select(Bucket)).all() == []
        assert session.exec(select(DayBucket)).all() == []


def test_what_is_counted_is_off_the_work_list(world: World) -> None:
    world.post(NOW, NOW - 30 * HOUR)
    assert recompute(world) == 2
    with world.database.read() as session:
        assert session.exec(select(TouchedHour)).all() == []


def test_a_limit_leaves_the_rest_for_later(world: World) -> None:
    world.post(*(NOW - number * HOUR for number in range(5)))
    with world.database.write() as session:
        assert buckets.recompute(session, limit=3) == 3
    assert recompute(world) == 2
    assert sum(one.mentions for one in series(world, NOW - 6 * HOUR, NOW + HOUR, By.HOUR)) == 5


def test_quiet_hours_stand_in_the_series_as_zero(world: World) -> None:
    world.post(NOW, NOW - 3 * HOUR)
    recompute(world)
    counts = [one.mentions for one in series(world, NOW - 3 * HOUR, NOW + HOUR / 2, By.HOUR)]
    assert counts == [1, 0, 0, 1]


def test_a_day_is_a_dutch_day(world: World) -> None:
    midnight = start_of(date(2026, 11, 18))
    world.post(midnight - timedelta(seconds=1), midnight)
    recompute(world)
    assert day_figures(world, date(2026, 11, 17), date(2026, 11, 18)) == [1, 1]


def test_the_day_on_which_the_clock_goes_back_has_twenty_five_hours(world: World) -> None:
    since, until = start_of(date(2026, 10, 25)), start_of(date(2026, 10, 26))
    world.post(since, until - timedelta(minutes=1), seen=NOW)
    recompute(world)
    assert until - since == 25 * HOUR
    assert day_figures(world, date(2026, 10, 24), date(2026, 10, 26)) == [0, 2, 0]


def test_a_week_begins_on_monday(world: World) -> None:
    monday = datetime(2026, 11, 16, 9, tzinfo=UTC)
    world.post(monday - timedelta(days=1), monday, NOW, seen=NOW)
    recompute(world)
    assert [one.mentions for one in series(world, NOW - timedelta(days=7), NOW, By.WEEK)] == [1, 2]


def test_net_sentiment_is_the_balance_of_what_was_judged() -> None:
    assert Figures(mentions=10, negative=3, neutral=1, positive=1).net == pytest.approx(-0.4)
    assert Figures(mentions=2).net is None


def exported(world: World) -> dict[str, Any]:
    """The line of this hour as `klachtenradar trends` has it."""
    recompute(world)
    with world.database.read() as session:
        [line] = export.trends(session, "Snelveld", NOW, NOW + HOUR / 2, By.HOUR)
    return line


def test_an_exported_trend_has_the_corrected_share_and_who_judged(world: World) -> None:
    with world.database.write() as session:
        judges.put_to_use(session, MODEL, ((9, 1, 0), (1, 9, 0), (0, 1, 9)), NOW - HOUR)
    world.post(*[NOW] * 3)
    world.post(*[NOW] * 5, sentiment=Sentiment.POSITIVE, unsure=True)
    line = exported(world)
    assert (line["negative"], line["unsure"], line["unsure_negative"]) == (3, 5, 0)
    assert line["models"] == {MODEL: 1.0}
    assert line["negative_share_low"] < line["negative_share_corrected"] < line["negative_share_high"]


def test_an_exported_trend_tells_models_and_people_apart(world: World) -> None:
    [corrected, *_] = world.post(*[NOW] * 4)
    with world.database.write() as session:
        change = corrections.Change(corrected, 1, 0, "marieke", NOW)
        corrections.correct(session, change, corrections.Answers(Sentiment.NEUTRAL))
    world.put_to_use("proef-2")
    world.judge_again("proef-2", most=1)
    line = exported(world)
    assert line["models"] == {MODEL: 0.5, "person": 0.25, "proef-2": 0.25}
    assert line["negative_share_corrected"] is None, "nothing is known of these models' mistakes"


def test_of_an_hour_without_verdicts_nothing_is_said(world: World) -> None:
    world.store(world.record(NOW))
    line = exported(world)
    assert (line["mentions"], line["models"], line["negative_share_corrected"]) == (1, {}, None)
