"""The steps in order, each guarded from the faults of the others."""

import logging
from datetime import datetime

import pytest

from alerts import steps
from alerts.steps import Step
from storage.database import Database
from storage.models import Bucket, Case, Incident
from storage.steps import StepReport
from tests.alerts.world import MODEL, NOW, World, burst


def test_the_pipeline_leads_from_verdicts_to_cases_counts_and_incidents(heard: World) -> None:
    steps.run(heard.database, steps.pipeline(heard.configuration), NOW)
    before = len(heard.all(Case))
    heard.post(*burst(20))
    reports = steps.run(heard.database, steps.pipeline(heard.configuration), NOW)
    assert [(report.step, report.failed) for report in reports] == [("triage", 0), ("trend", 0), ("judge", 0)]
    assert len(heard.all(Case)) - before == 20
    assert [one.rule for one in heard.all(Incident)] == ["negative_spike"]
    with heard.database.read() as session:
        assert session.get(Bucket, (1, 1, NOW.replace(minute=0), MODEL)) is not None


def test_running_the_pipeline_again_finds_nothing_to_do(heard: World) -> None:
    heard.post(*burst(3))
    steps.run(heard.database, steps.pipeline(heard.configuration), NOW)
    again = steps.run(heard.database, steps.pipeline(heard.configuration), NOW)
    assert [report.done for report in again] == [0, 0, 0]


def test_a_step_that_fails_does_not_stop_the_others(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(database: Database, now: datetime) -> StepReport:
        raise RuntimeError("kapot\nmet de tekst van een klant")

    def work(database: Database, now: datetime) -> StepReport:
        return StepReport("work", done=1)

    with caplog.at_level(logging.ERROR):
        reports = steps.run(database, [Step("fail", fail), Step("work", work)], NOW)
    assert [(report.done, report.failed) for report in reports] == [(0, 1), (1, 0)]
    assert "fail failed and will be tried again: RuntimeError: kapot (" in caplog.text
    assert "test_steps.py" in caplog.text
    assert "klant" not in caplog.text
