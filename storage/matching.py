"""Which brand a text is about."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from storage.configuration import BrandSettings
from storage.records import Record, clean


def _pattern(terms: tuple[str, ...]) -> re.Pattern[str] | None:
    """Any of the terms as whole words, whatever the case, with or without @ or # before them."""
    words = [r"\s+".join(map(re.escape, clean(term).split())) for term in terms if clean(term)]
    if not words:
        return None
    longest_first = "|".join(sorted(words, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{longest_first})(?!\w)", re.IGNORECASE)


@dataclass(frozen=True)
class BrandTerms:
    """One brand's search terms and exclusions. An excluded term anywhere rules the whole text out."""

    brand_id: int
    terms: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    competitor: bool = False

    @cached_property
    def _wanted(self) -> re.Pattern[str] | None:
        return _pattern(self.terms)

    @cached_property
    def _unwanted(self) -> re.Pattern[str] | None:
        return _pattern(self.exclude)

    def hits(self, text: str) -> int:
        """How often the brand is named in `text`; 0 when a text with an exclusion in it."""
        if self._wanted is None or (self._unwanted is not None and self._unwanted.search(text)):
            return 0
        return len(self._wanted.findall(text))


@dataclass(frozen=True)
class Matcher:
    """Finds the brand of a record: the source's own brand, else the one that the text names.

    A text that names several brands belongs to one of them: an own brand before a competitor, then the one
    named most often, then the one configured first.
    """

    brands: tuple[BrandTerms, ...] = ()
    own: int | None = None

    def brand_of(self, record: Record) -> int | None:
        if self.own is not None:
            return self.own
        text = f"{record.title or ''}\n{record.text}"
        named = [
            (brand.competitor, -hits, place, brand.brand_id)
            for place, brand in enumerate(self.brands)
            if (hits := brand.hits(text))
        ]
        return min(named)[-1] if named else None


def matcher(settings: Mapping[int, BrandSettings], own: int | None = None) -> Matcher:
    """A matcher for brands by their id in the database."""
    brands = tuple(
        BrandTerms(brand_id, brand.terms, brand.exclude, brand.competitor)
        for brand_id, brand in settings.items()
    )
    return Matcher(brands, own)
