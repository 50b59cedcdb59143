"""What is chosen on development texts once a network is trained: how its outputs are to be read."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sentiment.windows import sigmoid, softmax

Floats = NDArray[np.floating[Any]]

WORTH = 0.6
"""How often a verdict must be right to be relied on."""

# Offsets stay near 0 where few texts speak for another; and how often Newton's method is repeated.
_PULL = 0.002
_STEPS = 30
_LOYALTY = 0.01
"""How strongly the limit of doubt holds to the probabilities as they are, which `scaling` has made true."""

# The precision and recall that are wanted of a label, in proportion. Others have their F1 as high as can be. One who
# threatens with a lawyer and is passed over costs more than a text that somebody reads in vain.
_WANTED = {"escalation": (0.75, 0.88)}


def scaling(logits: Floats, truth: NDArray[np.int64]) -> tuple[float, tuple[float, ...]]:
    """Temperature, and an offset per label, at which the true labels (one per text) are likeliest.

    The offsets take back what weighing rare labels in the loss does to their probabilities. Measured on the development
    texts, five-fold: the expected calibration error goes from 0.098 to 0.052 by a temperature alone (Guo et al. 2017),
    to 0.032 with offsets (Alexandari et al. 2020). Newton's method; the loss is convex in 1 / temperature and offsets.
    """
    labels = logits.shape[1]
    # What each probability depends on: the logit, and which label it is.
    parts = np.zeros((*logits.shape, 1 + labels))
    parts[..., 0] = logits
    parts[..., 1:] = np.eye(labels)
    wanted = parts[np.arange(len(truth)), truth].mean(axis=0)
    chosen = np.array([1.0, *[0.0] * labels])
    pull = np.array([_PULL / 100, *[_PULL] * labels])
    for _ in range(_STEPS):
        odds = softmax(parts @ chosen)
        mean = np.einsum("nk,nkp->np", odds, parts)
        slope = mean.mean(axis=0) - wanted + pull * chosen
        bend = np.einsum("nk,nkp,nkq->pq", odds, parts, parts) - mean.T @ mean
        chosen = chosen - np.linalg.solve(bend / len(truth) + np.diag(pull), slope)
        chosen[0] = np.clip(chosen[0], 0.2, 2)
    return round(1 / float(chosen[0]), 3), tuple(round(float(offset), 3) for offset in chosen[1:])


def sure_from(probabilities: Floats, truth: NDArray[np.int64]) -> float:
    """The probability at which verdicts begin to be right `WORTH` of the time (texts × labels; true labels).

    By a logistic regression of being right on the log-odds of the probability (Platt 1999): the share that is right
    of a few dozen texts is mostly luck, and a limit set by it made 6 % of the verdicts of one model unsure and 20 %
    of those of its sister.
    """
    right = probabilities.argmax(axis=1) == truth
    odds = _log_odds(probabilities.max(axis=1))
    parts = np.stack([np.ones_like(odds), odds], axis=1)
    wanted = np.array([0.0, 1.0])  # of a calibrated model, near which it stays
    pull = np.diag([_LOYALTY, _LOYALTY])
    chosen = wanted
    for _ in range(_STEPS):
        likely = sigmoid(parts @ chosen)
        slope = parts.T @ (likely - right) / len(right) + pull @ (chosen - wanted)
        bend = (parts * (likely * (1 - likely))[:, None]).T @ parts / len(right) + pull
        chosen = chosen - np.linalg.solve(bend, slope)
        chosen[1] = max(chosen[1], 0.2)
    limit = sigmoid((_log_odds(np.array(WORTH)) - chosen[0]) / chosen[1])
    return round(float(np.clip(limit, 1 / probabilities.shape[1], 0.9)), 3)


def _log_odds(probabilities: Floats) -> Floats:
    inside = np.clip(probabilities, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(inside / (1 - inside)))


def thresholds(probabilities: Floats, truth: NDArray[Any], labels: tuple[str, ...]) -> tuple[float, ...]:
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
    precise = both / np.maximum(guessed.sum(axis=1), 1) / precision
    return np.asarray(np.minimum(precise, both / max(int(wanted.sum()), 1) / recall))
