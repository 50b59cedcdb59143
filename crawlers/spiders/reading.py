"""What the spiders of all kinds share: asking, noting what stands in the way, handing pages on."""

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from scrapy import Request, Spider
from scrapy.exceptions import (
    CannotResolveHostError,
    CloseSpider,
    DownloadCancelledError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Response
from twisted.python.failure import Failure as TwistedFailure

from crawlers import robots
from crawlers.causes import LEAVE_ALONE, Cause, Failure
from crawlers.job import Job
from crawlers.parsers.blocks import SAID, challenge, wall, wall_at
from crawlers.parsers.encoding import json_in_utf8
from crawlers.parsers.page import Page, ParseError
from crawlers.retries import longest_answer, retry_after
from crawlers.secrets import variables

logger = logging.getLogger(__name__)

Parse = Callable[[bytes], Page]
TIME_TO_READ = 0.8
"""Of the time that a crawl may take: after so much of it readings end where they are."""
MOST_REFUSALS = 3
"""Parts of a source that may be refused, one after another, before the others are not asked for any more."""
_REFUSED = frozenset({Cause.FORBIDDEN, Cause.SIGN_IN})
GONE = frozenset({404, 410})
LEFT_ALONE = "left_alone"
UNKNOWN = "what stands in the list no more is refused; whether it is gone is not known"
"""Noted of a post when that is so for the second time: it is so for good."""
_STATUSES = {
    301: Cause.MOVED,
    302: Cause.MOVED,
    303: Cause.MOVED,
    307: Cause.MOVED,
    308: Cause.MOVED,
    401: Cause.SIGN_IN,
    403: Cause.FORBIDDEN,
    404: Cause.NOT_FOUND,
    405: Cause.FORBIDDEN,
    407: Cause.FORBIDDEN,
    410: Cause.NOT_FOUND,
    422: Cause.SIGN_IN,  # how some versions of Mastodon refuse outsiders
    429: Cause.RATE_LIMITED,
    451: Cause.FORBIDDEN,
}


class ReadingSpider(Spider):
    """Reads one source. A kind yields its first requests in `start` and its pages as `ReadPage`."""

    def __init__(self, job: Job, **named: Any) -> None:
        super().__init__(name=job.name, **named)
        self.job = job
        self._started_at = job.now()

    @property
    def headers(self) -> dict[str, str]:
        """What goes with every request to the source."""
        return {}

    def elsewhere(self, response: Response) -> str | None:
        """Where a redirect led that is not the page of this source any more; None when it still is."""
        return None

    def state_of(self, part: str) -> dict[str, Any]:
        """Where reading this part had come to."""
        state = self.job.state.get(part)
        return dict(state) if isinstance(state, dict) else {}

    def has_time(self) -> bool:
        """Whether this crawl may still begin to ask for more."""
        most = timedelta(seconds=self.settings.getfloat("CLOSESPIDER_TIMEOUT"))
        return self.job.now() - self._started_at < most * TIME_TO_READ

    def ask(
        self,
        address: str,
        callback: Callable[..., Any],
        headers: dict[str, str] | None = None,
        form: dict[str, str] | None = None,
        **named: Any,
    ) -> Request:
        """A request whose failure is noted. `where` in `named` says in words what is asked for.

        With `form` it is posted. One with secrets is never sent on to where a redirect leads.
        """
        headers = self.headers | (headers or {})
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        return Request(
            address,
            callback=callback,
            errback=self.failed,
            method="GET" if form is None else "POST",
            body=None if form is None else urlencode(form),
            headers=headers,
            cb_kwargs=named,
            meta={"dont_redirect": True} if self.job.secrets else {},
            dont_filter=True,
        )

    def page_of(self, response: Response, where: str, parse: Parse) -> Page | None:
        """The parsed page, counted; None when there is none, which is noted."""
        failure = self.unfit(response, where)
        if failure is not None:
            self.refuse(failure)
            return None
        try:
            page = parse(body_of(response))
        except ParseError as error:
            self.refuse(Failure(error.cause, where, str(error)))
            return None
        self.job.findings.read(page)
        if page.damage:
            self.note(Failure(Cause.DAMAGED, where, page.damage))
        return page

    def note(self, failure: Failure) -> None:
        logger.warning("%s, %s: %s (%s)", self.job.name, failure.where, failure.cause, failure.detail or "-")
        self.job.findings.failures.append(failure)

    def is_gone(self, response: Response, where: str) -> bool:
        """Whether a single post that was looked up is gone. A wall on the way is noted."""
        return bool(self.fate(response, where))

    def fate(self, response: Response, where: str) -> bool | None:
        """As `is_gone`, but None where a wall on the way kept the answer from us."""
        if self.is_absent(response):
            return True
        failure = self.unfit(response, where)
        if failure is None and (cause := challenge(response.body)):
            failure = Failure(cause, where, SAID[cause])
        if failure:
            self.refuse(failure)
            return None
        return False

    def is_absent(self, response: Response) -> bool:
        """Whether the page itself does not exist; a wall that a redirect led to says nothing of it."""
        failure = self.unfit(response, "")
        return failure is not None and failure.status in GONE

    def is_refused(self, response: Response) -> bool:
        """Whether this one page exists and is not for us."""
        return not self.is_absent(response) and self.is_closed(response)

    def is_closed(self, response: Response) -> bool:
        """Whether this one page is gone or not for us, and it is not the whole site that refuses us."""
        if response.status not in GONE | {403}:
            return False
        failure = self.unfit(response, "")
        return failure is not None and not self.is_of_all(failure)

    def failed(self, trouble: TwistedFailure) -> Iterator[Any]:
        """Scrapy's errback: there was no answer, or none was allowed.

        It yields nothing. Scrapy logs the address of a request whose errback raises, but not of one that iterates.
        """
        request: Request = trouble.request  # type: ignore[attr-defined]
        error = trouble.value
        cause, detail = why(error)
        wait = error.wait if isinstance(error, robots.Unavailable) else None
        if request.meta.get("redirect_urls") and (led := wall_at(request.url)):
            cause, detail = led, SAID[led]  # whatever became of reading the wall itself
        failure = Failure(cause, request.cb_kwargs.get("where", ""), detail, wait)
        if cause in LEAVE_ALONE:
            self.refuse(failure)
        else:
            self.note(failure)  # a robots.txt that keeps us out does so for its host, another may be read
        yield from ()

    def refuse(self, failure: Failure) -> None:
        """Note it; when it is about all of the site, or the site says when to come back, ask for nothing more."""
        self.note(failure)
        if self.is_of_all(failure) or self._shut_out():
            raise CloseSpider(LEFT_ALONE)

    def is_of_all(self, failure: Failure) -> bool:
        # A short wait was waited for already: this page still fails, and others may not.
        wait = failure.retry_after
        return failure.cause in LEAVE_ALONE or (wait is not None and wait > longest_answer(self.settings))

    def _shut_out(self) -> bool:
        """Whether one part after another is refused, and nothing was let through."""
        found = self.job.findings
        refused = [one for one in found.failures if one.cause in _REFUSED]
        return len(refused) >= MOST_REFUSALS and not (found.entries or found.not_modified)

    def unfit(self, response: Response, where: str) -> Failure | None:
        if response.meta.get("redirect_urls"):
            if led := wall_at(response.url):
                return Failure(led, where, SAID[led])
            if place := self.elsewhere(response):
                return Failure(Cause.MOVED, where, f"now at {place[:200]}")
        if response.status < 300:
            return None
        cause = _STATUSES.get(response.status) or (
            Cause.SERVER_ERROR if response.status >= 500 else Cause.STATUS
        )
        if cause is Cause.SIGN_IN and self.job.secrets:
            detail = f"status {response.status}; check {variables(self.job)}"
            return Failure(Cause.KEY, where, detail, status=response.status)
        wait = retry_after(response, self.job.now())
        if cause in (Cause.FORBIDDEN, Cause.STATUS) or response.status == 503:
            cause = wall(response.body) or cause
        return Failure(cause, where, f"status {response.status}", wait, response.status)


def body_of(response: Response) -> bytes:
    """What was answered; JSON always in UTF-8, which is all that the parsers take."""
    return json_in_utf8(response.body, header(response, "Content-Type"))


def header(response: Response, name: str) -> str:
    """What a header says; nothing where there is none."""
    return (response.headers.get(name) or b"").decode("latin-1")


def why(error: BaseException | None) -> tuple[Cause, str]:
    """The cause of a missing answer, and what it is called."""
    if isinstance(error, robots.Unreachable):
        cause, detail = why(error.cause)
        return cause, f"robots.txt: {detail}"
    if isinstance(error, robots.Unavailable):
        return Cause.ROBOTS_UNAVAILABLE, str(error)
    name = type(error).__name__
    if isinstance(error, robots.Forbidden):
        return Cause.ROBOTS, "Disallow"
    if isinstance(error, DownloadTimeoutError):
        return Cause.TIMEOUT, "no answer"
    if isinstance(error, ResponseDataLossError):
        return Cause.DAMAGED, "cut off on the way"
    if isinstance(error, DownloadCancelledError):
        return Cause.TOO_LARGE, name
    if isinstance(error, CannotResolveHostError):
        return Cause.CONNECTION, "no such host"
    if isinstance(error, IgnoreRequest) and "redirections" in str(error):
        return Cause.MOVED, "one redirect after another"
    if isinstance(error, IgnoreRequest):
        return Cause.TOO_LARGE if "MAXSIZE" in str(error) else Cause.STATUS, name
    return Cause.CONNECTION, name
