"""Listings of everything that there is, and posts that can be looked up by themselves."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

from scrapy.http import Response

from crawlers.causes import Cause, Failure
from crawlers.job import ReadPage
from crawlers.spiders.recent import Gap, Reading, RecentSpider


class WholeSpider(RecentSpider):
    """Its listing is of all reviews: once there were some, an empty one is a fault or a refusal, never calm."""

    def _end(self, reading: Reading, where: str, gap: Gap | None = None) -> ReadPage | None:
        if reading.entries or reading.gap:
            return super()._end(reading, where, gap)
        if self.state_of(reading.part):
            self.note(Failure(Cause.EMPTY_BEFORE, where, "reviews were there before"))
        return None


class SinglySpider(RecentSpider):
    """A review that is missing from the listing is looked up by itself, and removed when it is gone."""

    def one(self, part: str, identity: str) -> str:
        """The address of a single review."""
        raise NotImplementedError

    def missing(self, part: str, identities: list[str]) -> Iterator[Any]:
        for identity in identities:
            address = self.one(part, identity)
            yield self.ask(address, self.looked_up, where=f"{part} gone", part=part, identity=identity)

    async def looked_up(self, response: Response, where: str, part: str, identity: str) -> AsyncIterator[Any]:
        if self.is_gone(response, where):
            for one in self.all_gone(part, [identity]):
                yield one
