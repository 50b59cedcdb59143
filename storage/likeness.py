"""Whether two texts are one text: copied, cut off, greeted, tagged or mistyped on the way, but not told in other words.

A text is the set of its shingles, every eight letters in a row (Broder 1997, "On the resemblance and containment of
documents"). To find the few texts that may be alike without comparing all, each set has a signature of minima, by
one permutation hashing (Li, Owen and Zhang 2012; empty bins filled as Shrivastava and Li 2014 do), whose pairs are
its bands: the more shingles two texts share, the surer they share a band.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from zlib import crc32

SHORTEST = 20
"""Letters. Shorter texts ("Slecht!") are alike without anybody having copied anybody."""
SHINGLE = 8
"""Letters: longer than most words, so that two complaints about one outage share few."""
HEAD = 300
"""Letters that are looked at. Who copies a long text, or cuts it off, keeps how it begins."""
START = 80

# Measured on copies and on different complaints about the same, in tests/storage/test_likeness.py.
_LONG = 60
_CONTAINED = 0.55
_ALIKE = 0.4

_BANDS, _ROWS = 12, 2
_NAMES = re.compile(r"https?://\S+|[@#]\w+")
_NO_LETTER = re.compile(r"[\W\d_]+")

Shingles = frozenset[int]


def shingles(text: str) -> Shingles:
    """The shingles of a text as 32-bit hashes; none for a text too short to tell.

    Case, accents, figures, punctuation, links, and names and hashtags make no difference.
    """
    return _shingles(_letters(text))


def alike(one: Shingles, other: Shingles) -> bool:
    """Whether these are copies. Of two long texts the shorter may be a part of the longer."""
    if not one or not other:
        return False
    shared, shorter = len(one & other), min(len(one), len(other))
    if shorter >= _LONG:
        return shared >= _CONTAINED * shorter
    return shared >= _ALIKE * (len(one) + len(other) - shared)


def bands(text: str) -> tuple[int, ...]:
    """Signed 64-bit numbers; texts that are alike nearly always share one, others hardly ever.

    A third of them is of the beginning alone, for copies that were cut off after a sentence or two.
    """
    letters = _letters(text)
    whole, start = _shingles(letters), _shingles(letters[:START])
    return (*_signed("whole", whole, _BANDS), *_signed("start", start, _BANDS // 2))


def _letters(text: str) -> str:
    plain = unicodedata.normalize("NFKD", _NAMES.sub(" ", text).casefold())
    return _NO_LETTER.sub("", "".join(c for c in plain if not unicodedata.combining(c)))[:HEAD]


def _shingles(letters: str) -> Shingles:
    if len(letters) < SHORTEST:
        return frozenset()
    return frozenset(crc32(letters[at : at + SHINGLE].encode()) for at in range(len(letters) - SHINGLE + 1))


def _signed(part: str, found: Shingles, number: int) -> Iterator[int]:
    if not found:
        return
    minima = _minima(found, number * _ROWS)
    for place in range(number):
        pair = minima[place * _ROWS : (place + 1) * _ROWS]
        digest = hashlib.blake2b(repr((part, place, pair)).encode(), digest_size=8).digest()
        yield int.from_bytes(digest, signed=True)


def _minima(found: Shingles, number: int) -> list[int]:
    """The smallest value in each of `number` bins; an empty bin takes the next one's, marked by the distance."""
    bins: dict[int, int] = {}
    for value in found:
        place, rest = value % number, value // number
        bins[place] = min(rest, bins.get(place, rest))
    return [_minimum(bins, place, number) for place in range(number)]


def _minimum(bins: Mapping[int, int], place: int, number: int) -> int:
    distance = next(step for step in range(number) if (place + step) % number in bins)
    return bins[(place + distance) % number] + (distance << 32)
