"""A Discourse forum: its newest posts, what its search finds, or whole topics."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from scrapy.http import Response

from crawlers.job import ReadPage
from crawlers.paging import times_of
from crawlers.parsers import discourse
from crawlers.parsers.discourse import Posts, Topics
from crawlers.parsers.page import Page, holding
from crawlers.parsers.stretch import Stretch, span
from crawlers.spiders.discourse_search import DiscourseSearchSpider
from crawlers.spiders.discourse_topics import ANSWERS, DiscourseTopicsSpider, Topic
from crawlers.spiders.recent import Reading

NEWEST = "posts"
WINDOW = 50
"""Ids of which older versions of Discourse show those that are public, on a page of the newest posts."""
MOST_BARREN = 20
"""Windows in a row in which nothing is public, such as of private messages, after which this is taken for the end."""
MOST_ANSWERED = 50
"""Topics that one crawl opens for the sake of a reply by the company; the others wait for the next."""
MOST_DONE = 2_000


class DiscourseSpider(DiscourseTopicsSpider, DiscourseSearchSpider):
    """The newest posts are read as `RecentSpider` reads them, and a search leaves the same state. Where the newest
    posts are looked through for a query, the state has only those that held it.
    """

    most_pages = 40
    doubts_ends = False  # what a page shows says how far its window went
    windowed = True
    """Whether a page of the newest posts may be of a window of ids: then one that leads no further is not the last."""
    barren = 0
    """How many pages in a row led no further."""

    async def start(self) -> AsyncIterator[Any]:
        for number in self._waiting()[:MOST_ANSWERED]:
            yield self._topic(Topic(number, ANSWERS))
        for topic in self.wanted.topics:
            yield self._topic(Topic(int(topic), f"topic {topic}"))
        if self.wanted.query:
            yield self._search(self._begun())
        elif not self.wanted.topics:
            yield self.back(NEWEST)

    def address(self, reading: Reading, cursor: str | None) -> str:
        return f"{self.site}/posts.json" + (f"?before={cursor}" if cursor else "")

    def stretch_of(self, body: bytes, reading: Reading) -> Posts:
        page = discourse.latest(body, self.site, self.wanted.company_groups)
        page = replace(page, next=self._further(page, reading))
        if reading.part == NEWEST:
            return page
        kept = holding(page, self.wanted.query, self.known(reading.part).shown)
        there = frozenset(kept.ids)
        times = [time for _, time in page.shown]
        return replace(kept, shown=tuple(one for one in page.shown if one[0] in there), span=span(times))

    def _further(self, page: Posts, reading: Reading) -> str | None:
        """The id to go on from.

        Some versions show the post of the cursor again, some not; where nothing stands below it, that is the end, or
        the page was of a window in which nothing else is public.
        """
        ids = [int(key) for key, _ in page.shown]
        self.windowed &= not ids or max(ids) - min(ids) < WINDOW
        if reading.cursor is None or (page.next and int(page.next) < int(reading.cursor)):
            self.barren = 0
            return page.next
        self.barren += 1
        below = int(reading.cursor) - WINDOW + 1
        return str(below) if self.windowed and below > 0 and self.barren <= MOST_BARREN else None

    def has_passed(self, page: Stretch, reading: Reading, floor: datetime | None) -> bool:
        """By the ids of what was known, which go up as posts are made: the time of one may be set back by staff, or be
        that of another forum from which it was taken over.
        """
        before = times_of(self.state_of(reading.part).get("shown")).items()
        known = [int(key) for key, time in before if floor and time >= floor]
        if not known or page.next is None:
            return super().has_passed(page, reading, floor)
        again = reading.reread or reading.gap  # then what is known may be only a part of what stands there
        return int(page.next) <= min(known) and (not again or super().has_passed(page, reading, floor))

    def also(self, page: Stretch, reading: Reading) -> Iterator[Any]:
        assert isinstance(page, Posts)  # noqa: S101 - as parsed above
        if _begins_nowhere(page, reading):
            yield self.ask(f"{self.site}/latest.json", self.listed, where="newest topic", reading=reading)
            return
        state, known = self.state_of(ANSWERS), self._waiting()
        done = [one for one in state.get("done") or () if isinstance(one, int)]
        open_topics = {topic for topic, _ in page.answers}
        new = [(topic, post) for topic, post in page.answering if topic in open_topics and post not in done]
        if not new:
            return
        topics = [topic for topic in dict.fromkeys(topic for topic, _ in new) if topic not in known]
        state |= {"waiting": known + topics, "done": ([post for _, post in new] + done)[:MOST_DONE]}
        yield ReadPage(Page(), "replies", ANSWERS, state)
        for topic in topics[: max(0, MOST_ANSWERED - len(known))]:
            yield self._topic(Topic(topic, ANSWERS))

    def broken_off(self, page: Stretch, reading: Reading, where: str) -> ReadPage | None:
        return ReadPage(Page(), where, reading.part) if _begins_nowhere(page, reading) else None

    async def listed(self, response: Response, where: str, reading: Reading) -> AsyncIterator[Any]:
        """Begin below the newest ids: where none of them is public, older versions show nothing."""
        page = self.page_of(response, where, discourse.topics)
        if isinstance(page, Topics) and page.newest:
            address = f"{self.site}/t/{page.newest}.json"
            yield self.ask(address, self.begun, where=f"topic {page.newest}", reading=reading)
        elif page:
            async for one in self._over(self._end(reading, where), reading):
                yield one

    async def begun(self, response: Response, where: str, reading: Reading) -> AsyncIterator[Any]:
        page = self.page_of(response, where, discourse.stream)
        if isinstance(page, Posts) and page.stream:
            yield self.step(replace(reading, number=reading.number + 1, cursor=str(max(page.stream))))
        elif page:
            async for one in self._over(self._end(reading, where), reading):
                yield one


def _begins_nowhere(page: Stretch, reading: Reading) -> bool:
    """Whether the newest posts of all show nothing."""
    return reading.cursor is None and not page.entries
