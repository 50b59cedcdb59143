"""Reviews of a company's own places, through Google's Business Profile."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

from crawlers.paging import in_turn
from crawlers.parameters.reviews import GoogleBusinessParameters
from crawlers.parsers import google_business
from crawlers.parsers.stretch import Stretch
from crawlers.sources import SOURCES
from crawlers.spiders.google import GoogleSpider
from crawlers.spiders.recent import Reading
from crawlers.spiders.whole import SinglySpider, WholeSpider

A_PAGE = 50


class GoogleBusinessSpider(GoogleSpider, SinglySpider, WholeSpider):
    """Each place is a part. Whether a reply counts as a change of the review is unsure: a month is read again."""

    namespace = google_business.NAMESPACE
    scope = "https://www.googleapis.com/auth/business.manage"
    most_pages = 100
    misses_at_once = True
    reread = timedelta(days=30)

    @property
    def wanted(self) -> GoogleBusinessParameters:
        assert isinstance(self.job.parameters, GoogleBusinessParameters)  # noqa: S101 - the table of kinds says so
        return self.job.parameters

    def begin(self) -> Iterator[Any]:
        """Places that were never read come first, and the others in another order each hour: there may be more of them
        than one crawl has time for.
        """
        places = in_turn(self.wanted.locations, len(self.wanted.locations), self.job.now())
        for location in sorted(places, key=lambda place: bool(self.state_of(place))):
            yield self.back(location)

    def _reviews(self, location: str) -> str:
        site = (self.job.base_url or SOURCES["google_business"].home or "").rstrip("/")
        return f"{site}/v4/accounts/{self.wanted.account}/locations/{location}/reviews"

    def address(self, reading: Reading, cursor: str | None) -> str:
        asked = {"pageSize": str(A_PAGE), "orderBy": "updateTime desc"} | (
            {"pageToken": cursor} if cursor else {}
        )
        return f"{self._reviews(reading.part)}?{urlencode(asked, quote_via=quote)}"

    def one(self, part: str, identity: str) -> str:
        return f"{self._reviews(part)}/{quote(identity, safe='')}"

    def stretch_of(self, body: bytes, reading: Reading) -> Stretch:
        return google_business.parse(body, first=reading.number == 1)
