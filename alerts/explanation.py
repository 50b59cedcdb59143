"""What an incident means, in words that messages and pages share: its title, its reasons, where it was seen.

Plain text without mark-up. Facts that another version did not note are left out of the reasons.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.catalogue import Catalogue
from alerts.obstacles import obstacle
from crawlers.causes import Cause
from storage.models import Health, Incident

SHORT_HISTORY = 7 * 24
"""Hours of history below which the ordinary is not well known yet."""
MOST_SOURCES = 10
MOST_THEMES = 4


@dataclass(frozen=True)
class Matter:
    """An incident, with the names of what it is about."""

    incident: Incident
    brand: str
    source: str

    @property
    def facts(self) -> Mapping[str, Any]:
        return self.incident.facts

    def number(self, name: str) -> float:
        """A figure of the facts, 0 where it is missing."""
        value = self.facts.get(name)
        return float(value) if isinstance(value, int | float) else 0.0

    def moment(self, name: str) -> datetime | None:
        try:
            moment = datetime.fromisoformat(str(self.facts.get(name)))
        except ValueError:
            return None
        return moment if moment.tzinfo else None

    @property
    def since(self) -> datetime:
        return self.moment("since") or self.incident.started_at


def title(matter: Matter, say: Catalogue) -> str:
    key = "title.source_odd" if _is_odd(matter) else f"title.{matter.incident.rule}"
    count = max(matter.number("count") or matter.number("observed"), 1)
    source = matter.source or str(matter.facts.get("source", ""))
    if key not in say:
        return say("title.other", rule=matter.incident.rule, brand=matter.brand)
    return say(key, n=count, brand=matter.brand, source=source)


def reasons(matter: Matter, say: Catalogue, now: datetime) -> list[str]:
    """Why this is told, a sentence or two each; the first says it all in a few words."""
    rules = {
        "negative_spike": _spike,
        "severe_mention": _severe,
        "source_silent": _odd if _is_odd(matter) else _silent,
        "sources_unreachable": _unreachable,
    }
    describe = rules.get(matter.incident.rule)
    return describe(matter, say, now) if describe else []


def seen_at(matter: Matter, say: Catalogue) -> str | None:
    """The sources that told of it, with their counts."""
    found = [one for one in matter.facts.get("sources", []) if isinstance(one, Mapping)]
    names = [f"{one.get('name')} ({say.number(one.get('count', 0))})" for one in found[:MOST_SOURCES]]
    return say("parts.sources", sources=", ".join(names)) if names else None


def _spike(matter: Matter, say: Catalogue, now: datetime) -> list[str]:
    facts, count, texts = matter.facts, matter.number("count"), matter.number("texts")
    lines = [_many(matter, say, now), _usual(matter, say)]
    if count:
        lines.append(say("spike.since", n=count, since=say.moment(matter.incident.started_at, now)))
    if themes := _themes(matter, say):
        lines.append(themes)
    if 0 < texts < count:
        lines.append(say("spike.copies", n=texts))
    if "p_value" in facts:
        lines.append(_chance(matter.number("p_value"), say))
    if doubted := matter.number("doubted"):
        lines.append(say("spike.doubted", n=doubted))
    if matter.number("inexact_hours"):
        lines.append(say("spike.inexact"))
    if "history_hours" in facts and matter.number("history_hours") < SHORT_HISTORY:
        lines.append(say("spike.short_history", brand=matter.brand))
    return lines


def _themes(matter: Matter, say: Catalogue) -> str | None:
    """What the complaints are about, the most frequent first."""
    found = [one for one in matter.facts.get("themes", []) if isinstance(one, Mapping)]
    names = [f"{one.get('name')} ({say.number(one.get('count', 0))})" for one in found[:MOST_THEMES]]
    return say("parts.themes", themes=", ".join(names)) if names else None


def _many(matter: Matter, say: Catalogue, now: datetime) -> str:
    observed, since = matter.number("observed"), matter.moment("window_since")
    if since is None:
        return say("spike.many", n=observed)
    return say("spike.many_from", n=observed, since=say.moment(since, now))


def _usual(matter: Matter, say: Catalogue) -> str:
    expected, ratio = matter.number("expected"), matter.number("ratio")
    if expected < 1:
        return say("spike.usual_few")
    shown, times = say.number(expected, _digits(expected)), say.number(ratio, _digits(ratio))
    return say("spike.usual", expected=shown, ratio=times)


def _digits(value: float) -> int:
    return 1 if value < 10 else 0


def _chance(p_value: float, say: Catalogue) -> str:
    if p_value < 1e-6:
        return say("spike.chance_tiny", p=say.tiny(p_value))
    return say("spike.chance", one_in=say.number(float(f"{1 / p_value:.2g}")), p=say.tiny(p_value))


def _severe(matter: Matter, say: Catalogue, now: datetime) -> list[str]:
    named = [str(reason) for reason in matter.facts.get("reasons", [])]
    lines = [say(f"severe.{name}", n=matter.number(name)) for name in named if f"severe.{name}" in say]
    if themes := _themes(matter, say):
        lines.append(themes)
    since = matter.moment("since")
    return [*lines, say("severe.since", since=say.moment(since, now))] if since else lines


def _silent(matter: Matter, say: Catalogue, now: datetime) -> list[str]:
    if matter.facts.get("never") and matter.facts.get("cause") == Cause.EMPTY:
        nothing = say("silent.nothing", source=matter.source, since=say.moment(matter.since, now))
        return [nothing, say("silent.typed")]
    key = "silent.never" if matter.facts.get("never") else "silent.since"
    lines = [say(key, source=matter.source, since=say.moment(matter.since, now)), say("silent.honest")]
    if failures := matter.number("failures"):
        lines.append(say("silent.failures", n=failures))
    if matter.facts.get("health") == Health.OK:
        lines.append(say("silent.ok"))
    return [*lines, *_met(matter, say)]


def _is_odd(matter: Matter) -> bool:
    """Whether the source was read, though not as it used to be."""
    facts = matter.facts
    odd = facts.get("health") == Health.SUSPICIOUS or facts.get("cause") == Cause.FIELD_LOST
    return matter.incident.rule == "source_silent" and odd


def _odd(matter: Matter, say: Catalogue, now: datetime) -> list[str]:
    odd = say("silent.odd", source=matter.source, since=say.moment(matter.since, now))
    return [odd, *_met(matter, say)]


def _met(matter: Matter, say: Catalogue) -> list[str]:
    """What stood in the way of the source's last crawl, and what to do about it."""
    met = obstacle(matter.facts.get("health"), matter.facts, say)
    return [f"{met.what}. {met.todo}"] if met else []


def _unreachable(matter: Matter, say: Catalogue, now: datetime) -> list[str]:
    names = matter.facts.get("unreached")
    found = [str(name) for name in names[:MOST_SOURCES]] if isinstance(names, list) else []
    lines = [say("unreachable.since", since=say.moment(matter.since, now)), say("silent.honest")]
    if found:
        more = int(matter.number("observed")) - len(found)
        lines.append(say("unreachable.sources", sources=", ".join(found)))
        lines += [say("unreachable.more", n=more)] if more > 0 else []
    return [*lines, say("unreachable.do")]
