"""What changed between two versions of a text, word by word."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

_WORDS = re.compile(r"\s+|\S+")
LONGEST = 2_000
"""Words; comparing takes quadratic time at worst, and nobody reads a longer comparison."""


@dataclass(frozen=True)
class Piece:
    """Text that stayed (`same`), came (`added`) or went (`removed`)."""

    kind: str
    text: str


def differences(old: str, new: str) -> tuple[Piece, ...]:
    """The pieces of `new`, with what went from `old` between them. Very long texts count as one piece."""
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    if old == new or max(len(before), len(after)) > LONGEST:
        return (Piece("same", new),)
    pieces: list[Piece] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            pieces.append(Piece("same", "".join(after[j1:j2])))
            continue
        if i2 > i1:
            pieces.append(Piece("removed", "".join(before[i1:i2])))
        if j2 > j1:
            pieces.append(Piece("added", "".join(after[j1:j2])))
    return tuple(pieces)
