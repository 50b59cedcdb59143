"""What an incident means, as the pages tell it, and what to do when a channel refused to hear of it."""

import re

from alerts import explanation
from alerts.catalogue import Catalogue
from alerts.explanation import Matter
from dashboard.formats import Formats
from storage.bulletins import IncidentRow


def headline(row: IncidentRow, f: Formats) -> str:
    """What happens, with the count and what is usual."""
    return explanation.title(_matter(row, f), f.text)


def why(row: IncidentRow, f: Formats) -> list[str]:
    """Why this was told, as the message has it, with what the rule knew of the brand and where it was seen."""
    matter = _matter(row, f)
    said = explanation.reasons(matter, f.text, f.now)
    if hours := matter.number("history_hours"):
        said.append(f.text("why.history", n=hours))
    sources = explanation.seen_at(matter, f.text)
    return [*said, sources] if sources else said


def _matter(row: IncidentRow, f: Formats) -> Matter:
    return Matter(row.incident, row.brand or f.text("headline.all_brands"), row.source or "")


def advice(text: Catalogue, error: str | None) -> str:
    """What a channel's refusal means and what to do; its own code when we know no better."""
    code = re.split(r"[^a-z0-9_]", (error or "").strip().lower())[0]
    known = f"trouble.{code}"
    return text(known) if known in text else text("trouble.other", error=(error or "")[:200])
