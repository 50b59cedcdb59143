"""Listings of everything that there is, and posts that can be looked up by themselves."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

from scrapy.http import Response

from crawlers.causes import Cause, Failure
from crawlers.dates import instant
from crawlers.job import ReadPage
from crawlers.paging import WHOLE_EVERY, times_of
from crawlers.parsers.page import Page
from crawlers.parsers.stretch import Stretch
from crawlers.spiders.recent import Gap, Reading, RecentSpider


class WholeSpider(RecentSpider):
    """Its listing is of all reviews: once there were some, an empty one is a fault or a refusal, never calm."""

    def _end(self, reading: Reading, where: str, gap: Gap | None = None) -> ReadPage | None:
        if reading.entries or reading.gap or self._lost(reading):
            return super()._end(reading, where, gap)
        if self.state_of(reading.part):
            self.note(Failure(Cause.EMPTY_BEFORE, where, "reviews were there before"))
        return None


class EndingSpider(RecentSpider):
    """Its listing names the page that follows, so that one that shows nothing may be a refusal or a fault.

    State of a part: `ended`, by the last review since when nothing was shown after it; where the last one is not the
    oldest, which differs each time, by none.
    """

    looks_up = False
    """Whether what is missing is looked up by itself; else that it is missing is a sign of a refusal."""

    def broken_off(self, page: Stretch, reading: Reading, where: str) -> ReadPage | None:
        """A further page that shows nothing is the end of the listing or a refusal, which look the same.

        It is the end where everything was seen that there is, or is known to be; or where the listing ends with the
        same review a day later: when reviews are added, a refusal falls after another one each time. Where it would
        go on from such a page counts for nothing.
        """
        if page.entries or (reading.number == 1 and not reading.gap):
            return None
        state, now = self.state_of(reading.part), self.job.now()
        place = self._last_place(reading)
        since = times_of(state.get("ended")).get(place, now)
        below, lasted = self._lies_below(reading), now - since >= WHOLE_EVERY
        if (
            _is_complete(reading)
            or (lasted and self.looks_up)
            or (not below and (lasted or self._met(reading)))
        ):
            return None
        self.note(Failure(Cause.EMPTY_BEFORE, where, "the list was to go on, and nothing is shown"))
        return ReadPage(
            Page(), f"{reading.part} end", reading.part, state | {"ended": {place: since.isoformat()}}
        )

    def _last_place(self, reading: Reading) -> str:
        if reading.lowest and self.newest_first:
            return reading.lowest[0]
        return reading.gap.cursor if reading.gap else ""

    def _lies_below(self, reading: Reading) -> bool:
        """Whether a review that would be read again stood below what was read."""
        if reading.gap or reading.lowest is None:
            return False
        known = times_of(self.state_of(reading.part).get("shown"))
        floor, last = self.job.now() - self.reread, reading.lowest[1]
        return any(floor <= known[key] <= last for key in self._lost(reading))

    def _met(self, reading: Reading) -> bool:
        """Whether this reading came to where an earlier one began."""
        newest = instant(self.state_of(reading.part).get("newest"))
        if not self.newest_first or reading.gap or reading.floor is None or newest is None:
            return False
        return reading.lowest is not None and reading.lowest[1] <= newest


class SinglySpider(EndingSpider):
    """A review that is missing from the listing is looked up by itself, and removed when it is gone."""

    looks_up = True

    def one(self, part: str, identity: str) -> str:
        """The address of a single review."""
        raise NotImplementedError

    def missing(self, part: str, identities: list[str]) -> Iterator[Any]:
        for identity in identities:
            address = self.one(part, identity)
            yield self.ask(address, self.looked_up, where=f"{part} gone", part=part, identity=identity)

    async def looked_up(self, response: Response, where: str, part: str, identity: str) -> AsyncIterator[Any]:
        if self.is_gone(response, where):
            for one in self.all_gone(part, [identity], proven=True):
                yield one


def _is_complete(reading: Reading) -> bool:
    """Whether as many reviews were read as the source says there are."""
    return bool(reading.expected and not reading.gap and reading.entries >= reading.expected)
