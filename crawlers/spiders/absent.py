"""Listings where nothing but its absence tells that a post is gone."""

from collections.abc import Iterator
from typing import Any

from crawlers.dates import EARLIEST
from crawlers.job import ReadPage
from crawlers.paging import TWICE, times_of
from crawlers.spiders.recent import Gap, Reading, RecentSpider


class AbsentSpider(RecentSpider):
    """Where a listing shows nothing any more, that may be a fault: all of it is gone when it is still so half a day
    later.

    State of a part: `missed`, by post that stood in a listing which shows nothing, since when it does so.
    """

    misses_all = False

    def gone_for_good(self, part: str, identities: list[str]) -> Iterator[Any]:
        """As `missing`, of posts that are not missing by a fault."""
        raise NotImplementedError

    def missing(self, part: str, identities: list[str]) -> Iterator[Any]:
        missed, now = times_of(self.state_of(part).get("missed")), self.job.now()
        lost = [one for one in identities if now - missed.get(one, EARLIEST) >= TWICE]
        return self.gone_for_good(part, lost) if lost else iter(())

    def _end(self, reading: Reading, where: str, gap: Gap | None = None) -> ReadPage | None:
        return super()._end(reading, where, gap) or self._emptied(reading)

    def _emptied(self, reading: Reading) -> ReadPage:
        state, now = self.known(reading.part).of_late(), self.job.now()
        missed = dict.fromkeys(self.lost(reading), now) | times_of(state.get("missed"))
        state["missed"] = {key: time.isoformat() for key, time in missed.items()}
        return self._moved(reading.part, state)

    def _left(self, state: dict[str, Any], reading: Reading) -> dict[str, Any]:
        left = super()._left(state, reading)
        left.pop("missed", None)
        return left
