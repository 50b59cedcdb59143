"""Reading values from JSON that anybody may have written: nothing here raises for a wrong type."""

import json
import math
import re
from collections.abc import Iterator

from storage.records import LARGEST_COUNT, LONGEST_TITLE

MOST_DIGITS = 40
DEEPEST = 100
"""Lists and objects inside one another; the deepest answer of a source has about fifteen."""
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8}){0,3}")
_BRACKETS = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
"""The brackets outside texts. A text that never ends is taken whole, so that each character is looked at once."""
_NUMBER = re.compile(r"[-+]?\d{1,15}(?:[.,]\d{1,15})?")


class NotJson(Exception):
    """The text is not JSON, or nested deeper than any real page is."""


def decoded(body: bytes) -> str:
    """`body` as UTF-8; what is not becomes U+FFFD."""
    return body.decode("utf-8-sig", "replace")


def json_of(text: str) -> object:
    """The value of a JSON text. NaN, infinities, numbers of more than 40 digits, and what stands too deep, are None."""
    try:
        try:
            return _loaded(text)
        except RecursionError:
            # One post that is nested without end must not cost those next to it.
            return _loaded(_shallow(text))
    except ValueError as error:
        raise NotJson(f"not JSON: {getattr(error, 'msg', 'unreadable')}") from None
    except RecursionError:
        raise NotJson("nested too deep") from None


def _loaded(text: str) -> object:
    return json.loads(text, strict=False, parse_constant=lambda _: None, parse_int=_whole)


def _shallow(text: str) -> str:
    """A JSON text with null in place of every list and object that stands deeper than `DEEPEST`."""
    pieces, start, depth = [], 0, 0
    for token in _BRACKETS.finditer(text):
        opens, closes = token[0] in "[{", token[0] in "]}"
        depth += opens
        if depth == DEEPEST + 1 and (opens or closes):
            if opens:
                pieces.append(text[start : token.start()])
            else:
                pieces.append("null")
                start = token.end()
        depth -= closes
    if depth > DEEPEST:
        raise NotJson("nested too deep")
    return "".join(pieces) + text[start:]


def _whole(digits: str) -> int | None:
    return int(digits) if len(digits) <= MOST_DIGITS else None


def at(value: object, *keys: str) -> object:
    """The value under nested keys, None where the path ends early."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def listed(value: object) -> list[object]:
    """`value` as a list: one object stands for itself, nothing for no entries."""
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def text(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def identifier(value: object) -> str | None:
    """An id as text; some sources give digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return text(value)


def number(value: object) -> float | None:
    """A finite number, also from text, also with a decimal comma."""
    if isinstance(value, str):
        match = _NUMBER.fullmatch(value.strip())
        return float(match[0].replace(",", ".")) if match else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def count(value: object) -> int | None:
    """A counter; None for what cannot be one."""
    found = number(value)
    if found is None or found != int(found) or not 0 <= found <= LARGEST_COUNT:
        return None
    return int(found)


def language(value: object) -> str | None:
    """A language tag such as `nl` or `nl-NL`; None for anything else."""
    found = text(value)
    return found.strip() if found and _LANGUAGE.fullmatch(found.strip()) else None


def primary(tag: str | None) -> str | None:
    """`nl` for `nl-BE`."""
    return re.split("[-_]", tag)[0].lower() if tag else None


def headed(title: str | None, words: str) -> dict[str, str | None]:
    """The fields `title` and `text`. A title too long to be one becomes the beginning of the text."""
    if title and len(title) > LONGEST_TITLE:
        return {"title": None, "text": f"{title}\n\n{words}".strip()}
    return {"title": title, "text": words}


def everything(value: object, most: int, deepest: int) -> Iterator[dict[str, object]]:
    """Every object in a JSON value, once, outermost first; at most `most` values down to depth `deepest`."""
    waiting: list[tuple[object, int]] = [(value, 0)]
    seen = {id(value)}
    for place in range(most):
        if place >= len(waiting):
            return
        found, depth = waiting[place]
        if isinstance(found, dict):
            yield found
        if depth < deepest and isinstance(found, dict | list):
            for one in found.values() if isinstance(found, dict) else found:
                if isinstance(one, dict | list) and id(one) not in seen:
                    seen.add(id(one))
                    waiting.append((one, depth + 1))
