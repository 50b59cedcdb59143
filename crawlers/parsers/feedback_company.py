"""Reviews of Feedback Company, and the summary that says how far its scale goes."""

from dataclasses import dataclass

from crawlers.causes import Cause
from crawlers.dates import instant, precision
from crawlers.parsers.addresses import safe
from crawlers.parsers.answers import entries, json_answer
from crawlers.parsers.page import Blocked, FormatChanged, Gathering, Page, next_start
from crawlers.parsers.values import at, count, identifier, number, text
from storage.records import Kind

NAMESPACE = "feedback_company"
BEST = 5.0
HIGHEST = 100.0
"""No scale of a review platform goes further."""


@dataclass(frozen=True)
class Shop:
    """What the summary says: the best score there is, and where the shop's reviews can be read."""

    best: float = BEST
    url: str | None = None


def summary(body: bytes) -> Shop:
    """The shop as its summary has it. Raises Blocked or FormatChanged."""
    found = entries(_answer(body), "data")
    first = found[0] if found else None
    best = number(at(first, "review_summary", "max_score"))
    if best is None or not 0 < best <= HIGHEST:
        raise FormatChanged("the summary has no max_score")
    return Shop(best, safe(at(first, "shop", "review_url")))


def parse(body: bytes, shop: Shop, start: int = 0) -> Page:
    """The reviews from place `start` on; `next` is the place of the following ones. Raises Blocked, FormatChanged.

    A time has no zone: it is taken to be Dutch.
    """
    found = _answer(body)
    gathering = Gathering()
    reviews = entries(found, "reviews")
    for place, review in enumerate(gathering.bounded(reviews), 1):
        if isinstance(review, dict):
            _add(gathering, f"review {place}", review, shop)
        else:
            gathering.refuse(f"review {place}", "not an object")
    total = count(at(found.get("count"), "total"))
    return gathering.page(next_start(start, len(reviews), total), total)


def _answer(body: bytes) -> dict[str, object]:
    """The object that the platform answered. Raises Blocked, FormatChanged.

    Its own errors may have the form by which a firewall is known elsewhere.
    """
    found = json_answer(body)
    if at(found, "success") is False or at(found, "error") is True:
        raise Blocked(Cause.KEY, "the platform gives no reviews for this client")
    if not isinstance(found, dict):
        raise FormatChanged("the answer is not an object")
    return found


def _add(gathering: Gathering, where: str, review: dict[str, object], shop: Shop) -> None:
    gathering.add(
        where,
        namespace=NAMESPACE,
        external_id=identifier(review.get("id")),
        kind=Kind.REVIEW,
        url=shop.url,
        text=_words(review.get("questions")),
        rating=number(review.get("total_score")),
        rating_min=0,
        rating_max=shop.best,
        author_name=text(at(review, "client", "name")),
        published_at=instant(review.get("date_created")),
        published_precision=precision(review.get("date_created")),
    )


def _words(questions: object) -> str:
    """What was written in answer to the questions; other answers are scores and choices in figures."""
    values = (text(at(one, "value")) for one in questions) if isinstance(questions, list) else ()
    return "\n".join(value for value in values if value and number(value) is None)
