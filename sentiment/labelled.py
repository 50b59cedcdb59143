"""Texts of which it is known what a model should answer: from a file, or from what people corrected."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, BinaryIO

from pydantic import AfterValidator, BaseModel, ValidationError, model_validator

from sentiment.score import reading
from storage.corrections import Corrected
from storage.records import THEMES, Sentiment

ANSWERS = ("sentiment", "label", "themes", "escalation", "churn", "question")
"""The keys of a line that say what a model should answer."""

_WRONG = {
    "missing": "is missing",
    "string_type": "is not a text",
    "enum": f"is none of {', '.join(Sentiment)}",
    "list_type": f"is not a list of themes; themes: {', '.join(THEMES)}",
    "bool_type": "is neither true nor false",
    "bool_parsing": "is neither true nor false",
}
"""What is wrong with a value, by pydantic's name of the fault."""


@dataclass(frozen=True)
class Labelled:
    """A text with the answers that are known for it; None where nobody said."""

    text: str
    source: str
    sentiment: Sentiment | None = None
    themes: tuple[str, ...] | None = None
    escalation: bool | None = None
    churn: bool | None = None
    question: bool | None = None


def _ours(themes: list[str] | None) -> list[str] | None:
    if unknown := set(themes or ()) - set(THEMES):
        raise ValueError(f"there is no theme {sorted(unknown)[0]!r}; themes: {', '.join(THEMES)}")
    return themes


class _Line(BaseModel):
    """A line of a file to measure on. A mention as `export` writes it is one too."""

    text: str
    title: str | None = None
    source: str | None = None
    sentiment: Sentiment | None = None
    label: Sentiment | None = None
    themes: Annotated[list[str] | None, AfterValidator(_ours)] = None
    escalation: bool | None = None
    churn: bool | None = None
    question: bool | None = None

    @model_validator(mode="after")
    def _answers(self) -> "_Line":
        if self.sentiment and self.label and self.sentiment is not self.label:
            raise ValueError(
                f"sentiment is {self.sentiment.value} and label is {self.label.value}; give one of them"
            )
        given = (self.sentiment, self.label, self.themes, self.escalation, self.churn, self.question)
        if all(one is None for one in given):
            raise ValueError(f"has no answer to measure on; give at least one of {', '.join(ANSWERS)}")
        return self


def read(source: BinaryIO, tell: Callable[[str], None]) -> tuple[list[Labelled], int]:
    """The labelled texts of JSON lines (UTF-8), and how many lines could not be used.

    A line has a `text` and any of `sentiment` or `label`, `themes`, `escalation`, `churn`, `question`; `source` names
    where it comes from, `title` is read as the first sentence. `tell` gets file, line number and reason of the others.
    """
    found, faults = [], 0
    for number, line in enumerate(source, 1):
        if not line.strip():
            continue
        try:
            found.append(_labelled(_Line.model_validate(_parsed(line))))
        except ValidationError as error:
            tell(f"{source.name}:{number}: {_reason(error)}")
            faults += 1
        except (ValueError, RecursionError) as error:
            tell(
                f"{source.name}:{number}: cannot be read ({str(error)[:200]}); write one JSON object a line, in UTF-8"
            )
            faults += 1
    return found, faults


def _parsed(line: bytes) -> Any:
    row = json.loads(line.decode("utf-8-sig"))
    if not isinstance(row, dict):
        raise ValueError("not an object")
    return {key: _whole(value) if isinstance(value, str) else value for key, value in row.items()}


def _whole(text: str) -> str:
    """Without half emoji, which no text can hold."""
    return text.encode("utf-8", "ignore").decode("utf-8")


def by_people(rows: Iterable[Corrected]) -> list[Labelled]:
    """What people said of mentions."""
    return [
        Labelled(
            text=reading(row.title, row.text),
            source=row.source,
            sentiment=row.answers.sentiment,
            themes=row.answers.themes,
            escalation=row.answers.escalation,
            churn=row.answers.churn,
            question=row.answers.question,
        )
        for row in rows
    ]


def _labelled(line: _Line) -> Labelled:
    return Labelled(
        text=reading(line.title, line.text),
        source=line.source or "unnamed",
        sentiment=line.sentiment or line.label,
        themes=None if line.themes is None else tuple(line.themes),
        escalation=line.escalation,
        churn=line.churn,
        question=line.question,
    )


def _reason(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(step) for step in first["loc"])
    reason = _WRONG.get(first["type"], first["msg"].removeprefix("Value error, "))
    return f"{where} {reason}" if where else reason
