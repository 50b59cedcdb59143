"""What a channel is told of an incident: Block Kit for Slack, and the same in plain words.

https://docs.slack.dev/reference/block-kit: at most 50 blocks a message, 3,000 characters a section. A message here
has at most ten blocks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.catalogue import Catalogue
from alerts.mrkdwn import LONGEST_HEADER, cut, escape, link, quote, shortened
from alerts.obstacles import obstacle
from alerts.reasons import Reason
from storage.incidents import Example
from storage.models import Health, Incident

MOST_EXAMPLES = 3
LONGEST_EXAMPLE = 200
SHORT_HISTORY = 7 * 24
"""Hours of history below which a message says that the ordinary is not well known yet."""

Block = dict[str, Any]


@dataclass(frozen=True)
class Subject:
    """An incident with the names and examples that a message needs."""

    incident: Incident
    brand: str
    source: str
    examples: Sequence[Example]
    address: str
    """Of the dashboard, without a slash at its end."""

    @property
    def page(self) -> str:
        return f"{self.address}/meldingen/{self.incident.id}"

    @property
    def facts(self) -> dict[str, Any]:
        return self.incident.facts


@dataclass(frozen=True)
class Content:
    """`text` is the fall-back for notifications; both are Slack's mark-up, escaped."""

    text: str
    blocks: tuple[Block, ...]


def post(subject: Subject, say: Catalogue, now: datetime) -> Content:
    """The incident's one message, as things stand."""
    title = _title(subject, say)
    what = _what(subject, say, now)
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": _heading(subject, say), "emoji": True}},
        _section("\n".join(what)),
        *_evidence(subject, say),
        _context(subject, say, now),
    ]
    first = what[0].replace("*", "") if what else ""
    return Content(cut(f"{escape(title)}. {first} {link(subject.page, say('parts.page'))}"), tuple(blocks))


def reply(subject: Subject, reason: Reason, say: Catalogue, now: datetime) -> Content:
    """A word in the thread, which people are notified of."""
    text = say(_reply_key(subject, reason), **_values(subject, say, now))
    mark = say("mark.over") if subject.incident.resolved_at else say(f"mark.{subject.incident.severity}")
    text = cut(f"{mark} {text} {link(subject.page, say('parts.page'))}")
    return Content(text, (_section(text),))


def _heading(subject: Subject, say: Catalogue) -> str:
    incident = subject.incident
    mark = say("mark.over") if incident.resolved_at else say(f"mark.{incident.severity}")
    return shortened(f"{mark} {_title(subject, say)}", LONGEST_HEADER)


def _title(subject: Subject, say: Catalogue) -> str:
    return say(
        f"title.{subject.incident.rule}",
        n=subject.facts.get("count", 1),
        brand=subject.brand,
        source=subject.source,
    )


def _what(subject: Subject, say: Catalogue, now: datetime) -> list[str]:
    lines = {"negative_spike": _spike, "severe_mention": _severe, "source_silent": _silent}
    found = lines[subject.incident.rule](subject, say, now)
    if subject.incident.acknowledged_at is not None:
        who = escape(subject.incident.acknowledged_by or "")
        found.append(say("parts.taken", who=who, at=say.moment(subject.incident.acknowledged_at, now)))
    if subject.incident.resolved_at is not None:
        over = say.moment(subject.incident.resolved_at, now)
        found.append("*" + say("parts.over", at=over, length=_length(subject, say, now)) + "*")
    return found


def _spike(subject: Subject, say: Catalogue, now: datetime) -> list[str]:
    facts = subject.facts
    since = say.moment(subject.incident.started_at, now)
    lines = [say("spike.many", n=facts["observed"]) + " " + _usual(facts, say)]
    lines += [say("spike.since", n=facts["count"], since=since), _chance(facts, say)]
    if facts["texts"] < facts["count"]:
        lines.append(say("spike.copies", n=facts["texts"]))
    if facts["history_hours"] < SHORT_HISTORY:
        lines.append(say("spike.short_history", brand=escape(subject.brand)))
    return lines


