"""Recognising the pages that sites show instead of what was asked for."""

import re

from crawlers.causes import Cause
from crawlers.parsers.page import Blocked, FormatChanged, ParseError
from crawlers.parsers.values import NotJson, at, decoded, json_of

_LOOKED_AT = 100_000
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{0,500})", re.IGNORECASE)
_TITLES = (
    (Cause.WAF, ("verifying connection", "access denied", "attention required", "request blocked")),
    (Cause.CAPTCHA, ("captcha", "just a moment", "are you a robot", "ben je een robot", "are you human")),
    (Cause.CONSENT, ("before you continue", "voordat je verdergaat", "cookie-instellingen", "toestemming")),
    (Cause.SIGN_IN, ("log in", "sign in", "inloggen", "aanmelden")),
)
_MARKS = (
    (Cause.CAPTCHA, ("g-recaptcha", "h-captcha", "cf-challenge", "cf-turnstile", "captcha-delivery")),
    (Cause.WAF, ("awswafcookie", "aws-waf-token", "challenge-container", "token.awswaf.com")),
    (Cause.CONSENT, ("consent.google.", "privacy-gate", "myprivacy.dpgmedia", "cookiewall")),
)
_ADDRESSES = (
    (Cause.SIGN_IN, re.compile(r"/(?:users/connect|login|log-in|signin|sign-in|inloggen)(?:[/?#]|$)")),
    (
        Cause.CONSENT,
        re.compile(r"^https?://(?:consent|myprivacy)\.|/(?:privacy-gate|consent|cookiewall)(?:[/?#]|$)"),
    ),
)

SAID = {
    Cause.WAF: "the site's firewall answers in its place",
    Cause.CAPTCHA: "the site asks to prove that a person is reading",
    Cause.CONSENT: "the site shows a consent page first",
    Cause.SIGN_IN: "the site shows this to signed-in visitors only",
}


def unlike(body: bytes, what: str) -> ParseError:
    """Why `body` is not what was asked for: a wall stands in its place, else it has another form, said in `what`."""
    cause = wall(body)
    return Blocked(cause, SAID[cause]) if cause else FormatChanged(what)


def wall(body: bytes) -> Cause | None:
    """Which kind of wall `body` is, None when it does not look like one."""
    page = decoded(body[:_LOOKED_AT])
    if page.lstrip().startswith("{"):
        try:
            return refusal(json_of(page))
        except NotJson:
            return None
    title = _TITLE.search(page)
    words = title[1].casefold() if title else ""
    for cause, phrases in _TITLES:
        if any(phrase in words for phrase in phrases):
            return cause
    page = page.casefold()
    return next((cause for cause, marks in _MARKS if any(mark in page for mark in marks)), None)


def wall_at(address: str) -> Cause | None:
    """Which kind of wall a redirect led to, by its address."""
    return next((cause for cause, pattern in _ADDRESSES if pattern.search(address.lower())), None)


def refusal(said: object) -> Cause | None:
    """Which kind of wall speaks in the value of a JSON answer, None when none does."""
    return Cause.WAF if at(said, "error") is True and isinstance(at(said, "message"), str) else None
