"""Answers of interfaces that speak JSON: read, or named for what they are instead."""

from crawlers.parsers.blocks import SAID, unlike, wall
from crawlers.parsers.page import Blocked, FormatChanged
from crawlers.parsers.values import NotJson, decoded, json_of


def answer(body: bytes) -> dict[str, object]:
    """The object that an interface answered. Raises Blocked for a wall in its place, else FormatChanged."""
    try:
        found = json_of(decoded(body))
    except NotJson as error:
        raise unlike(body, f"the answer is {error}") from None
    if not isinstance(found, dict):
        raise FormatChanged("the answer is not an object")
    if cause := wall(body):
        raise Blocked(cause, SAID[cause])
    return found


def entries(found: dict[str, object], key: str) -> list[object]:
    """The list under `key`. Raises FormatChanged where there is none."""
    value = found.get(key)
    if not isinstance(value, list):
        raise FormatChanged(f"the answer has no list `{key}`")
    return value
