"""Reading a listing that goes back in time page by page, until what was read before."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from scrapy import Request
from scrapy.http import Response

from crawlers.causes import Cause, Failure
from crawlers.dates import instant
from crawlers.job import ReadPage
from crawlers.paging import MOST_CHECKED, WHOLE_EVERY
from crawlers.parsers.page import Page, gone
from crawlers.parsers.stretch import Stretch
from crawlers.parsers.values import number
from crawlers.spiders.reading import LONGEST_WAIT, ReadingSpider

OVERLAP = timedelta(hours=1)
"""What every crawl reads again: clocks differ, and some posts are listed late."""
REREAD = timedelta(days=7)
"""What is read again once a day, for edits, figures, and posts that are gone."""
MOST_REMEMBERED = 1_000
RESETS = ("x-rate-limit-reset", "X-Ratelimit-Reset", "RateLimit-Reset")
"""As X, Reddit and Bluesky name it."""
LATEST_COUNT = 10**9
"""Seconds. More than this is a moment since 1970 (September 2001), not a time to wait."""


@dataclass(frozen=True)
class Reading:
    """One way back through a part, down to `floor` (None: as far as it goes). `seen` has what was shown by id."""

    part: str
    floor: datetime | None
    reread: bool
    number: int = 1
    entries: int = 0
    mark: str | None = None
    seen: dict[str, datetime] = field(default_factory=dict)


class RecentSpider(ReadingSpider):
    """A kind says how to ask for a page and how to parse one.

    State of a part: `newest`, the time down to which everything was read; `reread_at`, when a week was last read
    again; `shown`, what was seen in that week, time by id; `mark`, the source's own mark of how far it was read.
    It moves when a reading has ended: one that was broken off is begun again from the top.
    """

    most_pages = 50
    namespace: str
    overlap = OVERLAP
    reread = REREAD
    rereads = True
    most_missing = MOST_CHECKED

    def address(self, reading: Reading, cursor: str | None) -> str:
        raise NotImplementedError

    def stretch_of(self, body: bytes, reading: Reading) -> Stretch:
        raise NotImplementedError

    def also(self, page: Stretch, reading: Reading) -> Iterator[Any]:
        """What else to read because of a page that was stored."""
        return iter(())

    def missing(self, part: str, identities: list[str]) -> Iterator[Any]:
        """What to do about posts that stand no more where they stood: look them up, or say that they are gone."""
        return iter(())

    def unfit(self, response: Response, where: str) -> Failure | None:
        failure = super().unfit(response, where)
        if failure is None or failure.cause is not Cause.RATE_LIMITED or failure.retry_after:
            return failure
        return replace(failure, retry_after=until_reset(response, self.job.now()))

    def back(self, part: str) -> Request:
        """The first request of a reading of this part."""
        state, now = self.state_of(part), self.job.now()
        newest, last = instant(state.get("newest")), instant(state.get("reread_at"))
        if newest and newest > now:
            newest = last = None  # the clock was wrong then, or is now: all is read again
        reread = last is None or (self.rereads and now - last >= WHOLE_EVERY)
        return self.step(Reading(part, self._floor(newest, reread) if newest else None, reread), None)

    def _floor(self, newest: datetime, reread: bool) -> datetime:
        floor = newest - self.overlap
        return min(floor, self.job.now() - self.reread) if reread else floor

    def step(self, reading: Reading, cursor: str | None) -> Request:
        where = f"{reading.part} page {reading.number}"
        return self.ask(self.address(reading, cursor), self.went_back, where=where, reading=reading)

    async def went_back(self, response: Response, where: str, reading: Reading) -> AsyncIterator[Any]:
        page = self.page_of(response, where, lambda body: self.stretch_of(body, reading))
        if not isinstance(page, Stretch):
            return
        entries = reading.entries + page.entries
        reading = replace(
            reading, entries=entries, mark=reading.mark or page.mark, seen=reading.seen | dict(page.shown)
        )
        item = ReadPage(page, where, reading.part)
        yield item
        await item.stored
        for one in self.also(page, reading):
            yield one
        reached = page.next is None or _is_before(page, reading.floor)
        caught_up = reached or _is_before(page, instant(self.state_of(reading.part).get("newest")))
        if not reached and reading.number < self.most_pages:
            yield self.step(replace(reading, number=reading.number + 1), page.next)
            return
        if reading.floor and not caught_up:
            self.job.findings.note("more was posted since the last crawl than one crawl reads")
        if not reached:
            reading = replace(reading, floor=page.last or self.job.now())
        end = self._end(reading, where)
        if end is not None:
            yield end
            await end.stored
            if lost := self._lost(reading):
                for one in self.missing(reading.part, lost):
                    yield one

    def _lost(self, reading: Reading) -> list[str]:
        """What stood above the floor and was not shown this time."""
        before = _shown(self.state_of(reading.part))
        within = (key for key, time in before.items() if reading.floor is None or time > reading.floor)
        return sorted(key for key in within if key not in reading.seen)[: self.most_missing]

    def _end(self, reading: Reading, where: str) -> ReadPage | None:
        """The state that a finished reading leaves; None when nothing came where there must be something."""
        state = self.state_of(reading.part)
        if state and not reading.entries:
            if lost := self._lost(reading):
                self.note(Failure(Cause.EMPTY_BEFORE, where, f"{len(lost)} were there before"))
                return None
            self.job.findings.not_modified += 1
        return ReadPage(Page(), f"{reading.part} end", reading.part, self._left(state, reading))

    def _left(self, state: dict[str, Any], reading: Reading) -> dict[str, Any]:
        now = self.job.now()
        kept = _shown(state) | reading.seen
        latest = sorted(kept.items(), key=lambda one: one[1], reverse=True)[:MOST_REMEMBERED]
        # A post that claims to come from the future must not keep the next ones from being read.
        newest = min(now, max(kept.values(), default=instant(state.get("newest")) or now))
        state |= {
            "newest": newest.isoformat(),
            "shown": {
                key: time.isoformat() for key, time in latest if time >= self._floor(newest, reread=True)
            },
        }
        if reading.reread:
            state["reread_at"] = now.isoformat()
        if mark := reading.mark or state.get("mark"):
            state["mark"] = mark
        return state

    def all_gone(self, part: str, identities: list[str]) -> Iterator[ReadPage]:
        """That these posts cannot be read any more; they are not looked for again."""
        state = self.state_of(part)
        state["shown"] = {key: at for key, at in (state.get("shown") or {}).items() if key not in identities}
        records = tuple(record for one in identities for record in gone(self.namespace, one).records)
        yield ReadPage(Page(records), f"{part} gone", part, state)


def until_reset(response: Response, now: datetime) -> timedelta | None:
    """How long until a site counts requests anew, from a header in seconds from now or since 1970.

    At most a day.
    """
    said = next((value for name in RESETS if (value := response.headers.get(name))), b"")
    seconds = number(said.decode("latin-1"))
    if seconds is None:
        return None
    wait = seconds - now.timestamp() if seconds > LATEST_COUNT else seconds
    return timedelta(seconds=min(max(wait, 1), LONGEST_WAIT.total_seconds()))


def _is_before(page: Stretch, floor: datetime | None) -> bool:
    return floor is not None and page.last is not None and page.last < floor


def _shown(state: dict[str, Any]) -> dict[str, datetime]:
    shown = state.get("shown")
    found = shown.items() if isinstance(shown, dict) else ()
    return {key: time for key, written in found if isinstance(key, str) and (time := instant(written))}
