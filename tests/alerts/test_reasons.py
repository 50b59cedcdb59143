"""Every reason to speak and every reason to be silent."""

from datetime import UTC, datetime, time, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.reasons import FORMS, Reason, Standing, Told, why_notify
from storage.configuration import QuietHours
from storage.models import DeliveryForm, DeliveryState, Severity

NOW = datetime(2026, 11, 18, 14, 20, tzinfo=UTC)
NIGHT = datetime(2026, 11, 18, 23, 30, tzinfo=UTC)
QUIET = QuietHours(time(22), time(7))
MINUTE = timedelta(minutes=1)
CALM = Standing(Severity.ATTENTION, size=10, level=10)


def standing(**changes: object) -> Standing:
    values = {"severity": Severity.ATTENTION, "size": 10, "level": 10} | changes
    return Standing(**values)  # type: ignore[arg-type]


def told(
    form: DeliveryForm = DeliveryForm.POST,
    minutes: float = 60,
    state: DeliveryState = DeliveryState.SENT,
    said: Standing = CALM,
    now: datetime = NOW,
) -> Told:
    return Told(form, state, now - minutes * MINUTE, said)


OVER = standing(resolved_at=NOW - MINUTE)
CRITICAL = standing(severity=Severity.CRITICAL)
REPLY, UPDATE = DeliveryForm.REPLY, DeliveryForm.UPDATE


@pytest.mark.parametrize(
    ("incident", "heard", "reason"),
    [
        (CALM, [], Reason.FIRST),
        (OVER, [], Reason.FIRST),
        (standing(acknowledged=True), [], Reason.FIRST),
        (standing(resolved_at=NOW - timedelta(hours=13)), [], Reason.NEVER_TOLD),
        (CALM, [told(state=DeliveryState.PENDING)], Reason.PENDING),
        (OVER, [told(state=DeliveryState.SENDING)], Reason.PENDING),
        (standing(level=90), [told(), told(UPDATE, state=DeliveryState.PENDING)], Reason.PENDING),
        (CALM, [told(state=DeliveryState.FAILED)], Reason.FAILED),
        (OVER, [told(), told(REPLY, state=DeliveryState.FAILED)], Reason.FAILED),
        (CALM, [told()], Reason.UNCHANGED),
        (CALM, [told(), told(REPLY, state=DeliveryState.SUPERSEDED, said=OVER)], Reason.UNCHANGED),
        (standing(size=12, level=12), [told()], Reason.GROWN),
        (standing(size=12, level=12), [told(minutes=4)], Reason.TOO_SOON),
        (standing(size=12, level=12), [told(), told(UPDATE, 4)], Reason.TOO_SOON),
        (standing(size=12, level=12), [told(), told(REPLY, 1)], Reason.GROWN),
        (standing(size=20, level=20), [told()], Reason.WORSE),
        (standing(size=20, level=20), [told(minutes=9)], Reason.GROWN),
        (standing(size=20, level=20), [told(minutes=4)], Reason.TOO_SOON),
        (
            standing(size=20, level=20),
            [told(), told(UPDATE, 6, said=standing(size=19, level=19))],
            Reason.WORSE,
        ),
        (
            standing(size=20, level=20),
            [told(), told(REPLY, 20, said=standing(size=15, level=15))],
            Reason.GROWN,
        ),
        (CRITICAL, [told()], Reason.WORSE),
        (CRITICAL, [told(minutes=2)], Reason.TOO_SOON),
        (standing(acknowledged=True), [told()], Reason.REFRESHED),
        (standing(acknowledged=True), [told(minutes=2)], Reason.TOO_SOON),
        (
            standing(acknowledged=True),
            [told(), told(UPDATE, said=standing(acknowledged=True))],
            Reason.ACKNOWLEDGED,
        ),
        (
            standing(acknowledged=True, level=90),
            [told(), told(UPDATE, said=standing(acknowledged=True, level=90))],
            Reason.ACKNOWLEDGED,
        ),
        (
            standing(acknowledged=True, severity=Severity.CRITICAL),
            [told(), told(UPDATE, said=standing(acknowledged=True))],
            Reason.WORSE,
        ),
        (OVER, [told()], Reason.RESOLVED),
        (OVER, [told(minutes=0)], Reason.RESOLVED),
        (OVER, [told(said=OVER)], Reason.OVER),
        (OVER, [told(), told(REPLY, said=OVER)], Reason.REFRESHED),
        (OVER, [told(), told(UPDATE, said=OVER)], Reason.RESOLVED),
        (OVER, [told(), told(REPLY, said=OVER), told(UPDATE, said=OVER)], Reason.OVER),
        (CALM, [told(), told(REPLY, said=OVER), told(UPDATE, said=OVER)], Reason.REOPENED),
        (CALM, [told(), told(REPLY, 8, said=OVER), told(UPDATE, 7, said=OVER)], Reason.REFRESHED),
        (CALM, [told(), told(REPLY, 8, said=OVER), told(UPDATE, 1, said=OVER)], Reason.TOO_SOON),
    ],
)
def test_the_reason_by_day(incident: Standing, heard: list[Told], reason: Reason) -> None:
    assert why_notify(incident, heard, NOW, QUIET) is reason


