"""How long the schedule leaves a source alone that refused us; another key or permission ends it."""

import hashlib
import hmac
import json
from datetime import datetime

from crawlers.secrets import secrets_of
from storage import authors, runs
from storage.configuration import ConfigurationError, SourceSettings
from storage.database import Database, Session
from storage.sources import source_named

MARK = 4
"""Hexadecimal digits. Another key has another mark but once in 65,536 times, and nobody can tell a key by it."""


def left_alone_until(database: Database, settings: SourceSettings, now: datetime) -> datetime | None:
    """Until when the schedule may not ask this source; None when it may."""
    if asked_for(database, settings.name, now) is None:
        return None
    return database.transact(lambda session: _still(session, settings))


def asked_for(database: Database, name: str, now: datetime) -> datetime | None:
    """Until when the source `name` was to be left alone when it refused us, if that is not over. Only reads."""
    with database.read() as session:
        until = source_named(session, name).blocked_until
    return until if until is not None and until > now else None


def _still(session: Session, settings: SourceSettings) -> datetime | None:
    let_in(session, settings)
    return source_named(session, settings.name).blocked_until


def let_in(session: Session, settings: SourceSettings) -> None:
    """Forget what was refused when we come with something else than then. Needs a write session."""
    source = source_named(session, settings.name)
    runs.let_in(session, source, mark(authors.hashing_key(session.connection()), settings))


def mark(key: bytes, settings: SourceSettings) -> str:
    """A mark of the secrets and the permission of a source, keyed (HMAC, RFC 2104) and cut short."""
    try:
        known = secrets_of(settings)
    except ConfigurationError:
        known = {}  # a file that cannot be read is told of elsewhere
    shown = json.dumps([settings.permission, sorted(known.items())])
    return hmac.new(key, shown.encode(), hashlib.sha256).hexdigest()[:MARK]
