"""The schedule: everything on time, one at a time, and over when told."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from apscheduler.schedulers.background import BackgroundScheduler

from alerts import scheduler
from alerts.notifiers.console import ConsoleNotifier
from alerts.scheduler import AlreadyWatched, watch
from storage import leases
from storage.configuration import Configuration
from storage.database import Database, Session
from storage.leases import Holder
from storage.models import Lease
from storage.sources import source_named
from storage.steps import StepReport
from tests.alerts.world import World, burst, configuration

PATIENCE = 30.0


class Service:
    """A watch in a thread, with a crawl and a score of the test's own."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.stop = threading.Event()
        self.stream = StringIO()
        self.crawled: list[str] = []
        self.scored = 0
        self.refusals: list[bool] = []
        """What crawls say while it lasts, the last first: False when another process was at it."""
        self.on_crawl: Callable[[str, threading.Event], None] = lambda name, stop: None
        self.ended: bool | None = None
        self.thread = threading.Thread(target=self._watch)

    def crawl(self, name: str, stop: threading.Event) -> bool:
        self.crawled.append(name)
        self.on_crawl(name, stop)
        return not self.refusals or self.refusals.pop()

    def score(self, now: datetime) -> StepReport:
        self.scored += 1
        return StepReport("score")

    def _watch(self) -> None:
        self.ended = watch(
            self.world.database,
            self.world.configuration,
            score=self.score,
            crawl=self.crawl,
            notifiers=[ConsoleNotifier(self.stream)],
            stop=self.stop,
        )

    def end(self) -> float:
        """Stop it; returns how many seconds that took."""
        began = time.monotonic()
        self.stop.set()
        if self.thread.ident is not None:
            self.thread.join(PATIENCE)
        return time.monotonic() - began


def until(condition: Callable[[], bool]) -> None:
    """Wait for something that another thread brings about."""
    limit = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < limit, "it did not happen"
        threading.Event().wait(0.02)


