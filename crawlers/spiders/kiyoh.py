"""Reviews of one location at Kiyoh or Klantenvertellen, and which of them were removed."""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from scrapy.http import Response

from crawlers.causes import Cause, Failure
from crawlers.dates import instant
from crawlers.job import ReadPage
from crawlers.paging import times_of
from crawlers.parameters.reviews import KIYOH_SITES, KiyohParameters
from crawlers.parsers import kiyoh, kiyoh_feed
from crawlers.parsers.page import Page
from crawlers.parsers.stretch import Stretch
from crawlers.secrets import way
from crawlers.sources import SOURCES
from crawlers.spiders.since import MOST_REMEMBERED, SinceSpider, Step

TENANTS = {"kiyoh": 98, "klantenvertellen": 99}
REMOVED_OVERLAP = timedelta(days=1)
LARGEST_LIMIT = 3_200
BEYOND = timedelta(milliseconds=1)
"""The smallest part of a second that the platform writes."""


FEED = ("hash",)
"""The way in of who has no token: an older feed, whose address has a hash that is a secret."""
FEED_LIMIT = 500
PART = "feed"


class KiyohSpider(SinceSpider):
    """State of the part `feed`: `had`, how many reviews it held.

    Of the part `removed`: `mark`, when it was last read; `told`, which removals were stored, with their times.
    """

    namespace = kiyoh.NAMESPACE
    window = timedelta(days=30)
    tells_removals = True

    @property
    def wanted(self) -> KiyohParameters:
        assert isinstance(self.job.parameters, KiyohParameters)  # noqa: S101 - the table of kinds says so
        return self.job.parameters

    @property
    def headers(self) -> dict[str, str]:
        token = self.job.secrets.get("token")
        return {"X-Publication-Api-Token": token} if token else {}

    @property
    def site(self) -> str:
        return (self.job.base_url or KIYOH_SITES[self.wanted.tenant]).rstrip("/")

    async def start(self) -> AsyncIterator[Any]:
        if way(SOURCES[self.job.kind], self.job.secrets) == FEED:
            query = urlencode({"hash": self.job.secrets["hash"], "limit": FEED_LIMIT})
            yield self.ask(f"{self.site}/v1/review/feed.json?{query}", self.fed, where=PART)
            return
        async for one in super().start():
            yield one

    async def fed(self, response: Response, where: str) -> AsyncIterator[Any]:
        state = self.state_of(PART)
        page = self.page_of(response, where, lambda body: kiyoh_feed.parse(body, first=not state))
        if page is None:
            return
        if not page.entries and (had := state.get("had")):
            self.note(Failure(Cause.EMPTY_BEFORE, where, f"{had} were there before"))
            return
        yield ReadPage(page, where, PART, {"had": page.entries})

    def _address(self, path: str, **query: object) -> str:
        return f"{self.site}/v1/publication/review/{path}?{urlencode(query)}"

    def _reviews(self, order: str, limit: int, since: datetime | None) -> str:
        # The platform calls the time of the last change "updatedSince", and takes it under that name too.
        query = {
            "locationId": self.wanted.location_id,
            "tenantId": TENANTS[self.wanted.tenant],
            "limit": limit,
        }
        when = {"updatedSince": _written(since)} if since else {}
        return self._address("external", **query, orderBy="UPDATE_DATE", sortOrder=order, **when)

    def address(self, step: Step) -> str:
        return self._reviews("ASC", self._size(step), step.since)

    def newest(self, part: str) -> str:
        return self._reviews("DESC", 1, None)

    def stretch_of(self, body: bytes, step: Step) -> Stretch:
        return kiyoh.parse(body, first="reread_at" not in self.state_of(step.part))

    def _size(self, step: Step) -> int:
        # There are no pages: when one moment fills an answer, a larger answer is asked for.
        return int(self.limit * 2 ** (step.number - 1))

    def is_last(self, step: Step, page: Stretch) -> bool:
        if self._is_stuck(step, page):
            return False
        return page.entries < self._size(step) and self.is_ended(step, page)

    def _is_stuck(self, step: Step, page: Stretch) -> bool:
        """Whether a larger answer was asked for and did not come."""
        return step.number > 1 and step.before.issuperset(page.ids)

    def same_moment(self, following: Step, step: Step, page: Stretch) -> Step:
        if self._size(step) < LARGEST_LIMIT and not (step.number > 1 and following.before <= step.before):
            return replace(super().same_moment(following, step, page), overlaps=True)
        newest = page.newest or self.job.now()
        if step.since and step.since < newest and any(time < newest for _, time in page.shown):
            return replace(following, since=newest, overlaps=True)  # not all of that one may be shown yet
        self.job.findings.note("more reviews changed at one moment than the platform shows")
        return replace(following, since=newest + BEYOND)

    def after(self, step: Step) -> Iterator[Any]:
        since = (instant(self.state_of("removed").get("mark")) or self.job.now()) - REMOVED_OVERLAP
        if step.whole:  # the time of a removal may be that of the review's last change
            since = min(since, self.job.now() - self.window)
        address = self._address("removed/latest/", updatedSince=_written(since))
        yield self.ask(address, self.removals, where="removed reviews", step=step)

    async def removals(self, response: Response, where: str, step: Step) -> AsyncIterator[Any]:
        page = self.page_of(response, where, lambda body: kiyoh.removed(body, self.wanted.location_id))
        if not isinstance(page, Stretch):
            return
        told = times_of(self.state_of("removed").get("told"))
        passed = {key for key, time in page.shown if _is_passed(key, time, step.seen, told)}
        records = tuple(record for record in page.records if record.external_id not in passed)
        state = {"mark": self.job.now().isoformat(), "told": _told({} if step.whole else told, page)}
        yield ReadPage(Page(records, page.problems), where, "removed", state)


def _is_passed(key: str, time: datetime, seen: Mapping[str, datetime], told: Mapping[str, datetime]) -> bool:
    """Whether a removal says nothing (any more).

    A review that changed after it was removed, and is shown, has come back. The list still has it then, and so may
    the next crawls, which are not shown the review again: a removal counts once, unless the review is shown as it was.
    """
    return seen[key] > time if key in seen else told.get(key) == time


def _told(before: dict[str, datetime], page: Stretch) -> dict[str, str]:
    latest = sorted((before | dict(page.shown)).items(), key=lambda one: one[1], reverse=True)
    return {key: time.isoformat() for key, time in latest[:MOST_REMEMBERED]}


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
