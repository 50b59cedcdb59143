"""Trustpilot's Business Units API: the same reviews as on its pages, under other names."""

from zoneinfo import ZoneInfo

from crawlers.dates import instant
from crawlers.parsers.answers import answer, entries
from crawlers.parsers.page import FormatChanged, Gathering
from crawlers.parsers.replies import reply
from crawlers.parsers.stretch import Stretch, stretch
from crawlers.parsers.trustpilot_web import NAMESPACE, address_of
from crawlers.parsers.values import at, count, headed, identifier, language, number, text
from storage.records import Kind, Status

_UTC = ZoneInfo("UTC")
"""Some of the documented examples have times without a zone; all others are UTC."""


def unit(body: bytes) -> str:
    """The id of a business unit that was looked up. Raises Blocked or FormatChanged."""
    found = identifier(answer(body).get("id"))
    if found is None or not found.isalnum() or not found.isascii():
        raise FormatChanged("the business unit has no id")
    return found


def parse(body: bytes) -> Stretch:
    """The reviews of one page. Raises Blocked or FormatChanged."""
    gathering = Gathering()
    for place, review in enumerate(gathering.bounded(entries(answer(body), "reviews")), 1):
        if isinstance(review, dict):
            _add(gathering, f"review {place}", review)
        else:
            gathering.refuse(f"review {place}", "not an object")
    return stretch(gathering.page())


def _add(gathering: Gathering, where: str, review: dict[str, object]) -> None:
    identity, updated = identifier(review.get("id")), instant(review.get("updatedAt"), _UTC)
    gathering.add(
        where,
        namespace=NAMESPACE,
        external_id=identity,
        kind=Kind.REVIEW,
        url=address_of(identity),
        **headed(text(review.get("title")), text(review.get("text")) or ""),
        language=language(review.get("language")),
        rating=number(review.get("stars")),
        rating_min=1,
        rating_max=5,
        author_id=identifier(at(review, "consumer", "id")),
        author_name=text(at(review, "consumer", "displayName")),
        published_at=instant(review.get("createdAt"), _UTC),
        experienced_at=instant(review.get("experiencedAt"), _UTC),
        updated_at=updated,
        reply=reply(
            at(review, "companyReply", "text"), instant(at(review, "companyReply", "createdAt"), _UTC)
        ),
        likes=count(review.get("numberOfLikes")),
        status=Status.EDITED if updated else Status.VISIBLE,
    )
