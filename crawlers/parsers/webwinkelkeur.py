"""Ratings of a shop at WebwinkelKeur. They have no id, so they are known by a hash of what they say."""

import hashlib

from crawlers.causes import Cause
from crawlers.dates import instant, precision
from crawlers.parsers.answers import answer, entries
from crawlers.parsers.page import Blocked, Gathering, Page, next_start
from crawlers.parsers.values import count, number, text
from storage.records import Kind, Status, clean

NAMESPACE = "webwinkelkeur"


def parse(body: bytes, shop: str, start: int = 0) -> Page:
    """The ratings from place `start` on; `next` is the place of the following ones.

    A rating in quarantine is not public, and counts as removed. Who wrote it is kept by name, the e-mail address
    that the platform gives as well is not. Raises Blocked or FormatChanged.
    """
    found = answer(body)
    if text(found.get("status")) not in (None, "success"):
        raise Blocked(Cause.KEY, "the platform gives no ratings for this shop_id and code")
    gathering = Gathering(named=False)
    ratings = entries(found, "ratings")
    for place, rating in enumerate(gathering.bounded(ratings), 1):
        if isinstance(rating, dict):
            _add(gathering, f"rating {place}", rating, shop)
        else:
            gathering.refuse(f"rating {place}", "not an object")
    total = count(found.get("total"))
    return gathering.page(next_start(start, len(ratings), total), total)


def _add(gathering: Gathering, where: str, rating: dict[str, object], shop: str) -> None:
    stars, name, words = number(rating.get("rating")), text(rating.get("name")), text(rating.get("comment"))
    gathering.add(
        where,
        namespace=f"{NAMESPACE}:{shop}",
        external_id=_identity(shop, name, rating.get("date"), stars, words),
        kind=Kind.REVIEW,
        text=words or "",
        rating=stars,
        rating_min=1,
        rating_max=5,
        author_name=name,
        published_at=instant(rating.get("date")),
        published_precision=precision(rating.get("date")),
        status=Status.REMOVED if rating.get("quarantine") is True else Status.VISIBLE,
    )


def _identity(shop: str, *said: object) -> str:
    """SHA-256 over what a rating says: an edit makes it another one."""
    parts = [NAMESPACE, shop, *("" if one is None else clean(str(one)).casefold() for one in said)]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
