"""What is chosen on development texts once a network is trained: how its outputs are to be read."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.windows import softmax

Floats = NDArray[np.floating[Any]]

WORTH = 0.6
"""How often a verdict must be right to be relied on."""

# The least precision and recall that are wanted of a label. Others have their F1 as high as can be.
_WANTED = {"escalation": (0.75, 0.85)}


def temperature(logits: Floats, truth: NDArray[np.int64]) -> float:
    """The temperature, from 0.5 to 5, at which the probabilities of the true labels are greatest (Guo et al. 2017)."""
    candidates = np.geomspace(0.5, 5, 200)
    places = np.arange(len(truth))
    losses = [-np.log(softmax(logits, float(one))[places, truth] + 1e-12).mean() for one in candidates]
    return round(float(candidates[int(np.argmin(losses))]), 3)


def sure_from(probabilities: Floats, truth: NDArray[np.int64]) -> float:
    """The probability at which verdicts begin to be right `WORTH` of the time (texts × labels; true labels).

    It is the cut below which verdicts fall most short of that: the sum over them of `WORTH` less 1 for each right
    one is greatest. Raising the cut further would take in verdicts that are worth relying on.
    """
    sure, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    candidates = np.linspace(1 / probabilities.shape[1], 0.9, 200)
    gains = [float((WORTH - right[sure < one]).sum()) for one in candidates]
    return round(float(candidates[int(np.argmax(gains))]), 3)


def confusion(
    chosen: NDArray[np.int64], truth: NDArray[np.int64], labels: int
) -> tuple[tuple[int, ...], ...]:
    """How many texts of each true label were given each label: true × given."""
    cells = np.bincount(truth * labels + chosen, minlength=labels**2).reshape(labels, labels)
    return tuple(tuple(int(cell) for cell in row) for row in cells)


def thresholds(probabilities: Floats, truth: Floats, labels: tuple[str, ...]) -> tuple[float, ...]:
    """Per label the threshold at which it does best on these texts (texts × labels).

    Best is the highest F1, or nearest to the precision and recall that are wanted of it. Both are averaged over
    neighbouring thresholds: with a few dozen texts of a label their peak is luck.
    """
    candidates = np.linspace(0.1, 0.9, 81)
    best = []
    for label, column, wanted in zip(labels, probabilities.T, truth.T > 0.5, strict=True):
        guessed = column[None] >= candidates[:, None]
        smooth = np.convolve(
            np.pad(_worth(label, guessed, wanted), 5, mode="edge"), np.ones(11) / 11, mode="valid"
        )
        best.append(round(float(candidates[int(smooth.argmax())]), 2))
    return tuple(best)


def _worth(label: str, guessed: NDArray[np.bool_], wanted: NDArray[np.bool_]) -> Floats:
    """How well each row of guesses (thresholds × texts) does."""
    both = (guessed & wanted).sum(axis=1)
    if label not in _WANTED:
        return np.asarray(2 * both / np.maximum(guessed.sum(axis=1) + wanted.sum(), 1))
    precision, recall = _WANTED[label]
    return np.minimum(
        both / np.maximum(guessed.sum(axis=1), 1) / precision, both / max(int(wanted.sum()), 1) / recall
    )
