"""When a site that could not answer may be asked again, as it says itself in Retry-After."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from scrapy import Request
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.http import Response
from scrapy.settings import BaseSettings

from crawlers.dates import mailed

LONGEST_WAIT = timedelta(days=31)
"""A site that asks for more is asked again all the same: it may have meant something else."""


def retry_after(response: Response, now: datetime) -> timedelta | None:
    """How long the site asks to be left alone (RFC 9110, 10.2.3), at most `LONGEST_WAIT`."""
    header = response.headers.get("Retry-After")
    if not header:
        return None
    said = header.decode("latin-1").strip()
    if said.isascii() and said.isdigit() and len(said) < 10:
        wait = timedelta(seconds=int(said))
    else:
        until = mailed(said)
        if until is None:
            return None
        wait = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
    return max(timedelta(), min(wait, LONGEST_WAIT)) or None


def longest_answer(settings: BaseSettings) -> timedelta:
    """How long an answer may take; a site that asks for a longer wait is left to the schedule."""
    return timedelta(seconds=settings.getfloat("DOWNLOAD_TIMEOUT"))


class HeedRetryAfter(RetryMiddleware):
    """Scrapy's middleware, which tries again at once whatever the site says, made to wait until it may.

    It waits no longer than for an answer. What takes longer goes to the spider, and is left to the schedule.
    """

    crawler: Any

    def __init__(self, settings: BaseSettings) -> None:
        super().__init__(settings)
        self.longest = longest_answer(settings)

    async def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        wait = retry_after(response, self.crawler.spider.job.now()) or timedelta()
        if wait > self.longest:
            return response
        again: Request | Response = super().process_response(request, response)
        if isinstance(again, Request):
            await asyncio.sleep(wait.total_seconds())
        return again
