"""Incidents: one open a key, a timeline, evidence that is counted once."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from alerts import judge, trends
from storage import incidents
from storage.incidents import Finding
from storage.models import Incident, IncidentEvent, Severity
from tests.alerts.world import NOW, World, burst

MINUTE = timedelta(minutes=1)


def finding(*mentions: int, severity: Severity = Severity.ATTENTION) -> Finding:
    return Finding("negative_spike", "negative_spike:1", severity, NOW, {"observed": 3}, 1, None, mentions)


def begin(world: World, *mentions: int) -> Incident:
    with world.database.write() as session:
        return incidents.begin(session, finding(*mentions), NOW)


def test_a_key_has_one_open_incident(world: World) -> None:
    begin(world)
    with pytest.raises(IntegrityError):
        begin(world)


def test_a_resolved_incident_makes_room_for_another(world: World) -> None:
    first = begin(world)
    with world.database.write() as session:
        incidents.resolve(session, session.get_one(Incident, first.id), NOW + MINUTE)
    begin(world)
    assert len(world.incidents()) == 2


def test_evidence_is_counted_once(world: World) -> None:
    ids = world.post(NOW, NOW - MINUTE)
    first = begin(world, *ids)
    with world.database.write() as session:
        incidents.hold(session, session.get_one(Incident, first.id), finding(*ids, *ids), NOW + MINUTE)
    [incident] = world.incidents()
    assert incident.facts["count"] == 2
    assert incident.facts["sources"] == [{"name": "pagina", "count": 2}]


def test_severity_never_falls(world: World) -> None:
    first = begin(world)
    for severity in (Severity.CRITICAL, Severity.ATTENTION):
        with world.database.write() as session:
            row = session.get_one(Incident, first.id)
            incidents.hold(session, row, finding(severity=severity), NOW + MINUTE)
    assert world.incidents()[0].severity is Severity.CRITICAL
    assert [event.what for event in world.all(IncidentEvent)] == ["opened", "worse"]


def test_what_counted_mentions_is_known_by_open_and_resolved(world: World) -> None:
    ids = world.post(NOW, NOW - MINUTE)
    first = begin(world, ids[0])
    with world.database.write() as session:
        incidents.resolve(session, session.get_one(Incident, first.id), NOW)
    begin(world, ids[1])
    with world.database.read() as session:
        counted = incidents.counted(session, "negative_spike:1", NOW - timedelta(days=1))
    assert counted == {ids[0]: False, ids[1]: True}


def test_an_incident_is_taken_on_once(world: World) -> None:
    first = begin(world)
    for who, taken in (("Noor", True), ("Sem", False)):
        with world.database.write() as session:
            assert incidents.acknowledge(session, first.id or 0, who, NOW) is taken
    assert world.incidents()[0].acknowledged_by == "Noor"


def test_judging_at_the_same_moment_opens_one_incident(world: World) -> None:
    world.post(*burst(30))
    trends.run(world.database, NOW)
    together = threading.Barrier(3)
    faults: list[Exception] = []

    def attempt() -> None:
        together.wait()
        try:
            judge.run(world.database, world.configuration.alerts, NOW)
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=attempt) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert [one.rule for one in world.incidents() if one.rule == "negative_spike"] == ["negative_spike"]
