"""Statements for many rows at once, handed straight to the driver.

SQLAlchemy would look at every value of every row again, which takes as long as the database takes to store it.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect
from sqlmodel import SQLModel

from storage.records import Kind, Precision, Status

Row = Mapping[str, Any]


def table_of(model: type[SQLModel]) -> sa.Table:
    return cast(sa.Table, sa.inspect(model).local_table)


class Prepared:
    """A statement that is made once and run for many pages: its values, and those of `columns`, come from rows.

    A column that may stay empty, and for which no new row has a value, is left out: binding a NULL takes sqlite3 four
    times as long as binding a number, and most posts have neither a rating nor a reply.
    """

    def __init__(self, statement: sa.Insert | sa.Update, columns: Sequence[str] = ()) -> None:
        self.statement, self.columns = statement, columns
        found = statement.table.c
        self.optional = [name for name in columns if statement.is_insert and found[name].nullable]
        self._made: dict[tuple[str, frozenset[str]], tuple[str, Callable[[Sequence[Row]], Any]]] = {}

    def run(self, connection: Connection, rows: Sequence[Row]) -> None:
        if not rows:
            return
        dialect = connection.dialect
        absent = frozenset(name for name in self.optional if all(row[name] is None for row in rows))
        text, arranged = self._made.get((dialect.name, absent)) or self._make(dialect, absent)
        connection.exec_driver_sql(text, arranged(rows))

    def _make(self, dialect: Dialect, absent: frozenset[str]) -> tuple[str, Callable[[Sequence[Row]], Any]]:
        columns = [name for name in self.columns if name not in absent]
        compiled: Any = self.statement.compile(dialect=dialect, column_keys=columns or None)
        places = compiled.positiontup
        kinds = [_kind(compiled.binds[name].type) for name in places or ()]
        made = str(compiled), _by_place(places, kinds) if places else _by_name
        self._made[dialect.name, absent] = made
        return made


def _kind(column: Any) -> type:
    """What a column's values are in Python; a type built on another one, as SQLModel's are, does not say so itself."""
    plain = column.impl_instance if isinstance(column, sa.TypeDecorator) else column
    return cast(type, plain.python_type)


def _by_name(rows: Sequence[Row]) -> Any:
    """For drivers that take values by name, and moments and enumerations as they are: psycopg."""
    return list(rows)


def _by_place(names: Sequence[str], kinds: Sequence[type]) -> Callable[[Sequence[Row]], Any]:
    """For drivers that take values by place, and know nothing of time: sqlite3."""
    values_of = itemgetter(*names)
    foreign = [(place, _PLAIN[kind]) for place, kind in enumerate(kinds) if kind in _PLAIN]

    def arranged(rows: Sequence[Row]) -> list[tuple[object, ...]]:
        columns: list[Sequence[object]] = list(zip(*map(values_of, rows), strict=True))
        for place, plainly in foreign:
            columns[place] = [None if value is None else plainly(value) for value in columns[place]]
        return list(zip(*columns, strict=True))

    return arranged


@lru_cache  # the time of storing stands in every row of a page
def _stamp(moment: datetime) -> str:
    """A moment as SQLAlchemy writes it into SQLite, and reads it."""
    return moment.astimezone(UTC).isoformat(" ", "microseconds").removesuffix("+00:00")


_PLAIN: dict[type, Callable[[Any], object]] = {
    bool: int,
    datetime: _stamp,
    Kind: str,
    Precision: str,
    Status: str,
}
