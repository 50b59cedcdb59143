"""robots.txt as RFC 9309 has it: what cannot be read forbids."""

from datetime import timedelta
from typing import Any

from scrapy import Request
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.extensions.throttle import AutoThrottle
from scrapy.http import Response
from scrapy.robotstxt import RobotParser

from crawlers.retries import retry_after

LONGEST_DELAY = 60.0
"""Seconds. A longer Crawl-delay than this is not meant for reading at all."""


class Forbidden(IgnoreRequest):
    """robots.txt does not allow this address."""


class Unavailable(IgnoreRequest):
    """robots.txt answered with a fault of the server (RFC 9309, 2.3.1.4): nothing may be read for now.

    `wait` is for how long, when it says so.
    """

    def __init__(self, status: int, wait: timedelta | None) -> None:
        super().__init__(f"robots.txt answers {status}")
        self.status = status
        self.wait = wait


class Unreachable(IgnoreRequest):
    """robots.txt could not be fetched, so neither can the rest."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(type(cause).__name__)
        self.cause = cause


class ObeyRobots(RobotsTxtMiddleware):
    """Scrapy's middleware, which allows everything when robots.txt fails, made to forbid then."""

    def __init__(self, crawler: Any) -> None:
        super().__init__(crawler)
        self._refusals: dict[str, IgnoreRequest] = {}

    def process_request_2(self, rp: RobotParser | None, request: Request) -> None:
        refusal = self._refusals.get(_host(request))
        if refusal is not None:
            raise refusal
        try:
            super().process_request_2(rp, request)
        except IgnoreRequest as error:
            raise Forbidden(str(error)) from error

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status >= 500 or response.status == 429:
            wait = retry_after(response, self.crawler.spider.job.now())  # type: ignore[union-attr]
            self._refusals[netloc] = Unavailable(response.status, wait)
        elif response.status >= 400:
            # "Unavailable" in the words of the standard: there are no rules.
            response = response.replace(body=b"")
        await super()._parse_robots(response, netloc, request)
        self._keep_distance(self._parsers[netloc])

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        self._refusals.setdefault(netloc, exc if isinstance(exc, IgnoreRequest) else Unreachable(exc))
        super()._robots_error(exc, netloc)

    def _keep_distance(self, rules: Any) -> None:
        """A Crawl-delay that is longer than our own holds, also for the throttle, which would shorten it."""
        asked = rules.crawl_delay(self._robotstxt_useragent or self._default_useragent)
        throttle = self.crawler.get_extension(AutoThrottle)
        if not asked or not asked > 0 or throttle is None:
            return
        throttle.mindelay = max(throttle.mindelay, min(asked, LONGEST_DELAY))
        for slot in self.crawler.engine.downloader.slots.values():
            slot.delay = max(slot.delay, throttle.mindelay)


def _host(request: Request) -> str:
    return request.url.split("/", 3)[2]
