"""Labels that may hold together: each by its own threshold, and in a long text by its strongest part."""

import numpy as np
import pytest

pytest.importorskip("onnx", reason="exporting needs onnx: pip install -e '.[torch]'")

from sentiment.export import thresholds
from sentiment.windows import Window, sigmoid, strongest


def test_a_threshold_parts_the_texts_that_have_the_label() -> None:
    probabilities = np.array([[0.1], [0.2], [0.3], [0.7], [0.8], [0.9]])
    truth = np.array([[0.0], [0.0], [0.0], [1.0], [1.0], [1.0]])
    (chosen,) = thresholds(probabilities, truth)
    assert 0.3 < chosen <= 0.7


def test_a_long_text_says_what_one_of_its_parts_says() -> None:
    held = [Window(0, (1,), 5), Window(1, (1,), 5), Window(1, (2,), 90)]
    answers = np.array([[0.2, 0.1], [0.9, 0.3], [0.1, 0.4]])
    assert strongest(held, answers, 2).tolist() == [[0.2, 0.1], [0.9, 0.4]]


def test_extreme_logits_give_probabilities() -> None:
    assert sigmoid(np.array([[-1e6, 0.0, 1e6]])).tolist() == [[pytest.approx(0), 0.5, pytest.approx(1)]]
