"""Reviews of an app in Google Play, from the list that its page loads."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import urlencode

from scrapy import Request

from crawlers.job import Job, ReadPage
from crawlers.paging import gone_from, times_of
from crawlers.parameters.apps import PlayParameters
from crawlers.parsers import google_play
from crawlers.parsers.page import gone
from crawlers.parsers.stretch import Stretch
from crawlers.sources import SOURCES
from crawlers.spiders.recent import Gap, Reading
from crawlers.spiders.whole import EndingSpider, WholeSpider

NEWEST_FIRST = 2
A_CALL = 199
"""Reviews; the list gives no more than about 200 at once."""


class PlaySpider(EndingSpider, WholeSpider):
    """A review has no address to look it up at: it is gone when it is missing twice.

    State of the part: also what `gone_from` keeps.
    """

    most_pages = 20
    misses_all = False

    def __init__(self, job: Job, **named: Any) -> None:
        super().__init__(job, **named)
        self.namespace = google_play.namespace(self.wanted.package)

    @property
    def wanted(self) -> PlayParameters:
        assert isinstance(self.job.parameters, PlayParameters)  # noqa: S101 - the table of kinds says so
        return self.job.parameters

    async def start(self) -> AsyncIterator[Any]:
        yield self.back(f"{self.wanted.language} {self.wanted.country}")

    def address(self, reading: Reading, cursor: str | None) -> str:
        site = (self.job.base_url or SOURCES["google_play"].home or "").rstrip("/")
        asked = urlencode({"hl": self.wanted.language, "gl": self.wanted.country})
        return f"{site}/_/PlayStoreUi/data/batchexecute?{asked}"

    def step(self, reading: Reading) -> Request:
        where = f"{reading.part} page {reading.number}"
        form = {"f.req": asked_for(self.wanted.package, reading.cursor)}
        return self.ask(
            self.address(reading, reading.cursor), self.went_back, form=form, where=where, reading=reading
        )

    def stretch_of(self, body: bytes, reading: Reading) -> Stretch:
        return google_play.parse(body, self.wanted.package, self.wanted.language)

    def _after(self, reading: Reading, gap: Gap | None) -> Iterator[Any]:
        if not reading.gap:
            yield from self._compared(reading)
        yield from super()._after(reading, gap)

    def _compared(self, reading: Reading) -> Iterator[ReadPage]:
        """What is gone from a reading, and what is left of it to compare with the next."""
        state, nameless = self.state_of(reading.part), self.job.findings.nameless
        missing, seen = self.lost(reading), reading.seen.keys()
        if not reading.reread:
            if nameless or not (missing or seen & times_of(state.get("missed")).keys()):
                return  # how many there were before is known of the whole week only
            nameless = state.get("nameless", 0)
        lost, left = gone_from(state, missing, nameless, self.job.now(), seen)
        state |= left
        state["shown"] = {key: time for key, time in state.get("shown", {}).items() if key not in lost}
        state["doubted"] = {key: number for key, number in left["doubted"].items() if key in state["shown"]}
        yield ReadPage(gone(self.namespace, *lost), f"{reading.part} missing", reading.part, state)


def asked_for(package: str, token: str | None) -> str:
    """The call for the newest reviews, or for those that follow a token: JSON inside JSON."""
    page = [A_CALL] if token is None else [A_CALL, None, token]
    everything = [None] * 9
    asked = [None, [2, NEWEST_FIRST, page, None, everything], [package, 7]]
    inner = json.dumps(asked, separators=(",", ":"))
    return json.dumps([[[google_play.CALL, inner, None, "generic"]]], separators=(",", ":"))
