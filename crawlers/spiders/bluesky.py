"""Searches on Bluesky, signed in: outsiders are refused."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from scrapy import Request
from scrapy.http import Response

from crawlers.causes import Cause, Failure
from crawlers.job import ReadPage
from crawlers.paging import MOST_CHECKED
from crawlers.parameters.social import BlueskyParameters
from crawlers.parsers import bluesky
from crawlers.parsers.stretch import Stretch
from crawlers.sources import SOURCES
from crawlers.spiders.absent import AbsentSpider
from crawlers.spiders.bearer import BearerSpider
from crawlers.spiders.recent import Reading

LIMIT = 100
LOOKED_UP = 25
"""Posts that one look-up takes."""
EXPIRED = (b"ExpiredToken", b"InvalidToken")


class BlueskySpider(BearerSpider, AbsentSpider):
    """A part for each search. They are ordered by when a post was indexed, whatever time its author claims."""

    namespace = bluesky.NAMESPACE
    most_missing = LOOKED_UP * MOST_CHECKED
    named = "accessJwt"
    server: str | None = None

    @property
    def wanted(self) -> BlueskyParameters:
        assert isinstance(self.job.parameters, BlueskyParameters)  # noqa: S101 - the table of kinds says so
        return self.job.parameters

    @property
    def languages(self) -> frozenset[str]:
        wanted = self.wanted.languages
        return frozenset() if "all" in wanted else frozenset(wanted)

    def sign_in(self, callback: Any) -> Request:
        account = {name: self.job.secrets[name] for name in ("identifier", "password")}
        address = f"{self._site()}/xrpc/com.atproto.server.createSession"
        request = self.ask(address, callback, {"Content-Type": "application/json"}, where="sign-in")
        return request.replace(method="POST", body=json.dumps(account).encode())

    async def signed_in(self, response: Response, where: str) -> AsyncIterator[Any]:
        self.server = bluesky.server(response.body) if response.status == 200 else None
        async for one in super().signed_in(response, where):
            yield one

    def has_expired(self, response: Response) -> bool:
        return super().has_expired(response) or tells_of_expiry(response)

    def begin(self) -> Iterator[Any]:
        for query in self.wanted.searches:
            yield self.back(query)

    def address(self, reading: Reading, cursor: str | None) -> str:
        asked: dict[str, object] = {"q": reading.part, "sort": "latest", "limit": LIMIT}
        if len(self.languages) == 1:
            asked["lang"] = next(iter(self.languages))
        if cursor:
            asked["cursor"] = cursor
        return f"{self._site()}/xrpc/app.bsky.feed.searchPosts?{urlencode(asked)}"

    def stretch_of(self, body: bytes, reading: Reading) -> Stretch:
        return bluesky.parse(body, self.languages)

    def gone_for_good(self, part: str, identities: list[str]) -> Iterator[Any]:
        for start in range(0, len(identities), LOOKED_UP):
            some = identities[start : start + LOOKED_UP]
            asked = urlencode([("uris", uri) for uri in some])
            address = f"{self._site()}/xrpc/app.bsky.feed.getPosts?{asked}"
            yield self.ask(address, self.looked_up, where=f"{part} gone", part=part, identities=some)

    async def looked_up(
        self, response: Response, where: str, part: str, identities: list[str]
    ) -> AsyncIterator[Any]:
        page = self.page_of(response, where, bluesky.parse)
        if page is not None:
            yield ReadPage(page, where, part)  # an edit may be why it is not found any more
            still = frozenset(page.ids)
            for one in self.all_gone(part, [uri for uri in identities if uri not in still], page):
                yield one

    def unfit(self, response: Response, where: str) -> Failure | None:
        failure = super().unfit(response, where)
        if failure is None:
            return None
        if failure.cause is Cause.FORBIDDEN:
            return replace(failure, cause=Cause.SIGN_IN, detail="status 403: no search without a session")
        if tells_of_expiry(response):
            return replace(failure, cause=Cause.KEY, detail="the session has expired")
        return failure

    def _site(self) -> str:
        return (self.job.base_url or self.server or SOURCES["bluesky"].home or "").rstrip("/")


def tells_of_expiry(response: Response) -> bool:
    # Its bytes: an answer may come as no text, or in an encoding that does not exist.
    return response.status == 400 and any(word in response.body for word in EXPIRED)
