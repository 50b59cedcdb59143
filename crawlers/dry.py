"""What a crawl would store, found out without storing anything: no mention, no run, no state."""

import json
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crawlers import claims, health, patience
from crawlers.process import run_child
from crawlers.run import CrawlResult, left_alone, order, unready
from storage.configuration import Configuration, SourceSettings
from storage.database import Database, is_there
from storage.models import Health
from storage.runs import Outcome
from storage.sources import UnknownName, fingerprint, source_named, sync

DIED = Outcome(Health.BROKEN, "the crawl was ended before it was done", {}, {})


@dataclass(frozen=True)
class Preview:
    """How the crawl went, and its records as plain values, each with `what` would become of it (`new`, `edited`, …)."""

    result: CrawlResult
    records: tuple[dict[str, Any], ...] = ()


def preview(
    configuration: Configuration, name: str, now: datetime | None = None, patient: bool = False
) -> Preview:
    """One crawl of the source `name` that leaves the database as it is, and makes none where there is none.

    It goes on from where the last crawl had come to. With `patient`, a source that asked to be left alone still is.
    Raises KeyError for a name that is not configured.
    """
    settings = {source.name: source for source in configuration.source}[name]
    if failure := unready(settings):
        return Preview(_result(settings, health.failed(failure)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "found.jsonl"
        with _database(configuration, settings, Path(folder)) as database:
            if patient and (until := patience.asked_for(database, name, now or datetime.now(UTC))):
                return Preview(left_alone(settings, until))
            told = order(database, configuration, settings, 0, now) | {"dry": str(path)}
            with claims.waited_for(database, settings, configuration.crawl) as claim:
                run_child(told, configuration.crawl.timeout, threading.Event(), claim.give)
        return _read(path, settings)


@contextmanager
def _database(configuration: Configuration, settings: SourceSettings, folder: Path) -> Iterator[Database]:
    """The configured database when it knows this source as it is configured now; else an empty one for the while."""
    if is_there(configuration.database):
        with Database(configuration.database) as database:
            if _knows(database, settings):
                yield database
                return
    with Database(f"sqlite:///{folder / 'empty.db'}") as database:
        database.upgrade()
        database.transact(lambda session: sync(session, configuration))
        yield database


def _knows(database: Database, settings: SourceSettings) -> bool:
    if database.revision() is None:
        return False
    database.check()
    try:
        with database.read() as session:
            return source_named(session, settings.name).fingerprint == fingerprint(settings)
    except UnknownName:
        return False


def _read(path: Path, settings: SourceSettings) -> Preview:
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []
    ended = [line["outcome"] for line in lines if "outcome" in line]
    outcome = Outcome(**ended[0] | {"health": Health(ended[0]["health"])}) if ended else DIED
    return Preview(_result(settings, outcome), tuple(line for line in lines if "what" in line))


def _result(settings: SourceSettings, outcome: Outcome) -> CrawlResult:
    return CrawlResult(
        source=settings.name,
        kind=settings.kind,
        health=outcome.health,
        reason=outcome.reason,
        cause=outcome.stats.get("cause"),
        seconds=float(outcome.stats.get("seconds") or 0.0),
        stats=outcome.stats,
        left_alone_until=None,
        **outcome.counts,
    )
