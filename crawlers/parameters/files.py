"""Parameters of files that people have."""

import codecs
import re
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from crawlers.parameters.types import Parameters
from storage.records import Kind


class Column(StrEnum):
    """What a column of a file can say of a post."""

    ID = "id"
    TEXT = "text"
    TITLE = "title"
    DATE = "date"
    RATING = "rating"
    AUTHOR = "author"
    URL = "url"
    LANGUAGE = "language"
    EXPERIENCED = "experienced"
    UPDATED = "updated"
    REPLY = "reply"
    REPLY_DATE = "reply_date"


SAYING = frozenset({Column.TEXT, Column.TITLE, Column.RATING})
"""A post without any of these says nothing."""


_ALSO = {
    "external_id": Column.ID,
    "published_at": Column.DATE,
    "author_name": Column.AUTHOR,
    "experienced_at": Column.EXPERIENCED,
    "updated_at": Column.UPDATED,
    "reply_text": Column.REPLY,
    "reply_at": Column.REPLY_DATE,
}


def _columns(value: object) -> object:
    """What is written the other way round, or by the names of the export, is understood as well."""
    if not isinstance(value, dict):
        return value
    known = {column.value: column for column in Column} | _ALSO
    found: dict[object, object] = {}
    for key, name in value.items():
        turned = key not in known and isinstance(name, str) and name in known
        column, heading = (name, key) if turned else (key, name)
        found[known.get(column, column)] = heading
    return found


def _encoding(value: str) -> str:
    try:
        "é".encode(value)
        b"e".decode(value)
    except (LookupError, ValueError, TypeError):
        raise ValueError(
            'is not an encoding of texts; write "utf-8" or "windows-1252", or leave it out'
        ) from None
    return codecs.lookup(value).name


def _delimiter(value: str) -> str:
    if not re.fullmatch(r"[;,|:\t]", value):
        raise ValueError('write the one character between the cells: ";", ",", "|" or "\\t", or leave it out')
    return value


def _path(value: str) -> str:
    if not value.strip() or "\0" in value:
        raise ValueError('write the path of the file: "klachten.csv"')
    return value


class CsvParameters(Parameters):
    """A file with a row for each post. `columns` says under which heading each part of a post stands."""

    path: Annotated[str, AfterValidator(_path)]
    columns: Annotated[
        dict[Column, Annotated[str, Field(min_length=1)]], BeforeValidator(_columns), Field(min_length=1)
    ]
    rating_min: float = 1
    rating_max: float | None = None
    holds: Kind = Kind.COMPLAINT
    encoding: Annotated[str, AfterValidator(_encoding)] | None = None
    delimiter: Annotated[str, AfterValidator(_delimiter)] | None = None

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if not SAYING & self.columns.keys():
            raise ValueError('columns need at least a text, a title or a rating: { text = "Klacht" }')
        if Column.RATING in self.columns and self.rating_max is None:
            raise ValueError("a rating needs its scale; add rating_max = 5 or rating_max = 10")
        if self.rating_max is not None and not -1_000 <= self.rating_min < self.rating_max <= 1_000:
            raise ValueError("rating_min must be below rating_max, both between -1000 and 1000")
        return self
