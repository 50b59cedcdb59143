"""Listings where nothing but its absence tells that a post is gone, once they show nothing any more."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from demo.replica import Fault, Kind
from demo.replica.posts import Post
from tests.crawlers.complaints import posts, show
from tests.crawlers.conftest import Crawling

KINDS = [Kind.X, Kind.BLUESKY, Kind.META]


def only_one(crawling: Crawling, kind: Kind) -> Post:
    """The only post of its listing; a page on Facebook has a recommendation too, which is another listing."""
    [one] = posts(kind, 1)
    show(crawling, posts(kind, 1, first=1) if kind is Kind.META else [])
    [shown] = show(crawling, [replace(one, rating=None)])
    return shown


def crawled(crawling: Crawling, kind: Kind, *hours: int) -> list[Any]:
    """What was wrong and how many were removed, at so many hours one after another."""
    outcomes = []
    for passed in hours:
        crawling.clock.advance(timedelta(hours=passed))
        outcomes.append(crawling(kind))
    return [(one.stats.get("cause"), one.counts["removed"]) for one in outcomes]


@pytest.mark.parametrize("kind", KINDS)
def test_the_only_post_is_gone_when_nothing_is_shown_for_half_a_day(crawling: Crawling, kind: Kind) -> None:
    one = only_one(crawling, kind)
    crawling(kind)
    crawling.replica.posts.remove(one.key)

    assert crawled(crawling, kind, 24, 1, 11, 1) == [
        ("empty_before", 0),
        ("empty_before", 0),
        ("empty_before", 1),
        (None, 0),
    ]


@pytest.mark.parametrize("kind", [Kind.X, Kind.BLUESKY])
def test_what_was_shown_in_between_is_not_gone(crawling: Crawling, kind: Kind) -> None:
    show(crawling, posts(kind, 1))
    crawling(kind)
    found = []
    for fault in (True, False, True):
        if fault:
            crawling.replica.faults.set(kind, Fault.EMPTY)
        found += crawled(crawling, kind, 25)
        crawling.replica.faults.clear()

    assert found == [("empty_before", 0), (None, 0), ("empty_before", 0)]


def test_a_post_that_a_search_shows_no_more_and_that_stands_is_not_gone(crawling: Crawling) -> None:
    show(crawling, posts(Kind.BLUESKY, 1))
    crawling(Kind.BLUESKY)
    crawling.replica.posts.edit(crawling.replica.posts.seen()[0].key, text="Opgelost.")

    assert crawled(crawling, Kind.BLUESKY, 25, 13, 13) == [("empty_before", 0)] * 3
    assert crawled(crawling, Kind.BLUESKY, 24 * 7, 1) == [("empty_before", 0), (None, 0)]
    assert [line["text"] for line in crawling.mentions()] == ["Opgelost."]


def test_the_only_recommendation_that_was_taken_back_is_removed(crawling: Crawling) -> None:
    show(crawling, [replace(one, rating=None) for one in posts(Kind.META, 1)])
    [recommended] = show(crawling, posts(Kind.META, 1, first=1))
    crawling(Kind.META)
    crawling.replica.posts.remove(recommended.key)

    assert crawled(crawling, Kind.META, 24, 13, 1) == [("empty_before", 0), ("empty_before", 1), (None, 0)]
