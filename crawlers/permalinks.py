"""When to look at the own addresses of posts that a source does not show any more, and what to make of the answers."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from crawlers.paging import MOST_CHECKED, TWICE, WHOLE_EVERY, in_turn, times_of
from crawlers.parsers.addresses import site

RECENT = timedelta(days=30)
"""How old a post may be that is looked up."""
MOST_STANDING = 1_000
"""Of those, the newest."""


@dataclass(frozen=True)
class Looks:
    """What is known of addresses: when each was last `asked` for, and since when those are `missed` that do not exist.

    A site that did not want to be asked for them `rests` until then; the others are asked. What was missed after
    `read_since` is not believed yet: it may stand on a page that was not read since.
    """

    asked: Mapping[str, datetime] = field(default_factory=dict)
    missed: Mapping[str, datetime] = field(default_factory=dict)
    rests: Mapping[str, datetime] = field(default_factory=dict)
    wait: timedelta = TWICE
    """Between two looks at what is absent, of which the second is believed."""
    read_since: datetime | None = None

    @classmethod
    def of(cls, state: Mapping[str, Any], wait: timedelta = TWICE) -> "Looks":
        asked, missed, rests = (times_of(state.get(name)) for name in ("asked", "missed", "rests"))
        return cls(asked, missed, rests, wait)

    def state(self) -> dict[str, Any]:
        """As `of` reads it; nothing of what is not known."""
        times = {"asked": self.asked, "missed": self.missed, "rests": self.rests}
        return {
            name: {key: at.isoformat() for key, at in known.items()} for name, known in times.items() if known
        }

    def due(self, addresses: Collection[str], now: datetime) -> list[str]:
        """Which of them one crawl asks for: first those whose second look decides, others once a day."""
        addresses = [one for one in addresses if now >= self.rests.get(site(one), now)]
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
            rests={one: until for one, until in self.rests.items() if now < until},
        )

    def resting(self, address: str, now: datetime) -> "Looks":
        """The same when the site of this one is left alone for a day."""
        return replace(self, rests={**self.rests, site(address): now + WHOLE_EVERY})

    def _is_believed(self, address: str, now: datetime) -> bool:
        missed = self.missed.get(address)
        return missed is not None and now - missed >= self.wait and self.has_read_since(missed)

    def has_read_since(self, time: datetime) -> bool:
        """Whether all was read after this time."""
        return self.read_since is None or time <= self.read_since

    def _rested(self, address: str, pause: timedelta, now: datetime) -> bool:
        return address not in self.asked or now - self.asked[address] >= pause
