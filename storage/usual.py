"""How many complaints the hours of a brand brought that may count as ordinary."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from storage import holes, judges, trends
from storage.calendar import HOUR
from storage.mentions import hour_of
from storage.models import PERSON, Incident


@dataclass(frozen=True)
class Hour:
    """A whole hour and its complaints; where another model judged in it, as many as there may be at most."""

    start: datetime
    complaints: int
    exact: bool = True


def history(session: Session, brand_id: int, since: datetime, until: datetime) -> list[Hour]:
    """Complaints in each whole hour that may count as ordinary, silent hours as 0, historic ones included.

    Counted is what the model in use is sure of, as in the hours that are compared with these. Left out are the
    time before anything is known, hours inside earlier spikes of this brand, and hours in which not one source was
    listened to.
    """
    oldest = trends.oldest_hour(session, brand_id)
    if oldest is None:
        return []
    since = max(hour_of(since), oldest)
    points = trends.series(session, brand_id, since, hour_of(until), trends.By.HOUR)
    stormy = _stormy(session, brand_id, since, until)
    sources = holes.sources_of(session, brand_id)
    deaf = holes.deaf_hours(holes.holes(session, sources, since, until), sources)
    present = judges.in_use(session)
    return [
        _hour(point, present)
        for point in points
        if point.start not in deaf
        and not any(start < point.end and point.start < end for start, end in stormy)
    ]


def _hour(point: trends.Point, present: str | None) -> Hour:
    """However another model than `present` judged: the present one cannot find more complaints than posts."""
    others = {judge for judge in point.judges if present not in (None, judge)} - {PERSON, trends.UNJUDGED}
    complaints = sum(
        one.mentions if judge in others else one.negative - one.unsure_negative
        for judge, one in point.judges.items()
    )
    return Hour(point.start, complaints, exact=not others)


def _stormy(
    session: Session, brand_id: int, since: datetime, until: datetime
) -> Sequence[tuple[datetime, datetime]]:
    query = select(Incident).where(
        Incident.brand_id == brand_id,
        Incident.rule == "negative_spike",
        (col(Incident.resolved_at) >= since) | col(Incident.resolved_at).is_(None),
    )
    return [(one.started_at, one.resolved_at or until + HOUR) for one in session.exec(query)]
