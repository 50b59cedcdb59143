"""Pages with reviews that a site's map names."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from heapq import nsmallest
from itertools import chain, islice
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.exceptions import CloseSpider
from scrapy.http import Response
from twisted.python.failure import Failure as TwistedFailure

from crawlers.causes import Cause, Failure
from crawlers.dates import instant
from crawlers.job import ReadPage
from crawlers.paging import TWICE, WHOLE_EVERY
from crawlers.parameters.pages import SitemapParameters
from crawlers.parsers import schema_org, sitemap
from crawlers.parsers.addresses import rebased, site
from crawlers.parsers.blocks import SAID, challenge, title
from crawlers.parsers.page import Blocked, Page
from crawlers.parsers.sitemap import Entry, Map
from crawlers.spiders.conditional import conditions, validators
from crawlers.spiders.marked import MarkedSpider
from crawlers.spiders.reading import header, why
from storage.standing import Standing

PART = "pages"
MOST_MAPS = 100
MOST_KNOWN = 5_000
"""Pages of which the state knows when they were read."""
AGAIN = timedelta(days=7)
"""When a page is read again that does not say it changed."""
SOON = WHOLE_EVERY
"""The same of a page that has reviews: people add to it and correct what they wrote."""
SAVED_EVERY = 20
"""Pages between two savings of the state, which holds every page."""
DEPLOYED = 0.9
"""Part of the pages that say to have changed in one hour, from which this is taken for the hour of a deployment."""
FEW = 5
LAST_FOR = timedelta(hours=1)
"""How long a page that could not be read stands behind the others."""
RESTS = {3: SOON, 4: AGAIN}
"""For how long nobody asks for one that could not be read so many times, or more."""
MOST_BROKEN = 2
"""Connections that break, one after another, before the site is left for the next crawl."""
MOST_ALIKE = 3
"""Pages that look like one wall, one after another, before they are taken for it."""


@dataclass(frozen=True)
class Maps:
    """The sitemaps that are `named`, of which so many (`number`) were asked for, and the pages `found` in those.

    `whole` as long as each could be read to its end, so that a page which is in none is on the site no more.
    """

    named: tuple[str, ...]
    number: int = 0
    found: dict[str, Entry] = field(default_factory=dict)
    whole: bool = True

    def with_maps(self, addresses: Iterable[str]) -> "Maps":
        """With these too, each once; no more than tell that there are more than are read."""
        named = dict.fromkeys(chain(self.named, addresses))
        return replace(self, named=tuple(islice(named, MOST_MAPS + 1)))

    def with_pages(self, entries: Iterable[Entry]) -> "Maps":
        """The same for pages, of which those stay that changed last."""
        found = self.found | {entry.address: entry for entry in entries}
        latest = nsmallest(MOST_KNOWN + 1, found.values(), key=_newest_first)
        return replace(self, found={entry.address: entry for entry in latest})


@dataclass(frozen=True)
class Known:
    """A page that was read `at`, when its site said it had `changed`, with so many reviews.

    `form` is what its server calls the form that was read. Since then it could not be read `failed` times, the last
    time when it was `tried`; that its reviews are gone is believed the second time. `at` is None when it never was
    read.
    """

    at: datetime | None = None
    changed: datetime | None = None
    had: int = 0
    form: dict[str, str] = field(default_factory=dict)
    tried: datetime | None = None
    failed: int = 0

    def is_due(self, now: datetime) -> bool:
        """Whether it is time to read it again though nobody says that it changed."""
        return self.at is not None and now >= self.at + (SOON if self.had else AGAIN)

    def rests(self, now: datetime) -> bool:
        """Whether it could not be read so often that nobody asks for it yet."""
        wait = RESTS.get(min(self.failed, max(RESTS)), timedelta())
        return self.tried is not None and now < self.tried + wait

    def comes_last(self, now: datetime) -> bool:
        """Whether it could not be read a moment ago, so that the others go first."""
        return self.tried is not None and now < self.tried + LAST_FOR


@dataclass(frozen=True)
class Doubt:
    """A page that looks like a wall, and may be the site's own for signing in or for the choice of cookies."""

    where: str
    cause: Cause
    title: str

    def is_like(self, other: "Doubt") -> bool:
        return (self.cause, self.title) == (other.cause, other.title)


class Doubtful(Exception):
    """One page that looks like a wall says nothing of the others."""


