"""What every way of reading a Discourse forum shares."""

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

from scrapy.http import Response

from crawlers.job import ReadPage
from crawlers.parameters.forums import DiscourseParameters
from crawlers.parsers import discourse
from crawlers.spiders.recent import Reading, RecentSpider
from crawlers.spiders.topics import TopicsSpider

PER_REQUEST = 20
"""Posts that are asked for by their ids at a time."""
MATCHING = "matching posts"
MOST_FAILURES = 3
"""Of one crawl. After so many it is the forum that fails, and not one topic or some posts of it."""


class DiscourseForumSpider(TopicsSpider, RecentSpider):
    """Where posts stand, and whether one is gone."""

    @property
    def wanted(self) -> DiscourseParameters:
        assert isinstance(self.job.parameters, DiscourseParameters)  # noqa: S101 - the table of kinds says so
        return self.job.parameters

    @property
    def site(self) -> str:
        return (self.job.base_url or "").rstrip("/")

    @property
    def namespace(self) -> str:  # type: ignore[override]
        return discourse.namespace(self.site)

    def _some(self, topic: int, posts: Sequence[int]) -> str:
        return f"{self.site}/t/{topic}/posts.json?{urlencode([('post_ids[]', one) for one in posts])}"

    def post_address(self, number: int | str) -> str:
        return f"{self.site}/posts/{number}.json"

    def is_withdrawn(self, response: Response) -> bool:
        """Also when it stands in a closed category now. Another refusal may be of all the forum."""
        return self.is_absent(response) or (response.status == 403 and discourse.is_withheld(response.body))

    def fate(self, response: Response, where: str) -> bool | None:
        if self.is_withdrawn(response):
            return True
        found = super().fate(response, where)
        return found or discourse.is_taken_away(response.body) or found

    def missing(self, part: str, identities: list[str]) -> Iterator[Any]:
        for identity in identities:
            address = self.post_address(identity)
            yield self.ask(address, self.looked_up, where=f"{part} gone", part=part, identity=identity)

    async def looked_up(self, response: Response, where: str, part: str, identity: str) -> AsyncIterator[Any]:
        if self.is_gone(response, where):
            for one in self.all_gone(part, [identity], proven=True):
                yield one

    def _is_failing(self) -> bool:
        return len(self.job.findings.failures) >= MOST_FAILURES

    async def _over(self, end: ReadPage | None, reading: Reading) -> AsyncIterator[Any]:
        """The end of a reading, and what follows it."""
        if end is None:
            return
        yield end
        await end.stored
        for one in self._after(reading, None):
            yield one
