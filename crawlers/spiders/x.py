"""A recent search on X, paid for by the post."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from scrapy.http import Response

from crawlers.causes import Cause, Failure
from crawlers.dates import instant
from crawlers.parameters.social import XParameters
from crawlers.parsers import x
from crawlers.parsers.stretch import Stretch
from crawlers.parsers.x import Found
from crawlers.sources import SOURCES
from crawlers.spiders.absent import AbsentSpider
from crawlers.spiders.recent import Reading

LIMIT = 100
FURTHEST = timedelta(days=7)
"""How far the search goes back; it refuses to begin before that."""
FIELDS = {
    "tweet.fields": "created_at,lang,public_metrics,author_id,conversation_id,referenced_tweets,entities,note_tweet",
    "expansions": "author_id",
    "user.fields": "username,name,public_metrics",
}


class XSpider(AbsentSpider):
    """Every crawl asks for what came after the newest post (`mark`); once a day six days are asked for again.

    The search is complete over those days, so what it does not show any more is gone: there is no other way to see
    that without paying for each post by itself.
    """

    namespace = x.NAMESPACE
    most_missing = 100
    overlap = timedelta(0)
    reread = timedelta(days=6)
    backlog = FURTHEST

    def __init__(self, *named: Any, **more: Any) -> None:
        super().__init__(*named, **more)
        self.most_pages, self.rereads = self.wanted.pages, self.wanted.recheck

    @property
    def wanted(self) -> XParameters:
        assert isinstance(self.job.parameters, XParameters)  # noqa: S101 - the table of kinds says so
        return self.job.parameters

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.job.secrets['token']}"}

    async def start(self) -> AsyncIterator[Any]:
        yield self.back(self.wanted.query)

    def address(self, reading: Reading, cursor: str | None) -> str:
        asked: dict[str, object] = {"query": self.wanted.query, "max_results": LIMIT}
        token = cursor if cursor and not (reading.gap and cursor == reading.gap.cursor) else None
        asked |= self._since(reading) | FIELDS | ({"next_token": token} if token else {})
        site = (self.job.base_url or SOURCES["x"].home or "").rstrip("/")
        return f"{site}/2/tweets/search/recent?{urlencode(asked)}"

    def _since(self, reading: Reading) -> dict[str, str]:
        """From where on; nothing where that is longer ago than the search goes back."""
        state, earliest = self.state_of(reading.part), self.job.now() - FURTHEST + timedelta(minutes=30)
        newest, mark = instant(state.get("newest")), state.get("mark")
        if gap := reading.gap:
            since = {"since_id": gap.mark} if gap.mark and gap.floor > earliest else {}
            return {"until_id": gap.cursor} | since
        if reading.reread or not mark:
            below = reading.floor if reading.floor and reading.floor > earliest else None
            return {"start_time": f"{below:%Y-%m-%dT%H:%M:%SZ}"} if below else {}
        return {"since_id": str(mark)} if newest and newest > earliest else {}

    def stretch_of(self, body: bytes, reading: Reading) -> Found:
        return x.parse(body)

    def place(self, page: Stretch) -> str:
        """An id, since the mark of a page holds only with the question that it came from."""
        return (page.lowest if isinstance(page, Found) else None) or super().place(page)

    def gone_for_good(self, part: str, identities: list[str]) -> Iterator[Any]:
        return self.all_gone(part, identities)

    def unfit(self, response: Response, where: str) -> Failure | None:
        failure = super().unfit(response, where)
        if failure and response.status == 400:
            return replace(
                failure, cause=Cause.CONFIGURATION, detail="status 400: X does not take this query"
            )
        if failure and response.status == 402:
            return replace(
                failure, cause=Cause.FORBIDDEN, detail="status 402: there is nothing left to pay with"
            )
        return failure
