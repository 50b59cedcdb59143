"""docs/alerts.md says what the code does."""

from pathlib import Path
from types import ModuleType

import pytest

from alerts import judge, reasons, spikes
from alerts.reasons import Reason
from alerts.rules import negative_spike, severe_mention, source_silent, sources_unreachable

PAGE = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_documented(reason: Reason) -> None:
    assert f"| `{reason}` |" in PAGE


@pytest.mark.parametrize("rule", [negative_spike, severe_mention, source_silent, sources_unreachable])
def test_every_rule_is_documented(rule: ModuleType) -> None:
    assert f"| `{rule.NAME}` |" in PAGE


@pytest.mark.parametrize("name", spikes.SENSITIVITIES)
def test_every_sensitivity_is_documented_with_its_limits(name: str) -> None:
    [row] = [line for line in PAGE.splitlines() if line.startswith(f"| `{name}`")]
    limits = spikes.SENSITIVITIES[name]
    assert row.endswith(f"| {limits.p_value:g} | {limits.ratio} |")


@pytest.mark.parametrize(
    "said",
    [
        f"at most every {reasons.UPDATE_EVERY.seconds // 60} minutes",
        f"at least {reasons.REPLY_EVERY.seconds // 60} minutes",
        f"over for {reasons.STALE.seconds // 3600} hours",
        f"ordinary for {judge.SPIKE_CALM.seconds // 60} minutes",
        f"learnt from {judge.HISTORY.days} days",
        f"{sources_unreachable.FEWEST} sources or more",
        f"failed {source_silent.FAILURES} times in a row",
        f"a start ({judge.SETTLING.seconds // 60} minutes)",
        f"less than {judge.SCORING.seconds} seconds ago",
        f"followers from {severe_mention.FLOORS.followers:,}",
        f"views from {severe_mention.FLOORS.views:,}",
        f"a Gamma prior of {spikes.PRIOR_COUNT:g} complaint in {spikes.PRIOR_HOURS:g} hours",
        f"drawn to 1 by {spikes.PRIOR_FACTOR:g} complaints",
    ],
)
def test_figures_in_the_text_are_those_of_the_code(said: str) -> None:
    assert said in " ".join(PAGE.split())  # wherever its lines end
