"""Far more complaints about an own brand in an hour than that hour usually brings."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from alerts.spikes import Baseline, Sensitivity, began
from storage.calendar import HOUR
from storage.evidence import Complaint
from storage.incidents import Finding
from storage.mentions import hour_of
from storage.models import Severity

NAME = "negative_spike"
BACK = timedelta(hours=24)
"""Slow sources show a post hours late; clock hours are judged again this far back."""
CRITICAL_RATIO, CRITICAL_MINIMUMS = 10.0, 4
SMOULDER = 0.25
"""A storm flares up again from this part of its worst hour."""
EXAMPLES = 5
MEASURES = (
    "observed",
    "doubted",
    "expected",
    "ratio",
    "p_value",
    "window_since",
    "window_until",
    "history_hours",
    "inexact_hours",
)


@dataclass(frozen=True)
class Window:
    """A stretch of an hour and the complaints in it; `doubted` are those that the model is unsure of, uncounted."""

    since: datetime
    until: datetime
    complaints: tuple[Complaint, ...]
    doubted: int = 0


@dataclass(frozen=True)
class Limits:
    """From how many complaints, and how far out of the ordinary, an hour is a spike."""

    minimum: int
    sensitivity: Sensitivity


@dataclass(frozen=True)
class Measured:
    """A window against what is ordinary. `ratio` compares with the expectation, at least a tenth."""

    window: Window
    expected: float
    p_value: float

    @property
    def observed(self) -> int:
        return len(self.window.complaints)

    @property
    def ratio(self) -> float:
        return self.observed / max(self.expected, 0.1)


def key(brand_id: int) -> str:
    return f"{NAME}:{brand_id}"


def windows(complaints: Sequence[Complaint], told: Set[int], held: Set[int], now: datetime) -> list[Window]:
    """The hours to judge: the last 60 minutes, and every past clock hour that holds something uncounted.

    `told` are mentions that a resolved incident counted: that storm was told, so they count no more. `held`
    are those of the open incident: a past hour with nothing but these brings no news.
    """
    fresh = [one for one in complaints if one.mention_id not in told]
    last = _window(now - HOUR, [one for one in fresh if now - HOUR < one.published_at <= now])
    hours: dict[datetime, list[Complaint]] = {}
    for one in fresh:
        hours.setdefault(hour_of(one.published_at), []).append(one)
    past = (_window(hour, inside) for hour, inside in sorted(hours.items()) if hour + HOUR <= now)
    late = [window for window in past if any(one.mention_id not in held for one in window.complaints)]
    return [last, *late] if last.complaints else late


def _window(since: datetime, inside: Sequence[Complaint]) -> Window:
    """Only what the model is sure of counts, here and in what is usual."""
    sure = tuple(one for one in inside if not one.unsure)
    return Window(since, since + HOUR, sure, doubted=len(inside) - len(sure))


def measure(window: Window, baseline: Baseline) -> Measured:
    return Measured(
        window,
        expected=baseline.expected(window.since, window.until),
        p_value=baseline.p_value(len(window.complaints), window.since, window.until),
    )


def is_spike(measured: Measured, limits: Limits) -> bool:
    """Enough complaints, too rare to be chance, and so many more that people would call it more."""
    return (
        measured.observed >= limits.minimum
        and measured.p_value <= limits.sensitivity.p_value
        and measured.observed >= limits.sensitivity.ratio * measured.expected
    )


def judge(
    brand_id: int,
    found: Sequence[Window],
    baseline: Baseline,
    limits: Limits,
) -> Finding | None:
    """A finding about the most unusual hour, with the complaints of every unusual hour as evidence."""
    spikes = [one for window in found if is_spike(one := measure(window, baseline), limits)]
    if not spikes:
        return None
    worst = min(spikes, key=lambda one: (one.p_value, -one.observed))
    counted = {one.mention_id: one for spike in spikes for one in spike.window.complaints}
    started = min(_began(spike) for spike in spikes)
    critical = worst.observed >= CRITICAL_MINIMUMS * limits.minimum and worst.ratio >= CRITICAL_RATIO
    return Finding(
        rule=NAME,
        key=key(brand_id),
        severity=Severity.CRITICAL if critical else Severity.ATTENTION,
        started_at=started,
        facts=_facts(worst, started, list(counted.values()), baseline),
        brand_id=brand_id,
        mentions=tuple(counted),
    )


def worst_so_far(finding: Finding, known: Mapping[str, Any]) -> Finding:
    """The finding as part of the incident whose facts are `known`: its first moment and its worst hour."""
    facts = finding.facts | {"since": min(finding.facts["since"], known.get("since", finding.facts["since"]))}
    if known.get("observed", 0) > facts["observed"]:
        facts |= {name: known[name] for name in MEASURES if name in known}
    return replace(finding, facts=facts)


def smoulders(finding: Finding, known: Mapping[str, Any]) -> bool:
    """Whether it is only what is left of a storm that was resolved lately, whose facts are `known`.

    After a storm people keep writing for hours; that is no news until a good part of the storm is back.
    """
    return bool(finding.facts["latest"] < SMOULDER * known.get("observed", 0))


def _began(spike: Measured) -> datetime:
    times = [one.published_at for one in spike.window.complaints]
    return began(times, spike.expected, spike.window.until)


def _facts(
    worst: Measured,
    started: datetime,
    counted: Sequence[Complaint],
    baseline: Baseline,
) -> dict[str, Any]:
    """What is stored, shown and told of the worst hour. Times as ISO 8601."""
    return {
        "observed": worst.observed,
        "latest": worst.observed,
        "doubted": worst.window.doubted,
        "expected": round(worst.expected, 3),
        "ratio": round(worst.ratio, 1),
        "p_value": worst.p_value,
        "since": started.isoformat(),
        "window_since": worst.window.since.isoformat(),
        "window_until": worst.window.until.isoformat(),
        "history_hours": baseline.hours,
        "examples": [one.mention_id for one in strongest(counted)[:EXAMPLES]],
    }


def strongest(complaints: Sequence[Complaint]) -> list[Complaint]:
    """Most telling first: signals of escalation, then reach, then the newest; copies only once."""
    ranked = sorted(
        complaints,
        key=lambda one: (one.escalation, one.engagement or 0, one.followers or 0, one.published_at),
        reverse=True,
    )
    seen: set[int] = set()
    first = []
    for one in ranked:
        if one.cluster_id is None or one.cluster_id not in seen:
            first.append(one)
        if one.cluster_id is not None:
            seen.add(one.cluster_id)
    return first
