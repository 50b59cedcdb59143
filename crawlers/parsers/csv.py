"""A file with a row for each post, as spreadsheets and customer systems write them."""

import codecs
import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from crawlers.dates import AMSTERDAM, instant, precision, sensible, written
from crawlers.parameters.files import Column, CsvParameters
from crawlers.parsers.addresses import safe
from crawlers.parsers.page import FormatChanged, Gathering, Page
from crawlers.parsers.rows import Rows
from crawlers.parsers.values import headed, language, number
from storage.records import LONGEST_ID, Reply, clean

ROWS = 500
"""Rows that are stored together."""
UNSPLIT = "\0"
"""Between the cells of a file with one column: no text holds it, `_decoded` leaves it out."""
DELIMITERS = (UNSPLIT, ";", ",", "\t", "|")
"""Of those that find the same headings the first counts: a file without any of the others has one column."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MONTHS = ("jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec")
_DAY, _NUMBER = r"(?P<day>\d{1,2})", r"(?P<month>\d{1,2})"
_YEAR_IN_FULL, _YEAR_ALSO_SHORT = r"(?P<year>\d{4})", r"(?P<year>\d{4}|\d\d)"
_NAME = rf"(?P<month>{'|'.join(_MONTHS)}|maa)[a-z]{{0,6}}\.?"
_TIME = r"(?:[ T,]+(?:om )?(?P<hour>\d{1,2})[:.](?P<minute>\d\d)(?:[:.](?P<second>\d\d)(?:[.,]\d{1,9})?)?)?(?: uur)?"
_DATES = tuple(
    re.compile(date + _TIME, re.IGNORECASE)
    for date in (
        rf"{_DAY}[-/.]{_NUMBER}[-/.]{_YEAR_ALSO_SHORT}",
        rf"{_YEAR_IN_FULL}[-/.]{_NUMBER}[-/.]{_DAY}",
        rf"{_DAY}[- ]{_NAME}[- ]'?{_YEAR_ALSO_SHORT}",
    )
)
_WEEKDAY = re.compile(
    r"(?:(?:maan|dins|woens|donder|vrij|zater|zon)dag|(?:ma|di|wo|do|vr|za|zo)\b\.?),? +", re.IGNORECASE
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_WORD = re.compile("[a-zA-Z]{3}")
_SLASHED = re.compile(r"^(\d{4})/(\d\d)/(\d\d)")
_LONG_AGO = datetime(1950, 1, 1, tzinfo=UTC)
"""Before any time that is taken, and the first of a month."""
_AHEAD = timedelta(days=1)
"""How far a date may be in the future: the clock or the zone of the program that wrote it may be off."""
_NO_RATING = frozenset({"-", "–", "n.v.t.", "nvt", "n/a"})
_RATING = re.compile(r"([^/]+)/([^/]+)")
_SEP = re.compile(r"sep=([;,|:\t])", re.IGNORECASE)
LONGEST_HEADINGS = 100_000
_LONGEST_CELL = 1_000_000


class Wrong(ValueError):
    """A row that cannot be used; says which column and why, without what it holds."""


@dataclass
class _Table:
    """Where the columns stand, how a row is read, and by digests of the ids which row had one first.

    `width` is how many cells a row may fill.
    """

    places: Mapping[Column, int]
    width: int
    told: CsvParameters
    namespace: str
    now: datetime
    first: dict[bytes, int] = field(default_factory=dict)


def pages(body: bytes, told: CsvParameters, namespace: str, now: datetime) -> Iterator[Page]:
    """The posts of a file, `ROWS` rows at a time; what is wrong with a row is a problem with its number.

    A relative date ("gisteren") is refused: the file may be of any day. Of two rows with one id the first counts,
    else they would edit each other; the second is refused. Raises FormatChanged when the headings are not there.
    """
    text, note = _decoded(body, told.encoding)
    rows = iter(Rows(*_laid_out(text, told)))
    headings = next(rows, (0, None))[1] or []
    table = _Table(_places(headings, told), _width(headings), told, namespace, now)
    gathering, taken = Gathering(), 0
    if note:
        gathering.note(note)
    for row, cells in rows:
        if cells is not None and not any(cell.strip() for cell in cells):
            continue
        _add(gathering, row, cells, table)
        taken += 1
        if taken % ROWS == 0:
            yield gathering.page()
            gathering = Gathering()
    if taken % ROWS or not taken:
        yield gathering.page()


def _decoded(body: bytes, encoding: str | None) -> tuple[str, str | None]:
    """The text, and a note when bytes in it are not of its encoding."""
    marked = next((name for mark, name in _MARKS if body.startswith(mark)), None)
    found = encoding or marked or _guessed(body)
    try:
        text = body.decode(found, "replace")
    except (ValueError, LookupError):
        raise FormatChanged(f"the file is not written in {found}") from None
    damaged = text.count("\ufffd")
    note = f"{damaged} characters of the file are not readable as {found}" if damaged else None
    return text.removeprefix("\ufeff").replace("\0", ""), note


def _guessed(body: bytes) -> str:
    """UTF-8 when most of what is not ASCII is; else what Windows writes in Western Europe."""
    start = body[:200]
    if start.count(0) > len(start) // 4:
        return "utf-16-le" if start[1:2] == b"\0" else "utf-16-be"
    text = body.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    good = 0 if not bad else sum(character > "\x7f" for character in text) - bad
    return "utf-8" if good >= bad else "windows-1252"


def _laid_out(text: str, told: CsvParameters) -> tuple[str, str]:
    """The text from its headings on, and what stands between the cells."""
    start = text[:LONGEST_HEADINGS]
    if said := _SEP.fullmatch(next(iter(start.splitlines()), "")):
        # A line for Excel, which counts the rows without it as well.
        return text[len(said[0]) :].lstrip("\r\n"), told.delimiter or said[1]
    wanted = {_heading(name) for name in told.columns.values()}
    candidates = (told.delimiter,) if told.delimiter else DELIMITERS

    def matched(delimiter: str) -> int:
        _, cells = next(iter(Rows(start, delimiter)), (1, None))
        return len(wanted & {_heading(cell) for cell in cells or ()})

    return text, max(candidates, key=matched)


def _heading(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def _width(headings: list[str]) -> int:
    """The cells up to the last heading: many programs end every line with a delimiter."""
    return max((place for place, name in enumerate(headings, 1) if name.strip()), default=0)


def _places(headings: list[str], told: CsvParameters) -> dict[Column, int]:
    known: dict[str, int] = {}
    for place, name in enumerate(headings):
        known.setdefault(_heading(name), place)
    missing = sorted(name for name in told.columns.values() if _heading(name) not in known)
    if missing:
        raise FormatChanged(f"the first row has no column {', '.join(repr(name) for name in missing)}")
    return {column: known[_heading(name)] for column, name in told.columns.items()}


def _add(gathering: Gathering, row: int, cells: list[str] | None, table: _Table) -> None:
    where, told = f"row {row}", table.told
    if cells is None:
        gathering.refuse(where, "a quotation mark is not closed, or something follows it")
        return
    if any(cell.strip() for cell in cells[table.width :]):
        # A text with the delimiter in it and no quotation marks round it would lose what follows.
        gathering.refuse(where, "has more cells than there are headings")
        return
    given = {column: cells[place].strip() for column, place in table.places.items() if place < len(cells)}
    try:
        fields = _fields(given, told, table.now)
    except Wrong as error:
        gathering.refuse(where, str(error))
        return
    identity = _identity(given)
    digest = _digest(identity)
    before = table.first.get(digest)
    if before is None:
        record = gathering.add(
            where, namespace=table.namespace, kind=told.holds, external_id=identity, **fields
        )
        if record:
            table.first[digest] = row
    elif Column.ID in told.columns:
        gathering.refuse(where, f"id: is that of row {before}")
    else:
        gathering.passed += 1
        gathering.note("rows that say the same as an earlier one count once")


def _fields(given: Mapping[Column, str], told: CsvParameters, now: datetime) -> dict[str, object]:
    if any(len(cell) > _LONGEST_CELL for cell in given.values()):
        raise Wrong("a cell is longer than any post")
    if Column.ID in told.columns and not given.get(Column.ID):
        raise Wrong("id: is empty")
    reply = given.get(Column.REPLY)
    rating, best = _rating(given, told)
    return headed(given.get(Column.TITLE) or None, given.get(Column.TEXT, "")) | {
        "published_at": _moment(given, Column.DATE, now),
        "published_precision": precision(given.get(Column.DATE)),
        "experienced_at": _moment(given, Column.EXPERIENCED, now),
        "updated_at": _moment(given, Column.UPDATED, now),
        "author_name": given.get(Column.AUTHOR) or None,
        "url": safe(given.get(Column.URL)),
        "language": language(given.get(Column.LANGUAGE)),
        "rating": rating,
        "rating_min": told.rating_min,
        "rating_max": best,
        "reply": _reply(reply, _moment(given, Column.REPLY_DATE, now)) if reply else None,
    }


def _reply(text: str, at: datetime | None) -> Reply:
    try:
        return Reply(text=text, at=at)
    except ValueError:
        raise Wrong("reply: is not a text that can be stored") from None


def _rating(given: Mapping[Column, str], told: CsvParameters) -> tuple[float | None, float | None]:
    """The rating and the highest that can be given, which a cell may name itself: "8/10"."""
    cell = given.get(Column.RATING, "")
    if not cell or cell.lower() in _NO_RATING:
        return None, told.rating_max
    scaled = _RATING.fullmatch(cell)
    found, best = (number(scaled[1]), number(scaled[2])) if scaled else (number(cell), told.rating_max)
    if found is None or best is None:
        raise Wrong("rating: is not a number")
    return found, best


def _moment(given: Mapping[Column, str], column: Column, now: datetime) -> datetime | None:
    cell = given.get(column)
    if not cell:
        return None
    found = moment(cell)
    if found is None:
        raise Wrong(f"{column}: is not a date that is understood")
    if found > now + _AHEAD:
        raise Wrong(f"{column}: is in the future")
    return found


def moment(cell: str) -> datetime | None:
    """A time in UTC from ISO 8601, "18-11-2026 9:41" or "18 november 2026"; the day comes before the month.

    Without a zone it is Dutch time; in the hour that occurs twice, the first of the two. A month is its first day.
    """
    # In words too, because the library that knows all of them takes five milliseconds for each.
    weekday = _WEEKDAY.match(cell)
    date = cell[weekday.end() :] if weekday else cell
    if match := next(filter(None, (form.fullmatch(date) for form in _DATES)), None):
        name = match["month"].lower().replace("maa", "mrt")
        month = _MONTHS.index(name) + 1 if name in _MONTHS else int(name)
        parts = match.group("year", "day", "hour", "minute", "second")
        year, day, hour, minute, second = (int(part or 0) for part in parts)
        year += 2000 if year < 100 else 0
        try:
            return sensible(datetime(year, month, day, hour, minute, second, tzinfo=AMSTERDAM))
        except ValueError:
            return None
    if found := instant(_SLASHED.sub(r"\1-\2-\3", cell)):
        return found
    # As seen before anything was posted: "gisteren" is too early then, also in "gisteren (2026)".
    return written(cell, _LONG_AGO) if _YEAR.search(cell) and _WORD.search(cell) else None


def _digest(identity: str) -> bytes:
    """Sixteen bytes in place of an id, of which a file may have millions."""
    return hashlib.blake2b(clean(identity).encode(), digest_size=16).digest()


def _identity(given: Mapping[Column, str]) -> str:
    """The row's own id; without one a hash of what it says, so that an edit makes another post."""
    own = given.get(Column.ID)
    if own and len(own) <= LONGEST_ID:
        return own
    parts = [own] if own else [given.get(column, "") for column in _TOLD_APART]
    joined = "\x1f".join(" ".join(unicodedata.normalize("NFC", part or "").split()) for part in parts)
    return hashlib.sha256(joined.encode("utf-8", "replace")).hexdigest()


_TOLD_APART = (Column.AUTHOR, Column.DATE, Column.RATING, Column.TITLE, Column.TEXT)
