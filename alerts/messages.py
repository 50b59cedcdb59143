"""What a channel is told of an incident: Block Kit for Slack, and the same in plain words.

https://docs.slack.dev/reference/block-kit: at most 50 blocks a message, 3,000 characters a section. A message here
has at most ten blocks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.catalogue import Catalogue
from alerts.explanation import Matter, reasons, seen_at, title
from alerts.mrkdwn import LONGEST_HEADER, cut, escape, link, quote, shortened
from alerts.reasons import Reason
from storage.incidents import Example

MOST_EXAMPLES = 3
LONGEST_EXAMPLE = 200

Block = dict[str, Any]


@dataclass(frozen=True)
class Subject(Matter):
    """An incident with the names and examples that a message needs."""

    examples: Sequence[Example]
    address: str
    """Of the dashboard, without a slash at its end."""

    @property
    def page(self) -> str:
        return f"{self.address}/meldingen/{self.incident.id}"


@dataclass(frozen=True)
class Content:
    """`text` is the fall-back for notifications; both are Slack's mark-up, escaped."""

    text: str
    blocks: tuple[Block, ...]


def post(subject: Subject, say: Catalogue, now: datetime) -> Content:
    """The incident's one message, as things stand."""
    what = _what(subject, say, now)
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": _heading(subject, say), "emoji": True}},
        *([_section("\n".join(what))] if what else []),
        *_evidence(subject, say),
        _context(subject, say, now),
    ]
    told = [escape(title(subject, say)) + ".", *(line.replace("*", "") for line in what[:1])]
    return Content(cut(" ".join([*told, link(subject.page, say("parts.page")) or ""])), tuple(blocks))


def reply(subject: Subject, reason: Reason, say: Catalogue, now: datetime) -> Content:
    """A word in the thread, which people are notified of."""
    text = say(_reply_key(subject, reason), **_values(subject, say, now))
    mark = say("mark.over") if subject.incident.resolved_at else say(f"mark.{subject.incident.severity}")
    text = cut(f"{mark} {text} {link(subject.page, say('parts.page'))}")
    return Content(text, (_section(text),))


def _heading(subject: Subject, say: Catalogue) -> str:
    incident = subject.incident
    mark = say("mark.over") if incident.resolved_at else say(f"mark.{incident.severity}")
    return shortened(f"{mark} {title(subject, say)}", LONGEST_HEADER)


def _what(subject: Subject, say: Catalogue, now: datetime) -> list[str]:
    """The reasons, the first in bold with the second behind it, and who looks after it."""
    lines = [escape(line) for line in reasons(subject, say, now)]
    found = [" ".join([f"*{lines[0]}*", *lines[1:2]]), *lines[2:]] if lines else []
    if subject.incident.acknowledged_at is not None:
        who = escape(subject.incident.acknowledged_by or "")
        found.append(say("parts.taken", who=who, at=say.moment(subject.incident.acknowledged_at, now)))
    if subject.incident.resolved_at is not None:
        over = say.moment(subject.incident.resolved_at, now)
        found.append("*" + say("parts.over", at=over, length=_length(subject, say, now)) + "*")
    return found


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
    sources = seen_at(subject, say)
    parts = [escape(sources)] if sources else []
    parts.append(link(subject.page, say("parts.page")) or subject.page)
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": cut(" · ".join(parts))}]}


def _reply_key(subject: Subject, reason: Reason) -> str:
    rule, incident = subject.incident.rule, subject.incident
    if reason is Reason.RESOLVED and incident.acknowledged_by and rule == "severe_mention":
        return f"reply.{rule}.taken"
    return f"reply.{rule}.{reason}"


def _values(subject: Subject, say: Catalogue, now: datetime) -> dict[str, Any]:
    return {
        "latest": say.number(subject.number("latest")),
        "count": say.number(subject.number("count")),
        "observed": say.number(subject.number("observed")),
        "source": escape(subject.source),
        "who": escape(subject.incident.acknowledged_by or ""),
        "length": _length(subject, say, now),
    }


def _length(subject: Subject, say: Catalogue, now: datetime) -> str:
    return say.length((subject.incident.resolved_at or now) - subject.incident.started_at)


def _section(text: str, verbatim: bool = False) -> Block:
    words: Block = {"type": "mrkdwn", "text": cut(text)}
    return {"type": "section", "text": words | {"verbatim": True} if verbatim else words}
