"""X: the recent search of its API, seven days back."""

from datetime import timedelta
from typing import Any

from demo.replica.faults import Fault
from demo.replica.keyed import KEY, asked_time, bears, said, utc
from demo.replica.loopback import Answer, Request
from demo.replica.mastodon import username
from demo.replica.posts import Board, Kind, Post, digest

PREFIXES = ("/2/tweets/",)
WINDOW = timedelta(days=7)


def answer(request: Request, board: Board, fault: Fault | None) -> Answer:
    """One page, newest first; a wrong key is 401, and no hits is no `data`."""
    if fault is Fault.CLOSED or not bears(request, KEY):
        return said({"title": "Unauthorized", "type": "about:blank", "status": 401}, 401)
    if request.path != "/2/tweets/search/recent":
        return said({"title": "Not Found Error"}, 404)
    since, start = int(request.first("since_id") or 0), asked_time(request, "start_time")
    end, until = asked_time(request, "end_time"), int(request.first("until_id") or 0)
    words = request.first("query").split(" ")[0].strip('()"').lower()
    found = [
        post
        for post in board.seen(Kind.X)
        if post.published_at > max(request.at - WINDOW, start or request.at - WINDOW)
        and (end is None or post.published_at < end)
        and int(_here(post)) > since
        and (not until or int(_here(post)) < until)
        and words in post.text.lower()
    ]
    return said(_page(request, [] if fault is Fault.EMPTY else found, fault))


def _page(request: Request, found: list[Post], fault: Fault | None) -> dict[str, Any]:
    begin = int(request.first("next_token").removeprefix("b26v") or 0)
    limit = min(max(int(request.first("max_results") or 10), 10), 100)
    shown = found[begin : begin + limit]
    if not shown:
        return {"meta": {"result_count": 0}}
    meta: dict[str, Any] = {"newest_id": _here(shown[0]), "oldest_id": _here(shown[-1])}
    if len(found) > begin + limit:
        meta["next_token"] = f"b26v{begin + limit}"
    tweets = [_tweet(post, fault) for post in shown]
    users = {user["id"]: user for user in map(_user, shown)}
    data = "posts" if fault is Fault.CHANGED else "data"
    return {
        data: tweets,
        "includes": {"users": list(users.values())},
        "meta": meta | {"result_count": len(shown)},
    }


def _here(post: Post) -> str:
    """The id of its present wording; each edit has one of its own."""
    return str(int(post.key) + len(post.edits))


def _tweet(post: Post, fault: Fault | None) -> dict[str, Any]:
    history = [str(int(post.key) + number) for number in range(len(post.edits) + 1)]
    tweet = {
        "id": _here(post),
        "edit_history_tweet_ids": history,
        "text": post.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
        "created_at": utc(post.published_at),
        "lang": post.language or "und",
        "author_id": _author(post),
        "conversation_id": post.key,
        "public_metrics": {
            "retweet_count": post.shares,
            "reply_count": post.replies,
            "like_count": post.likes,
            "quote_count": 0,
            "bookmark_count": 0,
            "impression_count": 640,
        },
    }
    if fault is Fault.NO_DATES:
        del tweet["created_at"]
    return tweet


def _author(post: Post) -> str:
    return str(int(digest("x", post.author)[:8], 16))


def _user(post: Post) -> dict[str, Any]:
    figures = {"followers_count": post.followers, "following_count": 0, "tweet_count": 0, "listed_count": 0}
    name = username(post.author)[:15]
    return {"id": _author(post), "username": name, "name": post.author, "public_metrics": figures}
