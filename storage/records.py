"""What a crawl brings: validated, cleaned records of public posts and reviews."""

import hashlib
import re
import unicodedata
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

LONGEST_TEXT = 100_000
"""Characters. The longest review seen on any source is below 30,000; more is an attack or a fault."""
LONGEST_TITLE = 1_000
LONGEST_ID = 500
LONGEST_URL = 2_000
LONGEST_NAME = 200
LARGEST_COUNT = 2**53
"""Counters come from JSON, whose numbers are exact up to here; it also fits a 64-bit column."""

# Format characters that reorder or hide what surrounds them (Unicode TR 36), and zero-width ones, which make another
# word of a name. The joiner U+200D goes between letters alone: it holds emoji together.
_REORDERING = re.compile("[\u00ad\u061c\u200b\u200c\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_JOINERS = re.compile(r"\u200d(?<=\w\u200d)\u200d*(?=\w)")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")
"""But for those that are white space: they part words."""
_SPACES = re.compile("[^\\S\n]+")
_BLANK_LINES = re.compile("\n{3,}")


def clean(text: str) -> str:
    """Text as it may be stored and shown: NFC, no control or reordering characters, tidy white space.

    Lone surrogates, which neither UTF-8 nor a database can hold, become U+FFFD.
    """
    text = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    text = _CONTROL.sub("", _REORDERING.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))
    # Only now, since what was taken out may have stood between a letter and its accent.
    text = _SPACES.sub(" ", _JOINERS.sub("", unicodedata.normalize("NFC", text)))
    lines = "\n".join(line.strip() for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", lines).strip()


def web_address(url: str) -> str:
    """`url` when it is an absolute http(s) address; anything else could run code when clicked."""
    url = clean(url).replace("\n", "").replace(" ", "%20")
    parts = urlsplit(url)
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        raise ValueError("not an http or https address")
    return url


def aware(moment: datetime) -> datetime:
    """`moment` in UTC; a time without a zone is refused, because guessing shifts it by hours."""
    if moment.tzinfo is None:
        raise ValueError("time without a zone")
    return moment.astimezone(UTC)


def _tidy(value: object) -> object:
    return clean(value) if isinstance(value, str) else value


def _absent_if_empty(value: object) -> object:
    value = _tidy(value)
    return None if value == "" else value


def _shortened_name(value: object) -> object:
    value = _absent_if_empty(value)
    return value[:LONGEST_NAME] if isinstance(value, str) else value


Moment = Annotated[datetime, AfterValidator(aware)]
Count = Annotated[int, Field(ge=0, le=LARGEST_COUNT)]
Rating = Annotated[float, Field(ge=-1_000, le=1_000, allow_inf_nan=False)]
Name = Annotated[str | None, BeforeValidator(_shortened_name)]


THEMES = (
    "levering",
    "afspraken",
    "kwaliteit",
    "privacy",
    "bereikbaarheid",
    "bejegening",
    "opzeggen",
    "opdringerigheid",
    "prijs",
    "transparantie",
    "retour",
)
"""What a mention can be about, several at once."""


DUTCH = "nl"
NO_LANGUAGE = "und"
"""Of a text without letters."""


def is_foreign(language: str | None) -> bool:
    """Whether a text in this language is kept without a verdict: Dutch is judged, and what has no language."""
    return language not in (None, DUTCH, NO_LANGUAGE)


class Sentiment(StrEnum):
    """The writer's attitude towards the company or its service."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


class Kind(StrEnum):
    REVIEW = "review"
    COMPLAINT = "complaint"
    POST = "post"
    COMMENT = "comment"
    ARTICLE = "article"


class Precision(StrEnum):
    """How coarsely a source tells a time: "3 maanden geleden" names a month of it, "20 november" a day."""

    MINUTE = "minute"
    """Or finer."""
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class Status(StrEnum):
    """Where the public can still read it; `hidden` is kept out of everything that is shown."""

    VISIBLE = "visible"
    EDITED = "edited"
    REMOVED = "removed"


class _Plain(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Reply(_Plain):
    """The company's public answer. `at` is None when the source does not say when."""

    text: Annotated[str, BeforeValidator(_tidy), Field(min_length=1, max_length=LONGEST_TEXT)]
    at: Moment | None = None


class Record(_Plain):
    """One public post or review, as its source shows it now.

    `namespace` is the space in which `external_id` is unique; kinds that read the same platform share
    it, so that a review seen through a page and through an interface is one mention. Counters that the
    source does not give are None, not zero. A rating always carries its scale.

    Raises `pydantic.ValidationError` for what cannot be a public post: no id, no text and no rating, a time
    without zone, a text over `LONGEST_TEXT` characters, a rating off its scale.
    """

    external_id: Annotated[str, BeforeValidator(_tidy), Field(min_length=1, max_length=LONGEST_ID)]
    namespace: Annotated[str, Field(min_length=1, max_length=LONGEST_ID)]
    kind: Kind = Kind.POST
    url: Annotated[str, AfterValidator(web_address), Field(max_length=LONGEST_URL)] | None = None
    title: Annotated[str, Field(max_length=LONGEST_TITLE)] | None = None
    of_topic: bool = False
    """The title is that of the topic in which it stands, with others."""
    text: Annotated[str, BeforeValidator(_tidy), Field(max_length=LONGEST_TEXT)] = ""
    language: Annotated[str, Field(max_length=35)] | None = None
    rating: Rating | None = None
    rating_min: Rating = 1
    rating_max: Rating | None = None
    author_id: Name = None
    author_name: Name = None
    published_at: Moment | None = None
    published_precision: Precision = Precision.MINUTE
    experienced_at: Moment | None = None
    updated_at: Moment | None = None
    reply: Reply | None = None
    likes: Count | None = None
    shares: Count | None = None
    replies: Count | None = None
    views: Count | None = None
    followers: Count | None = None
    status: Status = Status.VISIBLE

    @model_validator(mode="before")
    @classmethod
    def _empty_is_absent(cls, values: dict[str, object]) -> dict[str, object]:
        return values | {key: _absent_if_empty(values.get(key)) for key in ("title", "language", "url")}

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.text and not self.title and self.rating is None:
            raise ValueError("neither text, title nor rating")
        if self.rating is not None and self.rating_max is None:
            raise ValueError("a rating without its scale")
        if self.rating is not None and not self.rating_min <= self.rating <= (self.rating_max or 0):
            raise ValueError(f"rating {self.rating:g} is off its scale to {self.rating_max:g}")
        return self

    @property
    def content_hash(self) -> str:
        """Changes when the author edits: title, text or rating; not when counters or replies change.

        Who renames the topic of a forum edits nobody's words.
        """
        title = "" if self.of_topic and self.text else self.title or ""
        parts = (title, self.text, "" if self.rating is None else f"{self.rating:g}")
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


class Batch(_Plain):
    """The records of one page, stored in one transaction together with where the crawl has come to.

    `state` replaces the source's stored state (watermarks, validators of conditional requests) when given.
    """

    records: tuple[Record, ...] = ()
    state: dict[str, object] | None = None
