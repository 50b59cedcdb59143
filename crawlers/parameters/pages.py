"""Parameters of feeds and of pages of any site."""

from typing import Annotated

from pydantic import AfterValidator, Field

from crawlers.parameters.types import Address, Parameters, Several
from crawlers.parsers.addresses import secret_parts


class FeedParameters(Parameters):
    """One RSS or Atom feed. `sites` are others than its own on which articles are looked up that it shows no more."""

    url: Address
    sites: Annotated[tuple[Address, ...], Several, Field(max_length=50)] = ()

    def homes(self) -> tuple[str, ...]:
        return self.sites

    def confidential(self) -> tuple[str, ...]:
        return secret_parts(self.url)


class SchemaOrgParameters(Parameters):
    """Pages with reviews marked up for search engines."""

    urls: Annotated[tuple[Address, ...], Several, Field(min_length=1, max_length=100)]


def _part(value: str) -> str:
    if not value.strip() or len(value) > 200:
        raise ValueError('write a part of the addresses to read: "/ervaringen/"')
    return value.strip()


class SitemapParameters(Parameters):
    """Pages with reviews that a site's map names. `pages` is how many of them one crawl reads at most."""

    url: Address
    include: Annotated[tuple[Annotated[str, AfterValidator(_part)], ...], Several, Field(max_length=50)] = ()
    pages: Annotated[int, Field(ge=1, le=2_000)] = 200
