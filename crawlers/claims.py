"""What a crawl has for itself while it lasts, in all processes of one database: its source and the hosts it asks.

They are leases (`storage.leases`) that the crawling process holds itself once it lives: whatever becomes of the
process that started it, nobody else asks its hosts before it is gone. A lease that nobody gives up runs out when
the crawl must have been ended long since.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from crawlers import turns
from crawlers.process import LONGEST_END, OVERTIME
from crawlers.sources import hosts
from storage import leases
from storage.configuration import CrawlSettings, SourceSettings
from storage.database import Database, Session
from storage.leases import Holder, this_process

SOURCE, HOST = "source ", "host "
"""How the names of leases begin."""


@dataclass
class Claim:
    """The leases of one crawl and who holds them."""

    database: Database
    source: str
    hosts: tuple[str, ...]
    holder: Holder

    @property
    def names(self) -> tuple[str, ...]:
        return (SOURCE + self.source, *(HOST + host for host in self.hosts))

    def give(self, pid: int) -> None:
        """Let a process of this machine hold it from now on."""
        taker = replace(self.holder, pid=pid)
        self.database.transact(lambda session: leases.hand_over(session, self.names, self.holder, taker))
        self.holder = taker

    def take(self, session: Session, at_once: int, length: timedelta) -> bool:
        now = datetime.now(UTC)
        if leases.held_here(session, SOURCE, now) >= at_once:
            return False
        return leases.take(session, self.names, self.holder, now, length)

    def end(self, session: Session, delay: timedelta) -> None:
        """Give it up. The hosts are left in peace for as long as there must be between two requests."""
        peace = datetime.now(UTC) + delay if delay else None
        leases.release(session, SOURCE + self.source, self.holder)
        for host in self.hosts:
            leases.release(session, HOST + host, self.holder, peace)


@contextmanager
def claimed(database: Database, settings: SourceSettings, limits: CrawlSettings) -> Iterator[Claim | None]:
    """Have the source and its hosts for oneself; None when another has one of them, or this machine does enough."""
    claim = Claim(database, settings.name, hosts(settings), this_process())
    length = limits.timeout + OVERTIME + LONGEST_END
    if not database.transact(lambda session: claim.take(session, limits.at_once, length)):
        yield None
        return
    try:
        yield claim
    finally:
        database.transact(lambda session: claim.end(session, limits.delay))


@contextmanager
def waited_for(database: Database, settings: SourceSettings, limits: CrawlSettings) -> Iterator[Claim]:
    """The same, as soon as it can be had."""
    while True:
        with claimed(database, settings, limits) as claim:
            if claim is not None:
                yield claim
                return
        time.sleep(turns.AGAIN.total_seconds())
