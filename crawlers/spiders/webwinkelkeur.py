"""Ratings of a shop at WebwinkelKeur, newest first."""

from typing import Any
from urllib.parse import urlencode

from crawlers.job import Job
from crawlers.parameters.reviews import WebwinkelKeurParameters
from crawlers.parsers import webwinkelkeur
from crawlers.parsers.page import Page
from crawlers.sources import SOURCES
from crawlers.spiders.offset import OffsetSpider


class WebwinkelKeurSpider(OffsetSpider):
    part = "ratings"
    limit = 100

    def __init__(self, job: Job, **named: Any) -> None:
        super().__init__(job, **named)
        self.namespace = f"{webwinkelkeur.NAMESPACE}:{self.wanted.shop_id}"

    @property
    def wanted(self) -> WebwinkelKeurParameters:
        assert isinstance(self.job.parameters, WebwinkelKeurParameters)  # noqa: S101 - the table of kinds says so
        return self.job.parameters

    def address(self, part: str, number: int) -> str:
        site = (self.job.base_url or SOURCES["webwinkelkeur"].home or "").rstrip("/")
        query = {"id": self.wanted.shop_id, "code": self.job.secrets["code"], "limit": self.limit}
        return f"{site}/api/1.0/ratings.json?{urlencode(query | {'offset': self.start_of(number)})}"

    def parsed_from(self, body: bytes, start: int) -> Page:
        return webwinkelkeur.parse(body, self.wanted.shop_id, start)
