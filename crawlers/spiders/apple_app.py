"""Reviews of an app in one country's App Store."""

from typing import Any

from crawlers.job import Job
from crawlers.parameters.apps import AppleParameters
from crawlers.parsers import apple_app
from crawlers.parsers.page import Page
from crawlers.sources import SOURCES
from crawlers.spiders.listing import ListingSpider

A_PAGE = 50


class AppleSpider(ListingSpider):
    most_pages = 10  # the feed has no more

    def __init__(self, job: Job, **named: Any) -> None:
        super().__init__(job, **named)
        self.namespace = apple_app.namespace(self.wanted.country, self.wanted.app_id)

    @property
    def wanted(self) -> AppleParameters:
        assert isinstance(self.job.parameters, AppleParameters)  # noqa: S101 - the table of kinds says so
        return self.job.parameters

    def parts(self) -> tuple[str, ...]:
        return (self.wanted.country,)

    def address(self, part: str, number: int) -> str:
        # Another order or other capitals can give an empty answer: this form is the one that works.
        site = (self.job.base_url or SOURCES["apple_app"].home or "").rstrip("/")
        return (
            f"{site}/{part}/rss/customerreviews/page={number}/id={self.wanted.app_id}/sortBy=mostRecent/json"
        )

    def has_more(self, page: Page) -> bool:
        # The feed's own link leads to XML; there is no more when a page is empty.
        return page.entries > 0

    def is_short(self, page: Page) -> bool:
        return page.entries < A_PAGE

    def parsed(self, body: bytes, part: str, number: int) -> Page:
        return apple_app.parse(body, part, self.wanted.app_id)
