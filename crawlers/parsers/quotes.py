"""What a text repeats of others, where no markup says so: it is not what its writer says."""

import re
from collections.abc import Iterator, Sequence

_MORE_THAN = r"\s?(?:[=€$£±~]|EUR\b|ca\.)?\s?\d"
_FACE = r"[:;=]['-]?(?:[()\[\]{}<>/\\|@#$*]|[CDOPSX]\b)|[._,-]{0,3}<|[._,-]{1,3}>"
"""What follows the brows of `>:(`, `>:-[` and `>:D`, and the first eye of `>.<` and `>_>`."""
_MARKED = re.compile(rf">(?!!|{_MORE_THAN}|{_FACE})")
"""How a quoted line begins, which is not a spoiler (">!"), an amount or an angry face."""
_SAID = re.compile(r"(?:op|on) .{6,150}(?:schreef|wrote)[^:]{0,100}:", re.IGNORECASE)
_HEADING = re.compile(
    r"(?:van|from|verzonden|sent|aan|to|onderwerp|subject|datum|date): \S.{0,200}", re.IGNORECASE
)
_ORIGINAL = re.compile(
    r"-{2,}\s*(?:oorspronkelijk bericht|original message|doorgestuurd bericht|forwarded message)\s*-{2,}",
    re.IGNORECASE,
)
_HEADINGS = 3
"""So many lines of a mail's heading in a row are one."""


def own_words(text: str, *, quotes: bool) -> str:
    """`text` without the mail that it answers, and without lines that begin with ">" when `quotes` are marked so.

    What would be left without a word stays as it is: then the quote is all that was said.
    """
    lines = text.split("\n")
    lines = list(_unanswered(lines[: _mail(lines)]))
    if quotes:
        lines = [line for line in lines if not _MARKED.match(line)]
    kept = "\n".join(lines).strip()
    return kept if any(character.isalnum() for character in kept) else text


def _mail(lines: Sequence[str]) -> int:
    """The number of the line with which an older mail begins that stands below the text."""
    headings = 0
    for place, line in enumerate(lines):
        if _ORIGINAL.match(line):
            return place
        headings = headings + 1 if _HEADING.fullmatch(line.strip()) else 0
        if headings == _HEADINGS:
            return place - _HEADINGS + 1
    return len(lines)


def _unanswered(lines: Sequence[str]) -> Iterator[str]:
    """The lines but those that a mail programme put before and in front of what was answered."""
    inside = False
    for place, line in enumerate(lines):
        if _SAID.fullmatch(line.strip()) and _MARKED.match(_following(lines, place)):
            inside = True
        elif not (inside and (_MARKED.match(line) or not line.strip())):
            inside = False
            yield line


def _following(lines: Sequence[str], place: int) -> str:
    """The next line with something on it, which may stand a little further down."""
    return next((one for one in lines[place + 1 : place + 4] if one.strip()), "")
