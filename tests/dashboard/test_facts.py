"""A page and a message tell the same of an incident, also of one that another version noted."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts import messages, mrkdwn
from alerts.messages import Subject
from dashboard.facts import headline, why
from dashboard.formats import Formats, words
from storage.bulletins import IncidentRow
from storage.models import Incident, Severity

NOW = datetime(2026, 11, 20, 13, 37, tzinfo=UTC)
F = Formats(words("nl"), NOW)
FACTS: dict[str, dict[str, Any]] = {
    "negative_spike": {
        "observed": 12,
        "expected": 1.2,
        "ratio": 10.0,
        "p_value": 2e-9,
        "window_since": (NOW - timedelta(hours=1)).isoformat(),
        "count": 14,
        "texts": 3,
        "history_hours": 72,
        "sources": [{"name": "reviews", "count": 14}],
    },
    "severe_mention": {"reasons": ["followers"], "followers": 54_000, "since": NOW.isoformat(), "count": 1},
    "source_silent": {"since": NOW.isoformat(), "health": "blocked", "cause": "waf", "failures": 3},
    "sources_unreachable": {"since": NOW.isoformat(), "unreached": ["reviews", "forum"], "observed": 2},
}


def _row(rule: str, facts: dict[str, Any]) -> IncidentRow:
    moments = dict.fromkeys(("started_at", "opened_at", "updated_at", "last_true_at"), NOW)
    incident = Incident(id=1, rule=rule, key=rule, severity=Severity.ATTENTION, facts=facts, **moments)
    return IncidentRow(incident, "Snelveld", "reviews", mentions=1, troubled=False)


@pytest.mark.parametrize("rule", FACTS)
def test_every_reason_of_the_message_stands_on_the_page(rule: str) -> None:
    row = _row(rule, FACTS[rule])
    subject = Subject(row.incident, "Snelveld", "reviews", (), "https://radar.example")
    blocks = messages.post(subject, F.text, NOW).blocks
    heading, told, context = (
        blocks[0]["text"]["text"],
        blocks[1]["text"]["text"],
        blocks[2]["elements"][0]["text"],
    )
    assert headline(row, F) in heading
    for line in why(row, F):
        assert line in mrkdwn.plain(f"{told} {context}").replace("*", "") or "geschiedenis" in line


@pytest.mark.parametrize("rule", [*FACTS, "of another version"])
@pytest.mark.parametrize("facts", [{}, {"observed": "many", "since": 7, "sources": ["x"], "health": "odd"}])
def test_facts_of_another_version_break_nothing(rule: str, facts: dict[str, Any]) -> None:
    row = _row(rule, facts)
    assert headline(row, F)
    assert all("{" not in line for line in why(row, F))
