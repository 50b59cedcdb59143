"""YouTube: threads of comments, their replies, and a search for videos, by the Data API."""

import html
from typing import Any

from demo.replica.faults import Fault
from demo.replica.keyed import KEY, said, utc
from demo.replica.loopback import Answer, Request
from demo.replica.mastodon import username
from demo.replica.posts import Board, Kind, Post

PREFIXES = ("/youtube/v3/",)
CHANNEL = "UCvoorbeeldkanaal"


def answer(request: Request, board: Board, fault: Fault | None) -> Answer:
    """What a resource lists, by `key`; a video's comments newest first. Places of posts are videos."""
    resource = request.path.removeprefix("/youtube/v3/")
    if request.first("key") != KEY:
        return error(400, "badRequest", "API key not valid. Please pass a valid API key.")
    if fault is Fault.CLOSED:
        return error(403, "quotaExceeded", "The request cannot be completed: you have exceeded your quota.")
    posts = board.seen(Kind.YOUTUBE)
    if resource == "search":
        return _search(request, posts)
    if resource == "comments" and "id" in request.query:
        keys = request.first("id").split(",")
        replies = [_reply(post) for post in posts if post.reply and f"{post.key}.antwoord" in keys]
        return said(_listed("comment", replies))
    if resource == "comments":
        replied = next((post for post in posts if post.key == request.first("parentId")), None)
        return said(_listed("comment", [_reply(replied)] if replied and replied.reply else []))
    if resource != "commentThreads":
        return error(404, "notFound", "Not found")
    if "id" in request.query:
        keys = request.first("id").split(",")
        return said(
            _listed("commentThread", [_thread(post, None, fault) for post in posts if post.key in keys])
        )
    return _threads(request, posts, fault)


def error(code: int, reason: str, message: str) -> Answer:
    """An error as the interface gives it."""
    told = {"message": message, "domain": "youtube.commentThread", "reason": reason}
    return said({"error": {"code": code, "message": message, "errors": [told]}}, code)


def _threads(request: Request, posts: list[Post], fault: Fault | None) -> Answer:
    video, words = request.first("videoId"), request.first("searchTerms").lower()
    if video.startswith("uit"):
        return error(403, "commentsDisabled", "The video identified by videoId has disabled comments.")
    if video.startswith("besloten"):
        return error(403, "forbidden", "The request might not be properly authorized.")
    wanted = video or request.first("allThreadsRelatedToChannelId") == CHANNEL
    found = [post for post in posts if wanted in (True, post.place) and words in post.text.lower()]
    found.sort(key=lambda post: not post.pinned)
    start, limit = int(request.first("pageToken") or 0), min(int(request.first("maxResults") or 20), 100)
    shown = [] if fault is Fault.EMPTY else found[start : start + limit]
    page = _listed("commentThread", [_thread(post, request, fault) for post in shown])
    if len(found) > start + limit:
        page["nextPageToken"] = str(start + limit)
    return said(page)


def _search(request: Request, posts: list[Post]) -> Answer:
    words = request.first("q").lower()
    places = dict.fromkeys(post.place for post in posts if words in post.text.lower())
    found = [
        {"kind": "youtube#searchResult", "etag": "x", "id": {"kind": "youtube#video", "videoId": place}}
        for place in places
    ]
    return said(_listed("search", found))


def _listed(what: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    figures = {"totalResults": len(items), "resultsPerPage": 100}
    return {"kind": f"youtube#{what}ListResponse", "etag": "x", "pageInfo": figures, "items": items}


def _thread(post: Post, request: Request | None, fault: Fault | None) -> dict[str, Any]:
    plain = request is None or request.first("textFormat") == "plainText"
    comment = _comment(post, post.key, post.text, plain)
    if fault is Fault.CHANGED:
        comment["snippet"]["content"] = comment["snippet"].pop("textDisplay")
    if fault is Fault.NO_DATES:
        comment["snippet"]["publishedAt"] = None
    snippet = {
        "channelId": CHANNEL,
        "videoId": post.place,
        "topLevelComment": comment,
        "canReply": True,
        "totalReplyCount": 1 if post.reply else 0,
        "isPublic": True,
    }
    return {"kind": "youtube#commentThread", "etag": "x", "id": post.key, "snippet": snippet}


def _reply(post: Post) -> dict[str, Any]:
    """The company's answer, which does not say under which video; threads show only part of the answers, here none."""
    if post.reply is None:
        raise ValueError(f"nobody answered the comment {post.key}")
    said_back = Post(
        post.kind, post.reply.text, post.reply.at, author=post.reply.author, place=post.place, key=post.key
    )
    reply = _comment(said_back, f"{post.key}.antwoord", post.reply.text, plain=True)
    del reply["snippet"]["videoId"]
    return reply


def _comment(post: Post, key: str, text: str, plain: bool) -> dict[str, Any]:
    name = username(post.author)
    snippet = {
        "channelId": CHANNEL,
        "videoId": post.place,
        "textDisplay": text if plain else html.escape(text).replace("\n", "<br>"),
        "authorDisplayName": f"@{name}",
        "authorProfileImageUrl": "https://yt3.ggpht.com/x",
        "authorChannelUrl": f"http://www.youtube.com/@{name}",
        "authorChannelId": {"value": f"UC{name}"},
        "canRate": True,
        "viewerRating": "none",
        "likeCount": post.likes,
        "publishedAt": utc(post.published_at),
        "updatedAt": utc(post.changed_at),
    }
    return {"kind": "youtube#comment", "etag": "x", "id": key, "snippet": snippet}
