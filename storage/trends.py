"""What was counted per hour and Dutch day, read back as series."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from storage.calendar import AMSTERDAM, HOUR, day_of, end_of, monday_of, start_of
from storage.mentions import hour_of
from storage.models import Bucket, DayBucket, Source
from storage.records import Status

UNCOUNTED = (Status.REMOVED,)
"""What the public can no longer read does not count."""
UNJUDGED = ""
"""Stands where a judge does for what no model has judged yet."""


@dataclass(frozen=True)
class Figures:
    """How many mentions, and how many of them are what. The sentiments count judged mentions only.

    `unsure` are verdicts of which the model itself doubts, `unsure_negative` the negative ones among them.
    """

    mentions: int = 0
    negative: int = 0
    neutral: int = 0
    positive: int = 0
    escalation: int = 0
    churn: int = 0
    question: int = 0
    unsure: int = 0
    unsure_negative: int = 0
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

ByJudge = Mapping[str, Figures]
"""Figures by whose verdicts they rest on: model ids, `PERSON`, and `UNJUDGED`."""


def total(judges: ByJudge) -> Figures:
    """The figures of all judges together."""
    return sum(judges.values(), Figures()) if len(judges) != 1 else next(iter(judges.values()))


def merged(parts: Iterable[ByJudge]) -> ByJudge:
    """The figures of several stretches added up, judge by judge."""
    found: dict[str, Figures] = {}
    for part in parts:
        for judge, figures in part.items():
            found[judge] = found[judge] + figures if judge in found else figures
    return found


def shares(judges: ByJudge) -> dict[str, float]:
    """Which part of the verdicts each judge gave, the largest first."""
    judged = {judge: one.judged for judge, one in judges.items() if one.judged}
    whole = sum(judged.values())
    return {judge: count / whole for judge, count in sorted(judged.items(), key=lambda pair: -pair[1])}


class By(StrEnum):
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"


@dataclass(frozen=True)
class Point:
    """The figures of one hour, Dutch day or ISO week; `start` and `end` in UTC, `end` is outside."""

    start: datetime
    end: datetime
    judges: ByJudge

    @cached_property
    def figures(self) -> Figures:
        return total(self.judges)


def series(
    session: Session,
    brand_id: int,
    since: datetime,
    until: datetime,
    by: By = By.DAY,
) -> list[Point]:
    """Every hour, Dutch day or ISO week from `since` to `until`, oldest first, quiet ones included."""
    if by is By.HOUR:
        hours = _hourly(session, brand_id, hour_of(since), until)
        return [Point(hour, hour + HOUR, hours.get(hour, {})) for hour in _hours(since, until)]
    daily = _daily(session, brand_id, _first_day(since, by), day_of(until))
    if by is By.DAY:
        return [Point(start_of(day), end_of(day), judges) for day, judges in daily.items()]
    weeks: dict[date, list[ByJudge]] = {}
    for day, judges in daily.items():
        weeks.setdefault(monday_of(day), []).append(judges)
    return [
        Point(start_of(week), end_of(week + timedelta(days=6)), merged(parts))
        for week, parts in weeks.items()
    ]


def days(session: Session, brand_id: int, first: date, last: date) -> dict[date, Figures]:
    """The figures of each Dutch day from `first` to `last`, both included, oldest first."""
    return {day: total(judges) for day, judges in _daily(session, brand_id, first, last).items()}


def totals(session: Session, brand_id: int, since: datetime, until: datetime) -> Figures:
    """Everything of a brand from `since` up to `until`, in whole UTC hours."""
    query = sa.select(*_sum_columns(Bucket)).where(
        col(Bucket.brand_id) == brand_id,
        _of_a_source(Bucket),
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


def _sum_columns(model: type[Bucket] | type[DayBucket]) -> list[Any]:
    return [func.sum(getattr(model, name)) for name in NAMES]


def _sums(model: type[Bucket] | type[DayBucket], start: Any) -> Any:
    return sa.select(start, col(model.judge), *_sum_columns(model)).group_by(start, col(model.judge))


def _by_start(rows: Iterable[Any]) -> dict[Any, dict[str, Figures]]:
    found: dict[Any, dict[str, Figures]] = {}
    for start, judge, *figures in rows:
        found.setdefault(start, {})[judge] = Figures(*figures)
    return found


def _hourly(
    session: Session, brand_id: int, since: datetime, until: datetime
) -> dict[datetime, dict[str, Figures]]:
    query = _sums(Bucket, col(Bucket.hour)).where(
        col(Bucket.brand_id) == brand_id,
        _of_a_source(Bucket),
        col(Bucket.hour) >= since,
        col(Bucket.hour) < until,
    )
    return _by_start(session.execute(query))


def _daily(session: Session, brand_id: int, first: date, last: date) -> dict[date, ByJudge]:
    """Every Dutch day from `first` to `last`, both included, oldest first."""
    query = _sums(DayBucket, col(DayBucket.day)).where(
        col(DayBucket.brand_id) == brand_id,
        _of_a_source(DayBucket),
        col(DayBucket.day) >= first.isoformat(),
        col(DayBucket.day) <= last.isoformat(),
    )
    found = _by_start(session.execute(query))
    length = (last - first).days + 1
    return {day: found.get(day.isoformat(), {}) for day in (first + timedelta(days=n) for n in range(length))}


def _of_a_source(model: type[Bucket] | type[DayBucket]) -> Any:
    """Every source by name: the key begins with brand and source, and only so the time narrows it."""
    return col(model.source_id).in_(select(Source.id))


def _hours(since: datetime, until: datetime) -> Iterator[datetime]:
    hour = hour_of(since)
    while hour < until:
        yield hour
        hour += HOUR


def _first_day(since: datetime, by: By) -> date:
    day = since.astimezone(AMSTERDAM).date()
    return monday_of(day) if by is By.WEEK else day
