"""RSS and Atom: publishers' feeds, Google Alerts, Google News."""

import calendar
import hashlib
import io
import re
import time
import unicodedata
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import feedparser
from lxml import etree

from crawlers.dates import LONGEST, mailed, precision, sensible, written
from crawlers.parsers.addresses import safe, secret_parts
from crawlers.parsers.blocks import unlike
from crawlers.parsers.markup import TooLong, plain
from crawlers.parsers.page import FormatChanged, Gathering, Page
from crawlers.parsers.values import headed, language, text
from crawlers.parsers.xml import Tidied, tidied, tree
from storage.records import LONGEST_ID, Kind

_HTML = frozenset({"text/html", "application/xhtml+xml"})
_DUTCH_ZONE = re.compile(r"\s+(?:(?P<summer>CEST|MEST)|CET|MET)\s*\Z", re.IGNORECASE)
_ZONE = re.compile(r":\d\d(?:\.\d{1,9})?\s*(?!uur)(?:[a-z]|[+-]\d\d)", re.IGNORECASE)
"""What follows a time on a clock and says where the clock hangs."""
_IN_FIGURES = re.compile(r"\s*(?:\d{1,2}-\d{1,2}-\d{4}\b|\d{4}[-/]\d{1,2}[-/]\d{1,2}\s)")
"""The library takes the day for a year, 20-11-2026 for 2020-11-20, and leaves the clock out of 2026-11-20 12:05 UTC."""
_NO_DAY = re.compile(r"\s*\d{4}(?:-\d\d)?\s*")
_TIMES = ("published", "created", "updated")
_MEDIA = "http://search.yahoo.com/mrss"
_CAPTIONS = (f"{{{_MEDIA}/}}description", f"{{{_MEDIA}}}description")
"""Of Media RSS, whose older feeds leave out the last character of its name."""
_ITEM = ("{*}item", "{*}entry")
_SAID = ("{*}description", "{*}summary", "{*}content", "{*}encoded")


def namespace(url: str) -> str:
    """The space of a feed's ids. Of an alert feed, whose address is a secret, and of a very long one: its hash."""
    space = f"feed:{url}"
    if secret_parts(url) or len(space) > LONGEST_ID:
        return f"feed:{hashlib.sha256(url.encode()).hexdigest()}"
    return space


def parse(body: bytes, url: str, now: datetime, content_type: str = "") -> Page:
    """The items of a feed that was read from `url` at `now`.

    Malformed XML is read as far as it goes: `damage` when it breaks off, a note when it is merely untidy. A
    missing date stays missing. Raises FormatChanged when there is no feed in it, Blocked for a wall.
    """
    document = tidied(body, content_type)
    feed = _parsed(_without_captions(document))
    entries = dict.get(feed, "entries") or []
    if not entries and not dict.get(feed, "version"):
        raise unlike(body, "the answer is neither RSS nor Atom")
    if not entries and _holds_something_else(document.xml):
        raise FormatChanged("the feed has no items but elements that it never had")
    gathering = Gathering()
    if document.cut:
        # The last item may have lost its second half; the next reading brings it whole.
        entries = entries[:-1]
    elif document.changed or dict.get(feed, "bozo"):
        gathering.note("the feed is not well-formed XML")
    tongue = language(dict.get(dict.get(feed, "feed") or {}, "language"))
    for place, entry in enumerate(gathering.bounded(list(entries)), 1):
        _add(gathering, f"item {place}", entry, url, now, tongue)
    return gathering.page(damage=document.damage("feed"))


def _without_captions(document: Tidied) -> bytes:
    """The feed without what it says of pictures, which the library takes for the text of their item.

    They stay where the item says nothing else, as in the feeds of video sites.
    """
    root = tree(document) if _MEDIA.encode() in document.xml else None
    if root is None:
        return document.xml
    captions = {one: next(one.iterancestors(*_ITEM), None) for one in root.iter(*_CAPTIONS)}
    speaking = {item for item in set(captions.values()) if item is not None and _says_something(item)}
    for caption, item in captions.items():
        if item in speaking and (around := caption.getparent()) is not None:
            around.remove(caption)
    return etree.tostring(root.getroottree()) if speaking else document.xml


def _says_something(item: etree._Element) -> bool:
    """Whether an item has words of its own."""
    said = (one for one in item.iterchildren(*_SAID) if not one.tag.startswith(f"{{{_MEDIA}"))
    return any("".join(one.itertext()).strip() for one in said)


def _parsed(xml: bytes) -> dict[str, Any]:
    headers = {"content-type": "application/xml"}
    try:
        # A stream, because the library would open a name or an address by itself. Of the HTML in it we take
        # the words alone and of the links those of the items, so it need neither clean nor complete them all.
        return dict(
            feedparser.parse(
                io.BytesIO(xml), response_headers=headers, resolve_relative_uris=False, sanitize_html=False
            )
        )
    except Exception as error:
        # It promises never to raise and keeps that promise nearly always; what it raises is undocumented.
        raise FormatChanged(f"the feed cannot be read ({type(error).__name__})") from error


