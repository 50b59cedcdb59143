"""What is told of a crawl because of how earlier ones went."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers import health, monitors
from crawlers.causes import Cause
from crawlers.findings import Findings
from crawlers.parsers.page import Page, gone
from storage.mentions import StoreCounts
from storage.models import Health
from storage.records import Record
from storage.runs import Outcome, Past

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
WHOLE = {"text": 20, "rating": 20, "date": 20, "author": 20}


def past(number: int = 10, every: timedelta = HOUR, **figures: Any) -> list[Past]:
    """Crawls of two full pages of twenty posts, all of them complete."""
    plain = {
        "pages": 2,
        "fullest": 20,
        "standing": 20,
        "holding": WHOLE,
        "seconds": 12.0,
        "delay": 2.0,
        "reread": False,
    }
    return [Past(NOW - every * place, 4, plain | figures) for place in range(1, number + 1)]


def judged(
    history: list[Past], kind: str = "trustpilot_web", stats: dict[str, Any] | None = None, **found: Any
) -> Outcome:
    """A crawl like those of `past`, but for what is said of it."""
    plain: dict[str, Any] = {"pages": 2, "entries": 40, "kept": 20, "fullest": 20, "standing": 20}
    plain |= {"holding": WHOLE, "counts": StoreCounts(unchanged=20)}
    figures = {"finish_reason": "finished", "downloader/request_count": 4, "elapsed_time_seconds": 12.0}
    return health.outcome(kind, Findings(**plain | found), figures | {"delay": 2.0} | (stats or {}), history)


def test_a_crawl_like_the_others_is_ok_also_when_it_brings_nothing_new() -> None:
    assert judged(past()).health is Health.OK


def test_far_fewer_posts_on_a_full_page_than_usual_are_suspicious() -> None:
    outcome = judged(past(), fullest=9)

    assert (outcome.health, outcome.stats["cause"]) == (Health.SUSPICIOUS, "fewer")
    assert (outcome.stats["seen"], outcome.stats["usual"]) == (9, 20)
    assert outcome.reason == "a page shows far fewer posts than usual (9, usually 20)"
    assert judged(past(), fullest=10).health is Health.OK


def test_a_crawl_of_what_is_new_is_no_short_one_of_those_that_read_all_again() -> None:
    assert judged(past(reread=True), fullest=2).health is Health.OK
    assert judged(past(reread=True), fullest=2, reread=True).health is Health.SUSPICIOUS


def test_a_new_source_has_nothing_usual_yet() -> None:
    assert judged(past(4), fullest=1, holding={}).health is Health.OK
    assert judged(past(5), fullest=1).health is Health.SUSPICIOUS


def test_a_source_that_always_has_few_posts_may_have_fewer() -> None:
    assert judged(past(fullest=5), fullest=1).health is Health.OK


def test_a_page_that_is_short_now_and_then_may_be_short() -> None:
    assert judged([*past(8), *past(2, fullest=7)], fullest=4).health is Health.OK


def test_one_short_page_in_many_is_not_yet_usual() -> None:
    assert judged([*past(40), *past(1, fullest=1)], fullest=1).health is Health.SUSPICIOUS


def test_pages_that_did_not_change_say_nothing_of_how_many_posts_there_are() -> None:
    unchanged = judged(past(), pages=0, entries=0, standing=0, fullest=0, holding={}, not_modified=1)
    assert unchanged.health is Health.OK
    assert judged(past(pages=0, fullest=0), fullest=1).health is Health.OK


def test_the_rest_of_a_topic_says_nothing_of_how_many_posts_a_page_holds() -> None:
    rest = Findings.of(Page(passed=3, rest=True))

    assert (rest.entries, rest.fullest) == (3, 0)
    assert judged(past(), fullest=rest.fullest).health is Health.OK


def test_the_fullest_page_may_be_among_those_that_did_not_change() -> None:
    assert judged(past(), fullest=1, not_modified=1).health is Health.OK
    assert judged(past(not_modified=1), fullest=1).health is Health.OK


@pytest.mark.parametrize(("every", "expected"), [(HOUR, Health.OK), (8 * HOUR, Health.SUSPICIOUS)])
def test_a_source_that_shows_what_came_lately_is_known_after_some_nights(
    every: timedelta, expected: Health
) -> None:
    assert judged(past(every=every), kind="kiyoh", fullest=4).health is expected


@pytest.mark.parametrize(("days", "expected"), [(7, Health.OK), (8, Health.SUSPICIOUS)])
def test_a_storm_may_grow_too_old_for_what_is_read_again_each_day(days: int, expected: Health) -> None:
    daily = past(days, every=24 * HOUR, reread=True)
    assert judged(daily, kind="x", reread=True, fullest=4).health is expected


@pytest.mark.parametrize(("usual", "seen"), [(20, 5), (19, 0)])
def test_what_came_lately_goes_up_and_down(usual: int, seen: int) -> None:
    days = past(every=8 * HOUR, fullest=usual)
    assert judged(days, kind="kiyoh", fullest=seen).health is Health.OK


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_a_field_that_vanishes_means_another_form(name: str) -> None:
    outcome = judged(past(), holding=WHOLE | {name: 0})

    assert (outcome.health, outcome.stats["cause"], outcome.stats["field"]) == (
        Health.FORMAT_CHANGED,
        "field_lost",
        name,
    )
    assert outcome.reason == f"the records lack what they used to have ({name}: 0 of 20, usually 100%)"


def test_a_field_that_half_of_the_posts_have_may_be_missing_on_a_few() -> None:
    history = past(holding=WHOLE | {"text": 10})

    assert judged(history, standing=6, holding=dict.fromkeys(WHOLE, 6) | {"text": 0}).health is Health.OK
    assert judged(history, holding=WHOLE | {"text": 0}).health is Health.FORMAT_CHANGED


def test_a_field_that_was_never_there_is_not_missed() -> None:
    assert judged(past(holding=WHOLE | {"rating": 0}), holding=WHOLE | {"rating": 0}).health is Health.OK


@pytest.mark.parametrize("seen", [0, 1, 3])
def test_a_field_that_was_never_there_is_not_missed_in_a_storm_after_a_quiet_time(seen: int) -> None:
    never = dict.fromkeys(WHOLE, seen) | {"rating": 0}
    quiet = past(5, standing=seen, holding=never) + past(300, standing=0, holding={})
    storm = judged(quiet, standing=200, holding=dict.fromkeys(WHOLE, 200) | {"rating": 0})

    assert storm.health is Health.OK


def test_a_field_that_some_of_few_posts_had_may_be_rare() -> None:
    history = past(5, standing=1, holding=dict.fromkeys(WHOLE, 1) | {"author": 0}) + past(
        3, standing=1, holding=dict.fromkeys(WHOLE, 1)
    )
    assert judged(history, holding=WHOLE | {"author": 0}).health is Health.OK


def test_a_lost_field_weighs_more_than_a_short_page() -> None:
    outcome = judged(past(), fullest=5, holding=WHOLE | {"rating": 0})

    assert outcome.stats["cause"] == "field_lost"
    assert outcome.reason is not None
    assert outcome.reason.endswith("; and 1 more")


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"200": 10, "503": 3}, Health.SUSPICIOUS),
        ({"200": 10, "503": 2}, Health.OK),
        ({"200": 50, "503": 3}, Health.OK),
        ({"200": 2, "404": 9, "410": 1}, Health.OK),
        ({"200": 4, "500": 1, "408": 1, "400": 1}, Health.SUSPICIOUS),
    ],
)
def test_many_refusals_and_faults_are_suspicious_though_all_was_read(
    answers: dict[str, int], expected: Health
) -> None:
    stats = {f"downloader/response_status_count/{code}": count for code, count in answers.items()}

    assert judged([], stats=stats).health is expected


def test_a_crawl_that_takes_far_longer_for_its_requests_is_suspicious() -> None:
    outcome = judged(past(), stats={"elapsed_time_seconds": 90.0})

    assert (outcome.health, outcome.stats["cause"]) == (Health.SUSPICIOUS, "slow")
    assert (outcome.stats["seen"], outcome.stats["usual"]) == (82, 4)
    assert judged(past(), stats={"elapsed_time_seconds": 70.0}).health is Health.OK


def test_the_daily_reading_of_everything_may_take_longer() -> None:
    longer = {"elapsed_time_seconds": 600.0, "downloader/request_count": 200}
    assert judged(past(), stats=longer).health is Health.OK


def test_a_delay_of_our_own_is_not_held_against_the_site() -> None:
    assert judged(past(), stats={"elapsed_time_seconds": 124.0, "delay": 30.0}).health is Health.OK


def test_what_went_wrong_is_told_rather_than_what_is_odd() -> None:
    outcome = judged(past(), stats={"finish_reason": "closespider_timeout"}, fullest=1)
    assert outcome.stats["cause"] == "time_limit"


def test_figures_that_another_version_did_not_keep_break_nothing() -> None:
    unknown = [replace(one, figures={}) for one in past()]
    odd = [replace(one, figures={"holding": "x", "pages": 1, "fullest": None}) for one in past()]

    assert judged(unknown).health is Health.OK
    assert judged(odd, fullest=1).health is Health.OK


@given(st.integers(1, 60), st.integers(0, 60), st.integers(0, 60))
def test_the_chance_of_having_at_most_so_many_grows_to_one(posts: int, had: int, lacked: int) -> None:
    before = had + lacked
    chances = [monitors.at_most(held, posts, had, before) for held in range(posts + 1)]

    assert chances == sorted(chances)
    assert chances[-1] == pytest.approx(1)
    # That none has it is that each one lacks it, as those before it do.
    none = math.prod((lacked + 1 + one) / (before + 2 + one) for one in range(posts))
    assert chances[0] == pytest.approx(none)


def test_where_nothing_is_known_every_number_of_posts_is_as_likely() -> None:
    assert monitors.at_most(4, 19, 0, 0) == pytest.approx(0.25)


def test_where_much_is_known_the_usual_share_is_certain() -> None:
    assert monitors.at_most(0, 10, 500_000, 1_000_000) == pytest.approx(0.5**10, rel=1e-3)


def test_what_posts_have_is_counted_on_pages_without_those_that_are_gone() -> None:
    found = Findings()
    found.read(
        Page((Record(namespace="n", external_id="1", text="Al dagen niets.", rating=1, rating_max=5),))
    )
    found.read(gone("n", "2"))
    found.read(Page(passed=3))

    assert (found.fullest, found.standing) == (3, 1)
    assert dict(found.holding) == {"text": 1, "rating": 1, "date": 0, "author": 0}


def test_every_oddity_has_its_own_cause() -> None:
    assert {Cause.FEWER, Cause.FIELD_LOST, Cause.FALTERING, Cause.SLOW} <= set(health.CAUSES)
