"""One RSS or Atom feed."""

from typing import Any

from crawlers.parameters.pages import FeedParameters
from crawlers.parsers import feed
from crawlers.parsers.page import Page
from crawlers.spiders.shown import ShownSpider
from storage.standing import Standing

FEED = "feed"
MOST_SHOWN = 1_000
"""Ids, the newest; a feed that holds more has the others looked up now and then."""


class FeedSpider(ShownSpider):
    """State of the feed, besides: `shown`, the ids of what it held."""

    @property
    def wanted(self) -> FeedParameters:
        assert isinstance(self.job.parameters, FeedParameters)  # noqa: S101 - the table of kinds says so
        return self.job.parameters

    def addresses(self) -> dict[str, str]:
        return {FEED: self.wanted.url}

    def homes(self) -> frozenset[str]:
        return super().homes().union(self.wanted.sites)

    def parsed(self, body: bytes, url: str, content_type: str) -> Page:
        return feed.parse(body, url, self.job.now(), content_type)

    def kept(self, page: Page) -> dict[str, Any]:
        refused = (problem.identity for problem in page.problems)
        return {"shown": [one for one in (*page.ids, *refused) if one][:MOST_SHOWN]}

    def still_shows(self, post: Standing) -> bool:
        """An unchanged feed shows what it held."""
        return post.external_id in self.state_of(FEED).get("shown", ())
