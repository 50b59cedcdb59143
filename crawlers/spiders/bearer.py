"""Signing in first: secrets are exchanged for a token, which goes with every request that follows."""

import re
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any, Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.http import Response

from crawlers.causes import Cause, Failure
from crawlers.parsers.blocks import wall
from crawlers.parsers.page import ParseError
from crawlers.parsers.token import token
from crawlers.parsers.values import NotJson, at, decoded, json_of, text
from crawlers.secrets import variables
from crawlers.spiders.reading import ReadingSpider

TOKEN = "access_token"  # noqa: S105 - the name of it
_REFUSALS = frozenset({400, 401, 403})
"""Statuses by which a site says that client and secret do not belong together (RFC 6749, 5.2, and habit).

Of 403 only where JSON comes with it: a page is for people, of a site that refuses whoever asks from here.
"""
_OF_BOTS = re.compile(r"\b(?:ro)?bots?\b|automat", re.IGNORECASE)
"""What a firewall speaks of that answers in JSON. The refusal of a sign-in may have the same form."""


MOST_RENEWALS = 3
"""A crawl; a token that lives for minutes only is a fault."""


class BearerSpider(ReadingSpider):
    """A kind says how to sign in and what to read after. The token is kept in memory only.

    When it expires while the crawl goes on, a new one is asked for, and then what was refused once more. Requests
    that were made before and waited for their turn go with the new one too.
    `named` is what the answer to signing in calls the token.
    """

    named = TOKEN
    signed = 0

    def sign_in(self, callback: Callable[..., Any]) -> Request:
        """The request for a token, made with `self.ask(…, callback, where=…)`."""
        raise NotImplementedError

    def begin(self) -> Iterator[Any]:
        """The first requests, once there is a token, which they carry by themselves."""
        raise NotImplementedError

    def has_expired(self, response: Response) -> bool:
        """Whether the site does not take the token, which it took or gave before."""
        return response.status == 401

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **named: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **named)
        crawler.signals.connect(spider.leaving, signals.request_reached_downloader)
        return spider

    @property
    def headers(self) -> dict[str, str]:
        found = self.job.secrets.get(TOKEN)
        return {"Authorization": f"Bearer {found}"} if found else {}

    async def start(self) -> AsyncIterator[Any]:
        yield self.sign_in(self.signed_in)

    def ask(self, address: str, callback: Callable[..., Any], *asked: Any, **named: Any) -> Request:
        if not self.signed or TOKEN not in self.job.secrets:
            return super().ask(address, callback, *asked, **named)
        return super().ask(address, self.answered, *asked, then=callback, **named)

    async def signed_in(self, response: Response, where: str) -> AsyncIterator[Any]:
        if self._has_token(response, where):
            for request in self.begin():
                yield request

    async def answered(
        self, response: Response, then: Callable[..., Any], **named: Any
    ) -> AsyncIterator[Any]:
        """Hand an answer to whom it is for, unless the token has expired."""
        refused = response.request
        again = refused is None or refused.meta.get("again") or self.signed > MOST_RENEWALS
        if refused and not again and self.has_expired(response):
            del self.job.secrets[TOKEN]
            yield self.sign_in(partial(self.renewed, refused=refused))
            return
        found = then(response, **named)
        if isinstance(found, AsyncIterator):
            async for one in found:
                yield one
        else:
            for one in found or ():
                yield one

    async def renewed(self, response: Response, where: str, refused: Request) -> AsyncIterator[Any]:
        if self._has_token(response, where):
            # Whatever else stands in its meta is about how the first answer came.
            yield refused.replace(meta={"dont_redirect": True, "again": True})

    def leaving(self, request: Request) -> None:
        """Scrapy's signal that a request has its turn. The token that it was made with may have expired since."""
        if request.callback == self.answered:
            request.headers.update(self.headers)

    def _has_token(self, response: Response, where: str) -> bool:
        """Whether the answer to signing in holds a token, which is kept; else why not is noted."""
        if response.status in _REFUSALS and not _is_walled(response):
            self.refuse(Failure(Cause.KEY, where, f"status {response.status}; check {variables(self.job)}"))
            return False
        if failure := self.unfit(response, where):
            self.refuse(failure)
            return False
        try:
            found = token(response.body, self.named)
        except ParseError as error:
            self.refuse(Failure(error.cause, where, str(error)))
            return False
        if found is None:
            self.refuse(Failure(Cause.KEY, where, f"no token; check {variables(self.job)}"))
            return False
        self.job.secrets[TOKEN] = found
        self.signed += 1
        return True


def _is_walled(response: Response) -> bool:
    """Whether a firewall refuses in the place of the site."""
    try:
        said = text(at(json_of(decoded(response.body)), "message"))
    except NotJson:
        shown = bool(response.body.strip())
        return (response.status == 403 and shown) or wall(response.body) is not None
    return wall(response.body) is not None and (said is None or _OF_BOTS.search(said) is not None)
