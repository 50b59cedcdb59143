"""The rows of a text with cells between delimiters, numbered as a spreadsheet shows them."""

import csv
import io
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

MOST_LINES = 500
"""Lines that one row may take: a cell between quotes may hold line breaks."""


@dataclass
class Rows:
    """The rows of `text` with their numbers; the first is 1. A row that cannot be read comes as None.

    A quotation mark that is never closed costs its own line, not everything behind it: a row of several lines
    must be well-formed and have at most `width` cells, as many as the first row.
    """

    text: str
    delimiter: str
    width: int = field(init=False)
    _lines: Iterator[str] = field(init=False)
    _back: deque[str] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self._lines = iter(io.StringIO(self.text, newline=None))
        first = next(io.StringIO(self.text, newline=None), "")
        self.width = max(1, len(cells_of(first, self.delimiter)))

    def __iter__(self) -> Iterator[tuple[int, list[str] | None]]:
        number = 0
        while (line := self._line()) is not None:
            number += 1
            yield number, self._row(line)

    def _line(self) -> str | None:
        return self._back.popleft() if self._back else next(self._lines, None)

    def _row(self, first: str) -> list[str] | None:
        found, goes_on = _read(first, self.delimiter)
        if not goes_on:
            return found or cells_of(first, self.delimiter)
        taken = [first]
        while goes_on and len(taken) < MOST_LINES and (line := self._line()) is not None:
            taken.append(line)
            if '"' in line:
                found, goes_on = _read("".join(taken), self.delimiter)
        if found is not None and len(found) <= self.width:
            return found
        self._back.extendleft(reversed(taken[1:]))
        return None


def cells_of(line: str, delimiter: str) -> list[str]:
    """The cells of one line, however its quotes stand."""
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _read(text: str, delimiter: str) -> tuple[list[str] | None, bool]:
    """The cells of a well-formed row, and whether the text ends inside quotes."""
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), []), False
    except csv.Error as error:
        return None, "unexpected end" in str(error)
