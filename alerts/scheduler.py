"""The schedule: crawl each source on its own interval, score, judge and tell, until told to stop."""

import logging
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from apscheduler.executors.base import BaseExecutor, run_job
from apscheduler.schedulers.background import BackgroundScheduler

from alerts import deliver, steps
from alerts.notifiers import Notifier
from crawlers.sources import hosts
from crawlers.turns import Turn, Turns
from storage import leases, retention, runs, sources
from storage.configuration import Configuration
from storage.database import Database
from storage.leases import Holder, this_process
from storage.models import HEARD, CrawlRun, Lease, Source
from storage.steps import StepReport

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
Crawl = Callable[[str, threading.Event], bool]
"""Crawls one source, by its name, to its end; the event ends it early. False when something it needs is taken."""
Score = Callable[[datetime], StepReport]

LEASE = "watch"
RENEW_EVERY = 10.0
SCORE_EVERY = 3.0
PIPELINE_EVERY = 10.0
DELIVER_EVERY = 1.0
MEND_EVERY = 24 * 3600.0
"""What a channel refused is tried again at every start, when a token may be new, and once a day."""
RETENTION_EVERY = 24 * 3600.0
RETENTION_FIRST = 600.0
JITTER = 0.1
"""Of an interval: sites should not be asked by everybody on the minute."""
ENDING = 9.0
"""Seconds that running jobs get to end. What does not is safe to cut off: every step is."""


class AlreadyWatched(Exception):
    """Another process runs the schedule on this database."""

    def __init__(self, lease: Lease) -> None:
        self.holder = Holder.parse(lease.holder)
        super().__init__(
            f"process {self.holder.pid} on {self.holder.host} already watches this database; "
            f"stop it first (its lease runs until {lease.expires_at:%H:%M:%S} UTC unless renewed)"
        )


def system_clock() -> datetime:
    return datetime.now(UTC)


def watch(
    database: Database,
    configuration: Configuration,
    *,
    score: Score,
    crawl: Crawl,
    notifiers: Sequence[Notifier],
    stop: threading.Event,
    clock: Clock = system_clock,
) -> bool:
    """Run the schedule until `stop` is set; ends within ten seconds of that.

    Returns whether everything had ended by itself. Raises AlreadyWatched when another process holds the lease.
    `clock` is the time by which posts are judged and told; intervals go by the machine's own. The database knows
    the sources of the configuration already (`storage.sources.sync`).
    """
    holder = this_process()
    _take_lease(database, holder, stop)
    try:
        running = _Watch(database, configuration, score, crawl, notifiers, stop, clock, holder)
        return running.run()
    finally:
        database.transact(lambda session: leases.release(session, LEASE, holder))


@dataclass
class _Watch:
    database: Database
    configuration: Configuration
    score: Score
    crawl: Crawl
    notifiers: Sequence[Notifier]
    stop: threading.Event
    clock: Clock
    holder: Holder
    failing: dict[str, str] = field(default_factory=dict)
    """The last failure of what fails now, by job or step."""

    def run(self) -> bool:
        # A step that takes longer than its interval is ordinary; APScheduler warns of it every time.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        executor = _Threads()
        scheduler = BackgroundScheduler(
            executors={"default": executor},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone=UTC,
        )
        turns = Turns(self.configuration.crawl.at_once, self.configuration.crawl.delay)
        self._add_jobs(scheduler, turns)
        scheduler.start()
        executor.begin("crawls", partial(turns.run, partial(self._turn, scheduler), self.stop, lasting=True))
        self.stop.wait()
        scheduler.shutdown(wait=False)
        return executor.join(ENDING)

    def _add_jobs(self, scheduler: BackgroundScheduler, turns: Turns) -> None:
        add = partial(_add, scheduler)
        add("lease", self._renew, RENEW_EVERY, first=RENEW_EVERY)
        add("score", self._score, SCORE_EVERY)
        add("pipeline", partial(self._pipeline, self.clock()), PIPELINE_EVERY, first=1.0)
        for notifier in self.notifiers:
            desk = deliver.desk(self.configuration, notifier)
            add(f"deliver {notifier.name}", partial(self._deliver, desk), DELIVER_EVERY)
            add(f"mend {notifier.name}", partial(self._mend, notifier), MEND_EVERY)
        add("retention", self._prune, RETENTION_EVERY, first=RETENTION_FIRST)
        # The hosts that reading a source asks.
        known = {one.name: frozenset(hosts(one)) for one in self.configuration.source}
        for source, due in self._sources():
            every, asked = float(source.every_seconds), known.get(source.name, frozenset())
            wait = (due - self.clock()).total_seconds()
            if wait <= 0:
                turns.put(Turn(source.name, asked, due))
            work = partial(_due, turns, source.name, asked)
            add(_job(source.name), work, every, first=wait if wait > 0 else every, jitter=JITTER * every)

    def _sources(self) -> list[tuple[Source, datetime]]:
        """The sources to crawl, each with when its next crawl is due."""
        now = self.clock()
        with self.database.read() as session:
            last = runs.latest(session)
            found = sources.active_sources(session)
        return [(source, _next_due(source, last.get(source.id or 0), now)) for source in found]

    def _turn(self, scheduler: BackgroundScheduler, name: str) -> bool:
        """Whether its turn is over, however the crawl went."""
        report = self._guarded(
            f"crawl {name}", lambda: StepReport("crawl", done=int(self.crawl(name, self.stop)))
        )
        over = report is None or report.done + report.failed > 0
        if over:
            self._guarded(f"rest of {name}", lambda: self._ask_after_rest(scheduler, name))
        return over

    def _ask_after_rest(self, scheduler: BackgroundScheduler, name: str) -> StepReport:
        """Let a source that refused us have its turn when it may be asked again, not up to an interval later.

        Its intervals go on: a turn before then finds out that it may be asked already, with another key for one.
        """
        with self.database.read() as session:
            until = sources.source_named(session, name).blocked_until
        job = scheduler.get_job(_job(name))
        if job and until and until > job.next_run_time:
            scheduler.add_job(job.func, "date", run_date=until, id=f"again {name}", replace_existing=True)
        return StepReport("rest")

    def _score(self) -> None:
        self._guarded("score", lambda: self.score(self.clock()))

    def _pipeline(self, since: datetime) -> None:
        listed = steps.pipeline(self.configuration, listening_since=since)
        for report in steps.run(self.database, listed, self.clock(), self.failing):
            self._note(report.step, report)

    def _deliver(self, desk: deliver.Desk) -> None:
        self._guarded("deliver", partial(self._told, desk))

    def _told(self, desk: deliver.Desk) -> StepReport:
        deliver.decide(self.database, desk, self.clock())
        told = deliver.send_next(self.database, desk, self.clock)
        return StepReport("deliver", done=int(bool(told)), failed=int(told is False))

    def _mend(self, notifier: Notifier) -> None:
        self._guarded("deliver", lambda: deliver.mend(self.database, notifier, self.clock()))

    def _prune(self) -> None:
        keep = self.configuration.retention.texts
        self._guarded("retention", lambda: retention.prune(self.database, keep, self.clock()))

    def _renew(self) -> None:
        """Keep the lease. Whoever lost it must stop: two schedules would crawl and judge everything twice."""
        try:
            lost = self.database.transact(
                lambda session: leases.acquire(session, LEASE, self.holder, system_clock())
            )
        except Exception as error:
            log.error("the lease could not be renewed: %s", steps.summary(error))
            return
        if lost is not None:
            log.error("stopping: %s", AlreadyWatched(lost))
            self.stop.set()

    def _guarded(self, name: str, work: Callable[[], StepReport]) -> StepReport | None:
        if self.stop.is_set():
            return None
        report = steps.guarded(name, work, self.failing.get(name))
        self._note(name, report)
        return report

    def _note(self, name: str, report: StepReport) -> None:
        """Remember what fails, so that a lasting fault is logged once and its end too."""
        if report.failed and report.notes:
            self.failing[name] = report.notes[0]
        elif self.failing.pop(name, None):
            log.info("%s works again", name)


