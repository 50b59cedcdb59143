"""What a crawl comes across: filled by its spider and its pipeline, judged by `health` at the end."""

from collections import Counter
from dataclasses import dataclass, field

from crawlers.causes import Failure
from crawlers.parsers.page import Page
from storage.mentions import StoreCounts
from storage.records import Status

MOST_NOTES = 20


@dataclass
class Findings:
    """Totals over all pages of one crawl. `undated` counts kept records without a time of publication."""

    counts: StoreCounts = field(default_factory=StoreCounts)
    pages: int = 0
    not_modified: int = 0
    entries: int = 0
    kept: int = 0
    passed: int = 0
    refused: int = 0
    undated: int = 0
    failures: list[Failure] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)

    def read(self, page: Page) -> None:
        """Count a page that could be parsed."""
        self.pages += 1
        self.entries += page.entries
        self.kept += len(page.records)
        self.passed += page.passed
        self.refused += len(page.problems)
        self.undated += sum(
            record.published_at is None and record.status is not Status.REMOVED for record in page.records
        )
        for note in page.notes:
            self.note(note)

    def note(self, text: str) -> None:
        if text in self.notes or len(self.notes) < MOST_NOTES:
            self.notes[text] += 1
