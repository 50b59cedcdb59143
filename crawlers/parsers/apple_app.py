"""Apple's customer-review feed in JSON: every scalar in a `label`, one review as an object, none as no key."""

import re

from crawlers.dates import instant
from crawlers.parsers.addresses import safe
from crawlers.parsers.answers import json_answer
from crawlers.parsers.blocks import unlike
from crawlers.parsers.page import FormatChanged, Gathering, Page
from crawlers.parsers.values import (
    at,
    count,
    headed,
    identifier,
    listed,
    number,
    text,
)
from storage.records import Kind

_KNOWN_KEYS = frozenset({"author", "entry", "updated", "rights", "title", "icon", "link", "id"})
_READER = re.compile(r"/id(\d{1,40})")


def namespace(country: str, app_id: str) -> str:
    """The ids are unique in one country's store."""
    return f"apple:{country}:{app_id}"


def parse(body: bytes, country: str, app_id: str) -> Page:
    """The reviews of one page. There is no link to the next one: pages are counted by who reads them.

    Raises FormatChanged when it is not such a feed, Blocked for a page that keeps us out.
    """
    feed = at(json_answer(body), "feed")
    if not isinstance(feed, dict):
        raise unlike(body, "the answer has no object `feed`")
    strange = sorted(str(key) for key in feed.keys() - _KNOWN_KEYS if isinstance(feed[key], list | dict))
    if "entry" not in feed and strange:
        raise FormatChanged("the feed has no `entry` but keys that it never had")
    gathering = Gathering()
    for place, entry in enumerate(gathering.bounded(listed(feed.get("entry"))), 1):
        if place == 1 and _is_the_app(entry):
            continue
        _add(gathering, f"entry {place}", entry, country, app_id)
    return gathering.page()


def _is_the_app(entry: object) -> bool:
    """Older answers begin with the app: it has no rating, nor a version that somebody rated."""
    if not isinstance(entry, dict) or entry.keys() & {"im:rating", "im:version"}:
        return False
    return "content" not in entry or bool(entry.keys() & {"im:name", "im:artist", "im:price"})


def _label(entry: object, *keys: str) -> object:
    return at(entry, *keys, "label")


def _add(gathering: Gathering, where: str, entry: object, country: str, app_id: str) -> None:
    identity, rating = identifier(_label(entry, "id")), number(_label(entry, "im:rating"))
    if rating is None:
        gathering.refuse(where, "no rating under im:rating", identity)
        return
    reader = _READER.search(text(_label(entry, "author", "uri")) or "")
    gathering.add(
        where,
        namespace=namespace(country, app_id),
        external_id=identity,
        kind=Kind.REVIEW,
        url=safe(at(entry, "link", "attributes", "href")),
        **headed(text(_label(entry, "title")), text(_label(entry, "content")) or ""),
        rating=rating,
        rating_min=1,
        rating_max=5,
        author_id=reader[1] if reader else None,
        author_name=text(_label(entry, "author", "name")),
        published_at=instant(_label(entry, "updated")),
        likes=count(_label(entry, "im:voteSum")),
    )
