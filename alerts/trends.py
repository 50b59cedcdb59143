"""The trend step: hours in which something changed are counted again."""

from datetime import datetime

from storage import buckets, leases
from storage.database import Database, Session
from storage.steps import StepReport

CHUNK = 1000
"""Hours a transaction."""


def run(database: Database, now: datetime) -> StepReport:
    """Recompute the buckets of every touched hour. Counting needs no `now`: every step has the same form."""
    done = 0
    while chunk := database.transact(_recompute):
        done += chunk
    return StepReport("trend", done=done)


def _recompute(session: Session) -> int:
    leases.exclusive(session)
    return buckets.recompute(session, CHUNK)
