"""Every word of the interface, by language: `locale/<language>.toml`."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale

FOLDER = Path(__file__).with_name("locale")
_PLURAL = "other"
_CATEGORIES = {"zero", "one", "two", "few", "many", _PLURAL}


class CatalogueError(Exception):
    """The catalogue lacks a text, or a text lacks a value; names the key."""


@dataclass(frozen=True)
class Catalogue:
    """The texts of one language by dotted key; called with a key and values it gives the text.

    A text with plural forms is a table with the CLDR categories as keys (`one`, `other`), chosen by the value `n`.
    """

    language: str
    texts: Mapping[str, str | Mapping[str, str]]

    @property
    def locale(self) -> Locale:
        return Locale.parse(self.language)

    def __call__(self, key: str, **values: object) -> str:
        try:
            return self._form(key, values).format_map(values)
        except KeyError as error:
            raise CatalogueError(f"{self.language}.toml: {key}: there is no {error}") from None

    def __contains__(self, key: object) -> bool:
        return key in self.texts

    def first(self, *keys: str, **values: object) -> str:
        """The first of the keys that there is a text for; the last key itself when there is none."""
        return next((self(key, **values) for key in keys if key in self), keys[-1].rpartition(".")[2])

    def _form(self, key: str, values: Mapping[str, object]) -> str:
        text = self.texts[key]
        if isinstance(text, str):
            return text
        number = values.get("n", 0)
        category = self.locale.plural_form(number if isinstance(number, int | float) else 0)
        return text.get(category, text[_PLURAL])


@cache
def load(language: str) -> Catalogue:
    """The catalogue of a language. Raises CatalogueError when there is none."""
    path = FOLDER / f"{language}.toml"
    try:
        return Catalogue(language, dict(_flat(tomllib.loads(path.read_text(encoding="utf-8")))))
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
