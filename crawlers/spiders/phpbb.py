"""A forum on phpBB: whole forums, some topics, or the feed of the newest posts."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure as TwistedFailure

from crawlers.causes import Cause, Failure
from crawlers.dates import instant
from crawlers.job import ReadPage
from crawlers.paging import MOST_CHECKED, WHOLE_EVERY, in_turn
from crawlers.parameters.forums import PhpbbParameters, forum_number, topic_number
from crawlers.parsers import phpbb
from crawlers.parsers.addresses import rebased
from crawlers.parsers.blocks import SAID
from crawlers.parsers.page import Page, gone, holding
from crawlers.parsers.phpbb import Row, Topics
from crawlers.parsers.values import text
from crawlers.spiders.newest import NewestSpider
from crawlers.spiders.reading import MOST_REFUSALS, header
from crawlers.spiders.recent import REREAD
from crawlers.spiders.topics import GONE_AT, taken_away

FEED = "feed"
FEEDS = ("/app.php/feed", "/feed")
"""Where the feed stands, without and with rewritten addresses."""
MOST_LISTS = 10
"""Pages of one forum's list of topics."""
MOST_PAGES = 50
"""Pages of one topic that a crawl reads; the next one goes on from there."""
MOST_TOPICS = 300
"""Topics of a forum of which the state knows how far they were read."""
MOST_IDS = 500
DUE = "due"
"""In the state of a topic that is not read to its end: the mark that it had in the list."""
MISSING = "missing"
"""In the state of a topic: the posts that were kept and not seen since its first page was read."""


@dataclass(frozen=True)
class Forum:
    """One forum that is being read: `waiting` are its topics in which something changed, `listed` all that were shown,
    `unlisted` those that must have been and were not. `due` are topics of which earlier crawls left something; they are
    read when the others have `ended`, so that one that can never be read keeps no other back. `cut`: the list broke
    off. `failed` counts topics that could not be read, one after another.
    """

    part: str
    whole: bool
    number: int = 1
    waiting: tuple[Row, ...] = ()
    listed: frozenset[str] = frozenset()
    unlisted: tuple[str, ...] = ()
    due: tuple[Row, ...] = ()
    cut: bool = False
    ended: bool = False
    failed: int = 0


@dataclass(frozen=True)
class Reading:
    """One topic that is being read, from its first page or from where it was read to: the page on which it `ended`."""

    row: Row
    forum: Forum
    first: bool
    ended: object = None
    number: int = 1


