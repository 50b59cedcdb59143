"""How far to read a listing that has its newest posts first."""

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar
from zlib import crc32

from crawlers.dates import instant
from crawlers.parsers.page import Page
from storage.mentions import StoreCounts

Id = TypeVar("Id", bound=Hashable)
ALWAYS = 2
"""Pages that every crawl reads: most edits and company replies come within days, and do not move a review up."""
WHOLE_EVERY = timedelta(days=1)
"""How often every page is read, for late edits and replies further down."""
REACHED = "at"
"""How far a reading had come that goes on in the next crawl, in the state of a part."""


def is_known(page: Page, counts: StoreCounts) -> bool:
    """Whether everything on the page was stored before and still says the same.

    What belongs to no brand is never stored, so it cannot be told from something new.
    """
    unchanged = StoreCounts(unchanged=counts.unchanged, erased=counts.erased)
    return bool(page.records) and counts == unchanged


def whole_wanted(state: dict[str, object], now: datetime) -> bool:
    """Whether to read to the end: on the first crawl, after one that was broken off, and once a day."""
    last = instant(state.get("whole_at"))
    return bool(state.get("open")) or last is None or now - last >= WHOLE_EVERY


TWICE = timedelta(hours=12)
"""Between the two times that a post is missing, which is a day where nothing goes wrong."""
FORGOTTEN = timedelta(days=30)
"""After so long it counts for nothing any more that a post was missing; sources may be read once a week or less."""
MOST_CHECKED = 10
"""Posts that one crawl looks up because they are gone from where they stood; the others wait for the next."""


def in_turn(keys: Iterable[str], most: int, now: datetime) -> list[str]:
    """As many as one crawl has time for, drawn anew each hour: one that stays among them keeps no other back."""
    hour = int(now.timestamp() // 3600)
    return sorted(keys, key=lambda key: crc32(f"{hour} {key}".encode()))[:most]


def vanished(before: Sequence[str], seen: Collection[str], to_the_end: bool = False) -> list[str]:
    """The ids that stood in a listing above one that is still there, and are there no more.

    What stood below the last one that was seen may only not have been read, unless it was read `to_the_end`. An
    answer in doubt: posts move for other reasons too, so each is looked up by itself, where that can be done.
    """
    places = [place for place, identity in enumerate(before) if identity in seen]
    end = len(before) if to_the_end else max(places, default=0)
    return [identity for identity in before[:end] if identity not in seen]


def in_order(before: Sequence[Id], seen: Sequence[Id]) -> list[Id]:
    """The ids that were seen, and round them those that were not, on the side where they stood `before`."""
    there = frozenset(seen)
    end = max((place for place, identity in enumerate(before, 1) if identity in there), default=0)
    above = [one for one in before[:end] if one not in there]
    return list(dict.fromkeys([*above, *seen, *before[end:]]))


def missing_twice(
    missed: Mapping[str, datetime], missing: Iterable[str], now: datetime
) -> tuple[list[str], dict[str, str]]:
    """Which of the `missing` posts are gone: those that were missing half a day ago too, where each stands nowhere
    else to look it up. And since when the others are missing, to give back as `missed`.
    """
    since = {key: time for key, time in missed.items() if now - time <= FORGOTTEN}
    waiting = dict.fromkeys(missing, now)
    lost = [key for key in waiting if key in since and now - since[key] >= TWICE]
    return lost, {key: time.isoformat() for key, time in (waiting | since).items() if key not in lost}


def gone_from(
    state: dict[str, Any], missing: Iterable[str], nameless: int, now: datetime, there: Collection[str] = ()
) -> tuple[list[str], dict[str, Any]]:
    """Which of the posts that are `missing` from a whole reading are gone, and what it leaves in the state of the part:
    `missed`, since when the others are missing, `nameless`, and `doubted`. What is `there` again was not missing.

    `nameless` counts the records that could not be read, not even their id. When a post goes missing and there are
    more of them than in the reading before, it may be one of those: it is in doubt until there are no more than then.
    """
    counted = state.get("nameless")
    known = counted if isinstance(counted, int) else 0
    before = numbers_of(state.get("doubted")).items()
    doubted = {key: number for key, number in before if number < nameless and key not in there}
    missed = {key: time for key, time in times_of(state.get("missed")).items() if key not in there}
    missing = list(missing)
    if nameless > known:
        doubted |= {key: known for key in missing if key not in missed and key not in doubted}
    lost, since = missing_twice(missed, (key for key in missing if key not in doubted), now)
    return lost, {"missed": since, "doubted": doubted, "nameless": nameless}


def numbers_of(kept: object) -> dict[str, int]:
    """The numbers by id that a part of a state holds."""
    found = kept.items() if isinstance(kept, dict) else ()
    return {key: number for key, number in found if isinstance(key, str) and isinstance(number, int)}


def times_of(kept: object) -> dict[str, datetime]:
    """The times by id that a part of a state holds."""
    found = kept.items() if isinstance(kept, dict) else ()
    return {key: time for key, written in found if isinstance(key, str) and (time := instant(written))}
