"""What the model answers: one head per question, all on one encoder."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import storage.records


@dataclass(frozen=True)
class Head:
    """A question put to the model.

    `exclusive` heads choose one of their labels (softmax); the others may choose any number (sigmoid each).
    `fields` are the keys of a training record that may hold the answer, first found first; a head without them
    has a yes or no of its own for every label, under the label's name. In training the likelihood of its answers
    weighs `weight` beside that of the other heads.
    """

    name: str
    labels: tuple[str, ...]
    exclusive: bool
    fields: tuple[str, ...]
    weight: float = 1.0

    def target(self, record: Mapping[str, Any]) -> tuple[float, ...] | None:
        """The wanted output, one number per label; None where the record says nothing about this question.

        Where a second reader chose otherwise (key `second`), both answers count for half. Raises ValueError when
        the record names a label this head does not know.
        """
        first = self._answer(record)
        second = self._answer({**record, **record.get("second", {})})
        if first is None or second is None:
            return first
        return tuple((one + other) / 2 for one, other in zip(first, second, strict=True))

    def _answer(self, record: Mapping[str, Any]) -> tuple[float, ...] | None:
        if not self.fields:
            if any(label not in record for label in self.labels):
                return None
            return tuple(float(bool(record[label])) for label in self.labels)
        answer = next((record[field] for field in self.fields if record.get(field) is not None), None)
        if answer is None:
            return None
        chosen = {answer} if isinstance(answer, str) else set(answer)
        if unknown := chosen - set(self.labels):
            raise ValueError(f"{self.name}: unknown label {sorted(unknown)[0]!r}")
        return tuple(float(label in chosen) for label in self.labels)


# The order of the labels is the order of the model's outputs.
SENTIMENT = Head("sentiment", ("negative", "neutral", "positive"), True, ("sentiment", "label"))

THEMES = Head("themes", storage.records.THEMES, False, ("themes",), weight=0.5)
# Signals are few and costly to miss.
SIGNALS = Head("signals", ("escalation", "churn", "question"), False, (), weight=1.5)

# A head added here is trained, measured and exported with the others.
HEADS: tuple[Head, ...] = (SENTIMENT, THEMES, SIGNALS)
