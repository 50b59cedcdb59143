"""Hashtag timelines of one Mastodon instance, and its search for those who have a token."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

from scrapy.http import Response

from crawlers.checkpoints import MOST_REMEMBERED
from crawlers.dates import EARLIEST
from crawlers.job import ReadPage
from crawlers.paging import MOST_CHECKED, WHOLE_EVERY, times_of
from crawlers.parameters.social import MastodonParameters
from crawlers.parsers import mastodon
from crawlers.parsers.page import Page
from crawlers.parsers.stretch import Stretch
from crawlers.spiders.reading import UNKNOWN, Parse, header
from crawlers.spiders.recent import Gap, Reading, RecentSpider
from crawlers.spiders.whole import WholeSpider

LIMIT = 40
"""Statuses a page; instances give no more."""
SEARCH = "search"


class MastodonSpider(WholeSpider):
    """A part for each hashtag, and one for the search.

    A status from elsewhere has an id by the time of its making, so that one that comes late stands further down: the
    reading again of a week, once a day, finds it. Going back by `max_id` leaves no gap, whatever is posted meanwhile.

    State of a part: `strayed`, by what is listed no more though it exists or is refused, when it was last looked up:
    once a day.
    """

    namespace = mastodon.NAMESPACE
    misses_at_once = True
    most_missing = MOST_REMEMBERED  # of which `missing` takes as many as one crawl looks up
    link = ""

    @property
    def wanted(self) -> MastodonParameters:
        assert isinstance(self.job.parameters, MastodonParameters)  # noqa: S101 - the table of kinds says so
        return self.job.parameters

    @property
    def headers(self) -> dict[str, str]:
        token = self.job.secrets.get("token")
        return {"Authorization": f"Bearer {token}"} if token else {}

    async def start(self) -> AsyncIterator[Any]:
        for tag in self.wanted.hashtags:
            yield self.back(f"#{tag}")
        if self.wanted.query:
            yield self.back(SEARCH)

    def address(self, reading: Reading, cursor: str | None) -> str:
        if reading.part == SEARCH:
            asked = {"q": self.wanted.query, "type": "statuses", "limit": LIMIT, "offset": cursor or 0}
            return f"{self._site}/api/v2/search?{urlencode(asked)}"
        query = urlencode({"limit": LIMIT} | ({"max_id": cursor} if cursor else {}))
        return f"{self._site}/api/v1/timelines/tag/{quote(reading.part[1:])}?{query}"

    @property
    def _site(self) -> str:
        return (self.job.base_url or "").rstrip("/")

    def page_of(self, response: Response, where: str, parse: Parse) -> Page | None:
        self.link = header(response, "Link")
        return super().page_of(response, where, parse)

    def stretch_of(self, body: bytes, reading: Reading) -> Stretch:
        wanted = self.wanted
        tongues = frozenset() if "all" in wanted.languages else frozenset(wanted.languages)
        if reading.part != SEARCH:
            return mastodon.parse(body, self.link, tongues, wanted.bots, full=LIMIT)
        page = mastodon.parse_search(body, tongues, wanted.bots)
        read = reading.number * LIMIT
        return replace(page, next=str(read)) if page.entries >= LIMIT else page

    def missing(self, part: str, identities: list[str]) -> Iterator[Any]:
        strayed, now = times_of(self.state_of(part).get("strayed")), self.job.now()
        due = [one for one in identities if now - strayed.get(one, EARLIEST) >= WHOLE_EVERY]
        for identity in due[:MOST_CHECKED]:
            address = f"{self._site}/api/v1/statuses/{identity.partition(' ')[0]}"
            yield self.ask(address, self.looked_up, where=f"{part} gone", part=part, identity=identity)

    async def looked_up(self, response: Response, where: str, part: str, identity: str) -> AsyncIterator[Any]:
        if self.is_refused(response):
            again = identity in times_of(self.state_of(part).get("strayed"))
            yield ReadPage(Page(), where, part, self._refused(part, identity, again))
            if again:
                self.job.findings.note(UNKNOWN)
                return
        page = Page() if self.is_absent(response) else self.page_of(response, where, mastodon.parse_one)
        if page is None:
            return
        # Nothing stands there, or an author who does not want to be collected any more.
        if page.passed == page.entries:
            for one in self.all_gone(part, [identity], proven=True):
                yield one
        else:
            # An edit may have taken the hashtag out.
            yield ReadPage(page, where, part, self._strayed(part, identity))

    def is_refused(self, response: Response) -> bool:
        """Some instances show their timelines to everybody, and a single status to their members."""
        hidden = response.status in (401, 422) and not self.job.secrets
        return hidden or super().is_refused(response)

    def _refused(self, part: str, identity: str, again: bool) -> dict[str, Any]:
        """The state that remembers a status that is refused by itself, or lets go of it at the second time."""
        return self.known(part).let_go([identity]) if again else self._strayed(part, identity)

    def _strayed(self, part: str, identity: str) -> dict[str, Any]:
        state = self.state_of(part)
        shown, now = times_of(state.get("shown")), self.job.now()
        strayed = {key: time for key, time in times_of(state.get("strayed")).items() if key in shown}
        state["strayed"] = {key: time.isoformat() for key, time in (strayed | {identity: now}).items()}
        return state

    def known_as(self, key: str) -> str:
        return key.partition(" ")[2]

    def _end(self, reading: Reading, where: str, gap: Gap | None = None) -> ReadPage | None:
        """Only those are found who want to be: a search that never found anybody may be right."""
        ended = RecentSpider._end if reading.part == SEARCH else WholeSpider._end
        return ended(self, reading, where, gap)
