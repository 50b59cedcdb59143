"""Kiyoh and Klantenvertellen: reviews of a location by time of change, and the list of removed ones."""

import uuid
from datetime import datetime
from typing import Any

from demo.replica.faults import Fault
from demo.replica.keyed import KEY, asked_time, said, utc
from demo.replica.loopback import Answer, Request
from demo.replica.posts import Board, Kind, Post, digest

PREFIXES = ("/v1/publication/review/", "/v1/review/")
LARGEST = 10_000
"""Reviews in one answer, however many are asked for."""
SITES = {"98": "https://www.kiyoh.com", "99": "https://www.klantenvertellen.nl"}


def answer(request: Request, posts: Board, fault: Fault | None) -> Answer:
    """The reviews of a location, or the removed ones; 401 without the customer's token. Or the older feed, by hash."""
    if request.path == "/v1/review/feed.json":
        return _feed(request, posts, fault)
    if request.headers.get("x-publication-api-token") != KEY:
        return _refusal(401, "UNAUTHORIZED", "Invalid publication API token")
    path = request.path.removeprefix(PREFIXES[0])
    if path == "external":
        return _external(request, posts, fault)
    if path == "removed/latest/":
        return _removed(request, posts)
    return _refusal(404, "NOT_FOUND", "No such resource")


def review_id(post: Post) -> str:
    """The id as the platform makes it: a UUID."""
    return str(uuid.UUID(digest("kiyoh", post.key)[:32]))


def _external(request: Request, posts: Board, fault: Fault | None) -> Answer:
    location = request.first("locationId")
    tenant = request.first("tenantId")
    shown = posts.seen(Kind.KIYOH, location)
    if tenant not in SITES or not (shown or fault or posts.gone(Kind.KIYOH, location)):
        return _refusal(404, "LOCATION_NOT_FOUND", "No such location")
    since = asked_time(request, "updatedSince")
    chosen = [post for post in shown if since is None or _changed(post) >= since]
    chosen.sort(key=_ORDERS[request.first("orderBy", "CREATE_DATE")])
    if request.first("sortOrder", "DESC") == "DESC":
        chosen.reverse()
    chosen = [] if fault is Fault.EMPTY else chosen[: min(int(request.first("limit", "10")), LARGEST)]
    listed = "reviewList" if fault is Fault.CHANGED else "reviews"
    ratings = [post.rating or 1 for post in shown]
    return said(
        {
            "locationId": location,
            "uniqueId": None,
            "locationName": "Snelveld Internet B.V.",
            "canonicalName": "snelveld_internet_b_v",
            "city": "Utrecht",
            "country": "NL",
            "averageRating": round(sum(ratings) / len(ratings), 1) if ratings else 0,
            "numberReviews": len(shown),
            "percentageRecommendation": 40,
            "viewReviewUrl": f"{SITES[tenant]}/reviews/{location}/snelveld_internet_b_v",
            "createReviewUrl": f"{SITES[tenant]}/add-review/{location}/snelveld_internet_b_v",
            "dateSince": "2021-03-29T12:30:49.000Z",
            "updatedSince": utc(request.at),
            listed: [_review(post, fault) for post in chosen],
        }
    )


def _feed(request: Request, posts: Board, fault: Fault | None) -> Answer:
    if request.first("hash") != KEY:
        return _refusal(401, "UNAUTHORIZED", "Invalid hash")
    shown = posts.seen(Kind.KIYOH)
    newest = [] if fault is Fault.EMPTY else shown[: int(request.first("limit", "10"))]
    return said(
        {
            "createReviewUrl": "https://www.kiyoh.com/add-review/1064405/snelveld_internet_b_v",
            "locationId": "1064405",
            "numberReviews": len(shown),
            "reviews": [_review(post, fault) for post in newest],
        }
    )


def _changed(post: Post) -> datetime:
    return max(post.changed_at, post.reply.at) if post.reply else post.changed_at


_ORDERS = {
    "CREATE_DATE": lambda post: (post.published_at, post.key),
    "UPDATE_DATE": lambda post: (_changed(post), post.key),
    "RATING": lambda post: (post.rating, post.key),
}


def _review(post: Post, fault: Fault | None) -> dict[str, Any]:
    given: dict[str, Any] = {
        "reviewId": review_id(post),
        "reviewAuthor": post.author,
        "city": "Amersfoort",
        "rating": int(post.rating or 1),
        "reviewContent": [
            _answered("DEFAULT_OVERALL", "INT", str(int(post.rating or 1)), 0, "Totaal oordeel"),
            _answered("DEFAULT_ONELINER", "TEXT", post.title, 1, "Beschrijf uw ervaring in één zin"),
            _answered("DEFAULT_OPINION", "TEXT", post.text, 2, "Uw ervaring"),
            _answered("DEFAULT_RECOMMEND", "BOOLEAN", "false", 3, "Aanbevelen?"),
        ],
        "reviewComments": post.reply.text if post.reply else None,
        "reviewLanguage": post.language,
        "dateSince": utc(post.published_at),
        "updatedSince": utc(_changed(post)),
    }
    if fault is Fault.NO_DATES:
        given |= {"dateSince": None, "updatedSince": None}
    return given


def _answered(group: str, kind: str, value: str, order: int, asked: str) -> dict[str, Any]:
    return {
        "questionGroup": group,
        "questionType": kind,
        "rating": value,
        "order": order,
        "questionTranslation": asked,
    }


def _removed(request: Request, posts: Board) -> Answer:
    since = asked_time(request, "updatedSince")
    gone = [
        post for post in posts.gone(Kind.KIYOH) if post.removed_at and (not since or post.removed_at >= since)
    ]
    return said(
        [
            {
                "tenantId": "98",
                "locationId": post.place,
                "reviewId": review_id(post),
                "updatedSince": utc(post.removed_at),
            }
            for post in gone
        ]
    )


def _refusal(status: int, code: str, message: str) -> Answer:
    body = {"httpCode": str(status), "errorCode": code, "id": "4e1c0b", "detailedError": {"message": message}}
    return said(body, status)
