"""The form of the tables: what it is, what it must be, and bringing the one to the other.

Apart from `storage.database`, because loading Alembic takes longer than many a crawl needs the database for.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic import command, util
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import SQLModel

from storage.errors import DatabaseError

if TYPE_CHECKING:
    from storage.database import Database

MIGRATIONS = Path(__file__).with_name("migrations")


def upgrade(database: "Database") -> str:
    """Bring the tables to this version's form and return the revision. Safe to repeat."""
    with _translated(database):
        command.upgrade(alembic(database), "head")
    return head(database)


def head(database: "Database") -> str:
    """The revision that this version needs."""
    return str(ScriptDirectory.from_config(alembic(database)).get_current_head())


def revision(database: "Database") -> str | None:
    """The revision of the tables as they are, None for a database without tables."""
    with _translated(database), database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def check(database: "Database") -> None:
    """Raise DatabaseError unless the tables are reachable and of this version's form."""
    found, needed = revision(database), head(database)
    if found is None:
        raise DatabaseError(f"{database.name}: has no tables yet; run `klachtenradar db upgrade`")
    if found == needed:
        return
    known = {script.revision for script in ScriptDirectory.from_config(alembic(database)).walk_revisions()}
    if found not in known:
        raise DatabaseError(
            f"{database.name}: was made by a newer version (revision {found}); install that version"
        )
    raise DatabaseError(
        f"{database.name}: is at revision {found}, this version needs {needed}; run `klachtenradar db upgrade`"
    )


def differences(database: "Database") -> list[Any]:
    """What autogeneration would still change: empty when migrations and models agree."""
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, SQLModel.metadata))


def alembic(database: "Database") -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["engine"] = database.engine
    return config


@contextmanager
def _translated(database: "Database") -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError, util.CommandError) as error:
        cause = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise DatabaseError(
            f"{database.name}: {cause}; check the key `database` and the rights on it"
        ) from error
