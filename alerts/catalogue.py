"""Words by language, for messages and pages, and figures and times as their readers write them."""

import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale, dates, numbers

from storage.calendar import AMSTERDAM

FOLDER = Path(__file__).with_name("locale")
"""The words of the messages, which the pages use too."""
_PLURAL = "other"
_CATEGORIES = {"zero", "one", "two", "few", "many", _PLURAL}
_TINIEST = 1e-99
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class CatalogueError(Exception):
    """A catalogue lacks a text, or a text lacks a value; names the key."""


@dataclass(frozen=True)
class Catalogue:
    """The texts of one language by dotted key; called with a key and values it gives the text.

    A text with plural forms is a table with CLDR categories as keys (`one`, `other`), chosen by the value `n`;
    `{n}` in a text is the number as people write it.
    """

    language: str
    texts: Mapping[str, str | Mapping[str, str]]

    @property
    def locale(self) -> Locale:
        return Locale.parse(self.language)

    def __call__(self, key: str, n: float | None = None, **values: object) -> str:
        shown = values if n is None else {**values, "n": self.number(n)}
        try:
            return self._form(key, n).format_map(shown)
        except KeyError as error:
            raise CatalogueError(f"{self.language}.toml: {key}: there is no {error}") from None

    def __contains__(self, key: object) -> bool:
        return key in self.texts

    def number(self, value: float, digits: int = 0) -> str:
        shown = numbers.format_decimal(round(value, digits), locale=self.locale, decimal_quantization=False)
        return str(shown)

    def moment(self, moment: datetime, now: datetime) -> str:
        """`14:05` today, `za 21 nov 14:05` on another day, Dutch time."""
        local = moment.astimezone(AMSTERDAM)
        pattern = "HH:mm" if local.date() == now.astimezone(AMSTERDAM).date() else "EEE d MMM HH:mm"
        return str(dates.format_datetime(local, pattern, locale=self.locale)).replace(".", "")

    def length(self, length: timedelta) -> str:
        """A length of time in its largest unit: `26 uur`, `3 dagen`."""
        span = max(length, timedelta(minutes=1))
        return str(dates.format_timedelta(span, threshold=1.5, locale=self.locale))

    def tiny(self, value: float) -> str:
        """A probability after its sign, in one or two digits, unbroken: `= 0,0004`, `= 3 × 10⁻⁹`, `< 10⁻⁹⁹`."""
        if value >= 1e-4:
            return "=\u00a0" + self.number(value, 1 - math.floor(math.log10(value)))
        if value < _TINIEST:
            return "<\u00a010⁻⁹⁹"
        digit, _, power = f"{value:.0e}".partition("e")
        return f"=\u00a0{digit}\u00a0×\u00a010{str(int(power)).translate(_RAISED)}"

    def _form(self, key: str, n: float | None) -> str:
        text = self.texts[key]
        if isinstance(text, str):
            return text
        return text.get(self.locale.plural_form(n or 0), text[_PLURAL])


@cache
def load(language: str, *folders: Path) -> Catalogue:
    """The texts of `<folder>/<language>.toml`, of the messages alone when no folders are named.

    Raises CatalogueError when there is no such language.
    """
    texts: dict[str, str | Mapping[str, str]] = {}
    for folder in folders or (FOLDER,):
        texts |= _flat(_read(folder / f"{language}.toml"))
    return Catalogue(language, texts)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CatalogueError(f"{path}: there is no such language") from None
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(f"{path}: {error}") from error


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str | Mapping[str, str]]]:
    for name, value in table.items():
        if isinstance(value, str) or (_PLURAL in value and value.keys() <= _CATEGORIES):
            yield prefix + name, value
        else:
            yield from _flat(value, f"{prefix}{name}.")
