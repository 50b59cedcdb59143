"""A recent search on X, paid for by the post."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from scrapy import Request
from scrapy.http import Response

from crawlers.causes import Cause, Failure
from crawlers.dates import instant
from crawlers.parameters.social import XParameters
from crawlers.parsers import x
from crawlers.parsers.stretch import Stretch, span
from crawlers.parsers.x import Found
from crawlers.sources import SOURCES
from crawlers.spiders.absent import AbsentSpider
from crawlers.spiders.recent import Gap, Reading

LIMIT = 100
FURTHEST = timedelta(days=7)
"""How far the search goes back; it refuses to begin before that."""
FIELDS = {
    "tweet.fields": "created_at,lang,public_metrics,author_id,conversation_id,referenced_tweets,entities,note_tweet",
    "expansions": "author_id",
    "user.fields": "username,name,public_metrics",
}


_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class Recheck(Reading):
    """The rest of a reading again of six days, from `ceiling` on, which an earlier crawl had come to."""

    ceiling: datetime


class XSpider(AbsentSpider):
    """Every crawl asks for what came after the newest post (`mark`); once a day six days are asked for again.

    The search is complete over those days, so what it does not show any more is gone: there is no other way to see
    that without paying for each post by itself. Where one crawl does not pay for all of them, the next ones go on.

    State: `checked_to`, the time to which the reading again has come, while there is more of it.
    """

    namespace = x.NAMESPACE
    most_missing = 100
    overlap = timedelta(0)
    reread = timedelta(days=6)
    resumes = False  # a gap; `checked_to` tells what is missing too
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
        asked |= self._between(reading) | FIELDS | ({"next_token": token} if token else {})
        site = (self.job.base_url or SOURCES["x"].home or "").rstrip("/")
        return f"{site}/2/tweets/search/recent?{urlencode(asked)}"

    def _between(self, reading: Reading) -> dict[str, str]:
        """From where on, and up to where; nothing where that is longer ago than the search goes back."""
        if isinstance(reading, Recheck):
            # The end is not part of it: the last post that was read is the first one now, so that something is shown.
            return _times(start_time=reading.floor, end_time=reading.ceiling + _SECOND)
        state, earliest = self.state_of(reading.part), self.job.now() - FURTHEST + timedelta(minutes=30)
        newest, mark = instant(state.get("newest")), state.get("mark")
        if gap := reading.gap:
            since = {"since_id": gap.mark} if gap.mark and gap.floor > earliest else {}
            return {"until_id": gap.cursor} | since
        if reading.reread or not mark:
            below = reading.floor if reading.floor and reading.floor > earliest else None
            return _times(start_time=below)
        return {"since_id": str(mark)} if newest and newest > earliest else {}

    def stretch_of(self, body: bytes, reading: Reading) -> Found:
        page = x.parse(body)
        if not page.entries and reading.lowest:
            # It may be so by mistake: what was read goes as far as the page before.
            identity, time = reading.lowest
            page = replace(page, lowest=identity, span=span([time]))
        # Further down the newest post is not the newest of all.
        return replace(page, mark=None) if isinstance(reading, Recheck) else page

    def place(self, page: Stretch) -> str:
        """An id, since the mark of a page holds only with the question that it came from."""
        return (page.lowest if isinstance(page, Found) else None) or super().place(page)

    def gone_for_good(self, part: str, identities: list[str]) -> Iterator[Any]:
        return self.all_gone(part, identities)

    def lost(self, reading: Reading) -> list[str]:
        if isinstance(reading, Recheck):
            shown = self.known(reading.part).shown
            return [key for key in super().lost(reading) if shown[key] <= reading.ceiling]
        # Who asks for what is newer is shown nothing that was read before, whatever our clock says of it.
        return super().lost(reading) if reading.reread else []

    def _left(self, state: dict[str, Any], reading: Reading) -> dict[str, Any]:
        newest, floor = instant(state.get("newest")), reading.floor
        left = super()._left(state, reading)
        if reading.reread or isinstance(reading, Recheck):
            left.pop("checked_to", None)
            # What was never read, by a first reading or since the newest post, is no matter of reading again.
            if newest and floor and min(floor, newest) > self._furthest():
                left["checked_to"] = min(floor, newest).isoformat()
        return left

    def _after(self, reading: Reading, gap: Gap | None) -> Iterator[Any]:
        yield from super()._after(reading, gap)
        if gap is None and not isinstance(reading, Recheck):
            yield from self._rechecked(reading)

    def _rechecked(self, reading: Reading) -> Iterator[Request]:
        """Go on with reading again, where this crawl may pay for more."""
        ceiling, floor = instant(self.state_of(reading.part).get("checked_to")), self._furthest()
        number = reading.number + bool(reading.entries)
        if ceiling and ceiling > floor and self._has_room(number):
            yield self.step(Recheck(reading.part, floor, reread=False, number=number, ceiling=ceiling))

    def _furthest(self) -> datetime:
        return self.job.now() - self.reread

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


def _times(**named: datetime | None) -> dict[str, str]:
    """Times as X takes them; without those that are not there."""
    return {name: f"{time:%Y-%m-%dT%H:%M:%SZ}" for name, time in named.items() if time}
