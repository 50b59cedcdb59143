"""Crawls, what they would store, kinds and sources: as tables for people."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from crawlers.catalogue import KindLine, Standing
from crawlers.run import CrawlResult
from storage.calendar import AMSTERDAM

LONG = 100
"""Characters of a post that are shown."""
COUNTS = ("new", "edited", "replied", "removed", "unchanged", "unmatched", "refused")


def crawls(results: Iterable[CrawlResult]) -> Table:
    """How each one went."""
    return _table(
        ("source", "health", *COUNTS, "seconds", "reason"),
        (
            (
                one.source,
                one.health or ("left alone" if one.left_alone_until else "-"),
                *(str(getattr(one, name)) for name in COUNTS),
                f"{one.seconds:.1f}",
                one.reason or "",
            )
            for one in results
        ),
    )


def records(found: Iterable[dict[str, Any]]) -> Table:
    """What would become of each record of a `crawlers.dry.Preview`."""
    return _table(("would be", "published", "rating", "says", "where"), map(_record, found))


def _record(record: dict[str, Any]) -> Sequence[str]:
    rating = f"{record['rating']:g}/{record['rating_max']:g}" if "rating" in record else ""
    said = " ".join(f"{record.get('title', '')} {record['text']}".split())
    at = record.get("published_at")
    when = minute(datetime.fromisoformat(at) if at else None)
    return record["what"], when, rating, said[:LONG], record.get("url", "")


def kinds(lines: Iterable[KindLine]) -> Table:
    """Every kind with what it needs and its terms."""
    return _table(
        ("kind", "parameters", "from the environment", "terms"),
        ((one.kind, _parameters(one), ", ".join(one.secrets), one.terms) for one in lines),
    )


def _parameters(kind: KindLine) -> str:
    """`url (include, pages)`: those that are needed, then those that may be left out."""
    more = f"({', '.join(kind.takes)})" if kind.takes else ""
    return " ".join(filter(None, [", ".join(kind.needs), more]))


def standings(found: Iterable[Standing]) -> Table:
    """How the configured sources are doing."""
    return _table(
        ("source", "kind", "brand", "status", "since", "reason"),
        (
            (one.source, one.kind, one.brand or "-", one.status, minute(one.since), reason(one))
            for one in found
        ),
    )


def reason(one: Standing) -> str:
    """What the matter is, and when the schedule asks again at a site that refused us."""
    again = f"asked again from {minute(one.left_alone_until)}" if one.left_alone_until else None
    return "; ".join(filter(None, [one.reason, again]))


def minute(moment: datetime | None) -> str:
    """By a Dutch clock."""
    return f"{moment.astimezone(AMSTERDAM):%Y-%m-%d %H:%M}" if moment else "-"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    table = Table(*heads)
    for row in rows:
        table.add_row(*map(Text, row))  # what sites and people wrote is no markup
    return table
