"""A Discourse forum: its newest posts, what its search finds, or whole topics."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure as TwistedFailure

from crawlers import robots
from crawlers.causes import Cause, Failure
from crawlers.dates import AMSTERDAM, instant
from crawlers.job import ReadPage
from crawlers.paging import WHOLE_EVERY
from crawlers.parameters.forums import DiscourseParameters
from crawlers.parsers import discourse
from crawlers.parsers.discourse import Answers, Posts
from crawlers.parsers.page import Page, gone, holding
from crawlers.parsers.stretch import Stretch
from crawlers.spiders.reading import GONE, body_of
from crawlers.spiders.recent import REREAD, Reading, RecentSpider
from crawlers.spiders.topics import GONE_AT, TopicsSpider

NEWEST, SEARCH, ANSWERS = "posts", "search", "answers"
PER_REQUEST = 20
MOST_OF_A_TOPIC = 1_000
MOST_ANSWERED = 50
"""Topics that one crawl opens for the sake of a reply by the company; the others wait for the next."""
MOST_DONE = 2_000
MOST_SEARCHED = 10
"""Pages of search results; the forum gives no more."""
AGAIN = timedelta(days=1)
"""What a search looks through again: it goes by days."""


@dataclass(frozen=True)
class Topic:
    """One topic that is being read. `left` are the ids still to ask for, newest first."""

    number: int
    part: str
    first: bytes = b""
    stream: tuple[int, ...] = ()
    left: tuple[int, ...] = ()
    answers: Answers = field(default_factory=dict)
    whole: bool = False


@dataclass(frozen=True)
class Search:
    """One search that is being read: topic and posts that it found, and are still to be asked for."""

    floor: datetime | None
    whole: bool
    number: int = 1
    places: tuple[tuple[int, int], ...] = ()
    titles: Mapping[int, str] = field(default_factory=dict)
    seen: Mapping[str, datetime] = field(default_factory=dict)


class DiscourseSpider(TopicsSpider, RecentSpider):
    """The newest posts are read as `RecentSpider` reads them, and a search leaves the same state.

    State of a topic: `shown`, the ids it held, `whole_at`, and `gone_at`, since when it is not there. State of
    `answers`: topics `waiting` to be opened for a reply of the company, and the replies that are `done`.
    """

    most_pages = 40

    @property
    def wanted(self) -> DiscourseParameters:
        assert isinstance(self.job.parameters, DiscourseParameters)  # noqa: S101 - the table of kinds says so
        return self.job.parameters

    @property
    def site(self) -> str:
        return (self.job.base_url or "").rstrip("/")

    @property
    def namespace(self) -> str:  # type: ignore[override]
        return discourse.namespace(self.site)

    async def start(self) -> AsyncIterator[Any]:
        for number in self._waiting()[:MOST_ANSWERED]:
            yield self._topic(Topic(number, ANSWERS))
        for topic in self.wanted.topics:
            yield self._topic(Topic(int(topic), f"topic {topic}"))
        if self.wanted.query:
            yield self._search(self._begun())
        elif not self.wanted.topics:
            yield self.back(NEWEST)

    # The newest posts of the whole forum

    def address(self, reading: Reading, cursor: str | None) -> str:
        return f"{self.site}/posts.json" + (f"?before={cursor}" if cursor else "")

    def stretch_of(self, body: bytes, reading: Reading) -> Posts:
        page = discourse.latest(body, self.site, self.wanted.company_groups)
        if page.entries <= 1:
            page = replace(page, next=None)  # the lowest post itself comes again
        return holding(page, self.wanted.query)

    def also(self, page: Stretch, reading: Reading) -> Iterator[Any]:
        assert isinstance(page, Posts)  # noqa: S101 - as parsed above
        state, known = self.state_of(ANSWERS), self._waiting()
        done = [one for one in state.get("done") or () if isinstance(one, int)]
        open_topics = {topic for topic, _ in page.answers}
        new = [(topic, post) for topic, post in page.answering if topic in open_topics and post not in done]
        if not new:
            return
        topics = [topic for topic in dict.fromkeys(topic for topic, _ in new) if topic not in known]
        state = {"waiting": known + topics, "done": ([post for _, post in new] + done)[:MOST_DONE]}
        yield ReadPage(Page(), "replies", ANSWERS, state)
        for topic in topics[: max(0, MOST_ANSWERED - len(known))]:
            yield self._topic(Topic(topic, ANSWERS))

    def missing(self, part: str, identities: list[str]) -> Iterator[Any]:
        for identity in identities:
            address = self.post_address(identity)
            yield self.ask(address, self.looked_up, where=f"{part} gone", part=part, identity=identity)

    async def looked_up(self, response: Response, where: str, part: str, identity: str) -> AsyncIterator[Any]:
        if self.is_gone(response, where):
            for one in self.all_gone(part, [identity]):
                yield one

    def _waiting(self) -> list[int]:
        waiting = self.state_of(ANSWERS).get("waiting")
        return [one for one in waiting if isinstance(one, int)] if isinstance(waiting, list) else []

    # One topic

    def _topic(self, topic: Topic) -> Request:
        where = f"topic {topic.number}"
        return self.ask(f"{self.site}/t/{topic.number}.json", self.opened, where=where, topic=topic)

    async def opened(self, response: Response, where: str, topic: Topic) -> AsyncIterator[Any]:
        if topic.part == ANSWERS and self.is_closed(response):
            yield self._closed(topic)
            return
        page = self._posts(response, where, topic)
        if page is None:
            for one in self.not_there(response, topic.part):
                yield one
            return
        yield ReadPage(page, where, topic.part)
        state = self.state_of(topic.part)
        last = instant(state.get("whole_at"))
        whole = last is None or self.job.now() - last >= WHOLE_EVERY
        known = set() if whole else set(state.get("shown") or ())
        read = {int(key) for key, _ in page.shown}
        left = [one for one in reversed(page.stream) if one not in read and one not in known][
            :MOST_OF_A_TOPIC
        ]
        topic = replace(
            topic,
            first=body_of(response),
            stream=page.stream or tuple(sorted(read)),
            left=tuple(left),
            answers=page.answers,
            whole=whole,
        )
        for one in self._onward(topic):
            yield one

    async def read_on(self, response: Response, where: str, topic: Topic) -> AsyncIterator[Any]:
        page = self._posts(response, where, topic)
        if page is None:
            return
        item = ReadPage(page, where, topic.part)
        yield item
        await item.stored
        for one in self._onward(replace(topic, left=topic.left[PER_REQUEST:], answers=page.answers)):
            yield one

    def _posts(self, response: Response, where: str, topic: Topic) -> Posts | None:
        groups, answers = self.wanted.company_groups, topic.answers
        page = self.page_of(response, where, lambda body: discourse.topic(body, self.site, groups, answers))
        return page if isinstance(page, Posts) else None

    def _onward(self, topic: Topic) -> Iterator[Any]:
        """The next request for this topic, or what its end leaves."""
        where = f"topic {topic.number}"
        if topic.left:
            address = self._some(topic.number, topic.left[:PER_REQUEST])
            yield self.ask(address, self.read_on, where=where, topic=topic)
            return
        if topic.answers:
            # Replies stand further on than what they answer: the first page is looked through once more.
            groups = self.wanted.company_groups
            yield ReadPage(discourse.topic(topic.first, self.site, groups, topic.answers), where, topic.part)
        yield self._closed(topic)

    def _some(self, topic: int, posts: Sequence[int]) -> str:
        return f"{self.site}/t/{topic}/posts.json?{urlencode([('post_ids[]', one) for one in posts])}"

    def _closed(self, topic: Topic) -> ReadPage:
        if topic.part == ANSWERS:
            waiting = [one for one in self._waiting() if one != topic.number]
            return ReadPage(Page(), "replies", ANSWERS, self.state_of(ANSWERS) | {"waiting": waiting})
        state, now = self.state_of(topic.part), self.job.now()
        shown = set(topic.stream)
        lost = [one for one in self.shown_in(topic.part) if one not in shown]
        records = tuple(record for one in lost for record in gone(self.namespace, str(one)).records)
        state["shown"] = list(topic.stream[-MOST_OF_A_TOPIC:])
        state.pop(GONE_AT, None)
        if topic.whole:
            state["whole_at"] = now.isoformat()
        return ReadPage(Page(records), f"topic {topic.number} end", topic.part, state)

    def post_address(self, number: int | str) -> str:
        return f"{self.site}/posts/{number}.json"

    def fate(self, response: Response, where: str) -> bool | None:
        found = super().fate(response, where)
        return found or discourse.is_taken_away(response.body) or found

    # What the search finds

    def _begun(self) -> Search:
        state, now = self.state_of(SEARCH), self.job.now()
        newest, last = instant(state.get("newest")), instant(state.get("reread_at"))
        whole = last is None or now - last >= WHOLE_EVERY
        floor = newest - AGAIN if newest else None
        return Search(min(floor, now - REREAD) if floor and whole else floor, whole)

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
        yield self.back(NEWEST)

    async def found(self, response: Response, where: str, search: Search) -> AsyncIterator[Any]:
        page = self.page_of(response, where, discourse.search)
        if not isinstance(page, Posts):
            return
        if not search.seen and not page.shown and self.state_of(SEARCH):
            if lost := self._lost(Reading(SEARCH, search.floor, search.whole)):
                self.note(Failure(Cause.EMPTY_BEFORE, where, f"{len(lost)} were there before"))
                for one in self._sought(lost) if search.whole else ():
                    yield one
                return
            self.nothing_new(self.state_of(SEARCH))
        search = replace(
            search,
            number=search.number + 1,
            places=tuple(dict.fromkeys(search.places + page.places)),
            titles={**search.titles, **page.titles},
            seen={**search.seen, **dict(page.shown)},
        )
        if page.next and page.places and search.number <= MOST_SEARCHED:
            yield self._search(search)
            return
        if page.next and page.last:
            search = replace(search, floor=page.last)  # what lies below was not looked through
        async for one in self._hits(search):
            yield one

    def _sought(self, lost: list[str]) -> Iterator[Any]:
        """Look-ups, once a day, of what a search that finds nothing found before: all of it may be gone."""
        state = self.state_of(SEARCH) | {"reread_at": self.job.now().isoformat()}
        yield ReadPage(Page(), "search end", SEARCH, state)
        yield from self.missing(SEARCH, self._in_turn(lost))

    async def _hits(self, search: Search) -> AsyncIterator[Any]:
        """A request for the posts of one topic that were found; at the end of the search, for those that it lost."""
        if search.places:
            yield self._hit(search)
            return
        reading = Reading(
            SEARCH,
            search.floor,
            search.whole,
            entries=len(search.seen),
            newest=max(search.seen.values(), default=None),
            seen=dict(search.seen),
        )
        end = ReadPage(Page(), "search end", SEARCH, self._left(self.state_of(SEARCH), reading))
        yield end
        await end.stored
        for one in self.missing(SEARCH, self._in_turn(self._lost(reading))):
            yield one

    def _hit(self, search: Search) -> Request:
        topic = search.places[0][0]
        posts = [post for other, post in search.places if other == topic][:PER_REQUEST]
        left = tuple(place for place in search.places if place not in {(topic, post) for post in posts})
        return self.ask(
            self._some(topic, posts),
            self.hit,
            where=f"topic {topic}",
            topic=topic,
            search=replace(search, places=left),
        )

    async def hit(self, response: Response, where: str, topic: int, search: Search) -> AsyncIterator[Any]:
        if response.status not in GONE:
            groups, title = self.wanted.company_groups, search.titles.get(topic)
            page = self.page_of(
                response, where, lambda body: discourse.topic(body, self.site, groups, title=title)
            )
            if page is None:
                return
            item = ReadPage(page, where, SEARCH)
            yield item
            await item.stored
        async for one in self._hits(search):
            yield one
