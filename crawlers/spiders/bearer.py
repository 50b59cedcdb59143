"""Signing in first: secrets are exchanged for a token, which goes with every request that follows."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from scrapy import Request
from scrapy.http import Response

from crawlers.causes import Cause, Failure
from crawlers.parsers.blocks import wall
from crawlers.parsers.page import ParseError
from crawlers.parsers.token import token
from crawlers.secrets import variables
from crawlers.spiders.reading import ReadingSpider

TOKEN = "access_token"  # noqa: S105 - the name of it
_REFUSALS = frozenset({400, 401, 403})
"""Statuses by which a site says that client and secret do not belong together (RFC 6749, 5.2, and habit)."""


class BearerSpider(ReadingSpider):
    """A kind says how to sign in and what to read after. The token lives as long as the crawl, in memory only.

    `named` is what the answer to signing in calls the token.
    """

    named = TOKEN

    def sign_in(self, callback: Callable[..., Any]) -> Request:
        """The request for a token, made with `self.ask(…, callback, where=…)`."""
        raise NotImplementedError

    def begin(self) -> Iterator[Any]:
        """The first requests, once there is a token, which they carry by themselves."""
        raise NotImplementedError

    @property
    def headers(self) -> dict[str, str]:
        found = self.job.secrets.get(TOKEN)
        return {"Authorization": f"Bearer {found}"} if found else {}

    async def start(self) -> AsyncIterator[Any]:
        yield self.sign_in(self.signed_in)

    async def signed_in(self, response: Response, where: str) -> AsyncIterator[Any]:
        if response.status in _REFUSALS and wall(response.body) is None:
            self.note(Failure(Cause.KEY, where, f"status {response.status}; check {variables(self.job)}"))
            return
        if failure := self.unfit(response, where):
            self.refuse(failure)
            return
        try:
            found = token(response.body, self.named)
        except ParseError as error:
            self.refuse(Failure(error.cause, where, str(error)))
            return
        if found is None:
            self.note(Failure(Cause.KEY, where, f"no token; check {variables(self.job)}"))
            return
        self.job.secrets[TOKEN] = found
        for request in self.begin():
            yield request
