"""Rows for posts that are seen for the first time, and for what their authors wrote.

Plain rows and not objects: a crawl stores thousands of them, and building objects costs more than storing them.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col

from storage.models import Mention, MentionVersion
from storage.records import Record

Row = dict[str, Any]
LATE = timedelta(hours=1)
"""How long sites may hold a post back: one of the hour before the first crawl that it did not show is news."""
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
    """A new mention. What was published before the source's baseline, bar what appeared late, is history."""
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
        "historic": baseline is None or published < baseline - LATE,
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
    # Without RETURNING: SQLite would insert row by row to give the ids back in order.
    session.execute(sa.insert(_table(Mention)), list(rows))
    ids = _ids(session, rows)
    insert_versions(
        session,
        [version_row(ids[_key(row)], 1, record, now) for row, record in zip(rows, records, strict=True)],
    )


def insert_versions(session: Session, rows: Sequence[Row]) -> None:
    if rows:
        session.execute(sa.insert(_table(MentionVersion)), list(rows))


def among(keys: Iterable[tuple[str, str]]) -> Any:
    """SQL for mentions with one of these pairs of namespace and external id.

    Not as a list of pairs: SQLite would look for those through the whole table.
    """
    spaces: dict[str, list[str]] = {}
    for namespace, external_id in keys:
        spaces.setdefault(namespace, []).append(external_id)
    return sa.or_(
        sa.false(),
        *(
            (col(Mention.namespace) == namespace) & col(Mention.external_id).in_(ids)
            for namespace, ids in spaces.items()
        ),
    )


def _table(model: type[SQLModel]) -> sa.Table:
    return cast(sa.Table, sa.inspect(model).local_table)


def _key(row: Row) -> tuple[str, str, int]:
    return row["namespace"], row["external_id"], row["brand_id"]


def _ids(session: Session, rows: Sequence[Row]) -> dict[tuple[str, str, int], int]:
    query = sa.select(
        col(Mention.namespace), col(Mention.external_id), col(Mention.brand_id), col(Mention.id)
    ).where(among((row["namespace"], row["external_id"]) for row in rows))
    return {
        (namespace, external_id, brand): key for namespace, external_id, brand, key in session.execute(query)
    }
