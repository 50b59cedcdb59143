"""A look at the own addresses of posts that their source does not show any more: those that are gone are removed."""

import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urldefrag

from scrapy.http import Response
from twisted.python.failure import Failure as TwistedFailure

from crawlers.causes import Cause, Failure
from crawlers.job import ReadPage
from crawlers.paging import TWICE, WHOLE_EVERY, in_turn
from crawlers.parsers.addresses import rebased, site
from crawlers.parsers.blocks import SAID, challenge
from crawlers.parsers.page import Page, gone
from crawlers.permalinks import MOST_STANDING, RECENT, Looks
from crawlers.spiders.reading import ReadingSpider, why
from storage.standing import Standing

logger = logging.getLogger(__name__)

PERMALINKS = "permalinks"
NOT_FOR_US = "the site does not let us look up by themselves what it shows no more; asked again in a day"


@dataclass(frozen=True)
class Round:
    """What one crawl looks up: addresses still to ask for (`left`), those that were `there` and those `absent`.

    `controls` are addresses of posts that the source still shows, one of each site. Where nothing of a site was there
    its control is asked for too: a site of which every page is absent does not answer, or not us.
    """

    left: tuple[str, ...]
    controls: tuple[str, ...]
    there: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()

    def next(self) -> str | None:
        """What to ask for now."""
        if self.left:
            return self.left[0]
        open_sites = {site(one) for one in self.absent} - {site(one) for one in self.there}
        return next((one for one in self.controls if site(one) in open_sites), None)

    def found(self, address: str, *, there: bool) -> "Round":
        """The same when it is known of what was asked for whether it is there."""
        left = tuple(one for one in self.left if one != address)
        rest = replace(self, left=left, controls=tuple(one for one in self.controls if one != address))
        if there:
            return replace(rest, there=(*self.there, address))
        return rest if address in self.controls else replace(rest, absent=(*self.absent, address))

    def outcome(self) -> dict[str, bool | None]:
        """Whether each was there; None for one that is absent on a site of which nothing was."""
        answering = {site(one) for one in self.there}
        absent = {one: False if site(one) in answering else None for one in self.absent}
        return {**dict.fromkeys(self.there, True), **absent}


class PermalinkSpider(ReadingSpider):
    """A kind whose pages do not tell what was removed, and may show but the newest posts.

    State of the part `permalinks`: what is known of addresses (`Looks`), and `moved`, the posts that were shown
    on other pages since their own is missed.
    """

    wait = TWICE
    """Between two looks at an address that does not exist, of which the second is believed."""

    def __init__(self, *named: Any, **more: Any) -> None:
        super().__init__(*named, **more)
        state = self.state_of(PERMALINKS)
        self.looks = Looks.of(state, self.wait)
        kept = state.get("moved")
        self.moved = frozenset(kept if isinstance(kept, list) else ())
        self.seen: set[str] = set()
        self.shown: list[Standing] = []
        self.waiting: list[Standing] = []

    def homes(self) -> frozenset[str]:
        """Addresses of the sites that are read; of others nothing is asked."""
        raise NotImplementedError

    def still_shows(self, post: Standing) -> bool:
        """Whether the source shows it, though it may not have been `seen` in this crawl."""
        raise NotImplementedError

    def look_up(self) -> Iterator[Any]:
        """Ask for some of what is shown no more, once all is read that this crawl reads."""
        if any(one.cause is not Cause.NOT_FOUND for one in self.job.findings.failures):
            return
        now, seen = self.job.now(), self.seen | self.job.findings.unread
        sites = {site(one) for one in (*self.homes(), self.job.base_url) if one}
        found = (
            one._replace(url=urldefrag(one.url).url) for one in self.job.standing(now - RECENT, MOST_STANDING)
        )
        for post in (one for one in found if site(one.url) in sites):
            shows = post.external_id in seen or self.still_shows(post)
            (self.shown if shows else self.waiting).append(post)
        self.waiting = [post for post in self.waiting if post.external_id not in self.moved]
        addresses = {post.url for post in self.waiting}
        left = self.looks.due(addresses, now)
        if left or self.looks.state():
            others = in_turn({post.url for post in self.shown} - addresses, MOST_STANDING, now)
            controls = {site(one): one for one in others}
            yield from self._on(Round(tuple(left), tuple(controls.values())))

    def _on(self, so_far: Round) -> Iterator[Any]:
        address = so_far.next()
        if address is None or not self.has_time():
            yield from self._concluded(so_far)
            return
        asked = self.ask(
            rebased(address, self.job.base_url),
            self.permalink_read,
            where=PERMALINKS,
            permalink=address,
            so_far=so_far,
        )
        # One that stays silent ends this; there is no haste.
        yield asked.replace(errback=self.permalink_unread, meta={**asked.meta, "dont_retry": True})

    async def permalink_read(
        self, response: Response, where: str, permalink: str, so_far: Round
    ) -> AsyncIterator[Any]:
        there = not self.is_absent(response)
        wall = self._wall(response, where) if there and not self.is_closed(response) else None
        if wall and (wall.cause is Cause.RATE_LIMITED or (wall.retry_after and self.is_of_all(wall))):
            self.refuse(wall)  # this is about the host, whatever it was asked for
        onward = self._kept_out(so_far) if wall else self._on(so_far.found(permalink, there=there))
        for one in onward:
            yield one

    def permalink_unread(self, trouble: TwistedFailure) -> Iterator[Any]:
        """No answer, or none that robots.txt allows: no fault of the source, whose pages were read."""
        cb_kwargs: dict[str, Any] = trouble.request.cb_kwargs  # type: ignore[attr-defined]
        cause, detail = why(trouble.value)
        logger.info("%s, %s: %s (%s)", self.job.name, PERMALINKS, cause, detail)
        yield from self._kept_out(cb_kwargs["so_far"])

    def _wall(self, response: Response, where: str) -> Failure | None:
        if failure := self.unfit(response, where):
            return failure
        cause = challenge(response.body)
        return Failure(cause, where, SAID[cause]) if cause else None

    def _kept_out(self, so_far: Round) -> Iterator[Any]:
        """End here, and leave the single pages of the site alone for a day."""
        self.job.findings.note(NOT_FOR_US)
        self.looks = replace(self.looks, rests_until=self.job.now() + WHOLE_EVERY)
        yield from self._concluded(so_far)

    def _concluded(self, so_far: Round) -> Iterator[Any]:
        """What is removed, and the state that this leaves."""
        addresses = {post.url for post in self.waiting}
        lost, looks = self.looks.after(so_far.outcome(), addresses, self.job.now())
        removed: dict[str, list[str]] = {}
        for post in self.waiting:
            if post.url in lost:
                removed.setdefault(post.namespace, []).append(post.external_id)
        for namespace, identities in removed.items():
            yield ReadPage(gone(namespace, *identities), PERMALINKS, PERMALINKS)
        moved = {post.external_id for post in self.shown if post.url in looks.missed}
        kept = self.moved | moved if looks.missed else moved
        state = looks.state() | ({"moved": sorted(kept)} if kept else {})
        yield ReadPage(Page(), PERMALINKS, PERMALINKS, state)
