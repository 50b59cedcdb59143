"""Reviews of an app in Google Play, from the list that its page loads."""

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

from scrapy import Request

from crawlers.parameters.apps import PlayParameters
from crawlers.parsers import google_play
from crawlers.parsers.stretch import Stretch
from crawlers.sources import SOURCES
from crawlers.spiders.recent import Reading
from crawlers.spiders.whole import WholeSpider

NEWEST_FIRST = 2
A_CALL = 199
"""Reviews; the list gives no more than about 200 at once."""


class PlaySpider(WholeSpider):
    """The list gives no address of a single review, so what is missing from it is not looked up."""

    most_pages = 20

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

    def step(self, reading: Reading, cursor: str | None) -> Request:
        where = f"{reading.part} page {reading.number}"
        form = {"f.req": asked_for(self.wanted.package, cursor)}
        return self.ask(
            self.address(reading, cursor), self.went_back, form=form, where=where, reading=reading
        )

    def stretch_of(self, body: bytes, reading: Reading) -> Stretch:
        return google_play.parse(body, self.wanted.package, self.wanted.language)


def asked_for(package: str, token: str | None) -> str:
    """The call for the newest reviews, or for those that follow a token: JSON inside JSON."""
    page = [A_CALL] if token is None else [A_CALL, None, token]
    everything = [None] * 9
    asked = [None, [2, NEWEST_FIRST, page, None, everything], [package, 7]]
    inner = json.dumps(asked, separators=(",", ":"))
    return json.dumps([[[google_play.CALL, inner, None, "generic"]]], separators=(",", ":"))
