"""Reddit: the Atom feeds that need no key, and the Data API behind a token."""

import html
import json
from base64 import b64decode
from datetime import UTC, datetime
from typing import Any

from demo.replica.faults import Fault
from demo.replica.keyed import RENEWED
from demo.replica.loopback import Answer, Request
from demo.replica.posts import Board, Kind, Post

PREFIXES = ("/r/", "/search", "/comments/", "/api/v1/access_token", "/api/info")
CLIENT = ("snelveld-app", "s3cret/reddit")
TOKEN = "eyJ-reddit-token"  # noqa: S105 - of a game
SHUT = (Fault.CLOSED, Fault.EXPIRED)
MOST = 100
ATOM = "http://www.w3.org/2005/Atom"


def answer(request: Request, board: Board, fault: Fault | None) -> Answer:
    """What either host of Reddit says; pages of the API by `after`, newest first."""
    path = request.path
    if path == "/api/v1/access_token":
        return _token(request, fault)
    if path.endswith(".json"):
        return Answer.of("text/html", "<h1>whoa there, pardner!</h1>", 403)
    if path.endswith((".rss", "/.rss")):
        return _feed(request, _found(request, board, path), fault)
    given = request.headers.get("authorization", "").lower()
    if fault in SHUT or given != f"bearer {_access(fault)}".lower():
        return _json({"message": "Unauthorized", "error": 401}, 401)
    if path == "/api/info":
        return _json(_listing([_info(board, name) for name in request.first("id").split(",")], None))
    if path.startswith("/comments/"):
        return _thread(board, path.split("/")[2], fault)
    shown = [] if fault is Fault.EMPTY else _found(request, board, path)
    things = [_comment(post, fault) for post in shown] if _is_comments(path) else None
    return _page(request, things or [_post(post, fault) for post in shown])


def _token(request: Request, fault: Fault | None) -> Answer:
    given = request.headers.get("authorization", "").removeprefix("Basic ")
    right = given and b64decode(given).decode() == ":".join(CLIENT) and b"client_credentials" in request.body
    if not right:
        return _json({"message": "Unauthorized", "error": 401}, 401)
    return _json({"access_token": _access(fault), "token_type": "bearer", "expires_in": 86400, "scope": "*"})


def _access(fault: Fault | None) -> str:
    return RENEWED if fault is Fault.OUTLIVED else TOKEN


def _found(request: Request, board: Board, path: str) -> list[Post]:
    """The posts that an address is about, newest first."""
    posts = board.seen(Kind.REDDIT)
    parts = path.strip("/").split("/")
    if parts[0] == "comments":
        return [_said(board, parts[1])] if _has(board, parts[1]) else []
    if parts[0] == "r":
        posts = [post for post in posts if post.place == parts[1]]
    if _is_comments(path):
        return [post for post in posts if post.reply]
    words = request.first("q").strip('"').lower()
    found = [post for post in posts if words in f"{post.title} {post.text}".lower()]
    return sorted(found, key=lambda post: not post.pinned)


def _is_comments(path: str) -> bool:
    return path.rstrip("/").endswith("/comments")


def _has(board: Board, key: str) -> bool:
    try:
        return board[key].kind is Kind.REDDIT
    except KeyError:
        return False


def _said(board: Board, key: str) -> Post:
    """A post as its own address shows it: of one that was deleted, only the place is left."""
    seen = next((post for post in board.seen(Kind.REDDIT) if post.key == key), None)
    return seen or Post(
        Kind.REDDIT, "[deleted]", board[key].published_at, title="[deleted]", author="[deleted]", key=key
    )


def _info(board: Board, name: str) -> dict[str, Any] | None:
    key = name.partition("_")[2]
    if name.startswith("t1_"):
        post = next((post for post in board.seen(Kind.REDDIT) if post.key == key), None)
        return _comment(post, None) if post and post.reply else None
    return _post(_said(board, key), None) if _has(board, key) else None


def _page(request: Request, things: list[dict[str, Any]]) -> Answer:
    names = [thing["data"].get("name") for thing in things]
    after = request.first("after")
    start = names.index(after) + 1 if after in names else 0
    limit = min(int(request.first("limit") or 25), MOST)
    shown = things[start : start + limit]
    more = names[start + limit - 1] if len(things) > start + limit else None
    limits = {"X_Ratelimit_Used": "1", "X_Ratelimit_Remaining": "95.0", "X_Ratelimit_Reset": "321"}
    return _json(_listing(list(shown), more), 200, **limits)


def _thread(board: Board, key: str, fault: Fault | None) -> Answer:
    if not _has(board, key):
        return _json({"message": "Not Found", "error": 404}, 404)
    post = _said(board, key)
    left_out = {"kind": "more", "data": {"count": 2, "name": "t1_x", "id": "x", "children": ["x", "y"]}}
    gone = _thing("t1", "0gone", post) | {}
    gone["data"] |= {"author": "[deleted]", "body": "[removed]", "parent_id": f"t3_{key}", "replies": ""}
    answers = [_comment(post, fault), gone, left_out] if post.reply else [left_out]
    return _json([_listing([_post(post, fault)], None), _listing(list(answers), None)])


def _listing(children: list[dict[str, Any] | None], after: str | None) -> dict[str, Any]:
    found = [child for child in children if child]
    data = {"after": after, "before": None, "dist": len(found), "modhash": None, "geo_filter": ""}
    return {"kind": "Listing", "data": data | {"children": found}}


