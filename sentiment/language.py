"""Which language a text is in.

py3langid (a naive Bayes classifier over byte n-grams; Lui and Baldwin 2011) tells how likely each of 140 languages
makes the text. What it lacks is what we know beforehand: these are Dutch sources, and a Dutch complaint that nobody
reads is the costly mistake. So every other language must be so much likelier than Dutch before it is believed.
"""

import math
import re
import unicodedata
from functools import cache
from typing import Any

from storage.records import DUTCH, NO_LANGUAGE, clean

# Natural logarithms of how much likelier than Dutch another language must make a text, in py3langid's scale, which
# divides by the root of the length. Chosen on tests/sentiment/short_posts.tsv and the training texts: 2.2 instead of
# 2.5 would find a tenth more of the foreign posts, and lose half as many Dutch ones again.
_NEIGHBOURS = frozenset({"en", "de", "fr"})
# Not Italian, Romanian and Portuguese, for which "Prima service" would pass.
_SPOKEN_HERE = frozenset({"es", "pl", "tr", "ar", "uk", "ru", "bg", "zh", "fa", "af", "fy", "el", "he"})
_NEIGHBOUR, _SPOKEN, _FAR = 2.5, 3.0, 5.0
_STATED = 1.0
"""What the source says weighs this much. Not more: people write Dutch on telephones that say English."""

_TERSE, _TERSE_DOUBT = 15, 1.0
"""So few characters ("Prima service") are doubtful by so much more."""
_NEVER = 1e-300

_LONGEST = 500
"""Characters that are looked at; more tell no more and cost time."""
_NAMES = re.compile(r"https?://\S+|@\w+")
_NO_LETTER = re.compile(r"[^\w'’]|[\d_]")


def language_of(text: str, stated: str | None = None) -> str:
    """ISO 639 code of the text's language; `NO_LANGUAGE` for a text without letters.

    A doubtful text counts as Dutch: two or three words seldom prove anything. `stated` is what the source says,
    such as `nl` or `en-US`; it tips the scales without deciding.
    """
    words = _letters(text)
    if not any(character.isalpha() for character in words):
        return NO_LANGUAGE
    hint = re.split("[-_]", stated)[0].lower() if stated else None
    likely = _identifier().rank(words)
    terse = _TERSE_DOUBT if len(words) < _TERSE else 0.0
    return str(max(likely, key=lambda one: math.log(one[1] or _NEVER) - _handicap(one[0], hint, terse))[0])


def _handicap(language: str, stated: str | None, terse: float) -> float:
    said = _STATED if language == stated else 0.0
    if language == DUTCH:
        return -said
    rare = _NEIGHBOUR if language in _NEIGHBOURS else _SPOKEN if language in _SPOKEN_HERE else _FAR
    return rare + terse - said


def _letters(text: str) -> str:
    """The words alone: links, names, figures, emoji and fancy letters would be evidence of nothing."""
    plain = _NAMES.sub(" ", unicodedata.normalize("NFKC", clean(text[:_LONGEST])))
    return " ".join(_NO_LETTER.sub(" ", plain).split())


@cache
def _identifier() -> Any:
    # Here, not above: it brings numpy, and half a second goes into unpacking the model. Pages need neither.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
