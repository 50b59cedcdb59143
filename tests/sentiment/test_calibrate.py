"""What is chosen on development texts: temperature, thresholds, and the limit of doubt."""

import numpy as np
import pytest
from numpy.typing import NDArray

from sentiment.calibrate import scaling, sure_from, thresholds
from sentiment.windows import Window, sigmoid, softmax, strongest


def test_a_threshold_parts_the_texts_that_have_the_label() -> None:
    probabilities = np.array([[0.1], [0.2], [0.3], [0.7], [0.8], [0.9]])
    truth = np.array([[0.0], [0.0], [0.0], [1.0], [1.0], [1.0]])
    (chosen,) = thresholds(probabilities, truth, ("prijs",))
    assert 0.3 < chosen <= 0.7


def test_escalation_comes_as_near_to_the_precision_and_recall_that_are_wanted() -> None:
    dice = np.random.default_rng(1)
    truth = dice.random((20_000, 1)) < 0.1
    probabilities = np.clip(dice.normal(np.where(truth, 0.62, 0.38), 0.12), 0, 1)
    said = probabilities >= thresholds(probabilities, truth, ("escalation",))[0]
    both = (said & truth).sum()
    assert both / said.sum() / 0.75 == pytest.approx(both / truth.sum() / 0.88, abs=0.05)


def test_verdicts_below_the_limit_are_seldom_right_and_those_above_it_often() -> None:
    dice = np.random.default_rng(1)
    sure = dice.uniform(0.34, 1, 20_000)
    probabilities = np.stack([sure, (1 - sure) / 2, (1 - sure) / 2], axis=1)
    truth = np.where(dice.random(20_000) < sure, 0, 1)
    assert sure_from(probabilities, truth) == pytest.approx(0.6, abs=0.05)


@pytest.mark.parametrize("seed", range(8))
def test_a_few_hundred_texts_hardly_move_the_limit(seed: int) -> None:
    dice = np.random.default_rng(seed)
    sure = dice.beta(6, 1.2, 600) * 0.66 + 0.34  # as models of ours are: most verdicts are sure ones
    probabilities = np.stack([sure, (1 - sure) / 2, (1 - sure) / 2], axis=1)
    truth = np.where(dice.random(600) < sure, 0, 1)
    assert sure_from(probabilities, truth) == pytest.approx(0.6, abs=0.08)


def test_a_model_that_is_always_right_is_never_unsure() -> None:
    probabilities = np.array([[0.5, 0.3, 0.2], [0.1, 0.9, 0.0]])
    assert sure_from(probabilities, np.array([0, 1])) <= 0.5


def drawn(logits: NDArray[np.float64]) -> NDArray[np.int64]:
    """A true label for each text, as likely as its logits say."""
    dice = np.random.default_rng(2)
    above = dice.random((len(logits), 1)) > np.cumsum(softmax(logits), axis=1)
    return np.asarray(above.sum(axis=1), dtype=np.int64)


def test_too_much_certainty_and_a_label_said_too_often_are_undone() -> None:
    logits = np.random.default_rng(1).normal(size=(20_000, 3))
    temperature, offsets = scaling(logits * 2 + np.array([0, 1.6, 0]), drawn(logits))
    assert temperature == pytest.approx(2, rel=0.1)
    assert offsets[1] - offsets[0] == pytest.approx(-0.8, abs=0.1)


def test_a_model_that_is_right_about_its_doubt_is_left_alone() -> None:
    logits = np.random.default_rng(1).normal(size=(20_000, 3))
    temperature, offsets = scaling(logits, drawn(logits))
    assert (temperature, *offsets) == pytest.approx((1, 0, 0, 0), abs=0.07)


def test_a_model_without_mistakes_is_not_made_infinitely_sure() -> None:
    truth = np.array([0, 1, 2] * 20)
    temperature, offsets = scaling(np.eye(3)[truth] * 9, truth)
    assert temperature >= 0.5
    assert max(map(abs, offsets)) < 0.1


def test_a_long_text_says_what_one_of_its_parts_says() -> None:
    held = [Window(0, (1,), 5), Window(1, (1,), 5), Window(1, (2,), 90)]
    answers = np.array([[0.2, 0.1], [0.9, 0.3], [0.1, 0.4]])
    assert strongest(held, answers, 2).tolist() == [[0.2, 0.1], [0.9, 0.4]]


def test_extreme_logits_give_probabilities() -> None:
    assert sigmoid(np.array([[-1e6, 0.0, 1e6]])).tolist() == [[pytest.approx(0), 0.5, pytest.approx(1)]]
