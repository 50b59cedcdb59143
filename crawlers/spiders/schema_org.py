"""Pages with reviews marked up for search engines."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urldefrag

from crawlers.dates import EARLIEST
from crawlers.job import ReadPage
from crawlers.omissions import Shown
from crawlers.paging import missing_twice, times_of
from crawlers.parameters.pages import SchemaOrgParameters
from crawlers.parsers import schema_org
from crawlers.parsers.page import Page, gone
from crawlers.permalinks import MOST_STANDING, RECENT
from crawlers.spiders.shown import ShownSpider
from storage.standing import Standing

OMITTED = "omitted"


class SchemaOrgSpider(ShownSpider):
    """State of the part `omitted`: `missed`, since when reviews are missing from a page that would show them, by id;
    `choosing`, when a page showed one of those again: it shows some by choice, and what it lacks means nothing.
    """

    def __init__(self, *named: Any, **more: Any) -> None:
        super().__init__(*named, **more)
        self.pages: dict[str, Shown] = {}
        self.missed = times_of(self.state_of(OMITTED).get("missed"))

    def addresses(self) -> dict[str, str]:
        assert isinstance(self.job.parameters, SchemaOrgParameters)  # noqa: S101 - the table of kinds says so
        return {url: url for url in self.job.parameters.urls}

    def parsed(self, body: bytes, url: str, content_type: str) -> Page:
        page = schema_org.parse(body, url, self.job.now(), content_type)
        if page.records and not page.problems:  # one that cannot be read may be any
            self.pages[urldefrag(url).url] = Shown.of(page)
        return page

    def known_form(self, where: str) -> dict[str, Any]:
        """Nothing while one is missed: it may stand on another page, which is read whole to find it."""
        return {} if self.looks.missed or self.missed else super().known_form(where)

    def still_shows(self, post: Standing) -> bool:
        """A page that is there still shows what it showed, or newer ones in their place."""
        return post.url in self.well

    def look_up(self) -> Iterator[Any]:
        if not any(self.is_of_more(one) for one in self.job.findings.failures):
            yield from self._omitted()
        yield from super().look_up()

    def _omitted(self) -> Iterator[ReadPage]:
        """What is missing for the second time from pages that would show it is gone."""
        now, seen = self.job.now(), self.seen | self.job.findings.unread
        stood: dict[str, list[Standing]] = {page: [] for page in self.pages}
        for post in self.job.standing(now - RECENT, MOST_STANDING):
            stood.get(urldefrag(post.url).url, []).append(post)
        choosing = times_of(self.state_of(OMITTED).get("choosing"))
        for page, posts in stood.items():
            again = self.pages[page].ids.intersection(self.missed)
            if any(post.external_id in again for post in posts):
                choosing[page] = now
        missing = [
            post
            for page, posts in stood.items()
            if now - choosing.get(page, EARLIEST) > RECENT
            for post in self.pages[page].lacks(posts, seen)
        ]
        waiting = {key: time for key, time in self.missed.items() if key not in seen}
        lost, missed = missing_twice(waiting, [post.external_id for post in missing], now)
        for post in missing:
            if post.external_id in lost:
                yield ReadPage(gone(post.namespace, post.external_id), OMITTED, OMITTED)
        if missed or choosing or self.missed:
            kept = {page: at.isoformat() for page, at in choosing.items() if now - at <= RECENT}
            yield ReadPage(Page(), OMITTED, OMITTED, {"missed": missed, "choosing": kept})
