"""Whole topics of a Discourse forum, and those that are opened for the sake of a reply by the company."""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from scrapy import Request
from scrapy.http import Response

from crawlers.causes import Cause, Failure
from crawlers.dates import instant
from crawlers.job import ReadPage
from crawlers.paging import WHOLE_EVERY, times_of
from crawlers.parsers import discourse
from crawlers.parsers.discourse import Answers, Posts
from crawlers.parsers.page import Page, holding
from crawlers.spiders.discourse_forum import MATCHING, PER_REQUEST, DiscourseForumSpider
from crawlers.spiders.reading import body_of
from crawlers.spiders.recent import REREAD
from crawlers.spiders.topics import GONE_AT

ANSWERS = "answers"
MOST_OF_A_TOPIC = 1_000


@dataclass(frozen=True)
class Topic:
    """One topic that is being read. `left` are the ids still to ask for, newest first, `failed` those of no answer.
    `known` were read by earlier crawls, and are asked for only when the company answered somewhere.
    """

    number: int
    part: str
    first: bytes = b""
    title: str | None = None
    stream: tuple[int, ...] = ()
    left: tuple[int, ...] = ()
    known: tuple[int, ...] = ()
    answers: Answers = field(default_factory=dict)
    whole: bool = False
    failed: tuple[int, ...] = ()


