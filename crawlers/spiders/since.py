"""Reading what changed since a moment, oldest first, from an interface that takes that moment."""

from collections.abc import AsyncIterator, Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from scrapy import Request
from scrapy.http import Response

from crawlers.causes import Cause, Failure
from crawlers.checkpoints import UNENDED
from crawlers.dates import instant
from crawlers.job import ReadPage
from crawlers.paging import WHOLE_EVERY, gone_from, times_of
from crawlers.parsers.page import Page, gone
from crawlers.parsers.stretch import Stretch
from crawlers.spiders.reading import ReadingSpider

OVERLAP = timedelta(minutes=30)
"""What every crawl reads again: clocks differ, and a review may be listed some time after it was written."""
STEP_BACK = timedelta(seconds=1)
"""Where a page ends, others of the same moment may follow, and not every interface counts parts of a second."""
MOST_PAGES = 200
"""A crawl; at 100 reviews a page and two seconds between requests that is seven minutes. The next one goes on."""
MOST_REMEMBERED = 10_000
"""Posts of a window, the latest: of how many is noticed that they are gone. Half a megabyte of state."""


@dataclass(frozen=True)
class Step:
    """One request: what changed `since` (None: everything), the `number`th look at it.

    `floor` is where the reading began, `before` what the page before showed, `overlaps` whether some of that is shown
    again, `whole` whether all of the window is read, as it is at first and once a day.
    """

    part: str
    since: datetime | None
    whole: bool
    floor: datetime | None = None
    number: int = 1
    pages: int = 1
    before: frozenset[str] = frozenset()
    overlaps: bool = False
    seen: dict[str, datetime] = field(default_factory=dict)


