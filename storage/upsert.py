"""Insert statements that know what to do with a row that is there already, on either database."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel


def _insert(session: Session, model: type[SQLModel]) -> Any:
    dialect = session.get_bind().dialect.name
    return (postgresql if dialect == "postgresql" else sqlite).insert(model)


def insert_missing(session: Session, model: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows whose key is new; leave the others as they are."""
    if rows:
        session.execute(_insert(session, model).on_conflict_do_nothing(), list(rows))


def upsert(
    session: Session, model: type[SQLModel], rows: Sequence[Mapping[str, Any]], key: Sequence[str]
) -> None:
    """Insert the rows, or overwrite all but the key where the key is known."""
    if rows:
        statement = _insert(session, model)
        changed = {name: statement.excluded[name] for name in rows[0] if name not in key}
        session.execute(statement.on_conflict_do_update(index_elements=list(key), set_=changed), list(rows))


def insert_or_lock(
    session: Session, model: type[SQLModel], rows: Sequence[Mapping[str, Any]], key: Sequence[str]
) -> None:
    """Insert the rows; hold on to those that are there, so that nobody can take one away unseen.

    Without the hold, PostgreSQL would let another transaction delete a row that this one counts on, before it
    can see what this one wrote.
    """
    if rows:
        statement = _insert(session, model)
        same = {key[0]: statement.excluded[key[0]]}
        session.execute(statement.on_conflict_do_update(index_elements=list(key), set_=same), list(rows))
