"""Posts on Bluesky, as its search and its look-up give them."""

import re
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from crawlers.dates import instant
from crawlers.parsers.answers import answer, entries
from crawlers.parsers.page import Gathering, ParseError
from crawlers.parsers.stretch import Stretch, stretch
from crawlers.parsers.values import at, count, identifier, language, listed, primary, text
from storage.records import Kind

NAMESPACE = "bluesky"
_POST = re.compile(
    r"at://(did:[a-z0-9]+:[A-Za-z0-9._:%-]{1,200})/app\.bsky\.feed\.post/([A-Za-z0-9._~:-]{1,100})"
)
_NOT_FOR_OUTSIDERS = "!no-unauthenticated"
"""The label by which an author asks not to be shown to those who are not signed in."""


def parse(body: bytes, languages: Collection[str] = ()) -> Stretch:
    """The posts of one page, and when each was indexed, by which the search is ordered.

    Left out: authors who do not want to be shown outside, pictures without a word, and posts that state other
    languages than `languages` when those are given. Raises Blocked or FormatChanged.
    """
    found = answer(body)
    gathering = Gathering()
    times: dict[str, datetime] = {}
    for place, post in enumerate(gathering.bounded(entries(found, "posts")), 1):
        if isinstance(post, dict) and _is_left_out(post, languages):
            gathering.passed += 1
        else:
            _add(gathering, f"post {place}", post)
        uri, indexed = text(at(post, "uri")), instant(at(post, "indexedAt"))
        if uri and indexed:
            times.setdefault(uri, indexed)
    page = gathering.page(identifier(found.get("cursor")))
    # Past the end there may still be a cursor.
    return stretch(page if page.entries else replace(page, next=None), times)


def server(body: bytes) -> str | None:
    """The server that keeps the account, by the answer to signing in; None when it does not say."""
    try:
        services = listed(at(answer(body), "didDoc", "service"))
    except ParseError:
        return None
    for service in services[:20]:
        address = text(at(service, "serviceEndpoint"))
        if at(service, "id") == "#atproto_pds" and address and _is_secure(address):
            return address.rstrip("/")
    return None


def _is_secure(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False


def _is_left_out(post: dict[str, object], languages: Collection[str]) -> bool:
    labels = listed(at(post, "author", "labels"))
    if any(at(label, "val") == _NOT_FOR_OUTSIDERS for label in labels) or at(post, "record", "text") == "":
        return True
    stated = {primary(tongue) for tongue in _tongues(post)}
    return bool(languages) and bool(stated) and stated.isdisjoint(languages)


def _tongues(post: object) -> list[str]:
    return [tongue for one in listed(at(post, "record", "langs"))[:20] if (tongue := language(one))]


def _add(gathering: Gathering, where: str, post: object) -> None:
    uri, words = text(at(post, "uri")), at(post, "record", "text")
    named = _POST.fullmatch(uri) if uri else None
    if named is None or not isinstance(words, str):
        gathering.refuse(where, "no uri of a post, or no text under record", uri)
        return
    did, key = named.groups()
    made, indexed = instant(at(post, "record", "createdAt")), instant(at(post, "indexedAt"))
    gathering.add(
        where,
        namespace=NAMESPACE,
        external_id=uri,
        kind=Kind.POST if at(post, "record", "reply") is None else Kind.COMMENT,
        url=f"https://bsky.app/profile/{did}/post/{key}",
        text=words,
        language=next(iter(_tongues(post)), None),
        author_id=did,
        author_name=text(at(post, "author", "displayName")) or text(at(post, "author", "handle")),
        # The author's app says when it was made; nobody can have read it before it was indexed.
        published_at=min(made, indexed) if made and indexed else made or indexed,
        likes=count(at(post, "likeCount")),
        shares=count(at(post, "repostCount")),
        replies=count(at(post, "replyCount")),
    )
