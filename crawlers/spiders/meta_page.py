"""A Facebook page of one's own: what people write under it, about it, and of it."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from scrapy import Request
from scrapy.http import Response

from crawlers.causes import LEAVE_ALONE, Cause, Failure
from crawlers.job import ReadPage
from crawlers.paging import missing_twice, times_of
from crawlers.parameters.social import MetaPageParameters
from crawlers.parsers import meta_page
from crawlers.parsers.page import Page, ParseError
from crawlers.parsers.stretch import Stretch
from crawlers.sources import SOURCES
from crawlers.spiders.absent import AbsentSpider
from crawlers.spiders.reading import header
from crawlers.spiders.recent import Reading
from storage.records import Reply

ABSENT = "absent"
VERSION = "v26.0"
LIMIT = 100
MOST_DROPPED = 100
"""Posts that are listed no more which one crawl asks for."""
FIELDS = {
    "tagged": "id,message,created_time,permalink_url,from",
    "ratings": "created_time,has_rating,has_review,rating,recommendation_type,review_text,reviewer,open_graph_story",
    "comments": "id,message,created_time,from,like_count,comment_count,parent",
}
_KEYS = frozenset({102, 190})
_HURRIED = frozenset({4, 17, 32, 613, *range(80_000, 80_015)})
_NOT_ALLOWED = frozenset({3, 10, *range(200, 300)})
_PASSING = LEAVE_ALONE | {Cause.SERVER_ERROR}
"""What says nothing of the one post that was asked for: the next crawl asks again."""
_TEMPORARY = frozenset({1, 2})
"""Numbers of errors after which the interface asks to try again, whatever the status. They say as little."""
_UNKNOWN = 100
"""The number of the error for an edge or a field that there is not."""
_NO_LONGER = 12
"""The number of the error for what was taken out of the interface."""


class MetaPageSpider(AbsentSpider):
    """Parts: `tagged`, `ratings`, and `comments ID` for each of the page's newest posts.

    Comments are listed whole, newest first, so that one which is not shown any more was deleted or hidden. State of the
    others: also `absent`, since when what was listed is not, by id.
    """

    namespace = meta_page.NAMESPACE
    most_missing = 100

    def __init__(self, *named: Any, **more: Any) -> None:
        super().__init__(*named, **more)
        self.answers: dict[str, Reply] = {}
        self.read: list[str] = []

    @property
    def wanted(self) -> MetaPageParameters:
        assert isinstance(self.job.parameters, MetaPageParameters)  # noqa: S101 - the table of kinds says so
        return self.job.parameters

    async def start(self) -> AsyncIterator[Any]:
        yield self._own("posts")

    def _own(self, edge: str) -> Request:
        """What the page posted itself; `feed` has what others posted on it too, where the first is not given."""
        asked = {"fields": "id,created_time", "limit": max(self.wanted.posts, 1)}
        return self.ask(self._edge(self.wanted.page, edge, asked), self.posted, where=edge)

    def _edge(self, node: str, edge: str, asked: dict[str, Any]) -> str:
        site = (self.job.base_url or SOURCES["meta_page"].home or "").rstrip("/")
        signed = asked | {"access_token": self.job.secrets["token"]}
        return f"{site}/{VERSION}/{node}/{edge}?{urlencode(signed)}"

    async def posted(self, response: Response, where: str) -> AsyncIterator[Any]:
        """The parts that are always there, and one for each post.

        Of which posts is remembered: one that is listed no more was deleted, or newer ones took its place. It is
        asked for which, and forgotten once it answered.
        """
        if where == "posts" and (response.status == 404 or meta_page.refusal(response.body) == _UNKNOWN):
            yield self._own("feed")
            return
        found = self._posts(response, where)
        if found is not None:
            dropped = [post for post in self._read_before() if post not in found][:MOST_DROPPED]
            self.read = [*found, *dropped]
            yield ReadPage(Page(), where, "posts", {"read": self.read})
            for post in dropped:
                asked = self._edge(post, "comments", {"fields": "id", "limit": 1})
                yield self.ask(asked, self.left, where=f"comments {post} gone", post=post)
        for part in ("tagged", "ratings", *(f"comments {post}" for post in found or ())):
            yield self.back(part)

    def _read_before(self) -> list[str]:
        """The posts under which the last crawl read, and those that it could not ask for."""
        found = self.state_of("posts").get("read")
        return [post for post in found if isinstance(post, str)] if isinstance(found, list) else []

    async def left(self, response: Response, where: str, post: str) -> AsyncIterator[Any]:
        """What is under a post that was deleted is gone with it; that under older ones stays as it was read."""
        part, code = f"comments {post}", meta_page.refusal(response.body)
        if self.is_absent(response) or code == _UNKNOWN:
            for gone in self.all_gone(part, list(self.known(part).shown), proven=True):
                yield gone
        elif (failure := self.unfit(response, where)) and (failure.cause in _PASSING or code in _TEMPORARY):
            self.refuse(failure)
            return
        self.read = [one for one in self.read if one != post]
        yield ReadPage(Page(), where, part, {})
        yield ReadPage(Page(), where, "posts", {"read": self.read})

    def _posts(self, response: Response, where: str) -> tuple[str, ...] | None:
        if failure := self.unfit(response, where):
            self.refuse(failure)
            return None
        try:
            return meta_page.posts(response.body)[: self.wanted.posts]
        except ParseError as error:
            self.refuse(Failure(error.cause, where, str(error)))
            return None

    def address(self, reading: Reading, cursor: str | None) -> str:
        edge, _, post = reading.part.partition(" ")
        asked: dict[str, Any] = {"fields": FIELDS[edge], "limit": LIMIT}
        if edge == "comments":
            asked |= {"order": "reverse_chronological", "filter": "stream"}
        if cursor:
            asked |= meta_page.asked_for(cursor)
        return self._edge(post or self.wanted.page, edge, asked)

    def stretch_of(self, body: bytes, reading: Reading) -> Stretch:
        edge, _, post = reading.part.partition(" ")
        if edge == "comments":
            # An answer is newer than what it answers, and so stands before it.
            page = meta_page.parse_comments(body, post.partition("_")[0], self.answers)
            self.answers |= page.answers
            return page
        if edge == "ratings":
            return meta_page.parse_ratings(body, self.wanted.page)
        return meta_page.parse_tagged(body)

    async def went_back(self, response: Response, where: str, reading: Reading) -> AsyncIterator[Any]:
        code = meta_page.refusal(response.body) if response.status >= 400 else None
        if code == _NO_LONGER or (code == _UNKNOWN and reading.part == "ratings"):
            self.job.findings.note(f"{reading.part}: the interface does not give these any more")
            return
        async for one in super().went_back(response, where, reading):
            yield one

    def broken_off(self, page: Stretch, reading: Reading, where: str) -> ReadPage | None:
        """Where the next page cannot be found the rest is unread, and nothing of it is missing."""
        return ReadPage(Page(), f"{reading.part} end", reading.part) if page.damage else None

    def gone_for_good(self, part: str, identities: list[str]) -> Iterator[Any]:
        """Comments at once. Tagging posts and recommendations come and go with the settings of those who wrote them;
        they are gone when they are missing twice.
        """
        if part.startswith("comments"):
            yield from self.all_gone(part, identities)
        elif not self.job.findings.nameless:
            state = self.state_of(part)
            since = times_of(state.get(ABSENT)) | times_of(state.get("missed"))
            lost, absent = missing_twice(since, identities, self.job.now())
            for one in [*self.all_gone(part, lost), self._moved(part, self.state_of(part))]:
                yield replace(one, state={**self.known(part).let_go(lost), ABSENT: absent})

    def _left(self, state: dict[str, Any], reading: Reading) -> dict[str, Any]:
        left = super()._left(state, reading)
        absent = left.pop(ABSENT, {})
        kept = {key: since for key, since in absent.items() if key not in reading.seen}
        return left | ({ABSENT: kept} if kept else {})

    def unfit(self, response: Response, where: str) -> Failure | None:
        failure = super().unfit(response, where)
        code = meta_page.refusal(response.body) if failure else None
        if failure is None or code is None:
            return failure
        detail = f"status {response.status}, error {code}"
        if code in _KEYS:
            return replace(failure, cause=Cause.KEY, detail=detail)
        if code in _HURRIED:
            used = header(response, "X-Business-Use-Case-Usage")
            wait = failure.retry_after or meta_page.wait(used)
            return replace(failure, cause=Cause.RATE_LIMITED, detail=detail, retry_after=wait)
        if code in _NOT_ALLOWED:
            return replace(failure, cause=Cause.FORBIDDEN, detail=f"{detail}: the token lacks a permission")
        return replace(failure, detail=detail)
