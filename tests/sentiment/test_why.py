"""Which words carried a verdict."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentiment.classifier import Sentiment, Verdict
from sentiment.onnx import EmbeddedClassifier
from sentiment.why import Carrier, why

NEGATIVE, NEUTRAL, POSITIVE = Sentiment
WEIGHTS = {"slecht": 2.0, "traag": 1.0, "prima": -1.5}


@dataclass
class Counting:
    """Adds up what its words weigh, and keeps how many texts it was asked about."""

    model_id: str = "teller"
    asked: list[str] = field(default_factory=list)

    def classify(self, texts: Sequence[str]) -> list[Verdict]:
        self.asked += texts
        return [self._one(sum(WEIGHTS.get(word.strip(".,"), 0.0) for word in text.split())) for text in texts]

    def _one(self, odds: float) -> Verdict:
        negative = 1 / (1 + 2.718281828 ** min(max(-odds, -50), 50))
        said = NEGATIVE if negative > 0.5 else POSITIVE
        return Verdict(said, {NEGATIVE: negative, NEUTRAL: 0.0, POSITIVE: 1 - negative})


def heavy(text: str, found: Sequence[Carrier]) -> dict[str, float]:
    """The words that weigh something, with their weights."""
    return {text[one.start : one.end]: round(one.weight, 3) for one in found if abs(one.weight) > 0.01}


def test_every_word_weighs_what_leaving_it_out_takes_away() -> None:
    text = "De service is slecht, traag, maar de koffie prima."
    found = why(text, Counting())
    assert heavy(text, found) == {"slecht,": 2.0, "traag,": 1.0, "prima.": -1.5}
    assert [text[one.start : one.end] for one in found] == text.split()


def test_the_sentiment_that_was_asked_about_is_explained() -> None:
    assert heavy("slecht traag prima", why("slecht traag prima", Counting(), POSITIVE))["prima"] == 1.5


def test_in_a_long_text_the_words_that_matter_stand_apart_and_the_rest_in_groups() -> None:
    text = " ".join(["en toen"] * 40 + ["slecht"] + ["en toen"] * 50 + ["traag"] + ["en toen"] * 30)
    judge = Counting()
    found = why(text, judge)
    assert heavy(text, found) == {"slecht": 2.0, "traag": 1.0}
    assert len(found) < len(judge.asked) < 70
    assert all(before.end <= after.start for before, after in itertools.pairwise(found))


def test_of_a_very_long_text_the_loudest_part_is_explained() -> None:
    text = "de winkel opent " * 400 + "wat een slecht bedrijf " + "de winkel opent " * 400
    judge = Counting()
    assert heavy(text, why(text, judge, NEGATIVE)) == {"slecht": 2.0}
    assert sum(map(len, judge.asked)) < 100_000


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_a_text_without_words_has_no_carriers(text: str) -> None:
    assert why(text, Counting()) == []


def test_a_hundred_thousand_characters_without_a_blank_cost_no_more_than_a_long_text() -> None:
    judge = Counting()
    why("x" * 100_000, judge, NEUTRAL)
    assert sum(map(len, judge.asked)) < 100_000


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(codec=None), max_size=60))
def test_any_text_is_explained_by_parts_of_it(embedded: EmbeddedClassifier, text: str) -> None:
    found = why(text, embedded, NEGATIVE)
    assert all(0 <= one.start < one.end <= len(text) for one in found)


def test_the_shipped_model_points_at_the_word_that_blames(embedded: EmbeddedClassifier) -> None:
    text = "Gisteren ben ik bij de winkel in Utrecht geweest en het was waardeloos."
    found = why(text, embedded)
    strongest = max(found, key=lambda one: one.weight)
    assert text[strongest.start : strongest.end] == "waardeloos."
