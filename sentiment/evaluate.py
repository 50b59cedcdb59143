"""How good a model is on labelled texts: accuracy, macro-F1, per class and per source, with intervals."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_RESAMPLES = 1000


@dataclass(frozen=True)
class ClassScore:
    label: str
    precision: float
    recall: float
    f1: float
    rows: int


@dataclass(frozen=True)
class Score:
    """`interval` is the 95 % bootstrap interval of macro-F1 (percentile method, 1,000 resamples, seeded)."""

    name: str
    rows: int
    accuracy: float
    macro_f1: float
    interval: tuple[float, float]
    classes: tuple[ClassScore, ...]


def scored(name: str, truth: Sequence[str], guess: Sequence[str], labels: Sequence[str]) -> Score:
    """The score of `guess` against `truth`. Macro-F1 is the mean over the labels that occur in the truth."""
    table = confusion(truth, guess, labels)
    classes = tuple(_class_score(label, table, place) for place, label in enumerate(labels))
    return Score(
        name=name,
        rows=len(truth),
        accuracy=float(np.trace(table) / max(table.sum(), 1)),
        macro_f1=_macro_f1(table),
        interval=_interval(truth, guess, labels),
        classes=classes,
    )


def macro_f1(truth: Sequence[str], guess: Sequence[str], labels: Sequence[str]) -> float:
    """Mean F1 over the labels that occur in the truth; 0 for no rows."""
    return _macro_f1(confusion(truth, guess, labels))


def confusion(truth: Sequence[str], guess: Sequence[str], labels: Sequence[str]) -> NDArray[np.int64]:
    """Counts, true label × guessed label."""
    place = {label: index for index, label in enumerate(labels)}
    cells = [place[true] * len(labels) + place[guessed] for true, guessed in zip(truth, guess, strict=True)]
    return np.bincount(np.array(cells, dtype=np.int64), minlength=len(labels) ** 2).reshape(len(labels), -1)


def _f1(table: NDArray[np.int64]) -> NDArray[np.float64]:
    both = table.sum(axis=0) + table.sum(axis=1)
    return np.asarray(2 * np.diag(table) / np.maximum(both, 1))


def _macro_f1(table: NDArray[np.int64]) -> float:
    present = table.sum(axis=1) > 0
    return float(_f1(table)[present].mean()) if present.any() else 0.0


def _class_score(label: str, table: NDArray[np.int64], place: int) -> ClassScore:
    right, guessed, true = table[place, place], table[:, place].sum(), table[place].sum()
    return ClassScore(
        label,
        float(right / max(guessed, 1)),
        float(right / max(true, 1)),
        float(_f1(table)[place]),
        int(true),
    )


def _interval(truth: Sequence[str], guess: Sequence[str], labels: Sequence[str]) -> tuple[float, float]:
    if not truth:
        return (0.0, 0.0)
    dice = np.random.default_rng(0)
    # Resampling rows is drawing the cells of the confusion table anew (Efron & Tibshirani 1993, ch. 13).
    share = confusion(truth, guess, labels).ravel() / len(truth)
    draws = dice.multinomial(len(truth), share, size=_RESAMPLES).reshape(_RESAMPLES, len(labels), -1)
    low, high = np.percentile([_macro_f1(draw) for draw in draws], [2.5, 97.5])
    return (float(low), float(high))
