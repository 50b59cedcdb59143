"""Whatever a page holds, a parser gives records and problems or raises an error of its own."""

import copy
import gzip
import json
import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawlers.dates import written
from crawlers.parsers import (
    apple_app,
    csv,
    discourse,
    feed,
    mastodon,
    phpbb,
    reddit,
    schema_org,
    sitemap,
    trustpilot_web,
    tweakers_forum,
)
from crawlers.parsers.markup import plain
from crawlers.parsers.page import Page, ParseError
from storage.records import LONGEST_TEXT
from tests.crawlers import payloads, payloads_apps, payloads_forums, payloads_reviews, payloads_social

Parse = Callable[[bytes], Page]
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "100"))
"""Of each payload; `make fuzz` takes many more."""
BOUNDED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def _trustpilot(body: bytes) -> Page:
    return trustpilot_web.parse(body, payloads.SITE)


def _apple(body: bytes) -> Page:
    return apple_app.parse(body, "nl", "987654321")


def _mastodon(body: bytes) -> Page:
    return mastodon.parse(body, payloads.LINK, {"nl"})


def _feed(body: bytes) -> Page:
    return feed.parse(body, "https://krant.example/rss", payloads.NOW)


def _schema_org(body: bytes) -> Page:
    return schema_org.parse(body, payloads.SHOP_URL, payloads.NOW)


def _forum(body: bytes) -> Page:
    return discourse.latest(body, payloads_forums.FORUM)


def _topic(body: bytes) -> Page:
    return discourse.topic(body, payloads_forums.FORUM, ("snelveld",))


def _thread(body: bytes) -> Page:
    return phpbb.thread(
        body, f"{payloads_forums.BOARD}/viewtopic.php?t=9", payloads_forums.BOARD, payloads.NOW, True
    )


def _topics(body: bytes) -> Page:
    return phpbb.topics(body, f"{payloads_forums.BOARD}/viewforum.php?f=69", payloads.NOW)


def _board_feed(body: bytes) -> Page:
    return phpbb.newest(body, payloads_forums.BOARD, payloads.NOW)


def _sitemap(body: bytes) -> Page:
    return sitemap.parse(body, "https://snelveld.example/sitemap.xml")


def _robots(body: bytes) -> Page:
    return sitemap.robots(body, "https://snelveld.example/robots.txt")


def _got(body: bytes) -> Page:
    return tweakers_forum.topic(body, f"{payloads_forums.GOT}/forum/list_messages/2112233/0", True)


def _got_feed(body: bytes) -> Page:
    return tweakers_forum.messages(body, f"{payloads_forums.GOT}/rss/list_messages/2112233", payloads.NOW)


def _got_search(body: bytes) -> Page:
    return tweakers_forum.search(body, f"{payloads_forums.GOT}/forum/find")


def _csv(body: bytes) -> Page:
    found = list(csv.pages(body, payloads.CSV_COLUMNS, "csv:bron", payloads.NOW))
    return Page(tuple(one for page in found for one in page.records))


PAGES: dict[str, tuple[Parse, bytes]] = {
    "trustpilot": (_trustpilot, payloads.trustpilot(payloads.trustpilot_props(payloads.review()))),
    "apple": (_apple, payloads.apple([payloads.apple_entry()])),
    "mastodon": (_mastodon, payloads.mastodon(payloads.status())),
    "publisher": (_feed, payloads.PUBLISHER.encode()),
    "news": (_feed, payloads.NEWS_SEARCH.encode()),
    "alert": (_feed, payloads.ALERT.encode()),
    "reddit feed": (reddit.parse_feed, payloads_social.REDDIT_FEED.encode()),
    "graph": (_schema_org, payloads.page_with(payloads.GRAPH)),
    "forum": (
        _forum,
        payloads_forums.forum(payloads_forums.forum_post(), payloads_forums.forum_post(id=90211, staff=True)),
    ),
    "topic": (_topic, payloads_forums.forum_topic(payloads_forums.forum_post())),
    "search": (discourse.search, json.dumps(payloads_forums.FORUM_SEARCH).encode()),
    "thread": (_thread, payloads_forums.board(payloads_forums.BOARD_POST + payloads_forums.BOARD_NEXT)),
    "topics": (_topics, payloads_forums.board(payloads_forums.BOARD_ROW)),
    "board feed": (_board_feed, payloads_forums.BOARD_FEED.encode()),
    "sitemap": (_sitemap, payloads.SITEMAP.encode()),
    "robots": (_robots, b"User-agent: *\nSitemap: https://snelveld.example/a.xml\n"),
    "packed sitemap": (_sitemap, gzip.compress(payloads.SITEMAP.encode())),
    "got": (_got, payloads_forums.got(payloads_forums.GOT_MESSAGE + payloads_forums.GOT_NEXT)),
    "got feed": (_got_feed, payloads_forums.GOT_FEED.encode()),
    "got search": (_got_search, payloads_forums.got(payloads_forums.GOT_SEARCH)),
    "csv": (_csv, payloads.CSV.encode()),
    "microdata": (_schema_org, payloads.page_with(body=payloads.MICRODATA)),
}
TREES: dict[str, tuple[Parse, Any, Callable[[Any], bytes]]] = {
    "trustpilot": (_trustpilot, payloads.trustpilot_props(payloads.review()), payloads.trustpilot),
    "apple": (
        _apple,
        json.loads(payloads.apple([payloads.apple_entry()])),
        lambda tree: json.dumps(tree).encode(),
    ),
    "mastodon": (_mastodon, [payloads.status()], lambda tree: json.dumps(tree).encode()),
    "graph": (_schema_org, payloads.GRAPH, payloads.page_with),
    "forum": (
        _forum,
        [payloads_forums.forum_post(), payloads_forums.forum_post(staff=True)],
        lambda tree: _as_latest(tree),
    ),
    "topic": (
        _topic,
        json.loads(payloads_forums.forum_topic(payloads_forums.forum_post())),
        lambda tree: _dumped(tree),
    ),
    "search": (discourse.search, payloads_forums.FORUM_SEARCH, lambda tree: _dumped(tree)),
}
for name, (parse, tree) in (payloads_social.JSON | payloads_reviews.JSON).items():
    PAGES[name] = (parse, payloads_social.written_out(tree))
    TREES[name] = (parse, tree, payloads_social.written_out)