def _next_due(source: Source, last: CrawlRun | None, now: datetime) -> datetime:
    """An interval after the last crawl; at once when that went wrong or there was none."""
    if last is None:
        return datetime.min.replace(tzinfo=UTC)
    due = last.started_at + timedelta(seconds=source.every_seconds)
    return due if last.health in HEARD else min(due, now)


def _job(source: str) -> str:
    return f"due {source}"


def _due(turns: Turns, name: str, asked: frozenset[str]) -> None:
    turns.put(Turn(name, asked, system_clock()))


class _Threads(BaseExecutor):  # type: ignore[misc] # APScheduler has no types
    """Runs every job in a daemon thread, so that one that hangs cannot keep the process from ending."""

    def __init__(self) -> None:
        super().__init__()
        self._running: set[threading.Thread] = set()

    def join(self, seconds: float) -> bool:
        """Wait for running jobs, at most so long; returns whether all have ended."""
        until = time.monotonic() + seconds
        for thread in list(self._running):
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in list(self._running))

    def begin(self, name: str, work: Callable[[], None]) -> None:
        """Run something in a thread that `join` waits for."""
        thread = threading.Thread(target=work, name=name, daemon=True)
        self._running.add(thread)
        thread.start()

    def _do_submit_job(self, job: Any, run_times: list[datetime]) -> None:
        self.begin(job.id, partial(self._run, job, run_times))

    def _run(self, job: Any, run_times: list[datetime]) -> None:
        try:
            events = run_job(job, job._jobstore_alias, run_times, self._logger.name)
            self._run_job_success(job.id, events)
        except BaseException:
            self._run_job_error(job.id, *sys.exc_info()[1:])
        finally:
            self._running.discard(threading.current_thread())


def _add(
    scheduler: BackgroundScheduler,
    name: str,
    work: Callable[[], None],
    every: float,
    first: float = 0.0,
    jitter: float = 0.0,
) -> None:
    scheduler.add_job(
        work,
        "interval",
        id=name,
        seconds=every,
        jitter=jitter or None,
        next_run_time=system_clock() + timedelta(seconds=first),
    )


def _take_lease(database: Database, holder: Holder, stop: threading.Event) -> None:
    """Take the lease; wait for one to run out whose holder, on another machine, may have died."""
    seen: Lease | None = None
    while True:
        lease = database.transact(lambda session: leases.acquire(session, LEASE, holder, system_clock()))
        if lease is None:
            return
        renewed = seen is not None and lease.expires_at > seen.expires_at
        if renewed or Holder.parse(lease.holder).host == holder.host or stop.is_set():
            raise AlreadyWatched(lease)
        seen = lease
        log.warning("waiting: %s", AlreadyWatched(lease))
        stop.wait(1.0)