def _post(post: Post, fault: Fault | None) -> dict[str, Any]:
    thing = _thing("t3", post.key, post)
    gone = post.text == "[deleted]"
    paragraphs = "".join(f"<p>{html.escape(part, quote=False)}</p>" for part in post.text.split("\n\n"))
    thing["data"] |= {
        "title": post.title,
        "selftext": post.text,
        "selftext_html": f'<!-- SC_OFF --><div class="md">{paragraphs}</div><!-- SC_ON -->',
        "num_comments": post.replies + (1 if post.reply else 0),
        "upvote_ratio": 0.93,
        "url": f"https://www.reddit.com{thing['data']['permalink']}",
        "is_self": True,
        "over_18": False,
        "link_flair_text": "question",
        "removed_by_category": "deleted" if gone else None,
    }
    return _changed(thing, "selftext", fault)


def _comment(post: Post, fault: Fault | None) -> dict[str, Any]:
    """The company's answer; it has an answer of its own."""
    reply = post.reply
    if reply is None:
        raise ValueError(f"nobody answered the post {post.key}")
    thing = _thing("t1", post.key, post)
    text = html.escape(reply.text, quote=False)
    thing["data"] |= {
        "author": reply.author,
        "body": reply.text,
        "body_html": f'<div class="md"><p>{text}</p></div>',
        "created_utc": reply.at.timestamp(),
        "edited": False,
        "link_id": f"t3_{post.key}",
        "link_title": post.title,
        "parent_id": f"t3_{post.key}",
        "replies": "",
    }
    return _changed(thing, "body", fault)


def _thing(kind: str, key: str, post: Post) -> dict[str, Any]:
    return {
        "kind": kind,
        "data": {
            "id": key,
            "name": f"{kind}_{key}",
            "subreddit": post.place,
            "subreddit_id": "t5_30hrx",
            "author": post.author,
            "author_fullname": "t2_abc12",
            "created_utc": post.published_at.timestamp(),
            "edited": post.edited_at.timestamp() if post.edited_at else False,
            "score": post.likes,
            "ups": post.likes,
            "permalink": f"/r/{post.place}/comments/{post.key}/x/",
        },
    }


def _changed(thing: dict[str, Any], key: str, fault: Fault | None) -> dict[str, Any]:
    if fault is Fault.CHANGED:
        thing["data"]["content"] = thing["data"].pop(key)
    if fault is Fault.NO_DATES:
        thing["data"]["created_utc"] = None
    return thing


def _feed(request: Request, posts: list[Post], fault: Fault | None) -> Answer:
    shown = [] if fault is Fault.EMPTY else posts[: min(int(request.first("limit") or 25), MOST)]
    entries = "".join(_entry(post, fault) for post in shown)
    if request.path.startswith("/comments/"):
        entries += "".join(_answer_entry(post) for post in shown if post.reply)
    entries = entries.replace("entry>", "post>") if fault is Fault.CHANGED else entries
    tag = f'"{hash((entries, request.path)):x}"'
    if request.headers.get("if-none-match") == tag or fault is Fault.NOT_MODIFIED:
        return Answer(304, headers={"ETag": tag})
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?><feed xmlns="{ATOM}" xmlns:media="http://search.yahoo.com/mrss/">'
        f"<updated>{_instant(request.at)}</updated><id>{html.escape(request.path)}</id>"
        f"<title>newest submissions</title>{entries}</feed>"
    )
    return Answer.of("application/atom+xml", body, ETag=tag)


def _entry(post: Post, fault: Fault | None) -> str:
    user = f"https://www.reddit.com/user/{post.author.replace(' ', '_')}"
    link = f"https://www.reddit.com/r/{post.place}/comments/{post.key}/x/"
    paragraphs = "".join(f"<p>{html.escape(part, quote=False)}</p>" for part in post.text.split("\n\n"))
    content = (
        f'<!-- SC_OFF --><div class="md">{paragraphs}</div><!-- SC_ON --> submitted by <a href="{user}"> '
        f'/u/{html.escape(post.author)} </a> <span><a href="{link}">[link]</a></span>'
    )
    times = (
        f"<updated>{_instant(post.changed_at)}</updated><published>{_instant(post.published_at)}</published>"
    )
    return (
        f"<entry><author><name>/u/{html.escape(post.author)}</name><uri>{html.escape(user)}</uri></author>"
        f'<category term="{post.place}" label="r/{post.place}"/><content type="html">{html.escape(content)}</content>'
        f'<id>t3_{post.key}</id><link href="{link}"/>{"" if fault is Fault.NO_DATES else times}'
        f"<title>{html.escape(post.title)}</title></entry>"
    )


def _answer_entry(post: Post) -> str:
    """The company's answer, as the feed of a post with its comments has it."""
    said = _comment(post, None)["data"]
    written = _instant(datetime.fromtimestamp(said["created_utc"], UTC))
    content = html.escape(f"<!-- SC_OFF -->{said['body_html']}<!-- SC_ON -->")
    return (
        f"<entry><author><name>/u/{html.escape(said['author'])}</name></author>"
        f'<content type="html">{content}</content><id>{said["name"]}</id>'
        f'<link href="https://www.reddit.com{said["permalink"]}"/><updated>{written}</updated>'
        f"<title>/u/{html.escape(said['author'])} on {html.escape(post.title)}</title></entry>"
    )


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _json(value: object, status: int = 200, **headers: str) -> Answer:
    return Answer.of("application/json", json.dumps(value, ensure_ascii=False), status, **headers)
