"""Trustpilot's public review pages, newest first, one view per language."""

from urllib.parse import quote, unquote, urlencode, urlsplit

from scrapy.http import Response

from crawlers.causes import Cause
from crawlers.parameters.reviews import TrustpilotParameters
from crawlers.parsers import trustpilot_web
from crawlers.parsers.page import Blocked, Misconfigured, Page
from crawlers.sources import SOURCES
from crawlers.spiders.listing import ListingSpider


class TrustpilotSpider(ListingSpider):
    namespace = trustpilot_web.NAMESPACE

    @property
    def wanted(self) -> TrustpilotParameters:
        assert isinstance(self.job.parameters, TrustpilotParameters)  # noqa: S101 - the table of kinds says so
        return self.job.parameters

    @property
    def site(self) -> str:
        return (self.job.base_url or SOURCES["trustpilot_web"].home or "").rstrip("/")

    @property
    def most_pages(self) -> int:  # type: ignore[override]
        return self.wanted.pages

    def parts(self) -> tuple[str, ...]:
        return self.wanted.languages

    def address(self, part: str, number: int) -> str:
        query = {"languages": part, "sort": "recency", "page": number}
        return f"{self.site}/review/{self.wanted.domain}?{urlencode(query)}"

    def elsewhere(self, response: Response) -> str | None:
        # What comes after a redirect may have lost its page and language, so it is not read.
        parts = urlsplit(response.url)
        path = parts.path.removeprefix(urlsplit(self.site).path)
        if (
            path.startswith("/reviews/")
            or unquote(path).rstrip("/").lower() == f"/review/{self.wanted.domain}"
        ):
            return None
        return f"{parts.netloc}{parts.path}"

    def permalink(self, identity: str) -> str:
        return f"{self.site}/reviews/{quote(identity, safe='')}"

    def has_more(self, page: Page) -> bool:
        return page.next is not None

    def parsed(self, body: bytes, part: str, number: int) -> Page:
        try:
            page = trustpilot_web.parse(body, part)
        except Blocked as error:
            if error.cause is Cause.SIGN_IN and number > 1:
                # Visitors see 200 reviews at most; what comes after asks them to sign in.
                return Page(notes=("the view for visitors ends here",))
            raise
        if number == 1 and page.passed and page.passed == page.entries:
            # Of a language that it knows, the site would show that one or nothing.
            raise Misconfigured(
                f'Trustpilot does not know the language "{part}" and shows all of them; '
                'in languages, write another one such as "nl", or "all"'
            )
        return page
