"""Reviews of Trusted Shops through its eTrusted interface."""

from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from crawlers.dates import instant
from crawlers.parsers.answers import answer, entries
from crawlers.parsers.page import Gathering
from crawlers.parsers.replies import reply
from crawlers.parsers.stretch import Stretch, stretch
from crawlers.parsers.values import at, headed, identifier, language, number, primary, text
from storage.records import Kind, Status

NAMESPACE = "trusted_shops"
PUBLIC = "APPROVED"


def parse(body: bytes) -> Stretch:
    """The reviews of one page, with the times of their last change; `next` is the cursor of the following page.

    One that is not approved (any more) is not public, and counts as removed. A statement without words or stars says
    nothing and is passed over. Raises Blocked or FormatChanged.
    """
    found = answer(body)
    gathering = Gathering()
    changed = {}
    for place, review in enumerate(gathering.bounded(entries(found, "items")), 1):
        if not isinstance(review, dict):
            gathering.refuse(f"review {place}", "not an object")
        elif review.get("feedbackType") == "STATEMENT" and not _says_something(review):
            gathering.passed += 1
        else:
            _add(gathering, f"review {place}", review)
            identity, moment = identifier(review.get("id")), _changed(review)
            if identity and moment:
                changed[identity] = moment
    return stretch(gathering.page(_following(found.get("paging"))), changed)


def is_public(body: bytes) -> bool:
    """Whether a single review that was looked up can be read by the public. Raises Blocked or FormatChanged."""
    return answer(body).get("state") in (None, PUBLIC)


def _changed(review: dict[str, object]) -> datetime | None:
    """When it last changed. An imported review was submitted years before it was created, and stands by the latter."""
    times = (instant(review.get(key)) for key in ("updatedAt", "createdAt", "submittedAt"))
    return next((moment for moment in times if moment), None)


def _says_something(review: dict[str, object]) -> bool:
    return (
        any(text(review.get(key)) for key in ("title", "comment")) or number(review.get("rating")) is not None
    )


def _following(paging: object) -> str | None:
    """The cursor of the next page. Of the link only the cursor is taken: the address could lead anywhere."""
    link = text(at(paging, "links", "next"))
    try:
        marks = parse_qs(urlsplit(link).query).get("after", []) if link else []
    except ValueError:
        marks = []
    return marks[0] if marks else (text(at(paging, "cursor", "after")) if link else None)


def _add(gathering: Gathering, where: str, review: dict[str, object]) -> None:
    written = instant(review.get("submittedAt")) or instant(review.get("createdAt"))
    edited = instant(review.get("editedAt"))
    state = text(review.get("state"))
    shown = Status.EDITED if edited else Status.VISIBLE
    gathering.add(
        where,
        namespace=NAMESPACE,
        external_id=identifier(review.get("id")),
        kind=Kind.REVIEW,
        **headed(text(review.get("title")), text(review.get("comment")) or ""),
        language=primary(language(at(review, "questionnaire", "locale"))),
        rating=number(review.get("rating")),
        rating_min=1,
        rating_max=5,
        author_name=text(at(review, "customer", "fullName")) or text(at(review, "customer", "firstName")),
        published_at=written,
        experienced_at=instant(at(review, "transaction", "date")),
        updated_at=edited,
        reply=reply(at(review, "reply", "comment"), instant(at(review, "reply", "createdAt"))),
        status=shown if state in (None, PUBLIC) else Status.REMOVED,
    )
