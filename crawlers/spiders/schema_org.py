"""Pages with reviews marked up for search engines."""

from crawlers.parameters.pages import SchemaOrgParameters
from crawlers.parsers import schema_org
from crawlers.parsers.page import Page
from crawlers.spiders.conditional import ConditionalSpider


class SchemaOrgSpider(ConditionalSpider):
    def addresses(self) -> dict[str, str]:
        assert isinstance(self.job.parameters, SchemaOrgParameters)  # noqa: S101 - the table of kinds says so
        return {url: url for url in self.job.parameters.urls}

    def parsed(self, body: bytes, url: str, content_type: str) -> Page:
        return schema_org.parse(body, url, self.job.now(), content_type)
