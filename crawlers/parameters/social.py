"""Parameters of the social networks."""

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from crawlers.parameters.types import Parameters, Several, Tongue


def _hashtag(value: str) -> str:
    found = value.strip().removeprefix("#")
    if not re.fullmatch(r"\w{1,100}", found) or found.isdigit():
        raise ValueError(
            f'"{value[:50]}" is not one hashtag; write words without spaces, each spelling apart: "snelveld"'
        )
    return found


class MastodonParameters(Parameters):
    """Hashtags on one instance. Posts in other `languages` are left out, those that state none are kept."""

    hashtags: Annotated[
        tuple[Annotated[str, AfterValidator(_hashtag)], ...],
        Several,
        Field(min_length=1, max_length=50),
    ]
    languages: Annotated[tuple[Tongue, ...], Several] = ("nl",)
    bots: bool = False


def _subreddit(value: str) -> str:
    found = value.strip().strip("/").removeprefix("r/")
    if not re.fullmatch(r"[A-Za-z0-9_]{2,21}", found):
        raise ValueError('write the name of the subreddit as in its address: "thenetherlands"')
    return found


def _query(value: str) -> str:
    found = value.strip()
    if not found or not found.isprintable():
        raise ValueError("write what to search for, on one line")
    return found


Query = Annotated[str, Field(max_length=512), AfterValidator(_query)]


class RedditParameters(Parameters):
    """Subreddits, a search, or a search in those subreddits. Reddit allows about ten requests a minute."""

    subreddits: Annotated[
        tuple[Annotated[str, AfterValidator(_subreddit)], ...], Several, Field(max_length=10)
    ] = ()
    query: Query | None = None

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if not self.subreddits and self.query is None:
            raise ValueError('write subreddits = ["thenetherlands"], a query, or both')
        return self
