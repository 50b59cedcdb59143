"""Insert statements that know what to do with a row that is there already, on either database."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlmodel import Session, SQLModel

from storage.prepared import Prepared, table_of


def insert_missing(session: Session, model: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows whose key is new; leave the others as they are."""
    session.flush()
    add_missing(session.connection(), model, rows)


def add_missing(connection: Connection, model: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """As `insert_missing`, for who has no session."""
    if rows:
        connection.execute(_insert(connection.dialect.name, model).on_conflict_do_nothing(), list(rows))


def upsert(
    session: Session, model: type[SQLModel], rows: Sequence[Mapping[str, Any]], key: Sequence[str]
) -> None:
    """Insert the rows, or overwrite all but the key where the key is known."""
    if rows:
        changed = tuple(name for name in rows[0] if name not in key)
        session.flush()
        connection = session.connection()
        connection.execute(_overwriting(connection.dialect.name, model, tuple(key), changed), list(rows))


def insert_or_lock(
    connection: Connection, model: type[SQLModel], rows: Sequence[Mapping[str, Any]], key: Sequence[str]
) -> None:
    """Insert the rows, which are keys alone; hold on to those that are there, so that nobody can take one away unseen.

    Without the hold, PostgreSQL would let another transaction delete a row that this one counts on, before it
    can see what this one wrote.
    """
    _holding(connection.dialect.name, model, tuple(key)).run(connection, rows)


def _insert(dialect: str, model: type[SQLModel]) -> Any:
    return (postgresql if dialect == "postgresql" else sqlite).insert(table_of(model))


@cache  # every page that a crawl stores needs one
def _holding(dialect: str, model: type[SQLModel], key: tuple[str, ...]) -> Prepared:
    return Prepared(_overwriting(dialect, model, key, key[:1]), key)


@cache  # making it takes longer than running it
def _overwriting(dialect: str, model: type[SQLModel], key: tuple[str, ...], names: tuple[str, ...]) -> Any:
    statement = _insert(dialect, model)
    changed = {name: statement.excluded[name] for name in names}
    return statement.on_conflict_do_update(index_elements=list(key), set_=changed)
