"""Reviews of an app of one's own as App Store Connect gives them (JSON:API, with the replies beside the reviews)."""

from urllib.parse import urlsplit

from crawlers.dates import instant
from crawlers.parsers.answers import answer, entries
from crawlers.parsers.page import Gathering
from crawlers.parsers.replies import reply
from crawlers.parsers.stretch import Stretch, stretch
from crawlers.parsers.values import at, count, headed, identifier, listed, number, text
from storage.records import Kind, Reply

NAMESPACE = "app_store_connect"
"""The ids are others than those of the public feed."""
_RESPONSE = "customerReviewResponses"


def parse(body: bytes) -> Stretch:
    """The reviews of one page, newest first; `next` is the query of the link to the next.

    Raises Blocked, FormatChanged.
    """
    found = answer(body)
    gathering = Gathering()
    replies = _replies(found.get("included"))
    for place, review in enumerate(gathering.bounded(entries(found, "data")), 1):
        _add(gathering, f"review {place}", review, replies)
    expected = count(at(found, "meta", "paging", "total"))
    return stretch(gathering.page(_query(at(found, "links", "next")), expected))


def _query(link: object) -> str | None:
    """Only the query is followed: where it is asked does not depend on what an answer says."""
    try:
        return urlsplit(text(link) or "").query or None
    except ValueError:
        return None


def _replies(included: object) -> dict[str, Reply]:
    """The published replies by their ids."""
    found = {}
    for one in listed(included):
        identity, about = identifier(at(one, "id")), at(one, "attributes")
        if identity is None or at(one, "type") != _RESPONSE or at(about, "state") not in ("PUBLISHED", None):
            continue
        if said := reply(at(about, "responseBody"), instant(at(about, "lastModifiedDate"))):
            found[identity] = said
    return found


def _add(gathering: Gathering, where: str, review: object, replies: dict[str, Reply]) -> None:
    identity, about = identifier(at(review, "id")), at(review, "attributes")
    rating = number(at(about, "rating"))
    if rating is None:
        gathering.refuse(where, "no rating", identity)
        return
    answered = identifier(at(review, "relationships", "response", "data", "id"))
    gathering.add(
        where,
        namespace=NAMESPACE,
        external_id=identity,
        kind=Kind.REVIEW,
        **headed(text(at(about, "title")), text(at(about, "body")) or ""),
        rating=rating,
        rating_min=1,
        rating_max=5,
        author_name=text(at(about, "reviewerNickname")),
        published_at=instant(at(about, "createdDate")),
        reply=replies.get(answered) if answered else None,
    )
