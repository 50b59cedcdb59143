"""How good a model is on labelled texts: accuracy, macro-F1, per class and per source, with intervals.

`python -m sentiment.evaluate [FILE …] [--written DIR --part test]` prints a table of the embedded model's scores.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sentiment.classifier import Classifier
from sentiment.errors import SentimentError
from sentiment.examples import Example, read_examples, written_examples
from sentiment.heads import SENTIMENT
from sentiment.manifest import FOLDER

RESAMPLES = 1000


Interval = tuple[float, float]


@dataclass(frozen=True)
class ClassScore:
    label: str
    precision: float
    recall: float
    f1: float
    rows: int
    interval: Interval
    """Of F1, by the same resampling as in `Score`."""


@dataclass(frozen=True)
class Score:
    """`interval` and `accuracy_interval` are the 95 % bootstrap intervals of macro-F1 and of accuracy (percentile
    method, 1,000 resamples, seeded)."""

    name: str
    rows: int
    accuracy: float
    macro_f1: float
    interval: Interval
    classes: tuple[ClassScore, ...]
    accuracy_interval: Interval


def scores(classifier: Classifier, examples: Sequence[Example]) -> Iterator[Score]:
    """The classifier's score on all examples whose sentiment is known, then on those of each source."""
    known = [example for example in examples if example.targets[0] is not None]
    guesses = [str(verdict.sentiment) for verdict in classifier.classify([example.text for example in known])]
    truths = [label for example in known if (label := true_label(example)) is not None]
    yield scored("all", truths, guesses, SENTIMENT.labels)
    for source in sorted({example.source for example in known}):
        rows = [place for place, example in enumerate(known) if example.source == source]
        yield scored(source, [truths[row] for row in rows], [guesses[row] for row in rows], SENTIMENT.labels)


def true_label(example: Example) -> str | None:
    """The example's sentiment, None where nobody said it."""
    target = example.targets[0]
    return None if target is None else SENTIMENT.labels[target.index(max(target))]


def scored(name: str, truth: Sequence[str], guess: Sequence[str], labels: Sequence[str]) -> Score:
    """The score of `guess` against `truth`. Macro-F1 is the mean over the labels that occur in the truth."""
    table = confusion(truth, guess, labels)
    draws = _resampled(table)
    f1 = np.array([_f1(draw) for draw in draws])
    classes = tuple(
        _class_score(label, table, place, interval_of(f1[:, place])) for place, label in enumerate(labels)
    )
    return Score(
        name=name,
        rows=len(truth),
        accuracy=float(np.trace(table) / max(table.sum(), 1)),
        macro_f1=_macro_f1(table),
        interval=interval_of([_macro_f1(draw) for draw in draws]),
        classes=classes,
        accuracy_interval=interval_of(np.trace(draws, axis1=1, axis2=2) / max(len(truth), 1)),
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


def f1_by_label(truth: NDArray[np.bool_], said: NDArray[np.bool_]) -> NDArray[np.float64]:
    """F1 of labels of which any number may hold (both texts × labels); 0 where one neither occurs nor is said."""
    both = (truth & said).sum(axis=0)
    return np.asarray(2 * both / np.maximum(truth.sum(axis=0) + said.sum(axis=0), 1))


def _macro_f1(table: NDArray[np.int64]) -> float:
    present = table.sum(axis=1) > 0
    return float(_f1(table)[present].mean()) if present.any() else 0.0


def _class_score(label: str, table: NDArray[np.int64], place: int, interval: Interval) -> ClassScore:
    right, guessed, true = table[place, place], table[:, place].sum(), table[place].sum()
    return ClassScore(
        label,
        float(right / max(guessed, 1)),
        float(right / max(true, 1)),
        float(_f1(table)[place]),
        int(true),
        interval,
    )


def interval_of(values: NDArray[np.float64] | Sequence[float]) -> Interval:
    """The middle 95 % of what a figure is in resamples."""
    low, high = np.percentile(values, [2.5, 97.5])
    return (float(low), float(high))


def _resampled(table: NDArray[np.int64]) -> NDArray[np.int64]:
    """Confusion tables (resample × true × guessed) of as many rows, drawn with replacement."""
    rows = int(table.sum())
    if not rows:
        return table[None]
    dice = np.random.default_rng(0)
    # Resampling rows is drawing the cells of the confusion table anew (Efron & Tibshirani 1993, ch. 13).
    return dice.multinomial(rows, table.ravel() / rows, size=RESAMPLES).reshape(RESAMPLES, *table.shape)


def table(found: Sequence[Score]) -> str:
    """The scores as a Markdown table."""
    labels = [score.label for score in found[0].classes]
    head = ["set", "texts", "accuracy", "macro-F1 (95 %)", *(f"F1 {label}" for label in labels)]
    rows = [head, ["---"] * len(head), *(_row(score) for score in found)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _row(score: Score) -> list[str]:
    low, high = score.interval
    classes = (f"{one.f1:.3f}" if one.rows else "–" for one in score.classes)
    return [
        score.name,
        str(score.rows),
        f"{score.accuracy:.3f}",
        f"{score.macro_f1:.3f} ({low:.3f}–{high:.3f})",
        *classes,
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    from sentiment.onnx import EmbeddedClassifier

    parser = argparse.ArgumentParser(prog="python -m sentiment.evaluate", description=__doc__)
    parser.add_argument("files", type=Path, nargs="*", help="JSON lines with text, label and source")
    parser.add_argument("--written", type=Path, help="folder of individually written texts (written*.jsonl)")
    parser.add_argument(
        "--part", choices=("train", "dev", "test"), default="test", help="of the written texts"
    )
    parser.add_argument("--model", type=Path, default=FOLDER)
    asked = parser.parse_args(arguments)
    try:
        examples = [example for file in asked.files for example in read_examples(file)]
        if asked.written:
            examples += written_examples(asked.written, asked.part)
        found = list(scores(EmbeddedClassifier(asked.model), examples))
    except SentimentError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - a command's answer
        return 2
    print(table(found))  # noqa: T201 - a command's answer
    return 0


if __name__ == "__main__":
    sys.exit(main())
