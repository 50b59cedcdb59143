"""A Discourse forum: its newest posts, its topics, its search and single posts, as JSON.

Posts of one `place` stand in one topic. The company's answer is a post of staff; between the posts stand small
actions, which nobody wrote.
"""

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from demo.replica.faults import Fault
from demo.replica.loopback import Answer, Request
from demo.replica.posts import Board, Kind, Post, digest, numbered

PREFIXES = ("/posts.json", "/latest.json", "/posts/", "/search.json", "/t/")
LATEST = 50
IN_TOPIC = 20
FOUND = 50


@dataclass(frozen=True)
class Line:
    """One line of a topic: what a person wrote, or the company's answer to it."""

    post: Post
    number: int
    answers: int | None = None

    @property
    def id(self) -> int:
        own = int(self.post.key)
        return numbered(self.at) + own % 10_000 + 1 if self.answers else own

    @property
    def at(self) -> datetime:
        return self.post.reply.at if self.answers and self.post.reply else self.post.published_at


def answer(request: Request, posts: Board, fault: Fault | None) -> Answer:
    """Whatever the forum says to this address."""
    topics = _topics(posts)
    path = request.path
    if path == "/posts.json":
        return _json({"latest_posts": _latest(request, topics, fault)})
    if path == "/latest.json":
        return _json({"topic_list": {"topics": _listed(topics, fault)}})
    if path == "/search.json":
        return _json(_search(request, topics, fault))
    if path.startswith("/posts/"):
        return _single(path.removeprefix("/posts/").removesuffix(".json"), topics)
    parts = path.removeprefix("/t/").removesuffix(".json").split("/")
    lines = next((lines for place, lines in topics.items() if str(topic_id(place)) == parts[0]), None)
    if lines is None:
        return NOT_FOUND
    return _json(_some(request, lines, fault) if parts[1:] == ["posts"] else _topic(lines, fault))


def topic_id(place: str) -> int:
    """The number of the topic of a place."""
    return 1_000 + int(digest("topic", place)[:6], 16)


def _topics(posts: Board) -> dict[str, list[Line]]:
    """The lines of every topic, oldest first."""
    found: dict[str, list[Line]] = {}
    for post in reversed(posts.seen(Kind.DISCOURSE)):
        lines = found.setdefault(post.place, [])
        lines.append(Line(post, len(lines) + 1))
    for lines in found.values():
        lines += [Line(one.post, len(lines) + 1, one.number) for one in list(lines) if one.post.reply]
    return found


def _latest(request: Request, topics: Mapping[str, list[Line]], fault: Fault | None) -> list[dict[str, Any]]:
    if fault is Fault.EMPTY:
        return []
    before = request.first("before")
    lines = sorted((line for lines in topics.values() for line in lines), key=lambda line: -line.id)
    shown = [line for line in lines if not before or line.id <= int(before)][:LATEST]
    titled = {line.id: topics[line.post.place] for line in shown}
    return [
        _post(line, fault)
        | {"topic_title": _title(titled[line.id]), "topic_html_title": _title(titled[line.id])}
        for line in shown
    ]


def _listed(topics: Mapping[str, list[Line]], fault: Fault | None) -> list[dict[str, Any]]:
    """The topics, the one that is pinned on top and the others by their newest line."""
    if fault is Fault.EMPTY:
        return []
    rows = [
        {
            "id": topic_id(place),
            "title": _title(lines),
            "fancy_title": html.escape(_title(lines)),
            "posts_count": len(lines),
            "last_posted_at": _iso(max(line.at for line in lines)),
            "pinned": False,
        }
        for place, lines in topics.items()
    ]
    rows.sort(key=lambda row: str(row["last_posted_at"]), reverse=True)
    return [row | {"pinned": True} for row in rows[-1:]] + rows[:-1]


def _topic(lines: list[Line], fault: Fault | None) -> dict[str, Any]:
    title = _title(lines)
    shown = [] if fault is Fault.EMPTY else lines
    posts = [_post(line, fault) for line in shown[:IN_TOPIC]]
    action = posts[0] | {"id": 1, "post_number": 0, "post_type": 3, "cooked": ""} if posts else {}
    return {
        "post_stream": {"posts": [*posts, action][: len(posts) + 1], "stream": [line.id for line in shown]},
        "id": topic_id(lines[0].post.place),
        "title": title,
        "fancy_title": html.escape(title),
        "slug": lines[0].post.place,
        "posts_count": len(shown),
    }


