"""Subreddits and searches on Reddit: Atom feeds, or the Data API with a key."""

from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from scrapy import Request
from scrapy.http import Response

from crawlers.causes import Cause
from crawlers.dates import EARLIEST, instant
from crawlers.job import ReadPage
from crawlers.paging import MOST_CHECKED, WHOLE_EVERY, times_of, vanished
from crawlers.parameters.social import RedditParameters
from crawlers.parsers import reddit
from crawlers.parsers.page import Page, gone
from crawlers.parsers.stretch import Stretch
from crawlers.spiders.bearer import TOKEN, BearerSpider
from crawlers.spiders.conditional import ConditionalSpider
from crawlers.spiders.reading import GONE, Parse
from crawlers.spiders.recent import REREAD, Reading, RecentSpider
from storage.records import Kind, Record, Status

HOME = reddit.SITE
API = "https://oauth.reddit.com"
LIMIT = 100
UNASKED = 25
"""What Reddit shows where no limit is asked for, as for the feed of a search."""
AFTER_THE_FEEDS = -1
"""The priority of what is looked up: who asks too often is refused the rest."""
MOST_THREADS = 10
"""Posts whose comments one crawl reads; the others wait for the next."""
MOST_COMMENTS = 200
"""Of one post, as many as an answer holds, of which is remembered that they were there."""
GRANT = {"grant_type": "client_credentials"}


