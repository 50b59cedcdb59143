"""Topics of the Tweakers forum: by their feeds, or by their pages where there is no feed or pages are asked for."""

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from scrapy import Request
from scrapy.http import Response

from crawlers.dates import instant
from crawlers.job import ReadPage
from crawlers.paging import WHOLE_EVERY
from crawlers.parameters.forums import TweakersParameters
from crawlers.parsers import tweakers_forum
from crawlers.parsers.addresses import rebased
from crawlers.parsers.page import Page
from crawlers.parsers.tweakers_forum import Topics
from crawlers.sources import SOURCES
from crawlers.spiders.newest import NewestSpider
from crawlers.spiders.reading import header
from crawlers.spiders.topics import GONE_AT, TopicsSpider

SEARCH = "search"
MOST_TOPICS = 20
"""Topics that a query opens in one crawl."""
MOST_KNOWN = 200
"""Topics that a query found and of which the state knows how far they were read: those that were found last."""
MOST_PAGES = 50
"""Pages of one topic that a crawl reads; the next one goes on from there."""
REREAD = 10
"""Pages before the last one that are read again once a day, for edits and messages that are gone."""
MOST_REMEMBERED = 500
"""Messages; twenty pages of twenty-five."""


@dataclass(frozen=True)
class Reading:
    """The pages of one topic that are being read; `whole` when from further back, `opening` when from its first page.
    `seen` are its messages.
    """

    topic: str
    whole: bool
    opening: bool = False
    asked: int = 0
    seen: frozenset[int] = frozenset()


class TweakersForumSpider(TopicsSpider, NewestSpider):
    """State of a topic that is read by its feed, as `NewestSpider` leaves it; of one that is read by pages, `page`,
    where it ended, `whole_at`, when the pages before that were last read again, `shown`, its newest messages, and
    `gone_at`, since when it is not there. State of the search: the `topics` that it found, the last ones first.
    """

    namespace = tweakers_forum.NAMESPACE

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
        return self._asked(_feed_of(topic), f"{self.site}/rss/list_messages/{topic}")

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
        return self.ask(f"{self.site}{address}", self.found, where=SEARCH, query=query)

    async def found(self, response: Response, where: str, query: str) -> AsyncIterator[Any]:
        kind, url = header(response, "Content-Type"), response.url
        now, by_pages = self.job.now(), self.wanted.pages

        def parse(body: bytes) -> Topics:
            if by_pages:
                return tweakers_forum.search(body, url, kind)
            return tweakers_forum.active(body, url, query, now, kind)

        page = self.page_of(response, where, parse)
        if isinstance(page, Topics):
            topics = [one for one in page.topics if one not in self.wanted.topics][:MOST_TOPICS]
            for one in self._remembered(topics, where):
                yield one
            for topic in topics:
                yield self._topic(topic)

    def _remembered(self, topics: list[str], where: str) -> Iterator[ReadPage]:
        """What was found, and that nothing is known any more of the topics that were not found for longest."""
        known = list(dict.fromkeys((*topics, *self.state_of(SEARCH).get("topics", ()))))
        yield ReadPage(Page(), where, SEARCH, {"topics": known[:MOST_KNOWN]})
        for topic in known[MOST_KNOWN:]:
            for part in (_feed_of(topic), _pages_of(topic)):
                if self.state_of(part):
                    yield ReadPage(Page(), where, part, {})

    # The pages of a topic

    def _pages(self, topic: str) -> Request:
        """The page where reading ended, or some pages before it once a day: they count from 0."""
        state = self.state_of(_pages_of(topic))
        known, last = state.get("page"), instant(state.get("whole_at"))
        number = known if isinstance(known, int) else 0
        whole = last is None or self.job.now() - last >= WHOLE_EVERY
        begun = max(0, number - REREAD) if whole else number
        return self._page(Reading(topic, whole), f"{self.site}/forum/list_messages/{topic}/{begun}", begun)

    def _page(self, reading: Reading, address: str, number: int) -> Request:
        where = f"topic {reading.topic} page {number}"
        return self.ask(address, self.paged, where=where, reading=reading, number=number)

    async def paged(
        self, response: Response, where: str, reading: Reading, number: int
    ) -> AsyncIterator[Any]:
        if response.status == 404 and number and not reading.asked:
            # Messages were taken away, and with them the page where reading had ended.
            yield self._page(reading, f"{self.site}/forum/list_messages/{reading.topic}/0", 0)
            return
        kind, url = header(response, "Content-Type"), response.url
        page = self.page_of(response, where, lambda body: tweakers_forum.topic(body, url, number == 0, kind))
        part = _pages_of(reading.topic)
        if page is None:
            for one in self.not_there(response, part):
                yield one
            return
        reading = replace(
            reading,
            opening=reading.opening or number == 0,
            asked=reading.asked + 1,
            seen=reading.seen | set(map(int, page.ids)),
        )
        # With every page: what it holds is missed too if this reading breaks off.
        shown = self._shown(part, reading.seen)
        item = ReadPage(page, where, part, self.state_of(part) | {"page": number, "shown": shown})
        yield item
        await item.stored
        if page.next and reading.asked < MOST_PAGES:
            yield self._page(reading, rebased(page.next, self.site), number + 1)
            return
        for one in self._ended(reading, part):
            yield one

    def _ended(self, reading: Reading, part: str) -> Iterator[Any]:
        """The state that a finished reading leaves, and a look at each message that stands no more in between."""
        state = self.state_of(part)
        before = self.shown_in(part)
        # Nothing stands before the first page, so that what did stand before its first message is missing too.
        begun = 0 if reading.opening else min(reading.seen, default=max(before, default=0))
        unread = self.job.findings.unread
        missing = [
            one for one in before if one > begun and one not in reading.seen and str(one) not in unread
        ]
        state["shown"] = self._shown(part, reading.seen)
        state.pop(GONE_AT, None)
        if reading.whole:
            state["whole_at"] = self.job.now().isoformat()
        yield ReadPage(Page(), f"{part} end", part, state)
        yield from self.seek(part, missing)

    def _shown(self, part: str, seen: Iterable[int]) -> list[int]:
        return sorted({*self.shown_in(part), *seen})[-MOST_REMEMBERED:]

    def post_address(self, number: int) -> str:
        return f"{self.site}/forum/list_message/{number}"


def _feed_of(topic: str) -> str:
    return f"topic {topic}"


def _pages_of(topic: str) -> str:
    return f"pages of {topic}"
