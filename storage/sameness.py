"""Whether a source shows what another source of the same platform has shown already.

A review read from a page and through an interface is one mention. The two write it a little differently (spaces,
punctuation, a title apart or not), and one of them lags behind the other. Neither is an edit by its author.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

_WORD = re.compile(r"\w+")
_CUT = ("…", "...")


class Words(NamedTuple):
    """What a source showed of an author's words."""

    title: str | None
    text: str
    rating: float | None


def shown_before(now: Words, before: Iterable[Words]) -> bool:
    """Whether these words are those of any earlier version, but for how they are written."""
    plain = _plain(now)
    return any(_same_rating(now, one) and _same_words(plain, now, _plain(one)) for one in before)


def same_text(one: str | None, other: str | None) -> bool:
    """Whether two texts have the same words and figures, whatever stands between them."""
    return one is not None and other is not None and _words(one) == _words(other)


def _same_rating(one: Words, other: Words) -> bool:
    """A source that shows no rating says nothing about it."""
    return one.rating is None or other.rating is None or one.rating == other.rating


def _same_words(plain: str, now: Words, before: str) -> bool:
    cut = now.text.rstrip().endswith(_CUT) and bool(plain)
    return plain == before or (cut and before.startswith(plain))


def _plain(words: Words) -> str:
    text = _words(words.text)
    title = _words(words.title or "")
    return text if text.startswith(title) else f"{title} {text}".strip()


def _words(text: str) -> str:
    return " ".join(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))
