"""What the model answers: one head per question, all on one encoder."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Head:
    """A question put to the model.

    `exclusive` heads choose one of their labels (softmax); the others may choose any number (sigmoid each).
    `fields` are the keys of a training record that may hold the answer, first found first.
    """

    name: str
    labels: tuple[str, ...]
    exclusive: bool
    fields: tuple[str, ...]

    def target(self, record: Mapping[str, Any]) -> tuple[float, ...] | None:
        """The wanted output, one number per label; None where the record says nothing about this question.

        Raises ValueError when the record names a label this head does not know.
        """
        answer = next((record[field] for field in self.fields if record.get(field) is not None), None)
        if answer is None:
            return None
        chosen = {answer} if isinstance(answer, str) else set(answer)
        if unknown := chosen - set(self.labels):
            raise ValueError(f"{self.name}: unknown label {sorted(unknown)[0]!r}")
        return tuple(float(label in chosen) for label in self.labels)


# The order of the labels is the order of the model's outputs.
SENTIMENT = Head("sentiment", ("negative", "neutral", "positive"), True, ("sentiment", "label"))

# A head added here is trained, measured and exported with the others.
HEADS: tuple[Head, ...] = (SENTIMENT,)
