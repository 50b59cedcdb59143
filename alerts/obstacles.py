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
}


@dataclass(frozen=True)
class Obstacle:
    """`what` is a sentence without its full stop, `todo` one or more whole ones; commands stand in backticks."""

    what: str
    todo: str


def obstacle(health: str | None, figures: Mapping[str, Any], say: Catalogue) -> Obstacle | None:
    """The obstacle of a crawl by its health and figures (`cause`, `status`); None when there was none."""
    cause = _cause(health, figures.get("cause"))
    if cause is None:
        return None
    what, status = say(f"cause.{cause}.what"), figures.get("status")
    if isinstance(status, int):
        what = say("obstacle.status", what=what, status=status)
    return Obstacle(what, say(f"cause.{cause}.do"))


def _cause(health: str | None, key: object) -> Cause | None:
    try:
        return Cause(str(key))
    except ValueError:
        # A crawl whose process died has no cause, and one that another version noted may have its own.
        return _USUAL.get(health or "")
