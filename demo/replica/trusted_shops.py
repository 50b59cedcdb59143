"""Trusted Shops (eTrusted): signing in, and reviews by cursor, the last changed first."""

from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlencode

from demo.replica.faults import Fault
from demo.replica.keyed import KEY, SIGNED_IN, bears, said, utc
from demo.replica.loopback import Answer, Request
from demo.replica.posts import Board, Kind, Post

PREFIXES = ("/oauth/token", "/reviews/rev-")
"""And `/reviews` itself."""
API = "https://api.etrusted.com"


def answer(request: Request, posts: Board, fault: Fault | None) -> Answer:
    """A token, a page of reviews, or one of them; reviews that are not public are rejected ones."""
    if request.path == "/oauth/token":
        return _token(request)
    if fault is Fault.EXPIRED or not bears(request):
        return said({"message": "Unauthorized", "statusCode": 401}, 401)
    known = sorted(posts.seen(Kind.TRUSTED_SHOPS), key=lambda post: (_changed(post), post.key), reverse=True)
    if request.path != "/reviews":
        identity = request.path.removeprefix("/reviews/")
        one = next((post for post in known if review_id(post) == identity), None)
        return said(_review(one, fault)) if one else said({"message": "Review not found"}, 404)
    if channels := request.first("channels"):
        known = [post for post in known if post.place in channels.split(",")]
    return _page(request, [] if fault is Fault.EMPTY else known, fault)


def review_id(post: Post) -> str:
    """The id as the platform makes it."""
    return f"rev-{post.key}"


def _token(request: Request) -> Answer:
    form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
    wanted = {
        "grant_type": "client_credentials",
        "client_id": KEY,
        "client_secret": KEY,
        "audience": API,
    }
    if request.method != "POST" or form != wanted:
        return said({"error": "access_denied", "error_description": "Unauthorized"}, 401)
    return said({"access_token": SIGNED_IN, "expires_in": 3600, "token_type": "Bearer"})


def _page(request: Request, known: list[Post], fault: Fault | None) -> Answer:
    after, size = request.first("after"), int(request.first("count", "50"))
    ids = [review_id(post) for post in known]
    start = ids.index(after) + 1 if after in ids else 0
    shown = known[start : start + size]
    more = start + size < len(known)
    last = review_id(shown[-1]) if shown and more else ""
    query = {name: values[0] for name, values in request.query.items() if name != "after"} | {"after": last}
    return said(
        {
            "totalElements": 0,
            "paging": {
                "count": len(shown),
                "cursor": {"before": review_id(shown[0]) if shown else "", "after": last},
                "links": {"previous": "", "next": f"{API}/reviews?{urlencode(query)}" if more else ""},
            },
            "reviews" if fault is Fault.CHANGED else "items": [_review(post, fault) for post in shown],
        }
    )


def _changed(post: Post) -> datetime:
    return max(post.changed_at, post.reply.at) if post.reply else post.changed_at


def _review(post: Post, fault: Fault | None) -> dict[str, Any]:
    reply = None
    if post.reply:
        at = utc(post.reply.at)
        reply = {"comment": post.reply.text, "createdAt": at, "updatedAt": at, "sendNotification": True}
    dated = fault is not Fault.NO_DATES
    return {
        "_object": "CustomerReview",
        "id": review_id(post),
        "accountRef": "acc-1f2e",
        "channelRef": post.place,
        "inviteRef": None,
        "type": "SERVICE_REVIEW",
        "state": "APPROVED" if post.visibility == "public" else "REJECTED",
        "rating": float(post.rating or 1),
        "title": post.title,
        "comment": post.text,
        "createdAt": utc(post.published_at) if dated else None,
        "submittedAt": utc(post.published_at) if dated else None,
        "updatedAt": utc(_changed(post)),
        "editedAt": utc(post.edited_at),
        "feedbackType": "REVIEW",
        "verificationType": "VERIFIED",
        "hasAttachments": False,
        "reply": reply,
        "customer": {"firstName": post.author, "fullName": post.author, "email": "prive@example.org"},
        "transaction": {"reference": "NL-100234", "date": utc(post.published_at)},
        "event": {"id": "evt-1", "type": "checkout"},
        "questionnaire": {"id": "qre-1", "locale": "nl_NL", "templateRef": "tpl-1"},
        "metadata": {},
        "surveyData": {},
        "additionalInformation": {},
    }
