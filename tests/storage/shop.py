"""A small world to store things in: one brand, one source, and records to vary."""

from datetime import UTC, datetime, timedelta
from typing import Any

from storage import mentions, sources
from storage.configuration import Configuration
from storage.database import Database
from storage.mentions import StoreCounts
from storage.models import Source
from storage.records import Batch, Record

NOW = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)

CONFIGURATION = Configuration.model_validate(
    {
        "brand": [
            {"name": "Snelveld", "terms": ["snelveld"], "exclude": ["snelveldrun"]},
            {"name": "Belpunt", "terms": ["belpunt"], "competitor": True},
        ],
        "source": [
            {"name": "pagina", "kind": "trustpilot_web", "brand": "Snelveld", "domain": "snelveld.example"},
            {"name": "nieuws", "kind": "feed", "url": "http://nieuws.example/rss"},
        ],
    }
)


def record(external_id: str = "r1", **changes: Any) -> Record:
    values: dict[str, Any] = {
        "external_id": external_id,
        "namespace": "trustpilot",
        "kind": "review",
        "url": f"https://reviews.example/{external_id}",
        "title": "Monteur kwam niet",
        "text": "Drie keer thuisgebleven voor niets.",
        "rating": 1,
        "rating_max": 5,
        "author_id": "klant-1",
        "author_name": "Annelies",
        "published_at": NOW - timedelta(hours=1),
    }
    return Record.model_validate(values | changes)


def set_up(database: Database, configuration: Configuration = CONFIGURATION) -> None:
    with database.write() as session:
        sources.sync(session, configuration)


def store(
    database: Database,
    *records: Record,
    source: str = "pagina",
    now: datetime = NOW,
    state: dict[str, object] | None = None,
) -> StoreCounts:
    def work(session: Any) -> StoreCounts:
        row: Source = sources.source_named(session, source)
        assert row.id is not None
        matcher = sources.matcher_of(session, CONFIGURATION, row)
        return mentions.store_batch(
            session.connection(), row.id, Batch(records=records, state=state), matcher, now
        )

    return database.transact(work)
