"""The rules by themselves: what is measured goes in, a finding or nothing comes out."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.rules import negative_spike, severe_mention, source_silent, sources_unreachable
from alerts.rules.negative_spike import Limits, Window
from alerts.spikes import SENSITIVITIES, fit
from storage.evidence import Complaint, EndedCrawl, Ordinary, Watched
from storage.models import Health, Severity
from tests.alerts.world import NOW, burst

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
LIMITS = Limits(minimum=5, sensitivity=SENSITIVITIES["balanced"])
QUIET = fit([(NOW - number * HOUR, number % 8 == 0) for number in range(672, 0, -1)])
KNOWN = Ordinary(
    followers=tuple(range(0, 1000, 10)),
    engagement=tuple(range(100)),
    views=tuple(range(0, 5000, 50)),
    rated=100,
    lowest=30,
)


def complaint(number: int = 1, **changes: object) -> Complaint:
    plain = Complaint(number, 1, NOW - MINUTE, None, None, None, None, None, 2, 1, False, False, NOW)
    return replace(plain, **changes)  # type: ignore[arg-type]


def storm(number: int, minutes: float = 30) -> list[Complaint]:
    return [complaint(place, published_at=at) for place, at in enumerate(burst(number, minutes=minutes))]


def window(number: int) -> Window:
    return Window(NOW - HOUR, NOW, tuple(storm(number)))


def test_fewer_than_the_minimum_is_never_a_spike() -> None:
    assert negative_spike.judge(1, [window(4)], QUIET, LIMITS) is None
    assert negative_spike.judge(1, [window(5)], QUIET, LIMITS) is not None


def test_a_rare_hour_that_is_hardly_more_than_usual_is_no_spike() -> None:
    busy = fit([(NOW - number * HOUR, 1000) for number in range(672, 0, -1)])
    steady = replace(busy, dispersion=0.0, weights=dict.fromkeys(busy.weights, 1e9), complaints=10**9)
    measured = negative_spike.measure(window(1250), steady)
    assert measured.p_value < 1e-6
    assert not negative_spike.is_spike(measured, LIMITS)


@pytest.mark.parametrize(("number", "severity"), [(19, Severity.ATTENTION), (20, Severity.CRITICAL)])
def test_a_spike_of_four_times_the_minimum_is_critical(number: int, severity: Severity) -> None:
    found = negative_spike.judge(1, [window(number)], QUIET, LIMITS)
    assert found is not None
    assert found.severity is severity


def test_only_past_hours_with_something_uncounted_are_judged_again() -> None:
    late = [complaint(place, published_at=NOW - 5 * HOUR) for place in range(3)]
    everything = {one.mention_id for one in late}
    assert len(negative_spike.windows(late, set(), set(), NOW)) == 1
    assert negative_spike.windows(late, set(), everything, NOW) == []
    assert negative_spike.windows(late, everything, set(), NOW) == []


def test_a_past_hour_is_no_news_by_what_the_model_doubts() -> None:
    held = {one.mention_id for one in storm(20)}
    doubted = complaint(99, unsure=True)
    past = [replace(one, published_at=NOW - 5 * HOUR) for one in [*storm(20), doubted]]
    assert negative_spike.windows(past, set(), held, NOW) == []


def test_the_worst_hour_so_far_is_kept() -> None:
    found = negative_spike.judge(1, [window(8)], QUIET, LIMITS)
    assert found is not None
    assert negative_spike.worst_so_far(found, found.facts | {"observed": 30}).facts["observed"] == 30
    assert negative_spike.worst_so_far(found, found.facts | {"observed": 3}).facts["observed"] == 8


def test_copies_are_quoted_once_and_the_loudest_first() -> None:
    loud = complaint(1, likes=500, cluster_id=7)
    copy = complaint(2, likes=3, cluster_id=7)
    threat = complaint(3, escalation=True)
    assert [one.mention_id for one in negative_spike.strongest([copy, loud, threat])] == [3, 1]


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({}, None),
        ({"followers": 9_999}, None),
        ({"followers": 10_000}, ("followers",)),
        ({"likes": 400, "shares": 95}, ("engagement",)),
        ({"likes": 300}, None),
        ({"views": 50_000}, ("views",)),
        ({"rating": 1}, None),
        ({"escalation": True}, ("escalation",)),
        ({"followers": 20_000, "escalation": True}, ("followers", "escalation")),
    ],
)
def test_what_makes_a_complaint_severe(changes: dict[str, object], reasons: tuple[str, ...] | None) -> None:
    severe = severe_mention.weigh(complaint(**changes), KNOWN)
    assert (severe.reasons if severe else None) == reasons


def test_the_lowest_rating_is_severe_where_hardly_anybody_gives_it() -> None:
    happy = replace(KNOWN, lowest=2)
    severe = severe_mention.weigh(complaint(rating=1), happy)
    assert severe is not None
    assert severe.reasons == ("rating",)
    assert severe_mention.weigh(complaint(rating=2), happy) is None
    assert severe_mention.weigh(complaint(rating=1), replace(happy, rated=20, lowest=0)) is None


def test_what_the_model_doubts_does_not_count_towards_a_spike() -> None:
    sure, doubted = storm(20), [replace(one, mention_id=100 + one.mention_id) for one in storm(9)]
    doubted = [replace(one, unsure=True) for one in doubted]
    last, *_ = negative_spike.windows([*sure, *doubted], set(), set(), NOW)
    assert (len(last.complaints), last.doubted) == (20, 9)
    alone = negative_spike.windows(doubted, set(), set(), NOW)
    assert negative_spike.judge(1, alone, QUIET, LIMITS) is None


@pytest.mark.parametrize(
    ("changes", "severe"),
    [
        ({"followers": 90_000}, False),
        ({"followers": 90_000, "escalation": True}, True),
        ({"rating": 1}, True),
    ],
)
def test_reach_alone_is_no_alarm_where_the_model_doubts(changes: dict[str, object], severe: bool) -> None:
    ordinary = replace(KNOWN, lowest=2)
    assert (severe_mention.weigh(complaint(unsure=True, **changes), ordinary) is not None) is severe


def test_an_unknown_source_needs_twice_the_floor() -> None:
    assert severe_mention.limit(100, range(5)) == 200
    assert severe_mention.limit(100, [0] * 50) == 100
    assert severe_mention.limit(100, [80] * 50) == 400


@pytest.mark.parametrize(
    ("changes", "critical"),
    [
        ({"followers": 20_000}, False),
        ({"followers": 100_000}, True),
        ({"followers": 10_000, "escalation": True}, True),
        ({"escalation": True}, False),
    ],
)
def test_a_threat_that_many_read_is_critical(changes: dict[str, object], critical: bool) -> None:
    severe = severe_mention.weigh(complaint(**changes), KNOWN)
    assert severe is not None
    assert severe.critical is critical


def watched(*healths: Health, **changes: object) -> Watched:
    last = tuple(
        EndedCrawl(NOW - place * MINUTE, health, {"cause": "forbidden", "status": 403})
        for place, health in enumerate(healths)
    )
    plain = Watched(1, "pagina", 1, timedelta(minutes=30), True, NOW - 9 * HOUR, NOW - 2 * HOUR, last)
    return replace(plain, **changes)  # type: ignore[arg-type]


OK, BAD, EMPTY = Health.OK, Health.BLOCKED, Health.EMPTY
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("source", "silent"),
    [
        (watched(OK, OK, OK), False),
        (watched(BAD, BAD, OK), False),
        (watched(BAD, Health.BROKEN, Health.FORMAT_CHANGED), True),
        (watched(EMPTY, EMPTY, EMPTY), False),
        (watched(EMPTY, last_healthy=NOW - 25 * HOUR), True),
        (watched(EMPTY, last_healthy=NOW - 25 * HOUR, every=DAY), False),
        (watched(EMPTY, last_healthy=NOW - 73 * HOUR, every=DAY), True),
        (watched(BAD, BAD, BAD, last_healthy=None), True),
        (watched(BAD, last_healthy=None), False),
        (watched(EMPTY, last_healthy=None, first_crawl=NOW - 25 * HOUR), True),
        (watched(first_crawl=None, last_healthy=None), False),
        (watched(BAD, BAD, BAD, active=False), False),
    ],
)
def test_when_a_source_is_silent(source: Watched, silent: bool) -> None:
    assert (source_silent.judge(source, DAY, NOW) is not None) is silent


@pytest.mark.parametrize(("refusals", "silent"), [(2, False), (3, True)])
def test_a_crawl_that_we_ended_ourselves_does_not_count_against_its_source(
    refusals: int, silent: bool
) -> None:
    killed = EndedCrawl(NOW - MINUTE, Health.BROKEN, {"cause": "stopped"})
    refused = tuple(EndedCrawl(NOW - HOUR, BAD, {"cause": "forbidden"}) for _ in range(refusals))
    source = watched(last=(killed, *refused))
    assert (source_silent.judge(source, DAY, NOW) is not None) is silent


def out_of_reach(number: int, cause: str = "connection", **changes: object) -> Watched:
    last = (EndedCrawl(NOW - MINUTE, Health.BROKEN, {"cause": cause}),)
    return watched(source_id=number, name=f"bron-{number}", last=last, **changes)


WELL = [watched(OK, source_id=number) for number in range(10, 13)]


@pytest.mark.parametrize(
    ("lost", "heard", "silent", "expected"),
    [
        ([1, 2, 3], [], {2}, 3),
        ([1, 2, 3], WELL, {2}, 3),
        ([1, 2, 3], [*WELL, watched(OK, source_id=20)], {2}, None),
        ([1, 2], [], {2}, None),
        ([1, 2, 3], [], set(), None),
        ([1, 2, 3], [], {10}, None),
    ],
)
def test_many_sources_out_of_reach_are_one_finding_once_it_lasts(
    lost: list[int], heard: list[Watched], silent: set[int], expected: int | None
) -> None:
    found = sources_unreachable.judge([*map(out_of_reach, lost), *heard], silent, is_open=False)
    assert (found.facts["observed"] if found else None) == expected


@pytest.mark.parametrize(("cause", "counts"), [("timeout", True), ("server_error", False), ("waf", False)])
def test_only_what_lies_between_us_and_a_site_counts_as_out_of_reach(cause: str, counts: bool) -> None:
    sources = [out_of_reach(number, cause) for number in range(3)]
    assert (sources_unreachable.judge(sources, {0, 1, 2}, is_open=False) is not None) is counts


def test_it_goes_on_until_the_last_of_them_is_reached() -> None:
    assert sources_unreachable.judge([out_of_reach(1), *WELL], set(), is_open=True) is not None
    assert sources_unreachable.judge([out_of_reach(1, active=False), *WELL], set(), is_open=True) is None
    assert sources_unreachable.judge(WELL, set(), is_open=True) is None
