"""Rows for posts that are seen for the first time, and for what their authors wrote.

Plain rows and not objects: a crawl stores thousands of them, and building objects costs more than storing them.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from storage.models import Mention, MentionVersion
from storage.records import Record

Row = dict[str, Any]
COUNTERS = ("likes", "shares", "replies", "views", "followers")


def mention_row(
    record: Record,
    *,
    source_id: int,
    brand_id: int,
    author: str | None,
    baseline: datetime | None,
    now: datetime,
) -> Row:
    """A new mention. What was published before the source's baseline is history."""
    # A time in the future would keep a post at the top for ever and out of every "last hour".
    published = min(record.published_at or now, now)
    reply = record.reply
    return {
        "source_id": source_id,
        "brand_id": brand_id,
        "namespace": record.namespace,
        "external_id": record.external_id,
        "kind": record.kind,
        "url": record.url,
        "author_key": author,
        "author_label": record.author_name,
        "published_at": published,
        "published_known": record.published_at is not None,
        "experienced_at": record.experienced_at,
        "status": record.status,
        "version": 1,
        "reply_text": reply.text if reply else None,
        "reply_at": reply.at if reply else None,
        "reply_seen_at": now if reply else None,
        "first_seen_at": now,
        "last_seen_at": now,
        "historic": baseline is None or published < baseline,
        "triaged": False,
        **{name: getattr(record, name) for name in COUNTERS},
    }


def version_row(mention_id: int, number: int, record: Record, now: datetime) -> Row:
    rated = record.rating is not None
    return {
        "mention_id": mention_id,
        "number": number,
        "title": record.title,
        "text": record.text,
        "language": record.language,
        "rating": record.rating,
        "rating_min": record.rating_min if rated else None,
        "rating_max": record.rating_max if rated else None,
        "content_hash": record.content_hash,
        "seen_at": now,
    }


def insert(session: Session, records: Sequence[Record], rows: Sequence[Row], now: datetime) -> None:
    """Insert new mentions, `rows` in the order of their `records`, each with its first version."""
    if not rows:
        return
    statement = sa.insert(Mention).returning(col(Mention.id), sort_by_parameter_order=True)
    ids = session.execute(statement, list(rows)).scalars().all()
    insert_versions(
        session, [version_row(key, 1, record, now) for key, record in zip(ids, records, strict=True) if key]
    )


def insert_versions(session: Session, rows: Sequence[Row]) -> None:
    if rows:
        session.execute(sa.insert(MentionVersion), list(rows))