@pytest.fixture
def service(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    monkeypatch.setattr(scheduler, "PIPELINE_EVERY", 0.3)
    service = Service(World(database))
    yield service
    service.end()


def test_every_source_is_crawled_and_what_is_found_is_scored(service: Service) -> None:
    service.thread.start()
    until(lambda: set(service.crawled) == {"pagina", "berichten"} and service.scored > 0)
    assert service.thread.is_alive()


def test_a_storm_is_told_while_watching(service: Service) -> None:
    now = datetime.now(UTC)
    for name in ("pagina", "berichten"):
        service.world.listen(name, now - timedelta(days=1))
    service.on_crawl = lambda name, stop: (
        (service.world.post(*burst(30, until=now)) if name == "pagina" else None) and None
    )
    service.thread.start()
    until(lambda: "klachten over Snelveld, veel meer dan normaal" in service.stream.getvalue())
    assert "30 klachten in een uur" in service.stream.getvalue()


def feeds(*hosts: str, **limits: object) -> Configuration:
    """A feed on each of these hosts."""
    return configuration(
        source=[
            {"name": f"feed-{place}", "kind": "feed", "every": "30m", "url": f"https://{host}/rss"}
            for place, host in enumerate(hosts)
        ],
        crawl={"delay": "0s"} | limits,
    )


def test_after_a_start_the_most_overdue_source_goes_first(database: Database) -> None:
    service = Service(World(database, feeds(*"abcabc", at_once=1)))
    now = datetime.now(UTC)
    for place, hours in enumerate((2, 5, 3, 7, 4)):
        service.world.crawled(f"feed-{place}", now - timedelta(hours=hours))
    service.thread.start()
    until(lambda: len(service.crawled) == 6)
    service.end()

    # The one that was never read before the others.
    assert service.crawled == ["feed-5", "feed-3", "feed-1", "feed-4", "feed-2", "feed-0"]


def test_no_more_crawl_at_once_than_may_and_never_two_on_a_host(database: Database) -> None:
    hosts = "aaabbbcccdddeeefff"
    service = Service(World(database, feeds(*hosts, at_once=3)))
    running: list[str] = []
    seen: list[list[str]] = []
    changed = threading.Condition()

    def crawl(name: str, stop: threading.Event) -> None:
        with changed:
            running.append(hosts[int(name.removeprefix("feed-"))])
            seen.append(list(running))
            changed.notify_all()
            changed.wait_for(lambda: max(map(len, seen)) == 3 or stop.is_set(), PATIENCE)
            running.remove(hosts[int(name.removeprefix("feed-"))])

    service.on_crawl = crawl
    service.thread.start()
    until(lambda: len(service.crawled) == len(hosts))
    service.end()

    assert max(map(len, seen)) == 3
    assert all(len(set(together)) == len(together) for together in seen)


def refused(database: Database, name: str, until: datetime) -> None:
    def work(session: Session) -> None:
        source_named(session, name).blocked_until = until

    database.transact(work)


def test_a_source_that_refused_us_has_its_turn_when_it_may_be_asked_again(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = []

    class Kept(BackgroundScheduler):  # type: ignore[misc] # APScheduler has no types
        def start(self, *args: object, **kwargs: object) -> None:
            kept.append(self)
            super().start(*args, **kwargs)

    may = datetime.now(UTC) + timedelta(hours=5)
    service.on_crawl = lambda name, stop: (
        refused(service.world.database, name, may) if name == "pagina" else None
    )
    monkeypatch.setattr(scheduler, "BackgroundScheduler", Kept)
    service.thread.start()
    until(lambda: len(service.crawled) == 2 and kept[0].get_job("again pagina") is not None)
    again = kept[0].get_job("again pagina")
    assert again.next_run_time == may
    # Its intervals go on: there may be another key by then.
    assert kept[0].get_job("due pagina").next_run_time < may - timedelta(hours=4)

    again.func()
    until(lambda: service.crawled.count("pagina") == 2)
    assert kept[0].get_job("again berichten") is None


def test_what_another_process_crawls_is_tried_again(service: Service) -> None:
    service.refusals = [True, False, False, True]
    service.thread.start()
    until(lambda: not service.refusals)
    service.end()

    assert sorted(service.crawled) in (["berichten"] * 3 + ["pagina"], ["berichten"] + ["pagina"] * 3)


def test_a_source_whose_crawl_fails_does_not_stop_the_others(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(name: str, stop: threading.Event) -> None:
        if name == "berichten":
            raise RuntimeError("kapot")

    service.on_crawl = fail
    service.thread.start()
    until(lambda: "pagina" in service.crawled and "crawl berichten failed" in caplog.text)
    assert "kapot" in caplog.text


def test_a_running_crawl_is_told_to_stop(service: Service) -> None:
    entered = threading.Event()

    def slow(name: str, stop: threading.Event) -> None:
        entered.set()
        stop.wait(PATIENCE)

    service.on_crawl = slow
    service.thread.start()
    assert entered.wait(PATIENCE)
    assert service.end() < 5
    assert service.ended is True


def test_what_hangs_does_not_keep_it_from_ending(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler, "ENDING", 0.2)
    entered, release = threading.Event(), threading.Event()

    def deaf(name: str, stop: threading.Event) -> None:
        entered.set()
        release.wait(PATIENCE)

    service.on_crawl = deaf
    service.thread.start()
    assert entered.wait(PATIENCE)
    assert service.end() < 5
    assert service.ended is False
    release.set()


def test_a_second_watch_says_who_holds_the_database(service: Service) -> None:
    other = Holder(leases.this_process().host, 1)
    with service.world.database.write() as session:
        leases.acquire(session, scheduler.LEASE, other, datetime.now(UTC))
    with pytest.raises(AlreadyWatched, match="process 1 on"):
        service._watch()


def test_the_lease_of_a_dead_process_is_taken_over_at_once(service: Service) -> None:
    dead = Holder(leases.this_process().host, 2**22 + 1)
    with service.world.database.write() as session:
        leases.acquire(session, scheduler.LEASE, dead, datetime.now(UTC), lives=lambda holder: True)
    service.thread.start()
    until(lambda: service.scored > 0)
    assert service.thread.is_alive()


def test_the_lease_is_given_back_at_the_end(service: Service) -> None:
    service.thread.start()
    until(lambda: service.scored > 0)
    service.end()
    with service.world.database.read() as session:
        assert session.get(Lease, scheduler.LEASE) is None


def test_who_lost_the_lease_stops(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler, "RENEW_EVERY", 0.1)
    service.thread.start()
    until(lambda: service.scored > 0)
    with service.world.database.write() as session:
        lease = session.get_one(Lease, scheduler.LEASE)
        lease.holder = str(Holder("elders", 7))
        session.add(lease)
    until(lambda: not service.thread.is_alive())
    assert service.stop.is_set()


def test_the_lease_of_another_machine_is_waited_for(service: Service) -> None:
    with service.world.database.write() as session:
        soon = datetime.now(UTC) + timedelta(seconds=0.5)
        session.add(Lease(name=scheduler.LEASE, holder="elders:7", expires_at=soon))
    service.thread.start()
    until(lambda: service.scored > 0)
    assert service.thread.is_alive()


def test_a_lasting_fault_is_logged_once_and_its_end_too(
    service: Service, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "SCORE_EVERY", 0.05)
    broken = [True] * 5

    def score(now: datetime) -> StepReport:
        if broken:
            broken.pop()
            raise RuntimeError("het model is weg")
        return StepReport("score")

    monkeypatch.setattr(service, "score", score)
    with caplog.at_level("INFO"):
        service.thread.start()
        until(lambda: "score works again" in caplog.text)
    assert caplog.text.count("het model is weg") == 1
