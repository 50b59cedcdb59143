"""What holds for every interface that gives a customer's own reviews."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from crawlers.parsers.page import ParseError
from crawlers.sources import SOURCES
from demo.replica import Fault, Kind, Post
from demo.replica.loopback import Request
from storage.models import Health
from tests.crawlers import payloads_reviews as payloads
from tests.crawlers.complaints import altered, posts, show
from tests.crawlers.conftest import KEYED, START, Crawling

REVIEWS = [
    Kind.KIYOH,
    Kind.TRUSTPILOT_API,
    Kind.WEBWINKELKEUR,
    Kind.TRUSTED_SHOPS,
    Kind.FEEDBACK_COMPANY,
]
SINCE = [Kind.KIYOH, Kind.TRUSTPILOT_API]
NUMBERED = [Kind.WEBWINKELKEUR, Kind.FEEDBACK_COMPANY]


@pytest.mark.parametrize("kind", REVIEWS)
@pytest.mark.parametrize("after", range(5))
def test_a_crawl_that_breaks_off_at_any_request_is_made_good_by_the_next(
    crawling: Crawling, kind: Kind, after: int
) -> None:
    shown = show(crawling, posts(kind, 250))
    crawling.settings = {"RETRY_TIMES": 0}
    crawling.replica.faults.set(kind, Fault.RESET, after=after, times=1)
    crawling(kind)
    crawling.replica.faults.clear()
    crawling.replica.posts.reply(shown[3].key, "Wat vervelend, we bellen je.")
    crawling.replica.posts.remove(shown[5].key)
    outcome = crawling(kind)
    texts = {line["text"] for line in crawling.mentions() if line["status"] != "removed"}

    assert outcome.health is Health.OK
    assert {post.text for post in shown} - {shown[5].text} <= texts
    assert crawling(kind).counts["new"] == 0


@pytest.mark.parametrize("kind", NUMBERED)
def test_a_review_that_arrives_between_two_pages_is_shown_twice_and_stored_once(
    crawling: Crawling, kind: Kind
) -> None:
    show(crawling, posts(kind, 250, first=5))
    arrived = posts(kind, 1)

    def arrive(request: Any) -> None:
        if arrived and ("start=100" in request.target or "offset=100" in request.target):
            show(crawling, [arrived.pop()])

    crawling.replica._watch = arrive
    first, again = crawling(kind), crawling(kind)

    assert not arrived
    assert (first.counts["new"], again.counts["new"], len(crawling.mentions())) == (250, 1, 251)


BEFORE = {Kind.WEBWINKELKEUR: 0, Kind.FEEDBACK_COMPANY: 2}
"""Requests before the first page of a day's first crawl: for a token and the summary."""
BEFORE_AGAIN = {Kind.WEBWINKELKEUR: 0, Kind.FEEDBACK_COMPANY: 1}
"""As above of the later crawls of that day: for a token alone."""


def places(crawling: Crawling, since: int) -> list[int]:
    """From where on the pages of a listing were asked for."""
    asked = (re.search(r"(?:start|offset)=(\d+)", target) for target in crawling.asked(since))
    return [int(found[1]) for found in asked if found]


@pytest.mark.parametrize("kind", NUMBERED)
def test_a_further_page_that_shows_nothing_by_mistake_is_read_by_the_next_crawl(
    crawling: Crawling, kind: Kind
) -> None:
    show(crawling, posts(kind, 450))
    crawling.replica.faults.set(kind, Fault.EMPTY, after=BEFORE[kind] + 2)
    first = crawling(kind)
    crawling.replica.faults.clear()
    again = crawling(kind)

    assert (first.health, first.stats["cause"]) == (Health.EMPTY, "empty_before")
    assert (first.counts["new"], again.health, again.counts["new"]) == (200, Health.OK, 250)