for name, (parse, tree, out) in payloads_apps.TREES.items():
    PAGES[name] = (parse, out(tree))
    TREES[name] = (parse, tree, out)
NASTY: list[Any] = [
    None,
    True,
    0,
    -1,
    2**63,
    10**39,
    10**300,
    1e308,
    float("nan"),
    float("inf"),
    "",
    " ",
    "\x00",
    "\ud800",
    "\u202e\u200b",
    "javascript:alert(1)",
    "http://[",
    "<!channel>",
    "</script><script>alert(1)</script>",
    "9" * 5_000,
    "x" * (LONGEST_TEXT + 1),
    "<b>" * 5_000,
    "&" * 1_000,
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    [],
    {},
    [[[]]],
    {"label": {"label": {}}},
    {"@id": "#x"},
    [None, 1, "a", {}],
]


def _dumped(tree: Any) -> bytes:
    return json.dumps(tree).encode()


def _as_latest(tree: Any) -> bytes:
    return _dumped({"latest_posts": tree})


def _holds(parse: Parse, body: bytes) -> bool:
    """Whether the page is read, or refused by an error of the parsers' own."""
    try:
        page = parse(body)
    except ParseError as error:
        return len(str(error)) <= 200
    return page.entries >= 0 and all(len(problem.what) <= 200 for problem in page.problems)


def _places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [path] * bool(path) + [place for key, one in inner for place in _places(one, (*path, key))]


def _replaced(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(tree)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return changed


@pytest.mark.parametrize("kind", TREES)
@BOUNDED
@given(data=st.data())
def test_any_value_in_any_place_is_survived(kind: str, data: st.DataObject) -> None:
    parse, tree, written_out = TREES[kind]
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(_places(tree)))
        tree = _replaced(tree, path, data.draw(st.sampled_from(NASTY)))

    assert _holds(parse, written_out(tree))


@pytest.mark.parametrize("kind", PAGES)
@BOUNDED
@given(data=st.data())
def test_any_damage_to_the_bytes_is_survived(kind: str, data: st.DataObject) -> None:
    parse, whole = PAGES[kind]
    body = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(body)))
        length = data.draw(st.integers(0, 60))
        body[start : start + length] = data.draw(st.binary(max_size=20) | st.sampled_from(FRAGMENTS))

    assert _holds(parse, bytes(body))


FRAGMENTS = [
    b"<![CDATA[",
    b"<!DOCTYPE x [",
    b"]]>",
    b"&#0;",
    b"&#xD800;",
    b"\xff\xfe",
    b"\x00",
    b"<!--",
    b"{" * 50,
    b"</",
]


@pytest.mark.parametrize("kind", PAGES)
@BOUNDED
@given(body=st.binary(max_size=300))
def test_noise_is_survived(kind: str, body: bytes) -> None:
    assert _holds(PAGES[kind][0], body)


@pytest.mark.parametrize("kind", PAGES)
@pytest.mark.parametrize(
    "body", [b"[" * 200_000, b"<a>" * 10_000, b'{"a":' * 100_000, b"<div itemscope>" * 3_000]
)
def test_deep_nesting_is_survived(kind: str, body: bytes) -> None:
    assert _holds(PAGES[kind][0], body)


@BOUNDED
@given(st.text(max_size=200))
def test_any_text_has_words_or_none(text: str) -> None:
    assert isinstance(plain(text), str)


@BOUNDED
@given(st.text(alphabet="0123456789-:.TZ+ janfebmrtgisterenuurdagenl", max_size=60))
def test_any_text_is_a_time_or_none(text: str) -> None:
    found = written(text, payloads.NOW)

    assert found is None or found.utcoffset() is not None
