"""A source that no longer tells us anything: silence is not calm."""

from datetime import datetime, timedelta

from storage.evidence import Watched
from storage.incidents import Finding
from storage.models import Health, Severity

NAME = "source_silent"
FAILURES = 3
"""Crawls in a row that were refused, broke down or could not be read."""
LOOKED_UP = 2 * FAILURES
"""Crawls: some of the last ones may have been ended from our side."""
INTERVALS = 3
MET = ("cause", "status", "seen", "usual", "field")
"""What the figures of a crawl say of what stood in its way, see `alerts.obstacles`."""
FAILED = (Health.BLOCKED, Health.BROKEN, Health.FORMAT_CHANGED)


def key(source_id: int) -> str:
    return f"{NAME}:{source_id}"


def judge(source: Watched, silent_after: timedelta, now: datetime) -> Finding | None:
    """A finding when the source has been silent too long, or its last crawls all failed.

    Too long is `silent_after`, or three intervals of a source that is crawled more rarely. A source that
    never had a healthy crawl is silent since its first one. One that is `suspicious` for so long is told of too.
    """
    since = source.last_healthy or source.first_crawl
    if not source.active or since is None:
        return None
    failing = failures(source)
    silent = now - since > max(silent_after, INTERVALS * source.every)
    if failing < FAILURES and not silent:
        return None
    last = source.last[0] if source.last else None
    return Finding(
        rule=NAME,
        key=key(source.source_id),
        severity=Severity.ATTENTION,
        started_at=since,
        facts={
            "since": since.isoformat(),
            "source": source.name,
            "never": source.last_healthy is None,
            "health": last.health.value if last else None,
            **{name: last.figures[name] for name in MET if last and name in last.figures},
            "failures": failing,
        },
        brand_id=source.brand_id,
        source_id=source.source_id,
    )


def failures(source: Watched) -> int:
    """How many of the last crawls failed one after the other, up to as many as it takes."""
    asked = source.asked[:FAILURES]
    return next((number for number, crawl in enumerate(asked) if crawl.health not in FAILED), len(asked))


def healthy(source: Watched) -> bool:
    """Whether the last crawl went as it should."""
    return bool(source.last) and source.last[0].health is Health.OK
