"""Feedback Company: signing in with the secret in the address, the summary, and reviews by place."""

from typing import Any
from zoneinfo import ZoneInfo

from demo.replica.faults import Fault
from demo.replica.keyed import KEY, SIGNED_IN, bears, said
from demo.replica.loopback import Answer, Request
from demo.replica.posts import Board, Kind, Post, digest

PREFIXES = ("/api/v2/", "/api/v1/review/")
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def answer(request: Request, posts: Board, fault: Fault | None) -> Answer:
    """A token, the summary or a page of reviews."""
    if request.path == "/api/v2/oauth2/token":
        return _token(request)
    if fault is Fault.EXPIRED or not bears(request):
        return said({"success": False, "error": True, "description": "Invalid access token"}, 401)
    known = posts.seen(Kind.FEEDBACK_COMPANY)
    if request.path == "/api/v1/review/summary/":
        return _summary(known)
    if request.path == "/api/v2/review":
        return _reviews(request, known, fault)
    return said({"success": False, "error": True, "description": "Not found"}, 404)


def review_id(post: Post) -> int:
    """The id as the platform makes it: a number."""
    return int(digest("feedback", post.key)[:8], 16)


def _token(request: Request) -> Answer:
    given = {name: request.first(name) for name in ("client_id", "client_secret", "grant_type")}
    if given != {"client_id": KEY, "client_secret": KEY, "grant_type": "authorization_code"}:
        return said({"error": True, "description": "Invalid client"})
    return said({"access_token": SIGNED_IN, "error": False})


def _summary(known: list[Post]) -> Answer:
    scores = [post.rating or 1 for post in known]
    summary = {
        "total_merchant_reviews": len(known),
        "merchant_score": round(sum(scores) / len(scores), 1) if scores else 0,
        "max_score": max((post.rating_max for post in known), default=5),
    }
    shop = {"name": "Snelveld", "review_url": "https://www.feedbackcompany.com/nl-nl/reviews/snelveld/"}
    return said({"success": True, "error": False, "data": [{"shop": shop, "review_summary": summary}]})


def _reviews(request: Request, known: list[Post], fault: Fault | None) -> Answer:
    start, size = int(request.first("start", "0")), int(request.first("limit", "10"))
    shown = [] if fault is Fault.EMPTY else known[start : start + size]
    listed = "items" if fault is Fault.CHANGED else "reviews"
    page = {listed: [_review(post, fault) for post in shown], "count": {"total": len(known)}}
    return said({"success": True, "error": False} | page)


def _review(post: Post, fault: Fault | None) -> dict[str, Any]:
    local = post.published_at.astimezone(AMSTERDAM).strftime("%Y-%m-%d %H:%M:%S")
    return {
        "id": review_id(post),
        "date_created": None if fault is Fault.NO_DATES else local,
        "total_score": float(post.rating or 1),
        "recommends": "Nee",
        "client": {"name": post.author},
        "product": None,
        "questions": [{"question_id": "q0", "value": "3"}, {"question_id": "q1", "value": post.text}],
    }
