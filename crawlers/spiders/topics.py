"""Topics of a forum, and what became of the posts of one that was taken away as a whole."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from scrapy import Request
from scrapy.http import Response

from crawlers.dates import instant
from crawlers.job import ReadPage
from crawlers.paging import MOST_CHECKED, TWICE, in_turn
from crawlers.parsers.page import Page, gone
from crawlers.spiders.reading import ReadingSpider

GONE_AT = "gone_at"
"""In the state of a topic: since when there is none at its address."""


def taken_away(state: Mapping[str, Any], now: datetime) -> tuple[bool, dict[str, Any]]:
    """Whether to look up the posts of a topic that is not there, and its state, which says since when it is not.

    Only when it was not there half a day ago either: a forum that is being moved has none of its addresses.
    """
    since = instant(state.get(GONE_AT)) or now
    return now - since >= TWICE, {**state, GONE_AT: since.isoformat()}


class TopicsSpider(ReadingSpider):
    """State of a topic: `shown`, the numbers of posts that stood in it, and `gone_at`, since when it is not there."""

    namespace: str

    def post_address(self, number: int) -> str:
        """Where a single post stands, whatever topic it is in."""
        raise NotImplementedError

    def shown_in(self, part: str) -> list[int]:
        return [one for one in self.state_of(part).get("shown") or () if isinstance(one, int)]

    def is_withdrawn(self, response: Response) -> bool:
        """Whether the public cannot see any more what was asked for, be it a topic or a post."""
        return self.is_absent(response)

    def not_there(self, response: Response, part: str) -> Iterator[Any]:
        """What follows when a topic could not be read: when there is none, in the end a look at each of its posts."""
        shown = self.shown_in(part)
        if not self.is_withdrawn(response) or not shown:
            return
        for_long, state = taken_away(self.state_of(part), self.job.now())
        yield ReadPage(Page(), f"{part} gone", part, state)
        if for_long:
            yield from self.seek(part, shown)

    def seek(self, part: str, numbers: Iterable[int]) -> Iterator[Request]:
        """Look up as many posts as one crawl does, others each hour: some may never be answered."""
        for identity in in_turn(map(str, numbers), MOST_CHECKED, self.job.now()):
            number = int(identity)
            address = self.post_address(number)
            yield self.ask(address, self.sought, where=f"{part} gone", part=part, number=number)

    async def sought(self, response: Response, where: str, part: str, number: int) -> AsyncIterator[Any]:
        """What became of a post; one that stands elsewhere now is let go too, so that the others get their turn."""
        away = self.fate(response, where)
        if away is None:
            return
        state = self.state_of(part)
        state["shown"] = [one for one in state.get("shown") or () if one != number]
        yield ReadPage(gone(self.namespace, str(number)) if away else Page(), where, part, state)
