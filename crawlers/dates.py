"""Times as sources write them: ISO 8601, or Dutch words as on a page."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""Outside these a time is a fault of the source (1 January 1970 is before, too)."""
LONGEST = 60
"""Characters; "donderdag 26 november 2026 om 23:59:59 uur" has 42."""

# Forms that dateparser 1.5 does not know in Dutch.
_ONE = re.compile(r"\b(?:een|één)\s+(?=seconde|minuut|uur|dag|week|maand|jaar|kwartier)", re.IGNORECASE)
_JUST_NOW = re.compile(r"(?:zojuist|zonet|zopas|daarnet|net|nu)", re.IGNORECASE)
_LESS_THAN = (
    (re.compile(r"anderhalf uur geleden", re.IGNORECASE), timedelta(minutes=90)),
    (re.compile(r"(?:(?:1|een)\s+)?half uur geleden", re.IGNORECASE), timedelta(minutes=30)),
    (re.compile(r"(?:(?:1|een)\s+)?kwartier geleden", re.IGNORECASE), timedelta(minutes=15)),
)


def instant(value: object, zone: ZoneInfo = AMSTERDAM) -> datetime | None:
    """An ISO 8601 time in UTC; None for anything else. A date, or a time without zone, is of `zone`."""
    if not isinstance(value, str) or len(value) > LONGEST:
        return None
    try:
        found = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return sensible(found if found.tzinfo else found.replace(tzinfo=zone))


def sensible(moment: datetime) -> datetime | None:
    """`moment` in UTC when a public post can be of that time."""
    try:
        moment = moment.astimezone(UTC)
    except (OverflowError, ValueError):
        return None
    return moment if EARLIEST <= moment <= LATEST else None


def written(value: object, now: datetime) -> datetime | None:
    """A time in UTC from ISO 8601 or Dutch words, read as seen at `now`; None when it says none.

    Visible dates are Dutch time, day before month; "gisteren" and "3 dagen geleden" count from `now`, the
    time of the download.
    """
    if not isinstance(value, str) or not 0 < len(value.strip()) <= LONGEST:
        return None
    return instant(value) or _in_words(" ".join(value.split()), now)


def _in_words(words: str, now: datetime) -> datetime | None:
    if _JUST_NOW.fullmatch(words):
        return now
    for pattern, ago in _LESS_THAN:
        if pattern.fullmatch(words):
            return now - ago
    import dateparser  # costs a tenth of a second, and few pages need it

    settings = {
        "TIMEZONE": AMSTERDAM.key,
        "TO_TIMEZONE": "UTC",
        "RETURN_AS_TIMEZONE_AWARE": True,
        "PREFER_DATES_FROM": "past",
        "RELATIVE_BASE": now.astimezone(AMSTERDAM).replace(tzinfo=None),
    }
    try:
        found = dateparser.parse(_ONE.sub("1 ", words), languages=["nl"], settings=settings)
    except (ValueError, OverflowError, TypeError, RecursionError):
        return None
    return sensible(found) if found else None
