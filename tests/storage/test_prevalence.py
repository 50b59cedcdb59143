"""Shares corrected for what the model is known to confuse."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from storage import prevalence
from storage.models import PERSON
from storage.trends import Figures

COUNTED = ((160, 30, 10), (20, 120, 20), (5, 15, 180))
RATES = np.array([[row_cell / sum(row) for row_cell in row] for row in COUNTED])
KNOWN = {"m1": COUNTED}


def figures(negative: int, neutral: int, positive: int) -> Figures:
    return Figures(negative + neutral + positive, negative, neutral, positive)


def test_what_the_confusion_adds_is_taken_off_again() -> None:
    truth = np.array([0.1, 0.2, 0.7])
    found = figures(*(round(one) for one in 10_000 * truth @ RATES))
    assert found.negative / found.judged == pytest.approx(0.1225, abs=1e-3)
    share = prevalence.negative_share({"m1": found}, KNOWN)
    assert share is not None
    assert share.value == pytest.approx(0.1, abs=0.005)
    assert share.low < 0.1 < share.high


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    dice, truth = np.random.default_rng(7), np.array([0.3, 0.3, 0.4])
    held = 0
    for _ in range(200):
        counted = tuple(
            tuple(map(int, dice.multinomial(sum(row), rates)))
            for row, rates in zip(COUNTED, RATES, strict=True)
        )
        found = figures(*map(int, dice.multinomial(300, truth @ RATES)))
        share = prevalence.negative_share({"m1": found}, {"m1": counted})
        assert share is not None
        held += share.low <= 0.3 <= share.high
    assert 180 <= held <= 200


def test_fewer_mentions_and_fewer_counted_texts_both_widen_the_interval() -> None:
    def width(scale: int, confusion: tuple[tuple[int, ...], ...]) -> float:
        share = prevalence.negative_share({"m1": figures(3 * scale, 3 * scale, 4 * scale)}, {"m1": confusion})
        assert share is not None
        return share.high - share.low

    few = tuple(tuple(cell // 10 for cell in row) for row in COUNTED)
    assert width(1, COUNTED) > width(10, COUNTED) > width(1000, COUNTED)
    assert width(1000, few) > 2 * width(1000, COUNTED)


def test_what_people_said_is_not_corrected() -> None:
    by_people = figures(3, 0, 1)
    assert prevalence.negative_share({PERSON: by_people}, {}) == prevalence.Share(0.75, 0.75, 0.75)
    both = prevalence.negative_share({PERSON: by_people, "m1": figures(0, 0, 4)}, KNOWN)
    assert both is not None
    assert both.value == pytest.approx(3 / 8, abs=0.01)


def test_every_model_is_corrected_for_its_own_confusion() -> None:
    perfect = ((10_000, 0, 0), (0, 10_000, 0), (0, 0, 10_000))
    share = prevalence.negative_share(
        {"m1": figures(0, 0, 100), "m2": figures(50, 0, 50)}, KNOWN | {"m2": perfect}
    )
    assert share is not None
    assert share.value == pytest.approx(0.25, abs=0.01)


def test_without_knowledge_of_its_mistakes_nothing_is_corrected() -> None:
    assert prevalence.negative_share({"m1": figures(1, 1, 1), "m2": figures(1, 1, 1)}, KNOWN) is None
    assert prevalence.negative_share({}, KNOWN) is None
    assert prevalence.negative_share({"": Figures(mentions=3)}, KNOWN) is None


def test_the_same_figures_give_the_same_interval() -> None:
    found = {"m1": figures(5, 4, 3)}
    assert prevalence.negative_share(found, KNOWN) == prevalence.negative_share(found, KNOWN)


counts = st.integers(0, 500)


@given(st.tuples(counts, counts, counts).filter(any), st.tuples(*[st.tuples(counts, counts, counts)] * 3))
@example((1, 0, 4), ((1, 0, 7), (1, 0, 0), (1, 0, 0)))
def test_whatever_was_found_and_counted_a_share_is_a_share(
    found: tuple[int, int, int], counted: tuple[tuple[int, int, int], ...]
) -> None:
    share = prevalence.negative_share({"m1": figures(*found)}, {"m1": counted})
    assert share is not None
    assert -1e-9 <= share.low <= share.value <= share.high <= 1 + 1e-9
