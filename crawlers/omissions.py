"""Posts that a page which is still there shows no more, though it would if they were there still."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TypeVar

from crawlers.parsers.page import Page
from storage.standing import Standing

Time = TypeVar("Time", datetime, int)
Post = TypeVar("Post")
FEWEST = 3
"""Posts of a page from which it can be told that its newest stand first."""
MOST_LEFT_OUT = 4
"""Of so many posts a page may lack one; one that lacks more shows some that were chosen."""


def reach(times: Sequence[Time]) -> Time | None:
    """The time down to which a page shows everything that has its newest posts first; None where it does not.

    Not that of its last post: this one may stand there for good, as the first message of a topic does.
    """
    if len(times) < FEWEST or any(above < below for above, below in pairwise(times)):
        return None
    return times[-2]


def believed(missing: list[Post], of: int) -> list[Post]:
    """Those that are `missing` of so many that a page of the newest posts would show: none when they are many."""
    return missing if len(missing) <= min(max(1, of // MOST_LEFT_OUT), of - 1) else []


@dataclass(frozen=True)
class Shown:
    """What a page showed: the ids of its posts, whether it says that those are `all`, and how far it reaches if not."""

    ids: frozenset[str]
    all: bool
    down_to: datetime | None

    @classmethod
    def of(cls, page: Page) -> "Shown":
        """Of a page with notes, or with a post without a time, the order is not known."""
        times = [record.published_at for record in page.records if record.published_at]
        ordered = not page.notes and len(times) == len(page.records)
        everything = page.expected is not None and page.entries >= page.expected
        return cls(frozenset(page.ids), everything, reach(times) if ordered else None)

    def lacks(self, stood: Sequence[Standing], seen: Collection[str]) -> list[Standing]:
        """Of the posts that `stood` on this page, and were not `seen` anywhere now, those that it would show.

        A page that shows all its posts would show each; one that shows its newest first, those above its last ones.
        None where it shows none of them any more, or lacks many, for then it shows others by choice.
        """
        if self.all:
            missing = [post for post in stood if post.external_id not in seen]
            return missing if len(missing) < len(stood) else []
        wanted = [post for post in stood if self.down_to and post.published_at > self.down_to]
        return believed([post for post in wanted if post.external_id not in seen], len(wanted))
