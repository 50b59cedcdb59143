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
    ) -> list[Standing]:
        """Of the posts that `stood` on this page, and were not `seen` anywhere now, those that it would show.

        A page that shows its newest first would show those above its last ones. One that says that it shows all would
        show each; but some sites count what a page has room for, so that others are only missing when it became
        shorter, as it had when they were `missed`.
        """
        above = {post.external_id for post in stood if self.down_to and post.published_at > self.down_to}
        wanted = [post for post in stood if self.all or post.external_id in above]
        missing = believed([post for post in wanted if post.external_id not in seen], len(wanted))
        return [one for one in missing if self.shrank or one.external_id in above.union(missed)]


def reach(times: Sequence[Time]) -> Time | None:
    """The time down to which a page shows everything that has its newest posts first; None where it does not.

    Not that of its last post: this one may stand there for good, as the first message of a topic does.
    """
    if len(times) < FEWEST or any(above < below for above, below in pairwise(times)):
        return None
    return times[-2]


def believed(missing: list[Post], of: int) -> list[Post]:
    """Those that are `missing` of so many that a page would show: none when they are many, or all.

    Then it shows some by choice, or has become another one.
    """
    return missing if len(missing) <= min(max(1, of // MOST_LEFT_OUT), of - 1) else []
