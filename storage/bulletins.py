"""Incidents as the pages show them: what happened, the evidence, and what was told to whom."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select

from storage import deliveries as outbox
from storage import listings
from storage.listings import MentionRow
from storage.models import (
    Brand,
    Delivery,
    DeliveryForm,
    DeliveryState,
    Incident,
    IncidentEvent,
    IncidentMention,
    Source,
)

PAGE = 40


@dataclass(frozen=True)
class IncidentRow:
    """An incident with the names of what it is about."""

    incident: Incident
    brand: str | None
    source: str | None
    mentions: int
    troubled: bool
    """A channel could not be told, or keeps refusing."""


@dataclass(frozen=True)
class Told:
    """One message of an incident in a channel: the post as it reads now, and its thread."""

    post: Delivery
    edited: bool
    edited_at: datetime | None
    payload: dict[str, Any]
    replies: tuple[Delivery, ...]


def incidents(
    session: Session, *, still_open: bool, before: int | None = None, size: int = PAGE
) -> list[IncidentRow]:
    """Open incidents, or those that are over, newest first; older ones than the incident `before`."""
    over = col(Incident.resolved_at).is_not(None)
    query = select(Incident).where(~over if still_open else over)
    if before is not None:
        query = query.where(col(Incident.id) < before)
    return _rows(session, list(session.exec(query.order_by(col(Incident.id).desc()).limit(size))))


def incident(session: Session, incident_id: int) -> IncidentRow | None:
    found = session.get(Incident, incident_id)
    return _rows(session, [found])[0] if found else None


def events(session: Session, incident_id: int) -> list[IncidentEvent]:
    """The timeline, oldest first."""
    query = select(IncidentEvent).where(IncidentEvent.incident_id == incident_id)
    return list(session.exec(query.order_by(col(IncidentEvent.at), col(IncidentEvent.id))))


def evidence(session: Session, incident: Incident, size: int = 10) -> tuple[MentionRow, ...]:
    """The mentions that the incident counted: those its rule found strongest, then the newest."""
    counted = select(IncidentMention.mention_id).where(IncidentMention.incident_id == incident.id)
    newest = session.exec(counted.order_by(col(IncidentMention.mention_id).desc()).limit(size))
    strongest = incident.facts.get("examples", [])
    ids = [one for one in strongest if isinstance(one, int)] if isinstance(strongest, list) else []
    return listings.rows(session, list(dict.fromkeys([*ids, *newest]))[:size])


def of_mention(session: Session, mention_id: int) -> list[IncidentRow]:
    """The incidents for which a mention is evidence."""
    counted = select(IncidentMention.incident_id).where(IncidentMention.mention_id == mention_id)
    query = select(Incident).where(col(Incident.id).in_(counted)).order_by(col(Incident.opened_at).desc())
    return _rows(session, list(session.exec(query.limit(PAGE))))


def deliveries(session: Session, incident_id: int) -> list[Delivery]:
    """What was told about an incident, or should have been, in order."""
    query = select(Delivery).where(Delivery.incident_id == incident_id)
    return list(session.exec(query.order_by(col(Delivery.id))))


def retry(session: Session, incident_id: int, now: datetime) -> int:
    """Try again what an incident's channels refused; returns how much that is. Needs a write session."""
    failed = (one for one in deliveries(session, incident_id) if one.state is DeliveryState.FAILED)
    return sum(outbox.retry(session, one.id or 0, now) for one in failed)


def failing(session: Session, since: datetime, size: int = 5) -> list[Delivery]:
    """The newest deliveries from `since` on that were given up or that keep failing."""
    query = select(Delivery).where(_troubled(), col(Delivery.created_at) >= since)
    return list(session.exec(query.order_by(col(Delivery.id).desc()).limit(size)))


def told(session: Session, size: int = 20) -> list[Told]:
    """Messages as their channel shows them now, newest first, from what was last handed over."""
    query = (
        select(Delivery)
        .where(Delivery.form == DeliveryForm.POST, col(Delivery.payload).is_not(None))
        .order_by(col(Delivery.id).desc())
        .limit(size)
    )
    return [_told(session, post) for post in session.exec(query) if post.payload]


def _told(session: Session, post: Delivery) -> Told:
    query = (
        select(Delivery)
        .where(
            Delivery.incident_id == post.incident_id,
            Delivery.notifier == post.notifier,
            Delivery.form != DeliveryForm.POST,
            Delivery.state == DeliveryState.SENT,
        )
        .order_by(col(Delivery.id))
    )
    later = list(session.exec(query))
    updates = [one for one in later if one.form is DeliveryForm.UPDATE and one.payload]
    replies = tuple(one for one in later if one.form is DeliveryForm.REPLY and one.payload)
    newest = updates[-1] if updates else None
    return Told(
        post=post,
        edited=newest is not None,
        edited_at=newest.sent_at if newest else None,
        payload=newest.payload if newest else post.payload,
        replies=replies,
    )


def _troubled() -> Any:
    trying = (DeliveryState.PENDING, DeliveryState.SENDING)
    return (col(Delivery.state) == DeliveryState.FAILED) | (
        col(Delivery.state).in_(trying) & col(Delivery.error).is_not(None)
    )


def _rows(session: Session, found: list[Incident]) -> list[IncidentRow]:
    ids = [one.id for one in found if one.id is not None]
    counting = (
        select(IncidentMention.incident_id, func.count())
        .where(col(IncidentMention.incident_id).in_(ids))
        .group_by(col(IncidentMention.incident_id))
    )
    counted = dict(session.exec(counting).all())
    trouble = set(
        session.exec(select(Delivery.incident_id).where(col(Delivery.incident_id).in_(ids), _troubled()))
    )
    brands = {brand.id: brand.name for brand in session.exec(select(Brand))}
    sources = {source.id: source.name for source in session.exec(select(Source))}
    return [
        IncidentRow(
            incident=one,
            brand=brands.get(one.brand_id),
            source=sources.get(one.source_id),
            mentions=counted.get(one.id or 0, 0),
            troubled=one.id in trouble,
        )
        for one in found
    ]
