import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.windows import averaged, pack, softmax, windows

lengths = st.lists(st.integers(1, 300), max_size=80)


@given(st.lists(st.integers(0, 9), max_size=400), st.integers(8, 64), st.integers(0, 7))
def test_windows_hold_every_token_in_order(ids: list[int], size: int, overlap: int) -> None:
    held = list(windows(0, ids, size, overlap))
    joined = list(held[0].ids) + [token for window in held[1:] for token in window.ids[overlap:]]
    assert joined == ids


@given(st.integers(0, 400), st.integers(8, 64), st.integers(0, 7))
def test_no_window_is_too_long_and_the_weights_count_each_token_once(
    count: int, size: int, overlap: int
) -> None:
    held = list(windows(0, [5] * count, size, overlap))
    assert max(len(window.ids) for window in held) <= size
    assert sum(window.weight for window in held) == max(count, 1)


@given(lengths, st.integers(1, 600))
def test_batches_hold_every_text_once_within_their_size(found: list[int], tokens: int) -> None:
    batches = pack(found, tokens)
    assert sorted(place for batch in batches for place in batch) == list(range(len(found)))
    for batch in batches:
        padded = len(batch) * max(found[place] for place in batch)
        assert padded <= tokens or len(batch) == 1


def test_texts_of_like_length_are_batched_together() -> None:
    assert pack([10, 100, 11, 99], 200) == [[1, 3], [2, 0]]


def test_a_long_window_weighs_more_in_the_answer() -> None:
    held = [*windows(0, [5] * 30, 20, 0), *windows(1, [5], 20, 0)]
    answers = np.array([[0.9, 0.1], [0.0, 1.0], [0.5, 0.5]])
    assert averaged(held, answers, 2) == pytest.approx(np.array([[0.6, 0.4], [0.5, 0.5]]))


@given(st.lists(st.floats(-50, 50), min_size=3, max_size=3), st.floats(0.5, 5))
def test_probabilities_add_up_to_one_and_keep_the_order(logits: list[float], temperature: float) -> None:
    (found,) = softmax(np.array([logits]), temperature)
    assert found.sum() == pytest.approx(1)
    assert found[int(np.argmax(logits))] == found.max()
