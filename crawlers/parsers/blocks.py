"""Recognising the pages that sites show instead of what was asked for."""

import re

from crawlers.causes import Cause
from crawlers.parsers.markup import plain
from crawlers.parsers.page import Blocked, FormatChanged, ParseError
from crawlers.parsers.values import NotJson, at, decoded, json_of

_LOOKED_AT = 100_000
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{0,500})", re.IGNORECASE)
_FIREWALL = "verifying connection|access denied|attention required|request blocked"
_RIDDLE = "just a moment|are you a robot|ben je een robot|are you human"
_TITLES = tuple(
    (cause, re.compile(rf"\b(?:{phrases})\b"))
    for cause, phrases in (
        (Cause.WAF, _FIREWALL),
        (Cause.CAPTCHA, rf"\w*captcha|{_RIDDLE}"),
        (Cause.CONSENT, r"before you continue|voordat je verdergaat|cookie-instellingen|\w*toestemming"),
        (Cause.SIGN_IN, "log in|sign in|inloggen|aanmelden"),
    )
)
"""Whole words: "Ons weblog in 2026" and "Interieurdesign in hout" ask nobody in."""
_MARKS = (
    (Cause.CAPTCHA, ("g-recaptcha", "h-captcha", "cf-challenge", "cf-turnstile", "captcha-delivery")),
    (Cause.WAF, ("awswafcookie", "aws-waf-token", "challenge-container", "token.awswaf.com")),
    (Cause.CONSENT, ("consent.google.", "privacy-gate", "myprivacy.dpgmedia", "cookiewall")),
)
_CHALLENGE = re.compile(rf"(?:{_FIREWALL}|{_RIDDLE})[ .!?…]*(?:\|.*\bcloudflare\b.*)?")
_WORKINGS = re.compile(
    r"<(?:script|div|form|iframe)\b[^<>]{0,1000}"
    r"(?:cf-challenge|captcha-delivery|challenge-container|token\.awswaf\.com)",
    re.IGNORECASE,
)
_FIELD = re.compile(
    r"<textarea\b|<input\b(?![^<>]{0,500}\btype\s{0,5}=\s{0,5}[\"']?(?:hidden|submit|button|checkbox))",
    re.IGNORECASE,
)
LITTLE = 1_500
"""Characters that people see of a wall; the wordiest challenges, of Google and Cloudflare, have about a thousand."""
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
    """Which kind of wall `body` is, None when it does not look like one. It was to be a page of a known form."""
    page = _page(body)
    return _refused(page) if _is_json(page) else _titled(page) or _marked(page)


def wall_on_site(body: bytes) -> Cause | None:
    """As `wall`, of a page that may be any of a site's.

    There a captcha may guard a form of the page itself, and services be named that are no wall.
    """
    page = _page(body)
    if _is_json(page):
        return _refused(page)
    return _titled(page) or (_marked(page) if _is_bare(page) and not _FIELD.search(page) else None)


def challenge(body: bytes) -> Cause | None:
    """Which kind of wall `body` is beyond doubt: a challenge, by its whole title or its workings, and nothing else."""
    page = _page(body)
    if _is_json(page):
        return _refused(page)
    if not (_CHALLENGE.fullmatch(_title(page)) or _WORKINGS.search(page)) or not _is_bare(page):
        return None
    return _titled(page) or _marked(page)


def title(body: bytes) -> str:
    """The title of a page, in small letters; empty where it has none."""
    return _title(_page(body))


def wall_at(address: str) -> Cause | None:
    """Which kind of wall a redirect led to, by its address."""
    return next((cause for cause, pattern in _ADDRESSES if pattern.search(address.lower())), None)


def refusal(said: object) -> Cause | None:
    """Which kind of wall speaks in the value of a JSON answer, None when none does."""
    return Cause.WAF if at(said, "error") is True and isinstance(at(said, "message"), str) else None


def _page(body: bytes) -> str:
    return decoded(body[:_LOOKED_AT])


def _is_json(page: str) -> bool:
    return page.lstrip().startswith("{")


def _refused(page: str) -> Cause | None:
    try:
        return refusal(json_of(page))
    except NotJson:
        return None


def _title(page: str) -> str:
    found = _TITLE.search(page)
    return " ".join(found[1].casefold().split()) if found else ""


def _titled(page: str) -> Cause | None:
    words = _title(page)
    return next((cause for cause, phrases in _TITLES if phrases.search(words)), None)


def _marked(page: str) -> Cause | None:
    page = page.casefold()
    return next((cause for cause, marks in _MARKS if any(mark in page for mark in marks)), None)


def _is_bare(page: str) -> bool:
    return len(plain(page)) <= LITTLE