@pytest.mark.parametrize("kind", NUMBERED)
def test_a_further_page_that_says_by_mistake_that_there_is_nothing_is_no_end(
    crawling: Crawling, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(crawling, posts(kind, 450))
    with monkeypatch.context() as broken:
        nothing: dict[str, Any] = {"ratings": [], "reviews": [], "total": 0, "count": {"total": 0}}
        altered(
            broken,
            kind,
            lambda said, request: said.update(nothing) if request.target.endswith("=200") else None,
        )
        first = crawling(kind)
    again = crawling(kind)

    assert (first.health, first.stats["cause"]) == (Health.EMPTY, "empty_before")
    assert (first.counts["new"], again.health, again.counts["new"]) == (200, Health.OK, 250)


@pytest.mark.parametrize("kind", NUMBERED)
def test_a_total_that_counts_what_is_hidden_is_no_fault(
    crawling: Crawling, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(crawling, posts(kind, 150))
    altered(monkeypatch, kind, lambda said, _: said.update(total=160, count={"total": 160}))
    outcome = crawling(kind)
    crawling.clock.advance(timedelta(hours=1))
    since = len(crawling.replica.requests)
    crawling(kind)

    assert (outcome.health, outcome.counts["new"], places(crawling, since)) == (Health.OK, 150, [0, 100])


@pytest.mark.parametrize("kind", NUMBERED)
def test_a_reading_that_breaks_off_each_time_comes_further_each_time(crawling: Crawling, kind: Kind) -> None:
    show(crawling, posts(kind, 1000))
    crawling.settings = {"RETRY_TIMES": 0}
    asked = []
    for before in (BEFORE[kind], BEFORE_AGAIN[kind], BEFORE_AGAIN[kind]):
        since = len(crawling.replica.requests)
        crawling.replica.faults.set(kind, Fault.SERVER_ERROR, after=before + 5)
        crawling(kind)
        asked.append(places(crawling, since))
    crawling.replica.faults.clear()
    outcome = crawling(kind)

    assert asked == [
        [0, 100, 200, 300, 400, 500],
        [0, 100, 400, 500, 600, 700],
        [0, 100, 600, 700, 800, 900],
    ]
    assert (outcome.health, len(crawling.mentions())) == (Health.OK, 1000)


def test_a_reading_that_breaks_off_early_loses_no_way_that_was_made(crawling: Crawling) -> None:
    kind = Kind.WEBWINKELKEUR
    show(crawling, posts(kind, 1000))
    crawling.settings = {"RETRY_TIMES": 0}
    asked = []
    for pages in (5, 1, 5):
        since = len(crawling.replica.requests)
        crawling.replica.faults.set(kind, Fault.SERVER_ERROR, after=pages)
        crawling(kind)
        asked.append(places(crawling, since))

    assert asked == [[0, 100, 200, 300, 400, 500], [0, 100], [0, 100, 400, 500, 600, 700]]


@pytest.mark.parametrize("kind", NUMBERED)
def test_what_was_posted_since_a_reading_broke_off_is_read_before_it_goes_on(
    crawling: Crawling, kind: Kind
) -> None:
    show(crawling, posts(kind, 600, first=250))
    crawling.settings = {"RETRY_TIMES": 0}
    crawling.replica.faults.set(kind, Fault.SERVER_ERROR, after=BEFORE[kind] + 4)
    crawling(kind)
    crawling.replica.faults.clear()
    show(crawling, posts(kind, 250))
    since = len(crawling.replica.requests)
    outcome = crawling(kind)

    assert (outcome.health, outcome.counts["removed"], len(crawling.mentions())) == (Health.OK, 0, 850)
    # The fourth page holds nothing new; the fifth would have stood where it broke off.
    assert places(crawling, since) == [0, 100, 200, 300, 400, 500, 600, 700, 800]


@pytest.mark.parametrize("kind", NUMBERED)
def test_what_a_reading_leaves_out_because_an_earlier_one_had_it_is_not_missing(
    crawling: Crawling, kind: Kind
) -> None:
    show(crawling, posts(kind, 700))
    crawling(kind)
    crawling.settings = {"RETRY_TIMES": 0}
    removed = []
    for _ in range(2):
        crawling.clock.advance(timedelta(hours=25))
        crawling.replica.faults.set(kind, Fault.SERVER_ERROR, after=BEFORE[kind] + 4)
        crawling(kind)
        crawling.replica.faults.clear()
        removed.append(crawling(kind).counts["removed"])

    assert removed == [0, 0]


@pytest.mark.parametrize("kind", NUMBERED)
def test_what_a_crawl_reads_that_goes_on_where_another_one_ended_is_missed_too(
    crawling: Crawling, kind: Kind
) -> None:
    shown = show(crawling, posts(kind, 700))
    crawling.settings = {"RETRY_TIMES": 0}
    crawling.replica.faults.set(kind, Fault.SERVER_ERROR, after=BEFORE[kind] + 4)
    crawling(kind)
    crawling.replica.faults.clear()
    since = len(crawling.replica.requests)
    crawling(kind)
    went_on = places(crawling, since)
    for place in (150, 350, 650):
        crawling.replica.posts.remove(shown[place].key)
    removed = []
    for _ in range(3):
        crawling.clock.advance(timedelta(hours=25))
        removed.append(crawling(kind).counts["removed"])

    assert went_on == [0, 100, 300, 400, 500, 600]
    assert removed == [0, 3, 0]


@pytest.mark.parametrize("kind", NUMBERED)
def test_more_pages_than_one_crawl_reads_are_left_to_the_next(
    crawling: Crawling, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawlers.spiders.offset.OffsetSpider.most_pages", 5)
    shown = show(crawling, posts(kind, 750))
    crawls = [crawling(kind) for _ in range(3)]
    crawling.replica.posts.remove(shown[5].key)
    removed = []
    for _ in range(2):
        crawling.clock.advance(timedelta(hours=25))
        removed.append([crawling(kind).counts["removed"] for _ in range(3)])

    assert [one.counts["new"] for one in crawls] == [500, 200, 50]
    assert [one.health for one in crawls] == [Health.OK] * 3
    assert crawls[0].stats["notes"] == ["there is more than one crawl reads; the next one goes on"]
    assert "notes" not in crawls[2].stats
    assert removed == [[0, 0, 0], [1, 0, 0]]


@pytest.mark.parametrize("kind", [Kind.FEEDBACK_COMPANY, Kind.TRUSTED_SHOPS])
def test_a_token_that_expires_between_two_pages_is_renewed(crawling: Crawling, kind: Kind) -> None:
    show(crawling, posts(kind, 250))
    crawling.replica.faults.set(kind, Fault.EXPIRED, times=1, after=2)
    outcome = crawling(kind)

    assert (outcome.health, outcome.counts["new"]) == (Health.OK, 250)
    assert len([one for one in crawling.asked() if "/token" in one]) == 2


@pytest.mark.parametrize("kind", [*SINCE, *NUMBERED])
def test_pages_that_are_smaller_than_asked_for_are_all_read(
    crawling: Crawling, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Request, "first", _fewer(Request.first))
    shown = show(crawling, posts(kind, 95))
    first = crawling(kind)
    crawling.clock.advance(timedelta(hours=25))
    crawling.replica.posts.reply(shown[70].key, "Wat vervelend, we bellen je.")
    second = crawling(kind)

    assert (first.counts["new"], second.counts["removed"]) == (95, 0)
    assert second.counts["replied"] == (kind in SINCE)


def _fewer(first: Callable[..., str]) -> Callable[..., str]:
    """A source that shows at most 40 reviews, however many are asked for."""

    def given(request: Request, name: str, default: str = "") -> str:
        found = first(request, name, default)
        return str(min(40, int(found))) if name in ("limit", "perPage") else found

    return given


@pytest.mark.parametrize("kind", [*NUMBERED, Kind.APPLE, Kind.TRUSTPILOT])
def test_what_a_reading_stored_before_it_broke_off_is_missed_too(crawling: Crawling, kind: Kind) -> None:
    shown = show(crawling, posts(kind, 180))
    crawling.settings = {"RETRY_TIMES": 0}
    crawling.replica.faults.set(kind, Fault.SERVER_ERROR, after=BEFORE.get(kind, 0) + 1)
    broken = crawling(kind)
    crawling.replica.faults.clear()
    crawling.replica.posts.remove(shown[5].key)
    removed = []
    for _ in range(3):
        removed.append(crawling(kind).counts["removed"])
        crawling.clock.advance(timedelta(hours=25))

    assert (broken.health, sum(removed)) == (Health.BROKEN, 1)


@pytest.mark.parametrize("kind", [*NUMBERED, Kind.APPLE])
def test_what_cannot_be_looked_up_is_removed_when_it_is_missing_twice(crawling: Crawling, kind: Kind) -> None:
    shown = show(crawling, posts(kind, 120))
    crawling(kind)
    crawling.replica.posts.remove(shown[60].key)
    crawling.clock.advance(timedelta(hours=25))
    once = crawling(kind)
    crawling.clock.advance(timedelta(hours=1))
    soon = crawling(kind)
    crawling.clock.advance(timedelta(hours=25))
    twice = crawling(kind)
    [gone] = [line for line in crawling.mentions() if line["status"] == "removed"]

    assert [one.counts["removed"] for one in (once, soon, twice)] == [0, 0, 1]
    assert gone["text"] in ("", shown[60].text)


@pytest.mark.parametrize("kind", NUMBERED)
def test_the_oldest_of_a_listing_that_is_read_to_its_end_is_missed_too(
    crawling: Crawling, kind: Kind
) -> None:
    shown = show(crawling, posts(kind, 120))
    crawling(kind)
    crawling.replica.posts.remove(shown[-1].key)
    removed = []
    for _ in range(3):
        crawling.clock.advance(timedelta(hours=25))
        removed.append(crawling(kind).counts["removed"])

    assert removed == [0, 1, 0]


def test_pages_that_are_empty_by_mistake_are_no_end_of_the_feed(crawling: Crawling) -> None:
    show(crawling, posts(Kind.APPLE, 120))
    crawling(Kind.APPLE)
    removed = []
    for _ in range(3):
        crawling.clock.advance(timedelta(hours=25))
        crawling.replica.faults.set(Kind.APPLE, Fault.EMPTY, after=1)
        removed.append(crawling(Kind.APPLE).counts["removed"])

    assert removed == [0, 0, 0]


@pytest.mark.parametrize("kind", [*NUMBERED, Kind.APPLE, Kind.GOOGLE_PLAY])
def test_what_was_there_in_between_is_not_missing_twice(crawling: Crawling, kind: Kind) -> None:
    shown = show(crawling, posts(kind, 30))
    crawling(kind)
    removed = []
    for away in (True, False, True):
        post = crawling.replica.posts.remove(shown[10].key)
        if not away:
            crawling.replica.posts._put(replace(post, removed_at=None))
        crawling.clock.advance(timedelta(hours=25))
        removed.append(crawling(kind).counts["removed"])

    assert removed == [0, 0, 0]


@pytest.mark.parametrize("kind", [*NUMBERED, Kind.APPLE])
def test_what_was_gone_before_all_was_read_again_is_removed_too(crawling: Crawling, kind: Kind) -> None:
    shown = show(crawling, posts(kind, 350))
    crawling(kind)
    crawling.replica.posts.remove(shown[20].key)
    removed = []
    for hours in (1, 1, 25, 1, 25):
        crawling.clock.advance(timedelta(hours=hours))
        removed.append(crawling(kind).counts["removed"])

    assert removed == [0, 0, 0, 0, 1]


@pytest.mark.parametrize("kind", [*NUMBERED, Kind.APPLE, Kind.GOOGLE_PLAY])
def test_a_review_that_can_never_be_read_keeps_no_other_from_being_removed(
    crawling: Crawling, kind: Kind
) -> None:
    shown = show(crawling, [replace(posts(kind, 1)[0], rating=9), *posts(kind, 30, first=1)])
    crawling(kind)
    crawling.replica.posts.remove(shown[10].key)
    crawling.clock.advance(timedelta(hours=25))
    once = crawling(kind)
    crawling.clock.advance(timedelta(hours=25))
    twice = crawling(kind)

    assert [(one.counts["refused"], one.counts["removed"]) for one in (once, twice)] == [(1, 0), (1, 1)]


@pytest.mark.parametrize(
    "kind", [*NUMBERED, Kind.APPLE, Kind.GOOGLE_PLAY, Kind.TRUSTPILOT_API, Kind.TRUSTED_SHOPS]
)
def test_a_review_that_cannot_be_read_any_more_is_not_taken_for_removed(
    crawling: Crawling, kind: Kind
) -> None:
    shown = show(crawling, posts(kind, 30))
    crawling(kind)
    crawling.replica.posts.edit(shown[10].key, rating=9)
    removed = []
    for _ in range(3):
        crawling.clock.advance(timedelta(hours=25))
        removed.append(crawling(kind).counts["removed"])

    assert removed == [0, 0, 0]


def test_all_that_is_gone_at_once_and_cannot_be_looked_up_is_told_at_once(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.APPLE, 120))
    crawling(Kind.APPLE)
    for post in shown[20:35]:
        crawling.replica.posts.remove(post.key)
    removed = []
    for _ in range(3):
        crawling.clock.advance(timedelta(hours=25))
        removed.append(crawling(Kind.APPLE).counts["removed"])

    assert removed == [0, 15, 0]


@pytest.mark.parametrize("kind", SINCE)
def test_that_nothing_changed_lately_is_told_from_nothing_at_all(crawling: Crawling, kind: Kind) -> None:
    shown = show(crawling, posts(kind, 8))
    crawling(kind)
    crawling.replica.posts.remove(shown[0].key)  # the only one that a next crawl would be shown again

    assert crawling(kind).health is Health.OK


@pytest.mark.parametrize("kind", SINCE)
def test_a_review_from_the_future_does_not_hide_the_ones_after_it(crawling: Crawling, kind: Kind) -> None:
    show(crawling, posts(kind, 3))
    crawling.replica.posts._clock = lambda: START + timedelta(days=301)  # the site's clock is wrong
    show(crawling, [Post(kind, "Uit de toekomst van snelveld", START + timedelta(days=300), rating=1)])
    crawling(kind)
    show(crawling, [Post(kind, "Weer niets van snelveld gehoord", START + timedelta(hours=1), rating=1)])

    assert crawling(kind).counts["new"] == 1


@pytest.mark.parametrize("kind", REVIEWS)
def test_robots_are_asked_and_keys_are_not_sent_there(crawling: Crawling, kind: Kind) -> None:
    show(crawling, posts(kind, 1))
    crawling(kind)
    robots = [one for one in crawling.replica.requests if one.path == "/robots.txt"]

    assert robots
    private = {"authorization", "apikey", "x-publication-api-token"}
    assert not [one for one in robots if private & set(one.headers)]


@pytest.mark.parametrize("kind", REVIEWS)
def test_every_secret_of_a_kind_is_explained(kind: Kind) -> None:
    page = Path("docs/sources", f"{kind}.md").read_text("utf-8")

    assert set(KEYED[kind]) <= set(SOURCES[kind].every_secret)
    assert not [name for name in SOURCES[kind].every_secret if f"`{name}`" not in page]
    assert not [name for name in SOURCES[kind].every_secret if f"_<NAME>_{name.upper()}`" not in page]


def test_an_error_of_the_parsers_is_one_of_their_own() -> None:
    for parse, _ in payloads.JSON.values():
        with pytest.raises(ParseError):
            parse(b'"')
