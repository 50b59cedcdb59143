"""Counting mentions per hour and Dutch day, apart for every judge.

Counts are never incremented: a touched hour is counted again from its mentions, so that repeating the step,
or dying in the middle of it, cannot make a figure wrong.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, delete, func, select, tuple_

from storage.calendar import HOUR, day_of, end_of, start_of
from storage.joins import verdict_that_counts
from storage.models import Bucket, DayBucket, Mention, Sentiment, TouchedHour, Verdict
from storage.trends import NAMES, UNCOUNTED, UNJUDGED, Figures, hour_text, parse_hour
from storage.upsert import upsert

_MARKS = ("escalation", "churn", "question", "unsure")
_NEAR = timedelta(hours=36)
"""Touched hours this close together are counted by one query."""


def recompute(session: Session, limit: int = 1000) -> int:
    """Count up to `limit` touched hours again; returns how many were touched. Needs a write session."""
    touched = _take(session, limit)
    for brand_id, source_id, hours in _places(touched):
        for span in _spans(hours):
            _count_hours(session, brand_id, source_id, span)
            _count_days(session, brand_id, source_id, span)
    return len(touched)


def _take(session: Session, limit: int) -> list[TouchedHour]:
    """Take hours off the work list. First of all: what is touched from here on must stay on it."""
    order = (col(TouchedHour.brand_id), col(TouchedHour.source_id), col(TouchedHour.hour))
    touched = list(session.exec(select(TouchedHour).order_by(*order).limit(limit)))
    session.expunge_all()
    if touched:
        keys = [(row.brand_id, row.source_id, row.hour) for row in touched]
        session.execute(delete(TouchedHour).where(tuple_(*order).in_(keys)))
    return touched


def _places(touched: Sequence[TouchedHour]) -> Iterator[tuple[int, int, list[datetime]]]:
    places: dict[tuple[int, int], list[datetime]] = {}
    for row in touched:
        places.setdefault((row.brand_id, row.source_id), []).append(row.hour)
    for (brand_id, source_id), hours in places.items():
        yield brand_id, source_id, hours


def _spans(hours: Sequence[datetime]) -> Iterator[list[datetime]]:
    span: list[datetime] = []
    for hour in hours:
        if span and hour - span[-1] > _NEAR:
            yield span
            span = []
        span.append(hour)
    if span:
        yield span


def _count_hours(session: Session, brand_id: int, source_id: int, hours: list[datetime]) -> None:
    """Overwrite the buckets of these hours with what the mentions say now."""
    counted = _counted(session, brand_id, source_id, hours[0], hours[-1] + HOUR)
    of_source = (col(Bucket.brand_id) == brand_id, col(Bucket.source_id) == source_id)
    session.execute(delete(Bucket).where(*of_source, col(Bucket.hour).in_(hours)))
    touched = set(hours)
    place = {"brand_id": brand_id, "source_id": source_id}
    rows = [
        place | {"hour": hour, "judge": judge} | figures
        for (hour, judge), figures in counted.items()
        if hour in touched
    ]
    upsert(session, Bucket, rows, ("brand_id", "source_id", "hour", "judge"))


def _counted(
    session: Session, brand_id: int, source_id: int, since: datetime, until: datetime
) -> dict[tuple[datetime, str], dict[str, Any]]:
    columns = _counting()
    hour = hour_text(session, col(Mention.published_at)).label("hour")
    judge = func.coalesce(Mention.judged_by, UNJUDGED).label("judge")
    query = (
        sa.select(hour, judge, *(column.label(name) for name, column in columns.items()))
        .select_from(Mention)
        .outerjoin(Verdict, verdict_that_counts())
        .where(
            col(Mention.brand_id) == brand_id,
            col(Mention.source_id) == source_id,
            col(Mention.published_at) >= since,
            col(Mention.published_at) < until,
            col(Mention.status).not_in(UNCOUNTED),
        )
        .group_by(sa.text("1"), sa.text("2"))
    )
    rows = session.execute(query).all()
    return {(parse_hour(row[0]), row[1]): dict(zip(columns, row[2:], strict=True)) for row in rows}


def _counting() -> dict[str, Any]:
    return {
        "mentions": func.count(),
        **{one.value: _count_if(col(Verdict.sentiment) == one) for one in Sentiment},
        **{name: _count_if(getattr(Verdict, name).is_(True)) for name in _MARKS},
        "unsure_negative": _count_if(
            col(Verdict.unsure).is_(True) & (col(Verdict.sentiment) == Sentiment.NEGATIVE)
        ),
        "historic": _count_if(col(Mention.historic).is_(True)),
        "replied": _count_if(col(Mention.reply_seen_at).is_not(None)),
    }


def _count_if(condition: Any) -> Any:
    return func.sum(sa.case((condition, 1), else_=0))


def _count_days(session: Session, brand_id: int, source_id: int, hours: list[datetime]) -> None:
    """Add up the buckets of the days in which these hours lie."""
    days = {day_of(hour) for hour in hours}
    query = sa.select(col(Bucket.hour), col(Bucket.judge), *(getattr(Bucket, name) for name in NAMES)).where(
        col(Bucket.brand_id) == brand_id,
        col(Bucket.source_id) == source_id,
        col(Bucket.hour) >= start_of(day_of(hours[0])),
        col(Bucket.hour) < end_of(day_of(hours[-1])),
    )
    totals: dict[tuple[str, str], Figures] = {}
    for hour, judge, *figures in session.execute(query):
        if (day := day_of(hour)) in days:
            key = (day.isoformat(), judge)
            totals[key] = totals.get(key, Figures()) + Figures(*figures)
    place = {"brand_id": brand_id, "source_id": source_id}
    of_source = (col(DayBucket.brand_id) == brand_id, col(DayBucket.source_id) == source_id)
    named = [day.isoformat() for day in days]
    session.execute(delete(DayBucket).where(*of_source, col(DayBucket.day).in_(named)))
    rows = [place | {"day": day, "judge": judge} | asdict(one) for (day, judge), one in totals.items()]
    upsert(session, DayBucket, rows, ("brand_id", "source_id", "day", "judge"))