class SitemapSpider(MarkedSpider):
    """State: by address what is known of a page. One that cannot be read keeps no other waiting."""

    wait = WHOLE_EVERY + TWICE
    """Within a day every page with reviews is read, and shows what has moved there."""

    def __init__(self, *named: Any, **more: Any) -> None:
        super().__init__(*named, **more)
        self.known = _known(self.state_of(PART))
        self.began = self.job.now()
        self.broken = self.saved = 0
        self.answered = False
        self.doubts: list[Doubt] = []

    @property
    def wanted(self) -> SitemapParameters:
        assert isinstance(self.job.parameters, SitemapParameters)  # noqa: S101 - the table of kinds says so
        return self.job.parameters

    def homes(self) -> frozenset[str]:
        return frozenset({self.wanted.url})

    def still_shows(self, post: Standing) -> bool:
        """A page with reviews is read by itself as long as a map names it."""
        known = self.known.get(post.url)
        return known is not None and known.had > 0

    async def start(self) -> AsyncIterator[Any]:
        yield self._map(Maps((self.wanted.url,)))

    def _map(self, maps: Maps) -> Request:
        url, maps = maps.named[maps.number], replace(maps, number=maps.number + 1)
        where = "sitemap" if maps.number == 1 else f"sitemap {maps.number}"
        asked = self.ask(rebased(url, self.job.base_url), self.mapped, where=where, url=url, maps=maps)
        return asked.replace(errback=self.not_mapped)

    def not_mapped(self, trouble: TwistedFailure) -> Iterator[Any]:
        """The other maps are read, unless the site is silent, or breaks off once more; then what they named so far."""
        maps: Maps = trouble.request.cb_kwargs["maps"]  # type: ignore[attr-defined]
        cause, _ = why(trouble.value)
        self.broken = self.broken + 1 if cause is Cause.CONNECTION else 0
        yield from self.failed(trouble)
        over = cause is Cause.TIMEOUT or self.broken >= MOST_BROKEN
        named = maps.named[: maps.number] if over else maps.named
        yield from self._onward(replace(maps, whole=False, named=named))

    async def mapped(self, response: Response, where: str, url: str, maps: Maps) -> AsyncIterator[Any]:
        self.broken = 0
        read = sitemap.robots if urlsplit(url).path == "/robots.txt" else sitemap.parse
        page = self.page_of(response, where, lambda body: read(body, url))
        if isinstance(page, Map):
            sites = {site(self.wanted.url), site(self.job.base_url or self.wanted.url)}
            ours = [entry for entry in page.found if site(entry.address) in sites]
            if len(ours) < len(page.found):
                self.job.findings.note("addresses on other sites were left out")
            if page.index:
                maps = maps.with_maps(entry.address for entry in ours)
            else:
                maps = maps.with_pages(entry for entry in ours if self._is_wanted(entry.address))
        whole = isinstance(page, Map) and not page.damage
        for one in self._onward(maps if whole else replace(maps, whole=False)):
            yield one

    def _onward(self, maps: Maps) -> Iterator[Any]:
        """The next map, or what was found in all."""
        left = len(maps.named) - maps.number
        if left and maps.number < MOST_MAPS:
            yield self._map(maps)
            return
        if left:
            self.job.findings.note(f"more than {MOST_MAPS} sitemaps; the others were not read")
        yield from self._chosen(maps)

    def _is_wanted(self, address: str) -> bool:
        parts = self.wanted.include
        return not parts or any(part in address or _matches(part, address) for part in parts)

    def _chosen(self, maps: Maps) -> Iterator[Any]:
        """The pages to read: new ones, then changed ones, then those that were not read for long."""
        if not maps.found:
            if self.known and not self.job.findings.failures:
                self.note(
                    Failure(Cause.EMPTY_BEFORE, "sitemap", f"{len(self.known)} pages were there before")
                )
            return
        if len(maps.found) > MOST_KNOWN:
            self.job.findings.note(f"more than {MOST_KNOWN} pages; name fewer with include")
        entries = sorted(maps.found.values(), key=_newest_first)[:MOST_KNOWN]
        self.known = self._still_known(entries, maps.whole)
        chosen = self._due(entries)
        left = len(chosen) - self.wanted.pages
        if left > 0:
            self.job.findings.note("more pages are due than one crawl reads; the next ones go on")
        if chosen:
            yield self._page(tuple(chosen[: self.wanted.pages]), 1)
        else:
            self.job.findings.not_modified += 1
            yield from self.look_up()

    def look_up(self) -> Iterator[Any]:
        """Once more: a crawl reads only so many pages, and what is missed may stand on one that waits for its turn."""
        read = (one.at for one in self.known.values() if one.had and one.at and not one.failed)
        self.looks = replace(self.looks, read_since=min(read, default=None))
        yield from super().look_up()

    def _still_known(self, entries: Sequence[Entry], whole: bool) -> dict[str, Known]:
        """What is known of these pages; of the others, too, as far as there is room, when a map could not be read."""
        named = {entry.address: self.known[entry.address] for entry in entries if entry.address in self.known}
        others = (one for one in self.known.items() if not whole and one[0] not in named)
        return named | dict(islice(others, MOST_KNOWN - len(entries)))

    def _due(self, entries: Sequence[Entry]) -> list[Entry]:
        new = [entry for entry in entries if not self._was_read(entry)]
        old = [entry for entry in entries if self._was_read(entry)]
        deployed = _deployment(entries)
        changed = [entry for entry in old if self._has_changed(entry) and _hour(entry) != deployed]
        now, taken = self.job.now(), {entry.address for entry in changed}
        stale = [
            entry for entry in old if entry.address not in taken and self.known[entry.address].is_due(now)
        ]
        due = [*new, *changed, *sorted(stale, key=lambda entry: self.known[entry.address].at or now)]
        due.sort(key=lambda entry: self._known_of(entry).comes_last(now) or self._known_of(entry).rests(now))
        # Of a site that never gave anything, every page may be asked for: one of them may tell what is wrong.
        return [entry for entry in due if not self._known_of(entry).rests(now)] if old else due

    def _was_read(self, entry: Entry) -> bool:
        return self._known_of(entry).at is not None

    def _known_of(self, entry: Entry) -> Known:
        return self.known.get(entry.address, Known())

    def _has_changed(self, entry: Entry) -> bool:
        return entry.changed is not None and entry.changed != self.known[entry.address].changed

    def _page(self, left: tuple[Entry, ...], number: int) -> Request:
        address = rebased(left[0].address, self.job.base_url)
        headers = {} if self.is_missing_any() else conditions(self._known_of(left[0]).form)
        asked = self.ask(address, self.read, headers, where=left[0].address, left=left, number=number)
        return asked.replace(errback=self.not_read)

    def not_read(self, trouble: TwistedFailure) -> Iterator[Any]:
        """The other pages are asked for, unless the site is silent, or breaks off once more."""
        asked = trouble.request.cb_kwargs  # type: ignore[attr-defined]
        left, number = asked["left"], asked["number"]
        cause, _ = why(trouble.value)
        self.broken = self.broken + 1 if cause is Cause.CONNECTION else 0
        self._put_off(left[0])
        if cause is Cause.ROBOTS and (self.answered or len(left) > 1 or self._read_before()):
            self.job.findings.note("robots.txt closes pages that the sitemap names")
        else:
            try:
                yield from self.failed(trouble)
            except CloseSpider:
                yield self._end()
                yield from self.moved_on()
                raise
        over = cause is Cause.TIMEOUT or self.broken >= MOST_BROKEN
        yield from self._read_all() if over else self._go_on(left[1:], number)

    async def read(
        self, response: Response, where: str, left: tuple[Entry, ...], number: int
    ) -> AsyncIterator[Any]:
        entry = left[0]
        self.broken, self.answered = 0, True
        try:
            page = self._page_of(response, where, entry)
        except CloseSpider:
            self._put_off(entry)
            yield self._end()
            for one in self.moved_on():
                yield one
            raise
        if page is None:
            self._put_off(entry)
        else:
            self.doubts = []
            item = ReadPage(page, where, PART, self._saved(number))
            for one in self.after_held(item):
                yield one
            await item.stored
        for one in self._go_on(left[1:], number):
            yield one

    def _go_on(self, left: tuple[Entry, ...], number: int) -> Iterator[Any]:
        if left:
            yield self._page(left, number + 1)
        else:
            yield from self._read_all()

    def _read_all(self) -> Iterator[Any]:
        yield self._end()
        yield from self.look_up()

    def _put_off(self, entry: Entry) -> None:
        known = self._known_of(entry)
        self.known[entry.address] = replace(known, tried=self.job.now(), failed=known.failed + 1)

    def _read_before(self) -> bool:
        return any(one.at for one in self.known.values())

    def _saved(self, number: int) -> dict[str, Any] | None:
        """The state with this page when it is time to save it; None in between."""
        if number - self.saved < SAVED_EVERY:
            return None
        self.saved = number
        return _state(self.known)

    def _end(self) -> ReadPage:
        """The state that this reading leaves, however it ended."""
        if 0 < len(self.doubts) < MOST_ALIKE and not self._read_before():
            last = self.doubts[-1]  # no page of the site was ever let through
            self.note(Failure(last.cause, last.where, SAID[last.cause]))
        if any(self._rests(known) for known in self.known.values()):
            self.job.findings.not_modified += 1
        return ReadPage(Page(), "sitemap end", PART, _state(self.known))

    def _rests(self, known: Known) -> bool:
        """Whether a page with reviews was not read this time, for it did not change."""
        earlier = known.at is not None and known.at < self.began
        return known.had > 0 and not known.failed and (earlier or not self.job.findings.entries)

    def _page_of(self, response: Response, where: str, entry: Entry) -> Page | None:
        """The reviews of a page, which is remembered as read; None when it could not be."""
        known, now = self.known.get(entry.address), self.job.now()
        if response.status == 304 and known:
            self.known[entry.address] = replace(known, at=now, changed=entry.changed, tried=None, failed=0)
            return Page()
        if self.is_absent(response):
            self.job.findings.note("the sitemap names pages that do not exist")
            page: Page | None = Page()
        else:
            try:
                page = self.page_of(response, where, lambda body: self._parsed(body, entry, response))
            except Doubtful:
                self.job.findings.note("pages that look like a wall were left out")
                return None
        if page is not None:
            self.seen.update(page.ids)
            self.remember(entry.address, page, known and known.had)
            if known and known.had and not page.entries:
                self.job.findings.note(
                    f"pages without reviews that had some before, the first with {known.had}"
                )
                if not known.failed:
                    self._put_off(entry)
                    return page
            form = validators(response, page, self.job.kind) if response.status < 300 else {}
            self.known[entry.address] = Known(now, entry.changed, page.entries, form)
        return page

    def _parsed(self, body: bytes, entry: Entry, response: Response) -> Page:
        kind = header(response, "Content-Type")
        try:
            return schema_org.parse(body, entry.address, self.job.now(), kind)
        except schema_org.NothingMarked:
            return Page()  # most pages of a site hold no reviews
        except Blocked as error:
            if challenge(body) or self._is_at_every(Doubt(entry.address, error.cause, title(body))):
                raise
            raise Doubtful from None

    def _is_at_every(self, doubt: Doubt) -> bool:
        """Whether the same wall stands in the place of one page after another."""
        self.doubts = [one for one in self.doubts if one.is_like(doubt)] + [doubt]
        return len(self.doubts) >= MOST_ALIKE


