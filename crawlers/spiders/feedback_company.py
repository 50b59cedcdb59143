"""Reviews of a shop at Feedback Company, page by page."""

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure as TwistedFailure

from crawlers.causes import Cause, Failure
from crawlers.dates import instant
from crawlers.job import ReadPage
from crawlers.paging import whole_wanted
from crawlers.parameters.reviews import FeedbackCompanyParameters
from crawlers.parsers import feedback_company
from crawlers.parsers.addresses import safe
from crawlers.parsers.feedback_company import BEST, Shop
from crawlers.parsers.page import Blocked, FormatChanged, Page
from crawlers.parsers.values import number
from crawlers.sources import SOURCES
from crawlers.spiders.bearer import BearerSpider
from crawlers.spiders.offset import OffsetSpider

SUMMARY_EVERY = timedelta(days=1)
PART = "reviews"


class FeedbackCompanySpider(BearerSpider, OffsetSpider):
    """State of the part `shop`: what the summary said, and `read_at`, when."""

    part = PART
    limit = 100
    namespace = feedback_company.NAMESPACE

    @property
    def wanted(self) -> FeedbackCompanyParameters:
        assert isinstance(self.job.parameters, FeedbackCompanyParameters)  # noqa: S101 - the table of kinds says so
        return self.job.parameters

    @property
    def site(self) -> str:
        return (self.job.base_url or SOURCES["feedback_company"].home or "").rstrip("/")

    def sign_in(self, callback: Callable[..., Any]) -> Request:
        query = {name: self.job.secrets[name] for name in ("client_id", "client_secret")}
        query["grant_type"] = "authorization_code"
        return self.ask(f"{self.site}/api/v2/oauth2/token?{urlencode(query)}", callback, where="signing in")

    def begin(self) -> Iterator[Any]:
        read = instant(self.state_of("shop").get("read_at"))
        if read is None or self.job.now() - read >= SUMMARY_EVERY:
            asked = self.ask(f"{self.site}/api/v1/review/summary/", self.summed, where="summary")
            yield asked.replace(errback=self.not_summed)
        else:
            yield self._first()

    def _first(self) -> Any:
        return self._page(PART, 1, whole_wanted(self.state_of(PART), self.job.now()))

    async def summed(self, response: Response, where: str) -> AsyncIterator[Any]:
        if failure := self.unfit(response, where):
            if self.is_of_all(failure) or not (failure.cause is Cause.NOT_FOUND or self._knows_scale()):
                self.refuse(failure)
            else:
                yield self._without_summary()
            return
        try:
            shop = feedback_company.summary(response.body)
        except Blocked as error:
            self.refuse(Failure(error.cause, where, str(error)))
            return
        except FormatChanged:
            yield self._without_summary()
            return
        state = {"best": shop.best, "url": shop.url, "read_at": self.job.now().isoformat()}
        item = ReadPage(Page(), where, "shop", state)
        yield item
        await item.stored
        yield self._first()

    def not_summed(self, trouble: TwistedFailure) -> Iterator[Any]:
        """Scrapy's errback. When it is about all of the site, the reviews have no answer either, which is noted."""
        if self._knows_scale():
            yield self._without_summary()
        else:
            yield from self.failed(trouble)

    def _knows_scale(self) -> bool:
        """Whether an earlier summary told it: by a wrong one, ratings are stored that the next crawl would change."""
        return "best" in self.state_of("shop")

    def _without_summary(self) -> Any:
        """The reviews can be read without it; if the scale is another one, they are refused and it shows."""
        best = self._shop().best
        self.job.findings.note(
            f"the summary does not say how far the scale goes; it is taken to go to {best:g}"
        )
        return self._first()

    def address(self, part: str, number: int) -> str:
        return f"{self.site}/api/v2/review?{urlencode({'limit': self.limit, 'start': self.start_of(number)})}"

    def parsed_from(self, body: bytes, start: int) -> Page:
        return feedback_company.parse(body, self._shop(), start)

    def _shop(self) -> Shop:
        state = self.state_of("shop")
        return Shop(number(state.get("best")) or BEST, safe(state.get("url")))
