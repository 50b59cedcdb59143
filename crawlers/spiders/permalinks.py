"""A look at the own addresses of posts that their source does not show any more: those that are gone are removed."""

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urldefrag

from scrapy.http import Response
from twisted.python.failure import Failure as TwistedFailure

from crawlers.causes import Cause, Failure
from crawlers.job import ReadPage
from crawlers.paging import TWICE, in_turn
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
    """What one crawl looks up: addresses still to ask for (`left`), those that were `there`, those `absent`, and those
    `closed` to us by robots.txt.

    `controls` are addresses of posts that the source still shows, one of each site. Where nothing of a site was there
    its control is asked for too: a site of which every page is absent does not answer, or not us.
    """

    left: tuple[str, ...]
    controls: tuple[str, ...]
    there: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()

    def next(self) -> str | None:
        """What to ask for now."""
        if self.left:
            return self.left[0]
        open_sites = {site(one) for one in self.absent} - {site(one) for one in self.there}
        return next((one for one in self.controls if site(one) in open_sites), None)

    def found(self, address: str, *, there: bool) -> "Round":
        """The same when it is known of what was asked for whether it is there."""
        rest = self._only(lambda one: one != address)
        if there:
            return replace(rest, there=(*self.there, address))
        return rest if address in self.controls else replace(rest, absent=(*self.absent, address))

    def shut(self, address: str) -> "Round":
        """The same when this one, of which nothing is known, is not for us."""
        rest = self._only(lambda one: one != address)
        return rest if address in self.controls else replace(rest, closed=(*self.closed, address))

    def without(self, address: str) -> "Round":
        """The same without what is still to ask for on the site of this one."""
        return self._only(lambda one: site(one) != site(address))

    def _only(self, wanted: Callable[[str], bool]) -> "Round":
        left, controls = tuple(filter(wanted, self.left)), tuple(filter(wanted, self.controls))
        return replace(self, left=left, controls=controls)

    def outcome(self) -> dict[str, bool | None]:
        """Whether each was there; None for one that is absent on a site of which nothing was."""
        answering = {site(one) for one in self.there}
        absent = {one: False if site(one) in answering else None for one in self.absent}
        return {**dict.fromkeys(self.there, True), **dict.fromkeys(self.closed), **absent}


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
        if self.has_failed():
            yield from self.moved_on()
            return
        self._sort()
        addresses, now = {post.url for post in self.waiting}, self.job.now()
        left = self.looks.due(addresses, now)
        if left or self.looks.state():
            others = in_turn({post.url for post in self.shown} - addresses, MOST_STANDING, now)
            controls = {site(one): one for one in others}
            yield from self._on(Round(tuple(left), tuple(controls.values())))

    def has_failed(self) -> bool:
        """Whether something could not be read for another reason than that it does not exist: then nobody can tell what
        is shown no more.
        """
        return any(one.cause is not Cause.NOT_FOUND for one in self.job.findings.failures)

    def moved_on(self) -> Iterator[Any]:
        """Remember what was seen while its own address is missed, though nothing is looked up in this crawl."""
        if self.looks.missed:
            self._sort()
            yield from self._concluded(Round((), ()))

    def _sort(self) -> None:
        """Tell what the source still shows from what is waiting to be looked up."""
        self.shown, self.waiting = [], []
        now, seen = self.job.now(), self.seen | self.job.findings.unread
        sites = {site(one) for one in (*self.homes(), self.job.base_url) if one}
        found = (
            one._replace(url=urldefrag(one.url).url) for one in self.job.standing(now - RECENT, MOST_STANDING)
        )
        for post in (one for one in found if site(one.url) in sites):
            shows = post.external_id in seen or self.still_shows(post)
            (self.shown if shows else self.waiting).append(post)
        self.waiting = [post for post in self.waiting if post.external_id not in self.moved]

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
        self.job.findings.looked_up[response.status] += 1
        there = not self.is_absent(response)
        wall = self._wall(response, where) if there and not self.is_closed(response) else None
        if wall and (wall.cause is Cause.RATE_LIMITED or (wall.retry_after and self.is_of_all(wall))):
            for one in self._ended_by(permalink, so_far):
                yield one
            self.refuse(wall)  # this is about the host, whatever it was asked for
        onward = self._kept_out(permalink, so_far) if wall else self._on(so_far.found(permalink, there=there))
        for one in onward:
            yield one

    def permalink_unread(self, trouble: TwistedFailure) -> Iterator[Any]:
        """No answer, or none that robots.txt allows: no fault of the source, whose pages were read."""
        cb_kwargs: dict[str, Any] = trouble.request.cb_kwargs  # type: ignore[attr-defined]
        cause, detail = why(trouble.value)
        logger.info("%s, %s: %s (%s)", self.job.name, PERMALINKS, cause, detail)
        permalink, so_far = cb_kwargs["permalink"], cb_kwargs["so_far"]
        if cause is Cause.ROBOTS:  # this one address: it was not even asked for
            self.job.findings.note(NOT_FOR_US)
            yield from self._on(so_far.shut(permalink))
        else:
            yield from self._ended_by(permalink, so_far)

    def _wall(self, response: Response, where: str) -> Failure | None:
        if failure := self.unfit(response, where):
            return failure
        cause = challenge(response.body)
        return Failure(cause, where, SAID[cause]) if cause else None

    def _kept_out(self, permalink: str, so_far: Round) -> Iterator[Any]:
        """Leave the single pages of the site alone for a day; others are asked."""
        self._leave(permalink)
        yield from self._on(so_far.without(permalink))

    def _ended_by(self, permalink: str, so_far: Round) -> Iterator[Any]:
        """The same, and ask for no more in this crawl."""
        self._leave(permalink)
        yield from self._concluded(so_far)

    def _leave(self, permalink: str) -> None:
        self.job.findings.note(NOT_FOR_US)
        self.looks = self.looks.resting(permalink, self.job.now())

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
