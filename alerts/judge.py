"""The judge step: measure, apply the rules, and open, continue or resolve incidents."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.rules import negative_spike, severe_mention, source_silent, sources_unreachable
from alerts.spikes import SENSITIVITIES, fit
from storage import evidence, incidents, leases, usual
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
SCORING = timedelta(seconds=20)
"""How long a burst that has just come in may be waited for, so that the first message tells all of it."""
SETTLING = timedelta(minutes=15)
"""After a start, until every source has been asked again."""


def run(
    database: Database, settings: AlertSettings, now: datetime, listening_since: datetime | None = None
) -> StepReport:
    """Judge every own brand in a transaction of its own, then the sources.

    `listening_since` is when a schedule began to crawl and score beside this: shortly after it, a source that
    was not asked for long is not called silent, and a burst that is being scored is waited for a moment.
    """
    tally = _Tally()

    def judging(session: Session) -> _Judge:
        return _Judge(session, settings, now, listening_since, tally)

    def judge_brand(brand_id: int) -> None:
        database.transact(lambda session: judging(session).brand(brand_id))

    with database.read() as session:
        brands = [brand.id for brand in evidence.own_brands(session) if brand.id is not None]
    for brand_id in brands:
        judge_brand(brand_id)
    database.transact(lambda session: judging(session).sources())
    return StepReport("judge", done=tally.opened + tally.held + tally.resolved, notes=tally.notes())


@dataclass
class _Tally:
    opened: int = 0
    held: int = 0
    resolved: int = 0

    def notes(self) -> tuple[str, ...]:
        return (f"{self.opened} opened", f"{self.held} continued", f"{self.resolved} resolved")


@dataclass
class _Judge:
    """One transaction of judging, at one moment."""

    session: Session
    settings: AlertSettings
    now: datetime
    listening_since: datetime | None
    tally: _Tally

    def __post_init__(self) -> None:
        leases.exclusive(self.session)

    def brand(self, brand_id: int) -> None:
        finding, seen_at = self._measured(brand_id)
        incident = self._going_on(negative_spike.key(brand_id), SPIKE_REOPENS)
        is_open = incident is not None and incident.resolved_at is None
        if finding is not None and not is_open and self._still_arriving(brand_id, seen_at):
            return
        spike = self._spike(finding, incident)
        self._severe(brand_id, spike)

    def sources(self) -> None:
        watched = evidence.watched(self.session, source_silent.LOOKED_UP)
        judged = ((one, source_silent.judge(one, self._patience, self.now)) for one in watched)
        silent = {one.source_id: finding for one, finding in judged if finding is not None}
        told = self._unreachable(watched, silent)
        going_on = {one.source_id: one for one in incidents.open_by_rule(self.session, source_silent.NAME)}
        for source in watched:
            self._source(source, silent.get(source.source_id), going_on.get(source.source_id), told)

    def _measured(self, brand_id: int) -> tuple[Finding | None, datetime]:
        """What the spike rule says of the last day, and when the first complaint that counts was seen."""
        since = self.now - negative_spike.BACK
        complaints = evidence.complaints(self.session, brand_id, since, self.now)
        counted = incidents.counted(self.session, negative_spike.key(brand_id), since)
        told = {mention for mention, still_open in counted.items() if not still_open}
        windows = negative_spike.windows(complaints, told, counted.keys() - told, self.now)
        finding = self._spike_in(brand_id, windows)
        if finding is None:
            return None, self.now
        evident = set(finding.mentions)
        seen_at = min(one.first_seen_at for one in complaints if one.mention_id in evident)
        return replace(finding, mentions=[one for one in finding.mentions if one not in counted]), seen_at

    def _spike_in(self, brand_id: int, windows: Sequence[negative_spike.Window]) -> Finding | None:
        sensitivity = SENSITIVITIES[self.settings.sensitivity]
        limits = negative_spike.Limits(self.settings.minimum, sensitivity)
        if all(len(window.complaints) < limits.minimum for window in windows):
            return None  # most of the time; spares learning what is usual
        history = usual.history(self.session, brand_id, self.now - HISTORY, self.now)
        baseline = fit([(hour.start, hour.complaints) for hour in history])
        finding = negative_spike.judge(brand_id, windows, baseline, limits)
        inexact = sum(not hour.exact for hour in history)
        return finding and replace(finding, facts=finding.facts | {"inexact_hours": inexact})

    def _still_arriving(self, brand_id: int, seen_at: datetime) -> bool:
        """Whether the rest of a burst is being scored at this moment."""
        since = self.now - SCORING
        watching = self.listening_since is not None
        return watching and seen_at > since and evidence.still_to_judge(self.session, brand_id, since)

    def _spike(self, finding: Finding | None, incident: Incident | None) -> Incident | None:
        """The open spike after judging, if there is one; `incident` is the open or lately resolved one."""
        over = incident is not None and incident.resolved_at is not None
        known = incident.facts if incident else {}
        if finding is not None and incident is not None and over and negative_spike.smoulders(finding, known):
            # Told with that storm, so that it is no news when the storm is longer ago.
            incidents.count_in(self.session, incident, finding.mentions)
            return None
        if finding is not None:
            return self._found(negative_spike.worst_so_far(finding, known), incident)
        if incident is None or over:
            return None
        if not self._spike_is_over(incident):
            return incident
        self._resolve(incident)
        return None

    def _spike_is_over(self, incident: Incident) -> bool:
        """The last hour has been ordinary long enough, and its sources were heard: silence is not calm."""
        calm = self.now - incident.last_true_at
        if calm < SPIKE_CALM:
            return False
        assert incident.id is not None  # noqa: S101 - comes from the database
        heard = evidence.heard_since(self.session, incident.id, incident.last_true_at)
        return heard or calm >= SPIKE_GIVEN_UP

    def _severe(self, brand_id: int, spike: Incident | None) -> None:
        """Severe complaints while a spike is open are evidence of that spike, not news of their own."""
        incident = incidents.open_of(self.session, severe_mention.key(brand_id))
        finding = severe_mention.judge(brand_id, self._weighed(brand_id), incident.facts if incident else {})
        if finding is not None and spike is not None:
            incidents.count_in(self.session, spike, finding.mentions)
        elif finding is not None:
            incident = self._found(finding, incident)
        if incident is not None and self._severe_is_over(incident):
            self._resolve(incident)

    def _weighed(self, brand_id: int) -> list[severe_mention.Severe]:
        since = self.now - severe_mention.BACK
        notable = evidence.notable(self.session, brand_id, since, severe_mention.FLOORS)
        sources = {one.source_id for one in notable}
        ordinary = {source: evidence.ordinary(self.session, source) for source in sources}
        weighed = (severe_mention.weigh(one, ordinary[one.source_id]) for one in notable)
        return [one for one in weighed if one is not None]

    def _severe_is_over(self, incident: Incident) -> bool:
        return incident.acknowledged_at is not None or self.now - incident.last_true_at >= SEVERE_CALM

    def _unreachable(
        self, watched: Sequence[evidence.Watched], silent: Mapping[int, Finding]
    ) -> frozenset[int]:
        """The sources that are out of reach together, by id: they have one incident."""
        incident = self._going_on(sources_unreachable.KEY, SOURCE_REOPENS)
        is_open = incident is not None and incident.resolved_at is None
        finding = sources_unreachable.judge(watched, silent.keys(), is_open)
        if finding is not None:
            self._found(finding, incident)
            return frozenset(one.source_id for one in sources_unreachable.unreached(watched))
        if incident is not None and is_open:
            self._resolve(incident)
        return frozenset()

    def _source(
        self,
        source: evidence.Watched,
        finding: Finding | None,
        incident: Incident | None,
        told: Collection[int],
    ) -> None:
        """Judge a source with its open `incident`; none is opened for one that was `told` of with others."""
        if finding is not None and (incident is not None or source.source_id not in told):
            self._found(finding, incident or self._going_on(finding.key, SOURCE_REOPENS))
        # Between failures and health there is doubt: an incident closes at a healthy crawl, not before.
        elif incident is not None and (source_silent.healthy(source) or not source.active):
            self._resolve(incident)

    @property
    def _patience(self) -> timedelta:
        """How long a source may be silent; without end right after a start: it was us who did not ask."""
        since = self.listening_since
        settled = since is None or self.now - since >= SETTLING
        return self.settings.silent_after if settled else timedelta.max

    def _going_on(self, key: str, reopens: timedelta) -> Incident | None:
        """The open incident of a key, else the one that was resolved so lately that it would go on."""
        lately = self.now - reopens
        return incidents.open_of(self.session, key) or incidents.last_resolved(self.session, key, lately)

    def _found(self, finding: Finding, incident: Incident | None) -> Incident:
        """Open an incident, or continue or reopen the one that there is."""
        if incident is None:
            self.tally.opened += 1
            return incidents.begin(self.session, finding, self.now)
        if incident.resolved_at is not None:
            self.tally.opened += 1
            incidents.reopen(self.session, incident, finding, self.now)
            return incident
        self.tally.held += 1
        incidents.hold(self.session, incident, finding, self.now)
        return incident

    def _resolve(self, incident: Incident) -> None:
        incidents.resolve(self.session, incident, self.now)
        self.tally.resolved += 1