class SinceSpider(ReadingSpider):
    """A kind says how to ask, and how to parse the answer into a `Stretch` with the times that it goes by.

    State of a part: `mark`, up to which everything was stored; it moves with every page, so that a crawl that is
    broken off costs nothing. `reread_at`, when `window` was last read again, for what changes without a new time,
    and `reread_from`, where that goes on when one crawl did not get to its end; `shown`, what was seen in that
    window, to notice what is gone, which moves with every page too; `begun`, what crawls saw in it that were broken
    off; and what `gone_from` keeps.
    """

    namespace: str
    limit = 100
    window: timedelta
    tells_removals = False
    """Whether the source itself says what was removed."""

    def __init__(self, *named: Any, **more: Any) -> None:
        super().__init__(*named, **more)
        self.there: set[str] = set()

    def parts(self) -> tuple[str, ...]:
        return ("reviews",)

    def address(self, step: Step) -> str:
        raise NotImplementedError

    def newest(self, part: str) -> str:
        """The address of the newest review alone, to tell "nothing new" from "nothing at all"."""
        raise NotImplementedError

    def stretch_of(self, body: bytes, step: Step) -> Stretch:
        raise NotImplementedError

    def after(self, step: Step) -> Iterator[Any]:
        """What to read once the part was read to its end."""
        return iter(())

    async def start(self) -> AsyncIterator[Any]:
        for request in self.begin():
            yield request

    def begin(self) -> Iterator[Request]:
        for part in self.parts():
            state, now = self.state_of(part), self.job.now()
            mark, last = instant(state.get("mark")), instant(state.get("reread_at"))
            whole = last is None or now - last >= WHOLE_EVERY
            self.job.findings.reread |= whole
            since = mark and mark - OVERLAP
            if since and whole and last is not None:
                since = min(since, self._reread_from(state))
            yield self._asked(Step(part, since, whole, floor=since))

    def _reread_from(self, state: dict[str, Any]) -> datetime:
        floor = self.job.now() - self.window
        return max(instant(state.get("reread_from")) or floor, floor)

    def _asked(self, step: Step) -> Request:
        where = f"{step.part} page {step.pages}"
        return self.ask(self.address(step), self.listed, where=where, step=step)

    async def listed(self, response: Response, where: str, step: Step) -> AsyncIterator[Any]:
        page = self.page_of(response, where, lambda body: self.stretch_of(body, step))
        if not isinstance(page, Stretch):
            return
        state = self.state_of(step.part)
        if step.pages == 1 and not page.entries and state.get("mark"):
            yield self.ask(self.newest(step.part), self.confirmed, where=f"{step.part} newest", step=step)
            return
        if not page.entries and step.overlaps:
            self.note(Failure(Cause.EMPTY_BEFORE, where, "the end of the page before stands here too"))
            return
        self.there.update(page.ids)
        floor = self.job.now() - self.window
        step = replace(step, seen=step.seen | {key: time for key, time in page.shown if time >= floor})
        item = ReadPage(
            page, where, step.part, state | self._moved(state, step, page) | self._on_the_way(step)
        )
        yield item
        await item.stored
        following = self._following(step, page)
        if following is None:
            # What stands behind a page without times cannot be asked for: it was not looked through.
            timeless = page.entries > 0 and page.newest is None
            for one in self._ended(replace(step, whole=step.whole and not timeless)):
                yield one
        elif following.pages <= MOST_PAGES:
            yield self._asked(following)
        else:
            self.job.findings.note("there is more than one crawl reads; the next one goes on")
            for one in self._cut_short(step, following):
                yield one

    def _moved(self, state: dict[str, Any], step: Step, page: Stretch) -> dict[str, str]:
        mark, reached = instant(state.get("mark")), _reached(step, page)
        if reached is None:
            return {}
        # What claims to come from the future must not keep the next ones from being read.
        reached = min(reached, self.job.now())
        return {"mark": max(reached, mark or reached).isoformat()}

    def _following(self, step: Step, page: Stretch) -> Step | None:
        """The next step; None when this was the last page."""
        reached = _reached(step, page)
        if reached is None or self.is_last(step, page):
            return None
        before = frozenset(page.ids)
        following = replace(step, pages=step.pages + 1, number=1, before=before, overlaps=False)
        if _leads_on(step, reached):
            return replace(following, since=reached - STEP_BACK, overlaps=True)
        return self.same_moment(following, step, page)

    def is_last(self, step: Step, page: Stretch) -> bool:
        return page.entries < self.limit and self.is_ended(step, page)

    def is_ended(self, step: Step, page: Stretch) -> bool:
        """Whether a page that is not full was the last: the source may show fewer than we ask for.

        Where all of the window is read, one that shows nothing new says so; else the next crawl goes on.
        """
        reached = _reached(step, page)
        stays = reached is not None and not _leads_on(step, reached)
        return not step.whole or stays or step.before.issuperset(page.ids)

    def same_moment(self, following: Step, step: Step, page: Stretch) -> Step:
        """Everything on a full page is of one moment: `following` asked in a way that gets past it."""
        return replace(following, since=step.since, number=step.number + 1)

    def _cut_short(self, step: Step, following: Step) -> Iterator[Any]:
        """Leave the rest of a window that is too long for one crawl to the next day: new reviews come first."""
        state = self.state_of(step.part)
        if step.whole and state.get("reread_at") and following.since:
            state |= {"reread_at": self.job.now().isoformat(), "reread_from": following.since.isoformat()}
            yield ReadPage(Page(), f"{step.part} end", step.part, state)

    def _ended(self, step: Step) -> Iterator[Any]:
        state = self.state_of(step.part)
        if step.whole:
            state["reread_at"] = self.job.now().isoformat()
            state.pop("reread_from", None)
        lost: list[str] = []
        if not self.tells_removals:
            lost, left = self._lost(state, step)
            state |= left | {"shown": self._shown(step, lost)}
            state.pop(UNENDED, None)
        yield ReadPage(gone(self.namespace, *lost), f"{step.part} end", step.part, state)
        yield from self.after(step)

    def _lost(self, state: dict[str, Any], step: Step) -> tuple[list[str], dict[str, Any]]:
        """What is gone from the window, now that all of it was read again, and what is kept of the rest."""
        if not step.whole or step.floor is None:
            return [], {}
        # What is older than the window by now was shown perhaps, and not kept in `seen`.
        floor = max(step.floor, self.job.now() - self.window)
        before = _shown_in(state)
        found = self.job.findings
        there = self.there | found.unread
        missing = [key for key, time in before.items() if time > floor and key not in there]
        return gone_from(state, missing, found.nameless, self.job.now(), there)

    def _on_the_way(self, step: Step) -> dict[str, Any]:
        """What is missed later although this reading may break off, for the next one begins where it came to."""
        return {} if self.tells_removals else {"shown": self._shown(step)}

    def _shown(self, step: Step, lost: Collection[str] = ()) -> dict[str, str]:
        floor = self.job.now() - self.window
        before = _shown_in(self.state_of(step.part))
        kept = {key: time for key, time in (before | step.seen).items() if time >= floor and key not in lost}
        latest = sorted(kept.items(), key=lambda one: one[1], reverse=True)[:MOST_REMEMBERED]
        return {key: time.isoformat() for key, time in latest}

    async def confirmed(self, response: Response, where: str, step: Step) -> AsyncIterator[Any]:
        """Nothing changed lately: whether that is so, or the source shows nothing at all."""
        page = self.page_of(response, where, lambda body: self.stretch_of(body, step))
        if not isinstance(page, Stretch):
            return
        if not page.entries:
            self.note(Failure(Cause.EMPTY_BEFORE, where, "reviews were there before"))
            if self.tells_removals:
                for one in self.after(step):
                    yield one
            return
        self.job.findings.not_modified += 1
        # Unless the newest is older, what stood in the window may only not be shown.
        is_bare = page.newest is not None and step.since is not None and page.newest < step.since
        for one in self._ended(replace(step, whole=step.whole and is_bare)):
            yield one


def _shown_in(state: dict[str, Any]) -> dict[str, datetime]:
    return times_of(state.get("shown")) | times_of(state.get(UNENDED))


def _reached(step: Step, page: Stretch) -> datetime | None:
    """How far a page goes: to its last time, for one that is out of order must not leave out what follows.

    Where that is the one out of order, and leads no further, it goes to its newest.
    """
    return page.last if page.last and _leads_on(step, page.last) else page.newest


def _leads_on(step: Step, reached: datetime) -> bool:
    return step.since is None or reached - STEP_BACK > step.since
