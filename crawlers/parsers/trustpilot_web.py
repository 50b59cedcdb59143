"""Trustpilot's public review page: the data that the page itself is drawn from."""

import re

from crawlers.causes import Cause
from crawlers.dates import instant
from crawlers.parsers.addresses import safe
from crawlers.parsers.blocks import SAID, unlike
from crawlers.parsers.page import Blocked, FormatChanged, Gathering, Moved, Page
from crawlers.parsers.replies import reply
from crawlers.parsers.values import (
    NotJson,
    at,
    count,
    decoded,
    headed,
    identifier,
    json_of,
    language,
    number,
    primary,
    text,
)
from storage.records import Kind, Status

NAMESPACE = "trustpilot"
PAGES = "https://nl.trustpilot.com"
"""The site that is named to people, whichever one was read."""
ALL = "all"
_DATA = re.compile(r"""<script\b[^>]{0,300}?\bid=["']__NEXT_DATA__["'][^>]{0,300}>""", re.IGNORECASE)


def address_of(identity: str | None) -> str | None:
    """Where people find a review, by its id."""
    return safe(f"{PAGES}/reviews/{identity}")


def parse(body: bytes, wanted: str = "nl") -> Page:
    """The reviews of one page, those in the language `wanted` (`all` for every one).

    `next` is the number of the following page. Raises Blocked for a firewall's page and for the redirect to
    signing in, Moved when the company stands under another domain, FormatChanged for any other page.
    """
    props = at(_data(body), "props", "pageProps")
    if not isinstance(props, dict):
        raise FormatChanged("the page's data has no props.pageProps")
    _redirected(props)
    reviews = props.get("reviews")
    if not isinstance(reviews, list):
        raise FormatChanged("the page's data has no list `reviews`")
    gathering = Gathering()
    for place, review in enumerate(gathering.bounded(reviews), 1):
        _add(gathering, f"review {place}", review, wanted)
    if gathering.passed:
        gathering.note("reviews in other languages than asked for were left out")
    pagination = at(props, "filters", "pagination")
    return gathering.page(_following(pagination, bool(reviews)), count(at(pagination, "totalCount")))


def _data(body: bytes) -> object:
    page = decoded(body)
    opening = _DATA.search(page)
    if opening is None:
        raise unlike(body, "the page has no __NEXT_DATA__")
    end = page.find("</script", opening.end())
    try:
        return json_of(page[opening.end() : end if end >= 0 else len(page)])
    except NotJson as error:
        raise FormatChanged(f"__NEXT_DATA__ is {error}") from None


def _redirected(props: dict[str, object]) -> None:
    target = props.get("__N_REDIRECT")
    if not isinstance(target, str):
        return
    if "/review/" in target and "/users/" not in target:
        domain = re.sub(r"[^\w.-].*", "", target.partition("/review/")[2])
        raise Moved(f"the company now stands under {domain[:100]}")
    raise Blocked(Cause.SIGN_IN, SAID[Cause.SIGN_IN])


def _following(pagination: object, shown: bool) -> str | None:
    current, last = count(at(pagination, "currentPage")) or 0, count(at(pagination, "totalPages"))
    more = shown if last is None else current < last
    return str(current + 1) if more else None


def _add(gathering: Gathering, where: str, review: object, wanted: str) -> None:
    if not isinstance(review, dict):
        gathering.refuse(where, "not an object")
        return
    tongue = language(review.get("language"))
    if wanted != ALL and tongue is not None and primary(tongue) != primary(wanted):
        gathering.passed += 1
        return
    identity = identifier(review.get("id"))
    updated = instant(at(review, "dates", "updatedDate"))
    gathering.add(
        where,
        namespace=NAMESPACE,
        external_id=identity,
        kind=Kind.REVIEW,
        url=address_of(identity),
        **headed(text(review.get("title")), text(review.get("text")) or ""),
        language=tongue,
        rating=number(review.get("rating")),
        rating_min=1,
        rating_max=5,
        author_id=identifier(at(review, "consumer", "id")),
        author_name=text(at(review, "consumer", "displayName")),
        published_at=instant(at(review, "dates", "publishedDate")),
        experienced_at=instant(at(review, "dates", "experiencedDate")),
        updated_at=updated,
        reply=reply(at(review, "reply", "message"), instant(at(review, "reply", "publishedDate"))),
        likes=count(review.get("likes")),
        status=Status.EDITED if updated else Status.VISIBLE,
    )
