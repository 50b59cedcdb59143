"""Whose turn it is to be crawled: the most overdue first, never two of one host, and waiting costs nothing."""

import threading
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

GLANCE_S = 0.25
"""How often is looked whether to stop."""
AGAIN = timedelta(seconds=0.5)
"""How long after a source was found busy, by another process, it is tried again."""
BREATH = timedelta(seconds=0.1)
"""How long then nothing is tried at all: whole lists of sources may be busy, and each try asks the database."""


@dataclass(frozen=True)
class Turn:
    """A source that has been `due` to be crawled, and the hosts that it asks; not before `again`."""

    name: str
    hosts: frozenset[str]
    due: datetime
    again: datetime | None = None


def next_of(waiting: Iterable[Turn], busy: Collection[str], now: datetime) -> Turn | None:
    """The most overdue one whose hosts nobody asks, nor waits for longer; None when there is none.

    A host that a more overdue one waits for is kept for that one: who needs several would never get them all.
    """
    taken = set(busy)
    for turn in sorted(waiting, key=lambda one: one.due):
        if taken.isdisjoint(turn.hosts) and (turn.again is None or turn.again <= now):
            return turn
        taken |= turn.hosts
    return None


Crawl = Callable[[str], bool]
"""Crawls the source of this name to its end, in any thread; False when it was busy and is to be tried again."""


class Turns:
    """The sources that wait and those that are crawled now, at most `at_once` of them.

    After a crawl its hosts are left in peace for the time `peace`.
    """

    def __init__(self, at_once: int, peace: timedelta = timedelta()) -> None:
        self.at_once, self.peace = at_once, peace
        self._peace_until: dict[str, datetime] = {}
        self._nothing_until = datetime.now(UTC)
        self._waiting: dict[str, Turn] = {}
        self._running: dict[str, Turn] = {}
        self._ended: list[str] = []
        self._changed = threading.Condition()

    def put(self, turn: Turn) -> None:
        """Let a source wait for its turn; one that waits or is crawled already stays as it is."""
        with self._changed:
            if turn.name not in self._running:
                self._waiting.setdefault(turn.name, turn)
            self._changed.notify_all()

    def run(
        self,
        crawl: Crawl,
        stop: threading.Event,
        lasting: bool = False,
        on_end: Callable[[str], object] = lambda name: None,
    ) -> None:
        """Crawl until nobody waits any more, or with `lasting` until `stop`; ends when every crawl has.

        `on_end` is called in this thread after each. What it raises sets `stop`.
        """
        try:
            while not stop.is_set() and (lasting or self._has_work()):
                self._begin(crawl)
                self._tell(on_end, GLANCE_S)
        except BaseException:
            stop.set()
            raise
        finally:
            with self._changed:
                self._changed.wait_for(lambda: not self._running)
        self._tell(on_end)

    def _has_work(self) -> bool:
        with self._changed:
            return bool(self._waiting or self._running or self._ended)

    def _begin(self, crawl: Crawl) -> None:
        with self._changed:
            while (turn := self._next()) is not None:
                self._running[turn.name] = self._waiting.pop(turn.name)
                work = threading.Thread(
                    target=self._work, args=(crawl, turn), name=f"crawl {turn.name}", daemon=True
                )
                work.start()

    def _next(self) -> Turn | None:
        now = datetime.now(UTC)
        if len(self._running) >= self.at_once or now < self._nothing_until:
            return None
        busy = {host for turn in self._running.values() for host in turn.hosts}
        busy |= {host for host, until in self._peace_until.items() if now < until}
        return next_of(self._waiting.values(), busy, now)

    def _work(self, crawl: Crawl, turn: Turn) -> None:
        done = True
        try:
            done = crawl(turn.name)
        finally:
            with self._changed:
                del self._running[turn.name]
                self._after(turn, done, datetime.now(UTC))
                self._changed.notify_all()

    def _after(self, turn: Turn, done: bool, now: datetime) -> None:
        if done:
            self._ended.append(turn.name)
            self._peace_until |= dict.fromkeys(turn.hosts, now + self.peace)
        else:
            self._waiting[turn.name] = replace(turn, again=now + AGAIN)
            self._nothing_until = now + BREATH

    def _tell(self, on_end: Callable[[str], object], patience_s: float = 0) -> None:
        """Say which crawls ended since; waits so long for something to happen."""
        with self._changed:
            if not self._ended:
                self._changed.wait(patience_s)
            ended, self._ended = self._ended, []
        for name in ended:
            on_end(name)
