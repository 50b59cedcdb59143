"""Many sources that cannot be reached at once: that is the connection, and told once instead of for each."""

from collections.abc import Collection, Sequence
from datetime import datetime

from crawlers.causes import Cause
from storage.evidence import Watched
from storage.incidents import Finding
from storage.models import Health, Severity

NAME = "sources_unreachable"
KEY = NAME
FEWEST = 3
SHARE = 0.5
"""Of the sources that are listened to."""
NETWORK = frozenset({Cause.CONNECTION, Cause.TIMEOUT})
"""No such host, nobody who answers there, no way to it."""
MOST_NAMED = 20


def unreached(sources: Sequence[Watched]) -> list[Watched]:
    """The sources whose last crawl did not reach its site."""
    return [source for source in sources if source.active and _is_unreached(source)]


def judge(sources: Sequence[Watched], silent: Collection[int], is_open: bool) -> Finding | None:
    """A finding when many sources are out of reach, one of them for so long that it is `silent` (their ids).

    One that `is_open` goes on until the last of them is reached.
    """
    lost = unreached(sources)
    heard = [source for source in sources if source.active and source.last]
    together = len(lost) >= FEWEST and len(lost) >= SHARE * len(heard)
    lasting = any(source.source_id in silent for source in lost)
    if not lost or not (is_open or (together and lasting)):
        return None
    # Each was silent for a while by itself; since the last of them was heard they are all out of reach.
    since = max(_since(source) for source in lost)
    return Finding(
        rule=NAME,
        key=KEY,
        severity=Severity.ATTENTION,
        started_at=since,
        facts={
            "since": since.isoformat(),
            "unreached": [source.name for source in lost[:MOST_NAMED]],
            "observed": len(lost),
        },
    )


def _is_unreached(source: Watched) -> bool:
    last = source.asked[0] if source.asked else None
    return last is not None and last.health is Health.BROKEN and last.figures.get("cause") in NETWORK


def _since(source: Watched) -> datetime:
    return source.last_healthy or source.first_crawl or source.last[0].at
