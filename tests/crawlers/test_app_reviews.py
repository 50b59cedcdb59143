"""What holds for every listing that goes on by a token or a link: app stores and Google's reviews."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from demo.replica import Fault, Kind, Post
from demo.replica.loopback import Request
from storage.models import Health
from tests.crawlers.complaints import altered, posts, show
from tests.crawlers.conftest import START, Crawling

A_PAGE = {
    Kind.GOOGLE_PLAY: 199,
    Kind.PLAY_DEVELOPER: 100,
    Kind.GOOGLE_BUSINESS: 50,
    Kind.APP_STORE_CONNECT: 200,
}
"""How many reviews one answer holds. Those of the Play Developer API are of a week at most."""


@pytest.mark.parametrize("kind", A_PAGE)
def test_a_review_that_comes_between_two_pages_is_stored_once(crawling: Crawling, kind: Kind) -> None:
    show(crawling, posts(kind, A_PAGE[kind] + 10, first=1))
    late = posts(kind, 1)

    def arrive(request: Any) -> None:
        # Right after the first page was asked for comes the review; then the second is asked for.
        if len(crawling.asked()) == 2 and late:
            crawling.replica.posts.add(late.pop())

    crawling.replica._watch = arrive
    outcome = crawling(kind)

    assert (outcome.health, outcome.counts["new"]) == (Health.OK, A_PAGE[kind] + 10)
    assert outcome.counts["unchanged"] == 1
    assert crawling(kind).counts["new"] == 1


@pytest.mark.parametrize("kind", A_PAGE)
def test_reading_that_broke_off_ends_with_the_same_reviews(crawling: Crawling, kind: Kind) -> None:
    show(crawling, posts(kind, A_PAGE[kind] + 10))
    crawling.replica.faults.set(kind, Fault.NOT_FOUND, after=1)
    broken = crawling(kind)
    crawling.replica.faults.clear()
    whole = crawling(kind)

    assert (broken.health, broken.counts["new"]) == (Health.BROKEN, A_PAGE[kind])
    assert (whole.health, whole.counts["new"]) == (Health.OK, 10)


@pytest.mark.parametrize("kind", [Kind.PLAY_DEVELOPER, Kind.GOOGLE_BUSINESS, Kind.APP_STORE_CONNECT])
def test_what_a_reading_stored_before_it_broke_off_is_missed_too(crawling: Crawling, kind: Kind) -> None:
    shown = show(crawling, posts(kind, A_PAGE[kind] + 10))
    crawling.replica.faults.set(kind, Fault.NOT_FOUND, after=1)
    crawling(kind)
    crawling.replica.faults.clear()
    crawling.replica.posts.remove(shown[5].key)
    whole, again = crawling(kind), crawling(kind)

    assert (whole.health, whole.counts["removed"], again.counts["removed"]) == (Health.OK, 1, 0)


@pytest.mark.parametrize("kind", A_PAGE)
def test_an_edit_and_a_reply_of_later_are_found_the_next_day(crawling: Crawling, kind: Kind) -> None:
    shown = show(crawling, posts(kind, 20))
    crawling(kind)
    crawling.clock.advance(timedelta(hours=25))
    crawling.replica.posts.edit(shown[5].key, text="Nu zelfs twee dagen geen internet.", rating=1)
    crawling.replica.posts.reply(shown[15].key, "We zoeken het uit.")
    outcome = crawling(kind)

    assert (outcome.health, outcome.counts["edited"], outcome.counts["replied"]) == (Health.OK, 1, 1)
    [answered] = [line for line in crawling.mentions() if line["reply"]]
    assert answered["reply"] == {"text": "We zoeken het uit.", "at": "2026-11-22T13:00:00Z"}


@pytest.mark.parametrize("kind", A_PAGE)
def test_too_many_requests_leaves_the_source_alone_for_as_long_as_it_asks(
    crawling: Crawling, kind: Kind
) -> None:
    crawling.replica.faults.set(kind, Fault.RATE_LIMITED, retry_after=1800)
    outcome = crawling(kind)

    assert (outcome.stats["cause"], outcome.retry_after) == ("rate_limited", timedelta(minutes=30))


A_PAGE_ENDS = A_PAGE | {Kind.TRUSTED_SHOPS: 200}
"""How many reviews one answer holds, of the kinds whose lists say on which page they end."""


def cut_off(crawling: Crawling, kind: Kind) -> None:
    """From the second page on, the list shows nothing."""
    signed = kind is Kind.TRUSTED_SHOPS
    crawling.replica.faults.set(kind, Fault.EMPTY, after=1 + signed)


@pytest.mark.parametrize("kind", A_PAGE_ENDS)
def test_a_further_page_that_shows_nothing_is_not_taken_for_the_end(crawling: Crawling, kind: Kind) -> None:
    show(crawling, posts(kind, A_PAGE_ENDS[kind] + 60))
    cut_off(crawling, kind)
    first = crawling(kind)
    crawling.replica.faults.clear()
    again = crawling(kind)

    assert (first.health, first.stats["cause"]) == (Health.EMPTY, "empty_before")
    assert (first.counts["new"], again.health, again.counts["new"]) == (A_PAGE_ENDS[kind], Health.OK, 60)


@pytest.mark.parametrize("kind", [Kind.TRUSTED_SHOPS, Kind.GOOGLE_BUSINESS, Kind.APP_STORE_CONNECT])
def test_a_list_that_ends_with_the_same_review_a_day_later_has_ended(crawling: Crawling, kind: Kind) -> None:
    show(crawling, posts(kind, A_PAGE_ENDS[kind] + 60))
    healths = []
    for hours in (0, 12, 13):
        crawling.clock.advance(timedelta(hours=hours))
        cut_off(crawling, kind)
        healths.append(crawling(kind).health)

    assert healths == [Health.EMPTY, Health.EMPTY, Health.OK]


def ending_with_nothing(monkeypatch: pytest.MonkeyPatch, kind: Kind) -> None:
    """The last page of the list names one more, which shows nothing."""

    def added(said: dict[str, Any], request: Request) -> None:
        if kind is Kind.PLAY_DEVELOPER and said.get("reviews"):
            said.setdefault("tokenPagination", {"nextPageToken": "volgende-5000"})
        elif kind is Kind.TRUSTED_SHOPS and request.first("after") == "einde":
            said["items"], said["paging"]["links"]["next"] = [], ""
        elif kind is Kind.TRUSTED_SHOPS and said.get("items"):
            said["paging"]["links"]["next"] = "https://api.etrusted.com/reviews?after=einde"

    altered(monkeypatch, kind, added)


def test_the_last_review_of_a_list_that_ends_with_nothing_is_missed_too(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = enumerate(posts(Kind.TRUSTED_SHOPS, 8), 1)
    shown = show(crawling, [replace(post, published_at=START - timedelta(days=day)) for day, post in days])
    ending_with_nothing(monkeypatch, Kind.TRUSTED_SHOPS)
    crawling(Kind.TRUSTED_SHOPS)
    crawling.clock.advance(timedelta(hours=25))
    crawling(Kind.TRUSTED_SHOPS)
    crawling.replica.posts.remove(shown[-1].key)
    found = []
    for _ in range(2):
        crawling.clock.advance(timedelta(hours=25))
        found.append(crawling(Kind.TRUSTED_SHOPS))

    assert (found[1].health, sum(one.counts["removed"] for one in found)) == (Health.OK, 1)


def test_a_list_of_a_week_that_ends_with_nothing_is_well_after_a_day(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = Kind.PLAY_DEVELOPER
    times = (START + timedelta(days=4) - timedelta(minutes=80 * place) for place in range(200))
    show(
        crawling,
        [replace(post, published_at=time) for post, time in zip(posts(kind, 200), times, strict=True)],
    )
    ending_with_nothing(monkeypatch, kind)
    healths = []
    for _ in range(6):
        healths.append(crawling(kind).health)
        crawling.clock.advance(timedelta(hours=6))

    assert healths == [Health.EMPTY] * 4 + [Health.OK] * 2


PLACE = Kind.GOOGLE_BUSINESS


def answered(kind: Kind, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """Every page of the list but the first says this too, or instead."""
    altered(
        monkeypatch,
        kind,
        lambda said, request: said.update(changes) if "pageToken" in request.query else None,
    )


def test_a_list_whose_total_was_read_ends_with_a_page_that_shows_nothing(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(crawling, posts(PLACE, 60))
    answered(PLACE, monkeypatch, nextPageToken="CAoQ100")
    outcome = crawling(PLACE)

    assert (outcome.health, outcome.counts["new"], len(crawling.asked())) == (Health.OK, 60, 3)


def test_pages_without_end_that_show_nothing_are_not_followed_where_all_was_read(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(crawling, posts(PLACE, 60))

    def one_more(said: dict[str, Any], request: Request) -> None:
        said["nextPageToken"] = f"CAoQ{int(request.first('pageToken')[4:] or 0) + 50}"

    altered(monkeypatch, PLACE, one_more)
    outcome = crawling(PLACE)

    assert (outcome.health, outcome.counts["new"], len(crawling.asked())) == (Health.OK, 60, 3)
    assert "notes" not in outcome.stats


def test_a_page_that_names_itself_as_the_next_one_is_asked_for_once(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(crawling, posts(PLACE, 130))
    with monkeypatch.context() as twisted:
        answered(PLACE, twisted, nextPageToken="CAoQ50")
        stuck = crawling(PLACE)
    asked = len(crawling.asked())
    again = crawling(PLACE)

    assert (stuck.health, stuck.stats["cause"], asked) == (Health.BROKEN, "damaged", 2)
    assert (stuck.counts["new"], again.health, again.counts["new"]) == (100, Health.OK, 30)


def test_pages_that_show_nothing_and_go_on_are_not_followed(
    crawling: Crawling, monkeypatch: pytest.MonkeyPatch
) -> None:
    show(crawling, posts(PLACE, 130))
    with monkeypatch.context() as twisted:
        answered(PLACE, twisted, reviews=[], nextPageToken="CAoQ60")
        first = crawling(PLACE)
    asked = len(crawling.asked())

    assert (first.stats["cause"], asked) == ("empty_before", 2)
    assert crawling(PLACE).counts["new"] == 80


@pytest.mark.parametrize("kind", [Kind.GOOGLE_BUSINESS, Kind.APP_STORE_CONNECT])
def test_the_oldest_review_of_a_short_list_is_missed_by_the_next_crawl(
    crawling: Crawling, kind: Kind
) -> None:
    *_, oldest = show(crawling, days_apart(kind, 8))
    crawling(kind)
    crawling.replica.posts.remove(oldest.key)
    crawling.clock.advance(timedelta(hours=1))
    outcome, again = crawling(kind), crawling(kind)

    assert (outcome.health, outcome.counts["removed"], again.counts["removed"]) == (Health.OK, 1, 0)


@pytest.mark.parametrize("kind", [Kind.GOOGLE_BUSINESS, Kind.APP_STORE_CONNECT])
def test_a_list_that_became_short_misses_what_stood_on_its_first_page(crawling: Crawling, kind: Kind) -> None:
    shown = show(crawling, days_apart(kind, A_PAGE[kind] + 5))
    crawling(kind)
    for post in shown[A_PAGE[kind] - 6 :]:
        crawling.replica.posts.remove(post.key)

    # What stood on the second page was not remembered.
    assert crawling(kind).counts["removed"] == 6


@pytest.mark.parametrize("kind", [Kind.PLAY_DEVELOPER, Kind.GOOGLE_BUSINESS, Kind.APP_STORE_CONNECT])
def test_the_only_review_is_missed_within_a_day(crawling: Crawling, kind: Kind) -> None:
    [only] = show(crawling, posts(kind, 1))
    crawling(kind)
    crawling.replica.posts.remove(only.key)
    removed = []
    for _ in range(3):
        crawling.clock.advance(timedelta(hours=13))
        removed.append(crawling(kind).counts["removed"])

    assert removed == [0, 1, 0]


def test_the_only_review_of_long_ago_is_missed_too(crawling: Crawling) -> None:
    [only] = show(crawling, days_apart(PLACE, 9)[-1:])
    crawling(PLACE)
    crawling.replica.posts.remove(only.key)
    crawling.clock.advance(timedelta(hours=25))
    outcome = crawling(PLACE)

    assert (outcome.stats["cause"], outcome.counts["removed"]) == ("empty_before", 1)


def test_reviews_of_a_list_that_is_empty_by_mistake_are_not_removed(crawling: Crawling) -> None:
    show(crawling, posts(PLACE, 12))
    crawling(PLACE)
    crawling.clock.advance(timedelta(hours=25))
    crawling.replica.faults.set(PLACE, Fault.EMPTY, times=1)
    since = len(crawling.replica.requests)
    empty, again = crawling(PLACE), crawling(PLACE)

    assert (empty.health, empty.counts["removed"], again.health) == (Health.EMPTY, 0, Health.OK)
    assert len([one for one in crawling.asked(since) if "/reviews/" in one]) == 10


def days_apart(kind: Kind, number: int) -> list[Post]:
    return [
        replace(post, published_at=START - timedelta(days=12 * place))
        for place, post in enumerate(posts(kind, number), 1)
    ]
