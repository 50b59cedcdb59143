"""The Tweakers forum: feeds of topics and of the active ones, pages of topics, its search, and its consent wall.

Posts of one `place` stand in one topic; pages of it count from 0 and hold twenty-five messages.
"""

import html
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import quote
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from demo.replica.faults import Fault
from demo.replica.loopback import Answer, Request
from demo.replica.posts import Board, Kind, Post, digest

PREFIXES = ("/forum/", "/rss/list_messages/", "/consent")
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
PER_PAGE = 25
IN_FEED = 200


def answer(request: Request, posts: Board, fault: Fault | None) -> Answer:
    """Whatever the forum says to this address."""
    base = f"http://{request.headers.get('host', '127.0.0.1')}"
    if request.path.startswith("/consent"):
        return _page("DPG Media Privacy Gate", "<h1>Mogen wij cookies plaatsen?</h1>")
    if fault is Fault.CONSENT:
        place = f"{base}/consent?siteKey=x&callbackUrl={quote(base + request.target, safe='')}"
        return Answer(302, b"", {"Location": place})
    topics = _topics(posts)
    parts = request.path.strip("/").split("/")
    if parts == ["forum", "rss"]:
        return _active(base, topics, fault)
    if parts == ["forum", "find"]:
        return _found(request.first("keyword"), topics, fault)
    if parts[:2] == ["forum", "list_message"]:
        return _single(parts[2], topics)
    topic = int(parts[2]) if len(parts) > 2 and parts[2].isdigit() else 0
    if topic not in topics:
        return NOT_FOUND
    if parts[0] == "rss":
        return _unless_known(request, _feed(base, topics[topic], fault), fault)
    return _topic(topic, topics[topic], int(parts[3]) if parts[3:] and parts[3].isdigit() else 0, fault)


def topic_id(place: str) -> int:
    """The number of the topic of a place."""
    return 2_000_000 + int(digest("topic", place)[:5], 16)


def _topics(posts: Board) -> dict[int, list[Post]]:
    """The messages of every topic, oldest first; topics with the newest message first."""
    found: dict[int, list[Post]] = {}
    for post in posts.seen(Kind.TWEAKERS):
        found.setdefault(topic_id(post.place), []).insert(0, post)
    return found


def _title(posts: list[Post]) -> str:
    return posts[0].title or "Zonder titel"


def _feed(base: str, posts: list[Post], fault: Fault | None) -> Answer:
    shown = [] if fault is Fault.EMPTY else list(reversed(posts))[:IN_FEED]
    items = "".join(_item(base, _title(posts), post, fault) for post in shown)
    return _rss(base, _title(posts), items, fault)


def _unless_known(request: Request, answer: Answer, fault: Fault | None) -> Answer:
    """Nothing in the place of a feed that the reader has."""
    form = f'"{digest(answer.body.decode())[:20]}"'
    if request.headers.get("if-none-match") == form and fault is None:
        return Answer(304, b"", {"ETag": form})
    return replace(answer, headers={**answer.headers, "ETag": form})


def _item(base: str, title: str, post: Post, fault: Fault | None) -> str:
    link = f"{base}/forum/list_message/{post.key}#{post.key}"
    text = html.escape(f"<p>{html.escape(post.text, quote=False)}</p>", quote=False)
    date = "" if fault is Fault.NO_DATES else f"<pubDate>{format_datetime(post.published_at)}</pubDate>"
    return (
        f"<item><title>{escape(title)}</title><link>{link}</link><guid>{link}</guid>"
        f"<description>{text}</description>{date}</item>"
    )


def _active(base: str, topics: dict[int, list[Post]], fault: Fault | None) -> Answer:
    items = "".join(
        f"<item><title>{escape(_title(posts))}</title><link>{base}/forum/list_messages/{topic}/last</link>"
        f"<description>{escape(posts[-1].author)}</description></item>"
        for topic, posts in topics.items()
    )
    return _rss(base, "Actieve topics", "" if fault is Fault.EMPTY else items, fault)


