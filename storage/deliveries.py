"""The outbox: what is to be told to whom, claimed by one process at a time and kept until it was told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult
from sqlmodel import Session, col, func, select, update

from storage.leases import Holder, alive
from storage.models import Delivery, DeliveryForm, DeliveryState, Incident

CLAIM = timedelta(seconds=60)
"""How long a claim lasts: six times the longest call of a channel. A dead process's claim ends at once."""
SPACING = timedelta(seconds=1)
"""Slack takes one message a second per channel (https://docs.slack.dev/apis/web-api/rate-limits)."""


@dataclass(frozen=True)
class Wanted:
    """Something to tell one channel about an incident."""

    incident_id: int
    notifier: str
    channel: str
    form: DeliveryForm
    reason: str
    facts: dict[str, Any]


def of_incidents(session: Session, incidents: Sequence[int], notifier: str) -> dict[int, list[Delivery]]:
    """What a channel was told, or is to be told, of each of these incidents, oldest first."""
    found: dict[int, list[Delivery]] = {one: [] for one in incidents}
    query = select(Delivery).where(col(Delivery.incident_id).in_(incidents), Delivery.notifier == notifier)
    for delivery in session.exec(query.order_by(col(Delivery.id))):
        found[delivery.incident_id].append(delivery)
    return found


def queue(session: Session, wanted: Wanted, now: datetime) -> Delivery:
    """Put it in the outbox. Needs a write session; the database refuses a second post of an incident."""
    delivery = Delivery(
        incident_id=wanted.incident_id,
        notifier=wanted.notifier,
        channel=wanted.channel,
        form=wanted.form,
        reason=wanted.reason,
        facts=wanted.facts,
        created_at=now,
        due_at=now,
    )
    session.add(delivery)
    session.flush()
    return delivery


def due(session: Session, notifier: str, now: datetime) -> bool:
    """Whether there may be something to send or to take back; a cheap look before `claim`."""
    waiting = select(Delivery.id).where(
        Delivery.notifier == notifier,
        (col(Delivery.state) == DeliveryState.SENDING)
        | ((col(Delivery.state) == DeliveryState.PENDING) & (col(Delivery.due_at) <= now)),
    )
    return session.exec(waiting.limit(1)).first() is not None


def claim(session: Session, notifier: str, holder: Holder, now: datetime) -> Delivery | None:
    """Take the next due delivery, unless the channel was spoken to less than a second ago.

    Of two processes that try, one gets it: the claim holds only if the row was still pending.
    """
    take_back(session, notifier, now)
    if _spoken_since(session, notifier, now - SPACING):
        return None
    next_up = (
        select(Delivery)
        .where(
            Delivery.notifier == notifier,
            Delivery.state == DeliveryState.PENDING,
            col(Delivery.due_at) <= now,
        )
        .order_by(col(Delivery.due_at), col(Delivery.id))
        .limit(1)
    )
    delivery = session.exec(next_up).first()
    if delivery is None:
        return None
    claimed = {
        "state": DeliveryState.SENDING,
        "claimed_at": now,
        "claimed_by": str(holder),
        "attempts": delivery.attempts + 1,
    }
    return delivery if _change(session, delivery, DeliveryState.PENDING, claimed) else None


def take_back(session: Session, notifier: str, now: datetime) -> None:
    """Free the claims of processes that died, or that never came back."""
    sending = select(Delivery).where(Delivery.notifier == notifier, Delivery.state == DeliveryState.SENDING)
    for delivery in session.exec(sending).all():
        expired = delivery.claimed_at is None or delivery.claimed_at <= now - CLAIM
        if expired or not alive(Holder.parse(delivery.claimed_by or "")):
            _change(
                session,
                delivery,
                DeliveryState.SENDING,
                {"state": DeliveryState.PENDING, "claimed_at": None, "claimed_by": None},
            )


