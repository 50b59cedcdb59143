"""Google Play's list of reviews: JSON inside JSON, in which every field is known by its position only."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlencode

from crawlers.causes import Cause
from crawlers.dates import sensible
from crawlers.parsers.blocks import SAID, wall
from crawlers.parsers.page import Blocked, FormatChanged, Gathering
from crawlers.parsers.replies import reply
from crawlers.parsers.stretch import Stretch, stretch
from crawlers.parsers.values import NotJson, count, decoded, identifier, json_of, number, text
from storage.records import Kind

CALL = "oCPfdb"
"""What Google Play calls the request for reviews."""
_GUARD = ")]}'"
_REFUSED = "PlayGatewayError"
_KINDS: dict[int, type] = {1: list, 4: str, 5: list, 6: int, 7: list}
"""What stands at the positions of a review that may also be empty."""


def namespace(package: str) -> str:
    """The ids are the same in the public list and in the interface for developers."""
    return f"google_play:{package}"


def address_of(package: str, identity: str) -> str:
    """Where a review can be read."""
    asked = urlencode({"id": package, "reviewId": identity}, errors="replace")
    return f"https://play.google.com/store/apps/details?{asked}"


def parse(body: bytes, package: str, language: str) -> Stretch:
    """The reviews of one answer, newest first; `next` is the token of the next.

    An answer without reviews says either that there are none or that we are refused, which look the same. Raises
    Blocked for a refusal by name or a wall, FormatChanged for anything that is no such answer.
    """
    found = _payload(body)
    gathering = Gathering()
    strange = 0
    reviews = found[0] if found else []
    if reviews is not None and not isinstance(reviews, list):
        raise FormatChanged("there is no list of reviews at [0]")
    for place, review in enumerate(gathering.bounded(reviews or []), 1):
        strange += _add(gathering, f"review {place}", review, package, language)
    page = stretch(gathering.page(_token(found)))
    if strange and strange * 2 >= page.entries:
        return replace(page, damage="half of the reviews or more have something else at a known position")
    return page


def _payload(body: bytes) -> list[object]:
    """What the answer to our call holds; nothing where it holds null."""
    page = decoded(body).lstrip()
    try:
        answers = _list(page.removeprefix(_GUARD), "the answer")
        ours = next((one for one in answers if _at(one, 0) == "wrb.fr" and _at(one, 1) == CALL), None)
        if ours is None:
            raise FormatChanged(f"there is no answer to {CALL}")
        held = _at(ours, 2)
        if held is not None:
            return _list(held, "what stands at [0][2]")
    except FormatChanged:
        if cause := wall(body):
            raise Blocked(cause, SAID[cause]) from None
        if _REFUSED not in page:
            raise
    if _REFUSED in page:
        raise Blocked(Cause.RATE_LIMITED, f"the answer is {_REFUSED}")
    return []


def _list(written: object, what: str) -> list[object]:
    try:
        found = json_of(written if isinstance(written, str) else "")
    except NotJson as error:
        raise FormatChanged(f"{what} is {error}") from None
    if found is not None and not isinstance(found, list):
        raise FormatChanged(f"{what} is not a list")
    return found or []


def _at(value: object, *places: int) -> object:
    """The value at nested positions, None where the path ends early."""
    for place in places:
        value = value[place] if isinstance(value, list) and -len(value) <= place < len(value) else None
    return value


def _token(found: Sequence[object]) -> str | None:
    return text(_at(found, -2, -1))


def _add(gathering: Gathering, where: str, review: object, package: str, language: str) -> bool:
    """Whether something else stands where a field was known to be, without which the review can do."""
    identity, stars = identifier(_at(review, 0)), number(_at(review, 2))
    if identity is None or stars is None:
        gathering.refuse(where, "no id at [0]" if identity is None else "no stars at [2]", identity)
        return False
    gathering.add(
        where,
        namespace=namespace(package),
        external_id=identity,
        kind=Kind.REVIEW,
        url=address_of(package, identity),
        text=text(_at(review, 4)) or "",
        language=language,
        rating=stars,
        rating_min=1,
        rating_max=5,
        author_name=identifier(_at(review, 1, 0)),
        published_at=moment(_at(review, 5, 0)),
        reply=reply(_at(review, 7, 1), moment(_at(review, 7, 2, 0))),
        likes=count(_at(review, 6)),
    )
    return any(not isinstance(_at(review, place), kind | None) for place, kind in _KINDS.items())


def moment(value: object) -> datetime | None:
    """A time from Unix seconds, also written as text."""
    seconds = number(value)
    try:
        return None if seconds is None else sensible(datetime.fromtimestamp(seconds, UTC))
    except (OverflowError, ValueError, OSError):
        return None
