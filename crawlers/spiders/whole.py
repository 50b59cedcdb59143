"""Listings of everything that there is, and posts that can be looked up by themselves."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

from scrapy.http import Response

from crawlers import endings
from crawlers.causes import Cause, Failure
from crawlers.dates import EARLIEST
from crawlers.job import ReadPage
from crawlers.paging import WHOLE_EVERY, times_of
from crawlers.parsers.page import Page
from crawlers.parsers.stretch import Stretch
from crawlers.spiders.reading import UNKNOWN
from crawlers.spiders.recent import Gap, Reading, RecentSpider


class WholeSpider(RecentSpider):
    """Its listing is of all reviews: once there were some, an empty one is a fault or a refusal, never calm."""

    def _end(self, reading: Reading, where: str, gap: Gap | None = None) -> ReadPage | None:
        if reading.entries or reading.gap or self.lost(reading):
            return super()._end(reading, where, gap)
        if self.state_of(reading.part):
            self.note(Failure(Cause.EMPTY_BEFORE, where, "reviews were there before"))
        return None


class EndingSpider(RecentSpider):
    """Its listing names the page that follows, so that one that shows nothing may be a refusal or a fault.

    State of a part: also what `endings` keeps.
    """

    looks_up = False
    """Whether what is missing is looked up by itself; else that it is missing is a sign of a refusal."""

    def broken_off(self, page: Stretch, reading: Reading, where: str) -> ReadPage | None:
        """A further page that shows nothing is the end of the listing or a refusal, which look the same."""
        if not _shows_no_more(page, reading):
            return None
        known = self.known(reading.part)
        if endings.is_proven(known, reading, self.lost(reading), self.looks_up):
            return None
        self.note(Failure(Cause.EMPTY_BEFORE, where, "the list was to go on, and nothing is shown"))
        return self._moved(reading.part, endings.with_ending(known, reading))

    def _has_reached(self, page: Stretch, reading: Reading) -> bool:
        # Where it would go on from a page that shows nothing counts for nothing.
        return _shows_no_more(page, reading) or super()._has_reached(page, reading)


class SinglySpider(EndingSpider):
    """A review that is missing from the listing is looked up by itself, and removed when it is gone.

    State of a part: also `refused`, by review that is refused by itself, when it was looked up.
    """

    looks_up = True

    def one(self, part: str, identity: str) -> str:
        """The address of a single review."""
        raise NotImplementedError

    def missing(self, part: str, identities: list[str]) -> Iterator[Any]:
        refused, now = times_of(self.state_of(part).get("refused")), self.job.now()
        for identity in identities:
            if now - refused.get(identity, EARLIEST) < WHOLE_EVERY:
                continue
            address, where, again = self.one(part, identity), f"{part} gone", identity in refused
            yield self.ask(address, self.looked_up, where=where, part=part, identity=identity, again=again)

    async def looked_up(
        self, response: Response, where: str, part: str, identity: str, again: bool
    ) -> AsyncIterator[Any]:
        """What became of a review that is missing; one that is refused by itself a second time is let go."""
        if self.is_refused(response):
            yield ReadPage(Page(), where, part, self._refused(part, identity, again))
            if again:
                self.job.findings.note(UNKNOWN)
                return
        if self.is_gone(response, where):
            for one in self.all_gone(part, [identity], proven=True):
                yield one

    def _refused(self, part: str, identity: str, again: bool) -> dict[str, Any]:
        """The state that remembers when it was refused, or lets go of it."""
        known = self.known(part)
        state = known.let_go([identity]) if again else known.state
        refused, shown = times_of(state.get("refused")), self._known(part, state).shown
        refused[identity] = self.job.now()
        return state | {"refused": {key: time.isoformat() for key, time in refused.items() if key in shown}}


def _shows_no_more(page: Stretch, reading: Reading) -> bool:
    """Whether a page shows nothing that the one before it named."""
    return not page.entries and (reading.number > 1 or reading.gap is not None)
