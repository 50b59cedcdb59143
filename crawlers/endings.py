"""What proves that a listing has ended, where it names one more page and that page shows nothing."""

from datetime import datetime

from crawlers.checkpoints import Checkpoint
from crawlers.paging import WHOLE_EVERY, times_of
from crawlers.readings import Reading

ENDED = "ended"
"""In the state of a part: by the last post since when nothing was shown after it."""


def ends_since(known: Checkpoint, reading: Reading) -> datetime:
    """Since when the listing ends where this reading of it does."""
    return times_of(known.state.get(ENDED)).get(_last_place(known, reading), known.now)


def with_ending(known: Checkpoint, reading: Reading) -> dict[str, object]:
    """The state that says since when the listing ends where this reading of it does; other endings are forgotten."""
    since = ends_since(known, reading)
    return known.state | {ENDED: {_last_place(known, reading): since.isoformat()}}


def is_proven(known: Checkpoint, reading: Reading, lost: list[str], looks_up: bool) -> bool:
    """Whether it has ended: everything was seen that there is, or is known to be.

    Or the listing ends with the same post a day later: when posts are added, a refusal falls after another one each
    time. Not where some that are `lost` stood below, unless each `looks_up` whether it is gone.
    """
    if reading.is_complete:
        return True
    lasted = known.now - ends_since(known, reading) >= WHOLE_EVERY
    if lasted and looks_up:
        return True
    return not _lies_below(known, reading, lost) and (lasted or _has_met(known, reading))


def _last_place(known: Checkpoint, reading: Reading) -> str:
    """The post that a listing ends with; none where the last one is not the oldest, which differs each time."""
    if reading.lowest and known.reach.newest_first:
        return reading.lowest[0]
    return reading.gap.cursor if reading.gap else ""


def _lies_below(known: Checkpoint, reading: Reading, lost: list[str]) -> bool:
    """Whether a post that would be read again stood below what was read."""
    if reading.gap or reading.lowest is None:
        return False
    floor, last = known.now - known.reach.reread, reading.lowest[1]
    return any(floor <= known.shown[key] <= last for key in lost)


def _has_met(known: Checkpoint, reading: Reading) -> bool:
    """Whether this reading came to where an earlier one began."""
    if not known.reach.newest_first or reading.gap or reading.floor is None or known.newest is None:
        return False
    return reading.lowest is not None and reading.lowest[1] <= known.newest
