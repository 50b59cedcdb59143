"""When a site that was asked too often counts requests anew, where it says so in a way of its own."""

from datetime import datetime, timedelta

from scrapy.http import Response

from crawlers.dates import instant
from crawlers.parsers.values import number
from crawlers.retries import LONGEST_WAIT
from crawlers.spiders.reading import header

RESETS = ("x-rate-limit-reset", "X-RateLimit-Reset", "RateLimit-Reset")
"""As X, Reddit and Mastodon, and Bluesky name it."""
LATEST_COUNT = 10**9
"""Seconds. More than this is a moment since 1970 (September 2001), not a time to wait."""


def until_reset(response: Response, now: datetime) -> timedelta | None:
    """How long until a site counts requests anew, from a header: a time, or seconds from now or since 1970.

    At most `LONGEST_WAIT`.
    """
    said = next((value for name in RESETS if (value := header(response, name))), "")
    moment = instant(said) if "-" in said else None
    seconds = moment.timestamp() if moment else number(said)
    if seconds is None:
        return None
    wait = seconds - now.timestamp() if seconds > LATEST_COUNT else seconds
    return timedelta(seconds=min(max(wait, 1), LONGEST_WAIT.total_seconds()))
