"""Crawl runs, the health that they show, and how long a source that refuses us is left alone."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, func, select

from storage.models import HEARD, CrawlRun, Health, Source

LONGEST_REST = timedelta(days=1)
"""How long the schedule waits at most before it asks again at a site that refuses us and does not say for how long."""
SPREAD = 0.1
"""Part of a rest by which it may be longer, so that sources that were refused together do not come back together."""
Again = Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]
MOST_HISTORY = 300
"""Runs. A source that is read every five minutes has as many in a day."""


@dataclass(frozen=True)
class Outcome:
    """How a crawl ended: its health, the reason in words for anything but `ok`, and its figures.

    `retry_after` is how long a site asked to be left alone. `rest` is set when it refused us: how long it is left
    alone after the first time, when it does not say.
    """

    health: Health
    reason: str | None
    counts: dict[str, int]
    stats: dict[str, Any]
    retry_after: timedelta | None = None
    rest: timedelta | None = None
    broken_off: bool = False


@dataclass(frozen=True)
class Past:
    """An earlier run that went as it should, with its figures."""

    at: datetime
    requests: int
    figures: dict[str, Any]


def start(session: Session, source_id: int, now: datetime) -> int:
    """Note that a crawl begins; returns the run's id."""
    run = CrawlRun(source_id=source_id, started_at=now)
    session.add(run)
    session.flush()
    assert run.id is not None  # noqa: S101 - flushed a line above
    return run.id


def take_up(session: Session, source_id: int, again: Again) -> None:
    """Go on reading a source from its state; after a crawl that was broken off, from where that one began.

    What that one stored stays, but its state may be ahead of what it did. `again` makes one of the state with which
    it began and the state that it left, by which all of it is done once more.
    """
    source = session.get_one(Source, source_id)
    if source.state_before is not None:
        source.state = again(source.state_before, dict(source.state))
    source.state_before = dict(source.state)
    session.add(source)


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
    answered = outcome.health in (*HEARD, Health.EMPTY)
    if source.baseline_at is None and (answered or outcome.counts.get("new", 0) > 0):
        source.baseline_at = run.started_at
    if not outcome.broken_off:
        source.state_before = None
    _leave_alone(source, outcome, now, answered)
    session.add_all([run, source])


def _leave_alone(source: Source, outcome: Outcome, now: datetime, answered: bool) -> None:
    """Note until when: a fault that is no refusal changes nothing, an answer ends it."""
    if outcome.rest is not None:
        source.refusals += 1
        wait = outcome.retry_after or rest(outcome.rest, source.refusals, random.random())  # noqa: S311
        source.blocked_until = now + wait
    elif outcome.retry_after is not None:
        source.blocked_until = now + outcome.retry_after
    elif answered:
        source.refusals, source.blocked_until = 0, None


def rest(first: timedelta, refusals: int, chance: float) -> timedelta:
    """How long a source is left alone that refused us so often: `first`, then twice as long each time, to a day.

    `chance`, from 0 to 1, makes it up to a tenth longer.
    """
    doubled = min(first * 2.0 ** min(refusals - 1, 20), LONGEST_REST)
    return doubled * (1 + SPREAD * chance)


def next_due(began: datetime, every: timedelta, left_alone_until: datetime | None) -> datetime:
    """When the schedule reads a source again: an interval after the last crawl `began`, not before it may."""
    due = began + every
    return due if left_alone_until is None else max(due, left_alone_until)


def let_in(session: Session, source: Source, key_mark: str) -> None:
    """Whoever comes with another key than was refused may ask at once."""
    if source.key_mark not in ("", key_mark):
        source.refusals, source.blocked_until = 0, None
    source.key_mark = key_mark
    session.add(source)


def history(session: Session, source: Source, since: datetime) -> list[Past]:
    """The runs of a source from `since` on that went as they should, newest first; none of another configuration."""
    if source.baseline_at is None:
        return []
    query = select(CrawlRun).where(
        CrawlRun.source_id == source.id,
        CrawlRun.health == Health.OK,
        col(CrawlRun.started_at) >= max(since, source.baseline_at),
    )
    newest = session.exec(query.order_by(col(CrawlRun.started_at).desc()).limit(MOST_HISTORY))
    return [Past(run.started_at, run.requests, run.stats) for run in newest]


def abandoned(session: Session, source_id: int, now: datetime) -> int:
    """Close runs of a source that never ended: their process died. Returns how many."""
    lost = session.exec(
        select(CrawlRun).where(CrawlRun.source_id == source_id, col(CrawlRun.finished_at).is_(None))
    ).all()
    for run in lost:
        broken_off(session, run, now)
    return len(lost)


STOPPED = "stopped"
"""The cause of a crawl that was ended from our side: it says nothing about the source."""


def broken_off(session: Session, run: CrawlRun, now: datetime) -> None:
    """Give a run its end whose process died."""
    run.finished_at, run.health = now, Health.BROKEN
    run.reason = "the crawl was ended before it was done; what it had stored is kept"
    run.stats = {**run.stats, "cause": STOPPED}
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
