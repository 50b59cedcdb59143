"""Posts that a page which is still there shows no more, though it would if they were there still."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TypeVar

from crawlers.parsers.page import Page
from storage.standing import Standing

Time = TypeVar("Time", datetime, int)
FEWEST = 3
"""Posts of a page from which it can be told that its newest stand first."""
MOST_LEFT_OUT = 4
"""Of so many posts a page may lack one; one that lacks more shows some that were chosen."""


@dataclass(frozen=True)
class Shown:
    """What a page showed: the ids of its posts, whether it says that those are `all`, whether it showed more before
    (`shrank`), and the time down to which it shows everything because its newest stand first.
    """

    ids: frozenset[str]
    all: bool
    shrank: bool
    down_to: datetime | None

    @classmethod
    def of(cls, page: Page, had: int) -> "Shown":
        """A page that had so many posts before. With notes, or a post without a time, its order is not known."""
        times = [record.published_at for record in page.records if record.published_at]
        ordered = not page.notes and len(times) == len(page.records)
        everything = page.expected is not None and page.entries >= page.expected
        return cls(frozenset(page.ids), everything, page.entries < had, reach(times) if ordered else None)

    def lacks(
        self, stood: Sequence[Standing], seen: Collection[str], missed: Collection[str] = ()
    ) -> tuple[list[Standing], list[Standing]]:
        """Of the posts that `stood` on this page, and were not `seen` anywhere now, those that it would show; and those
        of which nobody can tell, for they are too many at once.

        A page that shows its newest first would show those above its last ones. One that says that it shows all would
        show each; but some sites count what a page has room for, so that others are only missing when it became
        shorter, as it had when they were `missed`.
        """
        missing, shown = [], 0
        for post in stood:
            above = self.down_to is not None and post.published_at > self.down_to
            if post.external_id in seen:
                shown += above or self.all
            elif above or (self.all and (self.shrank or post.external_id in missed)):
                missing.append(post)
        return (missing, []) if is_believed(len(missing), shown + len(missing)) else ([], missing)


def reach(times: Sequence[Time]) -> Time | None:
    """The time down to which a page shows everything that has its newest posts first; None where it does not.

    Not that of its last post: this one may stand there for good, as the first message of a topic does.
    """
    if len(times) < FEWEST or any(above < below for above, below in pairwise(times)):
        return None
    return times[-2]


def is_believed(missing: int, of: int) -> bool:
    """Whether so many posts may be gone of those that a page would show: not when it lacks many, or all.

    Then it shows some by choice, or has become another one.
    """
    return missing <= min(max(1, of // MOST_LEFT_OUT), of - 1)
