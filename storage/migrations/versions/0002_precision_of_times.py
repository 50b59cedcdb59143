"""How coarsely a source tells the time of a mention

Revision: 0002
Follows: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Plain SQL that both databases read: Alembic would copy the whole table for SQLite. Not with IN, see 0001.
    op.execute(
        "ALTER TABLE mention ADD COLUMN published_precision VARCHAR(16) DEFAULT 'minute' NOT NULL "
        "CONSTRAINT ck_mention_precision "
        "CHECK (published_precision = 'minute' OR published_precision = 'hour' OR published_precision = 'day' "
        "OR published_precision = 'week' OR published_precision = 'month' OR published_precision = 'year')"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE mention DROP COLUMN published_precision")
