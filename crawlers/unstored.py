"""The child's part of a crawl that stores nothing: what storing would do, noted and taken back."""

import json
from collections.abc import Callable
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path

from storage.configuration import Configuration, SourceSettings
from storage.database import Database
from storage.matching import Matcher
from storage.mentions import StoreCounts, store_batch
from storage.records import Batch, Record
from storage.runs import Outcome
from storage.sources import matcher_of, source_named

_WEIGHTY = ("new", "removed", "edited", "replied", "returned", "unmatched", "erased", "unchanged")


class _TakenBack(Exception):
    """Ends a transaction without a trace."""


class Unstored:
    """Stores batches as any crawl does, one record after another, notes each in the file `path`, and rolls back."""

    def __init__(
        self,
        database: Database,
        configuration: Configuration,
        settings: SourceSettings,
        now: Callable[[], datetime],
        path: Path,
    ) -> None:
        self.database, self.now, self.path = database, now, path
        with database.read() as session:
            source = source_named(session, settings.name)
            self.matcher: Matcher = matcher_of(session, configuration, source)
            self.source_id = source.id or 0

    def __call__(self, batch: Batch) -> StoreCounts:
        counts, lines = StoreCounts(), []
        try:
            with self.database.write_rows() as connection:
                for record in batch.records:
                    alone = Batch(records=(record,))
                    done = store_batch(connection, self.source_id, alone, self.matcher, self.now())
                    lines.append({"what": _what(done)} | _shown(record))
                    counts += done
                raise _TakenBack
        except _TakenBack:
            self._note(*lines)
        return counts

    def ended(self, outcome: Outcome) -> None:
        """Note how the crawl went, as the last line."""
        self._note({"outcome": asdict(outcome) | {"retry_after": None, "rest": None}})

    def _note(self, *lines: object) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(line, default=str) + "\n" for line in lines)


def _what(done: StoreCounts) -> str:
    known = {field.name for field in fields(done) if getattr(done, field.name)}
    return next((name for name in _WEIGHTY if name in known), "unchanged")


def _shown(record: Record) -> dict[str, object]:
    return record.model_dump(mode="json", exclude_none=True, exclude={"author_id", "of_topic"})
