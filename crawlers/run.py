"""Crawling, each source in a process of its own: nothing that a page does can reach the service."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from crawlers import claims, health, patience
from crawlers.causes import Cause, Failure
from crawlers.claims import Claim
from crawlers.process import run_child
from crawlers.resuming import begun_again
from crawlers.secrets import missing, secrets_of
from crawlers.sources import faults_of, hosts, permission_missing
from crawlers.turns import Turn, Turns
from storage import runs
from storage.configuration import Configuration, SourceSettings
from storage.database import Database, Session
from storage.models import HEARD, CrawlRun, Health, Source
from storage.sources import source_named

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class CrawlResult:
    """How one crawl went. `health` is None when the source was left alone, with the reason why.

    `cause` is the stable key of what was wrong; counts are of mentions, `seconds` of the whole crawl. A schedule
    does not ask the source again before `left_alone_until` (ISO 8601).
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
    left_alone_until: str | None = None

    @property
    def failed(self) -> bool:
        """Whether a person should look: a source that was left alone, or never had anything, is no failure."""
        return self.health not in (None, *HEARD) and self.cause != Cause.EMPTY


Progress = Callable[[CrawlResult], None]


def crawl_all(
    database: Database,
    configuration: Configuration,
    names: Sequence[str] = (),
    now: datetime | None = None,
    on_progress: Progress = lambda result: None,
) -> list[CrawlResult]:
    """Crawl the named sources, or all that are enabled: the most overdue first, never two of one host.

    As `attempt`, which see: patient with all of them, not with those that somebody names. `on_progress` is called in
    this thread as each ends. The results come in the order of the configuration.
    """
    stop = threading.Event()
    chosen = [
        source for source in configuration.source if source.name in names or (not names and source.enabled)
    ]
    if unknown := set(names) - {source.name for source in chosen}:
        raise KeyError(", ".join(sorted(unknown)))
    results: dict[str, CrawlResult] = {}

    def one(name: str) -> bool:
        found = _unfailing(database, configuration, name, now, patient=not names, stop=stop)
        if found is not None:
            results[name] = found
        return found is not None

    waiting = Turns(configuration.crawl.at_once, configuration.crawl.delay)
    for turn in _turns(database, chosen):
        waiting.put(turn)
    waiting.run(one, stop, on_end=lambda name: on_progress(results[name]))
    return [results[source.name] for source in chosen]


def _turns(database: Database, sources: Sequence[SourceSettings]) -> list[Turn]:
    """The turns of these sources, due since an interval after their last crawl began, whenever that was."""
    with database.read() as session:
        begun = runs.last_begun(session)
    never = datetime.min.replace(tzinfo=UTC)
    return [
        Turn(one.name, frozenset(hosts(one)), begun[one.name] + one.every if one.name in begun else never)
        for one in sources
    ]


def _unfailing(
    database: Database,
    configuration: Configuration,
    name: str,
    now: datetime | None,
    patient: bool,
    stop: threading.Event,
) -> CrawlResult | None:
    """A fault with one source, of whatever nature, must not keep the others from being read."""
    try:
        return attempt(database, configuration, name, now, patient, stop)
    except Exception as error:
        logger.exception("crawling %s failed", name)
        kind = next(source.kind for source in configuration.source if source.name == name)
        reason = health.reason(Failure(Cause.ERROR, "", type(error).__name__))
        return CrawlResult(name, kind, Health.BROKEN, reason, Cause.ERROR.value)


def attempt(
    database: Database,
    configuration: Configuration,
    name: str,
    now: datetime | None = None,
    patient: bool = False,
    stop: threading.Event | None = None,
) -> CrawlResult | None:
    """One crawl of the source `name`, to its end; None when something it needs for itself is taken.

    That holds for all processes of the database, see `crawlers.claims`. `now` is the time to crawl at; without one,
    this process and its child go by the machine's clock. With `patient`, a source that asked to be left alone
    still is. Setting `stop` ends the crawl early. Raises KeyError for a name that is not configured, UnknownName for
    one that the database does not know yet (`storage.sources.sync`); everything that goes wrong with the source is
    in the result.
    """
    settings = {source.name: source for source in configuration.source}[name]
    started = now or datetime.now(UTC)
    if stop is not None and stop.is_set():
        return CrawlResult(name, settings.kind, None, "stopped before it began")
    with database.read() as session:
        source = source_named(session, name)
    if patient and (until := patience.left_alone_until(database, settings, started)):
        return left_alone(settings, until)
    with claims.claimed(database, settings, configuration.crawl) as claim:
        if claim is None:
            return None
        assert source.id is not None  # noqa: S101 - comes from the database
        return _crawl(_Crawl(database, configuration, settings, source.id, claim), now, stop)


def left_alone(settings: SourceSettings, until: datetime) -> CrawlResult:
    """The result for a source that is not asked, because it may not be yet."""
    moment = until.isoformat(timespec="seconds")
    reason = f"left alone until {moment}, because it refused us"
    return CrawlResult(settings.name, settings.kind, None, reason, left_alone_until=moment)


@dataclass(frozen=True)
class _Crawl:
    """One crawl that may begin."""

    database: Database
    configuration: Configuration
    settings: SourceSettings
    source_id: int
    claim: Claim


def _crawl(one: _Crawl, now: datetime | None, stop: threading.Event | None) -> CrawlResult:
    started = now or datetime.now(UTC)
    run_id = one.database.transact(lambda session: _begin(session, one, started))
    if failure := unready(one.settings):
        outcome = health.failed(failure)
        one.database.transact(lambda session: runs.finish(session, run_id, outcome, started))
    else:
        told = order(one.database, one.configuration, one.settings, run_id, now)
        run_child(told, one.configuration.crawl.timeout, stop or threading.Event(), one.claim.give)
    ended = now or datetime.now(UTC)
    return one.database.transact(lambda session: _result(session, one.settings, run_id, ended))


def _begin(session: Session, one: _Crawl, started: datetime) -> int:
    patience.let_in(session, one.settings)
    # Whoever crawls a source has it for itself: a run without an end is of a process that died.
    runs.abandoned(session, one.source_id, started)
    runs.take_up(session, one.source_id, begun_again)
    return runs.start(session, one.source_id, started)


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
        "source": settings.model_dump(exclude={"every"}),
        "secrets": secrets_of(settings),
        "brands": [brand.model_dump() for brand in configuration.brand],
        "crawl": {
            "delay": crawl.delay.total_seconds(),
            "timeout": crawl.timeout.total_seconds(),
            "contact": crawl.contact,
        },
    }


def _later(until: datetime | None, now: datetime) -> str | None:
    return until.isoformat(timespec="seconds") if until and until > now else None


def _result(session: Session, settings: SourceSettings, run_id: int, now: datetime) -> CrawlResult:
    """The result as its row has it; a row without an end is given one, because its process died."""
    run = session.get_one(CrawlRun, run_id)
    if run.finished_at is None:
        runs.broken_off(session, run, now)
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
        left_alone_until=_later(session.get_one(Source, run.source_id).blocked_until, now),
    )
