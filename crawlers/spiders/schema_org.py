"""Pages with reviews marked up for search engines."""

from collections.abc import AsyncIterator
from typing import Any

from scrapy.http import Response

from crawlers.parameters.pages import SchemaOrgParameters
from crawlers.parsers import schema_org
from crawlers.parsers.page import Page
from crawlers.spiders.marked import MarkedSpider
from crawlers.spiders.shown import ShownSpider
from storage.standing import Standing


class SchemaOrgSpider(MarkedSpider, ShownSpider):
    def addresses(self) -> dict[str, str]:
        assert isinstance(self.job.parameters, SchemaOrgParameters)  # noqa: S101 - the table of kinds says so
        return {url: url for url in self.job.parameters.urls}

    def parsed(self, body: bytes, url: str, content_type: str) -> Page:
        page = schema_org.parse(body, url, self.job.now(), content_type)
        self.remember(url, page, self.state_of(url).get("had"))
        return page

    async def read(self, response: Response, where: str, url: str) -> AsyncIterator[Any]:
        async for page in super().read(response, where, url):
            for item in self.after_held(page):
                yield item

    def known_form(self, where: str) -> dict[str, Any]:
        return {} if self.is_missing_any() else super().known_form(where)

    def still_shows(self, post: Standing) -> bool:
        """A page that is there still shows what it showed, or newer ones in their place."""
        return post.url in self.well
