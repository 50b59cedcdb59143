"""One way back through a listing, page by page: what it has seen, and what it leaves unread."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from crawlers.dates import instant
from crawlers.parsers.values import text

_GAP = "gap"


@dataclass(frozen=True)
class Gap:
    """What one crawl left unread because there was too much: from `cursor` on, down to `floor`.

    `mark` is how far it had been read before, as the source names it. `number` is how many pages of a first reading
    were read when its time was up; 0 where there was a floor.
    """

    cursor: str
    floor: datetime
    mark: str | None = None
    number: int = 0

    @classmethod
    def kept_in(cls, state: Mapping[str, Any]) -> Self | None:
        """The gap that a state holds; an earlier version kept no number."""
        found = state.get(_GAP)
        if not isinstance(found, list) or len(found) not in (3, 4):
            return None
        cursor, floor, mark, pages = [*found, 0][:4]
        below, pages = instant(floor), pages if isinstance(pages, int) else 0
        return cls(cursor, below, text(mark), pages) if isinstance(cursor, str) and below else None


def without_gap(state: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in state.items() if key != _GAP}


def with_gap(state: Mapping[str, Any], gap: Gap | None) -> dict[str, Any]:
    """`state` with this gap in the place of the one that it holds."""
    kept = [gap.cursor, gap.floor.isoformat(), gap.mark, gap.number] if gap else None
    return without_gap(state) | ({_GAP: kept} if kept else {})


@dataclass(frozen=True)
class Reading:
    """One way back through a part, down to `floor` (None: as far as it goes). `seen` has what was shown by id.

    With a `gap` it reads what an earlier crawl left. `cursor` is what the `number`th page is asked for with. `lowest`
    is the last post so far, its id and time; `top` is how far back the first page goes, where that counts; `ceiling` is
    where the first page of a gap begins; `expected` is how many posts the source says there are.
    """

    part: str
    floor: datetime | None
    reread: bool
    gap: Gap | None = None
    number: int = 1
    cursor: str | None = None
    entries: int = 0
    expected: int | None = None
    mark: str | None = None
    newest: datetime | None = None
    lowest: tuple[str, datetime] | None = None
    top: datetime | None = None
    ceiling: datetime | None = None
    seen: dict[str, datetime] = field(default_factory=dict)

    @classmethod
    def of_gap(cls, part: str, gap: Gap, number: int) -> Self:
        """The reading of what an earlier one left, its first page the `number`th that this crawl reads of the part."""
        return cls(part, gap.floor, reread=False, gap=gap, number=number, cursor=gap.cursor)

    def onward(self, cursor: str | None) -> Self:
        """The same reading at its next page."""
        return replace(self, number=self.number + 1, cursor=cursor)

    def covers(self, time: datetime) -> bool:
        """Whether a post of that time was to be shown by now: of a gap, below where its first page begins."""
        if self.gap and (self.ceiling is None or time >= self.ceiling):
            return False
        return self.floor is None or time > self.floor

    @property
    def is_complete(self) -> bool:
        """Whether as many posts were read as the source says there are."""
        return bool(self.expected and not self.gap and self.entries >= self.expected)
