"""Keeping no more than is needed: old texts go, figures stay; who asks to be forgotten is."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, delete, select, update

from storage import authors, clusters
from storage.database import Database
from storage.models import Case, CaseEvent, ErasedAuthor, Mention, MentionVersion, UserSession
from storage.steps import StepReport
from storage.upsert import insert_missing

CHUNK = 500
"""Mentions a transaction: short enough that a crawl never waits long for the lock."""


def prune(database: Database, keep: timedelta, now: datetime) -> StepReport:
    """Blank the words and authors of mentions published more than `keep` ago.

    The rows stay: without them the same post would be stored again by the next crawl, and the counts of their
    hours could not be recomputed.
    """
    with database.read() as session:
        ids = _expired(session, now - keep)
    for chunk in _chunks(ids):
        with database.write() as session:
            _blank(session, chunk, now)
    with database.write() as session:
        clusters.forget(session, now)
        session.execute(delete(UserSession).where(col(UserSession.expires_at) < now))
    return StepReport("retention", done=len(ids))


def _expired(session: Session, before: datetime) -> list[int]:
    """All at once and outside the lock: this goes through everything that was ever blanked."""
    query = select(Mention.id).where(col(Mention.published_at) < before, col(Mention.pruned_at).is_(None))
    return [key for key in session.exec(query.order_by(col(Mention.published_at))) if key]


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))


def _blank(session: Session, ids: Sequence[int], now: datetime) -> None:
    session.execute(
        update(MentionVersion)
        .where(col(MentionVersion.mention_id).in_(ids))
        .values(title=None, text="", content_hash="")
    )
    session.execute(
        update(Mention)
        .where(col(Mention.id).in_(ids))
        .values(url=None, author_label=None, author_key=None, reply_text=None, pruned_at=now)
    )
    _forget_cases(session, ids)


def _forget_cases(session: Session, ids: Sequence[int]) -> None:
    cases = select(Case.id).where(col(Case.mention_id).in_(ids))
    session.execute(update(CaseEvent).where(col(CaseEvent.case_id).in_(cases)).values(note=None))
    session.execute(update(Case).where(col(Case.mention_id).in_(ids)).values(author_key=None))


def erase(database: Database, author: str, now: datetime) -> StepReport:
    """Blank everything by `author` (display name or platform id) and store nothing of theirs again.

    Names are compared as the platforms show them, whatever the case. Counts stay: they name nobody.
    """
    with database.write() as session:
        key = authors.hashing_key(session.connection())
        platforms = {
            authors.platform_of(space) for space in session.exec(select(Mention.namespace).distinct())
        }
        keys = {authors.author_key(key, platform, author) for platform in platforms}
        by_label = select(Mention.author_key).where(
            col(Mention.author_label).ilike(_literal(author), escape="\\"),
            col(Mention.author_key).is_not(None),
        )
        keys |= {found for found in session.exec(by_label) if found}
        written = select(Mention.id).where(col(Mention.author_key).in_(keys))
        ids = [found for found in session.exec(written) if found]
        for chunk in _chunks(ids):
            _blank(session, chunk, now)
        rows = [{"author_key": one, "erased_at": now} for one in sorted(keys)]
        insert_missing(session, ErasedAuthor, rows)
    return StepReport("erase", done=len(ids))


def _literal(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
