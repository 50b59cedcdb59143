"""Addresses as they may be stored: http or https, without the marks of who followed whom."""

import re
from urllib.parse import urljoin, urlsplit, urlunsplit

from storage.records import LONGEST_URL, web_address

# What newsletters, advertisements and analytics add; none of them changes which page it is.
_TRACKING = re.compile(
    r"(?:utm_\w+|at_\w+|mtm_\w+|pk_\w+|fbclid|gclid|dclid|gbraid|wbraid|msclkid|twclid|ttclid|yclid|igshid|"
    r"mc_cid|mc_eid|_hsenc|_hsmi|ns_\w+|wt_mc|cmpid|ocid)",
    re.IGNORECASE,
)
_ALERT = re.compile(r"https?://(?:www\.)?google\.[a-z.]+/alerts/feeds/", re.IGNORECASE)


def safe(url: object, page: str | None = None) -> str | None:
    """`url` without tracking parameters, absolute by `page`; None for what is no web address."""
    if not isinstance(url, str) or not url.strip():
        return None
    try:
        whole = web_address(urljoin(page, url.strip()) if page else url)
        found = untracked(whole)
    except ValueError:
        return None
    return found if len(found) <= LONGEST_URL else None


def untracked(url: str) -> str:
    """`url` without the parameters that only say where the reader came from; the rest stays as it was."""
    parts = urlsplit(url)
    kept = [part for part in parts.query.split("&") if not _TRACKING.fullmatch(part.partition("=")[0])]
    fragment = "" if _TRACKING.match(parts.fragment) else parts.fragment
    return urlunsplit(parts._replace(query="&".join(kept), fragment=fragment))


def secret_parts(url: str) -> tuple[str, ...]:
    """What of an address must not be told: the end of a Google Alert's, with which anybody could read it."""
    alert = _ALERT.match(url)
    return tuple(filter(None, re.split(r"[/?#]", url[alert.end() :]))) if alert else ()


def site(url: str) -> str:
    """The host of `url` and its port, in small letters and without `www.`."""
    return urlsplit(url).netloc.lower().removeprefix("www.")


def rebased(url: str, base_url: str | None) -> str:
    """`url` on the site of `base_url`, if there is one, and below its path unless it is there already."""
    if base_url is None:
        return url
    base, parts = urlsplit(base_url), urlsplit(url)
    below = base.path.rstrip("/")
    inside = f"{parts.path}/".startswith(f"{below}/")
    path = parts.path if inside else f"{below}/{parts.path.lstrip('/')}"
    return urlunsplit(parts._replace(scheme=base.scheme, netloc=base.netloc, path=path))
