"""Counting mentions per hour and Dutch day, and reading the counts back as series.

Counts are never incremented: a touched hour is counted again from its mentions, so that repeating the step,
or dying in the middle of it, cannot make a figure wrong.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, delete, func, select, tuple_

from storage.calendar import AMSTERDAM, HOUR, day_of, end_of, monday_of, start_of
from storage.mentions import hour_of
from storage.models import PERSON, Bucket, DayBucket, Mention, Sentiment, Source, TouchedHour, Verdict
from storage.records import Status
from storage.upsert import upsert

UNCOUNTED = (Status.REMOVED,)
"""What the public can no longer read does not count."""
_NEAR = timedelta(hours=36)
"""Touched hours this close together are counted by one query."""
_KEY = ("brand_id", "source_id", "hour")


@dataclass(frozen=True)
class Figures:
    """How many mentions, and how many of them are what. The sentiments count judged mentions only."""

    mentions: int = 0
    negative: int = 0
    neutral: int = 0
    positive: int = 0
    escalation: int = 0
    churn: int = 0
    question: int = 0
    replied: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(*(getattr(self, name) + getattr(other, name) for name in NAMES))

    @property
    def judged(self) -> int:
        return self.negative + self.neutral + self.positive

    @property
    def net(self) -> float | None:
        """Net sentiment: (positive - negative) / judged, from -1 to 1; None without judged mentions."""
        return (self.positive - self.negative) / self.judged if self.judged else None


NAMES = tuple(field.name for field in fields(Figures))


class By(StrEnum):
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"


@dataclass(frozen=True)
class Point:
    """The figures of one hour, Dutch day or ISO week; `start` and `end` in UTC, `end` is outside."""

    start: datetime
    end: datetime
    figures: Figures


def recompute(session: Session, limit: int = 1000) -> int:
    """Count up to `limit` touched hours again; returns how many were touched. Needs a write session."""
    touched = _take(session, limit)
    for brand_id, source_id, hours in _places(touched):
        for span in _spans(hours):
            _count_hours(session, brand_id, source_id, span)
            _count_days(session, brand_id, source_id, span)
    return len(touched)


def series(
    session: Session,
    brand_id: int,
    since: datetime,
    until: datetime,
    by: By = By.DAY,
    source_id: int | None = None,
) -> list[Point]:
    """Every hour, Dutch day or ISO week from `since` to `until`, oldest first, quiet ones included."""
    if by is By.HOUR:
        hours = _hourly(session, brand_id, hour_of(since), until, source_id)
        return [Point(hour, hour + HOUR, hours.get(hour, Figures())) for hour in _hours(since, until)]
    daily = days(session, brand_id, _first_day(since, by), day_of(until), source_id)
    if by is By.DAY:
        return [Point(start_of(day), end_of(day), figures) for day, figures in daily.items()]
    weeks: dict[date, Figures] = {}
    for day, figures in daily.items():
        weeks[monday_of(day)] = weeks.get(monday_of(day), Figures()) + figures
    return [Point(start_of(week), end_of(week + timedelta(days=6)), total) for week, total in weeks.items()]


def days(
    session: Session, brand_id: int, first: date, last: date, source_id: int | None = None
) -> dict[date, Figures]:
    """The figures of each Dutch day from `first` to `last`, both included, oldest first."""
    query = _sums(DayBucket, col(DayBucket.day)).where(
        col(DayBucket.brand_id) == brand_id,
        _of_source(DayBucket, source_id),
        col(DayBucket.day).between(first.isoformat(), last.isoformat()),
    )
    rows = session.execute(query.group_by(col(DayBucket.day)))
    found = {date.fromisoformat(row[0]): Figures(*row[1:]) for row in rows}
    length = (last - first).days + 1
    return {day: found.get(day, Figures()) for day in (first + timedelta(days=n) for n in range(length))}


def totals(session: Session, brand_id: int, since: datetime, until: datetime) -> Figures:
    """Everything of a brand from `since` up to `until`, in whole UTC hours."""
    query = sa.select(*_sum_columns(Bucket)).where(
        col(Bucket.brand_id) == brand_id,
        _of_source(Bucket, None),
        col(Bucket.hour) >= hour_of(since),
        col(Bucket.hour) < until,
    )
    return Figures(*(value or 0 for value in session.execute(query).one()))


def oldest_hour(session: Session, brand_id: int) -> datetime | None:
    """The first hour of which anything is known."""
    return session.exec(select(func.min(Bucket.hour)).where(Bucket.brand_id == brand_id)).one()


def hour_text(session: Session, column: Any) -> Any:
    """SQL for the UTC hour of a time as `YYYY-MM-DD HH`: the one form that both databases can group by."""
    if session.get_bind().dialect.name == "postgresql":
        return func.to_char(func.timezone("UTC", column), "YYYY-MM-DD HH24", type_=sa.String)
    return func.substr(column, 1, 13, type_=sa.String)  # SQLite keeps times as ISO text in UTC


def parse_hour(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H").replace(tzinfo=UTC)


def verdict_that_counts() -> Any:
    """The join from a mention to the verdict on its newest version by the model that judged it last, or a person."""
    return (
        (col(Verdict.mention_id) == Mention.id)
        & (col(Verdict.version) == Mention.version)
        & (col(Verdict.model_id) == Mention.judged_by)
    )


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
    place = {"brand_id": brand_id, "source_id": source_id}
    rows = [place | {"hour": hour} | counted[hour] for hour in hours if hour in counted]
    upsert(session, Bucket, rows, _KEY)
    gone = [hour for hour in hours if hour not in counted]
    if gone:
        session.execute(
            delete(Bucket).where(
                col(Bucket.brand_id) == brand_id,
                col(Bucket.source_id) == source_id,
                col(Bucket.hour).in_(gone),
            )
        )


def _counted(
    session: Session, brand_id: int, source_id: int, since: datetime, until: datetime
) -> dict[datetime, dict[str, Any]]:
    columns = _counting()
    hour = hour_text(session, col(Mention.published_at)).label("hour")
    query = (
        sa.select(hour, *(column.label(name) for name, column in columns.items()))
        .select_from(Mention)
        .outerjoin(Verdict, verdict_that_counts())
        .where(
            col(Mention.brand_id) == brand_id,
            col(Mention.source_id) == source_id,
            col(Mention.published_at) >= since,
            col(Mention.published_at) < until,
            col(Mention.status).not_in(UNCOUNTED),
        )
        .group_by(sa.text("1"))
    )
    rows = session.execute(query).all()
    return {parse_hour(row[0]): dict(zip(columns, row[1:], strict=True)) for row in rows}


def _counting() -> dict[str, Any]:
    return {
        "mentions": func.count(),
        **{one.value: _count_if(col(Verdict.sentiment) == one) for one in Sentiment},
        **{one: _count_if(getattr(Verdict, one).is_(True)) for one in ("escalation", "churn", "question")},
        "historic": _count_if(col(Mention.historic).is_(True)),
        "replied": _count_if(col(Mention.reply_seen_at).is_not(None)),
        "model_id": func.max(sa.case((col(Mention.judged_by) != PERSON, col(Mention.judged_by)))),
    }


def _count_if(condition: Any) -> Any:
    return func.sum(sa.case((condition, 1), else_=0))


def _count_days(session: Session, brand_id: int, source_id: int, hours: list[datetime]) -> None:
    """Add up the buckets of the days in which these hours lie."""
    totals = {day_of(hour): Figures() for hour in hours}
    query = sa.select(col(Bucket.hour), *(getattr(Bucket, name) for name in NAMES)).where(
        col(Bucket.brand_id) == brand_id,
        col(Bucket.source_id) == source_id,
        col(Bucket.hour) >= start_of(day_of(hours[0])),
        col(Bucket.hour) < end_of(day_of(hours[-1])),
    )
    for hour, *figures in session.execute(query):
        if day_of(hour) in totals:
            totals[day_of(hour)] += Figures(*figures)
    place = {"brand_id": brand_id, "source_id": source_id}
    rows = [place | {"day": day.isoformat()} | asdict(figures) for day, figures in totals.items()]
    upsert(session, DayBucket, rows, ("brand_id", "source_id", "day"))


def _sum_columns(model: type[Bucket] | type[DayBucket]) -> list[Any]:
    return [func.sum(getattr(model, name)) for name in NAMES]


def _sums(model: type[Bucket] | type[DayBucket], start: Any) -> Any:
    return sa.select(start, *_sum_columns(model))


def _hourly(
    session: Session, brand_id: int, since: datetime, until: datetime, source_id: int | None
) -> dict[datetime, Figures]:
    query = _sums(Bucket, col(Bucket.hour)).where(
        col(Bucket.brand_id) == brand_id,
        _of_source(Bucket, source_id),
        col(Bucket.hour) >= since,
        col(Bucket.hour) < until,
    )
    rows = session.execute(query.group_by(col(Bucket.hour)))
    return {row[0]: Figures(*row[1:]) for row in rows}


def _of_source(model: type[Bucket] | type[DayBucket], source_id: int | None) -> Any:
    """One source, or every source by name: the key begins with brand and source, and only so the time narrows it."""
    wanted = col(model.source_id)
    return wanted.in_(select(Source.id)) if source_id is None else wanted == source_id


def _hours(since: datetime, until: datetime) -> Iterator[datetime]:
    hour = hour_of(since)
    while hour < until:
        yield hour
        hour += HOUR


def _first_day(since: datetime, by: By) -> date:
    day = since.astimezone(AMSTERDAM).date()
    return monday_of(day) if by is By.WEEK else day
