"""Reviews of an app of one's own, through the Play Developer API."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

from crawlers.job import Job
from crawlers.parameters.apps import PlayDeveloperParameters
from crawlers.parsers import play_developer
from crawlers.parsers.google_play import namespace
from crawlers.parsers.stretch import Stretch
from crawlers.sources import SOURCES
from crawlers.spiders.google import GoogleSpider
from crawlers.spiders.recent import Reading
from crawlers.spiders.whole import SinglySpider

A_PAGE = 100
SHOWN = timedelta(days=6)
"""The interface shows what changed in the last week. What is almost that old may be there or not."""


class PlayDeveloperSpider(GoogleSpider, SinglySpider):
    """Google does not say in which order its list of a week stands."""

    newest_first = False
    scope = "https://www.googleapis.com/auth/androidpublisher"
    reread = SHOWN

    def __init__(self, job: Job, **named: Any) -> None:
        super().__init__(job, **named)
        self.namespace = namespace(self.wanted.package)

    @property
    def wanted(self) -> PlayDeveloperParameters:
        assert isinstance(self.job.parameters, PlayDeveloperParameters)  # noqa: S101 - the table of kinds says so
        return self.job.parameters

    def begin(self) -> Iterator[Any]:
        yield self.back("reviews")

    @property
    def _reviews(self) -> str:
        site = (self.job.base_url or SOURCES["play_developer"].home or "").rstrip("/")
        return f"{site}/androidpublisher/v3/applications/{self.wanted.package}/reviews"

    def address(self, reading: Reading, cursor: str | None) -> str:
        return f"{self._reviews}?{urlencode({'maxResults': A_PAGE} | ({'token': cursor} if cursor else {}))}"

    def one(self, part: str, identity: str) -> str:
        return f"{self._reviews}/{quote(identity, safe='')}"

    def stretch_of(self, body: bytes, reading: Reading) -> Stretch:
        return play_developer.parse(body, self.wanted.package)

    def lost(self, reading: Reading) -> list[str]:
        """A review that is older than a week is not shown any more, which does not mean that it is gone."""
        shown, since = self.known(reading.part).shown, self.job.now() - SHOWN
        return [key for key in super().lost(reading) if shown[key] >= since]
