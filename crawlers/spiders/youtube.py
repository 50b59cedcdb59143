"""Comments on YouTube: under videos, on whole channels, and under what a search finds."""

from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from scrapy import Request
from scrapy.http import Response
from twisted.python.failure import Failure as TwistedFailure

from crawlers.causes import Cause, Failure
from crawlers.dates import instant
from crawlers.job import ReadPage
from crawlers.paging import MOST_CHECKED, in_order, in_turn, missing_twice, times_of
from crawlers.parameters.social import YoutubeParameters
from crawlers.parsers import youtube
from crawlers.parsers.page import Page, ParseError, gone
from crawlers.parsers.stretch import Stretch
from crawlers.parsers.youtube import Threads
from crawlers.sources import SOURCES
from crawlers.spiders.recent import Reading, RecentSpider

LIMIT = 100
LOOKED_UP = 50
"""Comments that one look-up takes."""
SEARCH_EVERY = timedelta(hours=6)
"""A search is dear, and few are allowed in a day; the comments under what it found are read by every crawl."""
MOST_FOUND = 20
MOST_THREADS = 20
"""Threads of a part whose replies one crawl reads; the others wait for the next ones."""
AFTER_THE_LISTS = -1
"""The priority of replies: of every video what is new on top is read first."""
MOST_REMEMBERED = 1_000
MOST_ANSWERS = 200
"""Replies of one thread, the last: of how many is noticed that they are gone."""
PACIFIC = ZoneInfo("America/Los_Angeles")
_SPENT = frozenset({"quotaExceeded", "dailyLimitExceeded"})
_HURRIED = frozenset({"rateLimitExceeded", "userRateLimitExceeded"})
_KEYS = frozenset({"keyInvalid", "keyExpired", "accessNotConfigured", "ipRefererBlocked"})
_DISABLED, _NO_VIDEO = "commentsDisabled", "videoNotFound"
_CLOSED = frozenset({_DISABLED, _NO_VIDEO})
_NOT_OURS = "forbidden"
"""Of one video or thread that is private; a key without any rights gets the same answer, everywhere."""


@dataclass(frozen=True)
class Replies:
    """The replies of one thread that are being read, from `cursor` on: how many there are, and which were `seen`."""

    part: str
    thread: str
    number: int
    cursor: str | None = None
    seen: tuple[str, ...] = ()