def _usual(facts: dict[str, Any], say: Catalogue) -> str:
    expected = facts["expected"]
    if expected < 1:
        return say("spike.usual_few")
    digits = 1 if expected < 10 else 0
    times = say.number(facts["ratio"], 1 if facts["ratio"] < 10 else 0)
    return say("spike.usual", expected=say.number(expected, digits), ratio=times)


def _chance(facts: dict[str, Any], say: Catalogue) -> str:
    p_value = facts["p_value"]
    if p_value < 1e-6:
        return say("spike.chance_tiny", p=say.tiny(p_value))
    return say("spike.chance", one_in=say.number(float(f"{1 / p_value:.2g}")), p=say.tiny(p_value))


def _severe(subject: Subject, say: Catalogue, now: datetime) -> list[str]:
    facts = subject.facts
    reasons = [say(f"severe.{reason}", n=facts.get(reason)) for reason in facts["reasons"]]
    since = say.moment(datetime.fromisoformat(facts["since"]), now)
    return [say("severe.why", reasons=say.listed(reasons)), say("severe.since", since=since)]


def _silent(subject: Subject, say: Catalogue, now: datetime) -> list[str]:
    facts = subject.facts
    since = say.moment(datetime.fromisoformat(facts["since"]), now)
    key = "silent.never" if facts["never"] else "silent.since"
    lines = [say(key, source=escape(subject.source), since=since) + " " + say("silent.honest")]
    if facts["failures"]:
        lines.append(say("silent.failures", n=facts["failures"]))
    if facts["health"] == Health.OK:
        lines[-1] += " " + say("silent.ok")
    if met := obstacle(facts["health"], facts, say):
        lines.append(f"{met.what}. {met.todo}")
    return lines


def _evidence(subject: Subject, say: Catalogue) -> list[Block]:
    """The strongest examples, quoted. `verbatim`: Slack makes no links of what strangers wrote."""
    shown = list(subject.examples)[:MOST_EXAMPLES]
    blocks = [_section(_example(one, say), verbatim=True) for one in shown]
    return [_section(say("parts.examples")), *blocks] if blocks else []


def _example(example: Example, say: Catalogue) -> str:
    source = escape(example.source)
    address = link(example.url, say("parts.read"))
    return f"{quote(example.text or '…', LONGEST_EXAMPLE)}\n{source}" + (f" · {address}" if address else "")


def _context(subject: Subject, say: Catalogue, now: datetime) -> Block:
    sources = [
        f"{escape(one['name'])} ({say.number(one['count'])})" for one in subject.facts.get("sources", ())
    ]
    parts = [say("parts.sources", sources=", ".join(sources[:10]))] if sources else []
    parts.append(link(subject.page, say("parts.page")) or subject.page)
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": cut(" · ".join(parts))}]}


def _reply_key(subject: Subject, reason: Reason) -> str:
    rule, incident = subject.incident.rule, subject.incident
    if reason is Reason.RESOLVED and incident.acknowledged_by and rule == "severe_mention":
        return f"reply.{rule}.taken"
    return f"reply.{rule}.{reason}"


def _values(subject: Subject, say: Catalogue, now: datetime) -> dict[str, Any]:
    return {
        "latest": say.number(subject.facts.get("latest", 0)),
        "count": say.number(subject.facts.get("count", 0)),
        "source": escape(subject.source),
        "who": escape(subject.incident.acknowledged_by or ""),
        "length": _length(subject, say, now),
    }


def _length(subject: Subject, say: Catalogue, now: datetime) -> str:
    return say.length((subject.incident.resolved_at or now) - subject.incident.started_at)


def _section(text: str, verbatim: bool = False) -> Block:
    words: Block = {"type": "mrkdwn", "text": cut(text)}
    return {"type": "section", "text": words | {"verbatim": True} if verbatim else words}
