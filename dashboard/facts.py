"""What an incident means, in words: one line for lists, and the reasons with their figures."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from alerts.catalogue import Catalogue
from alerts.obstacles import obstacle
from dashboard.formats import Formats
from storage.bulletins import IncidentRow


def headline(row: IncidentRow, f: Formats) -> str:
    """What happens, with the count and what is usual."""
    facts = row.incident.facts
    expected = _number(facts, "expected")
    return f.text(
        f"headline.{row.incident.rule}" if f"headline.{row.incident.rule}" in f.text else "headline.other",
        brand=row.brand or f.text("headline.all_brands"),
        source=row.source or str(facts.get("source", "")),
        n=int(_number(facts, "count") or row.mentions),
        observed=f.number(_number(facts, "observed")),
        expected=f.number(expected, 1 if expected < 10 else 0),
        rule=row.incident.rule,
    )


def why(row: IncidentRow, f: Formats) -> list[str]:
    """Why this was told: every figure that the rule weighed. Facts that an older version did not note are left out."""
    describe = _RULES.get(row.incident.rule, _other)
    return describe(row.incident.facts, f)


def _spike(facts: Mapping[str, Any], f: Formats) -> list[str]:
    said = []
    since, until = _moment(facts, "window_since"), _moment(facts, "window_until")
    if since and until:
        said.append(
            f.text(
                "why.hour",
                n=int(_number(facts, "observed")),
                since=f.when(since),
                until=f.clock(until),
                expected=f.number(_number(facts, "expected"), 1),
            )
        )
    if _number(facts, "ratio") >= 1.5:
        said.append(f.text("why.ratio", ratio=f.number(_number(facts, "ratio"))))
    if "p_value" in facts:
        said.append(f.text("why.p_value", p=f.small(_number(facts, "p_value"))))
    if _number(facts, "texts"):
        said.append(
            f.text("why.texts", n=int(_number(facts, "count")), texts=f.number(_number(facts, "texts")))
        )
    if _number(facts, "history_hours"):
        said.append(f.text("why.history", hours=f.number(_number(facts, "history_hours"))))
    return said + _sources(facts, f)


def _severe(facts: Mapping[str, Any], f: Formats) -> list[str]:
    reasons = [reason for reason in facts.get("reasons", []) if f"why.severe_{reason}" in f.text]
    said = [f.text(f"why.severe_{reason}", value=f.number(_number(facts, str(reason)))) for reason in reasons]
    return said + _sources(facts, f)


def _silent(facts: Mapping[str, Any], f: Formats) -> list[str]:
    since = _moment(facts, "since")
    said = [f.text("why.never" if facts.get("never") else "why.silent", since=f.when(since))] if since else []
    if _number(facts, "failures"):
        said.append(f.text("why.failures", n=int(_number(facts, "failures"))))
    if met := obstacle(facts.get("health"), facts, f.text):
        said.append(f"{met.what}. {met.todo}")
    return said


def _other(facts: Mapping[str, Any], f: Formats) -> list[str]:
    return [f.text("why.p_value", p=f.small(_number(facts, "p_value")))] if "p_value" in facts else []


def advice(text: Catalogue, error: str | None) -> str:
    """What a channel's refusal means and what to do; its own code when we know no better."""
    code = re.split(r"[^a-z0-9_]", (error or "").strip().lower())[0]
    known = f"trouble.{code}"
    return text(known) if known in text else text("trouble.other", error=(error or "")[:200])


_RULES: dict[str, Callable[[Mapping[str, Any], Formats], list[str]]] = {
    "negative_spike": _spike,
    "severe_mention": _severe,
    "source_silent": _silent,
}


def _sources(facts: Mapping[str, Any], f: Formats) -> list[str]:
    found = [one for one in facts.get("sources", []) if isinstance(one, Mapping)]
    names = ", ".join(f"{one.get('name')} ({one.get('count')})" for one in found)
    return [f.text("why.sources", names=names)] if names else []


def _number(facts: Mapping[str, Any], name: str) -> float:
    value = facts.get(name)
    return float(value) if isinstance(value, int | float) else 0.0


def _moment(facts: Mapping[str, Any], name: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(facts.get(name)))
    except ValueError:
        return None
    return moment if moment.tzinfo else None
