"""Posts and comments on Reddit: listings of its Data API, and its Atom feeds."""

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urljoin

from lxml import etree

from crawlers.causes import Cause
from crawlers.dates import instant, sensible
from crawlers.parsers.addresses import safe
from crawlers.parsers.answers import json_answer
from crawlers.parsers.blocks import unlike
from crawlers.parsers.markup import TooLong, plain
from crawlers.parsers.page import Blocked, FormatChanged, Gathering, Page
from crawlers.parsers.stretch import Stretch, stretch
from crawlers.parsers.values import at, count, headed, listed, number, text
from crawlers.parsers.xml import tidied, tree
from storage.records import Kind, Status

NAMESPACE = "reddit"
SITE = "https://www.reddit.com"
GONE = frozenset({"[deleted]", "[removed]", "[ Removed by Reddit ]"})
NOBODY = "[deleted]"
DEEPEST = 100
"""Levels of answers; Reddit itself shows ten at a time."""

_QUOTED = re.compile(r"^>(?!!).*\n?", re.MULTILINE)
"""In Reddit's Markdown every such line is a quote, but for one that begins with a spoiler."""
_NAME = re.compile(r"t[13]_[0-9a-z]{1,20}")
_BLOCKED = (b"whoa there, pardner", b"blocked by network security")
"""What the pages say with which Reddit refuses an address, of 2022 and since 2025."""
_ATOM = "{http://www.w3.org/2005/Atom}"
_BODY = re.compile(r"<!-- SC_OFF -->(.*?)(?:<!-- SC_ON -->|\Z)", re.DOTALL)
_KNOWN = frozenset(
    {"author", "category", "entry", "icon", "id", "link", "logo", "rights", "subtitle", "title", "updated"}
)


def parse(body: bytes) -> Stretch:
    """The posts and comments of a listing of the API, or of the two that a post with its comments gives.

    Answers to comments are read too; what Reddit left out ("more") is not there. What its author deleted or a
    moderator removed has the status of being removed. Raises Blocked or FormatChanged.
    """
    listings = _listings(body)
    gathering = Gathering()
    for place, thing in enumerate(gathering.bounded(list(_things(listings))), 1):
        _add(gathering, f"thing {place}", at(thing, "kind"), at(thing, "data"))
    after = text(at(listings[0], "data", "after"))
    return stretch(gathering.page(after if after and _NAME.fullmatch(after) else None))


def parse_feed(body: bytes) -> Page:
    """The entries of an Atom feed of a subreddit, a search or a post. A feed that breaks off is `damage`.

    Raises Blocked or FormatChanged.
    """
    document = tidied(body)
    root = tree(document)
    if root is None or root.tag != f"{_ATOM}feed":
        raise unlike(body, "the answer is not an Atom feed")
    # Also those within another one, whose end is missing.
    entries = list(root.iter(f"{_ATOM}entry"))
    names = {child.tag.rpartition("}")[2] for child in root if isinstance(child.tag, str)}
    if not entries and names - _KNOWN:
        raise FormatChanged("the feed has no entries but elements that it never had")
    gathering = Gathering()
    for note in document.notes("feed"):
        gathering.note(note)
    # The last entry may have lost its second half; the next reading brings it whole.
    for place, entry in enumerate(gathering.bounded(entries[:-1] if document.cut else entries), 1):
        _add_entry(gathering, f"entry {place}", entry)
    return gathering.page(damage=document.damage("feed"))


def refuses_all(body: bytes) -> bool:
    """Whether a refusal is of whoever asks from here, and not of the one page that was asked for."""
    return any(phrase in body for phrase in _BLOCKED)


def _listings(body: bytes) -> list[object]:
    found = json_answer(body)
    if number(at(found, "error")) is not None:
        raise Blocked(Cause.FORBIDDEN, "Reddit answers with an error in place of posts")
    listings = listed(found)
    if not listings or not all(isinstance(at(one, "data", "children"), list) for one in listings):
        raise FormatChanged("the answer is not a listing")
    return listings


def _things(listings: list[object]) -> Iterator[object]:
    """Every post and comment, answers right after what they answer."""
    waiting = [(child, 0) for one in reversed(listings) for child in reversed(_children(one))]
    while waiting:
        child, depth = waiting.pop()
        if at(child, "kind") == "more":
            continue
        yield child
        if depth < DEEPEST:
            waiting += [(answer, depth + 1) for answer in reversed(_children(at(child, "data", "replies")))]


def _children(listing: object) -> list[object]:
    """What a listing holds; comments without answers have an empty text in its place."""
    children = at(listing, "data", "children")
    return children if isinstance(children, list) else []


