"""Posts of a topic are known without its title, so that renaming it edits none of them

Revision: 0004
Follows: 0003
"""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_MENTION = sa.table("mention", sa.column("id"), sa.column("namespace"))
_VERSION = sa.table(
    "mention_version",
    *map(sa.column, ("mention_id", "number", "title", "text", "rating", "content_hash")),
)
_FORUMS = ("phpbb:", "discourse:", "tweakers")
_CHUNK = 1_000


def upgrade() -> None:
    _hash_again(titled=False)


def downgrade() -> None:
    _hash_again(titled=True)


def _hash_again(*, titled: bool) -> None:
    """The hashes of all versions of posts in topics, for which the title counts or does not."""
    connection = op.get_bind()
    said = _VERSION.c
    query = (
        sa.select(said.mention_id, said.number, said.title, said.text, said.rating)
        .join_from(_VERSION, _MENTION, _MENTION.c.id == said.mention_id)
        .where(sa.or_(*(_MENTION.c.namespace.startswith(one) for one in _FORUMS)))
        .where(said.title.is_not(None), said.text != "")
    )
    changed = (
        sa.update(_VERSION)
        .where(said.mention_id == sa.bindparam("mention"), said.number == sa.bindparam("version"))
        .values(content_hash=sa.bindparam("hashed"))
    )
    last = connection.execute(sa.select(sa.func.max(_MENTION.c.id))).scalar() or 0
    for first in range(1, last + 1, _CHUNK):
        some = connection.execute(query.where(said.mention_id.between(first, first + _CHUNK - 1))).all()
        rows = [
            {"mention": one.mention_id, "version": one.number, "hashed": _hash(one, titled)} for one in some
        ]
        if rows:
            connection.execute(changed, rows)


def _hash(one: sa.Row[tuple[int, int, str, str, float | None]], titled: bool) -> str:
    # As `storage.records` had it when this was written: a migration must not change with the code.
    parts = (one.title if titled else "", one.text, "" if one.rating is None else f"{one.rating:g}")
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
