"""Cutting long texts into overlapping windows, and packing windows into batches of bounded size."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Tokens that training sees of a text, the marks at both ends included: as many as encoders usually have positions for.
# Of a long review the judgement stands at the end as often as at the beginning.
LONGEST = 512

# Tokens that the service reads at once. Of 256, 320, 384 and 512 this gave the labels of the 148 development texts
# above 256 tokens the greatest likelihood: few texts to learn from are longer.
WINDOW = 320

# What neighbouring windows of a longer text share, so that no sentence is only seen in halves.
OVERLAP = 64


@dataclass(frozen=True)
class Window:
    """A stretch of tokens of one text. `weight` counts the tokens that no earlier window of the text holds."""

    text: int
    ids: tuple[int, ...]
    weight: int


def windows(text: int, ids: Sequence[int], size: int, overlap: int) -> Iterator[Window]:
    """Windows of at most `size` tokens that together hold every token; neighbours share `overlap` tokens.

    A text without tokens still gets one (empty) window, so that every text is answered.
    """
    yield Window(text, tuple(ids[:size]), max(min(len(ids), size), 1))
    start, end = size - overlap, size
    while end < len(ids):
        stretch = tuple(ids[start : start + size])
        yield Window(text, stretch, start + len(stretch) - end)
        start, end = start + size - overlap, start + len(stretch)


def pack(lengths: Sequence[int], tokens: int) -> list[list[int]]:
    """Places of `lengths` in batches, longest first, each of at most `tokens` tokens once padded.

    Like lengths lie together, so little is padding. A single length above `tokens` gets a batch of its own.
    """
    batches: list[list[int]] = []
    longest = 0
    for place in sorted(range(len(lengths)), key=lambda index: -lengths[index]):
        if batches and (len(batches[-1]) + 1) * longest <= tokens:
            batches[-1].append(place)
        else:
            batches.append([place])
            longest = lengths[place]
    return batches


def averaged(held: Sequence[Window], answers: NDArray[np.float64], texts: int) -> NDArray[np.float64]:
    """Per text the mean of its windows' answers (windows × labels), each by its weight: texts × labels."""
    weights = np.array([window.weight for window in held], dtype=np.float64)
    places = [window.text for window in held]
    total = np.zeros((texts, answers.shape[1]))
    np.add.at(total, places, answers * weights[:, None])
    return total / np.bincount(places, weights, minlength=texts)[:, None]


def strongest(held: Sequence[Window], answers: NDArray[np.float64], texts: int) -> NDArray[np.float64]:
    """Per text the highest answer of its windows (windows × labels): what one part of it says, it says."""
    highest = np.zeros((texts, answers.shape[1]))
    np.maximum.at(highest, [window.text for window in held], answers)
    return highest


def sigmoid(logits: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """The probability of each label by itself."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logits.astype(np.float64), -50, 50))))


def softmax(
    logits: NDArray[np.floating[Any]], temperature: float = 1.0, offsets: Sequence[float] = (0.0,)
) -> NDArray[np.float64]:
    """Probabilities (rows × labels) of logits divided by `temperature`, each label's raised by its offset."""
    scaled = logits.astype(np.float64) / temperature + np.array(offsets)
    raised = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))
