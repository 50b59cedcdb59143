"""Parameters of the review sites."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from crawlers.parameters.types import MOST_PAGES, Parameters, Several, Tongue


def _domain(value: str) -> str:
    found = value.strip().lower()
    if not re.fullmatch(r"[\w-]+(?:\.[\w-]+)+", found):
        raise ValueError('write the domain as Trustpilot has it, without https:// or a path: "snelveld.nl"')
    return found


class TrustpilotParameters(Parameters):
    """A company's page. `languages` are read one after another; `pages` of 20 reviews each."""

    domain: Annotated[str, AfterValidator(_domain)]
    languages: Annotated[tuple[Tongue, ...], Several, Field(min_length=1)] = ("nl",)
    pages: Annotated[int, Field(ge=1, le=MOST_PAGES)] = 10
