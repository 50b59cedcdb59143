"""Reviews of a shop at Trusted Shops, by time of their last change."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

from scrapy import Request
from scrapy.http import Response

from crawlers.causes import Failure
from crawlers.parameters.reviews import ETRUSTED_API, ETRUSTED_LOGIN, TrustedShopsParameters
from crawlers.parsers import trusted_shops
from crawlers.parsers.page import ParseError
from crawlers.parsers.stretch import Stretch
from crawlers.spiders.bearer import BearerSpider
from crawlers.spiders.recent import Reading
from crawlers.spiders.whole import SinglySpider

COUNT = 200


class TrustedShopsSpider(BearerSpider, SinglySpider):
    """Edits and replies move a review up. One that is not in its place any more is looked up by itself."""

    namespace = trusted_shops.NAMESPACE
    most_pages = 100
    reread = timedelta(days=60)

    @property
    def wanted(self) -> TrustedShopsParameters:
        assert isinstance(self.job.parameters, TrustedShopsParameters)  # noqa: S101 - the table of kinds says so
        return self.job.parameters

    def _site(self, home: str) -> str:
        return (self.job.base_url or home).rstrip("/")

    def sign_in(self, callback: Callable[..., Any]) -> Request:
        form = {name: self.job.secrets[name] for name in ("client_id", "client_secret")}
        form |= {"grant_type": "client_credentials", "audience": ETRUSTED_API}
        return self.ask(f"{self._site(ETRUSTED_LOGIN)}/oauth/token", callback, form=form, where="signing in")

    def begin(self) -> Iterator[Request]:
        yield self.back("reviews")

    def address(self, reading: Reading, cursor: str | None) -> str:
        query: dict[str, object] = {"orderBy": "updatedAt", "count": COUNT}
        if self.wanted.channels:
            query["channels"] = ",".join(self.wanted.channels)
        return (
            f"{self._site(ETRUSTED_API)}/reviews?{urlencode(query | ({'after': cursor} if cursor else {}))}"
        )

    def stretch_of(self, body: bytes, reading: Reading) -> Stretch:
        return trusted_shops.parse(body)

    def one(self, part: str, identity: str) -> str:
        return f"{self._site(ETRUSTED_API)}/reviews/{quote(identity, safe='')}"

    def fate(self, response: Response, where: str) -> bool | None:
        """One that can be read by the shop alone is gone too."""
        gone = super().fate(response, where)
        if gone is not False:
            return gone
        try:
            return not trusted_shops.is_public(response.body)
        except ParseError as error:
            self.note(Failure(error.cause, where, str(error)))
            return None
