"""Bluesky: a session, and the search and look-up that want one."""

import json
from typing import Any

from demo.replica.faults import Fault
from demo.replica.keyed import KEY, SIGNED_IN, access, bears, said, utc
from demo.replica.loopback import Answer, Request
from demo.replica.mastodon import username
from demo.replica.posts import Board, Kind, Post, digest

PREFIXES = ("/xrpc/",)
MOST = 100
MOST_LOOKED_UP = 25


def answer(request: Request, board: Board, fault: Fault | None) -> Answer:
    """What an account's server says to one method; without a session it refuses the search."""
    method = request.path.removeprefix("/xrpc/")
    if method == "com.atproto.server.createSession":
        return _session(request, fault)
    if fault is Fault.EXPIRED or (fault is Fault.OUTLIVED and bears(request, SIGNED_IN)):
        return said({"error": "ExpiredToken", "message": "Token has expired"}, 400)
    if fault is Fault.CLOSED or not bears(request, access(fault)):
        return said({"error": "Forbidden", "message": "Request forbidden by administrative rules."}, 403)
    posts = board.seen(Kind.BLUESKY)
    if method == "app.bsky.feed.getPosts":
        asked = request.query.get("uris", [])[:MOST_LOOKED_UP]
        return said({"posts": [_view(post, fault) for post in posts if _uri(post) in asked]})
    if method != "app.bsky.feed.searchPosts":
        return said({"error": "MethodNotImplemented", "message": "Method Not Implemented"}, 501)
    return _search(request, [] if fault is Fault.EMPTY else posts, fault)


def _session(request: Request, fault: Fault | None) -> Answer:
    given = json.loads(request.body)
    if request.method != "POST" or (given.get("identifier"), given.get("password")) != (KEY, KEY):
        return said({"error": "AuthenticationRequired", "message": "Invalid identifier or password"}, 401)
    did = "did:plc:lezerlezerlezerlezerleze"
    service = {
        "id": "#atproto_pds",
        "type": "AtprotoPersonalDataServer",
        "serviceEndpoint": "https://pds.example",
    }
    session = {"did": did, "handle": "webcare.example", "accessJwt": access(fault), "refreshJwt": "later"}
    return said(session | {"didDoc": {"id": did, "service": [service]}})


def _search(request: Request, posts: list[Post], fault: Fault | None) -> Answer:
    words, tongue = request.first("q").strip('"').lower(), request.first("lang")
    found = [post for post in posts if words in post.text.lower() and tongue in ("", post.language)]
    start, limit = int(request.first("cursor") or 0), min(int(request.first("limit") or 25), MOST)
    following = {"cursor": str(start + limit)} if len(found) > start + limit else {}
    shown = [_view(post, fault) for post in found[start : start + limit]]
    return said(following | {"hitsTotal": len(found), "posts": shown})


def _uri(post: Post) -> str:
    return f"at://{_did(post)}/app.bsky.feed.post/{post.key[:13]}"


def _did(post: Post) -> str:
    return f"did:plc:{digest('bluesky', post.author)[:24]}"


def _view(post: Post, fault: Fault | None) -> dict[str, Any]:
    name = username(post.author)
    record = {
        "$type": "app.bsky.feed.post",
        "text": post.text,
        "createdAt": utc(post.published_at),
        "langs": [post.language] if post.language else [],
    }
    times = {"indexedAt": utc(post.published_at)}
    if fault is Fault.NO_DATES:
        del record["createdAt"], times["indexedAt"]
    return {
        "uri": _uri(post),
        "cid": f"bafyrei{digest('cid', post.key, post.text)[:20]}",
        "author": {
            "did": _did(post),
            "handle": f"{name}.bsky.social",
            "displayName": post.author,
            "avatar": "https://cdn.bsky.app/img/avatar/x",
            "labels": [] if post.indexable else [{"val": "!no-unauthenticated", "src": _did(post)}],
            "createdAt": "2024-10-01T10:00:00.000Z",
        },
        "value" if fault is Fault.CHANGED else "record": record,
        "replyCount": post.replies,
        "repostCount": post.shares,
        "likeCount": post.likes,
        "quoteCount": 0,
        "labels": [],
    } | times
