"""A company's reviews through Trustpilot's Business Units API, by time of writing."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from scrapy import Request
from scrapy.http import Response

from crawlers.causes import Failure
from crawlers.job import ReadPage
from crawlers.parameters.reviews import TrustpilotApiParameters
from crawlers.parsers import trustpilot_api, trustpilot_web
from crawlers.parsers.page import ParseError
from crawlers.parsers.stretch import Stretch
from crawlers.sources import SOURCES
from crawlers.spiders.since import SinceSpider, Step


class TrustpilotApiSpider(SinceSpider):
    """A changed review keeps its time of writing: edits, replies and removals are found in the window.

    Most replies come within days, and count by the hour, so the newest reviews are read every time.
    """

    namespace = trustpilot_web.NAMESPACE
    window = timedelta(days=60)

    @property
    def wanted(self) -> TrustpilotApiParameters:
        assert isinstance(self.job.parameters, TrustpilotApiParameters)  # noqa: S101 - the table of kinds says so
        return self.job.parameters

    @property
    def headers(self) -> dict[str, str]:
        return {"apikey": self.job.secrets["api_key"]}

    @property
    def site(self) -> str:
        # The documentation counts the version as part of the base address.
        return (self.job.base_url or SOURCES["trustpilot_api"].home or "").rstrip("/").removesuffix("/v1")

    def begin(self) -> Iterator[Request]:
        if self.wanted.business_unit:
            yield from self._reviews_of(self.wanted.business_unit)
            return
        query = urlencode({"name": self.wanted.domain or ""})
        yield self.ask(f"{self.site}/v1/business-units/find?{query}", self.found, where="business unit")

    async def found(self, response: Response, where: str) -> AsyncIterator[Any]:
        if failure := self.unfit(response, where):
            self.refuse(failure)
            return
        try:
            unit = trustpilot_api.unit(response.body)
        except ParseError as error:
            self.refuse(Failure(error.cause, where, str(error)))
            return
        for request in self._reviews_of(unit):
            yield request

    def _reviews_of(self, unit: str) -> Iterator[Request]:
        self.unit = unit
        yield from super().begin()

    def address(self, step: Step) -> str:
        since = {"startDateTime": _written(step.since)} if step.since else {}
        return self._address(orderBy="createdat.asc", perPage=self.limit, page=step.number, **since)

    def newest(self, part: str) -> str:
        return self._address(orderBy="createdat.desc", perPage=1, page=1)

    def after(self, step: Step) -> Iterator[Any]:
        if not step.whole:
            address = self._address(orderBy="createdat.desc", perPage=self.limit, page=1)
            yield self.ask(address, self.looked_over, where="newest reviews", step=step)

    async def looked_over(self, response: Response, where: str, step: Step) -> AsyncIterator[Any]:
        page = self.page_of(response, where, lambda body: self.stretch_of(body, step))
        if page is not None:
            yield ReadPage(page, where, step.part)

    def _address(self, **query: object) -> str:
        return f"{self.site}/v1/business-units/{self.unit}/reviews?{urlencode(query)}"

    def stretch_of(self, body: bytes, step: Step) -> Stretch:
        return trustpilot_api.parse(body)


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
