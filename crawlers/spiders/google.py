"""Signing in at Google: by a service account, by a token that can be renewed, or by one that is given."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

from scrapy import Request

from crawlers.causes import Cause, Failure
from crawlers.parsers.values import NotJson, at, json_of, text
from crawlers.secrets import variables, way
from crawlers.signing import UnfitKey, signed_token
from crawlers.sources import SOURCES
from crawlers.spiders.bearer import BearerSpider

SIGN_IN = "https://oauth2.googleapis.com"
LIFETIME = timedelta(hours=1)
"""The longest that Google takes from a service account."""
GIVEN = ("access_token",)
RENEWED = ("client_id", "client_secret", "refresh_token")
SERVICE_ACCOUNT = ("service_account",)
"""The ways to sign in, as `sources` offers them."""


class GoogleSpider(BearerSpider):
    """A kind says for what it signs in (`scope`), and what to read after."""

    scope: str

    async def start(self) -> AsyncIterator[Any]:
        chosen = way(SOURCES[self.job.kind], self.job.secrets)
        if chosen == GIVEN:
            for request in self.begin():
                yield request
            return
        try:
            yield self.sign_in(self.signed_in)
        except UnfitKey as error:
            self.note(Failure(Cause.KEY, "sign-in", f"{error}; check {variables(self.job)}"))

    def sign_in(self, callback: Callable[..., Any]) -> Request:
        """Raises UnfitKey for a service account that is none."""
        secrets = self.job.secrets
        if way(SOURCES[self.job.kind], secrets) == SERVICE_ACCOUNT:
            form = {
                "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
                "assertion": self._assertion(secrets["service_account"]),
            }
        else:
            form = {"grant_type": "refresh_token"} | {name: secrets[name] for name in RENEWED}
        site = (self.job.base_url or SIGN_IN).rstrip("/")
        return self.ask(f"{site}/token", callback, form=form, where="sign-in")

    def _assertion(self, written: str) -> str:
        """Who we are, signed with the key in a service account's file.

        Google's form: developers.google.com/identity/protocols/oauth2/service-account.
        """
        try:
            account = json_of(written)
        except NotJson:
            account = None
        name, key = text(at(account, "client_email")), text(at(account, "private_key"))
        if name is None or key is None:
            raise UnfitKey("the service account is not the JSON file that Google gives")
        now = int(self.job.now().timestamp())
        # The address that the file names is not asked: it could be anybody's.
        claims = {
            "iss": name,
            "scope": self.scope,
            "aud": f"{SIGN_IN}/token",
            "iat": now,
            "exp": now + int(LIFETIME.total_seconds()),
        }
        return signed_token(claims, key, text(at(account, "private_key_id")))
