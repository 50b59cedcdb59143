"""The answers in `answers/`, and how each is read."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from crawlers.parsers import (
    app_store_connect,
    apple_app,
    feedback_company,
    google_business,
    google_play,
    kiyoh,
    kiyoh_feed,
    play_developer,
    trusted_shops,
    trustpilot_api,
    trustpilot_web,
    webwinkelkeur,
)
from crawlers.parsers.page import Page

FOLDER = Path(__file__).parent / "answers"
PACKAGE = "nl.voorbeeld.app"


@dataclass(frozen=True)
class Example:
    """A file, how it is read, and what stands around its JSON in the real answer."""

    file: str
    parse: Callable[[bytes], Page]
    before: bytes = b""
    after: bytes = b""

    @property
    def body(self) -> bytes:
        return self.before + (FOLDER / self.file).read_bytes().strip() + self.after


EXAMPLES = {
    "trustpilot_web": Example(
        "trustpilot_web.json",
        trustpilot_web.parse,
        b'<!DOCTYPE html><html lang="nl-NL"><body><script id="__NEXT_DATA__" type="application/json">',
        b"</script></body></html>",
    ),
    "trustpilot_api": Example("trustpilot_api.json", trustpilot_api.parse),
    "kiyoh": Example("kiyoh.json", kiyoh.parse),
    "kiyoh feed": Example("kiyoh.xml", kiyoh_feed.parse),
    "feedback_company": Example(
        "feedback_company.json", lambda body: feedback_company.parse(body, feedback_company.Shop())
    ),
    "webwinkelkeur": Example("webwinkelkeur.json", lambda body: webwinkelkeur.parse(body, "1234")),
    "trusted_shops": Example("trusted_shops.json", trusted_shops.parse),
    "google_business": Example("google_business.json", google_business.parse),
    "apple_app": Example("apple_app.json", lambda body: apple_app.parse(body, "nl", "987654321")),
    "app_store_connect": Example("app_store_connect.json", app_store_connect.parse),
    "google_play": Example(
        "google_play.json", lambda body: google_play.parse(body, PACKAGE, "nl"), b")]}'\n\n"
    ),
    "play_developer": Example("play_developer.json", lambda body: play_developer.parse(body, PACKAGE)),
}