def sent(
    session: Session,
    delivery: Delivery,
    *,
    facts: dict[str, Any],
    payload: dict[str, Any],
    receipt: dict[str, Any],
    now: datetime,
) -> bool:
    """It was told. Returns False when the claim was lost meanwhile: another process may have told it too."""
    values = {
        "state": DeliveryState.SENT,
        "sent_at": now,
        "facts": facts,
        "payload": payload,
        "receipt": receipt,
        "error": None,
    }
    return _change(session, delivery, DeliveryState.SENDING, values)


def postpone(session: Session, delivery: Delivery, error: str, until: datetime) -> bool:
    """It could not be told for now."""
    values = {"state": DeliveryState.PENDING, "error": error[:500], "due_at": until, "claimed_by": None}
    return _change(session, delivery, DeliveryState.SENDING, values)


def hold_back(session: Session, notifier: str, until: datetime) -> None:
    """The channel asked to be left alone: nothing of it is due before then."""
    session.execute(
        update(Delivery)
        .where(
            col(Delivery.notifier) == notifier,
            col(Delivery.state) == DeliveryState.PENDING,
            col(Delivery.due_at) < until,
        )
        .values(due_at=until)
        .execution_options(synchronize_session=False)
    )


def give_up(session: Session, delivery: Delivery, error: str) -> bool:
    """It cannot be told until a person mends something; `retry` brings it back."""
    return _change(
        session, delivery, DeliveryState.SENDING, {"state": DeliveryState.FAILED, "error": error[:500]}
    )


def supersede(session: Session, delivery: Delivery) -> bool:
    """What it had to say is no longer so, or was said otherwise."""
    return _change(session, delivery, DeliveryState.SENDING, {"state": DeliveryState.SUPERSEDED})


def retry(session: Session, delivery_id: int, now: datetime) -> bool:
    """Try a failed delivery again; returns False when it has not failed. Needs a write session."""
    delivery = session.get(Delivery, delivery_id)
    again = {"state": DeliveryState.PENDING, "due_at": now, "attempts": 0}
    return delivery is not None and _change(session, delivery, DeliveryState.FAILED, again)


def retry_failed(session: Session, notifier: str, now: datetime) -> int:
    """Try every failed delivery of a channel again, for instance after its token was replaced."""
    failed = session.exec(
        select(Delivery).where(Delivery.notifier == notifier, Delivery.state == DeliveryState.FAILED)
    ).all()
    return sum(retry(session, delivery.id or 0, now) for delivery in failed)


def any_failed(session: Session, notifier: str) -> bool:
    failed = select(Delivery.id).where(Delivery.notifier == notifier, Delivery.state == DeliveryState.FAILED)
    return session.exec(failed.limit(1)).first() is not None


def post_of(session: Session, incident_id: int, notifier: str) -> Delivery | None:
    """The incident's one message in a channel."""
    return session.exec(
        select(Delivery).where(
            Delivery.incident_id == incident_id,
            Delivery.notifier == notifier,
            Delivery.form == DeliveryForm.POST,
        )
    ).one_or_none()


def incident_of(session: Session, delivery: Delivery) -> Incident:
    return session.get_one(Incident, delivery.incident_id)


def _spoken_since(session: Session, notifier: str, moment: datetime) -> bool:
    """Whether anything was sent, or is being sent, to this channel since then."""
    last = select(func.max(Delivery.claimed_at)).where(
        Delivery.notifier == notifier, col(Delivery.claimed_at) > moment
    )
    return session.exec(last).one() is not None


def _change(session: Session, delivery: Delivery, state: DeliveryState, values: dict[str, Any]) -> bool:
    """Change the row only while it is in `state`, and for a claim only while it is the one that was read."""
    statement = (
        update(Delivery)
        .where(
            col(Delivery.id) == delivery.id,
            col(Delivery.state) == state,
            col(Delivery.attempts) == delivery.attempts,
        )
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    changed = cast("CursorResult[Any]", session.execute(statement)).rowcount == 1
    if delivery in session:
        session.refresh(delivery)
    return changed