def _some(request: Request, lines: list[Line], fault: Fault | None) -> dict[str, Any]:
    wanted = set(request.query.get("post_ids[]", []))
    posts = [_post(line, fault) for line in lines if str(line.id) in wanted]
    return {"post_stream": {"posts": posts}, "id": topic_id(lines[0].post.place)}


def _single(key: str, topics: Mapping[str, list[Line]]) -> Answer:
    line = next((line for lines in topics.values() for line in lines if str(line.id) == key), None)
    return _json(_post(line, None)) if line else NOT_FOUND


def _search(request: Request, topics: Mapping[str, list[Line]], fault: Fault | None) -> dict[str, Any]:
    words = request.first("q").split()
    after = next((word.removeprefix("after:") for word in words if word.startswith("after:")), "")
    plain = [word.casefold() for word in words if ":" not in word]
    found = [
        line
        for lines in topics.values()
        for line in lines
        if not line.answers
        and line.at.date().isoformat() >= after
        and all(word in f"{_title(lines)} {line.post.text}".casefold() for word in plain)
    ]
    found = [] if fault is Fault.EMPTY else sorted(found, key=lambda line: -line.id)
    first = (int(request.first("page", "1")) - 1) * FOUND
    shown = found[first : first + FOUND]
    key = "results" if fault is Fault.CHANGED else "grouped_search_result"
    return {
        "posts" if fault is not Fault.CHANGED else "hits": [_hit(line) for line in shown],
        "topics": [
            {"id": topic_id(place), "title": _title(topics[place])}
            for place in {line.post.place for line in shown}
        ],
        key: {"more_full_page_results": True if found[first + FOUND :] else None, "term": request.first("q")},
    }


def _hit(line: Line) -> dict[str, Any]:
    return {
        "id": line.id,
        "username": username(line.post.author),
        "created_at": _iso(line.at),
        "like_count": line.post.likes,
        "blurb": f"{line.post.text[:20]}...",
        "post_number": line.number,
        "topic_id": topic_id(line.post.place),
    }


def _post(line: Line, fault: Fault | None) -> dict[str, Any]:
    post = line.post
    said = post.reply.text if line.answers and post.reply else post.text
    author = post.reply.author if line.answers and post.reply else post.author
    edited = not line.answers and post.edited_at is not None
    topic = topic_id(post.place)
    return {
        "id": line.id,
        "name": author,
        "username": username(author),
        "created_at": None if fault is Fault.NO_DATES else _iso(line.at),
        "body" if fault is Fault.CHANGED else "cooked": _cooked(said),
        "post_number": line.number,
        "post_type": 1,
        "updated_at": _iso(post.changed_at if edited else line.at),
        "reply_count": 1 if post.reply and not line.answers else 0,
        "reply_to_post_number": line.answers,
        "quote_count": 0,
        "reads": 31,
        "topic_id": topic,
        "topic_slug": post.place,
        "version": 1 + (len(post.edits) if edited else 0),
        "staff": bool(line.answers),
        "user_id": int(digest("user", author)[:6], 16),
        "hidden": False,
        "deleted_at": None,
        "user_deleted": False,
        "post_url": f"/t/{post.place}/{topic}/{line.number}",
    }


def username(author: str) -> str:
    """The account of a displayed name."""
    return "_".join(author.lower().split())


def _cooked(text: str) -> str:
    quote = '<aside class="quote" data-username="anna"><blockquote><p>Bij mij werkt alles.</p></blockquote></aside>'
    return f"{quote}<p>{html.escape(text, quote=False)}</p>"


def _title(lines: list[Line]) -> str:
    return lines[0].post.title or "Zonder titel"


def _iso(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _json(value: object) -> Answer:
    return Answer.of("application/json", json.dumps(value, ensure_ascii=False))


NOT_FOUND = Answer.of(
    "application/json",
    json.dumps({"errors": ["De opgevraagde pagina bestaat niet."], "error_type": "not_found"}),
    404,
)
