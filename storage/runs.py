"""Crawl runs and the health that they show."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, func, select

from storage.models import CrawlRun, Health, Source


@dataclass(frozen=True)
class Outcome:
    """How a crawl ended: its health, the reason in words for anything but `ok`, and its figures.

    `retry_after` is how long a site asked to be left alone.
    """

    health: Health
    reason: str | None
    counts: dict[str, int]
    stats: dict[str, Any]
    retry_after: timedelta | None = None


def start(session: Session, source_id: int, now: datetime) -> int:
    """Note that a crawl begins; returns the run's id."""
    run = CrawlRun(source_id=source_id, started_at=now)
    session.add(run)
    session.flush()
    assert run.id is not None  # noqa: S101 - flushed a line above
    return run.id


def finish(session: Session, run_id: int, outcome: Outcome, now: datetime) -> None:
    """Note how it ended. The first crawl of a source that was whole, or brought anything, sets its baseline.

    A source with one part that always fails would otherwise stay history for ever and never alert.
    """
    run = session.get_one(CrawlRun, run_id)
    run.finished_at, run.health, run.stats = now, outcome.health, outcome.stats
    run.reason = outcome.reason[:500] if outcome.reason else None
    for name, value in outcome.counts.items():
        setattr(run, name, value)
    source = session.get_one(Source, run.source_id)
    begun = outcome.health in (Health.OK, Health.EMPTY) or outcome.counts.get("new", 0) > 0
    if source.baseline_at is None and begun:
        source.baseline_at = run.started_at
    source.blocked_until = now + outcome.retry_after if outcome.retry_after else None
    session.add_all([run, source])


def abandoned(session: Session, source_id: int, now: datetime) -> int:
    """Close runs of a source that never ended: their process died. Returns how many."""
    lost = session.exec(
        select(CrawlRun).where(CrawlRun.source_id == source_id, col(CrawlRun.finished_at).is_(None))
    ).all()
    for run in lost:
        broken_off(session, run, now)
    return len(lost)


def broken_off(session: Session, run: CrawlRun, now: datetime) -> None:
    """Give a run its end whose process died."""
    run.finished_at, run.health = now, Health.BROKEN
    run.reason = "the crawl was ended before it was done; what it had stored is kept"
    session.add(run)


def last_begun(session: Session) -> dict[str, datetime]:
    """When the last crawl of every source that had one began, by the source's name."""
    # By the index on start times, source by source: grouping would go through every run there ever was.
    newest = select(func.max(CrawlRun.started_at)).where(CrawlRun.source_id == Source.id).scalar_subquery()
    return {name: begun for name, begun in session.exec(select(Source.name, newest)) if begun}


def latest(session: Session) -> dict[int, CrawlRun]:
    """The last ended run of every source, by source id."""
    newest = (
        select(CrawlRun.source_id, func.max(CrawlRun.id).label("run_id"))
        .where(col(CrawlRun.finished_at).is_not(None))
        .group_by(col(CrawlRun.source_id))
        .subquery()
    )
    runs = session.exec(select(CrawlRun).join(newest, newest.c.run_id == CrawlRun.id))
    return {run.source_id: run for run in runs}


def recent(session: Session, source_id: int, limit: int = 20) -> list[CrawlRun]:
    """The last runs of one source, newest first, also one that still goes on."""
    runs = select(CrawlRun).where(CrawlRun.source_id == source_id)
    return list(session.exec(runs.order_by(col(CrawlRun.started_at).desc()).limit(limit)))


def last_healthy(session: Session, source_id: int) -> datetime | None:
    """When this source last answered as it should."""
    # By the index on start times: a maximum over every run there ever was takes ever longer.
    query = select(CrawlRun.finished_at).where(CrawlRun.source_id == source_id, CrawlRun.health == Health.OK)
    return session.exec(query.order_by(col(CrawlRun.started_at).desc()).limit(1)).first()
