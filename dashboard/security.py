"""What keeps strangers out: headers on every answer, the origin of every change, bounded bodies and attempts."""

import hmac
from collections.abc import MutableMapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ]
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: browsers then send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
LARGEST_BODY = 64 * 1024
"""Bytes; the largest form is a note of some thousands of characters."""


class BodyTooLarge(Exception):
    """A form of more than `LARGEST_BODY` bytes."""


class SafeAnswers:
    """Middleware: the headers above on every answer, no page in any cache, no body beyond the limit."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add_headers(MutableHeaders(scope=message))
            await send(message)

        await self.app(scope, _bounded(receive), safely)


def _add_headers(headers: MutableHeaders) -> None:
    for name, value in HEADERS.items():
        headers[name] = value
    headers.setdefault("Cache-Control", "no-store")


def _bounded(receive: Receive) -> Receive:
    size = 0

    async def bounded() -> MutableMapping[str, Any]:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > LARGEST_BODY:
            raise BodyTooLarge
        return message

    return bounded


def own_origin(request: Request, public_url: str | None) -> bool:
    """Whether a form comes from our own pages. A client that names no origin is no browser with a form."""
    origin = request.headers.get("origin")
    if origin is None:
        return request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")
    own = {f"{request.url.scheme}://{request.headers.get('host', '')}"}
    if public_url:
        parts = urlsplit(public_url)
        own.add(f"{parts.scheme}://{parts.netloc}")
    return origin in own


def same(given: str, wanted: str) -> bool:
    """Equal, in a time that tells nothing of how much is equal."""
    return hmac.compare_digest(given.encode(), wanted.encode())


def local_path(address: str | None) -> str:
    """A path on this site, or `/` when somebody put another site there."""
    if not address or not address.startswith("/") or address[1:2] in ("/", "\\"):
        return "/"
    return address if address.isprintable() and "\\" not in address else "/"


class Attempts:
    """Failed logins of the last minutes, so that guessing takes years. Kept in memory, bounded in size."""

    ALLOWED = 5
    WITHIN = timedelta(minutes=10)
    MOST = 10_000

    def __init__(self) -> None:
        self._failed: dict[tuple[str, str], list[datetime]] = {}

    def wait(self, name: str, address: str, now: datetime) -> timedelta | None:
        """How long until this name may be tried again from this address; None when it may now."""
        recent = self._recent((name.casefold(), address), now)
        return recent[0] + self.WITHIN - now if len(recent) >= self.ALLOWED else None

    def failed(self, name: str, address: str, now: datetime) -> None:
        key = (name.casefold(), address)
        recent = self._recent(key, now)
        if key not in self._failed and len(self._failed) >= self.MOST:
            self._failed.pop(next(iter(self._failed)))
        self._failed[key] = [*recent, now]

    def succeeded(self, name: str, address: str) -> None:
        self._failed.pop((name.casefold(), address), None)

    def _recent(self, key: tuple[str, str], now: datetime) -> list[datetime]:
        return [moment for moment in self._failed.get(key, []) if now - moment < self.WITHIN]
