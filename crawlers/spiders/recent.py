"""Reading a listing that goes back in time page by page, until what was read before."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from scrapy import Request
from scrapy.http import Response

from crawlers import endings
from crawlers.causes import Cause, Failure
from crawlers.checkpoints import Checkpoint, Reach
from crawlers.job import ReadPage
from crawlers.paging import MOST_CHECKED, in_turn
from crawlers.parsers.page import Page, gone
from crawlers.parsers.stretch import Stretch
from crawlers.readings import Gap, Reading, with_gap
from crawlers.spiders.reading import ReadingSpider
from crawlers.spiders.resets import until_reset

__all__ = ["OVERLAP", "REREAD", "Gap", "Reading", "RecentSpider", "until_reset"]

OVERLAP = timedelta(hours=1)
"""What every crawl reads again: clocks differ, and some posts are listed late."""
REREAD = timedelta(days=7)
"""What is read again once a day, for edits, figures, and posts that are gone."""
_PASSED_BY = frozenset({Cause.STATUS, Cause.NOT_FOUND, Cause.CONFIGURATION})
"""What a site answers to a cursor that it does not know any more."""


class RecentSpider(ReadingSpider):
    """A kind says how to ask for a page and how to parse one. What is known of a part is a `Checkpoint`.

    State of a part: `newest`, the time down to which everything was read (none where nothing was ever shown);
    `reread_at`, when a week was last read again; `shown`, what was seen in that week, time by id; `top`, how far back
    the first page goes, where `shown` has that too; `had`, that there ever was anything; `mark`, the source's own mark
    of how far it was read; `gap`, what lies below and is still to be read; `missed_at`, when what stood in a listing
    that shows nothing was last looked up; also what `endings` keeps. It moves when a reading has ended: one that was
    broken off is begun again from the top, and what it had stored is in `begun`, time by id, to be missed too.
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
    resumes = True
    """Whether the next crawl goes on with what is read again where the time was up."""
    doubts_ends = True
    """Whether a listing may break off with a page that shows nothing, which is asked for again by the next crawl."""
    backlog: timedelta | None = None
    """How far back the next crawls read what was too much for the first one; None: that is left out."""

    # What a kind says.

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
        return floor is not None and page.down_to is not None and page.down_to < floor

    def missing(self, part: str, identities: list[str]) -> Iterator[Any]:
        """What to do about posts that stand no more where they stood: look them up, or say that they are gone."""
        return iter(())

    # The way back.

    def back(self, part: str) -> Request:
        """The first request of a reading of this part."""
        reading = self.known(part).begin()
        self.job.findings.reread |= reading.reread
        return self.step(reading)

    def step(self, reading: Reading) -> Request:
        where = f"{reading.part} page {reading.number}"
        return self.ask(self.address(reading, reading.cursor), self.went_back, where=where, reading=reading)

    async def went_back(self, response: Response, where: str, reading: Reading) -> AsyncIterator[Any]:
        if reading.gap and self._has_forgotten(response, where):
            self.job.findings.note("what an earlier crawl left unread cannot be asked for any more")
            yield self._moved(reading.part, self.known(reading.part).without_gap())
            return
        page = self.page_of(response, where, lambda body: self.stretch_of(body, reading))
        if not isinstance(page, Stretch):
            return
        known = self.known(reading.part)
        reading = known.turned(reading, page)
        item = ReadPage(page, where, reading.part, known.on_the_way(reading))
        yield item
        await item.stored
        for one in self.also(page, reading):
            yield one
        if broken := self.broken_off(page, reading, where):
            yield broken
            return
        names_itself = page.next is not None and page.next == reading.cursor
        reached = self._has_reached(page, reading) or (names_itself and not page.entries)
        if names_itself and not reached:
            self.note(Failure(Cause.DAMAGED, where, "the page is named as the one that follows it"))
        elif not reached and self._has_room(reading.number + 1):
            yield self.step(reading.onward(page.next))
        else:
            if reached and self._is_in_doubt(page, reading):
                doubt = self._moved(reading.part, endings.with_ending(self.known(reading.part), reading))
                yield doubt
                await doubt.stored
                page, reached = replace(page, next=reading.cursor), False
            async for one in self._finished(page, reading, where, reached):
                yield one

    def _has_forgotten(self, response: Response, where: str) -> bool:
        """Whether the site does not know the cursor any more that an earlier crawl was given."""
        failure = self.unfit(response, where)
        return failure is not None and failure.cause in _PASSED_BY

    def _has_reached(self, page: Stretch, reading: Reading) -> bool:
        """Whether a page is the last one, or goes beyond what is read."""
        return page.next is None or (self.newest_first and self.has_passed(page, reading, reading.floor))

    def _is_in_doubt(self, page: Stretch, reading: Reading) -> bool:
        """Whether a listing ends with a page that shows nothing, and may go on: sites answer so by mistake too.

        Not where a crawl asks for it again.
        """
        if not self.doubts_ends or page.entries or not reading.entries:
            return False
        known = self.known(reading.part)
        return not endings.is_proven(known, reading, self.lost(reading), looks_up=True)

    def _has_room(self, number: int) -> bool:
        """Whether this crawl may ask for one more page, the `number`th."""
        return number <= self.most_pages and self.has_time()

    # What is known.

    def known(self, part: str) -> Checkpoint:
        return self._known(part, self.state_of(part))

    def _known(self, part: str, state: dict[str, Any]) -> Checkpoint:
        reach = Reach(
            overlap=self.overlap,
            reread=self.reread,
            rereads=self.rereads,
            newest_first=self.newest_first,
            misses_at_once=self.misses_at_once,
            backlog=self.backlog,
            most_pages=self.most_pages,
            resumes=self.resumes,
        )
        return Checkpoint(part, state, reach, self.job.now(), self.known_as)

    def lost(self, reading: Reading) -> list[str]:
        """What this reading was to show and did not."""
        return self.known(reading.part).lost(reading, self.job.findings.unread)

    # The end.

    async def _finished(
        self, page: Stretch, reading: Reading, where: str, reached: bool
    ) -> AsyncIterator[Any]:
        """The state that a reading leaves with its last page, and what follows on it."""
        gap = self._gap(page, reading, reached)
        floor = self.known(reading.part).read_down_to(page, reading, reached)
        reading = replace(reading, floor=floor)
        end = self._end(reading, where, gap)
        if end is None:
            return
        yield end
        await end.stored
        for one in self._after(reading, gap):
            yield one

    def _gap(self, page: Stretch, reading: Reading, reached: bool) -> Gap | None:
        """What is left to read below this reading."""
        known = self.known(reading.part)
        if reached:
            return None if reading.gap else known.gap
        met = known.newest is not None and self.has_passed(page, reading, known.newest)
        gap, note = known.rest(reading, self.place(page), met)
        if not page.entries:
            self.job.findings.note("the list was to go on, and nothing is shown; the next crawl asks again")
        elif note:
            self.job.findings.note(note)
        return gap

    def _end(self, reading: Reading, where: str, gap: Gap | None = None) -> ReadPage | None:
        """The state that a finished reading leaves; None when nothing came where there must be something."""
        known = self.known(reading.part)
        if known.state and not reading.entries and not reading.gap:
            if lost := self.lost(reading):
                self.note(Failure(Cause.EMPTY_BEFORE, where, f"{len(lost)} were there before"))
                missed = known.missed() if self.misses_all and reading.reread else None
                return self._moved(reading.part, missed) if missed else None
            if known.had_any:  # what never shows a post may be asked for wrongly, and is no calm
                self.job.findings.not_modified += 1
        return self._moved(reading.part, with_gap(self._left(known.state, reading), gap))

    def _left(self, state: dict[str, Any], reading: Reading) -> dict[str, Any]:
        """What `state` becomes when a reading has ended."""
        return self._known(reading.part, state).after(reading)

    def _after(self, reading: Reading, gap: Gap | None) -> Iterator[Any]:
        """Look for what is missing, and go on with what was left, when a reading has ended."""
        # What is gone where nothing but its absence tells so is not decided on a part of the list.
        if (self.misses_all or not reading.gap) and (lost := self.lost(reading)):
            yield from self.missing(reading.part, in_turn(lost, self.most_missing, self.job.now()))
        number = max(reading.number + bool(reading.entries), gap.number + 1 if gap else 0)
        # The page that has just shown nothing is left to the next crawl.
        if gap and gap.cursor != reading.cursor and self._has_room(number):
            yield self.step(Reading.of_gap(reading.part, gap, number))

    def all_gone(
        self, part: str, identities: list[str], answer: Page | None = None, proven: bool = False
    ) -> Iterator[ReadPage]:
        """That these posts cannot be read any more; they are not looked for again.

        Not those that stand there in a form that we do not know. Where not even an id could be read any of them may:
        in the `answer` to the question about them, else in all that this crawl read, unless it is `proven`, by an
        answer about one post alone, that it is gone.
        """
        found = self.job.findings
        if not proven and (answer.nameless if answer else found.nameless):
            return
        identities = [key for key in identities if self.known_as(key) not in found.unread]
        page = gone(self.namespace, *map(self.known_as, identities))
        yield ReadPage(page, f"{part} gone", part, self.known(part).let_go(frozenset(identities)))

    def _moved(self, part: str, state: dict[str, Any]) -> ReadPage:
        """A page that holds nothing but where the reading of a part has come to."""
        return ReadPage(Page(), f"{part} end", part, state)

    def unfit(self, response: Response, where: str) -> Failure | None:
        failure = super().unfit(response, where)
        if failure is None or failure.cause is not Cause.RATE_LIMITED or failure.retry_after:
            return failure
        return replace(failure, retry_after=until_reset(response, self.job.now()))