class YoutubeSpider(RecentSpider):
    """A part for each video and channel.

    State: `answered`, by thread the number of replies when they were read; `waiting`, by thread that of those that
    are to be read; `under`, by such a thread the video under which it stands, where the part is a channel; `answers`,
    by thread of the last week the replies that stood there; `missed`, by thread since when its video is closed.

    The part `search` remembers when it last searched, and which `videos` were found.
    """

    namespace = youtube.NAMESPACE
    most_missing = LOOKED_UP

    def __init__(self, *named: Any, **more: Any) -> None:
        super().__init__(*named, **more)
        self.waiting: dict[str, dict[str, int]] = {}
        self.under: dict[str, dict[str, str]] = {}
        self.answers: dict[str, dict[str, list[str]]] = {}
        self.asked: dict[str, set[str]] = {}
        self.replying: set[str] = set()

    @property
    def wanted(self) -> YoutubeParameters:
        assert isinstance(self.job.parameters, YoutubeParameters)  # noqa: S101 - the table of kinds says so
        return self.job.parameters

    async def start(self) -> AsyncIterator[Any]:
        for kind, keys in (("video", self.wanted.videos), ("channel", self.wanted.channels)):
            for key in keys:
                yield self.back(f"{kind} {key}")
        if self.wanted.videos or self.wanted.channels:
            return
        searched = instant(self.state_of("search").get("searched_at"))
        if searched is None or self.job.now() - searched >= SEARCH_EVERY:
            asked = {"q": self.wanted.query, "type": "video", "order": "date", "maxResults": MOST_FOUND}
            yield self._ask("search", {"part": "snippet"} | asked, self.searched, where="search")
            return
        for video in self._found():
            yield self.back(f"video {video}")

    def _ask(self, resource: str, asked: dict[str, Any], callback: Any, **named: Any) -> Request:
        return self.ask(self._address(resource, asked), callback, **named)

    def _address(self, resource: str, asked: dict[str, Any]) -> str:
        site = (self.job.base_url or SOURCES["youtube"].home or "").rstrip("/")
        return f"{site}/youtube/v3/{resource}?{urlencode(asked | {'key': self.job.secrets['key']})}"

    def _found(self) -> list[str]:
        videos = self.state_of("search").get("videos")
        return [one for one in videos if isinstance(one, str)] if isinstance(videos, list) else []

    async def searched(self, response: Response, where: str) -> AsyncIterator[Any]:
        # Comments come after the video: what was found before is read on until newer videos take its place.
        kept = before = self._found()
        if (videos := self._videos(response, where)) is not None:
            kept = list(dict.fromkeys((*videos, *before)))[:MOST_FOUND]
            now = self.job.now().isoformat()
            yield ReadPage(Page(), where, "search", {"searched_at": now, "videos": kept})
            for dropped in set(before) - set(kept):
                yield ReadPage(Page(), where, f"video {dropped}", {})
        for video in kept:
            yield self.back(f"video {video}")

    def _videos(self, response: Response, where: str) -> tuple[str, ...] | None:
        """What a search found; None when it failed, which is noted."""
        if failure := self.unfit(response, where):
            self.refuse(failure)
            return None
        try:
            return youtube.videos(response.body)
        except ParseError as error:
            self.refuse(Failure(error.cause, where, str(error)))
            return None

    def address(self, reading: Reading, cursor: str | None) -> str:
        kind, _, key = reading.part.partition(" ")
        asked: dict[str, Any] = {"part": "snippet,replies", "maxResults": LIMIT, "order": "time"}
        asked |= {"textFormat": "plainText"}
        asked["videoId" if kind == "video" else "allThreadsRelatedToChannelId"] = key
        if self.wanted.query and (self.wanted.videos or self.wanted.channels):
            asked["searchTerms"] = self.wanted.query
        if cursor:
            asked["pageToken"] = cursor
        return self._address("commentThreads", asked)

    def stretch_of(self, body: bytes, reading: Reading) -> Stretch:
        return youtube.parse(body)

    async def went_back(self, response: Response, where: str, reading: Reading) -> AsyncIterator[Any]:
        reason = youtube.refusal(response.body) if response.status in (403, 404) else None
        found = not self.wanted.videos and not self.wanted.channels
        if reason in _CLOSED:
            for one in self._closed(reading.part):
                yield one
        if reason == _DISABLED or (found and reason == _NO_VIDEO):
            # Nothing is wrong with the source: under this video there is nothing to read.
            self.job.findings.note(f"{reading.part}: {reason}")
            self.job.findings.not_modified += 1
            return
        async for one in super().went_back(response, where, reading):
            yield one

    def _closed(self, part: str) -> Iterator[ReadPage]:
        """Nobody can read what stood there, when the interface says so again half a day later: it errs at times."""
        state, shown = self.state_of(part), self.known(part).shown
        lost, missed = missing_twice(times_of(state.get("missed")), shown, self.job.now())
        if lost:
            yield from self.all_gone(part, lost, proven=True)
        elif shown:
            yield ReadPage(Page(), f"{part} gone", part, state | {"missed": missed})

    def also(self, page: Stretch, reading: Reading) -> Iterator[Any]:
        """The replies of threads that have more of them than when they were last read; once a day of all, for edits."""
        if not isinstance(page, Threads):
            return
        part, waiting = reading.part, self._waiting(reading.part)
        answered = _numbers(self.state_of(part).get("answered"))
        waiting.update(
            (key, number) for key, number in page.unread if reading.reread or answered.get(key) != number
        )
        if not part.startswith("video "):
            self._under(part).update(page.videos)
        unread = dict(page.unread)
        lost = [
            one
            for key, there in page.answers.items()
            for one in self._lost_answers(part, key, there)
            if reading.reread and key not in unread
        ]
        yield from self._seek(part, lost)
        if part not in self.replying:
            self.replying.add(part)
            yield from self._next_replies(part)

    def _next_replies(self, part: str) -> Iterator[Request]:
        """The next thread whose replies are read: one after another, so that there is an end when the time is up."""
        answered, waiting = _numbers(self.state_of(part).get("answered")), self._waiting(part)
        asked = self.asked.setdefault(part, set())
        unasked = [key for key in waiting if key not in asked]
        if not unasked or len(asked) >= MOST_THREADS or not self.has_time():
            self.replying.discard(part)
            return
        key = min(unasked, key=lambda key: answered.get(key) == waiting[key])  # new ones first
        asked.add(key)
        yield self._replies(Replies(part, key, waiting[key]))

    def _waiting(self, part: str) -> dict[str, int]:
        if part not in self.waiting:
            self.waiting[part] = _numbers(self.state_of(part).get("waiting"))
        return self.waiting[part]

    def _under(self, part: str) -> dict[str, str]:
        if part not in self.under:
            self.under[part] = _words(self.state_of(part).get("under"))
        return self.under[part]

    def _answers(self, part: str) -> dict[str, list[str]]:
        if part not in self.answers:
            self.answers[part] = _lists(self.state_of(part).get("answers"))
        return self.answers[part]

    def _lost_answers(self, part: str, key: str, there: Collection[str]) -> list[str]:
        """Which replies stood under a thread and are not `there`, which are remembered from now on."""
        known = self._answers(part).get(key, [])
        if both := in_order(known, [one for one in there if youtube.COMMENT.fullmatch(one)]):
            self._answers(part)[key] = both[-MOST_ANSWERS:]
        return [one for one in known if one not in there]

    def _seek(self, part: str, answers: Sequence[str]) -> Iterator[Request]:
        """Look-ups of replies that stand under their threads no more."""
        for start in range(0, len(answers), LOOKED_UP):
            some = list(answers[start : start + LOOKED_UP])
            asked = {"part": "snippet", "id": ",".join(some), "textFormat": "plainText"}
            named = {"where": f"{part} replies gone", "part": part, "identities": some}
            yield self._ask("comments", asked, self.sought, **named).replace(priority=AFTER_THE_LISTS)

    async def sought(
        self, response: Response, where: str, part: str, identities: list[str]
    ) -> AsyncIterator[Any]:
        """What became of replies; of several it is not told which is not there, so each is asked for by itself."""
        if not self.is_closed(response):
            page = self.page_of(response, where, youtube.parse_replies)
            if page and not page.nameless:
                there = {*page.ids, *self.job.findings.unread}
                yield self._without(part, where, [one for one in identities if one not in there])
        elif len(identities) > 1:
            for one in in_turn(identities, MOST_CHECKED, self.job.now()):
                for request in self._seek(part, [one]):
                    yield request
        elif self.is_absent(response):
            yield self._without(part, where, identities)

    def _without(self, part: str, where: str, lost: Collection[str]) -> ReadPage:
        """That these replies are gone, and the state that has them no more."""
        for key, known in self._answers(part).items():
            self._answers(part)[key] = [one for one in known if one not in lost]
        return ReadPage(
            gone(self.namespace, *lost), where, part, self.state_of(part) | self._to_be_read(part)
        )

    def all_gone(
        self, part: str, identities: list[str], answer: Page | None = None, proven: bool = False
    ) -> Iterator[ReadPage]:
        """Also the replies of threads that are gone, for they go with them."""
        for item in super().all_gone(part, identities, answer, proven):
            threads = [record.external_id for record in item.page.records]
            replies = [one for key in threads for one in self._answers(part).pop(key, [])]
            item.page = replace(item.page, records=item.page.records + gone(self.namespace, *replies).records)
            item.state = (item.state or {}) | self._to_be_read(part)
            yield item

    def _video(self, part: str, key: str) -> str | None:
        """The video of a thread: replies that are read by themselves do not name it."""
        kind, _, named = part.partition(" ")
        return named if kind == "video" else self._under(part).get(key)

    def _left(self, state: dict[str, Any], reading: Reading) -> dict[str, Any]:
        left = super()._left(state, reading)
        known, shown = self._answers(reading.part), times_of(left.get("shown"))
        self.answers[reading.part] = {key: replies for key, replies in known.items() if key in shown}
        left |= self._to_be_read(reading.part)
        left.pop("missed", None)
        return left

    def _to_be_read(self, part: str) -> dict[str, Any]:
        """What the state says of threads whose replies are to be read, and of those that were."""
        waiting = _newest(self._waiting(part))
        return {
            "waiting": waiting,
            "under": {key: one for key, one in self._under(part).items() if key in waiting},
            "answers": {key: replies for key, replies in self._answers(part).items() if replies},
        }

    def _replies(self, replies: Replies) -> Request:
        asked = {
            "part": "snippet",
            "parentId": replies.thread,
            "maxResults": LIMIT,
            "textFormat": "plainText",
        }
        asked |= {"pageToken": replies.cursor} if replies.cursor else {}
        asking = self._ask("comments", asked, self.replied, where=f"{replies.part} replies", replies=replies)
        return asking.replace(priority=AFTER_THE_LISTS)

    def failed(self, trouble: TwistedFailure) -> Iterator[Any]:
        yield from super().failed(trouble)
        named = trouble.request.cb_kwargs  # type: ignore[attr-defined]
        if "replies" in named:
            yield from self._next_replies(named["replies"].part)

    async def replied(self, response: Response, where: str, replies: Replies) -> AsyncIterator[Any]:
        """What answers one thread; then the next has its turn, whatever became of it."""
        more = None
        async for one in self._read_replies(response, where, replies):
            more = one if isinstance(one, Request) and one.callback == self.replied else more
            yield one
        if more is None:
            for request in self._next_replies(replies.part):
                yield request

    async def _read_replies(self, response: Response, where: str, replies: Replies) -> AsyncIterator[Any]:
        part, key = replies.part, replies.thread
        video = self._video(part, key)
        page: Page | None = Page()  # the thread may be gone since it was listed, or its video private
        if not self.is_closed(response):
            page = self.page_of(response, where, lambda body: youtube.parse_replies(body, video))
        if page is None:
            return
        seen = (*replies.seen, *page.ids, *(one.identity for one in page.problems if one.identity))
        if page.next:
            yield ReadPage(page, where, part)
            if page.next == replies.cursor:
                self.note(Failure(Cause.DAMAGED, where, "the page is named as the one that follows it"))
            elif self.has_time():
                yield self._replies(replace(replies, cursor=page.next, seen=seen))
            return
        state = self.state_of(part)
        state["answered"] = _newest({**_numbers(state.get("answered")), key: replies.number})
        self._waiting(part).pop(key, None)
        lost = [] if self.is_closed(response) else self._lost_answers(part, key, seen)
        state |= self._to_be_read(part)
        yield ReadPage(page, where, part, state)
        for request in self._seek(part, lost):
            yield request

    def missing(self, part: str, identities: list[str]) -> Iterator[Any]:
        asked = {"part": "snippet", "id": ",".join(identities), "textFormat": "plainText"}
        named = {"where": f"{part} gone", "part": part, "identities": identities}
        yield self._ask("commentThreads", asked, self.looked_up, **named)

    async def looked_up(
        self, response: Response, where: str, part: str, identities: list[str]
    ) -> AsyncIterator[Any]:
        """What still stands somewhere may say something else: an edit can be why it is not found any more."""
        if self.is_closed(response):
            for one in self._not_shown(part, identities, gone=self.is_absent(response)):
                yield one
            return
        page = self.page_of(response, where, youtube.parse)
        if page is not None:
            yield ReadPage(page, where, part)
            still = frozenset(page.ids)
            for one in self.all_gone(part, [key for key in identities if key not in still], page):
                yield one

    def _not_shown(self, part: str, identities: list[str], gone: bool) -> Iterator[Any]:
        """Of several threads it is not told which is not there or not for us: each is asked for by itself."""
        if len(identities) > 1:
            for one in identities:
                yield from self.missing(part, [one])
        elif gone:
            yield from self.all_gone(part, identities, proven=True)

    def unfit(self, response: Response, where: str) -> Failure | None:
        failure = super().unfit(response, where)
        if failure is None:
            return None
        if response.status == 400 and b"API key" in response.body:
            return replace(failure, cause=Cause.KEY, detail="status 400: the key is not taken")
        reason = youtube.refusal(response.body)
        if reason is None:
            return failure
        detail = f"status {response.status}: {reason[:50]}"
        if reason in _SPENT:
            wait = _until_midnight(self.job.now())
            return replace(failure, cause=Cause.RATE_LIMITED, detail=detail, retry_after=wait)
        if reason in _HURRIED:
            return replace(failure, cause=Cause.RATE_LIMITED, detail=detail)
        if reason in _KEYS:
            return replace(failure, cause=Cause.KEY, detail=detail)
        if reason == _NOT_OURS:
            detail = f"{detail}: private, or closed to this key"
        return replace(failure, detail=detail)


def _numbers(value: object) -> dict[str, int]:
    found = value.items() if isinstance(value, dict) else ()
    return {key: number for key, number in found if isinstance(key, str) and isinstance(number, int)}


def _words(value: object) -> dict[str, str]:
    found = value.items() if isinstance(value, dict) else ()
    return {key: word for key, word in found if isinstance(key, str) and isinstance(word, str)}


def _lists(value: object) -> dict[str, list[str]]:
    found = value.items() if isinstance(value, dict) else ()
    return {
        key: [one for one in ids if isinstance(one, str)]
        for key, ids in found
        if isinstance(key, str) and isinstance(ids, list)
    }


def _newest(numbers: dict[str, int]) -> dict[str, int]:
    return dict(list(numbers.items())[-MOST_REMEMBERED:])


def _until_midnight(now: datetime) -> timedelta:
    """How long until the quota counts anew: at midnight in California."""
    there = now.astimezone(PACIFIC)
    tomorrow = (there + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=PACIFIC)
    return tomorrow.astimezone(now.tzinfo) - now