def _add(gathering: Gathering, where: str, kind: object, thing: object) -> None:
    name = text(at(thing, "name")) or f"{kind}_{text(at(thing, 'id'))}"
    if kind not in ("t1", "t3") or not _NAME.fullmatch(name):
        known = name if _NAME.fullmatch(name) else None
        gathering.refuse(where, "neither a post nor a comment", known)
        return
    raw = at(thing, "selftext" if kind == "t3" else "body")
    if raw is None and kind == "t3" and at(thing, "is_self") is False:
        raw = ""  # a post that is only a link
    if text(at(thing, "removed_by_category")) or (isinstance(raw, str) and raw.strip() in GONE):
        _add_gone(gathering, where, name, _seconds(at(thing, "created_utc")))
        return
    if not isinstance(raw, str):
        gathering.refuse(where, "no text under selftext or body", name)
        return
    try:
        words = _words(raw, at(thing, "selftext_html" if kind == "t3" else "body_html"))
    except TooLong as error:
        gathering.refuse(where, str(error), name)
        return
    edited = _seconds(at(thing, "edited"))
    author = _author(at(thing, "author"))
    gathering.add(
        where,
        namespace=NAMESPACE,
        external_id=name,
        kind=Kind.POST if kind == "t3" else Kind.COMMENT,
        url=safe(urljoin(SITE, path)) if (path := _path(at(thing, "permalink"))) else None,
        **headed(text(at(thing, "title")) if kind == "t3" else None, words),
        author_id=author,
        author_name=author,
        published_at=_seconds(at(thing, "created_utc")),
        updated_at=edited,
        likes=_likes(at(thing, "score")),
        replies=count(at(thing, "num_comments")),
        status=Status.EDITED if edited else Status.VISIBLE,
    )


def _add_gone(gathering: Gathering, where: str, name: str, published: datetime | None) -> None:
    # A record must say something; of one that is gone, only its status is stored.
    gathering.add(
        where,
        namespace=NAMESPACE,
        external_id=name,
        text="-",
        published_at=published,
        status=Status.REMOVED,
    )


def _words(raw: str, marked_up: object) -> str:
    """The words, by the HTML that the feeds have too, so that both say the same of one post."""
    found = text(marked_up)
    if found is None:
        return _QUOTED.sub("", html.unescape(raw))
    return plain(html.unescape(found) if found.lstrip().startswith("&lt;") else found)


def _path(value: object) -> str | None:
    found = text(value)
    return found if found and found.startswith("/") and not found.startswith("//") else None


def _author(value: object) -> str | None:
    name = (text(value) or "").strip().removeprefix("/u/")
    return name if name and name != NOBODY else None


def _likes(value: object) -> int | None:
    """Votes up less votes down: where those are more, it is liked by nobody."""
    found = number(value)
    return None if found is None else count(max(found, 0))


def _seconds(value: object) -> datetime | None:
    """A time in seconds since 1970; `edited` is false where there is none."""
    found = number(value)
    if found is None:
        return None
    try:
        return sensible(datetime.fromtimestamp(found, UTC))
    except (ValueError, OverflowError, OSError):
        return None


def _add_entry(gathering: Gathering, where: str, entry: object) -> None:
    assert isinstance(entry, etree._Element)  # noqa: S101 - found by its name
    name, content = _said(entry, "id"), _said(entry, "content")
    if name is None or not _NAME.fullmatch(name):
        gathering.refuse(where, "no id of a post or comment")
        return
    published, updated = instant(_said(entry, "published")), instant(_said(entry, "updated"))
    try:
        # A post that is only a link has nothing between the marks, and none of its own words.
        words = plain(found[1]) if (found := _BODY.search(content or "")) else ""
    except TooLong as error:
        gathering.refuse(where, str(error), name)
        return
    if words.strip() in GONE:
        _add_gone(gathering, where, name, published)
        return
    link, author = entry.find(f"{_ATOM}link"), _author(_said(entry, f"author/{_ATOM}name"))
    edited = updated if updated and published and updated > published else None
    gathering.add(
        where,
        namespace=NAMESPACE,
        external_id=name,
        kind=Kind.POST if name.startswith("t3_") else Kind.COMMENT,
        url=safe(link.get("href")) if link is not None else None,
        **headed(_said(entry, "title") if name.startswith("t3_") else None, words),
        author_id=author,
        author_name=author,
        published_at=published or updated,
        updated_at=edited,
        status=Status.EDITED if edited else Status.VISIBLE,
    )


def _said(entry: etree._Element, path: str) -> str | None:
    found = entry.find(f"{_ATOM}{path}")
    return text("".join(map(str, found.itertext()))) if found is not None else None
