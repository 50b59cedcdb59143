"""The rows of a text with cells between delimiters, numbered as a spreadsheet shows them."""

import csv
import io
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

csv.field_size_limit(2**31 - 1)
# Else Python gives up a row at a cell of 131,072 characters, and each of its lines counts as a row.

MOST_LINES = 500
"""Lines that one row may take: a cell between quotes may hold line breaks."""
MOST_REREAD = 20_000_000
"""Characters of a file that are read again because a row that began with an open quotation mark came to nothing."""


@dataclass
class Rows:
    """The rows of `text` with their numbers; the first is 1. A row that cannot be read comes as None.

    A quotation mark that is never closed costs its own line, not everything behind it: a row of several lines
    must be well-formed and have at most `width` cells, as many as the first row, but for empty ones at its end.
    """

    text: str
    delimiter: str
    width: int | None = field(default=None, init=False)
    _lines: Iterator[str] = field(init=False)
    _back: deque[str] = field(default_factory=deque)
    _reread: int = 0

    def __post_init__(self) -> None:
        self._lines = iter(io.StringIO(self.text, newline=None))

    def __iter__(self) -> Iterator[tuple[int, list[str] | None]]:
        number = 0
        while (line := self._line()) is not None:
            number += 1
            row = self._row(line)
            if self.width is None:
                self.width = max(1, len(cells_of(line, self.delimiter) if row is None else row))
            yield number, row

    def _line(self) -> str | None:
        return self._back.popleft() if self._back else next(self._lines, None)

    def _row(self, first: str) -> list[str] | None:
        found, goes_on = _read([first], self.delimiter)
        if not goes_on:
            return found or cells_of(first, self.delimiter)
        taken = [first]
        found, _ = _read(self._going_on(taken), self.delimiter)
        if found is not None and (self.width is None or not any(found[self.width :])):
            return found
        self._reread += sum(map(len, taken[1:]))
        self._back.extendleft(reversed(taken[1:]))
        return None

    def _going_on(self, taken: list[str]) -> Iterator[str]:
        """The lines that were `taken` and, as long as they are asked for, the next ones, which are taken too."""
        yield from taken
        while len(taken) < MOST_LINES and self._reread < MOST_REREAD and (line := self._line()) is not None:
            taken.append(line)
            yield line


def cells_of(line: str, delimiter: str) -> list[str]:
    """The cells of one line, however its quotes stand."""
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _read(lines: Iterable[str], delimiter: str) -> tuple[list[str] | None, bool]:
    """The cells of a well-formed row, which takes as many lines as it needs; and whether they end inside quotes."""
    try:
        return next(csv.reader(lines, delimiter=delimiter, strict=True), []), False
    except csv.Error as error:
        return None, "unexpected end" in str(error)
