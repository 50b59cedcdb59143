"""Reading a listing whose pages begin at a place in it: how many posts a page holds is up to the source."""

from typing import Any

from crawlers.paging import REACHED
from crawlers.parsers.page import Page
from crawlers.parsers.values import count
from crawlers.spiders.listing import ListingSpider


class OffsetSpider(ListingSpider):
    """A kind says how to parse a page from its `start` on; the page's `next` is the start of the following one.

    State of its part, too: `at`, where the last page of an open reading began. The next crawl goes on there once it
    has come to what is known: a page back, for what was removed since moves the others up.
    """

    most_pages = 100
    limit: int
    """How many posts are asked for at a time."""
    goes_on_later = True
    part: str

    def __init__(self, *named: Any, **more: Any) -> None:
        super().__init__(*named, **more)
        self._starts: dict[int, int] = {}
        self._total = 0
        state = self.state_of(self.part)
        self._reached = count(state.get(REACHED)) or 0 if state.get("open") else 0

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
        self._total = page.expected or self._total  # none at all, on a page behind others, is a mistake
        return page

    def has_more(self, page: Page) -> bool:
        return page.next is not None

    def is_past_end(self, page: Page, number: int) -> bool:
        # A total may count what is hidden: a page that is not full is the last one, whatever it says.
        start = self.start_of(number)
        return self._total <= start or start - self.start_of(number - 1) < self.limit

    def begun_at(self, number: int) -> dict[str, Any]:
        return super().begun_at(number) | {REACHED: max(self._reached, self.start_of(number))}

    def can_skip(self, number: int) -> bool:
        return self._reached > self.start_of(number + 1)

    def skip(self, number: int) -> None:
        self._starts[number + 1] = self._reached
