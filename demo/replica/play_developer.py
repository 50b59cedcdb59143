"""The Play Developer API: the reviews of an app that changed in the last week, and one by itself."""

from datetime import datetime, timedelta
from typing import Any

from demo.replica.faults import Fault
from demo.replica.google_business import refused
from demo.replica.keyed import KEY, bears, said
from demo.replica.loopback import Answer, Request
from demo.replica.posts import Board, Kind, Post

PREFIXES = ("/androidpublisher/v3/applications/",)
SHOWN = timedelta(days=7)
MOST = 100


def answer(request: Request, board: Board, fault: Fault | None) -> Answer:
    """A page of reviews, or one of them; also those that the public list shows, which are the same ones."""
    if fault is Fault.EXPIRED or not (bears(request) or bears(request, KEY)):
        return refused(401, "UNAUTHENTICATED")
    package, what, *one = request.path.removeprefix(PREFIXES[0]).split("/")
    if what != "reviews":
        return refused(404, "NOT_FOUND")
    posts = [*board.seen(Kind.PLAY_DEVELOPER, package), *board.seen(Kind.GOOGLE_PLAY, package)]
    if one:
        found = [post for post in posts if post.key == one[0]]
        return said(_review(found[0], fault)) if found else refused(404, "NOT_FOUND")
    return _page(request, posts, fault)


def _page(request: Request, posts: list[Post], fault: Fault | None) -> Answer:
    shown = [post for post in posts if post.text and _changed(post) > request.at - SHOWN]
    shown.sort(key=_changed, reverse=True)
    if fault is Fault.EMPTY or not shown:
        return said({})
    size, given = int(request.first("maxResults", "10")), request.first("token")
    start = int(given.removeprefix("volgende-")) if given else 0
    end = start + min(size, MOST)
    listed = "comments" if fault is Fault.CHANGED else "reviews"
    page: dict[str, Any] = {listed: [_review(post, fault) for post in shown[start:end]]}
    return said(
        page | ({"tokenPagination": {"nextPageToken": f"volgende-{end}"}} if end < len(shown) else {})
    )


def _changed(post: Post) -> datetime:
    return max(post.changed_at, post.reply.at) if post.reply else post.changed_at


def _review(post: Post, fault: Fault | None) -> dict[str, Any]:
    user: dict[str, Any] = {
        "text": post.text,
        "starRating": int(post.rating or 1),
        "reviewerLanguage": post.language,
        "device": "x",
        "androidOsVersion": 35,
        "appVersionCode": 81402,
        "appVersionName": "8.14.2",
        "thumbsUpCount": post.likes,
        "thumbsDownCount": 0,
    }
    if fault is not Fault.NO_DATES:
        user["lastModified"] = _seconds(post.changed_at)
    comments: list[dict[str, Any]] = [{"userComment": user}]
    if post.reply:
        told = {"text": post.reply.text, "lastModified": _seconds(post.reply.at)}
        comments.append({"developerComment": told})
    return {"reviewId": post.key, "authorName": post.author, "comments": comments}


def _seconds(moment: datetime) -> dict[str, Any]:
    return {"seconds": str(int(moment.timestamp())), "nanos": 0}
