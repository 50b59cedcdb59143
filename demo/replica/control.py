"""The control addresses of a replica that runs in a process of its own, under `/_replica/`.

GET posts, requests, clock · POST posts, posts/KEY/edit, posts/KEY/reply, faults, clock ·
DELETE posts/KEY, faults. Bodies and answers are JSON; a mistake is 400 with its reason.
"""

import dataclasses
import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from demo.clock import Clock, PlayClock
from demo.replica.faults import Fault, Faults
from demo.replica.loopback import Answer, Request
from demo.replica.posts import Board, Edit, Kind, Post, Reply


def answer(request: Request, posts: Board, faults: Faults, clock: Clock, log: list[Request]) -> Answer:
    """Does what a control request asks."""
    noun, _, rest = request.path.removeprefix("/_replica/").partition("/")
    try:
        given = json.loads(request.body) if request.body else {}
        if noun == "posts":
            return _json(_posts(request.method, rest, given, posts))
        if noun == "faults":
            return _json(_faults(request, given, faults))
        if noun == "clock":
            return _json(_clock(request.method, given, clock))
        if noun == "requests":
            return _json([{"method": r.method, "target": r.target, "at": r.at} for r in log])
    except (ValueError, KeyError, TypeError) as error:
        return _json({"error": f"{type(error).__name__}: {error}"}, 400)
    return _json({"error": f"there is no /_replica/{noun}"}, 404)


def post_from(given: dict[str, Any]) -> Post:
    """A post from plain JSON values; times are ISO 8601 with a zone."""
    named = dict(given, kind=Kind(given["kind"]), published_at=datetime.fromisoformat(given["published_at"]))
    if given.get("removed_at"):
        named["removed_at"] = datetime.fromisoformat(given["removed_at"])
    if given.get("reply"):
        named["reply"] = Reply(**_timed(given["reply"]))
    named["edits"] = tuple(Edit(**_timed(edit)) for edit in given.get("edits", []))
    if given.get("experienced_on"):
        named["experienced_on"] = date.fromisoformat(given["experienced_on"])
    named["tags"] = tuple(given.get("tags", ()))
    return Post(**named)


def _timed(given: dict[str, Any]) -> dict[str, Any]:
    return dict(given, at=datetime.fromisoformat(given["at"]))


def _posts(method: str, rest: str, given: dict[str, Any], posts: Board) -> object:
    key, _, action = rest.partition("/")
    if method == "GET":
        return [dataclasses.asdict(post) for post in posts.seen()]
    if method == "DELETE":
        return dataclasses.asdict(posts.remove(key))
    change: dict[str, Callable[..., Post]] = {"edit": posts.edit, "reply": posts.reply}
    changed = change[action](key, **given) if action else posts.add(post_from(given))
    return dataclasses.asdict(changed)


def _faults(request: Request, given: dict[str, Any], faults: Faults) -> object:
    if request.method == "DELETE":
        faults.clear(request.first("kind") or None)
    else:
        options = {key: value for key, value in given.items() if key not in ("kind", "fault")}
        faults.set(given["kind"], Fault(given["fault"]), **options)
    return {"ok": True}


def _clock(method: str, given: dict[str, Any], clock: Clock) -> object:
    if method == "POST":
        if not isinstance(clock, PlayClock):
            raise ValueError("this replica lives by the time of the machine: start it with --now")
        clock.set(datetime.fromisoformat(given["now"]), given.get("rate"))
    return {"now": clock()}


def _json(value: object, status: int = 200) -> Answer:
    return Answer.of("application/json", json.dumps(value, ensure_ascii=False, default=str), status)
