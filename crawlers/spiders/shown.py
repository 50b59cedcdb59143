"""Addresses that show the newest posts: read when they have changed; then what none shows any more is looked up."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure as TwistedFailure

from crawlers.spiders.conditional import ConditionalSpider
from crawlers.spiders.permalinks import PermalinkSpider


class ShownSpider(ConditionalSpider, PermalinkSpider):
    """A kind says what the addresses are and how to parse what they answer."""

    def __init__(self, *named: Any, **more: Any) -> None:
        super().__init__(*named, **more)
        self.unread = set(self.addresses())
        self.well: set[str] = set()
        """What could be read, by its name."""

    def homes(self) -> frozenset[str]:
        return frozenset(self.addresses().values())

    def _asked(self, where: str, url: str) -> Request:
        return super()._asked(where, url).replace(errback=self.not_read)

    def not_read(self, trouble: TwistedFailure) -> Iterator[Any]:
        yield from self.failed(trouble)
        yield from self._over(trouble.request.cb_kwargs["where"])  # type: ignore[attr-defined]

    async def read(self, response: Response, where: str, url: str) -> AsyncIterator[Any]:
        if response.status == 304:
            self.well.add(where)
        async for item in super().read(response, where, url):
            if item.page.entries:
                self.well.add(where)
            self.seen.update(item.page.ids)
            yield item
            await item.stored
        for one in self._over(where):
            yield one

    def _over(self, where: str) -> Iterator[Any]:
        self.unread.discard(where)
        if not self.unread:
            yield from self.look_up()
