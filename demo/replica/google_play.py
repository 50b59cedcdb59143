"""Google Play's list of reviews: one call by POST, answered by JSON inside JSON, every field by its position."""

import json
from typing import Any
from urllib.parse import parse_qs

from demo.replica.faults import Fault
from demo.replica.loopback import Answer, Request
from demo.replica.posts import Board, Kind, Post

PREFIXES = ("/_/PlayStoreUi/",)
CALL = "oCPfdb"
MOST = 200
NEWEST = 2
GUARD = ")]}'\n\n"
GATEWAY_ERROR = "type.googleapis.com/wireless.android.finsky.boq.web.common.PlayGatewayError"


def answer(request: Request, board: Board, fault: Fault | None) -> Answer:
    """What the call for reviews gives; a call of another form is refused with 400."""
    asked = _asked(request)
    if request.method != "POST" or asked is None:
        return Answer.of("text/html", "<title>Error 400 (Bad Request)!!1</title>", 400)
    package, order, number, token = asked
    if fault is Fault.GATEWAY:
        return _envelope(None, [13, None, [[GATEWAY_ERROR, [[1]]]]])
    posts = [one for one in board.seen(Kind.GOOGLE_PLAY, package) if one.language == request.first("hl")]
    if fault is Fault.EMPTY or not posts:
        return _envelope(None if fault is Fault.EMPTY else "[]")
    posts.sort(key=lambda post: post.changed_at if order == NEWEST else post.likes, reverse=True)
    start = int(token.removeprefix("CqwBVOORBEELD")) if token else 0
    end = start + min(number, MOST)
    more = [None, f"CqwBVOORBEELD{end}"] if end < len(posts) else []
    page = [[_review(post, fault) for post in posts[start:end]], None, *([more] if more else []), None]
    return _envelope(json.dumps(page, ensure_ascii=False, separators=(",", ":")))


def _asked(request: Request) -> tuple[str, int, int, str | None] | None:
    """The package, the order, how many, and after which token; None for a call that the real place refuses."""
    try:
        [[[name, inner, _, kind]]] = json.loads(parse_qs(request.body.decode())["f.req"][0])
        _, [two, order, page, _, _], [package, seven] = json.loads(inner)
    except (ValueError, KeyError, TypeError):
        return None
    if (name, kind, two, seven) != (CALL, "generic", 2, 7) or not isinstance(page, list) or not page:
        return None
    return package, order, page[0], page[2] if len(page) > 2 else None


def _envelope(payload: str | None, error: list[Any] | None = None) -> Answer:
    outer = [["wrb.fr", CALL, payload, None, None, error, "generic"], ["di", 81], ["af.httprm", 80, "-42", 9]]
    return Answer.of("application/json", GUARD + json.dumps(outer, ensure_ascii=False))


def _review(post: Post, fault: Fault | None) -> list[Any]:
    stars = int(post.rating or 1)
    picture = "https://play-lh.googleusercontent.com/a/voorbeeld"
    if fault is Fault.SHORTENED:
        return [post.key, [post.author], stars]
    review: list[Any] = [
        post.key,
        [post.author, [None, 2, None, [None, None, picture]]],
        stars,
        None,
        post.text or None,
        None if fault is Fault.NO_DATES else [int(post.changed_at.timestamp()), 123_000_000],
        post.likes,
        [post.reply.author, post.reply.text, [int(post.reply.at.timestamp()), 0]] if post.reply else None,
        None,
        None,
        "8.14.2",
    ]
    return [None, *review] if fault is Fault.CHANGED else review
