"""Complaints that say the same: copies of one text, told apart from many customers with one problem.

Every member stays a mention of its own. Who is like whom is asked of an index: each text leaves its bands
(`storage.likeness`) there, pointing to the newest mention that has them, so that finding a copy costs a look-up of
eighteen keys however many complaints there are.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, delete, select

from storage import likeness
from storage.joins import newest_version, verdict_that_counts
from storage.likeness import Shingles
from storage.models import Cluster, ClusterBand, Mention, MentionVersion, Sentiment, Verdict
from storage.records import Kind, Status
from storage.upsert import upsert

WINDOW = timedelta(days=7)
"""A copy published this long before or after the others is another cluster's."""
KEPT = timedelta(days=30)
"""So long after it came in, a complaint can be found by the bands of its text."""
_COMPARED = 5
"""Members of its cluster that an edited text is compared with."""


def join(session: Session, mention: Mention, text: str) -> None:
    """Put a mention in the cluster of its words, a new one when it is the first. Safe to repeat.

    A mention whose words were edited leaves the cluster that it is no longer like. Needs the sole right to write.
    """
    found = likeness.shingles(text)
    if mention.cluster_id is not None and not _fits(session, mention, found):
        mention.cluster_id = None
    if not found:
        return
    keys = likeness.bands(text)
    if mention.cluster_id is None:
        mention.cluster_id = _like(session, mention, keys, found) or _new(session, mention)
        session.add(mention)
    rows = [{"brand_id": mention.brand_id, "value": key, "mention_id": mention.id} for key in keys]
    upsert(session, ClusterBand, rows, ("brand_id", "value"))


def members(session: Session, cluster_id: int) -> list[int]:
    """The mentions of a cluster that still are complaints the public can read, newest first.

    Left out is what was removed, and what is, or was corrected to be, neither negative nor a question.
    """
    query = (
        select(Mention.id)
        .join(Verdict, verdict_that_counts())
        .where(
            Mention.cluster_id == cluster_id,
            Mention.status != Status.REMOVED,
            (col(Verdict.sentiment) == Sentiment.NEGATIVE) | col(Verdict.question).is_(True),
        )
        .order_by(col(Mention.published_at).desc(), col(Mention.id).desc())
    )
    return [key for key in session.exec(query) if key is not None]


def forget(session: Session, now: datetime) -> None:
    """Drop the bands of complaints that came in long ago, so that the index stays small. Clusters stay."""
    # Each band asks for its own mention: all old ones together are ever more.
    old = select(Mention.id).where(
        Mention.id == ClusterBand.mention_id, col(Mention.first_seen_at) < now - KEPT
    )
    session.execute(delete(ClusterBand).where(old.exists()))


def _fits(session: Session, mention: Mention, found: Shingles) -> bool:
    others = _words(Mention.cluster_id == mention.cluster_id, Mention.id != mention.id)
    known = session.execute(others.order_by(col(Mention.id).desc()).limit(_COMPARED)).all()
    return not known or any(likeness.alike(found, _shingles(row)) for row in known)


def _like(session: Session, mention: Mention, keys: Sequence[int], found: Shingles) -> int | None:
    """The cluster of the newest complaint that is like it, near enough in time."""
    near = _words(
        ClusterBand.brand_id == mention.brand_id,
        col(ClusterBand.value).in_(keys),
        Mention.id != mention.id,
        col(Mention.cluster_id).is_not(None),
        col(Mention.published_at).between(mention.published_at - WINDOW, mention.published_at + WINDOW),
    ).join(ClusterBand, col(ClusterBand.mention_id) == Mention.id)
    copies = (row for row in _unique(session.execute(near)) if likeness.alike(found, _shingles(row)))
    newest = max(copies, key=lambda row: row.published_at, default=None)
    return None if newest is None else int(newest.cluster_id)


def _words(*conditions: Any) -> Any:
    """Mentions with the words of their newest version."""
    return (
        sa.select(
            col(Mention.id),
            col(Mention.cluster_id),
            col(Mention.published_at),
            col(Mention.kind),
            col(MentionVersion.title),
            col(MentionVersion.text),
        )
        .join(MentionVersion, newest_version())
        .where(*conditions)
    )


def _unique(rows: Iterable[Any]) -> list[Any]:
    return list({row.id: row for row in rows}.values())


def _shingles(row: Any) -> Shingles:
    return likeness.shingles(whole(row.kind, row.title, row.text))


def whole(kind: Kind, title: str | None, text: str) -> str:
    """What is compared: some sites show a title apart, others as the first line.

    The title over a comment is that of the topic, which all its comments share.
    """
    if not title or kind is Kind.COMMENT or text.startswith(title):
        return text
    return f"{title}\n{text}"


def _new(session: Session, mention: Mention) -> int:
    cluster = Cluster(brand_id=mention.brand_id)
    session.add(cluster)
    session.flush()
    assert cluster.id is not None  # noqa: S101 - flushed
    return cluster.id
