"""JSON lines in, the same lines with their verdicts out: what `klachtenradar classify` does."""

import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from sentiment.classifier import Classifier, Verdict
from sentiment.language import language_of

# Lines and bytes that are held in memory and judged together.
_LINES = 2048
_BYTES = 4_000_000


@dataclass(frozen=True)
class _Fault:
    line: int
    reason: str


Row = Mapping[str, Any]


@contextmanager
def opened(path: Path | None) -> Iterator[BinaryIO]:
    """The file, or stdin without one. Raises OSError when it cannot be read."""
    if path is None:
        yield sys.stdin.buffer
        return
    with path.open("rb") as file:
        yield file


def classify(source: BinaryIO, out: TextIO, classifier: Classifier, tell: Callable[[str], None]) -> int:
    """Judges JSON lines (UTF-8, one object a line, with a string `text`); returns how many could not be.

    Each object is written with its verdict added, in the same order. Other keys pass through; one that has the
    name of an answer is replaced. A line that cannot be judged has no line in `out`: `tell` gets file, line
    number, reason and what to do. Blank lines are skipped. Memory is bounded by the longest line.
    """
    faults = 0
    for chunk in _chunks(source):
        good = [row for row in chunk if not isinstance(row, _Fault)]
        verdicts = classifier.classify([row["text"] for row in good])
        for row, verdict in zip(good, verdicts, strict=True):
            out.write(_written({**row, **answer(verdict, language_of(row["text"]))}, out.encoding))
        out.flush()
        for fault in chunk:
            if isinstance(fault, _Fault):
                tell(f"{source.name}:{fault.line}: {fault.reason}")
                faults += 1
    return faults


def answer(verdict: Verdict, language: str) -> dict[str, Any]:
    """The keys that a judged line gains."""
    return {
        "sentiment": verdict.sentiment.value,
        "unsure": verdict.unsure,
        "probabilities": {label.value: round(value, 6) for label, value in verdict.probabilities.items()},
        "themes": list(verdict.themes),
        "escalation": verdict.escalation,
        "churn": verdict.churn,
        "question": verdict.question,
        "language": language,
    }


def _written(row: Row, encoding: str | None) -> str:
    line = json.dumps(row, ensure_ascii=False)
    try:
        line.encode(encoding or "utf-8")
    except UnicodeEncodeError:  # half an emoji, or a terminal that knows few letters
        line = json.dumps(row)
    return line + "\n"


def _chunks(lines: Iterable[bytes]) -> Iterator[list[Row | _Fault]]:
    chunk: list[Row | _Fault] = []
    size = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        chunk.append(_read(number, line))
        size += len(line)
        if len(chunk) == _LINES or size >= _BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _read(number: int, line: bytes) -> Row | _Fault:
    try:
        text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        row = json.loads(text, parse_constant=_finite, parse_float=_finite)
    except UnicodeDecodeError as error:
        return _Fault(number, f"is not UTF-8 (byte {error.start + 1}); save the file as UTF-8")
    except (ValueError, RecursionError) as error:
        return _Fault(number, f"is not JSON ({str(error)[:200]}); write one object a line")
    if not isinstance(row, dict):
        return _Fault(number, 'is not an object; write {"text": "…"}')
    if "text" not in row:
        return _Fault(number, 'has no key "text"; write {"text": "…"}')
    if not isinstance(row["text"], str):
        return _Fault(number, f'has as "text" {_kind(row["text"])}, not a string; put the text in quotes')
    return row


def _finite(number: str) -> float:
    if math.isinf(value := float(number)) or math.isnan(value):
        raise ValueError(f"{number[:20]} is no number of JSON")
    return value


def _kind(value: object) -> str:
    names = {bool: "a boolean", dict: "an object", list: "a list", type(None): "null"}
    return names.get(type(value), "a number")
