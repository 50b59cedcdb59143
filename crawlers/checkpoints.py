"""What is known of a part of a listing between two readings: where one begins, what it misses, what it leaves."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from crawlers.dates import EARLIEST, instant
from crawlers.paging import WHOLE_EVERY, times_of
from crawlers.parsers.stretch import Stretch
from crawlers.parsers.values import text
from crawlers.readings import Gap, Reading, without_gap

MOST_REMEMBERED = 5_000
"""Posts of a part, the latest: of how many is noticed that they are gone. Half a megabyte of state."""
UNENDED = "begun"
"""In the state of a part: what readings stored that have not ended, time by id."""
LEFT_OUT = "there is more than one crawl reads; what stands below is left out"
GOES_ON = "there is more than one crawl reads; the next one goes on"
MORE_SINCE = "more was posted since the last crawl than one crawl reads; the next one goes on"


@dataclass(frozen=True)
class Reach:
    """How far a kind reads back; `RecentSpider` says what each of these means."""

    overlap: timedelta
    reread: timedelta
    rereads: bool
    newest_first: bool
    misses_at_once: bool
    backlog: timedelta | None
    most_pages: int
    resumes: bool = True


class Rest(NamedTuple):
    """What a reading leaves for the next crawl, and what is to be said about it."""

    gap: Gap | None
    note: str | None = None


@dataclass(frozen=True)
class Checkpoint:
    """The stored `state` of a part at the moment `now`, with what it means.

    `state` may hold more, which is of the kind alone and stays as it is. `known_as` gives the id of the record that
    is shown under a key.
    """

    part: str
    state: dict[str, Any]
    reach: Reach
    now: datetime
    known_as: Callable[[str], str]

    @property
    def newest(self) -> datetime | None:
        """The time down to which everything was read."""
        return instant(self.state.get("newest"))

    @property
    def top(self) -> datetime | None:
        """How far back the first page went."""
        return instant(self.state.get("top"))

    @property
    def gap(self) -> Gap | None:
        return Gap.kept_in(self.state)

    @cached_property
    def shown(self) -> dict[str, datetime]:
        """The posts of which is noticed that they are gone, by their time."""
        return self._unended | self._ended

    @cached_property
    def _ended(self) -> dict[str, datetime]:
        """Of those, the ones that a reading saw which ended."""
        return times_of(self.state.get("shown"))

    @cached_property
    def _unended(self) -> dict[str, datetime]:
        return times_of(self.state.get(UNENDED))

    @property
    def had_any(self) -> bool:
        """Whether there ever was a post."""
        return bool(self.state.get("had") or self.shown)

    # Where a reading begins.

    def begin(self) -> Reading:
        """A reading of what came since, and once a day of what is read again."""
        newest, last = self.newest, instant(self.state.get("reread_at"))
        if newest and newest > self.now:
            newest = last = None  # the clock was wrong then, or is now: all is read again
        reread = last is None or (self.reach.rereads and self.now - last >= WHOLE_EVERY)
        return Reading(self.part, self._floor(newest, reread) if newest else None, reread)

    def _floor(self, newest: datetime, reread: bool) -> datetime:
        floor = newest - self.reach.overlap
        return min(floor, self.now - self.reach.reread) if reread else floor

    # What it has seen.

    def turned(self, reading: Reading, page: Stretch) -> Reading:
        """`reading` with what a page adds; of what it showed only so much as is compared or remembered."""
        newest = max(filter(None, (reading.newest, page.newest)), default=None)
        first = self.reach.misses_at_once and reading.number == 1 and not reading.gap
        top = self._top_of(page) if first else reading.top
        room = len(reading.seen) < MOST_REMEMBERED
        since = self._remembered_since(newest, top) if newest and room else None
        return replace(
            reading,
            entries=reading.entries + page.entries,
            expected=page.expected or reading.expected,
            mark=reading.mark or page.mark,
            newest=newest,
            lowest=page.shown[-1] if page.shown else reading.lowest,
            top=top,
            ceiling=reading.ceiling or (page.newest if reading.gap else None),
            seen=reading.seen | self._seen_on(page, since),
        )

    def _seen_on(self, page: Stretch, since: datetime | None) -> dict[str, datetime]:
        there = frozenset(page.ids)  # also what shows no time now
        known = {key: time for key, time in self.shown.items() if self.known_as(key) in there}
        return known | {
            key: time
            for key, time in page.shown
            if key in self.shown or (since is not None and time >= since)
        }

    def _top_of(self, page: Stretch) -> datetime | None:
        """How far back a first page goes: where it is the last one too, so far as it ever went."""
        return min(filter(None, (page.last, None if page.next else self.top)), default=None)

    def _remembered_since(self, newest: datetime, top: datetime | None) -> datetime:
        week = self._floor(newest, reread=True)
        return min(week, top) if top else week

    # What it misses.

    def read_down_to(self, page: Stretch, reading: Reading, reached: bool) -> datetime | None:
        """The time above which everything was read, so that what is missing there is missed; None: all of it was.

        `page` is the last one, `reached` says that the reading came to its floor or to the end of the listing.
        """
        if not self.reach.newest_first:
            return None if reached else self.now
        if not reached:
            return page.last or self.now
        if not self.reach.misses_at_once or reading.floor is None:
            return reading.floor
        return min(reading.floor, page.last or reading.floor) if page.next else None

    def lost(self, reading: Reading, unread: Collection[str]) -> list[str]:
        """What stood where this reading was and was not shown this time.

        What is `unread`, by its id, stands there in a form that we do not know.
        """
        return sorted(
            key
            for key, time in self.shown.items()
            if reading.covers(time) and key not in reading.seen and self.known_as(key) not in unread
        )

    # What it leaves unread.

    def rest(self, reading: Reading, cursor: str, met: bool) -> Rest:
        """What is to be read from `cursor` on, below a reading that was cut off.

        `met` says that it goes back beyond the newest post that was known before.
        """
        if reading.gap:
            return self._rest_of_gap(reading, reading.gap, cursor)
        below, note = self._below(reading, met)
        left = self.gap
        if below and left:
            below = replace(left, number=reading.number if left.number else 0)
        return Rest(replace(below, cursor=cursor) if below else left, note)

    def _rest_of_gap(self, reading: Reading, gap: Gap, cursor: str) -> Rest:
        """What is left of a gap: of a first reading no more than one crawl reads that has the time."""
        if gap.number and reading.number >= self.reach.most_pages:
            return Rest(None, LEFT_OUT)
        return Rest(replace(gap, cursor=cursor, number=reading.number if gap.number else 0))

    def _below(self, reading: Reading, met: bool) -> Rest:
        """What this reading leaves that is to be read: what no crawl has read, or was to be read again in its time."""
        reach, newest = self.reach, self.newest
        by_pages = reading.number >= reach.most_pages
        if not reach.newest_first or (reading.floor is None and reach.backlog is None and by_pages):
            return Rest(None, LEFT_OUT)
        if reading.floor is None or newest is None:
            if reach.backlog is None and not by_pages:
                return Rest(Gap("", EARLIEST, number=reading.number), GOES_ON)
            return Rest(Gap("", self.now - (reach.backlog or reach.reread)), GOES_ON)
        if met:
            again = reading.reread and reach.resumes and not by_pages
            # What is unread comes first.
            return Rest(Gap("", reading.floor) if again and self.gap is None else None)
        return Rest(Gap("", newest - reach.overlap, text(self.state.get("mark"))), MORE_SINCE)

    def without_gap(self) -> dict[str, Any]:
        """The state when a gap cannot be read; where it is of a first reading, that is begun again from the top."""
        first = self.gap is not None and self.gap.number > 0
        kept = without_gap(self.state)
        return {key: value for key, value in kept.items() if not (first and key == "newest")}

    # What it leaves known.

    def on_the_way(self, reading: Reading) -> dict[str, Any] | None:
        """The state with what this reading has seen so far, which is missed too if it never ends; None as it was."""
        new = {key: time for key, time in reading.seen.items() if key not in self.shown}
        if not new:
            return None
        return self.state | {UNENDED: _written(_latest(self._unended | new))}

    def after(self, reading: Reading) -> dict[str, Any]:
        """The state that a finished reading leaves, but for its gap."""
        state = {key: value for key, value in self.state.items() if key != UNENDED}
        read = self._ended | reading.seen
        times = [time for time in (reading.newest, self.newest, *read.values()) if time]
        # Where nothing was ever shown, what was posted before may still be listed late.
        if times:
            # A post that claims to come from the future must not keep the next ones from being read.
            newest, top = min(self.now, max(times)), reading.top or self.top
            state |= self._remembered(newest, top, self._unended | read)
        if reading.entries:
            state["had"] = True
        if reading.reread:
            state["reread_at"] = self.now.isoformat()
        if mark := (None if reading.gap else reading.mark) or state.get("mark"):
            state["mark"] = mark
        return state

    def _remembered(
        self, newest: datetime, top: datetime | None, kept: dict[str, datetime]
    ) -> dict[str, Any]:
        since = self._remembered_since(newest, top)
        shown = {key: time for key, time in _latest(kept).items() if time >= since}
        found: dict[str, Any] = {"newest": newest.isoformat(), "shown": _written(shown)}
        return found | ({"top": top.isoformat()} if top else {})

    def missed(self) -> dict[str, Any] | None:
        """The state once a listing shows nothing of what stood there; None where that was so within a day."""
        last = instant(self.state.get("missed_at"))
        if last and self.now - last < WHOLE_EVERY:
            return None
        return self.of_late() | {"missed_at": self.now.isoformat()}

    def of_late(self) -> dict[str, Any]:
        """The state without posts so old that a listing which shows something would not be compared with them."""
        since = self._remembered_since(self.now, self.top)
        return self.let_go([key for key, time in self.shown.items() if time < since])

    def let_go(self, keys: Collection[str]) -> dict[str, Any]:
        """The state without these posts."""
        held = {name: self.state[name] or {} for name in ("shown", UNENDED) if name in self.state}
        return self.state | {
            name: {key: time for key, time in times.items() if key not in keys}
            for name, times in held.items()
        }


def _latest(times: dict[str, datetime]) -> dict[str, datetime]:
    return dict(sorted(times.items(), key=lambda one: one[1], reverse=True)[:MOST_REMEMBERED])


def _written(times: dict[str, datetime]) -> dict[str, str]:
    return {key: time.isoformat() for key, time in times.items()}
