"""Reading a listing that goes back in time page by page, until what was read before."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

from scrapy import Request
from scrapy.http import Response

from crawlers.causes import Cause, Failure
from crawlers.dates import EARLIEST, instant
from crawlers.job import Job, ReadPage
from crawlers.paging import MOST_CHECKED, WHOLE_EVERY, times_of
from crawlers.parsers.page import Page, gone
from crawlers.parsers.stretch import Stretch
from crawlers.parsers.values import number, text
from crawlers.retries import LONGEST_WAIT
from crawlers.spiders.reading import ReadingSpider, header

OVERLAP = timedelta(hours=1)
"""What every crawl reads again: clocks differ, and some posts are listed late."""
REREAD = timedelta(days=7)
"""What is read again once a day, for edits, figures, and posts that are gone."""
MOST_REMEMBERED = 5_000
"""Posts of a part, the latest: of how many is noticed that they are gone. Half a megabyte of state."""
LEFT_OUT = "there is more than one crawl reads; what stands below is left out"
RESETS = ("x-rate-limit-reset", "X-RateLimit-Reset", "RateLimit-Reset")
"""As X, Reddit and Mastodon, and Bluesky name it."""
TIME_TO_READ = 0.8
"""Of the time that a crawl may take: after so much of it readings end where they are."""
LATEST_COUNT = 10**9
"""Seconds. More than this is a moment since 1970 (September 2001), not a time to wait."""


_PASSED_BY = frozenset({Cause.STATUS, Cause.NOT_FOUND, Cause.CONFIGURATION})
"""What a site answers to a cursor that it does not know any more."""


@dataclass(frozen=True)
class Gap:
    """What one crawl left unread because there was too much: from `cursor` on, down to `floor`.

    `mark` is how far it had been read before, as the source names it. `number` is how many pages of a first reading
    were read when its time was up; 0 where there was a floor.
    """

    cursor: str
    floor: datetime
    mark: str | None = None
    number: int = 0


@dataclass(frozen=True)
class Reading:
    """One way back through a part, down to `floor` (None: as far as it goes). `seen` has what was shown by id.

    With a `gap` it reads what an earlier crawl left. `cursor` is what the `number`th page is asked for with. `lowest`
    is the last post so far, its id and time; `top` is how far back the first page goes, where that counts; `expected`
    is how many posts the source says there are.
    """

    part: str
    floor: datetime | None
    reread: bool
    gap: Gap | None = None
    number: int = 1
    cursor: str | None = None
    entries: int = 0
    expected: int | None = None
    mark: str | None = None
    newest: datetime | None = None
    lowest: tuple[str, datetime] | None = None
    top: datetime | None = None
    seen: dict[str, datetime] = field(default_factory=dict)


class RecentSpider(ReadingSpider):
    """A kind says how to ask for a page and how to parse one.

    State of a part: `newest`, the time down to which everything was read (none where nothing was ever shown);
    `reread_at`, when a week was last read again; `shown`, what was seen in that week, time by id; `top`, how far back
    the first page goes, where `shown` has that too; `had`, that there ever was anything; `mark`, the source's own mark
    of how far it was read; `gap`, what lies below and is still to be read; `missed_at`, when what stood in a listing
    that shows nothing was last looked up. It moves when a reading has ended: one that was broken off is begun again
    from the top.
    """

    most_pages = 50
    namespace: str
    overlap = OVERLAP
    reread = REREAD
    rereads = True
    most_missing = MOST_CHECKED
    misses_at_once = False
    """Whether what is missing from a page that was read is looked for at once, also below the floor."""
    misses_all = True
    """Whether what stood in a listing that shows nothing any more is missed, once a day: all of it may be gone. Not
    where nothing but its absence tells that it is."""
    newest_first = True
    """Whether the source says so of its order; else every crawl reads to the end."""
    backlog: timedelta | None = None
    """How far back the next crawls read what was too much for the first one; None: that is left out."""

    def __init__(self, job: Job, **named: Any) -> None:
        super().__init__(job, **named)
        self._started_at = job.now()

    def address(self, reading: Reading, cursor: str | None) -> str:
        raise NotImplementedError

    def stretch_of(self, body: bytes, reading: Reading) -> Stretch:
        raise NotImplementedError

    def place(self, page: Stretch) -> str:
        """From where the next crawl goes on when there is more than this one reads."""
        return page.next or ""

    def also(self, page: Stretch, reading: Reading) -> Iterator[Any]:
        """What else to read because of a page that was stored."""
        return iter(())

    def broken_off(self, page: Stretch, reading: Reading, where: str) -> ReadPage | None:
        """What is remembered of a listing that broke off before its end, in the place of its end."""
        return None

    def known_as(self, key: str) -> str:
        """The id of the record that is shown under `key`."""
        return key

    def has_passed(self, page: Stretch, reading: Reading, floor: datetime | None) -> bool:
        """Whether a page of a listing with its newest posts first goes further back than `floor`."""
        return floor is not None and page.last is not None and page.last < floor

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
        return self.step(Reading(part, self._floor(newest, reread) if newest else None, reread))

    def _floor(self, newest: datetime, reread: bool) -> datetime:
        floor = newest - self.overlap
        return min(floor, self.job.now() - self.reread) if reread else floor

    def step(self, reading: Reading) -> Request:
        where = f"{reading.part} page {reading.number}"
        return self.ask(self.address(reading, reading.cursor), self.went_back, where=where, reading=reading)

    async def went_back(self, response: Response, where: str, reading: Reading) -> AsyncIterator[Any]:
        if reading.gap and (failure := self.unfit(response, where)) and failure.cause in _PASSED_BY:
            self.job.findings.note("what an earlier crawl left unread cannot be asked for any more")
            yield self._without_gap(reading.part)
            return
        page = self.page_of(response, where, lambda body: self.stretch_of(body, reading))
        if not isinstance(page, Stretch):
            return
        reading = self._with(reading, page)
        item = ReadPage(page, where, reading.part)
        yield item
        await item.stored
        for one in self.also(page, reading):
            yield one
        if broken := self.broken_off(page, reading, where):
            yield broken
            return
        reached = page.next is None or (self.newest_first and self.has_passed(page, reading, reading.floor))
        if not reached and page.next == reading.cursor:
            if page.entries:
                self.note(Failure(Cause.DAMAGED, where, "the page is named as the one that follows it"))
                return
            reached = True
        if not reached and self._has_room(reading.number + 1):
            yield self.step(replace(reading, number=reading.number + 1, cursor=page.next))
            return
        gap = self._gap(page, reading, reached)
        reading = replace(reading, floor=self._read_down_to(page, reading, reached))
        end = self._end(reading, where, gap)
        if end is None:
            return
        yield end
        await end.stored
        for one in self._after(reading, gap):
            yield one

    def _has_room(self, number: int) -> bool:
        """Whether this crawl may ask for one more page, the `number`th."""
        most = timedelta(seconds=self.settings.getfloat("CLOSESPIDER_TIMEOUT"))
        return number <= self.most_pages and self.job.now() - self._started_at < most * TIME_TO_READ

    def _read_down_to(self, page: Stretch, reading: Reading, reached: bool) -> datetime | None:
        """The time above which everything was read, so that what is missing there is missed; None: all of it was."""
        if not self.newest_first:
            return None if reached else self.job.now()
        if not reached:
            return page.last or self.job.now()
        if not self.misses_at_once or reading.floor is None:
            return reading.floor
        return min(reading.floor, page.last or reading.floor) if page.next else None

    def _with(self, reading: Reading, page: Stretch) -> Reading:
        """`reading` with what a page adds; of what it showed only so much as is compared or remembered."""
        newest = max(filter(None, (reading.newest, page.newest)), default=None)
        before = times_of(self.state_of(reading.part).get("shown"))
        room = MOST_REMEMBERED - len(reading.seen)
        first = self.misses_at_once and reading.number == 1 and not reading.gap
        top = self._top(page, reading.part) if first else reading.top
        since = self._remembered_since(newest, top) if newest and room > 0 else None
        there = frozenset(page.ids)  # also what shows no time now
        seen = {key: time for key, time in before.items() if self.known_as(key) in there}
        seen |= {
            key: time for key, time in page.shown if key in before or (since is not None and time >= since)
        }
        return replace(
            reading,
            entries=reading.entries + page.entries,
            expected=page.expected or reading.expected,
            mark=reading.mark or page.mark,
            newest=newest,
            lowest=page.shown[-1] if page.shown else reading.lowest,
            top=top,
            seen=reading.seen | seen if seen else reading.seen,
        )

    def _top(self, page: Stretch, part: str) -> datetime | None:
        """How far back a first page goes: where it is the last one too, so far as it ever went."""
        before = None if page.next else instant(self.state_of(part).get("top"))
        return min(filter(None, (page.last, before)), default=None)

    def _remembered_since(self, newest: datetime, top: datetime | None) -> datetime:
        week = self._floor(newest, reread=True)
        return min(week, top) if top else week

    def _gap(self, page: Stretch, reading: Reading, reached: bool) -> Gap | None:
        """What is left to read below this reading."""
        if reading.gap:
            return None if reached else self._rest(page, reading, reading.gap)
        left = _gap_of(self.state_of(reading.part))
        below = None if reached else self._below(page, reading)
        if below is None:
            return left
        if left is None:
            return replace(below, cursor=self.place(page))
        return replace(left, cursor=self.place(page), number=reading.number if left.number else 0)

    def _rest(self, page: Stretch, reading: Reading, gap: Gap) -> Gap | None:
        """What is left of a gap: of a first reading no more than one crawl reads that has the time."""
        if gap.number and reading.number >= self.most_pages:
            self.job.findings.note(LEFT_OUT)
            return None
        return replace(gap, cursor=self.place(page), number=reading.number if gap.number else 0)

    def _below(self, page: Stretch, reading: Reading) -> Gap | None:
        """What this reading leaves that no crawl has read, if it is to be read."""
        state, note = self.state_of(reading.part), self.job.findings.note
        newest = instant(state.get("newest"))
        timed = reading.number < self.most_pages
        if not self.newest_first or (reading.floor is None and self.backlog is None and not timed):
            note(LEFT_OUT)
            return None
        if reading.floor is None or newest is None:
            note("there is more than one crawl reads; the next one goes on")
            if timed and self.backlog is None:
                return Gap("", EARLIEST, number=reading.number)
            return Gap("", self.job.now() - (self.backlog or self.reread))
        if self.has_passed(page, reading, newest):
            return None
        note("more was posted since the last crawl than one crawl reads; the next one goes on")
        return Gap("", newest - self.overlap, text(state.get("mark")))

    def _after(self, reading: Reading, gap: Gap | None) -> Iterator[Any]:
        """Look for what is missing, and go on with what was left, when a reading has ended."""
        if not reading.gap and (lost := self._lost(reading)):
            yield from self.missing(reading.part, self._in_turn(lost))
        number = max(reading.number + bool(reading.entries), gap.number + 1 if gap else 0)
        if gap and self._has_room(number):
            yield self.step(
                Reading(reading.part, gap.floor, reread=False, gap=gap, number=number, cursor=gap.cursor)
            )

    def _without_gap(self, part: str) -> ReadPage:
        """The state when a gap cannot be read; where it is of a first reading, that is begun again from the top."""
        state = self.state_of(part)
        gap = _gap_of(state)
        if gap and gap.number:
            state.pop("newest", None)
        state.pop("gap", None)
        return ReadPage(Page(), f"{part} end", part, state)

    def _lost(self, reading: Reading) -> list[str]:
        """What stood above the floor and was not shown this time."""
        before = times_of(self.state_of(reading.part).get("shown"))
        unread = self.job.findings.unread  # it stands there, in a form that we do not know
        within = (key for key, time in before.items() if reading.floor is None or time > reading.floor)
        return sorted(key for key in within if key not in reading.seen and self.known_as(key) not in unread)

    def _in_turn(self, lost: list[str]) -> list[str]:
        """As many as one crawl looks up, drawn anew each hour: those that do stand somewhere stay among the lost."""
        hour = int(self.job.now().timestamp() // 3600)
        return sorted(lost, key=lambda key: crc32(f"{hour} {key}".encode()))[: self.most_missing]

    def _end(self, reading: Reading, where: str, gap: Gap | None = None) -> ReadPage | None:
        """The state that a finished reading leaves; None when nothing came where there must be something."""
        state = self.state_of(reading.part)
        if state and not reading.entries and not reading.gap:
            if lost := self._lost(reading):
                self.note(Failure(Cause.EMPTY_BEFORE, where, f"{len(lost)} were there before"))
                now, last = self.job.now(), instant(state.get("missed_at"))
                if not (self.misses_all and reading.reread) or (last and now - last < WHOLE_EVERY):
                    return None
                missed = state | {"missed_at": now.isoformat()}
                return ReadPage(Page(), f"{reading.part} end", reading.part, missed)
            self.nothing_new(state)
        state = self._left(state, reading)
        state.pop("gap", None)
        if gap:
            state["gap"] = [gap.cursor, gap.floor.isoformat(), gap.mark, gap.number]
        return ReadPage(Page(), f"{reading.part} end", reading.part, state)

    def nothing_new(self, state: dict[str, Any]) -> None:
        """Take an empty answer for calm where there ever was a post: what never shows one may be asked for wrongly."""
        if state.get("had") or state.get("shown"):
            self.job.findings.not_modified += 1

    def _left(self, state: dict[str, Any], reading: Reading) -> dict[str, Any]:
        now = self.job.now()
        kept = times_of(state.get("shown")) | reading.seen
        latest = sorted(kept.items(), key=lambda one: one[1], reverse=True)[:MOST_REMEMBERED]
        # A post that claims to come from the future must not keep the next ones from being read.
        times = [time for time in (reading.newest, instant(state.get("newest")), *kept.values()) if time]
        # Where nothing was ever shown, what was posted before may still be listed late.
        if times:
            newest, top = min(now, max(times)), reading.top or instant(state.get("top"))
            since = self._remembered_since(newest, top)
            state["newest"] = newest.isoformat()
            state["shown"] = {key: time.isoformat() for key, time in latest if time >= since}
            state |= {"top": top.isoformat()} if top else {}
        if reading.entries:
            state["had"] = True
        if reading.reread:
            state["reread_at"] = now.isoformat()
        if mark := (None if reading.gap else reading.mark) or state.get("mark"):
            state["mark"] = mark
        return state

    def all_gone(self, part: str, identities: list[str], proven: bool = False) -> Iterator[ReadPage]:
        """That these posts cannot be read any more; they are not looked for again.

        Not those that stand there in a form that we do not know. Where not even an id could be read any of them may,
        unless it is `proven`, by an answer about one post alone, that it is gone.
        """
        found, state = self.job.findings, self.state_of(part)
        if found.nameless and not proven:
            return
        identities = [key for key in identities if self.known_as(key) not in found.unread]
        state["shown"] = {key: at for key, at in (state.get("shown") or {}).items() if key not in identities}
        names = map(self.known_as, identities)
        records = tuple(record for one in names for record in gone(self.namespace, one).records)
        yield ReadPage(Page(records), f"{part} gone", part, state)


def until_reset(response: Response, now: datetime) -> timedelta | None:
    """How long until a site counts requests anew, from a header: a time, or seconds from now or since 1970.

    At most `LONGEST_WAIT`.
    """
    said = next((value for name in RESETS if (value := header(response, name))), "")
    moment = instant(said) if "-" in said else None
    seconds = moment.timestamp() if moment else number(said)
    if seconds is None:
        return None
    wait = seconds - now.timestamp() if seconds > LATEST_COUNT else seconds
    return timedelta(seconds=min(max(wait, 1), LONGEST_WAIT.total_seconds()))


def _gap_of(state: dict[str, Any]) -> Gap | None:
    found = state.get("gap")
    if not isinstance(found, list) or len(found) not in (3, 4):
        return None
    cursor, floor, mark, pages = [*found, 0][:4]
    below, pages = instant(floor), pages if isinstance(pages, int) else 0
    return Gap(cursor, below, text(mark), pages) if isinstance(cursor, str) and below else None
