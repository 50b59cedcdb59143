"""Pages with reviews marked up for search engines, and what one of them lacks though it is still there."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urldefrag

from crawlers.dates import EARLIEST
from crawlers.job import ReadPage
from crawlers.omissions import Shown
from crawlers.paging import FORGOTTEN, times_of
from crawlers.parsers.page import Page, gone
from crawlers.parsers.values import count
from crawlers.permalinks import MOST_STANDING, RECENT
from crawlers.spiders.permalinks import PermalinkSpider
from storage.standing import Standing

OMITTED = "omitted"


class MarkedSpider(PermalinkSpider):
    """State of the part `omitted`: `missed`, since when reviews are missing from a page that would show them, by id;
    `choosing`, when a page showed one of those again: it shows some by choice, and what it lacks means nothing.
    """

    def __init__(self, *named: Any, **more: Any) -> None:
        super().__init__(*named, **more)
        self.pages: dict[str, Shown] = {}
        state = self.state_of(OMITTED)
        self.missed, self.choosing = times_of(state.get("missed")), times_of(state.get("choosing"))

    def is_missing_any(self) -> bool:
        """Whether pages are read whole, also unchanged ones: what is missed may stand on any of them."""
        return bool(self.looks.missed or self.missed)

    def remember(self, address: str, page: Page, had: object) -> None:
        """What a page showed that `had` so many before. Not of one with a review that cannot be read: it may be any."""
        if page.records and not page.problems:
            self.pages[urldefrag(address).url] = Shown.of(page, count(had) or 0)

    def look_up(self) -> Iterator[Any]:
        if not self.has_failed():
            yield from self._omitted(certain=True)
        yield from super().look_up()

    def moved_on(self) -> Iterator[Any]:
        yield from self._omitted(certain=False)
        yield from super().moved_on()

    def _omitted(self, certain: bool) -> Iterator[ReadPage]:
        """What is missing from pages that would show it is gone, the second time that they were all read.

        By a crawl in which something failed nothing is `certain`, but pages that it read are not sent again.
        """
        stood: dict[str, list[Standing]] = {page: [] for page in self.pages}
        for post in self.job.standing(self.job.now() - RECENT, MOST_STANDING):
            stood.get(urldefrag(post.url).url, []).append(post)
        now, waiting, missing = self.job.now(), self._waiting(), []
        for page, posts in stood.items():
            again = self.pages[page].ids.intersection(self.missed)
            if any(post.external_id in again for post in posts):
                self.choosing[page] = now
            if now - self.choosing.get(page, EARLIEST) > RECENT:
                missing += self.pages[page].lacks(posts, self._there(), waiting)
        for post in missing:
            since = waiting.setdefault(post.external_id, now)
            if certain and now - since >= self.wait and self.looks.has_read_since(since):
                del waiting[post.external_id]
                yield ReadPage(gone(post.namespace, post.external_id), OMITTED, OMITTED)
        if waiting or self.choosing or self.missed:
            yield self._left(waiting)

    def _there(self) -> set[str]:
        return self.seen | self.job.findings.unread

    def _waiting(self) -> dict[str, datetime]:
        """What was missed before and is still not there."""
        there, oldest = self._there(), self.job.now() - FORGOTTEN
        return {key: since for key, since in self.missed.items() if key not in there and since >= oldest}

    def _left(self, missed: dict[str, datetime]) -> ReadPage:
        oldest = self.job.now() - RECENT
        choosing = {page: at.isoformat() for page, at in self.choosing.items() if at >= oldest}
        state = {"missed": {key: since.isoformat() for key, since in missed.items()}, "choosing": choosing}
        return ReadPage(Page(), OMITTED, OMITTED, state)
