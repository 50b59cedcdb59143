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
from crawlers.resuming import HELD
from crawlers.spiders.permalinks import PermalinkSpider
from storage.standing import Standing

OMITTED = "omitted"


class MarkedSpider(PermalinkSpider):
    """State of the part `omitted`: `missed`, since when reviews are missing from a page that would show them, by id;
    `doubted`, when others were of which so many were missing at once that nobody can tell, which are missed no more;
    `choosing`, when a page showed again what it lacked: it shows some by choice, and what it lacks means nothing;
    `held`, of pages that were read for the first time by a crawl that is not over, how many reviews they had.
    """

    def __init__(self, *named: Any, **more: Any) -> None:
        super().__init__(*named, **more)
        self.pages: dict[str, Shown] = {}
        state = self.state_of(OMITTED)
        self.missed, self.doubted, self.choosing = (
            times_of(state.get(name)) for name in ("missed", "doubted", "choosing")
        )
        held = state.get(HELD)
        self.held: dict[str, object] = held if isinstance(held, dict) else {}
        self.has_read_first = False

    def is_missing_any(self) -> bool:
        """Whether pages are read whole, also unchanged ones: what is missed may stand on any of them."""
        return bool(self.looks.missed or self.missed)

    def remember(self, address: str, page: Page, had: object) -> None:
        """What a page showed that `had` so many before. Not of one with a review that cannot be read: it may be any."""
        if page.records and not page.problems:
            had = count(had) or count(self.held.get(address))
            self.pages[urldefrag(address).url] = Shown.of(page, had or 0)
            if not had:
                self.held[address] = page.entries
                self.has_read_first = True

    def after_held(self, item: ReadPage) -> Iterator[ReadPage]:
        """`item`, and before one that was read for the first time how many reviews it has: else a crawl that is killed
        forgets of what it stored that the page showed it.
        """
        if self.has_read_first:
            self.has_read_first = False
            yield ReadPage(Page(), OMITTED, OMITTED, self.state_of(OMITTED) | {HELD: dict(self.held)})
        yield item

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
        now, waiting, missing = self.job.now(), self._waiting(), []
        for page, posts in self._stood().items():
            again = self.pages[page].ids.intersection(self.missed)
            if any(post.external_id in again for post in posts):
                self.choosing[page] = now
            if now - self.choosing.get(page, EARLIEST) > RECENT:
                lacked, doubted = self.pages[page].lacks(posts, self._there(), waiting)
                missing += lacked
                for post in doubted:
                    self.doubted[post.external_id] = now
                    waiting.pop(post.external_id, None)
        for post in missing:
            since = waiting.setdefault(post.external_id, now)
            if certain and now - since >= self.wait and self.looks.has_read_since(since):
                del waiting[post.external_id]
                yield ReadPage(gone(post.namespace, post.external_id), OMITTED, OMITTED)
        state = self._state(waiting)
        if state or self.state_of(OMITTED):
            yield ReadPage(Page(), OMITTED, OMITTED, state)

    def _stood(self) -> dict[str, list[Standing]]:
        """By page that was read now, what stood there and is not doubted."""
        stood: dict[str, list[Standing]] = {page: [] for page in self.pages}
        for post in self.job.standing(self.job.now() - RECENT, MOST_STANDING):
            if post.external_id not in self.doubted or post.external_id in self.seen:
                stood.get(urldefrag(post.url).url, []).append(post)
        return stood

    def _there(self) -> set[str]:
        return self.seen | self.job.findings.unread

    def _waiting(self) -> dict[str, datetime]:
        """What was missed before and is still not there."""
        there, oldest = self._there(), self.job.now() - FORGOTTEN
        return {key: since for key, since in self.missed.items() if key not in there and since >= oldest}

    def _state(self, missed: dict[str, datetime]) -> dict[str, dict[str, str]]:
        oldest = self.job.now() - RECENT
        doubted = {key: at for key, at in self.doubted.items() if key not in self.seen}
        state = {
            "missed": {key: since.isoformat() for key, since in missed.items()},
            "doubted": {key: at.isoformat() for key, at in doubted.items() if at >= oldest},
            "choosing": {page: at.isoformat() for page, at in self.choosing.items() if at >= oldest},
        }
        return {name: times for name, times in state.items() if times}
