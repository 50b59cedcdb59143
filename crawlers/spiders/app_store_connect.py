"""Reviews of an app of one's own in the App Store of one country."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from crawlers.causes import Cause, Failure
from crawlers.job import Job
from crawlers.parameters.apps import AppStoreConnectParameters
from crawlers.parsers import app_store_connect
from crawlers.parsers.stretch import Stretch
from crawlers.secrets import variables
from crawlers.signing import UnfitKey, signed_token
from crawlers.sources import SOURCES
from crawlers.spiders.bearer import TOKEN
from crawlers.spiders.recent import Reading
from crawlers.spiders.whole import SinglySpider, WholeSpider

A_PAGE = 200
AUDIENCE = "appstoreconnect-v1"
LIFETIME = timedelta(minutes=15)
"""Of a token; Apple takes no more than 20 minutes."""
RENEWED_AFTER = timedelta(minutes=5)
"""A request may wait for its turn, and the token must hold until then."""
CLOCK_DIFFERENCE = timedelta(seconds=30)


class AppStoreConnectSpider(SinglySpider, WholeSpider):
    """There is no sign-in: every request carries a token that is signed here, with the customer's key."""

    namespace = app_store_connect.NAMESPACE
    misses_at_once = True
    reread = timedelta(days=30)

    def __init__(self, job: Job, **named: Any) -> None:
        super().__init__(job, **named)
        self._signed_at: datetime | None = None

    @property
    def wanted(self) -> AppStoreConnectParameters:
        assert isinstance(self.job.parameters, AppStoreConnectParameters)  # noqa: S101 - the table of kinds says so
        return self.job.parameters

    @property
    def site(self) -> str:
        return (self.job.base_url or SOURCES["app_store_connect"].home or "").rstrip("/")

    @property
    def headers(self) -> dict[str, str]:
        now = self.job.now()
        if self._signed_at is None or now - self._signed_at >= RENEWED_AFTER:
            self.job.secrets[TOKEN] = self._signed(now)
            self._signed_at = now
        return {"Authorization": f"Bearer {self.job.secrets[TOKEN]}"}

    def _signed(self, now: datetime) -> str:
        """A token as Apple wants it. Raises UnfitKey.

        Its form: developer.apple.com/documentation/appstoreconnectapi/generating-tokens-for-api-requests.
        """
        secrets = self.job.secrets
        claims = {
            "iss": secrets["issuer_id"],
            "iat": int((now - CLOCK_DIFFERENCE).timestamp()),
            "exp": int((now + LIFETIME).timestamp()),
            "aud": AUDIENCE,
        }
        return signed_token(claims, secrets["private_key"], secrets["key_id"])

    async def start(self) -> AsyncIterator[Any]:
        try:
            yield self.back(self.wanted.territory)
        except UnfitKey as error:
            self.note(Failure(Cause.KEY, "sign-in", f"{error}; check {variables(self.job)}"))

    def address(self, reading: Reading, cursor: str | None) -> str:
        asked = {
            "sort": "-createdDate",
            "limit": str(A_PAGE),
            "filter[territory]": reading.part,
            "include": "response",
        }
        further = asked | dict(parse_qsl(cursor)) if cursor else asked
        return f"{self.site}/v1/apps/{self.wanted.app_id}/customerReviews?{urlencode(further)}"

    def one(self, part: str, identity: str) -> str:
        return f"{self.site}/v1/customerReviews/{quote(identity, safe='')}"

    def stretch_of(self, body: bytes, reading: Reading) -> Stretch:
        return app_store_connect.parse(body)