class DiscourseTopicsSpider(DiscourseForumSpider):
    """State of a topic: `shown`, the ids it held, `whole_at`, and `gone_at`, since when it is not there. State of
    `answers`: topics `waiting` to be opened for a reply of the company, those of them that `failed`, with since when,
    and the replies that are `done`.
    """

    def _topic(self, topic: Topic) -> Request:
        where = f"topic {topic.number}"
        return self.ask(f"{self.site}/t/{topic.number}.json", self.opened, where=where, topic=topic)

    async def opened(self, response: Response, where: str, topic: Topic) -> AsyncIterator[Any]:
        if self.is_withdrawn(response):
            for one in self._withdrawn(response, where, topic):
                yield one
            return
        page = self._posts(response, where, topic)
        if page is None:
            if topic.part == ANSWERS:
                yield self._put_off(topic)
            return
        if not page.stream:
            self.note(Failure(Cause.DAMAGED, where, "no list of the topic's posts"))
        state = self.state_of(topic.part)
        yield ReadPage(page, where, topic.part, self._on_the_way(topic, page))
        last = instant(state.get("whole_at"))
        whole = last is None or self.job.now() - last >= WHOLE_EVERY
        known = set() if whole else set(state.get("shown") or ())
        read = {int(key) for key, _ in page.shown}
        others = [one for one in reversed(page.stream) if one not in read][:MOST_OF_A_TOPIC]
        topic = replace(
            topic,
            first=body_of(response),
            title=page.title,
            stream=page.stream,
            left=tuple(one for one in others if one not in known),
            known=tuple(one for one in others if one in known),
            answers=page.answers if whole else {},
            whole=whole,
        )
        for one in self._onward(topic):
            yield one

    def _withdrawn(self, response: Response, where: str, topic: Topic) -> Iterator[Any]:
        if topic.part == ANSWERS:
            yield self._closed(topic)
            return
        self.note(Failure(Cause.NOT_FOUND, where, f"status {response.status}", status=response.status))
        yield from self.not_there(response, topic.part)

    async def read_on(self, response: Response, where: str, topic: Topic) -> AsyncIterator[Any]:
        page = self._posts(response, where, topic)
        asked, topic = topic.left[:PER_REQUEST], replace(topic, left=topic.left[PER_REQUEST:])
        if page:
            item = ReadPage(page, where, topic.part, self._on_the_way(topic, page))
            yield item
            await item.stored
            topic = replace(topic, answers=page.answers)
        elif topic.part == ANSWERS:
            yield self._put_off(topic)
            return
        elif self._is_failing():
            return
        else:
            topic = replace(topic, failed=topic.failed + asked)
        for one in self._onward(topic):
            yield one

    def _posts(self, response: Response, where: str, topic: Topic) -> Posts | None:
        groups, answers, title = self.wanted.company_groups, topic.answers, topic.title
        page = self.page_of(
            response, where, lambda body: discourse.topic(body, self.site, groups, answers, title)
        )
        return self._kept(page) if isinstance(page, Posts) else None

    def _kept(self, page: Posts) -> Posts:
        """What is wanted of a topic that was opened for a reply, when the newest posts are looked through."""
        return holding(page, self.wanted.query, self.known(MATCHING).shown)

    def _on_the_way(self, topic: Topic, page: Posts) -> dict[str, Any] | None:
        """The state of a topic with these posts, which are missed too if it is not read to its end; None as it was."""
        before, there = self.shown_in(topic.part), [int(key) for key in page.ids]
        if topic.part == ANSWERS or set(there) <= set(before):
            return None
        return self.state_of(topic.part) | {"shown": list(dict.fromkeys([*before, *there]))}

    def _onward(self, topic: Topic) -> Iterator[Any]:
        """The next request for this topic, or what its end leaves."""
        where = f"topic {topic.number}"
        if topic.answers and topic.known and not topic.left:
            # The company may have answered the same post before: the first reply counts, wherever it stands.
            topic = replace(topic, left=topic.known, known=(), whole=True)
        if topic.left:
            address = self._some(topic.number, topic.left[:PER_REQUEST])
            yield self.ask(address, self.read_on, where=where, topic=topic)
            return
        if topic.answers:
            # Replies stand further on than what they answer: the first page is looked through once more.
            groups = self.wanted.company_groups
            first = discourse.topic(topic.first, self.site, groups, topic.answers)
            yield ReadPage(self._kept(first), where, topic.part)
        if topic.part == ANSWERS:
            yield self._closed(topic)
        else:
            yield from self._ended(topic)

    def _closed(self, topic: Topic) -> ReadPage:
        """That a topic was looked through for replies."""
        waiting = [one for one in self._waiting() if one != topic.number]
        return self._left_waiting(waiting, self._failed_since())

    def _put_off(self, topic: Topic) -> ReadPage:
        """That a topic could not be read: it comes after all others, and after a week no more."""
        failed = self._failed_since()
        since = failed.setdefault(str(topic.number), self.job.now())
        waiting = [one for one in self._waiting() if one != topic.number]
        if self.job.now() - since < REREAD or self._is_failing():
            waiting.append(topic.number)
        return self._left_waiting(waiting, failed)

    def _failed_since(self) -> dict[str, datetime]:
        return times_of(self.state_of(ANSWERS).get("failed"))

    def _left_waiting(self, waiting: list[int], failed: Mapping[str, datetime]) -> ReadPage:
        names = set(map(str, waiting))
        kept = {topic: since.isoformat() for topic, since in failed.items() if topic in names}
        return ReadPage(
            Page(), "replies", ANSWERS, self.state_of(ANSWERS) | {"waiting": waiting, "failed": kept}
        )

    def _ended(self, topic: Topic) -> Iterator[Any]:
        """The state that a topic leaves, and look-ups of what its list has no more: posts are moved to other topics."""
        state, before, there = self.state_of(topic.part), self.shown_in(topic.part), set(topic.stream)
        lost = [one for one in before if there and one not in there]
        state.pop(GONE_AT, None)
        if there:
            unread = set(topic.failed).difference(before)  # else they would pass for known
            shown = [one for one in topic.stream[-MOST_OF_A_TOPIC:] if one not in unread]
            state["shown"] = lost[:MOST_OF_A_TOPIC] + shown
        if there and topic.whole:
            state["whole_at"] = self.job.now().isoformat()
        yield ReadPage(Page(), f"topic {topic.number} end", topic.part, state)
        yield from self.seek(topic.part, lost)

    def _waiting(self) -> list[int]:
        waiting = self.state_of(ANSWERS).get("waiting")
        return [one for one in waiting if isinstance(one, int)] if isinstance(waiting, list) else []
