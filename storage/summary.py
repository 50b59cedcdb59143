"""What is in the database, in a few figures."""

from typing import Any

from sqlmodel import Session, col, func, select

from storage.export import iso
from storage.joins import verdict_that_counts
from storage.models import Delivery, DeliveryForm, DeliveryState, Incident, IncidentMention, Mention, Verdict


def mentions(session: Session) -> int:
    return session.exec(select(func.count()).select_from(Mention)).one()


def verdicts(session: Session) -> dict[str, int]:
    """How many mentions the verdict that counts calls what."""
    query = select(Verdict.sentiment, func.count()).join(Mention, verdict_that_counts())
    return {str(label): count for label, count in session.exec(query.group_by(col(Verdict.sentiment)))}


def incidents(session: Session) -> list[dict[str, Any]]:
    """Every incident, oldest first, with its times, evidence and what was told about it."""
    evidence = _counts(session, IncidentMention)
    return [
        {
            "rule": incident.rule,
            "severity": incident.severity.value,
            "started_at": iso(incident.started_at),
            "opened_at": iso(incident.opened_at),
            "updated_at": iso(incident.updated_at),
            "resolved_at": iso(incident.resolved_at),
            "mentions": evidence.get(incident.id or 0, 0),
            "told": _sent(session, incident.id or 0),
        }
        for incident in session.exec(select(Incident).order_by(col(Incident.opened_at), col(Incident.id)))
    ]


def messages(session: Session) -> dict[str, int]:
    """How many posts, updates and thread replies were sent."""
    query = select(Delivery.form, func.count()).where(Delivery.state == DeliveryState.SENT)
    found = dict(session.exec(query.group_by(col(Delivery.form))).all())
    return {form.value: found.get(form, 0) for form in DeliveryForm}


def _counts(session: Session, model: type[IncidentMention]) -> dict[int, int]:
    query = select(model.incident_id, func.count()).group_by(col(model.incident_id))
    return dict(session.exec(query).all())


def _sent(session: Session, incident_id: int) -> list[str]:
    query = select(Delivery.form).where(
        Delivery.incident_id == incident_id, Delivery.state == DeliveryState.SENT
    )
    return [str(form) for form in session.exec(query.order_by(col(Delivery.sent_at), col(Delivery.id)))]
