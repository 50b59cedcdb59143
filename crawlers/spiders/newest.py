"""Feeds of the newest posts of a forum, which it numbers as they are written."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from scrapy.http import Response

from crawlers.job import ReadPage
from crawlers.omissions import is_believed, reach
from crawlers.paging import missing_twice, times_of
from crawlers.parsers.page import Page, gone
from crawlers.spiders.conditional import ConditionalSpider

ABSENT = "absent"
MOST_REMEMBERED = 500
"""Posts; more than any feed shows."""


class NewestSpider(ConditionalSpider):
    """What a feed lacks twice, while newer and older posts are there, is gone. It is not looked up: who may read feeds
    may not be let in to pages.

    State of a feed: also `shown`, the numbers of its newest posts, and `absent`, since when it lacks some of those.
    """

    namespace: str

    def shown_in(self, part: str) -> list[int]:
        return [one for one in self.state_of(part).get("shown") or () if isinstance(one, int)]

    def known_form(self, where: str) -> dict[str, Any]:
        """Nothing while a post is absent: a feed that did not change would not tell so once more."""
        state = self.state_of(where)
        return {} if state.get(ABSENT) else state

    async def read(self, response: Response, where: str, url: str) -> AsyncIterator[Any]:
        async for item in super().read(response, where, url):
            lost, kept = self._absent(item.page, where) if item.page.entries else ([], {})
            yield replace(item, state=(item.state or {}) | kept)
            if lost:
                yield ReadPage(gone(self.namespace, *lost), f"{where} gone", where)

    def _absent(self, page: Page, where: str) -> tuple[list[str], dict[str, Any]]:
        """Which posts are gone, and what is known of the feed then."""
        state, before = self.state_of(where), self.shown_in(where)
        if page.nameless or not all(one.isdigit() for one in page.ids):
            return [], {name: state[name] for name in ("shown", ABSENT) if name in state}
        listed = [int(one) for one in page.ids]
        there = {*listed, *(int(one) for one in self.job.findings.unread if one.isdigit())}
        down_to = reach(listed)
        wanted = [one for one in before if down_to and one > down_to]
        missing = {one for one in wanted if one not in there}
        if not is_believed(len(missing), len(wanted)):
            before, missing = [one for one in before if one not in missing], set()
        since = {key: at for key, at in times_of(state.get(ABSENT)).items() if int(key) not in there}
        lost, absent = missing_twice(since, map(str, missing), self.job.now())
        shown = sorted(there.union(before).difference(map(int, lost)))[-MOST_REMEMBERED:]
        return lost, {"shown": shown} | ({ABSENT: absent} if absent else {})
