"""Which words carried a verdict, worked out by the model while somebody looks."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sentiment.classifier import Classifier, Sentiment
from sentiment.why import Carrier, why

Model = Callable[[], Classifier]
"""The model in use; loaded when it is first asked for."""
LONGEST = 20_000
"""Characters that are looked into and shown."""
PATIENCE = 2.0
"""Seconds that somebody waits for the explanation that somebody else asked for; then they may ask again."""
STRENGTHS = ((2.0, "strong"), (1.0, "clear"), (0.3, "slight"))
"""From which weight, in log-odds, a passage counts as what: 1 moves a chance of 50 % to 73 %."""


class Busy(Exception):
    """The model is explaining something else; ask again in a moment."""


@dataclass(frozen=True)
class Passage:
    """A part of a text, and what it adds to the log-odds of the verdict; below 0 where it speaks against it."""

    text: str
    weight: float = 0.0

    @property
    def strength(self) -> str | None:
        return next((name for least, name in STRENGTHS if abs(self.weight) >= least), None)

    @property
    def against(self) -> bool:
        return self.weight < 0


@dataclass(frozen=True)
class Explanation:
    """A text in passages, and which model weighed them."""

    passages: tuple[Passage, ...]
    model_id: str
    cut: bool

    def strongest(self, most: int = 5) -> list[Passage]:
        """What weighs most, the heaviest first."""
        weighing = [one for one in self.passages if one.strength]
        return sorted(weighing, key=lambda one: -abs(one.weight))[:most]


class Explaining:
    """Explains one text at a time, so that clicks cannot take the machine from those who score and serve."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._turn = threading.Lock()

    def explain(self, text: str, sentiment: Sentiment) -> Explanation:
        """What carries `sentiment` in a text; bounded in work by `sentiment.why`. Raises Busy or SentimentError."""
        shown = text[:LONGEST]
        if not self._turn.acquire(timeout=PATIENCE):
            raise Busy
        try:
            model = self._model()
            carriers = why(shown, model, sentiment)
        finally:
            self._turn.release()
        return Explanation(tuple(_passages(shown, carriers)), model.model_id, cut=len(text) > LONGEST)


def _passages(text: str, carriers: Sequence[Carrier]) -> Iterator[Passage]:
    """All of the text in order; carriers do not overlap."""
    edges = [0, *(edge for one in carriers for edge in (one.start, one.end)), len(text)]
    weights = {one.start: one.weight for one in carriers}
    for place, (start, end) in enumerate(pairwise(edges)):
        if start < end:
            yield Passage(text[start:end], weights[start] if place % 2 else 0.0)
