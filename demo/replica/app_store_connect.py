"""App Store Connect: the reviews of an app by a token that the customer signs, with the replies beside them."""

import json
from base64 import urlsafe_b64decode
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from demo.replica.apple import OFFICE
from demo.replica.faults import Fault
from demo.replica.keyed import KEY, said
from demo.replica.loopback import Answer, Request
from demo.replica.posts import Board, Kind, Post

PREFIXES = ("/v1/apps/", "/v1/customerReviews/")
HOME = "https://api.appstoreconnect.apple.com"
MOST = 200
LONGEST = 1200
"""Seconds that a token may live."""


def answer(request: Request, board: Board, fault: Fault | None) -> Answer:
    """A page of an app's reviews, or one review by itself."""
    if not _is_signed(request):
        return _error(401, "NOT_AUTHORIZED", "Provide a properly configured and signed bearer token.")
    parts = request.path.strip("/").split("/")
    if parts[1] == "customerReviews":
        posts = [post for post in board.seen(Kind.APP_STORE_CONNECT) if post.key == parts[2]]
        return said({"data": _review(posts[0], fault)}) if posts else _NOT_FOUND
    return _page(request, parts[2], board, fault)


def _page(request: Request, app: str, board: Board, fault: Fault | None) -> Answer:
    cursor = request.first("cursor")
    # A link to a next page holds everything that was asked for in its cursor.
    start, territory = cursor.split(".") if cursor else ("0", request.first("filter[territory]"))
    posts = board.seen(Kind.APP_STORE_CONNECT, f"{territory}/{app}")
    posts = [] if fault is Fault.EMPTY else posts
    end = int(start) + min(int(request.first("limit", "50")), MOST)
    shown = posts[int(start) : end]
    this = f"{HOME}{request.path}"
    links = {"self": this}
    if end < len(posts):
        links["next"] = f"{this}?{urlencode({'cursor': f'{end}.{territory}'})}"
    page = {
        "reviews" if fault is Fault.CHANGED else "data": [_review(post, fault) for post in shown],
        "included": [_response(post) for post in shown if post.reply],
        "links": links,
        "meta": {"paging": {"total": len(posts), "limit": MOST}},
    }
    if request.first("include") != "response" and not cursor:
        del page["included"]
    return Answer.of(
        "application/json",
        json.dumps(page, ensure_ascii=False),
        X_Rate_Limit="user-hour-lim:3500;user-hour-rem:3400;",
    )


def _review(post: Post, fault: Fault | None) -> dict[str, Any]:
    about: dict[str, Any] = {
        "rating": int(post.rating or 1),
        "title": post.title,
        "body": post.text,
        "reviewerNickname": post.author,
        "createdDate": None if fault is Fault.NO_DATES else _office(post.published_at),
        "territory": post.place.split("/")[0],
    }
    response = {"type": "customerReviewResponses", "id": f"resp-{post.key}"} if post.reply else None
    return {
        "type": "customerReviews",
        "id": post.key,
        "attributes": about,
        "relationships": {"response": {"data": response}},
    }


def _response(post: Post) -> dict[str, Any]:
    assert post.reply  # noqa: S101 - asked for only then
    about = {
        "responseBody": post.reply.text,
        "lastModifiedDate": _office(post.reply.at),
        "state": "PUBLISHED",
    }
    return {"type": "customerReviewResponses", "id": f"resp-{post.key}", "attributes": about}


def _office(moment: datetime) -> str:
    return moment.astimezone(OFFICE).isoformat(timespec="seconds")


def _is_signed(request: Request) -> bool:
    """Whether the token says what it must, and its signature has the right length."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind != "Bearer" or token.count(".") != 2:
        return False
    head, middle, tail = token.split(".")
    header, claims = json.loads(_bytes(head)), json.loads(_bytes(middle))
    lives = claims["exp"] - claims["iat"]
    return (
        header == {"alg": "ES256", "typ": "JWT", "kid": KEY}
        and (claims["iss"], claims["aud"]) == (KEY, "appstoreconnect-v1")
        and claims["iat"] <= request.at.timestamp() < claims["exp"]
        and 0 < lives <= LONGEST
        and len(_bytes(tail)) == 64
    )


def _bytes(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _error(status: int, code: str, detail: str) -> Answer:
    return said({"errors": [{"status": str(status), "code": code, "title": code, "detail": detail}]}, status)


_NOT_FOUND = _error(404, "NOT_FOUND", "The specified resource does not exist")
