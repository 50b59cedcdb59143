"""A Facebook page by the Graph API: comments under its posts, posts that tag it, recommendations."""

from datetime import datetime
from typing import Any

from demo.replica.faults import Fault
from demo.replica.keyed import KEY, said
from demo.replica.loopback import Answer, Request
from demo.replica.posts import Board, Kind, Post, digest

PREFIXES = ("/v26.0/",)
PAGE = "100200300"
OWN_POST = f"{PAGE}_1"
"""The page's post under which everybody comments."""


def answer(request: Request, board: Board, fault: Fault | None) -> Answer:
    """What an edge lists, newest first. Posts with a rating are recommendations, with tags they tag the page."""
    if request.first("access_token") != KEY or fault is Fault.CLOSED:
        return error(190, "Error validating access token: Session has expired.")
    node, _, edge = request.path.removeprefix("/v26.0/").partition("/")
    posts = sorted(board.seen(Kind.META), key=lambda post: not post.pinned)
    if edge == "posts":
        return said(
            {"data": [{"id": OWN_POST, "created_time": time(posts[-1].published_at)}] if posts else []}
        )
    if edge == "comments" and node == OWN_POST:
        found = _commented([post for post in posts if not post.tags and post.rating is None])
    elif edge == "tagged":
        found = [_tagged(post) for post in posts if post.tags]
        return _by_time(request, [_struck(one, fault) for one in ([] if fault is Fault.EMPTY else found)])
    elif edge == "ratings":
        found = [_recommendation(post) for post in posts if post.rating is not None and not post.tags]
    else:
        return error(100, "Unsupported get request.", 33)
    return _page(request, [_struck(one, fault) for one in ([] if fault is Fault.EMPTY else found)])


def error(code: int, message: str, subcode: int = 0) -> Answer:
    """An error as the Graph API gives it."""
    told = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "x"}
    return said({"error": told | ({"error_subcode": subcode} if subcode else {})}, 400)


def time(instant: datetime) -> str:
    """A time with its zone without a colon."""
    return instant.strftime("%Y-%m-%dT%H:%M:%S%z")


def _page(request: Request, found: list[dict[str, Any]]) -> Answer:
    start, limit = int(request.first("after").removeprefix("QVF") or 0), int(request.first("limit") or 25)
    mark = f"QVF{start + limit}"
    page: dict[str, Any] = {"data": found[start : start + limit]}
    if found:
        page["paging"] = {"cursors": {"before": "QVFIU", "after": mark}}
    if len(found) > start + limit:
        address = f"https://graph.facebook.com{request.path}?access_token={KEY}&limit={limit}&after={mark}"
        page["paging"]["next"] = address
    return said(page)


def _by_time(request: Request, found: list[dict[str, Any]]) -> Answer:
    """A page as feeds give it: the next one is found by a time and a token, and there are no cursors."""
    start, limit = (
        int(request.first("__paging_token").removeprefix("enc_") or 0),
        int(request.first("limit") or 25),
    )
    page: dict[str, Any] = {"data": found[start : start + limit]}
    if len(found) > start + limit:
        told = f"limit={limit}&until=1763400000&__paging_token=enc_{start + limit}"
        page["paging"] = {"next": f"https://graph.facebook.com{request.path}?access_token={KEY}&{told}"}
    return said(page)


def _struck(node: dict[str, Any], fault: Fault | None) -> dict[str, Any]:
    if fault is Fault.CHANGED:
        return {
            {"message": "text", "review_text": "body", "recommendation_type": "opinion"}.get(key, key): value
            for key, value in node.items()
        }
    if fault is Fault.NO_DATES:
        return {key: value for key, value in node.items() if key != "created_time"}
    return node


def _commented(posts: list[Post]) -> list[dict[str, Any]]:
    """Comments and answers by their own times; what is pinned stands on top."""
    pinned = [one for post in posts if post.pinned for one in _comments(post)]
    others = [one for post in posts if not post.pinned for one in _comments(post)]
    return pinned + sorted(others, key=lambda one: str(one["created_time"]), reverse=True)


def _comments(post: Post) -> list[dict[str, Any]]:
    comment = {
        "id": f"{OWN_POST}_{_number(post)}",
        "message": post.text,
        "created_time": time(post.published_at),
        "from": {"id": str(int(digest("meta", post.author)[:8], 16)), "name": post.author},
        "like_count": post.likes,
        "comment_count": 1 if post.reply else 0,
    }
    if post.reply is None:
        return [comment]
    back = {
        "id": f"{OWN_POST}_{_number(post) + 1}",
        "message": post.reply.text,
        "created_time": time(post.reply.at),
        "from": {"id": PAGE, "name": post.reply.author},
        "like_count": 0,
        "comment_count": 0,
        "parent": {"id": comment["id"], "created_time": comment["created_time"]},
    }
    return [back, comment]


def _tagged(post: Post) -> dict[str, Any]:
    key = f"{int(digest('meta', post.author)[:8], 16)}_{_number(post)}"
    return {
        "id": key,
        "message": post.text,
        "created_time": time(post.published_at),
        "permalink_url": f"https://www.facebook.com/{key}",
    }


def _recommendation(post: Post) -> dict[str, Any]:
    return {
        "created_time": time(post.published_at),
        "has_rating": False,
        "has_review": bool(post.text),
        "recommendation_type": "negative" if (post.rating or 0) < 3 else "positive",
        "review_text": post.text,
        "open_graph_story": {"id": str(_number(post))},
    }


def _number(post: Post) -> int:
    return int(post.key[:12], 16)
