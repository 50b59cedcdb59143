"""Crawling, each source in a process of its own: nothing that a page does can reach the service."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from crawlers import health
from crawlers.causes import Cause, Failure
from crawlers.process import run_child
from crawlers.secrets import missing, secrets_of
from crawlers.sources import faults_of, hosts, permission_missing
from storage import runs
from storage.configuration import Configuration, SourceSettings
from storage.database import Database, Session
from storage.models import CrawlRun, Health
from storage.sources import source_named, sync

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class CrawlResult:
    """How one crawl went. `health` is None when the source was left alone, with the reason why.

    `cause` is the stable key of what was wrong; counts are of mentions, `seconds` of the whole crawl.
    """

    source: str
    kind: str
    health: Health | None
    reason: str | None = None
    cause: str | None = None
    new: int = 0
    edited: int = 0
    unchanged: int = 0
    replied: int = 0
    removed: int = 0
    unmatched: int = 0
    refused: int = 0
    requests: int = 0
    seconds: float = 0.0
    stats: dict[str, Any] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether a person should look: a source that was left alone, or never had anything, is no failure."""
        return self.health not in (None, Health.OK) and self.cause != Cause.EMPTY


Progress = Callable[[CrawlResult], None]


def crawl(
    database: Database,
    configuration: Configuration,
    name: str,
    now: datetime | None = None,
    timeout: timedelta | None = None,
    patient: bool = False,
    stop: threading.Event | None = None,
) -> CrawlResult:
    """One crawl of the source `name`, to its end.

    `now` is the time to crawl at; without one, this process and its child go by the machine's clock. `timeout`
    replaces the configured limit. With `patient`, a source that asked to be left alone still is. Setting
    `stop` ends the crawl early. Raises KeyError for a name that is not configured; everything that goes wrong
    with the source is in the result.
    """
    settings = {source.name: source for source in configuration.source}[name]
    if timeout is not None:
        configuration = configuration.model_copy(
            update={"crawl": configuration.crawl.model_copy(update={"timeout": timeout})}
        )
    database.transact(lambda session: sync(session, configuration))
    with alone_on(hosts(settings)):
        return _crawl(database, configuration, settings, now, patient, stop or threading.Event())


def crawl_all(
    database: Database,
    configuration: Configuration,
    names: Sequence[str] = (),
    now: datetime | None = None,
    at_once: int | None = None,
    on_progress: Progress = lambda result: None,
    patient: bool = False,
    stop: threading.Event | None = None,
) -> list[CrawlResult]:
    """Crawl the named sources, or all that are enabled; several at a time, never two of one host.

    `on_progress` is called in this thread as each ends. The results come in the order of the configuration; when
    `stop` is set, sources that were not begun have none.
    """
    stop = stop or threading.Event()
    chosen = [
        source for source in configuration.source if source.name in names or (not names and source.enabled)
    ]
    if unknown := set(names) - {source.name for source in chosen}:
        raise KeyError(", ".join(sorted(unknown)))

    def one(settings: SourceSettings) -> CrawlResult:
        try:
            return crawl(database, configuration, settings.name, now, patient=patient, stop=stop)
        except Exception as error:
            # A fault with one source, of whatever nature, must not keep the others from being read.
            logger.exception("crawling %s failed", settings.name)
            reason = health.reason(Failure(Cause.ERROR, "", type(error).__name__))
            return CrawlResult(settings.name, settings.kind, Health.BROKEN, reason, Cause.ERROR.value)

    results: dict[str, CrawlResult] = {}
    with ThreadPoolExecutor(at_once or configuration.crawl.at_once) as pool, _ending(stop):
        for ended in as_completed([pool.submit(_each, one, group, stop) for group in _by_host(chosen)]):
            for result in ended.result():
                results[result.source] = result
                on_progress(result)
    return [results[source.name] for source in chosen if source.name in results]


@contextmanager
def _ending(stop: threading.Event) -> Iterator[None]:
    """End the crawls of other threads when this one is interrupted; the pool would wait for them."""
    try:
        yield
    except BaseException:
        stop.set()
        raise


def _each(
    one: Callable[[SourceSettings], CrawlResult], group: list[SourceSettings], stop: threading.Event
) -> list[CrawlResult]:
    return [one(settings) for settings in group if not stop.is_set()]


