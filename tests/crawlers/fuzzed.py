"""Every answer that a parser reads, and how: what the fuzzing mutates."""

import gzip
import json
from collections.abc import Callable
from typing import Any

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
from crawlers.parsers.page import Page
from tests.crawlers import payloads, payloads_apps, payloads_forums, payloads_reviews, payloads_social
from tests.crawlers.examples import EXAMPLES

Parse = Callable[[bytes], Page]


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
    "trustpilot": (trustpilot_web.parse, payloads.trustpilot(payloads.trustpilot_props(payloads.review()))),
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
    "forum list": (discourse.topics, json.dumps(payloads_forums.FORUM_LIST).encode()),
    "stream": (discourse.stream, payloads_forums.forum_topic(payloads_forums.forum_post())),
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
    "trustpilot": (trustpilot_web.parse, payloads.trustpilot_props(payloads.review()), payloads.trustpilot),
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
for name, example in EXAMPLES.items():
    PAGES[f"example of {name}"] = (example.parse, example.body)


def _dumped(tree: Any) -> bytes:
    return json.dumps(tree).encode()


def _as_latest(tree: Any) -> bytes:
    return _dumped({"latest_posts": tree})
