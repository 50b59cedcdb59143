"""Reviews of a company's places as Google's Business Profile gives them."""

import re
from dataclasses import replace

from crawlers.dates import instant
from crawlers.parsers.answers import answer, entries
from crawlers.parsers.page import FormatChanged, Gathering
from crawlers.parsers.replies import reply
from crawlers.parsers.stretch import Stretch, span, stretch
from crawlers.parsers.values import at, count, identifier, text
from storage.records import Kind, Reply

NAMESPACE = "google_business"
_STARS: dict[object, int | None] = {
    "ONE": 1,
    "TWO": 2,
    "THREE": 3,
    "FOUR": 4,
    "FIVE": 5,
    "STAR_RATING_UNSPECIFIED": None,
    None: None,
}
_ABOUT = frozenset({"averageRating", "totalReviewCount", "nextPageToken"})
"""What an answer without reviews may hold."""
_TRANSLATED = re.compile(r"\((?:Translated by Google|Vertaald door Google)\)")
_ORIGINAL = re.compile(r"\((?:Original|Origineel)\)")
_UNPUBLISHED = frozenset({"PENDING", "REJECTED"})


def parse(body: bytes, first: bool = True) -> Stretch:
    """The reviews of one page by the time of their last change, newest first; `next` is the token of the next.

    Raises Blocked, and FormatChanged also for a `first` page without the reviews that it says there are.
    """
    found = answer(body)
    gathering = Gathering()
    expected = count(found.get("totalReviewCount"))
    changed, updates = {}, []
    for place, review in enumerate(gathering.bounded(_reviews(found, expected if first else None)), 1):
        _add(gathering, f"review {place}", review)
        identity, updated = identifier(at(review, "reviewId")), instant(at(review, "updateTime"))
        updates += [updated] if updated else []
        if identity and (moment := updated or instant(at(review, "createTime"))):
            changed[identity] = moment
    page = stretch(gathering.page(text(found.get("nextPageToken")), expected), changed)
    # When a review was written says nothing of where it stands.
    return replace(page, span=span(updates))


def _reviews(found: dict[str, object], expected: int | None) -> list[object]:
    # A place without reviews is an empty object.
    if "reviews" in found or found.keys() - _ABOUT:
        return entries(found, "reviews")
    if expected:
        raise FormatChanged(f"there are {expected} reviews, and none is shown")
    return []


def _add(gathering: Gathering, where: str, review: object) -> None:
    identity, stars = identifier(at(review, "reviewId")), at(review, "starRating")
    if not isinstance(stars, str | None) or stars not in _STARS:
        gathering.refuse(where, "starRating is not one of the words from ONE to FIVE", identity)
        return
    created, updated = instant(at(review, "createTime")), instant(at(review, "updateTime"))
    anonymous = at(review, "reviewer", "isAnonymous") is True
    gathering.add(
        where,
        namespace=NAMESPACE,
        external_id=identity,
        kind=Kind.REVIEW,
        text=original(text(at(review, "comment")) or ""),
        rating=_STARS[stars],
        rating_min=1,
        rating_max=5,
        author_name=None if anonymous else text(at(review, "reviewer", "displayName")),
        published_at=created,
        updated_at=updated if created and updated and updated > created else None,
        reply=_reply(at(review, "reviewReply")),
    )


def _reply(said: object) -> Reply | None:
    if at(said, "state") in _UNPUBLISHED:
        return None
    return reply(original(text(at(said, "comment")) or ""), instant(at(said, "updateTime")))


def original(comment: str) -> str:
    """What was written, of a text to which Google added a translation before or after it."""
    translated = _TRANSLATED.search(comment)
    if translated is None:
        return comment
    if written := _ORIGINAL.search(comment, translated.end()):
        return comment[written.end() :].strip() or comment
    return comment[: translated.start()].strip() or comment
