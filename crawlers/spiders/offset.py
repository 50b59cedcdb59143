"""Reading a listing whose pages begin at a place in it: how many posts a page holds is up to the source."""

from typing import Any

from crawlers.parsers.page import Page
from crawlers.spiders.listing import ListingSpider


class OffsetSpider(ListingSpider):
    """A kind says how to parse a page from its `start` on; the page's `next` is the start of the following one."""

    most_pages = 100
    part: str

    def __init__(self, *named: Any, **more: Any) -> None:
        super().__init__(*named, **more)
        self._starts: dict[int, int] = {}

    def parts(self) -> tuple[str, ...]:
        return (self.part,)

    def start_of(self, number: int) -> int:
        """How many posts stand before this page."""
        return self._starts.get(number, 0)

    def parsed_from(self, body: bytes, start: int) -> Page:
        raise NotImplementedError

    def parsed(self, body: bytes, part: str, number: int) -> Page:
        page = self.parsed_from(body, self.start_of(number))
        self._starts[number + 1] = int(page.next or 0)
        return page

    def has_more(self, page: Page) -> bool:
        return page.next is not None