@pytest.mark.parametrize(
    ("incident", "heard", "reason"),
    [
        (CALM, [], Reason.QUIET_HOURS),
        (CRITICAL, [], Reason.FIRST),
        (standing(size=12), [told()], Reason.QUIET_HOURS),
        (standing(level=90), [told()], Reason.QUIET_HOURS),
        (CRITICAL, [told()], Reason.WORSE),
        (OVER, [told()], Reason.QUIET_HOURS),
        (OVER, [told(), told(REPLY, said=OVER)], Reason.QUIET_HOURS),
        (standing(severity=Severity.CRITICAL, resolved_at=NOW), [told(said=CRITICAL)], Reason.RESOLVED),
        (CALM, [told()], Reason.UNCHANGED),
        (OVER, [told(said=OVER)], Reason.OVER),
    ],
)
def test_the_reason_by_night(incident: Standing, heard: list[Told], reason: Reason) -> None:
    long_ago = [Told(one.form, one.state, NOW, one.standing) for one in heard]
    assert why_notify(incident, long_ago, NIGHT, QUIET) is reason


def test_quiet_hours_are_dutch_hours_and_may_run_past_midnight() -> None:
    def reason(hour: int, minute: int) -> Reason:
        return why_notify(CALM, [], datetime(2026, 7, 1, hour, minute, tzinfo=UTC), QUIET)

    assert (reason(19, 59), reason(20, 0)) == (Reason.FIRST, Reason.QUIET_HOURS)
    assert (reason(4, 59), reason(5, 0)) == (Reason.QUIET_HOURS, Reason.FIRST)


STANDINGS = [
    Standing(severity, size, level, resolved, acknowledged)
    for severity, size, level, resolved, acknowledged in product(
        Severity, (5, 10), (5, 10), (None, NOW - MINUTE, NOW - timedelta(days=2)), (False, True)
    )
]
POSTS = [
    Told(DeliveryForm.POST, state, NOW - minutes * MINUTE, said)
    for state, minutes, said in product(DeliveryState, (1, 7, 30), STANDINGS[::5])
]
LATER = [
    Told(form, state, NOW - minutes * MINUTE, said)
    for form, state, minutes, said in product(
        (DeliveryForm.UPDATE, DeliveryForm.REPLY), DeliveryState, (1, 7, 30), STANDINGS[::7]
    )
]
HISTORIES = st.one_of(
    st.just([]),
    st.builds(
        lambda post, rest: [post, *rest], st.sampled_from(POSTS), st.lists(st.sampled_from(LATER), max_size=4)
    ),
)


@given(st.sampled_from(STANDINGS), HISTORIES, st.sampled_from([None, QUIET]), st.sampled_from([NOW, NIGHT]))
def test_what_is_said_is_always_allowed(
    incident: Standing, heard: list[Told], quiet: QuietHours | None, now: datetime
) -> None:
    reason = why_notify(incident, heard, now, quiet)
    live = [one for one in heard if one.state is not DeliveryState.SUPERSEDED]
    if reason in FORMS:
        assert all(one.state is DeliveryState.SENT for one in live)
        assert (FORMS[reason] is DeliveryForm.POST) == (not live)
        assert incident.severity is Severity.CRITICAL or quiet is None or now != NIGHT


@given(st.sampled_from(STANDINGS), st.sampled_from([None, QUIET]), st.sampled_from([NOW, NIGHT]))
def test_telling_it_all_ends(incident: Standing, quiet: QuietHours | None, now: datetime) -> None:
    """Saying each time what is to be said leads to silence, after at most a post, a reply and an update."""
    heard: list[Told] = []
    for _ in range(4):
        reason = why_notify(incident, heard, now, quiet)
        if reason not in FORMS:
            break
        heard.append(Told(FORMS[reason], DeliveryState.SENT, now, incident))
    assert reason not in FORMS


def test_every_reason_is_one_to_speak_or_one_to_be_silent() -> None:
    silence = {
        Reason.PENDING,
        Reason.FAILED,
        Reason.UNCHANGED,
        Reason.TOO_SOON,
        Reason.QUIET_HOURS,
        Reason.ACKNOWLEDGED,
        Reason.NEVER_TOLD,
        Reason.OVER,
    }
    assert FORMS.keys() | silence == set(Reason)
    assert not FORMS.keys() & silence
