"""Ratings of a shop at WebwinkelKeur, newest first."""

from urllib.parse import urlencode

from crawlers.parameters.reviews import WebwinkelKeurParameters
from crawlers.parsers import webwinkelkeur
from crawlers.parsers.page import Page
from crawlers.sources import SOURCES
from crawlers.spiders.listing import ListingSpider

LIMIT = 100


class WebwinkelKeurSpider(ListingSpider):
    most_pages = 100

    @property
    def wanted(self) -> WebwinkelKeurParameters:
        assert isinstance(self.job.parameters, WebwinkelKeurParameters)  # noqa: S101 - the table of kinds says so
        return self.job.parameters

    def parts(self) -> tuple[str, ...]:
        return ("ratings",)

    def address(self, part: str, number: int) -> str:
        site = (self.job.base_url or SOURCES["webwinkelkeur"].home or "").rstrip("/")
        query = {"id": self.wanted.shop_id, "code": self.job.secrets["code"], "limit": LIMIT}
        return f"{site}/api/1.0/ratings.json?{urlencode(query | {'offset': (number - 1) * LIMIT})}"

    def has_more(self, page: Page) -> bool:
        return page.next is not None

    def parsed(self, body: bytes, part: str, number: int) -> Page:
        return webwinkelkeur.parse(body, self.wanted.shop_id, (number - 1) * LIMIT)