def _rss(base: str, title: str, items: str, fault: Fault | None) -> Answer:
    if fault is Fault.CHANGED:
        items = items.replace("item>", "bericht>")
    return Answer.of(
        "application/rss+xml",
        f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>{escape(title)}</title>'
        f"<link>{base}/forum</link><description>GoT</description>{items}</channel></rss>",
    )


def _single(key: str, topics: dict[int, list[Post]]) -> Answer:
    """A message by its own number stands on the page of its topic."""
    for topic, posts in topics.items():
        for place, post in enumerate(posts):
            if post.key == key:
                return _topic(topic, posts, place // PER_PAGE, None)
    return NOT_FOUND


def _topic(topic: int, posts: list[Post], number: int, fault: Fault | None) -> Answer:
    last = (len(posts) - 1) // PER_PAGE
    if number > last:
        return NOT_FOUND
    shown = posts[number * PER_PAGE : (number + 1) * PER_PAGE]
    more = (
        f'<a href="/forum/list_messages/{topic}/{number + 1}" class="next">Volgende</a>'
        if number < last
        else ""
    )
    body = "".join(_message(post, post is posts[0], fault) for post in shown)
    if fault is Fault.CHANGED:
        body = body.replace("data-message-id", "data-bericht")
    return _page(
        f"{_title(posts)} - Consumentenzaken - GoT", f'{body}<div class="pageDistribution">{more}</div>'
    )


def _message(post: Post, starter: bool, fault: Fault | None) -> str:
    key, member = post.key, int(digest("member", post.author)[:5], 16)
    local = post.published_at.astimezone(AMSTERDAM)
    stamp = "" if fault is Fault.NO_DATES else f'data-timestamp="{int(post.published_at.timestamp())}"'
    edited = (
        f"<p>[ Voor 12% gewijzigd door {html.escape(post.author)} op {_words(post.edited_at)} ]</p>"
        if post.edited_at
        else ""
    )
    return (
        f'<div class="message{" topicstarter" if starter else ""}" data-message-id="{key}" data-owner-id="{member}">'
        f'<a name="{key}"></a><div class="messageheader"><div class="date"><p>'
        f'<a href="/forum/list_message/{key}#{key}" rel="nofollow"><span data-time="{local:%H:%M}" {stamp}>'
        f"<span>{local:%d-%m-%Y %H:%M}</span></span></a></p></div>"
        '<div class="message_actions"><ul class="action_list"><li class="action-icon rating"><span '
        f'class="ratingcount">{post.likes}</span></li></ul></div></div>'
        '<div class="poster avatar"><div class="userheader"><p class="username">'
        f'<a href="https://tweakers.net/gallery/{member}" rel="nofollow" class="user ellipsis">'
        f'{html.escape(post.author)}</a></p></div></div><div class="messagecontent">'
        f"<blockquote>Bij mij werkt alles</blockquote><p>{html.escape(post.text, quote=False)}</p>{edited}</div></div>"
    )


def _words(instant: datetime | None) -> str:
    return f"{(instant or datetime.now(UTC)).astimezone(AMSTERDAM):%d-%m-%Y %H:%M}"


def _found(query: str, topics: dict[int, list[Post]], fault: Fault | None) -> Answer:
    words = query.casefold().split()
    rows = "".join(
        f'<tr class="preview"><td><p class="searchPreview"><a href="/forum/list_messages/{topic}">'
        f"{html.escape(_title(posts))}</a></p></td></tr>"
        for topic, posts in topics.items()
        if fault is not Fault.EMPTY and all(word in _title(posts).casefold() for word in words)
    )
    kind = "lijst" if fault is Fault.CHANGED else "forumlisting"
    return _page("Zoeken - GoT", f'<table class="{kind}">{rows}</table>')


def _page(title: str, body: str) -> Answer:
    return Answer.of(
        "text/html",
        f'<!DOCTYPE html><html lang="nl"><head><meta charset="utf-8"><title>{html.escape(title)}</title></head>'
        f"<body>{body}</body></html>",
    )


NOT_FOUND = Answer.of("text/html", "<!DOCTYPE html><title>404</title><h1>Niet gevonden</h1>", 404)
