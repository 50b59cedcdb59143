"""Times as sources write them: ISO 8601, or Dutch words as on a page."""

import re
from datetime import UTC, datetime, time, timedelta
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

from storage.records import Precision

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""Outside these a time is a fault of the source (1 January 1970 is before, too)."""
LONGEST = 60
"""Characters; "donderdag 26 november 2026 om 23:59:59 uur" has 42."""

_JUST_NOW = re.compile(r"(?:zojuist|zonet|zopas|daarnet|net|nu)(?: geplaatst)?")
_CLOCK = re.compile(r"(?:om )?(\d{1,2})[:.](\d{2})(?: uur)?")

# "3 uur geleden" is so long before now, whatever the clocks did in between; dateparser counts on the clock's face.
_UNITS = {
    "sec": timedelta(seconds=1),
    "min": timedelta(minutes=1),
    "kwartier": timedelta(minutes=15),
    "half uur": timedelta(minutes=30),
    "u": timedelta(hours=1),
}
_NUMBERS = {
    "een": 1.0,
    "één": 1.0,
    "'n": 1.0,
    "anderhalf": 1.5,
    "anderhalve": 1.5,
    "enkele": 3.0,
    "paar": 3.0,
} | {
    word: float(number)
    for number, word in enumerate(
        ("twee", "drie", "vier", "vijf", "zes", "zeven", "acht", "negen", "tien", "elf", "twaalf"), 2
    )
}
_NUMBER = rf"(?:een (?=paar|half))?(?P<number>\d{{1,4}}|{'|'.join(_NUMBERS)})?"
_UNIT = r"(?P<unit>sec|min|kwartier|half uur|u)(?:onden?|onde|uut|uten|ur|ren|\.)?"
_LENGTH = re.compile(rf"{_NUMBER} ?{_UNIT}(?:,| en)? ?")
_ABOUT = re.compile(r"(?:ongeveer|circa|ca\.|zowat|bijna|ruim|meer dan|minder dan|zo'n) ")
_AGO = re.compile(r"\s*(?:geleden|terug)$")
_CLOCK_FACE = re.compile(r"(?<![\d.])\d{1,2}[:.]\d{2}(?![\d.])|\dt\d{2}|^\d{8} \d{4}|^\d{9,}$")
_NAMES_DAY = re.compile(r"(?<!\d)(?:\d{1,2}|\d{8})(?!\d)|gister|vandaag|dag\b")
_YEAR_AND_MONTH = re.compile(r"\d{4}-\d{2}")
# The finest first: "1 uur en 5 minuten geleden" is told in minutes.
_GRAINS = (
    (Precision.MINUTE, re.compile(r"sec|min|kwartier|(?<!ander)half uur")),
    (Precision.HOUR, re.compile(r"(?<![a-z])u(?:ur|ren|r)?\b")),
    (Precision.DAY, re.compile(r"(?<![a-z])d(?:ag|agen)?\b")),
    (Precision.WEEK, re.compile(r"(?<![a-z])(?:we(?:ek|ken)|wk)\b")),
    (Precision.MONTH, re.compile(r"(?<![a-z])(?:maand|mnd)")),
    (Precision.YEAR, re.compile(r"(?<![a-z])ja(?:ar|ren)\b")),
)
# Spellings and words for numbers that dateparser 1.5 does not know in Dutch.
_COUNTED = re.compile(
    rf"(?<!\w)(?:(?:een|'n) (?=paar))?({'|'.join(_NUMBERS)})\s+(?=dag|week|weken|maand|jaar|jaren)"
)
_SPELLINGS = (
    (re.compile(r" (?:om )?(\d{1,2})[:.](\d{2}) uur$"), r" \1:\2"),
    (re.compile(r" om (\d{1,2})\.(\d{2})$"), r" \1:\2"),
    (re.compile(r" terug$"), " geleden"),
    (re.compile(r"^(\d+) ?d geleden$"), r"\1 dagen geleden"),
    (re.compile(r"^gister\b"), "gisteren"),
    (re.compile(r"\bjaren\b"), "jaar"),
)


def instant(value: object, zone: ZoneInfo = AMSTERDAM) -> datetime | None:
    """An ISO 8601 time in UTC; None for anything else. A date, or a time without zone, is of `zone`.

    Of an hour that occurs twice it is the first one, lest a mark until which a source was read is too late.
    """
    found = _iso(value)
    return sensible(found if found.tzinfo else found.replace(tzinfo=zone)) if found else None


def _iso(value: object) -> datetime | None:
    if not isinstance(value, str) or len(value) > LONGEST:
        return None
    try:
        return datetime.fromisoformat(value.strip())
    except ValueError:
        return None


def mailed(said: str) -> datetime | None:
    """A time as mail and HTTP write it (RFC 5322, 3.3), without a zone when it names none; None for anything else."""
    try:
        return parsedate_to_datetime(said)
    except (ValueError, TypeError, OverflowError):  # whatever a site writes there
        return None


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
    found = _iso(value)
    if found is None:
        return _in_words(" ".join(value.lower().split()), now)
    return sensible(found) if found.tzinfo else _of_clock(found, now)


def precision(value: object) -> Precision:
    """How coarsely a text tells the time that `instant` or `written` reads in it; MINUTE for all but a text."""
    if not isinstance(value, str):
        return Precision.MINUTE
    words = " ".join(value[: 2 * LONGEST].lower().split())
    if _CLOCK_FACE.search(words) or _JUST_NOW.fullmatch(words):
        return Precision.MINUTE
    if _AGO.search(words):
        return next((grain for grain, unit in _GRAINS if unit.search(words)), Precision.MINUTE)
    if _NAMES_DAY.search(words) and not _YEAR_AND_MONTH.fullmatch(words):
        return Precision.DAY
    return Precision.YEAR if re.fullmatch(r"\d*", words) else Precision.MONTH


def _in_words(words: str, now: datetime) -> datetime | None:
    if _JUST_NOW.fullmatch(words):
        return now
    ago = _length_ago(words)
    if ago is not None:
        return sensible(now - ago)
    clock = _CLOCK.fullmatch(words)
    return _last(int(clock[1]), int(clock[2]), now) if clock else _by_calendar(words, now)


def _length_ago(words: str) -> timedelta | None:
    """How long ago, in hours and less; None when it says something else."""
    length, ago = _AGO.subn("", words)
    length = _ABOUT.sub("", length)
    total, at = timedelta(), 0
    while ago and at < len(length) and (found := _LENGTH.match(length, at)):
        number = found["number"] or "1"
        total += _UNITS[found["unit"]] * (float(number) if number.isdigit() else _NUMBERS[number])
        at = found.end()
    return total if ago and 0 < at == len(length) else None


def _last(hour: int, minute: int, now: datetime) -> datetime | None:
    """When a Dutch clock last showed this time."""
    today = now.astimezone(AMSTERDAM).date()
    try:
        shown = [datetime.combine(today - timedelta(days=back), time(hour, minute)) for back in (0, 1)]
    except ValueError:
        return None
    return max((moment for one in shown for moment in _moments(one) if moment <= now), default=None)


def _by_calendar(words: str, now: datetime) -> datetime | None:
    import dateparser  # costs a tenth of a second, and few pages need it

    counted = _COUNTED.sub(lambda found: f"{_NUMBERS[found[1]]:g} ", words)
    for pattern, known in _SPELLINGS:
        counted = pattern.sub(known, counted)
    # Without zones: where the clock shows an hour twice, or never, dateparser raises.
    clock = now.astimezone(AMSTERDAM).replace(tzinfo=None)
    settings = {"PREFER_DATES_FROM": "past", "RELATIVE_BASE": clock}
    try:
        found = dateparser.parse(counted, languages=["nl"], settings=settings)
    except (ValueError, OverflowError, TypeError, RecursionError):
        return None
    if found is None or found.tzinfo is not None:
        return sensible(found) if found else None
    if counted.endswith(" geleden"):  # "3 weken geleden" is so many times 24 hours, whatever the clocks did
        return sensible(now - (clock - found))
    return _of_clock(found, now)


def _of_clock(shown: datetime, now: datetime) -> datetime | None:
    """The moment at which a Dutch clock showed this.

    Of an hour that occurs twice it is the later one, unless that is still to come. A time that the clock skipped is
    as long after midnight as it says.
    """
    moments = [moment for moment in _moments(shown) if sensible(moment)]
    return max((moment for moment in moments if moment <= now), default=min(moments, default=None))


def _moments(shown: datetime) -> tuple[datetime, ...]:
    """The moments that the face of a Dutch clock may mean, in UTC."""
    try:
        both = [shown.replace(tzinfo=AMSTERDAM, fold=fold).astimezone(UTC) for fold in (0, 1)]
    except (OverflowError, ValueError):
        return ()
    skipped = both[0] > both[1]
    return (both[0],) if skipped else tuple(both)