class RedditSpider(BearerSpider, RecentSpider, ConditionalSpider):
    """With a key, subreddits are read with their comments, and searches with the comments on what they find.

    State of a feed: `shown`, the posts that it held, in its order; `missing`, those that stand there no more and whose
    fate is not known, by when they were last looked up in vain.

    State of a search with a key: `answered`, by post the `number` of comments when they were read, `read_at`, when that
    was, and the `ids` of those that were shown; `tried_at`, when they were last asked for and could not be read.
    """

    namespace = reddit.NAMESPACE
    most_missing = 100  # as one look-up takes
    most_pages = 10  # Reddit's listings go no further back than about 1,000 posts
    checked = 0
    """Missing posts that this crawl looks up, of all feeds together."""

    @property
    def wanted(self) -> RedditParameters:
        assert isinstance(self.job.parameters, RedditParameters)  # noqa: S101 - the table of kinds says so
        return self.job.parameters

    async def start(self) -> AsyncIterator[Any]:
        signed = "client_id" in self.job.secrets
        async for request in BearerSpider.start(self) if signed else ConditionalSpider.start(self):
            yield request

    # The Atom feeds.

    def addresses(self) -> dict[str, str]:
        query = self.wanted.query
        places = {f"r/{name}": f"/r/{name}/new/.rss?limit={LIMIT}" for name in self.wanted.subreddits}
        if query:
            asked = urlencode({"q": query, "sort": "new"})
            inside = {name: f"/{name}/search.rss?{asked}&restrict_sr=1" for name in places}
            places = inside or {"search feed": f"/search.rss?{asked}"}
        # Who asks too often is refused the rest: another subreddit comes first each hour.
        names = list(places)
        first = int(self.job.now().timestamp() // 3600) % len(names)
        return {name: HOME + places[name] for name in (*names[first:], *names[:first])}

    def parsed(self, body: bytes, url: str, content_type: str) -> Page:
        return reddit.parse_feed(body)

    async def read(self, response: Response, where: str, url: str) -> AsyncIterator[Any]:
        was_read = response.status == 304
        async for item in super().read(response, where, url):
            # A feed without posts is compared, too: after it, what the server called the one before is no answer.
            kept = item.state if item.page.entries else {"had": item.state.get("had", 0)}
            item.state = kept | self._compared(where, item.page)
            yield item
            await item.stored
            was_read = True
        for name in self._to_look_up(where) if was_read else ():
            address = f"{self._site(HOME)}/comments/{name.partition('_')[2]}/.rss"
            request = self.ask(address, self.looked_up, where=f"{where} gone", part=where, name=name)
            yield request.replace(priority=AFTER_THE_FEEDS)
            self.checked += 1

    def _compared(self, part: str, page: Page) -> dict[str, Any]:
        """The `shown` and `missing` that a feed leaves."""
        state, there = self.state_of(part), self.job.findings.unread.union(page.ids)
        before = _texts(state.get("shown"))
        whole = page.entries < (UNASKED if self.wanted.query else LIMIT) and not page.damage
        if before and not whole and there.isdisjoint(before):
            self.job.findings.note("more was posted than the feed holds; read it more often")
        known = times_of(state.get("missing"))
        # What is new at the end of a full feed came up from below: all that it held before would stand above that.
        came_up = bool(page.ids) and page.ids[-1] not in before and not there.isdisjoint(before)
        lost = known | {one: known.get(one, EARLIEST) for one in vanished(before, there, whole or came_up)}
        missing = [(one, time.isoformat()) for one, time in lost.items() if one not in there]
        # Of one that broke off nothing is known of what stood below; what cannot be read this time stands there.
        kept = [one for one in before if one not in lost and (page.damage or one in there)]
        shown = list(dict.fromkeys([*page.ids, *kept]))[: 2 * LIMIT]
        return {"shown": shown, "missing": dict(missing[-LIMIT:])}

    def _to_look_up(self, part: str) -> list[str]:
        """Which of the missing posts to look up now; those that were looked up in vain, again a day later."""
        missing, now = times_of(self.state_of(part).get("missing")), self.job.now()
        due = [one for one, time in missing.items() if now - time >= WHOLE_EVERY]
        return due[: max(0, MOST_CHECKED - self.checked)]

    async def looked_up(self, response: Response, where: str, part: str, name: str) -> AsyncIterator[Any]:
        """What became of a post that is missing; one that stands elsewhere is let go too."""
        failure = self.unfit(response, where)
        # That is not about this post, whose turn comes with the next crawl.
        if failure is None or failure.cause is not Cause.RATE_LIMITED:
            # Where the feed has just been shown and its post is refused, it is so for good, as in a closed subreddit.
            forbidden = failure is not None and failure.cause is Cause.FORBIDDEN
            refused = forbidden and not reddit.refuses_all(response.body)
            tried = ReadPage(Page(), where, part, self._looked(part, name, answered=refused))
            yield tried
            await tried.stored
        fate = self.fate(response, where)
        if fate is None:
            return
        page = gone(reddit.NAMESPACE, name) if fate else self.page_of(response, where, _only(name))
        if page is not None:
            # A feed without it, sent by mistake, says nothing of it.
            told = bool(page.records) or any(one.identity == name for one in page.problems)
            yield ReadPage(page, where, part, self._looked(part, name, answered=told))

    def _looked(self, part: str, name: str, answered: bool) -> dict[str, Any]:
        """The state of a feed once the missing post `name` was looked up."""
        state = self.state_of(part)
        missing = dict(state.get("missing", {}))
        if answered:
            missing.pop(name, None)
        else:
            missing[name] = self.job.now().isoformat()
        return state | {"missing": missing}

    # The API.

    def sign_in(self, callback: Any) -> Request:
        pair = f"{self.job.secrets['client_id']}:{self.job.secrets.get('client_secret', '')}"
        headers = {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
        address = f"{self._site(HOME)}/api/v1/access_token"
        return self.ask(address, callback, headers, GRANT, where="sign-in")

    def begin(self) -> Iterator[Any]:
        for part in self.parts():
            yield self.back(part)

    def parts(self) -> tuple[str, ...]:
        names = self.wanted.subreddits
        if self.wanted.query:
            return tuple(f"search r/{name}" for name in names) or ("search",)
        return tuple(f"r/{name} {what}" for name in names for what in ("new", "comments"))

    def address(self, reading: Reading, cursor: str | None) -> str:
        path, _, what = reading.part.removeprefix("search").strip().partition(" ")
        asked: dict[str, object] = {"limit": LIMIT, "raw_json": 1}
        if self.wanted.query:
            what = "search"
            asked |= {"q": self.wanted.query, "sort": "new"} | ({"restrict_sr": 1} if path else {})
        if cursor:
            asked["after"] = cursor
        return f"{self._site(API)}/{f'{path}/' if path else ''}{what}?{urlencode(asked)}"

    @property
    def headers(self) -> dict[str, str]:
        found = self.job.secrets.get(TOKEN)
        return {"Authorization": f"bearer {found}"} if found else {}

    def stretch_of(self, body: bytes, reading: Reading) -> Stretch:
        return reddit.parse(body)

    def also(self, page: Stretch, reading: Reading) -> Iterator[Any]:
        """The comments on posts that a search found: where there are more or fewer than when they were last read, and
        of the last week once a day, for edits and removals.
        """
        if not self.wanted.query or reading.number > 1:
            return
        known = self._answered(reading.part)
        posts = [one for one in page.records if one.kind is Kind.POST]
        due = sorted(
            (when, place)
            for place, post in enumerate(posts)
            if (when := self._due(post, known.get(post.external_id))) is not None
        )
        for post in [posts[place] for _, place in due[:MOST_THREADS]]:
            address = f"{self._site(API)}/comments/{post.external_id[3:]}?raw_json=1&sort=new"
            where = f"{reading.part} comments"
            key, number = post.external_id, post.replies
            yield self.ask(address, self.answers, where=where, part=reading.part, name=key, number=number)

    def _due(self, post: Record, known: dict[str, Any] | None) -> datetime | None:
        """When the comments on a post were last read, if they are to be read now; what changed comes first."""
        if not post.replies and known is None:
            return None
        read = instant(known.get("read_at")) if known else None
        if known is None or read is None or known.get("number") != post.replies:
            # One that cannot be read keeps no other from being read.
            return (instant(known.get("tried_at")) if known else None) or EARLIEST
        now = self.job.now()
        recent = post.published_at is not None and now - post.published_at < REREAD
        return read if recent and now - read >= WHOLE_EVERY else None

    def _answered(self, part: str) -> dict[str, dict[str, Any]]:
        answered = self.state_of(part).get("answered")
        found = answered.items() if isinstance(answered, dict) else ()
        return {name: known for name, known in found if isinstance(known, dict)}

    async def answers(
        self, response: Response, where: str, part: str, name: str, number: int | None
    ) -> AsyncIterator[Any]:
        before = _texts(self._answered(part).get(name, {}).get("ids"))
        if response.status == 403 and self.is_closed(response) and not reddit.refuses_all(response.body):
            self.job.findings.note("the comments on a post are not for us")
            yield ReadPage(Page(), where, part, self._with_answers(part, name, number, before))
            return
        page = Page() if response.status in GONE else self.page_of(response, where, reddit.parse)
        if page is None:
            yield ReadPage(Page(), where, part, self._in_vain(part, name))
            return
        there = self.job.findings.unread.union(page.ids)
        lost = [one for one in before if one not in there]
        shown = [one.external_id for one in page.records if one.kind is Kind.COMMENT and _stands(one)]
        yield ReadPage(page, where, part, self._with_answers(part, name, number, [*lost, *shown]))
        if lost:
            address = self._info(lost[:LIMIT])
            where = f"{part} gone"
            yield self.ask(address, self.told, where=where, part=part, name=name, identities=lost[:LIMIT])

    async def told(
        self, response: Response, where: str, part: str, name: str, identities: list[str]
    ) -> AsyncIterator[Any]:
        """Comments that stand under their post no more: some are folded away, others are gone, as Reddit says."""
        page = self.page_of(response, where, reddit.parse)
        known = self._answered(part).get(name)
        if page is None or known is None:
            return
        there = self.job.findings.unread.union(page.ids)
        away = [one for one in identities if one not in there and not page.nameless]
        absent = gone(reddit.NAMESPACE, *away).records
        others = [one for one in _texts(known.get("ids")) if one not in {*away, *page.ids}]
        ids = others + [
            one.external_id for one in page.records if _stands(one)
        ]  # the others come first next time
        state = self._with_answers(part, name, known.get("number"), ids)
        yield ReadPage(replace(page, records=page.records + absent), where, part, state)

    def _in_vain(self, part: str, name: str) -> dict[str, Any]:
        """The state of a part once the comments on the post `name` could not be read."""
        answered = self._answered(part)
        answered[name] = answered.pop(name, {}) | {"tried_at": self.job.now().isoformat()}
        return self.state_of(part) | {"answered": dict(list(answered.items())[-LIMIT:])}

    def _with_answers(self, part: str, name: str, number: int | None, ids: list[str]) -> dict[str, Any]:
        """The state of a part once the comments on the post `name` were read."""
        answered = self._answered(part)
        answered.pop(name, None)
        answered[name] = {"number": number, "read_at": self.job.now().isoformat(), "ids": ids[:MOST_COMMENTS]}
        return self.state_of(part) | {"answered": dict(list(answered.items())[-LIMIT:])}

    def _info(self, identities: list[str]) -> str:
        return f"{self._site(API)}/api/info?{urlencode({'id': ','.join(identities), 'raw_json': 1})}"

    def missing(self, part: str, identities: list[str]) -> Iterator[Any]:
        where = f"{part} gone"
        yield self.ask(self._info(identities), self.informed, where=where, part=part, identities=identities)

    async def informed(
        self, response: Response, where: str, part: str, identities: list[str]
    ) -> AsyncIterator[Any]:
        page = self.page_of(response, where, reddit.parse)
        if page is not None:
            yield ReadPage(page, where, part)  # an edit may be why it is not found any more
            still = {record.external_id for record in page.records if _stands(record)}
            for one in self.all_gone(part, [name for name in identities if name not in still], page):
                yield one

    def _site(self, home: str) -> str:
        return (self.job.base_url or home).rstrip("/")


def _only(name: str) -> Parse:
    """Parses the feed of one post; the comments on it, which no search found, are passed."""

    def parsed(body: bytes) -> Page:
        page = reddit.parse_feed(body)
        found = tuple(one for one in page.records if one.external_id == name)
        return replace(page, records=found, passed=page.passed + len(page.records) - len(found))

    return parsed


def _stands(record: Record) -> bool:
    return record.status is not Status.REMOVED


def _texts(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
