"""Hashtag timelines of one Mastodon instance."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote, urlencode

from scrapy import Request
from scrapy.http import Response

from crawlers.causes import Cause, Failure
from crawlers.job import ReadPage
from crawlers.paging import MOST_CHECKED
from crawlers.parameters.social import MastodonParameters
from crawlers.parsers import mastodon
from crawlers.parsers.mastodon import Timeline
from crawlers.parsers.page import Page, gone
from crawlers.spiders.reading import ReadingSpider

LIMIT = 40
"""Statuses a page; instances give no more."""
FARTHEST_BACK = 50
"""Pages that the first reading goes back: 2,000 statuses."""
FARTHEST_ON = 500
"""Pages that one crawl catches up; the next one goes on from there."""


class MastodonSpider(ReadingSpider):
    """Every crawl reads the newest page, for edits and what is new.

    When that page does not reach back to where reading had come to (`newest`, an id of this instance), what
    lies between is read upward from there, so that being cut off leaves no gap. The first crawl goes back.
    """

    @property
    def wanted(self) -> MastodonParameters:
        assert isinstance(self.job.parameters, MastodonParameters)  # noqa: S101 - the table of kinds says so
        return self.job.parameters

    async def start(self) -> AsyncIterator[Any]:
        for tag in self.wanted.hashtags:
            yield self._timeline(tag, self.newest, {})

    def _timeline(self, tag: str, callback: Any, marker: dict[str, object], **named: Any) -> Request:
        query = urlencode({"limit": LIMIT} | marker)
        site = (self.job.base_url or "").rstrip("/")
        address = f"{site}/api/v1/timelines/tag/{quote(tag)}?{query}"
        return self.ask(address, callback, where=f"#{tag}", tag=tag, **named)

    def _read(self, response: Response, where: str) -> Timeline | None:
        link = (response.headers.get("Link") or b"").decode("latin-1")
        wanted = self.wanted
        languages = frozenset() if "all" in wanted.languages else frozenset(wanted.languages)
        page = self.page_of(response, where, lambda body: mastodon.parse(body, link, languages, wanted.bots))
        return page if isinstance(page, Timeline) else None

    async def newest(self, response: Response, where: str, tag: str) -> AsyncIterator[Any]:
        page = self._read(response, where)
        if page is None:
            return
        state, top = self.state_of(tag), page.newest
        if top is None or page.oldest is None:
            if had := state.get("had"):
                self.note(Failure(Cause.EMPTY_BEFORE, where, f"{had} were there before"))
            return
        mark = _id(state.get("newest"))
        # A page may be short because the instance hides some of it: only a missing link says that it is the last.
        reached = mark is not None and (page.oldest <= mark or (page.next is None and page.entries < LIMIT))
        before = _shown(state)
        shown = {str(number): uri for number, uri in page.shown}
        seen = {"had": page.entries, "shown": shown}
        item = ReadPage(page, where, tag, (state | seen) if mark is not None else None)
        state = seen | {"newest": str(max(top, mark or 0))}
        if reached:
            item.state = state
        yield item
        await item.stored
        for number in sorted(before.keys() - shown.keys(), key=int)[-MOST_CHECKED:]:
            if int(number) > page.oldest:
                yield self._status(tag, number, before[number])
        if mark is None:
            yield self._back(tag, page, state, 1)
        elif not reached:
            yield self._timeline(tag, self.newer, {"min_id": mark}, top=top, number=1)

    def _status(self, tag: str, number: str, uri: str) -> Request:
        """A look at one status that is no longer in its place."""
        address = f"{(self.job.base_url or '').rstrip('/')}/api/v1/statuses/{number}"
        return self.ask(address, self.looked_up, where=f"#{tag} gone", tag=tag, uri=uri)

    async def looked_up(self, response: Response, where: str, tag: str, uri: str) -> AsyncIterator[Any]:
        if self.is_gone(response, where):
            yield ReadPage(gone(mastodon.NAMESPACE, uri), where, tag)

    def _back(self, tag: str, page: Timeline, state: dict[str, Any], number: int) -> Any:
        """The page before `page`, or the end of the first reading with the state that it leaves."""
        before = page.next or (page.oldest if page.entries >= LIMIT else None)
        if before is None or number >= FARTHEST_BACK:
            return ReadPage(Page(), f"#{tag} end", tag, state)
        return self._timeline(tag, self.older, {"max_id": before}, state=state, number=number + 1)

    async def older(
        self, response: Response, where: str, tag: str, state: dict[str, Any], number: int
    ) -> AsyncIterator[Any]:
        page = self._read(response, where)
        if page is None:
            return
        item = ReadPage(page, where, tag)
        yield item
        await item.stored
        if page.oldest is None:
            yield ReadPage(Page(), f"#{tag} end", tag, state)
        else:
            yield self._back(tag, page, state, number)

    async def newer(
        self, response: Response, where: str, tag: str, top: int, number: int
    ) -> AsyncIterator[Any]:
        page = self._read(response, where)
        if page is None:
            return
        mark = top if page.newest is None else page.newest
        item = ReadPage(page, where, tag, self.state_of(tag) | {"newest": str(mark)})
        yield item
        await item.stored
        if mark < top and number < FARTHEST_ON:
            yield self._timeline(tag, self.newer, {"min_id": mark}, top=top, number=number + 1)


def _shown(state: dict[str, Any]) -> dict[str, str]:
    """The statuses of the newest page at the last crawl, `uri` by id."""
    shown = state.get("shown")
    found = shown.items() if isinstance(shown, dict) else ()
    return {number: uri for number, uri in found if _id(number) is not None and isinstance(uri, str)}


def _id(value: object) -> int | None:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else None
