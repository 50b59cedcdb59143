"""Answers of interfaces that speak JSON: read, or named for what they are instead."""

from crawlers.parsers.blocks import SAID, refusal, unlike
from crawlers.parsers.page import Blocked, FormatChanged
from crawlers.parsers.values import NotJson, decoded, json_of


def json_answer(body: bytes, what: str = "the answer") -> object:
    """The value of an answer, which errors call `what`. Raises Blocked for a wall in its place, else FormatChanged."""
    try:
        return json_of(decoded(body))
    except NotJson as error:
        raise unlike(body, f"{what} is {error}") from None


def answer(body: bytes) -> dict[str, object]:
    """The object that an interface answered. Raises as `json_answer` does."""
    found = json_answer(body)
    if not isinstance(found, dict):
        raise FormatChanged("the answer is not an object")
    if cause := refusal(found):
        raise Blocked(cause, SAID[cause])
    return found


def entries(found: dict[str, object], key: str) -> list[object]:
    """The list under `key`. Raises FormatChanged where there is none."""
    value = found.get(key)
    if not isinstance(value, list):
        raise FormatChanged(f"the answer has no list `{key}`")
    return value
