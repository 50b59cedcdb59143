"""Sitemaps (sitemaps.org), also packed ones, and where robots.txt says that they are."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from lxml import etree
from scrapy.utils.gz import gunzip
from scrapy.utils.sitemap import Sitemap, sitemap_urls_from_robots

from crawlers.dates import instant
from crawlers.parsers.addresses import safe
from crawlers.parsers.blocks import unlike
from crawlers.parsers.page import FormatChanged, Page
from crawlers.parsers.xml import Tidied, tidied

MOST_ENTRIES = 50_000
"""What the standard allows in one file."""
LARGEST_BYTES = 50 * 1024 * 1024
"""The same, unpacked."""
LONGEST_STRETCH = 5_000
"""Bytes from the end of one tag to that of the next, with the text and the comments between; an address has 2,048."""
_PACKED = b"\x1f\x8b"


@dataclass(frozen=True)
class Entry:
    """One address. `changed` is when the site says that it changed; many sites say so of all pages at once."""

    address: str
    changed: datetime | None = None


@dataclass(frozen=True)
class Map(Page):
    """The addresses of pages; those of other sitemaps when it is an `index`. None of them is a record."""

    found: tuple[Entry, ...] = ()
    index: bool = False


def parse(body: bytes, url: str) -> Map:
    """A sitemap that was read from `url`, as far as it can be read. Raises FormatChanged or Blocked."""
    document = _document(_unpacked(body) if body.startswith(_PACKED) else body)
    if len(xml := _bounded(document.xml)) < len(document.xml):
        document = replace(document, xml=xml, cut=True)
    try:
        sitemap = Sitemap(xml)
        entries = tuple(_entries(sitemap, url))
    except (StopIteration, etree.LxmlError, ValueError, TypeError, AttributeError, AssertionError) as error:
        raise FormatChanged(f"the sitemap cannot be read ({type(error).__name__})") from None
    if sitemap.type not in ("urlset", "sitemapindex"):
        raise unlike(body, "the answer is not a sitemap")
    if not entries and b"<loc" not in xml and xml.count(b"<url") + xml.count(b"<sitemap") > 2:
        raise FormatChanged("the sitemap has entries without addresses")
    return Map(
        notes=document.notes("sitemap"),
        found=entries,
        index=sitemap.type == "sitemapindex",
        damage=document.damage("sitemap"),
    )


def robots(body: bytes, url: str) -> Map:
    """The sitemaps that a robots.txt names. Raises FormatChanged when it names none."""
    named = (sitemap_urls_from_robots(line) for line in body.splitlines()[:MOST_ENTRIES])
    found = tuple(Entry(address) for line in named for one in line if (address := safe(one, url)))
    if not found:
        raise FormatChanged("robots.txt names no sitemap")
    return Map(found=found, index=True)


def _unpacked(body: bytes) -> bytes:
    try:
        return gunzip(body, max_size=LARGEST_BYTES)
    except Exception as error:
        # What Scrapy raises for a bomb is private to it; for noise it is one of many.
        raise FormatChanged(f"the sitemap cannot be unpacked ({type(error).__name__})") from None


def _document(body: bytes) -> Tidied:
    """The document without an address that it breaks off in: half of one is another page."""
    document = tidied(body)
    last = body.rfind(b"<loc>")
    return tidied(body[:last]) if document.cut and last > body.rfind(b"</loc>") else document


def _bounded(xml: bytes) -> bytes:
    """Up to where a tag does not end: the parser takes the square of the time for such a stretch."""
    start = 0
    while (end := xml.find(b">", start)) >= 0:
        if end - start > LONGEST_STRETCH:
            return xml[:start]
        start = end + 1
    return xml[: start + LONGEST_STRETCH]


def _entries(sitemap: Sitemap, url: str) -> Iterator[Entry]:
    for place, entry in enumerate(sitemap):
        if place >= MOST_ENTRIES:
            return
        if address := safe(entry.get("loc"), url):
            yield Entry(address, instant(entry.get("lastmod")))
