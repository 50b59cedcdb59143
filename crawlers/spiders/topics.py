"""A topic of a forum that was taken away as a whole."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from crawlers.dates import instant
from crawlers.paging import TWICE

GONE_AT = "gone_at"
"""In the state of a topic: since when there is none at its address."""


def taken_away(state: Mapping[str, Any], now: datetime) -> tuple[bool, dict[str, Any]]:
    """Whether to look up the posts of a topic that is not there, and its state, which says since when it is not.

    Only when it was not there half a day ago either: a forum that is being moved has none of its addresses.
    """
    since = instant(state.get(GONE_AT)) or now
    return now - since >= TWICE, {**state, GONE_AT: since.isoformat()}
