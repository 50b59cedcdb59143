"""WebwinkelKeur: the ratings of a shop, newest first, by offset; a day without a time, and no id."""

from typing import Any
from zoneinfo import ZoneInfo

from demo.replica.faults import Fault
from demo.replica.keyed import KEY, said
from demo.replica.loopback import Answer, Request
from demo.replica.posts import Board, Kind, Post

PREFIXES = ("/api/1.0/",)
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def answer(request: Request, posts: Board, fault: Fault | None) -> Answer:
    """A page of ratings; one whose visibility is not public stands in quarantine."""
    if request.first("code") != KEY:
        return said({"status": "error", "message": "Invalid API code"}, 401)
    if request.path != "/api/1.0/ratings.json":
        return said({"status": "error", "message": "Unknown call"}, 404)
    known = posts.seen(Kind.WEBWINKELKEUR, request.first("id"))
    start, size = int(request.first("offset", "0")), int(request.first("limit", "10"))
    shown = [] if fault is Fault.EMPTY else known[start : start + size]
    listed = "reviews" if fault is Fault.CHANGED else "ratings"
    return said(
        {
            "status": "success",
            "message": "Ratings successfully retrieved!",
            listed: [_rating(post, fault) for post in shown],
            "total": len(known),
        }
    )


def _rating(post: Post, fault: Fault | None) -> dict[str, Any]:
    day = post.published_at.astimezone(AMSTERDAM).date().isoformat()
    return {
        "name": post.author,
        "email": "prive@example.org",
        "rating": int(post.rating or 1),
        "ratings": {"shippingtime": 1, "customerservice": 2, "pricequality": 3, "aftersale": 0},
        "comment": post.text,
        "date": None if fault is Fault.NO_DATES else day,
        "read": True,
        "quarantine": post.visibility != "public",
    }
