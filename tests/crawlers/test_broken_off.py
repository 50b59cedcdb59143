"""A reading that breaks off at any request and is begun again ends with the rows of an undisturbed one."""

from datetime import timedelta
from typing import Any

import pytest

from demo.replica import Fault, Kind
from demo.replica.discourse import topic_id
from demo.replica.posts import Post
from tests.crawlers.complaints import posts, show
from tests.crawlers.conftest import Crawling

WAYS: dict[str, tuple[Kind, dict[str, Any]]] = {
    "newest posts": (Kind.DISCOURSE, {}),
    "a topic": (Kind.DISCOURSE, {"topics": [topic_id("storing-0")]}),
    "a search": (Kind.DISCOURSE, {"query": "#snelveld"}),
    "a forum": (Kind.PHPBB, {"forums": [69]}),
    "a sitemap": (Kind.SITEMAP, {}),
    "pages": (Kind.TWEAKERS, {"topics": [], "query": "storing", "pages": True}),
}


def _shown(crawling: Crawling, kind: Kind) -> list[Post]:
    every: list[Post] = []
    for place in range(3):
        shown = show(crawling, posts(kind, 26, first=30 * place + 1, place=f"storing-{place}"))
        if kind is Kind.DISCOURSE:
            crawling.replica.posts.reply(shown[20].key, "We bellen je.")
        every += shown
    return every


@pytest.mark.parametrize("way", WAYS)
def test_a_reading_that_broke_off_anywhere_is_made_whole(crawling: Crawling, way: str) -> None:
    kind, changes = WAYS[way]
    _shown(crawling, kind)
    crawling.settings = {"RETRY_TIMES": 0}
    for requests in (0, 1, 2, 4, 7):
        crawling.replica.faults.set(kind, Fault.SERVER_ERROR, after=requests)
        crawling(kind, **changes)
    crawling.replica.faults.clear()
    whole = crawling(kind, **changes)
    again = crawling(kind, **changes)

    expected = 26 if way == "a topic" else 78
    assert whole.health == "ok"
    assert len(crawling.mentions()) == expected
    assert (again.counts["new"], again.counts["edited"], again.counts["replied"]) == (0, 0, 0)
    replied = [line for line in crawling.mentions() if line["reply"]]
    assert len(replied) == {"newest posts": 3, "a topic": 1}.get(way, 0)


@pytest.mark.parametrize("way", [way for way in WAYS if way != "a sitemap"])
def test_what_a_reading_that_broke_off_had_stored_is_missed(crawling: Crawling, way: str) -> None:
    kind, changes = WAYS[way]
    shown = {post.text: post for post in _shown(crawling, kind)}
    crawling.settings = {"RETRY_TIMES": 0}
    for requests in range(1, 20):
        crawling.replica.faults.set(kind, Fault.SERVER_ERROR, after=requests)
        crawling(kind, **changes)
        if crawling.mentions():
            break
    crawling.replica.faults.clear()
    lost = crawling.mentions()[2]
    crawling.replica.posts.remove(shown[lost["text"]].key)
    for _ in range(3):
        crawling.clock.advance(timedelta(hours=20))
        crawling(kind, **changes)

    assert [one["external_id"] for one in crawling.mentions() if one["status"] == "removed"] == [
        lost["external_id"]
    ]
