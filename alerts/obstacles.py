"""What stood in the way of a crawl, in words: what is the matter, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alerts.catalogue import Catalogue
from crawlers.causes import Cause
from storage.models import Health

_USUAL: dict[str, Cause] = {
    Health.BLOCKED: Cause.FORBIDDEN,
    Health.BROKEN: Cause.STOPPED,
    Health.FORMAT_CHANGED: Cause.FORMAT,
    Health.EMPTY: Cause.EMPTY,
    Health.SUSPICIOUS: Cause.FEWER,
}


@dataclass(frozen=True)
class Obstacle:
    """`what` is a sentence without its full stop, `todo` one or more whole ones; commands stand in backticks."""

    what: str
    todo: str


def obstacle(health: str | None, figures: Mapping[str, Any], say: Catalogue) -> Obstacle | None:
    """The obstacle of a crawl by its health and figures; None when there was none.

    Read are `cause`, `status`, and of an oddity `seen`, `usual` and `field`.
    """
    cause = _cause(health, figures.get("cause"))
    if cause is None:
        return None
    what, status = say(f"cause.{cause}.what"), figures.get("status")
    if isinstance(status, int):
        what = say("obstacle.status", what=what, status=status)
    elif measured := _measured(cause, figures, say):
        what = say("obstacle.measured", what=what, measured=measured)
    return Obstacle(what, say(f"cause.{cause}.do"))


def _measured(cause: Cause, figures: Mapping[str, Any], say: Catalogue) -> str | None:
    """What is odd, in figures, beside what is usual."""
    seen, usual, field = figures.get("seen"), figures.get("usual"), f"cause.{cause}.{figures.get('field')}"
    if f"cause.{cause}.measured" not in say or not isinstance(seen, int) or not isinstance(usual, int):
        return None
    name = say(field) if field in say else "?"
    return say(f"cause.{cause}.measured", seen=say.number(seen), usual=say.number(usual), field=name)


def _cause(health: str | None, key: object) -> Cause | None:
    try:
        return Cause(str(key))
    except ValueError:
        # A crawl whose process died has no cause, and one that another version noted may have its own.
        return _USUAL.get(health or "")