def _holds_something_else(xml: bytes) -> bool:
    """Whether there are several elements with a title in a feed without items: they are named otherwise now."""
    return len(re.findall(rb"<title[\s>]", xml)) > 2 and len(re.findall(rb"<link[\s>/]", xml)) > 2


def _add(
    gathering: Gathering, where: str, entry: object, url: str, now: datetime, tongue: str | None
) -> None:
    if not isinstance(entry, dict):
        gathering.refuse(where, "not an item")
        return
    try:
        title, words = _titled(entry), _words(entry)
    except TooLong as error:
        gathering.refuse(where, str(error))
        return
    link, alert = _link(entry, url)
    identity = link if alert else text(dict.get(entry, "id")) or link
    if identity is None:
        gathering.refuse(where, "neither guid nor link")
        return
    if len(identity) > LONGEST_ID:
        identity = hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()
    published, said = _published(entry, now)
    gathering.add(
        where,
        namespace=namespace(url),
        external_id=identity,
        kind=Kind.ARTICLE,
        url=link,
        **headed(title, "" if _repeats(words, title, _publisher(entry)) else words),
        language=language(dict.get(entry, "language")) or tongue,
        author_name=text(dict.get(entry, "author")),
        published_at=published,
        published_precision=precision(said),
    )


def _plain(value: object, kind: object) -> str:
    found = value if isinstance(value, str) else ""
    return plain(found) if kind in _HTML else found


def _titled(entry: dict[str, object]) -> str | None:
    detail = dict.get(entry, "title_detail")
    kind = dict.get(detail, "type") if isinstance(detail, dict) else None
    title = " ".join(_plain(dict.get(entry, "title"), kind).split())
    return title.removesuffix(f" - {_publisher(entry)}") or None


def _publisher(entry: dict[str, object]) -> str:
    """From whom the item was taken over; empty where it does not say so."""
    source = dict.get(entry, "source")
    return (text(dict.get(source, "title")) or "").strip() if isinstance(source, dict) else ""


def _repeats(words: str, title: str | None, publisher: str) -> bool:
    """Whether a summary says only what the title says, and at most the publisher, as in a search for news.

    An emoji ("So", symbol) says something; three dots do not.
    """
    if not title or not words.startswith(title):
        return False
    more = words.removeprefix(title).strip().removesuffix(publisher)
    return not any(character.isalnum() or unicodedata.category(character) == "So" for character in more)


def _words(entry: dict[str, object]) -> str:
    """The item's full text when the feed has it, else its summary."""
    contents = dict.get(entry, "content")
    parts = [part for part in contents if isinstance(part, dict)] if isinstance(contents, list) else []
    detail = dict.get(entry, "summary_detail")
    if isinstance(detail, dict):
        parts.append(detail)
    texts = (_plain(dict.get(part, "value"), dict.get(part, "type")).strip() for part in parts)
    return next((found for found in texts if found), "")


def _link(entry: dict[str, object], url: str) -> tuple[str | None, bool]:
    """The item's address, and whether it was unwrapped from an alert's redirect."""
    link = safe(dict.get(entry, "link"), url)
    if link is None:
        return None, False
    parts = urlsplit(link)
    if parts.path == "/url" and re.fullmatch(r"(?:www\.)?google\.[a-z.]+", parts.hostname or ""):
        for name in ("url", "q"):
            real = safe(next(iter(parse_qs(parts.query).get(name, [])), None))
            if real:
                return real, True
    return link, False


def _published(entry: dict[str, object], now: datetime) -> tuple[datetime | None, object]:
    """When it was published, and in which words."""
    for key in _TIMES:
        said = dict.get(entry, key)
        if found := _dutch(said, now):
            return found, said
        moment = dict.get(entry, f"{key}_parsed")
        if isinstance(moment, time.struct_time):
            return _read(moment, _has_zone(said), now), said
        if found := written(said, now):
            return found, said
    return None, None


def _has_zone(said: object) -> bool:
    return isinstance(said, str) and _ZONE.search(said) is not None


def _dutch(said: object, now: datetime) -> datetime | None:
    """A time that names our zone by its letters, or none at all; the library takes both for UTC."""
    if not isinstance(said, str) or len(said) > LONGEST or _NO_DAY.fullmatch(said):
        return None
    if not _has_zone(said) or _IN_FIGURES.match(said):
        return written(said, now) or _in_english(said, now)
    zone = _DUTCH_ZONE.search(said)
    if zone is None:
        return None
    found = mailed(f"{said[: zone.start()]} {'+0200' if zone['summer'] else '+0100'}")
    return sensible(found) if found else None


def _in_english(said: str, now: datetime) -> datetime | None:
    """A time of RFC 822 that lacks its zone, which the library reads only when the day of the week is lacking, too."""
    shown = mailed(said)
    return written(shown.isoformat(), now) if shown and not shown.tzinfo else None


def _read(moment: time.struct_time, zoned: bool, now: datetime) -> datetime | None:
    """What the library read, which takes a clock without a zone for one of Greenwich."""
    try:
        found = datetime.fromtimestamp(calendar.timegm(moment), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return sensible(found) if zoned else written(found.replace(tzinfo=None).isoformat(), now)
