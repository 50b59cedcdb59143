"""When to look at the own addresses of posts that a source does not show any more, and what to make of the answers."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from crawlers.dates import instant
from crawlers.paging import MOST_CHECKED, TWICE, WHOLE_EVERY, in_turn, times_of

RECENT = timedelta(days=30)
"""How old a post may be that is looked up."""
MOST_STANDING = 1_000
"""Of those, the newest."""


@dataclass(frozen=True)
class Looks:
    """What is known of addresses: when each was last `asked` for, and since when those are `missed` that do not exist.

    Until `rests_until` nobody asks: the site did not want to be asked for them.
    """

    asked: Mapping[str, datetime] = field(default_factory=dict)
    missed: Mapping[str, datetime] = field(default_factory=dict)
    rests_until: datetime | None = None
    wait: timedelta = TWICE
    """Between two looks at what is absent, of which the second is believed."""

    @classmethod
    def of(cls, state: Mapping[str, Any], wait: timedelta = TWICE) -> "Looks":
        rests = instant(state.get("rests_until"))
        return cls(times_of(state.get("asked")), times_of(state.get("missed")), rests, wait)

    def state(self) -> dict[str, Any]:
        """As `of` reads it; nothing of what is not known."""
        times = {"asked": self.asked, "missed": self.missed}
        written = {
            name: {key: at.isoformat() for key, at in known.items()} for name, known in times.items() if known
        }
        return written | ({"rests_until": self.rests_until.isoformat()} if self.rests_until else {})

    def due(self, addresses: Collection[str], now: datetime) -> list[str]:
        """Which of them one crawl asks for: first those whose second look decides, others once a day."""
        if self.rests_until and now < self.rests_until:
            return []
        second = [one for one in addresses if self._is_believed(one, now) and self._rested(one, TWICE, now)]
        first = [one for one in addresses if one not in self.missed and self._rested(one, WHOLE_EVERY, now)]
        return [*in_turn(second, MOST_CHECKED, now), *in_turn(first, MOST_CHECKED, now)][:MOST_CHECKED]

    def after(
        self, found: Mapping[str, bool | None], waiting: Collection[str], now: datetime
    ) -> tuple[list[str], "Looks"]:
        """What is gone of what was asked for, and what is known then of addresses that still are `waiting`.

        `found` says of each whether it was there; None where nobody can tell. What is absent is gone the second time.
        """
        absent = [one for one, there in found.items() if there is False]
        lost = [one for one in absent if self._is_believed(one, now)]
        asked = {**self.asked, **dict.fromkeys(found, now)}
        missed = {**dict.fromkeys(absent, now), **self.missed}
        known = frozenset(waiting).difference(lost)
        return lost, replace(
            self,
            asked={one: at for one, at in asked.items() if one in known},
            missed={one: at for one, at in missed.items() if one in known and not found.get(one)},
        )

    def _is_believed(self, address: str, now: datetime) -> bool:
        return address in self.missed and now - self.missed[address] >= self.wait

    def _rested(self, address: str, pause: timedelta, now: datetime) -> bool:
        return address not in self.asked or now - self.asked[address] >= pause
