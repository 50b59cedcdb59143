"""The deliver step: decide what is to be said, and say it, from an outbox.

State before effect: a delivery is committed before anything is sent, claimed before it is sent, and marked after.
A crash between sending and marking repeats that one message; nothing else is lost or said twice.
"""

import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from alerts import messages
from alerts.catalogue import Catalogue
from alerts.catalogue import load as load_catalogue
from alerts.notifiers import DeliveryError, Message, Notifier, Receipt
from alerts.reasons import FORMS, STALE, Reason, Standing, Told, why_notify
from storage import deliveries, incidents
from storage.configuration import Configuration, QuietHours
from storage.database import Database, Session
from storage.deliveries import Wanted
from storage.leases import Holder, exclusive, this_process
from storage.models import Delivery, DeliveryForm, Incident, Severity
from storage.steps import StepReport

log = logging.getLogger(__name__)

FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=5)
LOOK_BACK = 2 * STALE
"""Incidents resolved longer ago have nothing left to be said of them, or it is in the outbox."""


@dataclass(frozen=True)
class Desk:
    """What a channel's messages are written with."""

    notifier: Notifier
    quiet_hours: QuietHours | None
    address: str
    say: Catalogue
    holder: Holder


def desk(configuration: Configuration, notifier: Notifier) -> Desk:
    return Desk(
        notifier=notifier,
        quiet_hours=configuration.alerts.quiet_hours,
        address=configuration.dashboard.address,
        say=load_catalogue(configuration.language),
        holder=this_process(),
    )


def run(
    database: Database,
    configuration: Configuration,
    notifiers: Sequence[Notifier],
    now: Callable[[], datetime],
    pause: Callable[[float], None],
) -> StepReport:
    """Decide and send until nothing is due. `pause` waits a number of seconds, between two messages."""
    done = failed = 0
    for notifier in notifiers:
        at = desk(configuration, notifier)
        decide(database, at, now())
        while (told := send_next(database, at, now)) is not None:
            done, failed = done + int(told), failed + int(not told)
            pause(deliveries.SPACING.total_seconds())
            decide(database, at, now())
    return StepReport("deliver", done=done, failed=failed)


def decide(database: Database, at: Desk, now: datetime) -> int:
    """Put what is to be said in the outbox; returns how much that is."""
    with database.read() as session:
        if not _to_say(session, at, now):
            return 0
    return database.transact(lambda session: _queue(session, at, now))


def send_next(database: Database, at: Desk, clock: Callable[[], datetime]) -> bool | None:
    """Send what is due next. True when it was told, False when not, None when nothing is due."""
    name, now = at.notifier.name, clock()
    with database.read() as session:
        if not deliveries.due(session, name, now):
            return None
    delivery = database.transact(lambda session: _claim(session, at, now))
    if delivery is None:
        return None
    with database.read() as session:
        said = _compose(session, at, delivery, now)
    if said is None:
        database.transact(lambda session: deliveries.supersede(session, delivery))
        return send_next(database, at, clock)
    return _send(database, at, delivery, said, clock)


def mend(database: Database, notifier: Notifier, now: datetime) -> StepReport:
    """Try again what a channel refused for good, if it knows us now: its token may have been replaced."""
    with database.read() as session:
        if not deliveries.any_failed(session, notifier.name):
            return StepReport("deliver")
    try:
        notifier.check()
    except DeliveryError as error:
        return StepReport("deliver", failed=1, notes=(str(error),))
    again = database.transact(lambda session: deliveries.retry_failed(session, notifier.name, now))
    return StepReport("deliver", notes=(f"{again} refused deliveries will be tried again",))


@dataclass(frozen=True)
class _Said:
    """A message and the standing that it tells."""

    message: Message
    standing: Standing


def _claim(session: Session, at: Desk, now: datetime) -> Delivery | None:
    exclusive(session)
    return deliveries.claim(session, at.notifier.name, at.holder, now)


def _send(
    database: Database, at: Desk, delivery: Delivery, said: _Said, clock: Callable[[], datetime]
) -> bool:
    try:
        receipt = at.notifier.send(said.message)
    except DeliveryError as error:
        _note_failure(database, at, delivery, error, clock())
        return False
    payload = {"text": said.message.text, "blocks": list(said.message.blocks)}
    database.transact(
        lambda session: deliveries.sent(
            session,
            delivery,
            facts=_as_facts(said.standing),
            payload=payload,
            receipt=asdict(receipt),
            now=clock(),
        )
    )
    return True


