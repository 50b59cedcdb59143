"""Parameters of the social networks."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

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
