"""Reading a listing of numbered pages that has its newest posts first."""

from collections.abc import AsyncIterator
from typing import Any

from scrapy.http import Response

from crawlers.causes import Cause, Failure
from crawlers.job import ReadPage
from crawlers.paging import ALWAYS, is_known, whole_wanted
from crawlers.parsers.page import Page
from crawlers.spiders.reading import ReadingSpider


class ListingSpider(ReadingSpider):
    """A kind says where the pages stand and how to parse one.

    State of a part: `open` while a reading has begun and not ended, `whole_at` when all pages were last read,
    `had` how many posts its first page held.
    """

    most_pages: int

    def address(self, part: str, number: int) -> str:
        raise NotImplementedError

    def parsed(self, body: bytes, part: str, number: int) -> Page:
        raise NotImplementedError

    def has_more(self, page: Page) -> bool:
        """Whether the source says that another page follows."""
        raise NotImplementedError

    def parts(self) -> tuple[str, ...]:
        raise NotImplementedError

    async def start(self) -> AsyncIterator[Any]:
        for part in self.parts():
            yield self._page(part, 1, whole_wanted(self.state_of(part), self.job.now()))

    def _page(self, part: str, number: int, whole: bool) -> Any:
        where = f"{part} page {number}"
        return self.ask(
            self.address(part, number), self.listed, where=where, part=part, number=number, whole=whole
        )

    async def listed(
        self, response: Response, where: str, part: str, number: int, whole: bool
    ) -> AsyncIterator[Any]:
        page = self.page_of(response, where, lambda body: self.parsed(body, part, number))
        if page is None:
            return
        if not page.entries and self._is_missing(page, where, part, number):
            return
        begun = {"open": True, "had": page.entries} if number == 1 else {"open": True}
        item = ReadPage(page, where, part, self.state_of(part) | begun)
        yield item
        counts = await item.stored
        goes_on = page.entries and number < self.most_pages and self.has_more(page)
        if goes_on and (whole or number < ALWAYS or not is_known(page, counts)):
            yield self._page(part, number + 1, whole)
        elif not page.damage:
            ended = {"open": False} if goes_on else {"open": False, "whole_at": self.job.now().isoformat()}
            yield ReadPage(Page(), f"{part} end", part, self.state_of(part) | ended)

    def _is_missing(self, page: Page, where: str, part: str, number: int) -> bool:
        """Note a page without posts where there must be some; past the end there are none."""
        if number > 1 and not self.has_more(page):
            return False
        known = page.expected or self.state_of(part).get("had")
        detail = f"{known} are known" if known else None
        self.note(Failure(Cause.EMPTY_BEFORE if known else Cause.EMPTY, where, detail))
        return True
