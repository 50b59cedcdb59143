"""What holds for every kind that is read back to where the last crawl had come to."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from crawlers.errand import spider_of
from demo.replica import Fault, Kind, Post
from demo.replica.keyed import KEY, RENEWED
from demo.replica.loopback import Answer, Request
from demo.replica.reddit import CLIENT
from storage.models import Health
from tests.crawlers.complaints import altered, posts, show, slow
from tests.crawlers.conftest import START, Crawling

KINDS = [Kind.BLUESKY, Kind.X, Kind.YOUTUBE, Kind.META, Kind.MASTODON, Kind.DISCOURSE]


def rows(crawling: Crawling) -> list[Any]:
    return [(line["external_id"], line["text"], line["status"]) for line in crawling.mentions()]


CURSORS = {"cursor", "next_token", "pageToken", "after", "max_id", "before"}
"""What the kinds call the mark of a page that is not the first."""


@pytest.mark.parametrize("after", range(5))
@pytest.mark.parametrize("kind", KINDS)
def test_a_crawl_that_is_broken_off_anywhere_costs_nothing(
    crawling: Crawling, kind: Kind, after: int
) -> None:
    shown = show(crawling, posts(kind, 130))
    crawling.replica.faults.set(kind, Fault.RESET, after=after)
    crawling(kind)
    crawling.replica.faults.clear()
    crawling(kind)
    found = rows(crawling)

    assert sorted(text for _, text, _ in found) == sorted(post.text for post in shown)
    assert len({identity for identity, _, _ in found}) == len(found)


@pytest.mark.parametrize("kind", KINDS)
def test_what_came_since_a_crawl_that_was_broken_off_is_not_passed_over(
    crawling: Crawling, kind: Kind
) -> None:
    show(crawling, posts(kind, 5, first=140))
    crawling(kind)
    show(crawling, posts(kind, 140))
    crawling.replica.faults.set(kind, Fault.RESET, after=2)
    crawling(kind)
    crawling.replica.faults.clear()
    crawling(kind)

    assert len(crawling.mentions()) == 145


@pytest.mark.parametrize("kind", [Kind.BLUESKY, Kind.YOUTUBE, Kind.META])
def test_edits_of_a_week_are_seen_within_a_day(crawling: Crawling, kind: Kind) -> None:
    shown = show(crawling, posts(kind, 130))
    crawling(kind)
    crawling.replica.posts.edit(shown[120].key, text="Opgelost, na vier keer bellen. #snelveld")
    soon = crawling(kind)
    crawling.clock.advance(timedelta(days=1))

    assert (soon.counts["edited"], crawling(kind).counts["edited"]) == (0, 1)


@pytest.mark.parametrize("kind", [Kind.YOUTUBE, Kind.META, Kind.BLUESKY])
def test_an_old_post_that_is_pinned_on_top_does_not_end_the_reading(crawling: Crawling, kind: Kind) -> None:
    show(crawling, posts(kind, 5, first=300) + posts(kind, 1, first=900, pinned=True))
    crawling(kind)
    show(crawling, posts(kind, 250))

    assert crawling(kind).counts["new"] == 250


@pytest.mark.parametrize("kind", [*KINDS, Kind.REDDIT])
def test_what_arrives_between_two_pages_is_stored_once(
    crawling: Crawling, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KLACHTENRADAR_SOURCE_REDDIT_CLIENT_ID", CLIENT[0])
    monkeypatch.setenv("KLACHTENRADAR_SOURCE_REDDIT_CLIENT_SECRET", CLIENT[1])
    show(crawling, posts(kind, 150, first=1))
    late = posts(kind, 1)

    def arrive(request: Request) -> None:
        if CURSORS & request.query.keys() and late:
            show(crawling, [late.pop()])

    crawling.replica._watch = arrive
    first, again = crawling(kind), crawling(kind)

    assert (late, first.health, first.counts["new"], first.counts["edited"]) == ([], Health.OK, 150, 0)
    assert (again.counts["new"], len(crawling.mentions())) == (1, 151)


def test_more_than_a_crawl_reads_is_read_by_the_next_ones(crawling: Crawling) -> None:
    show(crawling, posts(Kind.X, 3, first=160))
    crawling(Kind.X, pages=1)
    show(crawling, posts(Kind.X, 150))
    outcome, rest, calm = crawling(Kind.X, pages=1), crawling(Kind.X, pages=1), crawling(Kind.X, pages=1)

    assert (outcome.health, outcome.counts["new"]) == (Health.OK, 100)
    assert outcome.stats["notes"] == [
        "more was posted since the last crawl than one crawl reads; the next one goes on"
    ]
    assert (rest.health, rest.counts["new"], rest.counts["removed"]) == (Health.OK, 50, 0)
    assert (calm.counts["requests"], calm.counts["new"]) == (2, 0)  # robots.txt and one look


def test_what_the_first_crawl_leaves_out_is_noted(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spider_of("bluesky"), "most_pages", 1)
    show(crawling, posts(Kind.BLUESKY, 250))
    first, next_one = crawling(Kind.BLUESKY), crawling(Kind.BLUESKY)

    assert first.stats["notes"] == ["there is more than one crawl reads; what stands below is left out"]
    assert (first.counts["new"], next_one.counts["new"], "notes" in next_one.stats) == (100, 0, False)


@pytest.mark.parametrize(
    "kind", [Kind.BLUESKY, Kind.MASTODON, Kind.REDDIT, Kind.YOUTUBE, Kind.META, Kind.DISCOURSE]
)
def test_a_gap_is_closed_page_by_page_while_more_is_posted(
    crawling: Crawling, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spider_of(kind.value), "most_pages", 2)
    monkeypatch.setenv("KLACHTENRADAR_SOURCE_REDDIT_CLIENT_ID", CLIENT[0])
    monkeypatch.setenv("KLACHTENRADAR_SOURCE_REDDIT_CLIENT_SECRET", CLIENT[1])
    show(crawling, posts(kind, 3, first=500))
    crawling(kind)
    show(crawling, posts(kind, 250, first=30))
    crawling(kind)
    show(crawling, posts(kind, 30))
    crawls = iter(range(16))
    while len(crawling.mentions()) < 283 and next(crawls, None) is not None:
        crawling(kind)

    assert len(crawling.mentions()) == 283


@pytest.mark.parametrize("kind", [Kind.BLUESKY, Kind.REDDIT])
def test_a_token_that_expires_on_the_way_is_renewed(
    crawling: Crawling, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KLACHTENRADAR_SOURCE_REDDIT_CLIENT_ID", CLIENT[0])
    monkeypatch.setenv("KLACHTENRADAR_SOURCE_REDDIT_CLIENT_SECRET", CLIENT[1])
    show(crawling, posts(kind, 250))
    crawling.replica.faults.set(kind, Fault.EXPIRED, times=1, after=2)
    outcome = crawling(kind)

    assert (outcome.health, outcome.counts["new"]) == (Health.OK, 250)


MANY: dict[Kind, dict[str, Any]] = {
    Kind.BLUESKY: {"query": "snelveld", "hashtags": [f"snelveld{place}" for place in range(7)]},
    Kind.REDDIT: {"subreddits": [f"plaats{place}" for place in range(4)]},
    Kind.GOOGLE_BUSINESS: {"locations": [f"564738291{place}" for place in range(8)]},
}
"""Sources of eight parts."""
FIRST = {Kind.BLUESKY: "", Kind.REDDIT: "plaats0", Kind.GOOGLE_BUSINESS: "5647382910"}
"""Where the first of them stands, which is read last."""


@pytest.mark.parametrize("kind", MANY)
def test_what_waited_with_a_token_that_expires_is_asked_for_with_the_next(
    crawling: Crawling, kind: Kind, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("KLACHTENRADAR_SOURCE_REDDIT_CLIENT_ID", CLIENT[0])
    monkeypatch.setenv("KLACHTENRADAR_SOURCE_REDDIT_CLIENT_SECRET", CLIENT[1])
    monkeypatch.delenv("KLACHTENRADAR_SOURCE_GOOGLE_BUSINESS_ACCESS_TOKEN")
    for name in ("CLIENT_ID", "CLIENT_SECRET", "REFRESH_TOKEN"):
        monkeypatch.setenv(f"KLACHTENRADAR_SOURCE_GOOGLE_BUSINESS_{name}", KEY)
    show(crawling, posts(kind, 1, place=FIRST[kind]))
    crawling.replica.faults.set(kind, Fault.OUTLIVED, after=2)
    outcome = crawling(kind, **MANY[kind])
    asked = [one for one in crawling.replica.requests if one.path != "/robots.txt"]
    renewed = {one.target for one in asked if RENEWED in one.headers.get("authorization", "")}

    assert (outcome.health, outcome.counts["new"]) == (Health.OK, 1)
    assert len([one for one in asked if one.method == "POST"]) == 2
    assert len(renewed) == 7  # and one was read before
    assert "/token" not in caplog.text  # Scrapy warns with the address of the sign-in, which may hold secrets


def test_a_token_that_is_never_good_is_not_asked_for_without_end(crawling: Crawling) -> None:
    crawling.replica.faults.set(Kind.BLUESKY, Fault.EXPIRED)
    outcome = crawling(Kind.BLUESKY)

    assert (outcome.health, outcome.stats["cause"], len(crawling.asked())) == (Health.BLOCKED, "key", 4)


def test_a_gap_whose_place_the_source_has_forgotten_is_let_go(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spider_of("bluesky"), "most_pages", 1)
    show(crawling, posts(Kind.BLUESKY, 3, first=300))
    crawling(Kind.BLUESKY)
    show(crawling, posts(Kind.BLUESKY, 250))
    crawling(Kind.BLUESKY)
    monkeypatch.setattr(spider_of("bluesky"), "most_pages", 2)
    crawling.replica.faults.set(Kind.BLUESKY, Fault.NOT_FOUND, after=2)
    outcome = crawling(Kind.BLUESKY)
    crawling.replica.faults.clear()

    assert outcome.health is Health.OK
    assert outcome.stats["notes"] == ["what an earlier crawl left unread cannot be asked for any more"]
    assert "notes" not in crawling(Kind.BLUESKY).stats


def test_a_reading_again_that_does_not_reach_the_end_of_a_week_is_no_news(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.X, 90, first=29))
    crawling(Kind.X, pages=1)
    show(crawling, posts(Kind.X, 29))
    crawling(Kind.X, pages=1)
    crawling.replica.posts.remove(shown[10].key)
    crawling.replica.posts.remove(shown[89].key)
    crawling.clock.advance(timedelta(days=1))
    outcome = crawling(Kind.X, pages=1)

    assert (outcome.stats.get("notes"), outcome.counts["removed"]) == (None, 1)


def test_a_clock_that_was_wrong_for_a_while_hides_nothing(crawling: Crawling) -> None:
    crawling.clock.set(START + timedelta(days=400))
    show(crawling, [Post(Kind.BLUESKY, "Te vroeg #snelveld", START + timedelta(days=399), author="Ooit")])
    crawling(Kind.BLUESKY)
    crawling.clock.set(START)
    show(crawling, posts(Kind.BLUESKY, 150))
    crawling(Kind.BLUESKY)

    assert len(crawling.mentions()) == 151


@pytest.mark.parametrize("kind", KINDS)
def test_a_spent_allowance_is_left_alone_for_as_long_as_asked(crawling: Crawling, kind: Kind) -> None:
    crawling.replica.faults.set(kind, Fault.RATE_LIMITED, retry_after=600)
    outcome = crawling(kind)

    assert (outcome.health, outcome.retry_after) == (Health.BLOCKED, timedelta(minutes=10))


@pytest.mark.parametrize("kind", KINDS)
def test_what_never_showed_anything_stays_no_calm_until_it_does(crawling: Crawling, kind: Kind) -> None:
    """A mistyped search or name answers like one about which nobody speaks."""
    asked: dict[str, Any] = {"query": "internet"} if kind is Kind.DISCOURSE else {}
    first, second = crawling(kind, **asked), crawling(kind, **asked)
    crawling.clock.advance(timedelta(hours=3))
    show(
        crawling, [replace(one, published_at=one.published_at + timedelta(hours=3)) for one in posts(kind, 2)]
    )
    found, calm = crawling(kind, **asked), crawling(kind, **asked)

    assert [one.stats.get("cause") for one in (first, second)] == ["empty"] * 2
    assert (found.counts["new"], found.health, calm.health) == (2, Health.OK, Health.OK)


REVIEWS = [Kind.TRUSTED_SHOPS, Kind.GOOGLE_BUSINESS, Kind.APP_STORE_CONNECT]
OF_A_PAGE = {Kind.TRUSTED_SHOPS: 200, Kind.GOOGLE_BUSINESS: 50, Kind.APP_STORE_CONNECT: 200}


@pytest.mark.parametrize("kind", REVIEWS)
def test_a_first_reading_that_takes_too_long_is_gone_on_with(crawling: Crawling, kind: Kind) -> None:
    many = OF_A_PAGE[kind] * 12
    show(crawling, posts(kind, many, first=1))
    slow(crawling)
    outcomes = [crawling(kind, timeout=600) for _ in range(3)]

    assert [one.health for one in outcomes] == [Health.OK] * 3
    assert "there is more than one crawl reads; the next one goes on" in outcomes[0].stats["notes"]
    assert outcomes[0].counts["new"] in (OF_A_PAGE[kind] * 7, OF_A_PAGE[kind] * 8)  # the first one signs in
    assert len(crawling.mentions()) == many


def test_a_first_reading_that_takes_too_long_goes_no_further_than_a_quick_one(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spider_of("google_business"), "most_pages", 10)
    show(crawling, posts(Kind.GOOGLE_BUSINESS, 700, first=1))
    slow(crawling)
    for _ in range(3):
        crawling(Kind.GOOGLE_BUSINESS, timeout=600)

    assert len(crawling.mentions()) == 500


def test_a_first_reading_that_cannot_be_gone_on_with_is_begun_again(crawling: Crawling) -> None:
    show(crawling, posts(Kind.GOOGLE_BUSINESS, 500, first=1))
    slow(crawling)
    crawling(Kind.GOOGLE_BUSINESS, timeout=600)
    crawling.replica._watch = None
    crawling.replica.faults.set(Kind.GOOGLE_BUSINESS, Fault.NOT_FOUND, after=1)
    refused = crawling(Kind.GOOGLE_BUSINESS)
    crawling.replica.faults.clear()

    assert refused.stats["notes"] == ["what an earlier crawl left unread cannot be asked for any more"]
    assert (crawling(Kind.GOOGLE_BUSINESS).counts["new"], len(crawling.mentions())) == (100, 500)


def test_a_reading_again_that_takes_too_long_is_gone_on_with(crawling: Crawling) -> None:
    shown = show(crawling, posts(Kind.APP_STORE_CONNECT, 690))
    crawling(Kind.APP_STORE_CONNECT)
    crawling.clock.advance(timedelta(hours=25))
    crawling.replica.posts.reply(shown[650].key, "We zoeken het uit.")
    crawling.replica.posts.remove(shown[640].key)
    slow(crawling, timedelta(minutes=4))
    since, asked, found = len(crawling.replica.requests), [], []
    for _ in range(4):
        outcome = crawling(Kind.APP_STORE_CONNECT, timeout=600)
        asked.append(len([target for target in crawling.asked(since) if "limit=" in target]))
        found.append((outcome.counts["replied"], outcome.counts["removed"]))
        since = len(crawling.replica.requests)

    assert asked == [2, 2, 2, 1]  # the first page each time, and one more that had not been read again
    assert found == [(0, 0), (0, 0), (1, 1), (0, 0)]


def without(crawling: Crawling, monkeypatch: pytest.MonkeyPatch, kind: Kind) -> None:
    """Every page but the first shows nothing and names no next one."""
    play = crawling.replica._played

    def played(asked: Kind, request: Request, fault: Fault | None) -> Answer:
        further = asked is kind and CURSORS & request.query.keys()
        return play(asked, request, Fault.EMPTY if further else fault)

    monkeypatch.setattr(crawling.replica, "_played", played)


@pytest.mark.parametrize("kind", [Kind.BLUESKY, Kind.YOUTUBE])
def test_a_page_on_the_way_that_shows_nothing_by_mistake_is_asked_for_again(
    crawling: Crawling, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(crawling, posts(kind, 5, first=140))
    crawling(kind)
    show(crawling, posts(kind, 140))
    with monkeypatch.context() as mistaken:
        without(crawling, mistaken, kind)
        outcome = crawling(kind)
    rest = crawling(kind)

    assert (outcome.health, outcome.counts["new"], outcome.counts["removed"]) == (Health.OK, 100, 0)
    assert outcome.stats["notes"] == [
        "the list was to go on, and nothing is shown; the next crawl asks again"
    ]
    assert (rest.counts["new"], rest.counts["removed"], "notes" in rest.stats) == (40, 0, False)


def test_a_first_reading_whose_last_page_shows_nothing_is_at_its_end_when_that_stays_so(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ending(found: dict[str, Any], request: Request) -> None:
        if "items" in found and "pageToken" not in request.query:
            found["nextPageToken"] = "130"

    altered(monkeypatch, Kind.YOUTUBE, ending)
    show(crawling, posts(Kind.YOUTUBE, 30))
    asked = []
    for _ in range(3):
        since = len(crawling.replica.requests)
        crawling(Kind.YOUTUBE)
        asked.append(len([target for target in crawling.asked(since) if "commentThreads" in target]))

    assert asked == [2, 2, 1]
