"""The answer to signing in (RFC 6749, 5.1)."""

from crawlers.parsers.answers import json_answer
from crawlers.parsers.page import FormatChanged
from crawlers.parsers.values import at, text

LONGEST = 10_000
"""Characters. The longest tokens in use, signed ones with many claims, are below 5,000."""


def token(body: bytes, named: str = "access_token") -> str | None:
    """The token, which the answer calls `named`; None when the site says that there is none.

    Raises Blocked for a wall in its place, FormatChanged for any other answer.
    """
    found = json_answer(body, "the answer to signing in")
    if not isinstance(found, dict):
        raise FormatChanged("the answer to signing in is not an object")
    value = text(at(found, named))
    if value is None and at(found, "error") is None:
        raise FormatChanged(f"the answer to signing in has no {named}")
    # It becomes part of a header: one that could begin another header is none.
    if value and (len(value) > LONGEST or not value.isascii() or not value.isprintable()):
        raise FormatChanged("the access token holds characters that no token has")
    return value
