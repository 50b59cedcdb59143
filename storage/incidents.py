"""Incidents: a rule that holds for a key, from opened to resolved, with its timeline and evidence."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, delete, func, select

from storage.joins import newest_version, verdict_that_counts
from storage.models import (
    PERSON,
    Brand,
    Incident,
    IncidentEvent,
    IncidentMention,
    Mention,
    MentionVersion,
    Sentiment,
    Severity,
    Source,
    Verdict,
)
from storage.upsert import insert_missing

WHO = "klachtenradar"
GROWTH = 1.5
"""The timeline notes growth by this factor, not every single complaint."""


@dataclass(frozen=True)
class Finding:
    """A rule holds for a key: what it measured, since when, and the mentions that it counted."""

    rule: str
    key: str
    severity: Severity
    started_at: datetime
    facts: dict[str, Any]
    brand_id: int | None = None
    source_id: int | None = None
    mentions: Sequence[int] = field(default=())


@dataclass(frozen=True)
class Example:
    """A piece of evidence as a message quotes it."""

    mention_id: int
    text: str
    url: str | None
    source: str
    published_at: datetime


def open_of(session: Session, key: str) -> Incident | None:
    """The open incident of a key."""
    return session.exec(
        select(Incident).where(Incident.key == key, col(Incident.resolved_at).is_(None))
    ).one_or_none()


def last_resolved(session: Session, key: str, since: datetime) -> Incident | None:
    """The newest incident of a key that was resolved since then."""
    query = select(Incident).where(Incident.key == key, col(Incident.resolved_at) >= since)
    return session.exec(query.order_by(col(Incident.resolved_at).desc()).limit(1)).first()


def open_by_rule(session: Session, rule: str) -> list[Incident]:
    query = select(Incident).where(Incident.rule == rule, col(Incident.resolved_at).is_(None))
    return list(session.exec(query.order_by(col(Incident.id))))


def to_tell(session: Session, resolved_since: datetime) -> list[Incident]:
    """Incidents of which something may have to be said: open ones and those resolved lately."""
    query = select(Incident).where(
        col(Incident.resolved_at).is_(None) | (col(Incident.resolved_at) >= resolved_since)
    )
    return list(session.exec(query.order_by(col(Incident.id))))


def counted(session: Session, key: str, since: datetime) -> dict[int, bool]:
    """Mentions published since then that incidents of this key counted; True when that incident is open."""
    query = (
        sa.select(col(IncidentMention.mention_id), col(Incident.resolved_at).is_(None))
        .join(Incident, col(Incident.id) == IncidentMention.incident_id)
        .join(Mention, col(Mention.id) == IncidentMention.mention_id)
        .where(col(Incident.key) == key, col(Mention.published_at) >= since)
        .order_by(col(Incident.id))
    )
    return {mention_id: bool(still_open) for mention_id, still_open in session.execute(query)}


def begin(session: Session, finding: Finding, now: datetime) -> Incident:
    """Open an incident. Needs a write session; the database refuses a second open one of the same key."""
    incident = Incident(
        rule=finding.rule,
        key=finding.key,
        brand_id=finding.brand_id,
        source_id=finding.source_id,
        severity=finding.severity,
        started_at=finding.started_at,
        opened_at=now,
        updated_at=now,
        last_true_at=now,
    )
    session.add(incident)
    session.flush()
    count_in(session, incident, finding.mentions)
    incident.facts = finding.facts | _figures(session, incident)
    _note(session, incident, "opened", now)
    return incident


def hold(session: Session, incident: Incident, finding: Finding, now: datetime) -> None:
    """The rule still holds: take over what it measured, and note growth. Severity never falls."""
    incident.last_true_at = now
    incident.started_at = min(incident.started_at, finding.started_at)
    worse = finding.severity is Severity.CRITICAL and incident.severity is not Severity.CRITICAL
    if worse:
        incident.severity = Severity.CRITICAL
    count_in(session, incident, finding.mentions)
    facts = finding.facts | _figures(session, incident)
    if facts != incident.facts or worse:
        incident.facts, incident.updated_at = facts, now
    session.add(incident)
    if worse:
        _note(session, incident, "worse", now)
    elif facts.get("count", 0) >= GROWTH * max(1, _last_count(session, incident)):
        _note(session, incident, "grown", now)


def count_in(session: Session, incident: Incident, mentions: Sequence[int]) -> None:
    """Add mentions to the evidence; known ones stay once."""
    rows = [{"incident_id": _id(incident), "mention_id": mention} for mention in mentions]
    insert_missing(session, IncidentMention, rows)


def discount(session: Session, mention_id: int, who: str, now: datetime) -> None:
    """A person says that a mention is no complaint: open incidents count it no more.

    One that has no other evidence is over. What is over already keeps what it told.
    """
    mine = col(IncidentMention.mention_id) == mention_id
    counting = select(IncidentMention.incident_id).where(mine)
    still_open = select(Incident).where(col(Incident.id).in_(counting), col(Incident.resolved_at).is_(None))
    for incident in list(session.exec(still_open)):
        if _figures(session, incident)["count"] == 1:
            resolve(session, incident, now, who)
            continue
        session.execute(
            delete(IncidentMention).where(mine, col(IncidentMention.incident_id) == _id(incident))
        )
        incident.facts = incident.facts | _figures(session, incident)
        incident.updated_at = now
        session.add(incident)


def resolve(session: Session, incident: Incident, now: datetime, who: str = WHO) -> None:
    """The rule no longer holds."""
    incident.resolved_at = incident.updated_at = now
    _note(session, incident, "resolved", now, who)


def reopen(session: Session, incident: Incident, finding: Finding, now: datetime) -> None:
    """It flared up again shortly after: the same incident goes on."""
    incident.resolved_at = incident.acknowledged_at = incident.acknowledged_by = None
    session.add(incident)
    session.flush()
    _note(session, incident, "reopened", now)
    hold(session, incident, finding, now)


def acknowledge(session: Session, incident_id: int, who: str, now: datetime) -> bool:
    """Somebody takes it on; returns False when it was taken on or over already. Needs a write session."""
    incident = session.get(Incident, incident_id, with_for_update=True)
    if incident is None or incident.resolved_at is not None or incident.acknowledged_at is not None:
        return False
    incident.acknowledged_at = incident.updated_at = now
    incident.acknowledged_by = who[:100]
    _note(session, incident, "acknowledged", now, who[:100])
    return True


def examples(session: Session, ids: Sequence[int], longest: int = 1000) -> list[Example]:
    """Mentions to quote, in the order asked; those pruned meanwhile, or no complaint after all, are left out."""
    query = (
        sa.select(
            col(Mention.id),
            func.coalesce(MentionVersion.title, ""),
            func.substr(MentionVersion.text, 1, longest),
            col(Mention.url),
            col(Source.name),
            col(Mention.published_at),
        )
        .join(MentionVersion, newest_version())
        .join(Source, col(Source.id) == Mention.source_id)
        .outerjoin(Verdict, verdict_that_counts())
        .where(
            col(Mention.id).in_(ids),
            col(Mention.pruned_at).is_(None),
            (func.coalesce(Mention.judged_by, "") != PERSON) | (col(Verdict.sentiment) == Sentiment.NEGATIVE),
        )
    )
    rows = {row[0]: row for row in session.execute(query)}
    found = [rows[one] for one in ids if one in rows]
    return [
        Example(key, f"{title}: {text}" if title and text else title or text, *rest)
        for key, title, text, *rest in found
    ]


def names(session: Session, incident: Incident) -> tuple[str | None, str | None]:
    """The names of the brand and the source that an incident is about."""
    brand = session.get(Brand, incident.brand_id) if incident.brand_id else None
    source = session.get(Source, incident.source_id) if incident.source_id else None
    return (brand.name if brand else None, source.name if source else None)


def _id(incident: Incident) -> int:
    assert incident.id is not None  # noqa: S101 - flushed before
    return incident.id


def _figures(session: Session, incident: Incident) -> dict[str, Any]:
    """How many mentions were counted, how many different texts they hold, where they stood, what they are about."""
    query = (
        sa.select(
            col(Source.name),
            func.count(),
            func.count(sa.distinct(col(Mention.cluster_id))),
            func.sum(sa.case((col(Mention.cluster_id).is_(None), 1), else_=0)),
        )
        .select_from(IncidentMention)
        .join(Mention, col(Mention.id) == IncidentMention.mention_id)
        .join(Source, col(Source.id) == Mention.source_id)
        .where(col(IncidentMention.incident_id) == _id(incident))
        .group_by(col(Source.name))
        .order_by(func.count().desc(), col(Source.name))
    )
    rows = session.execute(query).all()
    return {
        "count": sum(count for _, count, _, _ in rows),
        "texts": sum(copied + alone for _, _, copied, alone in rows),
        "sources": [{"name": name, "count": count} for name, count, _, _ in rows],
        "themes": _themes(session, incident),
    }


def _themes(session: Session, incident: Incident) -> list[dict[str, Any]]:
    """What the evidence is about by the verdicts that count, the most frequent theme first."""
    query = (
        select(Verdict.themes)
        .join(Mention, verdict_that_counts())
        .join(IncidentMention, col(IncidentMention.mention_id) == Mention.id)
        .where(IncidentMention.incident_id == _id(incident))
    )
    counted = Counter(theme for themes in session.exec(query) for theme in themes)
    return [{"name": name, "count": count} for name, count in sorted(counted.items(), key=_often_first)]


def _often_first(pair: tuple[str, int]) -> tuple[int, str]:
    return -pair[1], pair[0]


def _last_count(session: Session, incident: Incident) -> int:
    query = select(IncidentEvent).where(IncidentEvent.incident_id == incident.id)
    last = session.exec(query.order_by(col(IncidentEvent.id).desc()).limit(1)).first()
    return int(last.facts.get("count") or 0) if last else 0


def _note(session: Session, incident: Incident, what: str, now: datetime, who: str | None = None) -> None:
    session.add(incident)
    session.add(
        IncidentEvent(incident_id=_id(incident), at=now, what=what, who=who, facts=dict(incident.facts))
    )
    session.flush()
