"""What a page brings, as rows of the database: what is known of its posts, and what is new.

Plain rows, and statements that are made once: a crawl stores thousands of posts, and making objects and SQL for each
page costs more than the database does.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Connection

from storage.calendar import AMSTERDAM
from storage.models import Mention, MentionVersion
from storage.prepared import Prepared, Question, table_of
from storage.records import Precision, Record, Status

Row = dict[str, Any]
LATE = timedelta(hours=1)
"""How long sites may hold a post back: one of the hour before the first crawl that it did not show is news."""
DAY = timedelta(days=1)
COUNTERS = ("likes", "shares", "replies", "views", "followers")


class Known(NamedTuple):
    """A stored mention: what it is known by, its newest words' hash and source, and what a later sight may change."""

    id: int
    source_id: int
    brand_id: int
    namespace: str
    external_id: str
    published_at: datetime
    pruned_at: datetime | None
    content_hash: str
    shown_by: int
    status: Status
    version: int
    judged_by: str | None
    triaged: bool
    reply_text: str | None
    reply_at: datetime | None
    reply_seen_at: datetime | None
    likes: int | None
    shares: int | None
    replies: int | None
    views: int | None
    followers: int | None


CHANGING = Known._fields[Known._fields.index("status") :]
WORDS = (
    "number",
    "title",
    "text",
    "language",
    "rating",
    "rating_min",
    "rating_max",
    "content_hash",
    "source_id",
    "seen_at",
    "edited_at",
)
_LATER = ("id", "judged_by", "language", "cluster_id", "pruned_at")
"""Columns of a mention that say what became of it later."""
_MENTION, _VERSION = table_of(Mention), table_of(MentionVersion)

_IDENTITY = ("namespace", "external_id", "brand_id")
NEW = Prepared(
    sa.insert(_MENTION).inline(), [column.name for column in _MENTION.c if column.name not in _LATER]
)
CHANGED = Prepared(sa.update(_MENTION).where(_MENTION.c.id == sa.bindparam("key")), CHANGING)
# By what the mention is known by: asking for the ids of new ones would be one more statement.
SAID = Prepared(
    sa.insert(_VERSION)
    .inline()
    .values(
        mention_id=sa.select(_MENTION.c.id)
        .where(*(_MENTION.c[name] == sa.bindparam(name) for name in _IDENTITY))
        .scalar_subquery()
    ),
    WORDS,
)
_OF_WORDS = {"content_hash": _VERSION.c.content_hash, "shown_by": _VERSION.c.source_id}
# The ids are one value: a list would be written into the statement anew for each page.
_AMONG = {
    "sqlite": _MENTION.c.external_id.in_(
        sa.select(sa.func.json_each(sa.bindparam("ids", type_=sa.JSON)).table_valued("value").c.value)
    ),
    "postgresql": _MENTION.c.external_id == sa.any_(sa.bindparam("ids", type_=postgresql.ARRAY(sa.String))),
}
# One id space at a time: SQLite would look for a list of pairs through the whole table.
KNOWN = {
    dialect: Question(
        sa.select(*(_OF_WORDS[name] if name in _OF_WORDS else _MENTION.c[name] for name in Known._fields))
        .join(_VERSION, (_VERSION.c.mention_id == _MENTION.c.id) & (_VERSION.c.number == _MENTION.c.version))
        .where(_MENTION.c.namespace == sa.bindparam("namespace"), among)
        # Who judges a mention meanwhile must be seen, or an edit would not take that judgement back.
        .with_for_update(of=_MENTION)
    )
    for dialect, among in _AMONG.items()
}


def known(connection: Connection, keys: Iterable[tuple[str, str]]) -> list[Known]:
    """The stored mentions with one of these pairs of namespace and external id, held until the transaction ends."""
    spaces: dict[str, list[str]] = {}
    for namespace, external_id in keys:
        spaces.setdefault(namespace, []).append(external_id)
    asked = KNOWN[connection.dialect.name]
    return [
        Known._make(row)
        for namespace, ids in spaces.items()
        for row in asked.ask(connection, {"namespace": namespace, "ids": ids})
    ]


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
        # The time of first sight is known to the minute, whatever was told and not understood.
        "published_precision": record.published_precision if record.published_at else Precision.MINUTE,
        "experienced_at": record.experienced_at,
        "status": record.status,
        "version": 1,
        "reply_text": reply.text if reply else None,
        "reply_at": reply.at if reply else None,
        "reply_seen_at": now if reply else None,
        "first_seen_at": now,
        "historic": baseline is None or _latest(published) < baseline - LATE,
        "triaged": False,
        "likes": record.likes,
        "shares": record.shares,
        "replies": record.replies,
        "views": record.views,
        "followers": record.followers,
    }


def _latest(published: datetime) -> datetime:
    """When it may have been published at the latest: a source that names only the day means some time of it."""
    if published.minute or published.second or published.microsecond:
        return published
    named = published.hour == 0 or published.astimezone(AMSTERDAM).hour == 0
    return published + DAY if named else published


def words_row(record: Record, source_id: int, brand_id: int, number: int, now: datetime) -> Row:
    """What the author wrote, as version `number` of the brand's mention."""
    rated = record.rating is not None
    return {
        "namespace": record.namespace,
        "external_id": record.external_id,
        "brand_id": brand_id,
        "number": number,
        "title": record.title,
        "text": record.text,
        "language": record.language,
        "rating": record.rating,
        "rating_min": record.rating_min if rated else None,
        "rating_max": record.rating_max if rated else None,
        "content_hash": record.content_hash,
        "source_id": source_id,
        "seen_at": now,
        "edited_at": min(record.updated_at, now) if record.updated_at else None,
    }


def change_row(mention: Known) -> Row:
    return {"key": mention.id} | {name: getattr(mention, name) for name in CHANGING}
