"""Reading an address only when it has changed (RFC 9110, 13.1)."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from scrapy import Request
from scrapy.http import Response

from crawlers.causes import Cause, Failure
from crawlers.findings import Findings
from crawlers.health import shape
from crawlers.job import ReadPage
from crawlers.parsers.addresses import rebased
from crawlers.parsers.page import Page
from crawlers.spiders.reading import ReadingSpider, header

_VALIDATORS = {"etag": ("ETag", "If-None-Match"), "modified": ("Last-Modified", "If-Modified-Since")}
LONGEST_VALIDATOR = 1_000


class ConditionalSpider(ReadingSpider):
    """State of an address: what the server calls its present form, `had`, how many posts it held, and what is kept."""

    def parsed(self, body: bytes, url: str, content_type: str) -> Page:
        raise NotImplementedError

    def addresses(self) -> dict[str, str]:
        """What to read, by a name for it that may be logged."""
        raise NotImplementedError

    def known_form(self, where: str) -> dict[str, Any]:
        """What the server calls the form that we have, in which it need not be sent again."""
        return self.state_of(where)

    def kept(self, page: Page) -> dict[str, Any]:
        """What else the state says of an address that held these posts."""
        return {}

    async def start(self) -> AsyncIterator[Any]:
        for where, url in self.addresses().items():
            yield self._asked(where, url)

    def _asked(self, where: str, url: str) -> Request:
        headers = conditions(self.known_form(where))
        return self.ask(rebased(url, self.job.base_url), self.read, headers, where=where, url=url)

    async def read(self, response: Response, where: str, url: str) -> AsyncIterator[Any]:
        state = self.state_of(where)
        if response.status == 304 and state:
            self.job.findings.not_modified += 1
            return
        content_type = header(response, "Content-Type")
        page = self.page_of(response, where, lambda body: self.parsed(body, url, content_type))
        if page is None:
            return
        if page.entries:
            state = {"had": page.entries} | validators(response, page, self.job.kind) | self.kept(page)
        elif had := state.get("had"):
            self.note(Failure(Cause.EMPTY_BEFORE, where, f"{had} were there before"))
        yield ReadPage(page, where, where, state)


def conditions(known: Mapping[str, object]) -> dict[str, str]:
    """The headers that ask for a page only when it is another one than these `validators` were of."""
    found = ((asked, known.get(name)) for name, (_, asked) in _VALIDATORS.items())
    return {asked: value for asked, value in found if isinstance(value, str)}


def validators(response: Response, page: Page, kind: str) -> dict[str, str]:
    """What the server calls the present form of a page. Nothing for one that could not be read well: else it would be
    healthy as soon as it did not change.
    """
    if page.damage or shape(kind, Findings.of(page)):
        return {}
    found = {name: header(response, given) for name, (given, _) in _VALIDATORS.items()}
    return {name: value for name, value in found.items() if value and len(value) <= LONGEST_VALIDATOR}