def _by_host(sources: Sequence[SourceSettings]) -> list[list[SourceSettings]]:
    """Sources that ask the same host, together, so that they do not fill the places of others while waiting."""
    groups: dict[tuple[str, ...], list[SourceSettings]] = {}
    for settings in sources:
        groups.setdefault(hosts(settings) or (settings.name,), []).append(settings)
    return list(groups.values())


def _crawl(
    database: Database,
    configuration: Configuration,
    settings: SourceSettings,
    now: datetime | None,
    patient: bool,
    stop: threading.Event,
) -> CrawlResult:
    started = now or datetime.now(UTC)
    if stop.is_set():
        return CrawlResult(settings.name, settings.kind, None, "stopped before it began")
    with database.read() as session:
        source = source_named(session, settings.name)
    assert source.id is not None  # noqa: S101 - comes from the database
    source_id = source.id
    if patient and source.blocked_until and source.blocked_until > started:
        until = source.blocked_until.isoformat(timespec="seconds")
        return CrawlResult(settings.name, settings.kind, None, f"left alone until {until}, as the site asked")
    run_id = database.transact(lambda session: _begin(session, source_id, started))
    if failure := unready(settings):
        outcome = health.failed(failure)
        database.transact(lambda session: runs.finish(session, run_id, outcome, started))
    else:
        run_child(order(database, configuration, settings, run_id, now), configuration.crawl.timeout, stop)
    ended = now or datetime.now(UTC)
    return database.transact(lambda session: _result(session, settings, source_id, run_id, ended))


def _begin(session: Session, source_id: int, started: datetime) -> int:
    runs.abandoned(session, source_id, started)
    return runs.start(session, source_id, started)


def unready(settings: SourceSettings) -> Failure | None:
    """What keeps the source from being read before anything is asked."""
    if faults := [*faults_of(settings), *missing(settings)]:
        return Failure(Cause.CONFIGURATION, "", "; ".join(map(str, faults)))
    if refused := permission_missing(settings):
        return Failure(Cause.PERMISSION, "", refused.message)
    return None


def order(
    database: Database,
    configuration: Configuration,
    settings: SourceSettings,
    run_id: int,
    now: datetime | None,
) -> dict[str, Any]:
    """What a child is told, in values that JSON has."""
    crawl = configuration.crawl
    return {
        "database": database.url,
        "run": run_id,
        "now": now.isoformat() if now else None,
        "log": logging.getLogger().getEffectiveLevel(),
        "log_level": logger.getEffectiveLevel(),
        "source": settings.model_dump(exclude={"every"}),
        "secrets": secrets_of(settings),
        "brands": [brand.model_dump() for brand in configuration.brand],
        "crawl": {
            "delay": crawl.delay.total_seconds(),
            "timeout": crawl.timeout.total_seconds(),
            "contact": crawl.contact,
        },
    }


def _result(
    session: Session, settings: SourceSettings, source_id: int, run_id: int, now: datetime
) -> CrawlResult:
    """The result as its row has it; a row without an end is given one, because its process died."""
    run = session.get_one(CrawlRun, run_id)
    if run.finished_at is None:
        runs.abandoned(session, source_id, now)
    return CrawlResult(
        source=settings.name,
        kind=settings.kind,
        health=run.health,
        reason=run.reason,
        cause=run.stats.get("cause") or (Cause.STOPPED.value if run.health is Health.BROKEN else None),
        new=run.new,
        edited=run.edited,
        unchanged=run.unchanged,
        replied=run.replied,
        removed=run.removed,
        unmatched=run.unmatched,
        refused=run.refused,
        requests=run.requests,
        seconds=(run.finished_at - run.started_at).total_seconds() if run.finished_at else 0.0,
        stats=dict(run.stats),
    )


_LOCKS: dict[str, threading.Lock] = {}
_LOCKS_LOCK = threading.Lock()


@contextmanager
def alone_on(names: Sequence[str]) -> Iterator[None]:
    """Wait until no other crawl of this process asks these hosts. The order is fixed, so none waits for ever."""
    with _LOCKS_LOCK:
        locks = [_LOCKS.setdefault(name, threading.Lock()) for name in sorted(names)]
    with ExitStack() as stack:
        for lock in locks:
            stack.enter_context(lock)
        yield
