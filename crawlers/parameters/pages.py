"""Parameters of feeds and of pages of any site."""

from typing import Annotated

from pydantic import Field

from crawlers.parameters.types import Address, Parameters, Several


class FeedParameters(Parameters):
    """One RSS or Atom feed."""

    url: Address


class SchemaOrgParameters(Parameters):
    """Pages with reviews marked up for search engines."""

    urls: Annotated[tuple[Address, ...], Several, Field(min_length=1, max_length=100)]
