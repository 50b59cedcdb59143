"""Whether to speak about an incident, and why: one pure function with a name for every answer.

A channel hears of an incident in one message. The message is rewritten as the incident grows, which disturbs
nobody; a reply in its thread, which people are notified of, is kept for what they would want to be woken for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from storage.calendar import AMSTERDAM
from storage.configuration import QuietHours
from storage.models import DeliveryForm, DeliveryState, Severity

UPDATE_EVERY = timedelta(minutes=5)
REPLY_EVERY = timedelta(minutes=10)
WORSE = 2.0
"""A reply for growth needs this many times the level that was last spoken of."""
STALE = timedelta(hours=12)
"""An incident that was over this long before anybody was told is not told any more."""


class Reason(StrEnum):
    """Why something is said, or why not."""

    FIRST = "first"
    """The incident is new to this channel."""
    GROWN = "grown"
    """The message no longer holds the latest figures."""
    REFRESHED = "refreshed"
    """Somebody took it on, or it is over, and the message does not show it yet."""
    WORSE = "worse"
    """Twice the level last spoken of, or more severe."""
    REOPENED = "reopened"
    """It was said to be over, and is not."""
    RESOLVED = "resolved"
    """It is over."""

    PENDING = "pending"
    """Something is still on its way, and will say how things stand when it goes."""
    FAILED = "failed"
    """The channel refuses; a person must mend it first."""
    UNCHANGED = "unchanged"
    """Everything has been said."""
    TOO_SOON = "too_soon"
    """There is something to say, but the last word was moments ago."""
    QUIET_HOURS = "quiet_hours"
    """There is something to say, and it can wait until the morning."""
    ACKNOWLEDGED = "acknowledged"
    """Somebody is on it already."""
    NEVER_TOLD = "never_told"
    """It was over long before this channel could have heard of it."""
    OVER = "over"
    """It is over, and that has been said."""


FORMS = {
    Reason.FIRST: DeliveryForm.POST,
    Reason.GROWN: DeliveryForm.UPDATE,
    Reason.REFRESHED: DeliveryForm.UPDATE,
    Reason.WORSE: DeliveryForm.REPLY,
    Reason.REOPENED: DeliveryForm.REPLY,
    Reason.RESOLVED: DeliveryForm.REPLY,
}
"""The reasons to speak, and how. Every other reason is one for silence."""


@dataclass(frozen=True)
class Standing:
    """How an incident stands: `size` is everything that it counted, `level` how bad the worst hour was."""

    severity: Severity
    size: int = 0
    level: int = 0
    resolved_at: datetime | None = None
    acknowledged: bool = False

    @property
    def over(self) -> bool:
        return self.resolved_at is not None


@dataclass(frozen=True)
class Told:
    """One delivery to a channel. `at` is when it was sent; `standing` is what it said."""

    form: DeliveryForm
    state: DeliveryState
    at: datetime
    standing: Standing


def why_notify(
    incident: Standing, told: Sequence[Told], now: datetime, quiet_hours: QuietHours | None
) -> Reason:
    """The one reason to speak now, or to be silent. `told` is what one channel heard, oldest first."""
    live = [one for one in told if one.state is not DeliveryState.SUPERSEDED]
    if any(one.state is DeliveryState.FAILED for one in live):
        return Reason.FAILED
    if any(one.state is not DeliveryState.SENT for one in live):
        return Reason.PENDING
    quiet = incident.severity is not Severity.CRITICAL and _is_quiet(now, quiet_hours)
    if not live:
        return _first(incident, now, quiet)
    spoken = _last(live, DeliveryForm.POST, DeliveryForm.REPLY)
    shown = _last(live, DeliveryForm.POST, DeliveryForm.UPDATE)
    if incident.over:
        return _when_over(spoken, shown, quiet)
    return _while_open(incident, spoken, shown, now, quiet)


def _first(incident: Standing, now: datetime, quiet: bool) -> Reason:
    if incident.resolved_at is not None and now - incident.resolved_at > STALE:
        return Reason.NEVER_TOLD
    return Reason.QUIET_HOURS if quiet else Reason.FIRST


def _when_over(spoken: Told, shown: Told, quiet: bool) -> Reason:
    if spoken.standing.over and shown.standing.over:
        return Reason.OVER
    if quiet:
        return Reason.QUIET_HOURS
    return Reason.REFRESHED if spoken.standing.over else Reason.RESOLVED


def _while_open(incident: Standing, spoken: Told, shown: Told, now: datetime, quiet: bool) -> Reason:
    aloud = _aloud(incident, spoken.standing)
    softly = _softly(incident, shown.standing)
    if aloud is None and softly is None:
        return Reason.ACKNOWLEDGED if incident.acknowledged else Reason.UNCHANGED
    if quiet:
        return Reason.QUIET_HOURS
    if aloud is Reason.WORSE and incident.acknowledged and not _more_severe(incident, spoken.standing):
        aloud = None
    if aloud is not None and now - spoken.at >= REPLY_EVERY:
        return aloud
    if softly is not None and now - shown.at >= UPDATE_EVERY:
        return softly
    return Reason.ACKNOWLEDGED if aloud is None and softly is None else Reason.TOO_SOON


def _aloud(incident: Standing, said: Standing) -> Reason | None:
    """What is worth a reply that people are notified of."""
    if said.over:
        return Reason.REOPENED
    grown = incident.level > 0 and incident.level >= WORSE * said.level
    return Reason.WORSE if grown or _more_severe(incident, said) else None


def _softly(incident: Standing, shown: Standing) -> Reason | None:
    """What the message itself should show."""
    if shown.over or incident.acknowledged != shown.acknowledged:
        return Reason.REFRESHED
    if (incident.size, incident.level, incident.severity) != (shown.size, shown.level, shown.severity):
        return Reason.GROWN
    return None


def _more_severe(incident: Standing, said: Standing) -> bool:
    return incident.severity is Severity.CRITICAL and said.severity is not Severity.CRITICAL


def _last(told: Sequence[Told], *forms: DeliveryForm) -> Told:
    """The last word in one of these forms; the first one when nothing is in them, so that it never fails."""
    return next((one for one in reversed(told) if one.form in forms), told[0])


def _is_quiet(now: datetime, quiet_hours: QuietHours | None) -> bool:
    return quiet_hours is not None and quiet_hours.cover(now.astimezone(AMSTERDAM).time())
