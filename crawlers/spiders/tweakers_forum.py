"""Topics of the Tweakers forum: by their feeds, or by their pages where there is no feed or pages are asked for."""

from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import urlencode

from scrapy import Request
from scrapy.http import Response

from crawlers.job import ReadPage
from crawlers.parameters.forums import TweakersParameters
from crawlers.parsers import tweakers_forum
from crawlers.parsers.addresses import rebased
from crawlers.parsers.page import Page
from crawlers.parsers.tweakers_forum import Topic, Topics
from crawlers.sources import SOURCES
from crawlers.spiders.conditional import ConditionalSpider

MOST_TOPICS = 20
"""Topics that a query opens in one crawl."""
MOST_PAGES = 50
"""Pages of one topic that a crawl reads; the next one goes on from there."""


class TweakersForumSpider(ConditionalSpider):
    """State of a topic: what a conditional request needs; of one that is read by pages, `page`, where it ended."""

    @property
    def wanted(self) -> TweakersParameters:
        assert isinstance(self.job.parameters, TweakersParameters)  # noqa: S101 - the table of kinds says so
        return self.job.parameters

    @property
    def site(self) -> str:
        return (self.job.base_url or SOURCES["tweakers_forum"].home or "").rstrip("/")

    async def start(self) -> AsyncIterator[Any]:
        for topic in self.wanted.topics:
            yield self._topic(topic)
        if self.wanted.query:
            yield self._search(self.wanted.query)

    def _topic(self, topic: str) -> Request:
        if self.wanted.pages:
            return self._pages(topic)
        return self._asked(f"topic {topic}", f"{self.site}/rss/list_messages/{topic}")

    def parsed(self, body: bytes, url: str, content_type: str) -> Page:
        return tweakers_forum.messages(body, url, self.job.now(), content_type)

    async def read(self, response: Response, where: str, url: str) -> AsyncIterator[Any]:
        if response.status == 404:
            self.job.findings.note("a topic has no feed; its pages were read instead")
            yield self._pages(where.removeprefix("topic "))
            return
        async for one in super().read(response, where, url):
            yield one

    # What a query finds

    def _search(self, query: str) -> Request:
        address = f"/forum/find?{urlencode({'keyword': query})}" if self.wanted.pages else "/forum/rss"
        return self.ask(f"{self.site}{address}", self.found, where="search", query=query)

    async def found(self, response: Response, where: str, query: str) -> AsyncIterator[Any]:
        kind, url = (response.headers.get("Content-Type") or b"").decode("latin-1"), response.url
        now, by_pages = self.job.now(), self.wanted.pages

        def parse(body: bytes) -> Topics:
            if by_pages:
                return tweakers_forum.search(body, url, kind)
            return tweakers_forum.active(body, url, query, now, kind)

        page = self.page_of(response, where, parse)
        if isinstance(page, Topics):
            for topic in [one for one in page.topics if one not in self.wanted.topics][:MOST_TOPICS]:
                yield self._topic(topic)

    # The pages of a topic

    def _pages(self, topic: str) -> Request:
        """The page where reading ended, or the first: pages count from 0."""
        known = self.state_of(f"pages of {topic}").get("page")
        number = known if isinstance(known, int) else 0
        return self._page(topic, f"{self.site}/forum/list_messages/{topic}/{number}", number, 1)

    def _page(self, topic: str, address: str, number: int, asked: int) -> Request:
        where = f"topic {topic} page {number}"
        return self.ask(address, self.paged, where=where, topic=topic, number=number, asked=asked)

    async def paged(
        self, response: Response, where: str, topic: str, number: int, asked: int
    ) -> AsyncIterator[Any]:
        kind, url = (response.headers.get("Content-Type") or b"").decode("latin-1"), response.url
        page = self.page_of(response, where, lambda body: tweakers_forum.topic(body, url, number == 0, kind))
        if not isinstance(page, Topic):
            return
        part = f"pages of {topic}"
        item = ReadPage(page, where, part, {"page": number, "newest": page.newest})
        yield item
        await item.stored
        for one in self._next(page, topic, number, asked):
            yield one

    def _next(self, page: Topic, topic: str, number: int, asked: int) -> Iterator[Request]:
        if page.next and asked < MOST_PAGES:
            yield self._page(topic, rebased(page.next, self.site), number + 1, asked + 1)
