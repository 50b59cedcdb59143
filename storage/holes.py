"""Hours in which nobody listened: a chart must show them as holes, and a baseline must leave them out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from storage.calendar import HOUR
from storage.mentions import hour_of
from storage.models import HEARD, CrawlRun, Source
from storage.trends import hour_text, parse_hour


@dataclass(frozen=True)
class Hole:
    """Whole UTC hours, from `since` up to `until`, in which a source had no healthy crawl."""

    source_id: int
    since: datetime
    until: datetime


def sources_of(session: Session, brand_id: int) -> list[Source]:
    """The active sources that bring mentions of a brand: its own and the general ones."""
    own = (col(Source.brand_id) == brand_id) | col(Source.brand_id).is_(None)
    return list(session.exec(select(Source).where(own, col(Source.active)).order_by(Source.name)))


def holes(session: Session, sources: Sequence[Source], since: datetime, until: datetime) -> list[Hole]:
    """The holes of these sources, by source and time.

    A source is listened to when healthy crawls follow each other within twice its interval, at least an hour.
    Before its first crawl it has no hole: what that crawl brings is history, as far as the source shows any.
    """
    found: list[Hole] = []
    for source in sources:
        found += _holes_of(session, source, hour_of(since), hour_of(until))
    return found


def deaf_hours(found: Sequence[Hole], sources: Sequence[Source]) -> set[datetime]:
    """The hours in which not one of the sources was listened to."""
    deaf: dict[datetime, int] = {}
    for hole in found:
        hour = hole.since
        while hour < hole.until:
            deaf[hour] = deaf.get(hour, 0) + 1
            hour += HOUR
    return {hour for hour, number in deaf.items() if number == len(sources)}


def _holes_of(session: Session, source: Source, since: datetime, until: datetime) -> list[Hole]:
    assert source.id is not None  # noqa: S101 - comes from the database
    patience = max(HOUR, timedelta(seconds=2 * source.every_seconds))
    first = session.exec(select(func.min(CrawlRun.started_at)).where(CrawlRun.source_id == source.id)).one()
    if first is None or first >= until:
        return []
    healthy = _healthy_hours(session, source.id, since - patience, until)
    edges = [healthy[0] if healthy and healthy[0] <= since else max(since, hour_of(first)) - HOUR, *healthy]
    gaps = zip(edges, [*edges[1:], until], strict=True)
    return [
        Hole(source.id, max(earlier + HOUR, since), later)
        for earlier, later in gaps
        if later - earlier > patience and max(earlier + HOUR, since) < later
    ]


def _healthy_hours(session: Session, source_id: int, since: datetime, until: datetime) -> list[datetime]:
    hour = hour_text(session, col(CrawlRun.started_at)).label("hour")
    query = (
        sa.select(hour)
        .where(
            col(CrawlRun.source_id) == source_id,
            col(CrawlRun.health).in_(HEARD),
            col(CrawlRun.started_at) >= since,
            col(CrawlRun.started_at) < until,
        )
        .group_by(sa.text("1"))
        .order_by(sa.text("1"))
    )
    return [parse_hour(text) for text in session.execute(query).scalars()]
