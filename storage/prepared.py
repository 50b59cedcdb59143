"""Statements that are made once and handed straight to the driver, for what every page of a crawl asks and stores.

SQLAlchemy would look at every value of every row again, which takes as long as the database takes to store it, and at
every statement for longer than SQLite takes to answer it. Both need a transaction that has begun, as a session or
`Database.write_rows` gives it: the driver begins none. Errors are the driver's own.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.engine.interfaces import DBAPICursor
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
        _cursor(connection).executemany(text, arranged(rows))

    def _make(self, dialect: Dialect, absent: frozenset[str]) -> tuple[str, Callable[[Sequence[Row]], Any]]:
        columns = [name for name in self.columns if name not in absent]
        compiled: Any = self.statement.compile(dialect=dialect, column_keys=columns or None)
        places = compiled.positiontup
        kinds = [_kind(compiled.binds[name].type) for name in places or ()]
        made = str(compiled), _by_place(places, kinds) if places else _by_name
        self._made[dialect.name, absent] = made
        return made


class Question:
    """A query that is made once and asked for many pages. Values and answers are what SQLAlchemy takes and gives.

    For columns whose type says by itself how they are read: not for floats and decimals, which on PostgreSQL ask the
    driver. A list cannot be a value, unless the database takes it as one (`ARRAY`, JSON).
    """

    def __init__(self, statement: sa.Select[Any]) -> None:
        self.statement = statement
        self._made: dict[str, tuple[str, _Values, _Answers]] = {}

    def ask(self, connection: Connection, values: Row) -> list[tuple[Any, ...]]:
        """All rows of the answer, as plain tuples. Raises KeyError for a value that is not given."""
        text, bound, read = self._made.get(connection.dialect.name) or self._make(connection.dialect)
        cursor = _cursor(connection)
        cursor.execute(text, bound(values))
        return read(cursor.fetchall())

    def _make(self, dialect: Dialect) -> tuple[str, "_Values", "_Answers"]:
        compiled: Any = self.statement.compile(dialect=dialect)
        binds = {name: bind for bind, name in compiled.bind_names.items()}
        written = {
            name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in binds.items()
        }
        fixed = {name: value for name, value in compiled.params.items() if not binds[name].required}
        kinds = [column.type.dialect_impl(dialect) for column in self.statement.selected_columns]
        read = [kind.result_processor(dialect, None) for kind in kinds]
        by_name = compiled.positiontup is None
        bound = _values(fixed, written, list(binds) if by_name else compiled.positiontup, by_name)
        made = str(compiled), bound, _answers(read)
        self._made[dialect.name] = made
        return made


_Process = Callable[[Any], Any] | None
_Values = Callable[[Row], Any]
_Answers = Callable[[Sequence[Sequence[Any]]], list[tuple[Any, ...]]]


def _values(fixed: Row, processes: Mapping[str, _Process], places: Sequence[str], by_name: bool) -> _Values:
    """What the driver is given for a question: `by_name` or by place; what is `fixed` in the question as well."""

    def bound(values: Row) -> Any:
        known = {**fixed, **values}
        for name, process in foreign:
            known[name] = process(known[name])
        return {name: known[name] for name in places} if by_name else [known[name] for name in places]

    foreign = [(name, process) for name, process in processes.items() if process is not None]
    return bound


def _answers(processes: Sequence[_Process]) -> _Answers:
    foreign = [(place, process) for place, process in enumerate(processes) if process is not None]

    def read(rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
        columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
        for place, process in foreign if columns else ():
            columns[place] = [None if value is None else process(value) for value in columns[place]]
        return list(zip(*columns, strict=True))

    return read


def _cursor(connection: Connection) -> DBAPICursor:
    return connection.connection.cursor()


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