class PhpbbSpider(NewestSpider):
    """Lists are read until nothing has changed, topics forward along the links to their next pages. The feed leaves the
    state of `NewestSpider`.

    State of a forum: `open` while a reading has begun and not ended, or when its list broke off; `whole_at`, and while
    a whole reading takes several crawls, when it has `begun`; `had`; and of its `topics` by number: the `mark` of the
    list when all of it was read (else empty, and the mark is `due`), the `page` it ends on, `read_at`, when it was last
    read from its first page, the ids of posts that were `kept`, which of them are `missing`, and `gone_at`, since when
    it is not there.
    """

    @property
    def wanted(self) -> PhpbbParameters:
        assert isinstance(self.job.parameters, PhpbbParameters)  # noqa: S101 - the table of kinds says so
        return self.job.parameters

    @property
    def site(self) -> str:
        return (self.job.base_url or "").rstrip("/")

    @property
    def namespace(self) -> str:  # type: ignore[override]
        return phpbb.namespace(self.site)

    async def start(self) -> AsyncIterator[Any]:
        for written in self.wanted.forums:
            number = forum_number(written)
            forum = self._forum(f"forum {number}")
            yield self._list(forum, self._place(written, f"/viewforum.php?f={number}"))
        for written in self.wanted.topics:
            number = topic_number(written)
            forum = self._forum(f"topic {number}")
            address = self._place(written, f"/viewtopic.php?t={number}")
            yield self._read(Row(number, address, "read", None, None, True), forum)
        if not self.wanted.forums and not self.wanted.topics:
            yield self._asked(FEED, f"{self.site}{FEEDS[0]}")

    def _forum(self, part: str) -> Forum:
        last = instant(self.state_of(part).get("whole_at"))
        return Forum(part, last is None or self.job.now() - last >= WHOLE_EVERY)

    def _place(self, written: str, standard: str) -> str:
        """The address of a forum or topic, as it was written or in phpBB's own form, always on this site."""
        if written.isdigit():
            return f"{self.site}{standard}"
        whole = written if "://" in written else urljoin(f"{self.site}/", written)
        return phpbb.without_session(rebased(whole, self.job.base_url))

    # The feed of the newest posts

    def parsed(self, body: bytes, url: str, content_type: str) -> Page:
        page = phpbb.newest(body, self.site, self.job.now(), content_type)
        return holding(page, self.wanted.query, list(map(str, self.shown_in(FEED))))

    async def read(self, response: Response, where: str, url: str) -> AsyncIterator[Any]:
        if url == f"{self.site}{FEEDS[0]}" and self.is_closed(response):
            yield self._asked(where, f"{self.site}{FEEDS[1]}")
            return
        if response.status == 404:
            self.note(Failure(Cause.NOT_FOUND, where, "the forum has its feed off; write forums or topics"))
            return
        async for one in super().read(response, where, url):
            yield one

    # The list of a forum

    def _list(self, forum: Forum, address: str) -> Request:
        where = f"{forum.part} page {forum.number}"
        return self.ask(address, self.listed, where=where, forum=forum).replace(errback=self.list_failed)

    async def list_failed(self, trouble: TwistedFailure) -> AsyncIterator[Any]:
        """What follows when there was no answer in the place of a list."""
        for one in self.failed(trouble):
            yield one
        for one in self._cut_short(trouble.request.cb_kwargs["forum"]):  # type: ignore[attr-defined]
            yield one

    async def listed(self, response: Response, where: str, forum: Forum) -> AsyncIterator[Any]:
        kind, now = header(response, "Content-Type"), self.job.now()
        page = self.page_of(response, where, lambda body: phpbb.topics(body, response.url, now, kind))
        if not isinstance(page, Topics):
            for one in self._cut_short(forum):
                yield one
            return
        state = self.state_of(forum.part)
        if not page.rows and forum.number == 1:
            had = state.get("had")
            detail = f"{had} were there before" if had else None
            self.note(Failure(Cause.EMPTY_BEFORE if had else Cause.EMPTY, where, detail))
            return
        if forum.number == 1:
            begun = {"begun": state.get("begun") or now.isoformat()} if forum.whole else {}
            item = ReadPage(Page(), where, forum.part, state | begun | {"open": True, "had": len(page.rows)})
            yield item
            await item.stored
        waiting = {row.topic: row for row in forum.waiting}
        waiting |= {row.topic: row for row in page.rows if self._is_wanted(row, forum)}
        # The newest are on top, but for what is pinned there: below one that did not change, nothing did.
        last = next((row for row in reversed(page.rows) if row.sorted), None)
        forum = replace(
            forum,
            number=forum.number + 1,
            waiting=tuple(waiting.values()),
            listed=forum.listed.union(row.topic for row in page.rows),
        )
        goes_on = page.next and forum.number <= MOST_LISTS
        if goes_on and (state.get("open") or not state or (last and last.topic in waiting)):
            yield self._list(forum, self._here(page.next or ""))
            return
        floor = last.last if page.next and last else now - REREAD
        if forum.whole and floor:
            unlisted = self._unlisted(forum, max(floor, now - REREAD))
            forum = replace(forum, unlisted=tuple(in_turn(unlisted, MOST_CHECKED, now)))
        for one in self._opened(forum):
            yield one

    def _cut_short(self, forum: Forum) -> Iterator[Any]:
        """The topics of the pages before one that could not be read, which the next crawl tries again."""
        if forum.number > 1:
            yield from self._opened(replace(forum, cut=True))

    def _opened(self, forum: Forum) -> Iterator[Any]:
        """The first topic of a forum of which the list was read; those that are due come last."""
        listed = {row.topic: row for row in forum.waiting}
        due = {
            topic: listed.pop(topic, Row(topic, self._address_of(topic), known[DUE], None, None, True))
            for topic, known in self._topics(forum).items()
            if DUE in known and GONE_AT not in known
        }
        yield from self._onward(replace(forum, waiting=tuple(listed.values()), due=tuple(due.values())))

    def _unlisted(self, forum: Forum, floor: datetime) -> Iterator[str]:
        """Topics in which somebody wrote after `floor`, so that the list must have shown them if they stood there."""
        for topic, known in self._topics(forum).items():
            if topic in forum.listed or GONE_AT in known or DUE in known:
                continue
            last = instant((text(known.get("mark")) or "").partition(" ")[0])
            # One without a mark was new to a crawl that was broken off.
            if (last and last > floor) or "mark" not in known:
                yield topic

    def _is_wanted(self, row: Row, forum: Forum) -> bool:
        """Whether somebody wrote in the topic, or it is recent and the whole reading has not come to it yet."""
        known = self._topics(forum).get(row.topic)
        if known is None or known.get("mark") != row.mark:
            return True
        recent = row.last is not None and self.job.now() - row.last < REREAD
        return recent and forum.whole and not self._was_read(known, forum)

    def _was_read(self, known: dict[str, Any], forum: Forum) -> bool:
        """Whether a topic was read from its first page since the whole reading began, maybe by an earlier crawl."""
        read, begun = instant(known.get("read_at")), instant(self.state_of(forum.part).get("begun"))
        return read is not None and begun is not None and read >= begun

    def _topics(self, forum: Forum) -> dict[str, dict[str, Any]]:
        topics = self.state_of(forum.part).get("topics")
        found = topics.items() if isinstance(topics, dict) else ()
        return {topic: known for topic, known in found if isinstance(known, dict)}

    def _onward(self, forum: Forum) -> Iterator[Any]:
        """The next topic of this forum, or the state that its end leaves."""
        if forum.waiting:
            yield self._read(forum.waiting[0], replace(forum, waiting=forum.waiting[1:]))
            return
        if forum.ended:
            return
        state = self.state_of(forum.part) | {"open": forum.cut}
        if forum.whole:
            state["whole_at"] = self.job.now().isoformat()
            state.pop("begun", None)
        yield ReadPage(Page(), f"{forum.part} end", forum.part, state)
        yield from self._sought(forum)
        for topic in forum.unlisted:
            address, where = self._address_of(topic), f"topic {topic}"
            yield self.ask(address, self.missed, where=where, forum=forum, topic=topic)
        yield from self._onward(replace(forum, waiting=forum.due, ended=True))

    async def missed(self, response: Response, where: str, forum: Forum, topic: str) -> AsyncIterator[Any]:
        """What became of a topic that the list lacks: later crawls look for the posts of one that is gone. One that
        stands in another forum now is let go.
        """
        failure = self.unfit(response, where)
        if failure and not self.is_closed(response):
            self.refuse(failure)
            return
        topics = self._topics(forum)
        known = topics.pop(topic, {})
        if self._is_withdrawn(response):
            _, topics[topic] = taken_away(known, self.job.now())
        yield ReadPage(Page(), where, forum.part, self._knowing(forum, topics))

    # One topic

    def _read(self, row: Row, forum: Forum) -> Request:
        """The first page of a topic that is new or is looked through again; else the page where it ended."""
        known = self._topics(forum).get(row.topic, {})
        page = known.get("page")
        again = forum.whole and known.get("mark") and not self._was_read(known, forum)
        first = not isinstance(page, str) or bool(again)
        address = row.address if first else f"{self._origin()}{page}"
        return self._page(Reading(row, forum, first, page), self._here(address))

    def _page(self, reading: Reading, address: str) -> Request:
        where = f"topic {reading.row.topic}"
        return self.ask(address, self.paged, where=where, reading=reading).replace(errback=self.topic_failed)

    async def topic_failed(self, trouble: TwistedFailure) -> AsyncIterator[Any]:
        """What follows when there was no answer in the place of a topic."""
        for one in self.failed(trouble):
            yield one
        async for one in self._passed_over(trouble.request.cb_kwargs["reading"]):  # type: ignore[attr-defined]
            yield one

    async def paged(self, response: Response, where: str, reading: Reading) -> AsyncIterator[Any]:
        forum = reading.forum
        begins = reading.number == 1
        if self.is_absent(response) and begins and not reading.first:
            # Posts were taken away, and with them the page where reading had ended.
            yield self._page(replace(reading, first=True), self._here(reading.row.address))
            return
        closed = self.is_closed(response) or self._asks_in(response)
        if forum.part.startswith("forum") and begins and closed:
            async for one in self._closed(response, where, reading):
                yield one
            return
        kind, now = header(response, "Content-Type"), self.job.now()
        opening = reading.first and begins
        page = self.page_of(
            response, where, lambda body: phpbb.thread(body, response.url, self.site, now, opening, kind)
        )
        if page is None:
            if self.is_absent(response) and begins:
                for_long, item = self._taken_away(reading, where)
                yield item
                await item.stored
                for one in self._sought(forum) if for_long else ():
                    yield one
                return
            async for one in self._passed_over(reading):
                yield one
            return
        known = self._topics(forum).get(reading.row.topic, {})
        kept = holding(page, self.wanted.query, known.get("kept", ()))
        stands = _within_site(response.url)
        # A damaged page may have lost the link to the next one, unless the topic ended there before.
        done = page.next is None and (stands == reading.ended or not (page.problems or page.damage))
        item = ReadPage(kept, where, forum.part, self._left(reading, kept, stands, done))
        yield item
        await item.stored
        reading = replace(reading, forum=replace(forum, failed=0), number=reading.number + 1)
        if page.next and reading.number <= MOST_PAGES:
            yield self._page(reading, self._here(page.next))
            return
        for one in self._ended(reading, done):
            yield one

    async def _closed(self, response: Response, where: str, reading: Reading) -> AsyncIterator[Any]:
        """The topics behind one that was taken away or closed since it was listed.

        When one after another is closed, it is the forum that refuses us.
        """
        forum = reading.forum
        if self._is_withdrawn(response):
            _, item = self._taken_away(reading, where)
            yield item
            await item.stored
        if not self.is_absent(response):
            if forum.failed + 1 >= MOST_REFUSALS:
                self.refuse(self.unfit(response, where) or Failure(Cause.SIGN_IN, where, SAID[Cause.SIGN_IN]))
                async for one in self._passed_over(reading):
                    yield one
                return
            forum = replace(forum, failed=forum.failed + 1)
        for one in self._onward(forum):
            yield one

    async def _passed_over(self, reading: Reading) -> AsyncIterator[Any]:
        """The topics behind one that could not be read, which later crawls try again after all others.

        When one after another cannot be read, the fault is likely the forum's, and the rest is left to the next crawl.
        """
        forum, row, topics = reading.forum, reading.row, self._topics(reading.forum)
        if not forum.part.startswith("forum"):
            return
        topics[row.topic] = topics.pop(row.topic, {}) | {"mark": "", DUE: row.mark}
        item = ReadPage(Page(), f"topic {row.topic}", forum.part, self._knowing(forum, topics))
        yield item
        await item.stored
        forum = replace(forum, failed=forum.failed + 1)
        for one in self._onward(forum) if forum.failed < MOST_REFUSALS else ():
            yield one

    def _taken_away(self, reading: Reading, where: str) -> tuple[bool, ReadPage]:
        """Whether a topic is gone for long, and the state of the forum that says so; nothing of one that is unknown."""
        forum, topics = reading.forum, self._topics(reading.forum)
        for_long = False
        if known := topics.get(reading.row.topic):
            for_long, topics[reading.row.topic] = taken_away(known, self.job.now())
        return for_long, ReadPage(Page(), where, forum.part, self._knowing(forum, topics))

    def _sought(self, forum: Forum) -> Iterator[Request]:
        """Look-ups of posts whose topics are gone."""
        topics = ((topic, known) for topic, known in self._topics(forum).items() if GONE_AT in known)
        posts = {identity: topic for topic, known in topics for identity in known.get("kept", [])}
        for identity in in_turn(posts, MOST_CHECKED, self.job.now()):
            yield self._look_up(forum, posts[identity], identity)

    def _look_up(self, forum: Forum, topic: str, identity: str) -> Request:
        address, where = f"{self.site}/viewtopic.php?p={identity}", f"{forum.part} gone"
        return self.ask(address, self.looked_up, where=where, forum=forum, topic=topic, identity=identity)

    def _left(self, reading: Reading, page: Page, address: str, done: bool) -> dict[str, Any]:
        """The state of the forum with this topic read up to `page`, at `address`; to its end when `done`."""
        topics = self._topics(reading.forum)
        known = topics.pop(reading.row.topic, {})
        mark, before = reading.row.mark, known.get("kept", [])
        opens = reading.first and reading.number == 1
        there = {*page.ids, *(problem.identity for problem in page.problems)}
        missing = [one for one in (before if opens else known.get(MISSING, [])) if one not in there]
        topics[reading.row.topic] = {
            **({"mark": mark} if done else {"mark": "", DUE: mark}),
            "page": address,
            "read_at": self.job.now().isoformat() if reading.first else known.get("read_at"),
            "kept": list(dict.fromkeys([*before, *page.ids]))[-MOST_IDS:],
            **({MISSING: missing} if missing else {}),
        }
        return self._knowing(reading.forum, topics)

    def _knowing(self, forum: Forum, topics: dict[str, dict[str, Any]]) -> dict[str, Any]:
        """The state of the forum with this of its topics, those that were read last."""
        return self.state_of(forum.part) | {"topics": dict(list(topics.items())[-MOST_TOPICS:])}

    def _ended(self, reading: Reading, done: bool) -> Iterator[Any]:
        forum, row = reading.forum, reading.row
        missing = self._topics(forum).get(row.topic, {}).get(MISSING, []) if done else []
        for identity in in_turn(missing, MOST_CHECKED, self.job.now()):
            yield self._look_up(forum, row.topic, identity)
        yield from self._onward(forum)

    async def looked_up(
        self, response: Response, where: str, forum: Forum, topic: str, identity: str
    ) -> AsyncIterator[Any]:
        """What became of a post; one that stands elsewhere now is let go too, so that the others get their turn."""
        away = self.fate(response, where)
        if away is None:
            return
        topics = self._topics(forum)
        known = topics.get(topic, {})
        for name in {"kept", MISSING}.intersection(known):
            known[name] = [one for one in known[name] if one != identity]
        page = gone(self.namespace, identity) if away else Page()
        yield ReadPage(page, where, forum.part, self._knowing(forum, topics | {topic: known}))

    def fate(self, response: Response, where: str) -> bool | None:
        return self._asks_in(response) or super().fate(response, where)

    def _is_withdrawn(self, response: Response) -> bool:
        """Whether the public cannot see any more what was asked for."""
        return self.is_absent(response) or self._asks_in(response)

    def _asks_in(self, response: Response) -> bool:
        """Whether visitors are asked to sign in, as phpBB does for what was moved to a forum that is not public."""
        return self.unfit(response, "") is None and phpbb.asks_in(
            response.body, header(response, "Content-Type")
        )

    def _address_of(self, topic: str) -> str:
        return f"{self.site}/viewtopic.php?t={topic}"

    def _origin(self) -> str:
        parts = urlsplit(self.site)
        return f"{parts.scheme}://{parts.netloc}"

    def _here(self, address: str) -> str:
        """An address on this site, whatever host a link names."""
        return rebased(address, self.job.base_url)


def _within_site(address: str) -> str:
    parts = urlsplit(phpbb.without_session(address))
    return parts.path + (f"?{parts.query}" if parts.query else "")
