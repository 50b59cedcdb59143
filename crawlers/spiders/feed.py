"""One RSS or Atom feed."""

from crawlers.parameters.pages import FeedParameters
from crawlers.parsers import feed
from crawlers.parsers.page import Page
from crawlers.spiders.conditional import ConditionalSpider


class FeedSpider(ConditionalSpider):
    def addresses(self) -> dict[str, str]:
        assert isinstance(self.job.parameters, FeedParameters)  # noqa: S101 - the table of kinds says so
        return {"feed": self.job.parameters.url}

    def parsed(self, body: bytes, url: str, content_type: str) -> Page:
        return feed.parse(body, url, self.job.now(), content_type)
