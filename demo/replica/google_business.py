"""Google's Business Profile: signing in, the reviews of a place by their last change, and one by itself."""

import json
from base64 import urlsafe_b64decode
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from demo.replica.faults import Fault
from demo.replica.keyed import KEY, access, bears, said
from demo.replica.loopback import Answer, Request
from demo.replica.posts import Board, Kind, Post

PREFIXES = ("/v4/accounts/", "/token")
ACCOUNT = "1029384756"
MOST = 50
STARS = ("ONE", "TWO", "THREE", "FOUR", "FIVE")
TRANSLATED = "{0}\n\n(Translated by Google)\n{1}"


def answer(request: Request, board: Board, fault: Fault | None) -> Answer:
    """What either host of Google says; the token holds for the interfaces of all kinds."""
    if request.path == "/token":
        return _token(request, fault)
    if fault is Fault.EXPIRED or not (bears(request, access(fault)) or bears(request, KEY)):
        return refused(401, "UNAUTHENTICATED")
    account, _, location, rest, *one = [*request.path.removeprefix("/v4/accounts/").split("/"), ""]
    if account != ACCOUNT or rest != "reviews":
        return refused(403, "PERMISSION_DENIED")
    posts = board.seen(Kind.GOOGLE_BUSINESS, location)
    if one[0]:
        return next((said(_review(post, location, fault)) for post in posts if post.key == one[0]), _NONE)
    return _page(request, location, posts, fault)


def refused(status: int, name: str) -> Answer:
    """An error in the form of all of Google's interfaces."""
    return said({"error": {"code": status, "message": f"{name.lower()}.", "status": name}}, status)


_NONE = refused(404, "NOT_FOUND")


def _page(request: Request, location: str, posts: list[Post], fault: Fault | None) -> Answer:
    key = {"updateTime desc": _changed, "rating desc": lambda post: post.rating}[request.first("orderBy")]
    posts.sort(key=key, reverse=True)
    if fault is Fault.EMPTY or not posts:
        return said({})
    size, given = int(request.first("pageSize", "50")), request.first("pageToken")
    if size > MOST:
        return refused(400, "INVALID_ARGUMENT")
    start = int(given.removeprefix("CAoQ")) if given else 0
    end = start + size
    page = {
        "reviewList" if fault is Fault.CHANGED else "reviews": [
            _review(post, location, fault) for post in posts[start:end]
        ],
        "averageRating": 4.1,
        "totalReviewCount": len(posts),
    }
    return said(page | ({"nextPageToken": f"CAoQ{end}"} if end < len(posts) else {}))


def _changed(post: Post) -> datetime:
    return post.changed_at


def _review(post: Post, location: str, fault: Fault | None) -> dict[str, Any]:
    review: dict[str, Any] = {
        "name": f"accounts/{ACCOUNT}/locations/{location}/reviews/{post.key}",
        "reviewId": post.key,
        "reviewer": {
            "profilePhotoUrl": "https://lh3.googleusercontent.com/a/voorbeeld",
            "displayName": post.author,
            "isAnonymous": False,
        },
        "starRating": STARS[int(post.rating or 1) - 1],
    }
    if post.text:
        review["comment"] = TRANSLATED.format(post.text, post.title) if "vertaald" in post.tags else post.text
    if fault is not Fault.NO_DATES:
        review |= {"createTime": _utc(post.published_at), "updateTime": _utc(post.changed_at)}
    if post.reply:
        review["reviewReply"] = {"comment": post.reply.text, "updateTime": _utc(post.reply.at)}
    return review


def _utc(moment: datetime) -> str:
    """With as many digits as are needed, as Google writes it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _token(request: Request, fault: Fault | None) -> Answer:
    form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
    grant = form.pop("grant_type", "")
    if grant == "refresh_token":
        right = form == dict.fromkeys(("client_id", "client_secret", "refresh_token"), KEY)
    else:
        right = grant.endswith(":jwt-bearer") and _is_asking(form.get("assertion", ""), request.at)
    if not right:
        return said({"error": "invalid_grant", "error_description": "Bad Request"}, 400)
    return said({"access_token": access(fault), "expires_in": 3599, "scope": "-", "token_type": "Bearer"})


def _is_asking(assertion: str, now: datetime) -> bool:
    """Whether a signed request for a token says what it must. The signature is not looked at."""
    header, claims, _ = (_part(part) for part in assertion.split("."))
    lasts = int(claims["exp"]) - int(claims["iat"])
    return (
        header["alg"] == "RS256"
        and int(claims["iat"]) <= now.timestamp() + 60
        and 0 < lasts <= 3600
        and str(claims["scope"]).startswith("https://www.googleapis.com/auth/")
        and str(claims["aud"]) == "https://oauth2.googleapis.com/token"
    )


def _part(part: str) -> Any:
    try:
        return json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError:
        return None
