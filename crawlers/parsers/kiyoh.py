"""Reviews of Kiyoh and Klantenvertellen, two names of one platform, and the list of those that were removed."""

from datetime import datetime

from crawlers.dates import instant, precision
from crawlers.parsers.addresses import safe
from crawlers.parsers.answers import answer, entries, json_answer
from crawlers.parsers.page import FormatChanged, Gathering
from crawlers.parsers.replies import reply
from crawlers.parsers.stretch import Stretch, stretch
from crawlers.parsers.values import (
    at,
    count,
    headed,
    identifier,
    language,
    number,
    text,
)
from storage.records import Kind, Status

NAMESPACE = "kiyoh"
_TITLE = frozenset({"DEFAULT_ONELINER", "DEFAULT_ONLINER"})
"""The second is how the platform's own document prints it once."""
_TEXT = "DEFAULT_OPINION"
_RATING = "DEFAULT_OVERALL"


def parse(body: bytes, first: bool = False) -> Stretch:
    """The reviews of a location, with the times of their last change.

    The platform gives no time of a reply. In the `first` reading it is that of the last change, if there was one
    after the review was written; later, None: a reply is of when it was first seen. Raises Blocked, FormatChanged.
    """
    return reviews_of(answer(body), first)


def reviews_of(found: dict[str, object], first: bool) -> Stretch:
    """The reviews of an answer that was read. Raises FormatChanged."""
    gathering = Gathering()
    url = safe(found.get("viewReviewUrl"))
    written: dict[str, datetime] = {}
    changed: dict[str, datetime] = {}
    for place, review in enumerate(gathering.bounded(entries(found, "reviews")), 1):
        if not isinstance(review, dict):
            gathering.refuse(f"review {place}", "not an object")
            continue
        _add(gathering, f"review {place}", review, url, first)
        if identity := identifier(review.get("reviewId")):
            for times, name in ((written, "dateSince"), (changed, "updatedSince")):
                if moment := instant(review.get(name)):
                    times[identity] = moment
    # They stand in the order of their last change: other times say nothing of how far the page goes.
    return stretch(gathering.page(expected=count(found.get("numberReviews"))), changed or written)


def removed(body: bytes, location: str) -> Stretch:
    """The reviews of `location` that were removed, with when. The list may hold other locations of the group.

    Raises Blocked, FormatChanged.
    """
    found = json_answer(body, "the list of removed reviews")
    if not isinstance(found, list):
        raise FormatChanged("the list of removed reviews is not a list")
    gathering = Gathering()
    times: dict[str, datetime] = {}
    for place, one in enumerate(gathering.bounded(found), 1):
        identity, where = identifier(at(one, "reviewId")), identifier(at(one, "locationId"))
        if where not in (None, location):
            gathering.passed += 1
            continue
        gathering.add(
            f"removed review {place}",
            namespace=NAMESPACE,
            external_id=identity,
            text="-",
            status=Status.REMOVED,
        )
        if identity and (moment := instant(at(one, "updatedSince"))):
            # One that came back and was removed again may be listed twice, in any order.
            times[identity] = max(moment, times.get(identity, moment))
    return stretch(gathering.page(), times)


def _add(gathering: Gathering, where: str, review: dict[str, object], url: str | None, first: bool) -> None:
    answers = _answers(review.get("reviewContent"))
    written, changed = instant(review.get("dateSince")), instant(review.get("updatedSince"))
    later = changed if changed and written and changed > written else None
    rating = number(review.get("rating"))
    gathering.add(
        where,
        namespace=NAMESPACE,
        external_id=identifier(review.get("reviewId")),
        kind=Kind.REVIEW,
        url=url,
        **headed(next((answers[key] for key in _TITLE if key in answers), None), answers.get(_TEXT, "")),
        language=language(review.get("reviewLanguage")),
        rating=number(answers.get(_RATING)) if rating is None else rating,
        rating_min=1,
        rating_max=10,
        author_name=text(review.get("reviewAuthor")),
        published_at=written,
        published_precision=precision(review.get("dateSince")),
        updated_at=later,
        reply=reply(review.get("reviewComments"), later if first else None),
    )


def _answers(content: object) -> dict[str, str]:
    """What was answered, by group; every answer is a text, whatever its type."""
    if isinstance(content, dict):
        content = content.get("reviewContent")  # the older feed nests it twice
    found: dict[str, str] = {}
    for one in content if isinstance(content, list) else ():
        group, said = text(at(one, "questionGroup")), at(one, "rating")
        words = f"{said:g}" if isinstance(said, float) else identifier(said)
        if group and words:
            found.setdefault(group.strip(), words)
    return found
