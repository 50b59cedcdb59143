from datetime import timedelta
from typing import Any

import pytest

from crawlers import health
from crawlers.causes import Cause, Failure
from crawlers.findings import Findings
from storage.mentions import StoreCounts
from storage.models import Health
from storage.runs import Outcome

DONE = {"finish_reason": "finished", "downloader/request_count": 3}


def judged(kind: str = "feed", stats: dict[str, Any] | None = None, **found: Any) -> Outcome:
    return health.outcome(kind, Findings(**found), DONE if stats is None else stats)


def test_a_crawl_that_found_posts_is_ok() -> None:
    outcome = judged(pages=1, entries=20, kept=20, counts=StoreCounts(new=3, unchanged=17))

    assert (outcome.health, outcome.reason) == (Health.OK, None)
    assert "cause" not in outcome.stats
    assert outcome.counts["new"] == 3
    assert outcome.counts["requests"] == 3


def test_not_modified_is_ok() -> None:
    assert judged(not_modified=1).health is Health.OK


def test_finding_nothing_is_a_state_of_its_own() -> None:
    outcome = judged(pages=1)

    assert outcome.health is Health.EMPTY
    assert outcome.reason == "nothing was found; check the source's parameters"


def test_posts_that_are_left_out_are_no_emptiness() -> None:
    assert judged(pages=1, entries=20, passed=20).health is Health.OK


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_has_a_health_and_a_sentence(cause: Cause) -> None:
    outcome = judged(entries=5, kept=5, failures=[Failure(cause, "page 1", "status 403", status=403)])

    assert outcome.health is not Health.OK
    assert (outcome.stats["cause"], outcome.stats["status"]) == (cause.value, 403)
    assert outcome.reason is not None
    assert outcome.reason.startswith("page 1: ")
    assert outcome.reason.endswith("(status 403)")


def test_the_heaviest_cause_counts_and_the_others_are_numbered() -> None:
    outcome = judged(
        failures=[Failure(Cause.EMPTY_BEFORE, "a"), Failure(Cause.WAF, "b"), Failure(Cause.TIMEOUT, "c")]
    )

    assert outcome.health is Health.BLOCKED
    assert outcome.reason == "b: a firewall of the site keeps us out; and 2 more"


def test_the_longest_wait_that_was_asked_for_is_kept() -> None:
    outcome = judged(failures=[Failure(Cause.RATE_LIMITED, "a", None, timedelta(minutes=7))])

    assert outcome.retry_after == timedelta(minutes=7)
    assert outcome.reason == "a: the site asks for fewer requests; left alone for 7 min"


def test_records_that_are_all_refused_mean_another_form() -> None:
    outcome = judged(entries=3, refused=3)

    assert (outcome.health, outcome.stats["cause"]) == (Health.FORMAT_CHANGED, "all_refused")
    assert outcome.counts["refused"] == 3


@pytest.mark.parametrize(
    ("kept", "refused", "expected"),
    [(10, 4, Health.OK), (3, 4, Health.OK), (10, 9, Health.OK), (10, 10, Health.FORMAT_CHANGED)],
)
def test_half_of_the_records_refused_means_another_form(kept: int, refused: int, expected: Health) -> None:
    assert judged(entries=kept + refused, kept=kept, refused=refused).health is expected


@pytest.mark.parametrize(
    ("unsought", "refused", "expected"),
    [(49, 1, Health.OK), (45, 5, Health.OK), (5, 5, Health.FORMAT_CHANGED), (0, 1, Health.FORMAT_CHANGED)],
)
def test_what_a_query_leaves_out_could_be_used(unsought: int, refused: int, expected: Health) -> None:
    outcome = judged(entries=unsought + refused, passed=unsought, unsought=unsought, refused=refused)

    assert outcome.health is expected


@pytest.mark.parametrize(
    ("kind", "undated", "expected"),
    [("mastodon", 4, Health.FORMAT_CHANGED), ("mastodon", 3, Health.OK), ("feed", 4, Health.OK)],
)
def test_posts_that_all_lost_their_time_mean_another_form(kind: str, undated: int, expected: Health) -> None:
    assert judged(kind, entries=4, kept=4, undated=undated).health is expected


@pytest.mark.parametrize(
    ("stats", "cause"),
    [
        ({"finish_reason": "closespider_timeout"}, Cause.TIME_LIMIT),
        ({"finish_reason": "shutdown"}, Cause.STOPPED),
        ({"finish_reason": "start_error"}, Cause.ERROR),
        ({}, Cause.ERROR),
        (DONE | {"spider_exceptions/count": 1, "spider_exceptions/KeyError": 1}, Cause.ERROR),
        (DONE | {"spider_exceptions/count": 1}, Cause.ERROR),
    ],
)
def test_a_crawl_that_did_not_end_well_is_broken(stats: dict[str, Any], cause: Cause) -> None:
    outcome = judged(stats=stats, entries=5, kept=5)

    assert (outcome.health, outcome.stats["cause"]) == (Health.BROKEN, cause.value)


def test_the_name_of_an_exception_is_told() -> None:
    outcome = judged(
        stats=DONE | {"spider_exceptions/count": 1, "spider_exceptions/KeyError": 1}, entries=1, kept=1
    )

    assert outcome.reason == "the crawl failed on a fault of its own (KeyError)"


def test_a_crawl_that_never_began_says_why() -> None:
    outcome = health.failed(Failure(Cause.PERMISSION, "", "ask first"))

    assert outcome.health is Health.BLOCKED
    assert outcome.reason == "the site's terms ask for permission, which is not given (ask first)"


@pytest.mark.parametrize("let_in", [{"entries": 3, "kept": 3}, {"not_modified": 1}])
def test_a_closed_part_does_not_let_the_others_rest(let_in: dict[str, int]) -> None:
    outcome = judged(failures=[Failure(Cause.FORBIDDEN, "r/besloten")], **let_in)

    assert (outcome.health, outcome.rest) == (Health.BLOCKED, None)
    assert judged(failures=[Failure(Cause.FORBIDDEN, "r/besloten")]).rest is not None