def _matches(pattern: str, address: str) -> bool:
    try:
        return re.search(pattern, address) is not None
    except re.error:
        return False  # a part of an address, and no pattern


def _newest_first(entry: Entry) -> tuple[float, str]:
    return (-entry.changed.timestamp() if entry.changed else 0.0, entry.address)


def _hour(entry: Entry) -> datetime | None:
    return entry.changed and entry.changed.replace(minute=0, second=0, microsecond=0)


def _deployment(entries: Sequence[Entry]) -> datetime | None:
    """The hour in which nearly all pages claim to have changed, which says nothing of any of them."""
    hours = Counter(hour for entry in entries if (hour := _hour(entry)))
    hour, times = max(hours.items(), key=lambda one: one[1], default=(None, 0))
    return hour if times >= max(FEW, DEPLOYED * len(entries)) else None


def _known(state: dict[str, Any]) -> dict[str, Known]:
    found: dict[str, Known] = {}
    for address, value in state.items():
        if not isinstance(value, list) or len(value) not in (4, 6):
            continue
        at, changed, had, form, tried, failed = [*value, None, 0][:6]
        read = instant(at), instant(changed), _number(had), form if isinstance(form, dict) else {}
        known = Known(*read, instant(tried), _number(failed))
        if known.at or known.tried:
            found[address] = known
    return found


def _state(known: dict[str, Known]) -> dict[str, Any]:
    return {
        address: [_iso(one.at), _iso(one.changed), one.had, one.form, _iso(one.tried), one.failed]
        for address, one in known.items()
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
