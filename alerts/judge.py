"""The judge step: measure, apply the rules, and open, continue or resolve incidents."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.rules import negative_spike, severe_mention, source_silent
from alerts.spikes import SENSITIVITIES, fit
from storage import evidence, incidents, leases
from storage.configuration import AlertSettings
from storage.database import Database, Session
from storage.incidents import Finding
from storage.models import Incident
from storage.steps import StepReport

HISTORY = timedelta(days=28)
"""Four of each weekday: enough to know an ordinary evening, short enough to follow a company that grows."""
SPIKE_CALM = timedelta(minutes=30)
SPIKE_GIVEN_UP = timedelta(hours=24)
"""A spike whose sources fell silent closes after this long without news."""
SEVERE_CALM = timedelta(hours=24)
SPIKE_REOPENS = timedelta(hours=2)
SOURCE_REOPENS = timedelta(hours=6)
"""What flares up within this time after it was resolved is the same incident."""
SETTLING = timedelta(minutes=15)
"""After a start, until every source has been asked again."""


@dataclass
class _Tally:
    opened: int = 0
    held: int = 0
    resolved: int = 0

    def notes(self) -> tuple[str, ...]:
        return (f"{self.opened} opened", f"{self.held} continued", f"{self.resolved} resolved")


def run(
    database: Database, settings: AlertSettings, now: datetime, listening_since: datetime | None = None
) -> StepReport:
    """Judge every own brand in a transaction of its own, then the sources.

    `listening_since` is when a schedule began to crawl: shortly after it, a source that was not asked for long
    is not called silent.
    """
    listening = listening_since is None or now - listening_since >= SETTLING
    tally = _Tally()
    with database.read() as session:
        brands = [brand.id for brand in evidence.own_brands(session) if brand.id is not None]
    for brand_id in brands:
        database.transact(_exclusively(_judge_brand, brand_id, settings, now, tally))
    database.transact(_exclusively(_judge_sources, settings, now, listening, tally))
    return StepReport("judge", done=tally.opened + tally.held + tally.resolved, notes=tally.notes())


def _exclusively(work: Callable[..., None], *arguments: object) -> Callable[[Session], None]:
    def locked(session: Session) -> None:
        leases.exclusive(session)
        work(session, *arguments)

    return locked


def _judge_brand(
    session: Session, brand_id: int, settings: AlertSettings, now: datetime, tally: _Tally
) -> None:
    spike = _judge_spike(session, brand_id, settings, now, tally)
    _judge_severe(session, brand_id, spike, now, tally)


def _judge_spike(
    session: Session, brand_id: int, settings: AlertSettings, now: datetime, tally: _Tally
) -> Incident | None:
    """The open spike of this brand after judging, if there is one."""
    finding = _measured_spike(session, brand_id, settings, now)
    incident = _going_on(session, negative_spike.key(brand_id), SPIKE_REOPENS, now)
    known = incident.facts if incident else {}
    over = incident is None or incident.resolved_at is not None
    if finding is not None and incident is not None and over and negative_spike.smoulders(finding, known):
        incidents.count_in(session, incident, finding.mentions)  # told with that storm, so not news later
        return None
    if finding is not None:
        return _found(session, negative_spike.worst_so_far(finding, known), incident, now, tally)
    if incident is None or over:
        return None
    if not _spike_is_over(session, incident, now):
        return incident
    _resolve(session, incident, now, tally)
    return None


def _measured_spike(
    session: Session, brand_id: int, settings: AlertSettings, now: datetime
) -> Finding | None:
    """What the rule says of the last day's complaints against the brand's own history."""
    since = now - negative_spike.BACK
    complaints = evidence.complaints(session, brand_id, since, now)
    counted = incidents.counted(session, negative_spike.key(brand_id), since)
    told = {mention for mention, still_open in counted.items() if not still_open}
    windows = negative_spike.windows(complaints, told, counted.keys() - told, now)
    limits = negative_spike.Limits(settings.minimum, SENSITIVITIES[settings.sensitivity])
    if all(len(window.complaints) < limits.minimum for window in windows):
        return None
    baseline = fit(evidence.history(session, brand_id, now - HISTORY, now))
    finding = negative_spike.judge(brand_id, windows, baseline, limits)
    if finding is None:
        return None
    return replace(finding, mentions=[one for one in finding.mentions if one not in counted])


def _spike_is_over(session: Session, incident: Incident, now: datetime) -> bool:
    """The last hour has been ordinary long enough, and its sources were heard: silence is not calm."""
    calm = now - incident.last_true_at
    if calm < SPIKE_CALM:
        return False
    assert incident.id is not None  # noqa: S101 - comes from the database
    return calm >= SPIKE_GIVEN_UP or evidence.heard_since(session, incident.id, incident.last_true_at)


def _judge_severe(
    session: Session, brand_id: int, spike: Incident | None, now: datetime, tally: _Tally
) -> None:
    """Severe complaints while a spike is open are evidence of that spike, not news of their own."""
    notable = evidence.notable(session, brand_id, now - severe_mention.BACK, severe_mention.FLOORS)
    sources = {one.source_id for one in notable}
    ordinary = {source: evidence.ordinary(session, source) for source in sources}
    weighed = [severe_mention.weigh(one, ordinary[one.source_id]) for one in notable]
    incident = incidents.open_of(session, severe_mention.key(brand_id))
    known = incident.facts if incident else {}
    finding = severe_mention.judge(brand_id, [one for one in weighed if one is not None], known)
    if finding is not None and spike is not None:
        incidents.count_in(session, spike, finding.mentions)
    elif finding is not None:
        incident = _found(session, finding, incident, now, tally)
    if incident is not None and _severe_is_over(incident, now):
        _resolve(session, incident, now, tally)


def _severe_is_over(incident: Incident, now: datetime) -> bool:
    return incident.acknowledged_at is not None or now - incident.last_true_at >= SEVERE_CALM


def _judge_sources(
    session: Session, settings: AlertSettings, now: datetime, listening: bool, tally: _Tally
) -> None:
    patience = settings.silent_after if listening else timedelta.max
    watched = evidence.watched(session, source_silent.FAILURES)
    silent = {source.source_id for source in watched if _judge_source(session, source, patience, now, tally)}
    gone = (one for one in incidents.open_by_rule(session, source_silent.NAME) if one.source_id not in silent)
    for incident in gone:
        _resolve(session, incident, now, tally)


def _judge_source(
    session: Session, source: evidence.Watched, patience: timedelta, now: datetime, tally: _Tally
) -> bool:
    """Whether the source is silent: it has an open incident then."""
    finding = source_silent.judge(source, patience, now)
    if finding is not None:
        _found(session, finding, _going_on(session, finding.key, SOURCE_REOPENS, now), now, tally)
        return True
    # Between failures and health there is doubt: an incident closes at a healthy crawl, not before.
    incident = incidents.open_of(session, source_silent.key(source.source_id))
    return incident is not None and source.active and not source_silent.healthy(source)


def _going_on(session: Session, key: str, reopens: timedelta, now: datetime) -> Incident | None:
    """The open incident of a key, else the one that was resolved so lately that it would go on."""
    return incidents.open_of(session, key) or incidents.last_resolved(session, key, now - reopens)


def _found(
    session: Session, finding: Finding, incident: Incident | None, now: datetime, tally: _Tally
) -> Incident:
    """Open an incident, or continue or reopen the one that there is."""
    if incident is None:
        tally.opened += 1
        return incidents.begin(session, finding, now)
    if incident.resolved_at is not None:
        tally.opened += 1
        incidents.reopen(session, incident, finding, now)
        return incident
    tally.held += 1
    incidents.hold(session, incident, finding, now)
    return incident


def _resolve(session: Session, incident: Incident, now: datetime, tally: _Tally) -> None:
    incidents.resolve(session, incident, now)
    tally.resolved += 1
