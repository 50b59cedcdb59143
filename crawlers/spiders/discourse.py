"""A Discourse forum: its newest posts, what its search finds, or whole topics."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
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
from crawlers.paging import WHOLE_EVERY, times_of
from crawlers.parameters.forums import DiscourseParameters
from crawlers.parsers import discourse
from crawlers.parsers.discourse import Answers, Posts, Topics
from crawlers.parsers.page import Page, holding
from crawlers.parsers.stretch import Stretch, span
from crawlers.parsers.values import text
from crawlers.spiders.reading import body_of
from crawlers.spiders.recent import REREAD, Reading, RecentSpider
from crawlers.spiders.topics import GONE_AT, TopicsSpider

NEWEST, MATCHING, SEARCH, ANSWERS = "posts", "matching posts", "search", "answers"
PER_REQUEST = 20
WINDOW = 50
"""Ids of which older versions of Discourse show those that are public, on a page of the newest posts."""
MOST_BARREN = 20
"""Windows in a row in which nothing is public, such as of private messages, after which this is taken for the end."""
MOST_OF_A_TOPIC = 1_000
MOST_ANSWERED = 50
"""Topics that one crawl opens for the sake of a reply by the company; the others wait for the next."""
MOST_DONE = 2_000
MOST_SEARCHED = 10
"""Pages of search results; the forum gives no more."""
AGAIN = timedelta(days=1)
"""What a search looks through again: it goes by days."""
MOST_FAILURES = 3
"""Of one crawl. After so many it is the forum that fails, and not one topic or some posts of it."""
UNOPENED = "unopened"


@dataclass(frozen=True)
class Topic:
    """One topic that is being read. `left` are the ids still to ask for, newest first, `failed` those of no answer.
    `known` were read by earlier crawls, and are asked for only when the company answered somewhere.
    """

    number: int
    part: str
    first: bytes = b""
    title: str | None = None
    stream: tuple[int, ...] = ()
    left: tuple[int, ...] = ()
    known: tuple[int, ...] = ()
    answers: Answers = field(default_factory=dict)
    whole: bool = False
    failed: tuple[int, ...] = ()


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


class DiscourseSpider(TopicsSpider, RecentSpider):
    """The newest posts are read as `RecentSpider` reads them, and a search leaves the same state. Where the newest
    posts are looked through for a query, the state has only those that held it.

    State of a topic: `shown`, the ids it held, `whole_at`, and `gone_at`, since when it is not there. State of
    `answers`: topics `waiting` to be opened for a reply of the company, those of them that `failed`, with since when,
    and the replies that are `done`. State of a search: also `unopened`, what it found and could not read, or had no
    time for, as topic, post and the title of the topic.
    """

    most_pages = 40
    doubts_ends = False  # what a page shows says how far its window went
    windowed = True
    """Whether a page of the newest posts may be of a window of ids: then one that leads no further is not the last."""
    barren = 0
    """How many pages in a row led no further."""

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

    async def _over(self, end: ReadPage | None, reading: Reading) -> AsyncIterator[Any]:
        """The end of a reading, and what follows it."""
        if end is None:
            return
        yield end
        await end.stored
        for one in self._after(reading, None):
            yield one

    def missing(self, part: str, identities: list[str]) -> Iterator[Any]:
        for identity in identities:
            address = self.post_address(identity)
            yield self.ask(address, self.looked_up, where=f"{part} gone", part=part, identity=identity)

    async def looked_up(self, response: Response, where: str, part: str, identity: str) -> AsyncIterator[Any]:
        if self.is_gone(response, where):
            for one in self.all_gone(part, [identity], proven=True):
                yield one

    def _waiting(self) -> list[int]:
        waiting = self.state_of(ANSWERS).get("waiting")
        return [one for one in waiting if isinstance(one, int)] if isinstance(waiting, list) else []

    # One topic

    def _topic(self, topic: Topic) -> Request:
        where = f"topic {topic.number}"
        return self.ask(f"{self.site}/t/{topic.number}.json", self.opened, where=where, topic=topic)

    async def opened(self, response: Response, where: str, topic: Topic) -> AsyncIterator[Any]:
        if self.is_withdrawn(response):
            for one in self._withdrawn(response, where, topic):
                yield one
            return
        page = self._posts(response, where, topic)
        if page is None:
            if topic.part == ANSWERS:
                yield self._put_off(topic)
            return
        if not page.stream:
            self.note(Failure(Cause.DAMAGED, where, "no list of the topic's posts"))
        state = self.state_of(topic.part)
        yield ReadPage(page, where, topic.part, self._on_the_way(topic, page))
        last = instant(state.get("whole_at"))
        whole = last is None or self.job.now() - last >= WHOLE_EVERY
        known = set() if whole else set(state.get("shown") or ())
        read = {int(key) for key, _ in page.shown}
        others = [one for one in reversed(page.stream) if one not in read][:MOST_OF_A_TOPIC]
        topic = replace(
            topic,
            first=body_of(response),
            title=page.title,
            stream=page.stream,
            left=tuple(one for one in others if one not in known),
            known=tuple(one for one in others if one in known),
            answers=page.answers if whole else {},
            whole=whole,
        )
        for one in self._onward(topic):
            yield one

    def _withdrawn(self, response: Response, where: str, topic: Topic) -> Iterator[Any]:
        if topic.part == ANSWERS:
            yield self._closed(topic)
            return
        self.note(Failure(Cause.NOT_FOUND, where, f"status {response.status}", status=response.status))
        yield from self.not_there(response, topic.part)

    async def read_on(self, response: Response, where: str, topic: Topic) -> AsyncIterator[Any]:
        page = self._posts(response, where, topic)
        asked, topic = topic.left[:PER_REQUEST], replace(topic, left=topic.left[PER_REQUEST:])
        if page:
            item = ReadPage(page, where, topic.part, self._on_the_way(topic, page))
            yield item
            await item.stored
            topic = replace(topic, answers=page.answers)
        elif topic.part == ANSWERS:
            yield self._put_off(topic)
            return
        elif self._is_failing():
            return
        else:
            topic = replace(topic, failed=topic.failed + asked)
        for one in self._onward(topic):
            yield one

    def _posts(self, response: Response, where: str, topic: Topic) -> Posts | None:
        groups, answers, title = self.wanted.company_groups, topic.answers, topic.title
        page = self.page_of(
            response, where, lambda body: discourse.topic(body, self.site, groups, answers, title)
        )
        return self._kept(page) if isinstance(page, Posts) else None

    def _kept(self, page: Posts) -> Posts:
        """What is wanted of a topic that was opened for a reply, when the newest posts are looked through."""
        return holding(page, self.wanted.query, self.known(MATCHING).shown)

    def _on_the_way(self, topic: Topic, page: Posts) -> dict[str, Any] | None:
        """The state of a topic with these posts, which are missed too if it is not read to its end; None as it was."""
        before, there = self.shown_in(topic.part), [int(key) for key in page.ids]
        if topic.part == ANSWERS or set(there) <= set(before):
            return None
        return self.state_of(topic.part) | {"shown": list(dict.fromkeys([*before, *there]))}

    def _is_failing(self) -> bool:
        return len(self.job.findings.failures) >= MOST_FAILURES

    def _onward(self, topic: Topic) -> Iterator[Any]:
        """The next request for this topic, or what its end leaves."""
        where = f"topic {topic.number}"
        if topic.answers and topic.known and not topic.left:
            # The company may have answered the same post before: the first reply counts, wherever it stands.
            topic = replace(topic, left=topic.known, known=(), whole=True)
        if topic.left:
            address = self._some(topic.number, topic.left[:PER_REQUEST])
            yield self.ask(address, self.read_on, where=where, topic=topic)
            return
        if topic.answers:
            # Replies stand further on than what they answer: the first page is looked through once more.
            groups = self.wanted.company_groups
            first = discourse.topic(topic.first, self.site, groups, topic.answers)
            yield ReadPage(self._kept(first), where, topic.part)
        if topic.part == ANSWERS:
            yield self._closed(topic)
        else:
            yield from self._ended(topic)

    def _some(self, topic: int, posts: Sequence[int]) -> str:
        return f"{self.site}/t/{topic}/posts.json?{urlencode([('post_ids[]', one) for one in posts])}"

    def _closed(self, topic: Topic) -> ReadPage:
        """That a topic was looked through for replies."""
        waiting = [one for one in self._waiting() if one != topic.number]
        return self._left_waiting(waiting, self._failed_since())

    def _put_off(self, topic: Topic) -> ReadPage:
        """That a topic could not be read: it comes after all others, and after a week no more."""
        failed = self._failed_since()
        since = failed.setdefault(str(topic.number), self.job.now())
        waiting = [one for one in self._waiting() if one != topic.number]
        if self.job.now() - since < REREAD or self._is_failing():
            waiting.append(topic.number)
        return self._left_waiting(waiting, failed)

    def _failed_since(self) -> dict[str, datetime]:
        return times_of(self.state_of(ANSWERS).get("failed"))

    def _left_waiting(self, waiting: list[int], failed: Mapping[str, datetime]) -> ReadPage:
        names = set(map(str, waiting))
        kept = {topic: since.isoformat() for topic, since in failed.items() if topic in names}
        return ReadPage(
            Page(), "replies", ANSWERS, self.state_of(ANSWERS) | {"waiting": waiting, "failed": kept}
        )

    def _ended(self, topic: Topic) -> Iterator[Any]:
        """The state that a topic leaves, and look-ups of what its list has no more: posts are moved to other topics."""
        state, before, there = self.state_of(topic.part), self.shown_in(topic.part), set(topic.stream)
        lost = [one for one in before if there and one not in there]
        state.pop(GONE_AT, None)
        if there:
            unread = set(topic.failed).difference(before)  # else they would pass for known
            shown = [one for one in topic.stream[-MOST_OF_A_TOPIC:] if one not in unread]
            state["shown"] = lost[:MOST_OF_A_TOPIC] + shown
        if there and topic.whole:
            state["whole_at"] = self.job.now().isoformat()
        yield ReadPage(Page(), f"topic {topic.number} end", topic.part, state)
        yield from self.seek(topic.part, lost)

    def post_address(self, number: int | str) -> str:
        return f"{self.site}/posts/{number}.json"

    def is_withdrawn(self, response: Response) -> bool:
        """Also when it stands in a closed category now. Another refusal may be of all the forum."""
        return self.is_absent(response) or (response.status == 403 and discourse.is_withheld(response.body))

    def fate(self, response: Response, where: str) -> bool | None:
        if self.is_withdrawn(response):
            return True
        found = super().fate(response, where)
        return found or discourse.is_taken_away(response.body) or found

    # What the search finds

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


def _begins_nowhere(page: Stretch, reading: Reading) -> bool:
    """Whether the newest posts of all show nothing."""
    return reading.cursor is None and not page.entries


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
