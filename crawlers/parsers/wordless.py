"""Answers in a forum that have no words of their own: only a quote, or a picture."""

from dataclasses import dataclass, field, replace
from typing import Any

from crawlers.parsers.page import Gathering, Page
from storage.records import Record, Status

FEW = 5
"""So many on one page say nothing yet about its form."""


@dataclass
class ForumGathering(Gathering):
    """Passes over answers without words: what the title of their topic says, others said.

    Where a page has many of them and no words at all, these are likely to stand where they did not: then they are
    refused, so that it does not look like calm.
    """

    wordless: list[tuple[str, str]] = field(default_factory=list)

    def add(self, where: str, **fields: Any) -> Record | None:
        return super().add(where, of_topic=True, **fields)

    def says_nothing(self, where: str, identity: str) -> None:
        self.wordless.append((where, identity))

    def page(self, next: str | None = None, expected: int | None = None, damage: str | None = None) -> Page:
        page = super().page(next, expected, damage)
        said = any(record.text for record in page.records if record.status is not Status.REMOVED)
        if said or len(self.wordless) < FEW:
            self.passed += len(self.wordless)
        else:
            for where, identity in self.wordless:
                self.refuse(where, "no words", identity)
        self.wordless.clear()
        return super().page(next, expected, damage)

    def page_of_topic(self, opening: bool, onward: str | None) -> Page:
        """A page of a topic: as short as it happens to be where it is the last one, and not the `opening` one too."""
        return replace(self.page(onward), rest=not opening and onward is None)
