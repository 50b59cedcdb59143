"""Trustpilot's Business Units API: looking a company up, and its reviews by page and time."""

from datetime import datetime
from typing import Any

from demo.replica.faults import Fault
from demo.replica.keyed import KEY, asked_time, said, utc
from demo.replica.loopback import Answer, Request
from demo.replica.posts import Board, Kind, Post, digest

PREFIXES = ("/v1/business-units/",)


def answer(request: Request, posts: Board, fault: Fault | None) -> Answer:
    """One unit, or a page of its reviews; also those that the public page shows, which are the same ones."""
    if KEY not in (request.headers.get("apikey"), request.first("apikey")):
        return said({"message": "Unauthorized", "errorCode": 1011, "details": "Invalid apikey"}, 401)
    name, _, rest = request.path.removeprefix(PREFIXES[0]).partition("/")
    if name == "find":
        return _found(request, posts, fault)
    shown = [post for post in _all(posts) if unit_id(post.place) == name]
    return _reviews(request, name, shown, fault) if rest == "reviews" else _NONE


def unit_id(domain: str) -> str:
    """The id of a company, 24 hexadecimal digits."""
    return digest("business", domain)[:24]


_NONE = said({"message": "Not found", "errorCode": 1006}, 404)


def _all(posts: Board) -> list[Post]:
    return [*posts.seen(Kind.TRUSTPILOT_API), *posts.seen(Kind.TRUSTPILOT)]


def _found(request: Request, posts: Board, fault: Fault | None) -> Answer:
    domain = request.first("name")
    known = [*_all(posts), *posts.gone(Kind.TRUSTPILOT_API)]
    if fault is None and domain not in {post.place for post in known}:
        return _NONE
    return said({"links": [], "id": unit_id(domain), "displayName": domain, "name": {"identifying": domain}})


def _reviews(request: Request, unit: str, posts: list[Post], fault: Fault | None) -> Answer:
    since, until = asked_time(request, "startDateTime"), asked_time(request, "endDateTime")
    chosen = [post for post in posts if _within(post, since, until)]
    field, _, direction = request.first("orderBy", "createdat.desc").partition(".")
    chosen.sort(key=lambda post: (post.rating if field == "stars" else post.published_at, post.key))
    if direction == "desc":
        chosen.reverse()
    number, size = int(request.first("page", "1")), min(int(request.first("perPage", "20")), 100)
    shown = [] if fault is Fault.EMPTY else chosen[(number - 1) * size : number * size]
    links = []
    if number * size < len(chosen):
        address = f"https://api.trustpilot.com/v1/business-units/{unit}/reviews?page={number + 1}"
        links = [{"href": address, "method": "GET", "rel": "next-page"}]
    listed = "reviewList" if fault is Fault.CHANGED else "reviews"
    return said({"links": links, listed: [_review(post, unit, fault) for post in shown]})


def _within(post: Post, since: datetime | None, until: datetime | None) -> bool:
    return (not since or post.published_at >= since) and (not until or post.published_at <= until)


def _review(post: Post, unit: str, fault: Fault | None) -> dict[str, Any]:
    reply = None
    if post.reply:
        reply = {"text": post.reply.text, "createdAt": _short(post.reply.at), "updatedAt": None}
    experienced = post.experienced_on or post.published_at.date()
    return {
        "links": [],
        "id": post.key,
        "consumer": {
            "links": [],
            "id": digest("consumer", post.author)[:24],
            "displayName": post.author,
            "displayLocation": "Utrecht, NL",
            "numberOfReviews": 3,
        },
        "businessUnit": {"links": [], "id": unit, "identifyingName": post.place, "displayName": post.place},
        "location": None,
        "stars": int(post.rating or 1),
        "title": post.title,
        "text": post.text,
        "language": post.language,
        "createdAt": None if fault is Fault.NO_DATES else _short(post.published_at),
        "experiencedAt": f"{experienced.isoformat()}T00:00:00Z",
        "updatedAt": _short(post.edited_at),
        "companyReply": reply,
        "isVerified": False,
        "reviewVerificationLevel": "not-verified",
        "status": "active",
        "numberOfLikes": post.likes,
        "countsTowardsTrustScore": True,
        "countsTowardsLocationTrustScore": None,
        "reportData": None,
        "complianceLabels": [],
        "businessUnitHistory": [],
    }


def _short(instant: datetime | None) -> str | None:
    written = utc(instant)
    return f"{written[:19]}Z" if written else None
