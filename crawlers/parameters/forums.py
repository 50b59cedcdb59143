"""Parameters of forums and company communities."""

import re
from collections.abc import Callable
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from crawlers.parameters.types import Parameters, Several

MOST_PLACES = 100


def _numbered(what: str, *patterns: str) -> Callable[[object], str]:
    """A validator that takes a number, or finds it in an address."""

    def number(value: object) -> str:
        written = str(value).strip() if isinstance(value, int | str) and not isinstance(value, bool) else ""
        if re.fullmatch(r"[1-9]\d{0,17}", written):
            return written
        for pattern in patterns:
            if match := re.search(pattern, written[:2_000]):
                return match[1]
        raise ValueError(f"write the number of the {what}, or its whole address")

    return number


DiscourseTopic = Annotated[
    str, BeforeValidator(_numbered("topic", r"/t/(?:[^/?#]*/)?([1-9]\d{0,17})(?:[/?#.]|$)"))
]
_FORUM = (r"[?&]f=([1-9]\d{0,17})", r"-f([1-9]\d{0,17})(?:[/?#]|\.html|$)")
_TOPIC = (r"[?&]t=([1-9]\d{0,17})", r"-t([1-9]\d{0,17})(?:[/?#]|\.html|$)")
forum_number = _numbered("forum", *_FORUM)
topic_number = _numbered("topic", *_TOPIC)
"""The number in what was written: a number, `viewtopic.php?t=17863`, or the rewritten `…-t17863.html`."""


def _place(number: Callable[[object], str]) -> BeforeValidator:
    """Keeps an address as it was written, since forums rewrite theirs, once there is a number in it."""

    def place(value: object) -> str:
        found = number(value)
        return str(value).strip() if not str(value).strip().isdigit() else found

    return BeforeValidator(place)


PhpbbForum = Annotated[str, _place(forum_number)]
PhpbbTopic = Annotated[str, _place(topic_number)]
TweakersTopic = Annotated[
    str, BeforeValidator(_numbered("topic", r"/list_messages/([1-9]\d{0,17})(?:[/?#]|$)"))
]


def _query(value: str) -> str:
    found = " ".join(value.split())
    if not found or len(found) > 200:
        raise ValueError('write the words to look for: "snelveld"')
    return found


Query = Annotated[str, AfterValidator(_query)]


class DiscourseParameters(Parameters):
    """A forum: its newest posts, what a `query` finds, or whole `topics`."""

    query: Query | None = None
    topics: Annotated[tuple[DiscourseTopic, ...], Several, Field(max_length=MOST_PLACES)] = ()
    company_groups: Annotated[tuple[str, ...], Several] = ()

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.query and self.topics:
            raise ValueError("write a query or topics; for both, write two sources")
        return self


class PhpbbParameters(Parameters):
    """A forum on phpBB: whole `forums`, some `topics`, or the feed of the newest posts where neither is named.

    With a `query`, only posts that hold its words.
    """

    forums: Annotated[tuple[PhpbbForum, ...], Several, Field(max_length=MOST_PLACES)] = ()
    topics: Annotated[tuple[PhpbbTopic, ...], Several, Field(max_length=MOST_PLACES)] = ()
    query: Query | None = None


class TweakersParameters(Parameters):
    """Topics of the Tweakers forum, or those that a `query` finds. With `pages`, their pages instead of their feeds."""

    topics: Annotated[tuple[TweakersTopic, ...], Several, Field(max_length=MOST_PLACES)] = ()
    query: Query | None = None
    pages: bool = False

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.topics and not self.query:
            raise ValueError("write topics, or a query")
        return self
