"""What a crawl comes across: filled by its spider and its pipeline, judged by `health` at the end."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Self

from crawlers.causes import Failure
from crawlers.parsers.page import Page
from storage.mentions import StoreCounts
from storage.records import Record, Status

MOST_NOTES = 20
FIELDS: Mapping[str, Callable[[Record], bool]] = {
    "text": lambda record: bool(record.text),
    "rating": lambda record: record.rating is not None,
    "date": lambda record: record.published_at is not None,
    "author": lambda record: bool(record.author_id or record.author_name),
}
"""What a post may have and a page that was rebuilt may seem to have lost."""


@dataclass
class Findings:
    """Totals over all pages of one crawl. `undated` counts kept records without a time of publication, `unsought` those
    that a query left out.

    Of the `refused` records, `unread` has the ids where those could be read, and `nameless` counts the others.
    `fullest` is how many posts the fullest page held that is not the rest of others. Of the `standing` records, those
    that can still be read, `holding` counts how many have each of the `FIELDS`. `reread` says that it was the crawl of
    the day that also reads what is known. `looked_up` counts by status the answers at addresses of single posts that
    the source shows no more, which say nothing of how it is read.
    """

    counts: StoreCounts = field(default_factory=StoreCounts)
    pages: int = 0
    not_modified: int = 0
    entries: int = 0
    kept: int = 0
    passed: int = 0
    unsought: int = 0
    refused: int = 0
    unread: set[str] = field(default_factory=set)
    nameless: int = 0
    undated: int = 0
    fullest: int = 0
    standing: int = 0
    holding: Counter[str] = field(default_factory=Counter)
    reread: bool = False
    looked_up: Counter[int] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, page: Page) -> Self:
        """The totals of this page alone."""
        found = cls()
        found.read(page)
        return found

    def read(self, page: Page) -> None:
        """Count a page that could be parsed."""
        self.pages += 1
        self.entries += page.entries
        self.kept += len(page.records)
        self.passed += page.passed
        self.unsought += page.unsought
        self.refused += len(page.problems)
        self.unread.update(one.identity for one in page.problems if one.identity)
        self.nameless += page.nameless
        self.fullest = max(self.fullest, 0 if page.rest else page.entries)
        standing = [record for record in page.records if record.status is not Status.REMOVED]
        self.standing += len(standing)
        self.undated += sum(record.published_at is None for record in standing)
        for name, has in FIELDS.items():
            self.holding[name] += sum(has(record) for record in standing)
        for note in page.notes:
            self.note(note)

    def note(self, text: str) -> None:
        if text in self.notes or len(self.notes) < MOST_NOTES:
            self.notes[text] += 1