def _note_failure(
    database: Database, at: Desk, delivery: Delivery, error: DeliveryError, now: datetime
) -> None:
    wait = error.retry_after or wait_after(delivery.attempts, random.random())  # noqa: S311 - no secret
    until = now + wait
    what = "given up until it is mended" if error.permanent else f"tried again in {wait.seconds} s"
    log.warning("incident %s: %s; %s", delivery.incident_id, error, what, extra={"action": "deliver"})

    def note(session: Session) -> None:
        if error.permanent:
            deliveries.give_up(session, delivery, str(error))
            return
        deliveries.postpone(session, delivery, str(error), until)
        if error.retry_after is not None:
            deliveries.hold_back(session, at.notifier.name, until)

    database.transact(note)


def wait_after(attempts: int, chance: float) -> timedelta:
    """How long to wait after so many attempts: doubling to five minutes, less up to half by `chance` (0..1).

    Chance keeps many installations from knocking all at once when the channel comes back.
    """
    whole: timedelta = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(attempts, 20))
    return whole * (1 - chance / 2)


def _to_say(session: Session, at: Desk, now: datetime) -> list[tuple[Incident, Reason]]:
    """The incidents of which something is to be said now, and why."""
    found = incidents.to_tell(session, now - LOOK_BACK)
    told = deliveries.of_incidents(session, [one.id or 0 for one in found], at.notifier.name)
    reasons = [
        (one, why_notify(standing(one), _told(told[one.id or 0]), now, at.quiet_hours)) for one in found
    ]
    return [(one, reason) for one, reason in reasons if reason in FORMS]


def _queue(session: Session, at: Desk, now: datetime) -> int:
    exclusive(session)
    wanted = _to_say(session, at, now)
    for incident, reason in wanted:
        deliveries.queue(
            session,
            Wanted(
                incident_id=incident.id or 0,
                notifier=at.notifier.name,
                channel=at.notifier.channel,
                form=FORMS[reason],
                reason=reason.value,
                facts=_as_facts(standing(incident)),
            ),
            now,
        )
    return len(wanted)


def standing(incident: Incident) -> Standing:
    """How an incident stands: its level is the worst hour or the sources out of reach, else its mentions."""
    size = int(incident.facts.get("count") or 0)
    return Standing(
        severity=incident.severity,
        size=size,
        level=int(incident.facts.get("observed") or size),
        resolved_at=incident.resolved_at,
        acknowledged=incident.acknowledged_at is not None,
    )


def _told(found: Sequence[Delivery]) -> list[Told]:
    return [Told(one.form, one.state, one.sent_at or one.created_at, _from_facts(one.facts)) for one in found]


def _as_facts(one: Standing) -> dict[str, Any]:
    return asdict(one) | {"resolved_at": one.resolved_at.isoformat() if one.resolved_at else None}


def _from_facts(facts: dict[str, Any]) -> Standing:
    over = facts.get("resolved_at")
    return Standing(
        severity=Severity(facts.get("severity", Severity.ATTENTION)),
        size=facts.get("size", 0),
        level=facts.get("level", 0),
        resolved_at=datetime.fromisoformat(over) if over else None,
        acknowledged=facts.get("acknowledged", False),
    )


def _compose(session: Session, at: Desk, delivery: Delivery, now: datetime) -> _Said | None:
    """The message as things stand now, not as they stood when it was queued; None when it says nothing new."""
    incident = deliveries.incident_of(session, delivery)
    reason = Reason(delivery.reason)
    if reason in (Reason.WORSE, Reason.REOPENED) and incident.resolved_at is not None:
        return None  # that it is over will be said instead
    parent = None
    if delivery.form is not DeliveryForm.POST:
        parent = _receipt(deliveries.post_of(session, delivery.incident_id, at.notifier.name))
        if parent is None:
            return None  # the post has not been sent: when it goes, it says all there is
    subject = _subject(session, at, incident)
    content = (
        messages.reply(subject, reason, at.say, now)
        if delivery.form is DeliveryForm.REPLY
        else messages.post(subject, at.say, now)
    )
    message = Message(delivery.form, content.text, content.blocks, parent, repeated=delivery.attempts > 1)
    return _Said(message, standing(incident))


def _subject(session: Session, at: Desk, incident: Incident) -> messages.Subject:
    brand, source = incidents.names(session, incident)
    examples = incidents.examples(session, incident.facts.get("examples", []))
    return messages.Subject(incident, brand or "", source or "", examples, at.address)


def _receipt(post: Delivery | None) -> Receipt | None:
    if post is None or not post.receipt.get("ts"):
        return None
    return Receipt(post.receipt["channel"], post.receipt["ts"])
