"""Reviews of an app of one's own as the Play Developer API gives them; the same ones as in the public list."""

from crawlers.parsers.answers import answer, entries
from crawlers.parsers.google_play import address_of, moment, namespace
from crawlers.parsers.page import Gathering
from crawlers.parsers.replies import reply
from crawlers.parsers.stretch import Stretch, stretch
from crawlers.parsers.values import at, count, identifier, language, listed, number, text
from storage.records import Kind

_ABOUT = frozenset({"tokenPagination", "pageInfo"})
"""What an answer without reviews may hold."""


def parse(body: bytes, package: str) -> Stretch:
    """The reviews of one page; `next` is the token of the next. Raises Blocked, FormatChanged."""
    found = answer(body)
    gathering = Gathering()
    # A week without reviews is an empty object.
    reviews = entries(found, "reviews") if "reviews" in found or found.keys() - _ABOUT else []
    for place, review in enumerate(gathering.bounded(reviews), 1):
        _add(gathering, f"review {place}", review, package)
    return stretch(gathering.page(text(at(found, "tokenPagination", "nextPageToken"))))


def _add(gathering: Gathering, where: str, review: object, package: str) -> None:
    identity, said = identifier(at(review, "reviewId")), _last(review, "userComment")
    if identity is None or said is None:
        gathering.refuse(where, "no reviewId" if identity is None else "no userComment", identity)
        return
    answered = _last(review, "developerComment")
    gathering.add(
        where,
        namespace=namespace(package),
        external_id=identity,
        kind=Kind.REVIEW,
        url=address_of(package, identity),
        text=text(said.get("text")) or "",
        language=language(said.get("reviewerLanguage")),
        rating=number(said.get("starRating")),
        rating_min=1,
        rating_max=5,
        author_name=text(at(review, "authorName")),
        published_at=moment(at(said, "lastModified", "seconds")),
        reply=reply(at(answered, "text"), moment(at(answered, "lastModified", "seconds"))),
        likes=count(said.get("thumbsUpCount")),
    )


def _last(review: object, key: str) -> dict[str, object] | None:
    """The last of a review's comments that is by the user, or by the developer."""
    found = (at(one, key) for one in reversed(listed(at(review, "comments"))))
    return next((one for one in found if isinstance(one, dict)), None)
