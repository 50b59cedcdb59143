"""Copies of a text are found, however they were dressed up; other people's complaints about the same are not."""

import json
import random
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import pytest

from storage.likeness import alike, bands, shingles

OUTAGE = Path(__file__).with_name("outage.txt").read_text().splitlines()
"""Two dozen people about one outage of one provider."""
TRAINING = Path(__file__).parents[2] / "sentiment" / "training" / "written-a.jsonl"
LEAST_FOUND = 0.99


def complaints(shortest: int = 40) -> list[str]:
    written = [json.loads(line) for line in TRAINING.read_text().splitlines()]
    return [one["text"] for one in written if one["sentiment"] == "negative" and len(one["text"]) >= shortest]


def mistyped(text: str) -> str:
    chance = random.Random(text)
    letters = list(text)
    for at in (chance.randrange(len(text) - 1) for _ in range(2)):
        letters[at], letters[at + 1] = letters[at + 1], letters[at]
    return "".join(letters)


CHANGES: list[tuple[str, int, Callable[[str], str]]] = [
    ("nothing", 40, str),
    ("greeting", 40, lambda text: f"Beste mensen van Snelveld, {text}"),
    ("account", 40, lambda text: f"@snelveld {text}"),
    ("hashtags and link", 40, lambda text: f"{text} #snelveld #storing https://x.example/a"),
    ("title", 40, lambda text: f"Nooit meer bij dit bedrijf\n{text}"),
    ("afterthought", 40, lambda text: f"{text} Edit: nog steeds geen reactie."),
    ("shouting", 40, lambda text: f"{text.upper()}!!! 😡"),
    ("two typing errors", 60, mistyped),
    ("cut at 100", 110, lambda text: f"{text[:99]}…"),
    ("cut at 280", 290, lambda text: f"{text[:279]}…"),
    ("title and cut", 260, lambda text: f"Nooit meer bij dit bedrijf: {text}"[:240]),
]


def found(one: str, other: str) -> bool:
    return alike(shingles(one), shingles(other)) and not set(bands(one)).isdisjoint(bands(other))


@pytest.mark.parametrize(("shortest", "change"), [case[1:] for case in CHANGES], ids=[c[0] for c in CHANGES])
def test_a_copy_is_found(shortest: int, change: Callable[[str], str]) -> None:
    texts = complaints(shortest)
    assert sum(found(text, change(text)) for text in texts) >= LEAST_FOUND * len(texts)


def test_people_who_complain_about_one_outage_are_not_copies() -> None:
    taken = [(one, other) for one, other in combinations(OUTAGE, 2) if alike(shingles(one), shingles(other))]
    assert taken == []


def test_hardly_any_two_complaints_share_a_band() -> None:
    keys = [set(bands(text)) for text in complaints()]
    sharing = [not one.isdisjoint(other) for one, other in combinations(keys, 2)]
    assert sum(sharing) <= len(sharing) / 2_000


def test_a_phrase_that_many_use_does_not_make_copies() -> None:
    short = "Wat een waardeloze provider is dit"
    longer = f"{short}. Vandaag weer anderhalf uur in de wacht gestaan omdat mijn rekening niet klopt."
    assert not alike(shingles(short), shingles(longer))


@pytest.mark.parametrize("text", ["", "Slecht!", "😡" * 50, "12345 " * 20, "#snelveld #storing @snelveld"])
def test_a_text_with_too_few_letters_is_like_none(text: str) -> None:
    assert (shingles(text), bands(text)) == (frozenset(), ())
    assert not alike(shingles(text), shingles(text))


def test_bands_fit_the_database_and_are_the_same_in_every_process() -> None:
    keys = bands("Snelveld laat ons alweer een week wachten")
    assert keys[0] == -9101175053641437351
    assert all(-(2**63) <= key < 2**63 for key in keys)
