"""What the search of a Discourse forum finds."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure as TwistedFailure

from crawlers import robots
from crawlers.dates import AMSTERDAM, instant
from crawlers.job import ReadPage
from crawlers.paging import WHOLE_EVERY, times_of
from crawlers.parsers import discourse
from crawlers.parsers.discourse import Posts
from crawlers.parsers.values import text
from crawlers.spiders.discourse_forum import MATCHING, PER_REQUEST, DiscourseForumSpider
from crawlers.spiders.recent import REREAD, Reading

SEARCH = "search"
MOST_SEARCHED = 10
"""Pages of search results; the forum gives no more."""
AGAIN = timedelta(days=1)
"""What a search looks through again: it goes by days."""
UNOPENED = "unopened"


@dataclass(frozen=True)
class Search:
    """One search that is being read. `places` are topic and post of what it found and is still to be asked for, first
    what no crawl has read, `failed` of what could not be read; `more` says that results go on on a further page.
    """

    floor: datetime | None
    whole: bool
    number: int = 1
    places: tuple[tuple[int, int], ...] = ()
    titles: Mapping[int, str] = field(default_factory=dict)
    seen: Mapping[str, datetime] = field(default_factory=dict)
    more: bool = False
    failed: tuple[tuple[int, int], ...] = ()


class DiscourseSearchSpider(DiscourseForumSpider):
    """State: as `RecentSpider` leaves it, and `unopened`, what the search found and could not be read, or there was no
    time for, as topic, post and the title of the topic.
    """

    def _begun(self) -> Search:
        state, now = self.state_of(SEARCH), self.job.now()
        newest, last = instant(state.get("newest")), instant(state.get("reread_at"))
        whole = last is None or now - last >= WHOLE_EVERY
        self.job.findings.reread |= whole
        floor = newest - AGAIN if newest else None
        unopened = _unopened(state)
        return Search(
            min(floor, now - REREAD) if floor and whole else floor,
            whole,
            places=tuple((topic, post) for topic, post, _ in unopened),
            titles={topic: title for topic, _, title in unopened if title},
        )

    def _search(self, search: Search) -> Request:
        after = f" after:{search.floor.astimezone(AMSTERDAM):%Y-%m-%d}" if search.floor else ""
        query = urlencode({"q": f"{self.wanted.query}{after} order:latest", "page": search.number})
        where = f"search page {search.number}"
        asked = self.ask(f"{self.site}/search.json?{query}", self.found, where=where, search=search)
        return asked.replace(errback=self.not_searched)

    def not_searched(self, trouble: TwistedFailure) -> Iterator[Any]:
        """Many forums close their search to robots, and leave their newest posts open."""
        if not isinstance(trouble.value, robots.Forbidden):
            yield from self.failed(trouble)
            return
        self.job.findings.note("robots.txt closes the search; the newest posts were looked through instead")
        yield self.back(MATCHING)

    async def found(self, response: Response, where: str, search: Search) -> AsyncIterator[Any]:
        page = self.page_of(response, where, discourse.search)
        if not isinstance(page, Posts):
            return
        places = [place for place in page.places if str(place[1]) not in search.seen] + list(search.places)
        more = bool(page.next and page.places) and search.number < MOST_SEARCHED
        # Where results go on and are not asked for, what lies below was not looked through.
        floor = page.last if page.next and page.last and not more else search.floor
        search = replace(
            search,
            floor=floor,
            number=search.number + 1,
            # What was read before is read again for edits, when there is time left.
            places=tuple(dict.fromkeys(self._unread(places) + places)),
            titles={**search.titles, **page.titles},
            seen={**search.seen, **dict(page.shown)},
            more=more,
        )
        async for one in self._hits(search):
            yield one

    async def _hits(self, search: Search) -> AsyncIterator[Any]:
        """A request for the posts of one topic that were found, or else for more results; at the end of the search, for
        the posts that it lost.
        """
        if search.places and self._has_room(1):
            yield self._hit(search)
            return
        if search.more:
            yield self._search(search)
            return
        reading = Reading(
            SEARCH,
            search.floor,
            search.whole,
            entries=len(search.seen),
            newest=max(search.seen.values(), default=None),
            seen=dict(search.seen),
        )
        if search.places:
            self.job.findings.note("there is more than one crawl reads; the next one goes on")
        left = (*search.failed, *self._unread(search.places))
        end = self._end(reading, SEARCH)
        if end and end.state is not None:
            end.state[UNOPENED] = [[topic, post, search.titles.get(topic)] for topic, post in left]
        async for one in self._over(end, reading):
            yield one

    def _unread(self, places: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
        """Those of `places` that no crawl has read."""
        state = self.state_of(SEARCH)
        unopened = {(topic, post) for topic, post, _ in _unopened(state)}
        read = times_of(state.get("shown"))
        return [place for place in places if place in unopened or str(place[1]) not in read]

    def _hit(self, search: Search) -> Request:
        topic = search.places[0][0]
        posts = [post for other, post in search.places if other == topic][:PER_REQUEST]
        left = tuple(place for place in search.places if place not in {(topic, post) for post in posts})
        return self.ask(
            self._some(topic, posts),
            self.hit,
            where=f"topic {topic}",
            topic=topic,
            posts=posts,
            search=replace(search, places=left),
        )

    async def hit(
        self, response: Response, where: str, topic: int, posts: list[int], search: Search
    ) -> AsyncIterator[Any]:
        if not self.is_withdrawn(response):
            groups, title = self.wanted.company_groups, search.titles.get(topic)
            page = self.page_of(
                response, where, lambda body: discourse.topic(body, self.site, groups, title=title)
            )
            if page:
                seen = {key: search.seen[key] for key in page.ids if key in search.seen}
                read = Reading(SEARCH, search.floor, search.whole, seen=seen)
                item = ReadPage(page, where, SEARCH, self.known(SEARCH).on_the_way(read))
                yield item
                await item.stored
            elif self._is_failing():
                return
            else:
                search = replace(search, failed=(*search.failed, *((topic, post) for post in posts)))
        async for one in self._hits(search):
            yield one


def _unopened(state: Mapping[str, Any]) -> list[tuple[int, int, str | None]]:
    kept = state.get(UNOPENED)
    found = (
        one for one in (kept if isinstance(kept, list) else ()) if isinstance(one, list) and len(one) == 3
    )
    return [
        (topic, post, text(title))
        for topic, post, title in found
        if isinstance(topic, int) and isinstance(post, int)
    ]
