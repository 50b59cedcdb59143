"""Posts that a page which is still there shows no more, though it would if they were there still."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from crawlers.parsers.page import Page
from storage.standing import Standing

FEWEST = 3
"""Posts of a page from which it can be told that its newest stand first."""
MOST_LEFT_OUT = 4
"""Of so many posts a page may lack one; one that lacks more shows some that were chosen."""


@dataclass(frozen=True)
class Shown:
    """What a page showed: the ids of its posts, their times in its order, and whether it says that those are `all`."""

    ids: frozenset[str]
    times: tuple[datetime | None, ...]
    all: bool

    @classmethod
    def of(cls, page: Page) -> "Shown":
        """Of a page with notes the order is not known: some part of it was passed over."""
        times = () if page.notes else tuple(record.published_at for record in page.records)
        return cls(frozenset(page.ids), times, page.expected is not None and page.entries >= page.expected)

    def lacks(self, stood: Sequence[Standing], seen: Collection[str]) -> list[Standing]:
        """Of the posts that `stood` on this page, and were not `seen` anywhere now, those that it would show.

        A page that shows all its posts would show each; one that shows its newest first, those that are newer than its
        last. None where it shows none of them any more, or lacks many, for then it shows others by choice.
        """
        last = self._last()
        wanted = [post for post in stood if self.all or (last and post.published_at > last)]
        missing = [post for post in wanted if post.external_id not in seen]
        most = len(wanted) - 1 if self.all else max(1, len(wanted) // MOST_LEFT_OUT)
        return missing if len(missing) <= min(most, len(wanted) - 1) else []

    def _last(self) -> datetime | None:
        """When the last of these was written, of a page that shows the newest first; None where it does not."""
        times = [time for time in self.times if time]
        if len(times) < max(FEWEST, len(self.times)) or any(
            above < below for above, below in pairwise(times)
        ):
            return None
        return times[-1]
