from pathlib import Path

import numpy as np
import pytest

from sentiment import evaluate
from tests.sentiment import tiny

LABELS = ("negative", "neutral", "positive")


def test_scores_agree_with_a_hand_count() -> None:
    truth = ["negative", "negative", "negative", "positive", "positive", "neutral"]
    guess = ["negative", "negative", "positive", "positive", "neutral", "neutral"]
    found = evaluate.scored("x", truth, guess, LABELS)
    negative, neutral, positive = found.classes
    assert (negative.precision, negative.recall, negative.f1) == pytest.approx((1, 2 / 3, 0.8))
    assert (neutral.f1, positive.f1) == pytest.approx((2 / 3, 0.5))
    assert (found.accuracy, found.macro_f1) == pytest.approx((4 / 6, (0.8 + 2 / 3 + 0.5) / 3))


def test_confusion_counts_true_by_given() -> None:
    found = evaluate.confusion(
        ["negative", "neutral", "positive"], ["negative", "negative", "positive"], LABELS
    )
    assert found.tolist() == [[1, 0, 0], [1, 0, 0], [0, 0, 1]]


def test_of_labels_that_may_hold_together_each_has_its_own_f1() -> None:
    truth = np.array([[True, True, False], [True, False, False]])
    said = np.array([[True, False, False], [True, True, False]])
    assert evaluate.f1_by_label(truth, said).tolist() == [1, 0, 0]


def test_a_label_that_does_not_occur_does_not_lower_the_mean() -> None:
    assert evaluate.macro_f1(["negative", "positive"], ["negative", "positive"], LABELS) == 1


def test_few_rows_show_a_wide_interval() -> None:
    truth, guess = ["negative", "positive"] * 5, ["negative", "negative"] * 5
    few = evaluate.scored("few", truth, guess, LABELS).interval
    many = evaluate.scored("many", truth * 50, guess * 50, LABELS).interval
    assert few[0] < many[0] < many[1] < few[1]


def test_the_command_prints_a_row_for_every_source(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny.write_lines(tmp_path / "test.jsonl", tiny.texts(12, seed=1))
    assert evaluate.main([str(tmp_path / "test.jsonl")]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert [row.split(" | ")[0] for row in rows[2:]] == ["| all", "| bron-0", "| bron-1"]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "test.jsonl").write_text('{"label": "negative"}\n')
    assert evaluate.main([str(tmp_path / "test.jsonl")]) == 2
    assert f"{tmp_path / 'test.jsonl'}:1" in capsys.readouterr().err
