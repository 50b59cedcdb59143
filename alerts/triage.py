"""The triage step: what somebody must answer becomes a case, what the company answered is answered."""

from datetime import datetime

from storage import triage
from storage.database import Database
from storage.steps import StepReport

CHUNK = 500
"""Mentions a transaction: short enough that a crawl never waits long for the lock."""


def run(database: Database, now: datetime) -> StepReport:
    """Triage every judged mention that was not triaged since its last change."""
    done = 0
    while chunk := database.transact(lambda session: triage.triage(session, now, CHUNK)):
        done += chunk
    return StepReport("triage", done=done)
