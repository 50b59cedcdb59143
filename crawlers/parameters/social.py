"""Parameters of the social networks."""

import re
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from crawlers.parameters.types import MOST_PAGES, Parameters, Several, Tongue


def _hashtag(value: str) -> str:
    found = value.strip().removeprefix("#")
    if not re.fullmatch(r"\w{1,100}", found) or found.isdigit():
        raise ValueError(
            f'"{value[:50]}" is not one hashtag; write words without spaces, each spelling apart: "snelveld"'
        )
    return found


def _query(value: str) -> str:
    found = value.strip()
    if not found or not found.isprintable():
        raise ValueError("write what to search for, on one line")
    return found


Query = Annotated[str, Field(max_length=512), AfterValidator(_query)]


class MastodonParameters(Parameters):
    """Hashtags on one instance, and a search for words, which needs a token.

    With `languages`, posts that state another one are left out.
    """

    hashtags: Annotated[
        tuple[Annotated[str, AfterValidator(_hashtag)], ...], Several, Field(max_length=50)
    ] = ()
    query: Query | None = None
    languages: Annotated[tuple[Tongue, ...], Several] = ("all",)
    bots: bool = False

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if not self.hashtags and self.query is None:
            raise ValueError('write hashtags = ["snelveld"], a query, or both')
        return self

    def secrets(self) -> tuple[str, ...]:
        return ("token",) if self.query else ()


def _subreddit(value: str) -> str:
    found = value.strip().strip("/").removeprefix("r/")
    if not re.fullmatch(r"[A-Za-z0-9_]{2,21}", found):
        raise ValueError('write the name of the subreddit as in its address: "thenetherlands"')
    return found


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


class BlueskyParameters(Parameters):
    """Searches and hashtags. With `languages`, posts that state another one are left out."""

    query: Query | None = None
    hashtags: Annotated[
        tuple[Annotated[str, AfterValidator(_hashtag)], ...], Several, Field(max_length=20)
    ] = ()
    languages: Annotated[tuple[Tongue, ...], Several] = ("all",)

    @property
    def searches(self) -> tuple[str, ...]:
        """What is searched for, one after another."""
        return (*([self.query] if self.query else []), *(f"#{tag}" for tag in self.hashtags))

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if not self.searches:
            raise ValueError('write a query, such as query = "snelveld", or hashtags')
        return self


class XParameters(Parameters):
    """A recent search in X's own words; `pages` of 100 posts are paid for at most in one crawl."""

    query: Query
    pages: Annotated[int, Field(ge=1, le=MOST_PAGES)] = 5
    recheck: bool = True


def _video(value: str) -> str:
    found = value.strip()
    if not re.fullmatch(r"[A-Za-z0-9_-]{6,20}", found):
        raise ValueError('write the id of the video, which stands after "v=" in its address')
    return found


def _channel(value: str) -> str:
    found = value.strip()
    if not re.fullmatch(r"UC[A-Za-z0-9_-]{5,40}", found):
        raise ValueError('write the id of the channel, which begins with "UC"')
    return found


class YoutubeParameters(Parameters):
    """Comments on videos, on everything of channels, and on what a search for videos finds.

    With `videos` or `channels`, `query` is sought in their comments instead.
    """

    videos: Annotated[tuple[Annotated[str, AfterValidator(_video)], ...], Several, Field(max_length=100)] = ()
    channels: Annotated[
        tuple[Annotated[str, AfterValidator(_channel)], ...], Several, Field(max_length=20)
    ] = ()
    query: Query | None = None

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if not self.videos and not self.channels and self.query is None:
            raise ValueError("write videos, channels or a query")
        return self


def _page(value: object) -> str:
    found = str(value).strip() if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,100}", found):
        raise ValueError(
            'write the id of the page, which is a number, or its name as in its address: "100200300"'
        )
    return found


class MetaPageParameters(Parameters):
    """A Facebook page that is your own; comments are read under its `posts` newest ones."""

    page: Annotated[str, BeforeValidator(_page)]
    posts: Annotated[int, Field(ge=0, le=100)] = 25
