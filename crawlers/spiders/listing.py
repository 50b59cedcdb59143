"""Reading a listing of numbered pages that has its newest posts first."""

from collections.abc import AsyncIterator, Collection, Iterator
from itertools import islice
from typing import Any

from scrapy.http import Response

from crawlers.causes import Cause, Failure
from crawlers.job import ReadPage
from crawlers.paging import (
    ALWAYS,
    MOST_CHECKED,
    REACHED,
    WHOLE_EVERY,
    gone_from,
    in_order,
    is_known,
    numbers_of,
    times_of,
    vanished,
    whole_wanted,
)
from crawlers.parsers.page import Page, gone
from crawlers.spiders.reading import UNKNOWN, ReadingSpider

MOST_REMEMBERED = 1_000
"""Ids; fifty pages of twenty."""


class ListingSpider(ReadingSpider):
    """A kind says where the pages stand and how to parse one.

    State of a part: `open` while a reading has begun and not ended, `whole_at` when all pages were last read,
    `had` how many posts its first page held, `shown` the ids that were read, in the order of the listing, `asked`
    when those of them that are missing were looked up and were not gone; of posts that are missing and cannot be
    looked up by themselves what `gone_from` keeps.
    """

    def __init__(self, *named: Any, **more: Any) -> None:
        super().__init__(*named, **more)
        self.seen: dict[str, list[str]] = {}
        self.below: dict[str, list[str]] = {}
        self.let_go: set[str] = set()
        self.skipped = False

    most_pages: int
    namespace: str = ""
    goes_on_later = False
    """Whether the next crawl reads what is more than this one does; else it is out of the source's view."""

    def address(self, part: str, number: int) -> str:
        raise NotImplementedError

    def parsed(self, body: bytes, part: str, number: int) -> Page:
        raise NotImplementedError

    def has_more(self, page: Page) -> bool:
        """Whether the source says that another page follows."""
        raise NotImplementedError

    def is_past_end(self, page: Page, number: int) -> bool:
        """Whether a page that shows nothing stands where the listing has ended."""
        return not self.has_more(page)

    def is_short(self, page: Page) -> bool:
        """Whether a page holds fewer posts than one that others follow: the last one if the next shows nothing."""
        return False

    def begun_at(self, number: int) -> dict[str, Any]:
        """What the state says of an open reading that has come to this page."""
        return {"open": True}

    def can_skip(self, number: int) -> bool:
        """Whether an earlier crawl, which did not end, came further than the page behind this one."""
        return False

    def skip(self, number: int) -> None:
        """Let the page behind this one be where that crawl came to."""

    def permalink(self, identity: str) -> str | None:
        """Where one post stands by itself, to see whether it is gone; None where there is no such place.

        Then it is gone when it is missing twice from all of the listing.
        """
        return None

    def parts(self) -> tuple[str, ...]:
        raise NotImplementedError

    async def start(self) -> AsyncIterator[Any]:
        for part in self.parts():
            whole = whole_wanted(self.state_of(part), self.job.now())
            self.job.findings.reread |= whole
            yield self._page(part, 1, whole)

    def _page(self, part: str, number: int, whole: bool, ends: bool = False) -> Any:
        where = f"{part} page {number}"
        asked: dict[str, Any] = {"part": part, "number": number, "whole": whole, "ends": ends}
        return self.ask(self.address(part, number), self.listed, where=where, **asked)

    async def listed(
        self, response: Response, where: str, part: str, number: int, whole: bool, ends: bool
    ) -> AsyncIterator[Any]:
        """One page of a listing, which `ends` if it shows nothing: the page before it was a short one."""
        page = self.page_of(response, where, lambda body: self.parsed(body, part, number))
        if page is None:
            return
        if not page.entries and self._is_missing(page, where, part, number):
            for one in self._missed(part) if number == 1 else ():
                yield one
            return
        (self.below if self.skipped else self.seen).setdefault(part, []).extend(page.ids)
        state = self.state_of(part) | self.begun_at(number) | ({"had": page.entries} if number == 1 else {})
        # One that breaks off here is missed too, whatever becomes of what it stored.
        state["shown"] = self._shown(part, _texts(state.get("shown")))
        item = ReadPage(page, where, part, state)
        yield item
        counts = await item.stored
        follows = page.entries > 0 and self.has_more(page)
        goes_on = follows and number < self.most_pages
        if goes_on and (whole or number < ALWAYS or not is_known(page, counts)):
            if number >= ALWAYS and not counts.new and self.can_skip(number):
                self.skip(number)
                self.skipped = True
            yield self._page(part, number + 1, whole, self.is_short(page))
        elif not page.damage:
            left = follows and not goes_on and self.goes_on_later
            # A page without posts may be so by mistake, or where visitors are let no further: it is no end by itself.
            to_the_end = ends if page.entries == 0 else not follows
            for one in self._ended(part, whole=not goes_on, to_the_end=to_the_end, left=left):
                yield one

    def _ended(self, part: str, whole: bool, to_the_end: bool, left: bool) -> Iterator[Any]:
        """The state that a finished reading leaves, and a look at each post that is no longer in its place.

        `whole` says that no more can be read, `to_the_end` that the source has no more, `left` that the next crawl
        reads the rest.
        """
        state = self.state_of(part)
        before = _texts(state.get("shown"))
        there = self.job.findings.unread.union(self.seen[part])
        if whole:
            state["whole_at"] = self.job.now().isoformat()
        if left:
            self.job.findings.note("there is more than one crawl reads; the next one goes on")
        else:
            state["open"] = False
            state.pop(REACHED, None)
        compared = whole and not self.skipped
        missing = vanished(before, there, to_the_end and compared)
        # What cannot be looked up may stand further on than was read: it stays until all is read. What can be, stays
        # until there is an answer.
        settled = {one for one in missing if compared and not self.permalink(one)}
        waiting = [one for one in before if one not in settled]
        state["shown"] = self._shown(part, waiting)
        lost, kept = self._lost(state, missing, there) if compared else ([], {})
        due, asked = self._due(state, [one for one in missing if self.permalink(one)])
        yield ReadPage(gone(self.namespace, *lost), f"{part} end", part, state | kept | asked)
        yield from self._look_up(part, due, times_of(state.get("asked")))

    def _shown(self, part: str, before: list[str]) -> list[str]:
        """What is known to stand in the listing, in its order. What was left out stands between what was seen and what
        this reading read below it.
        """
        known = in_order(before, self.seen[part])
        return list(dict.fromkeys([*known, *self.below.get(part, ())]))[:MOST_REMEMBERED]

    def _missed(self, part: str) -> Iterator[Any]:
        """Look up some of what stood in a listing that shows nothing now: all of it may be gone.

        Where that proves wrong, the others wait for a day.
        """
        state, now = self.state_of(part), self.job.now()
        shown = [one for one in _texts(state.get("shown")) if self.permalink(one)]
        before_now = times_of(state.get("asked"))
        if shown and all(now - time >= WHOLE_EVERY for time in before_now.values()):
            due, asked = self._due(state, shown)
            yield ReadPage(Page(), f"{part} end", part, state | asked)
            yield from self._look_up(part, due, before_now)

    def _look_up(self, part: str, due: list[str], before_now: Collection[str]) -> Iterator[Any]:
        for identity in due:
            address, where, again = self.permalink(identity) or "", f"{part} gone", identity in before_now
            yield self.ask(address, self.looked_up, where=where, part=part, identity=identity, again=again)

    def _due(self, state: dict[str, Any], missing: list[str]) -> tuple[list[str], dict[str, Any]]:
        """Which of the missing posts to look up now, and when which were last, to keep.

        One that is not gone has its turn again a day later: a wall before it must not keep us from all the rest.
        """
        now = self.job.now()
        asked = {one: time for one, time in times_of(state.get("asked")).items() if one in missing}
        waiting = (one for one in missing if one not in asked or now - asked[one] >= WHOLE_EVERY)
        due = list(islice(waiting, MOST_CHECKED))
        times = asked | dict.fromkeys(due, now)
        kept = {"asked": {one: time.isoformat() for one, time in times.items()}}
        return due, kept if times or "asked" in state else {}

    def _lost(
        self, state: dict[str, Any], missing: list[str], there: set[str]
    ) -> tuple[list[str], dict[str, Any]]:
        """Of what is missing and cannot be looked up: what is gone, and what is kept of the rest."""
        held = dict.fromkeys([*times_of(state.get("missed")), *numbers_of(state.get("doubted")), *missing])
        waiting = [one for one in held if one not in there and self.permalink(one) is None]
        return gone_from(state, waiting, self.job.findings.nameless, self.job.now(), there)

    async def looked_up(
        self, response: Response, where: str, part: str, identity: str, again: bool
    ) -> AsyncIterator[Any]:
        """What became of a post that is missing.

        One that is there for the second time stands elsewhere now, and is let go too; at first, a site may show what
        it kept of one that is gone. So is one that is refused by itself twice: it is so for good, and nobody can say
        what it was.
        """
        refused = again and self.is_refused(response)
        fate = False if refused else self.fate(response, where)
        if fate is None or not (fate or again):
            return
        if refused:
            self.job.findings.note(UNKNOWN)
        self.let_go.add(identity)
        page = gone(self.namespace, identity) if fate else Page()
        state = self._let_go_of(part)
        if fate and not state["shown"]:
            state.pop("had", None)  # an empty listing is what is to be seen from now on
        yield ReadPage(page, where, part, state)

    def _let_go_of(self, part: str) -> dict[str, Any]:
        # Answers come side by side: each lets go of all so far, whichever is stored last.
        state = self.state_of(part)
        shown, asked = state.get("shown", []), state.get("asked", {})
        return state | {
            "shown": [one for one in shown if one not in self.let_go],
            "asked": {one: time for one, time in asked.items() if one not in self.let_go},
        }

    def _is_missing(self, page: Page, where: str, part: str, number: int) -> bool:
        """Note a page without posts where there must be some; past the end there are none."""
        if number > 1 and self.is_past_end(page, number):
            return False
        known = page.expected or self.state_of(part).get("had")
        detail = f"{known} are known" if known else None
        self.note(Failure(Cause.EMPTY_BEFORE if known else Cause.EMPTY, where, detail))
        return True


def _texts(kept: object) -> list[str]:
    return [one for one in kept if isinstance(one, str)] if isinstance(kept, list) else []
