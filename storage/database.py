"""Opening, migrating and checking the database: SQLite by default, PostgreSQL by address."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, NoSuchModuleError, OperationalError
from sqlmodel import Session

import storage.models  # noqa: F401 - registers the tables
from storage.errors import DatabaseError

__all__ = ["Database", "DatabaseError", "Session", "is_there"]

TRIES = 3
S = TypeVar("S")
T = TypeVar("T")
BUSY_SECONDS = 60
"""How long a writer waits for another: longer than any transaction of ours takes."""


class Database:
    """One database, from which `read` and `write` give sessions.

    A write session takes SQLite's write lock at its start, so that what it has read cannot go stale before it
    writes; on PostgreSQL it is an ordinary transaction, and unique constraints settle the races.

    With `lasting` false a commit does not wait for the disk: a power cut may take back the last ones, whole and in
    order. For a crawl, which then reads the same pages again, as it knows no better how far it had come.
    """

    def __init__(self, url: str, *, lasting: bool = True) -> None:
        self.url = url
        self.engine = _engine(url)
        if not lasting:
            sa.event.listen(self.engine, "connect", _do_not_wait)
        self._writing = self.engine.execution_options(writes=True)
        self._kept: Connection | None = None
        driver: Any = self.engine.dialect.loaded_dbapi
        # `storage.prepared` and the beginning of a transaction ask the driver itself, whose errors nobody translates.
        self._refusals = (IntegrityError, OperationalError, driver.IntegrityError, driver.OperationalError)

    def __enter__(self) -> "Database":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        kept, self._kept = self._kept, None
        try:
            if kept is not None:
                kept.close()
        finally:
            self.engine.dispose()

    @property
    def name(self) -> str:
        """The address without its password."""
        return self.engine.url.render_as_string(hide_password=True)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that writes nothing; what it has read stays usable afterwards."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session
            session.expunge_all()  # a rollback would empty the rows that were read

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session whose work is committed whole at the end, or not at all when the block raises."""
        with Session(self._writing, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def write_rows(self) -> Iterator[Connection]:
        """As `write`, for work that needs no objects: a session costs a twentieth of storing a page.

        On a connection that is kept, in one thread at a time: a crawl does nothing else. After any error it goes back
        to the pool, which takes back what is left of the transaction, and drops a connection that broke.
        """
        connection, self._kept = self._kept or self._writing.connect(), None
        try:
            with connection.begin():
                yield connection
        except BaseException:
            connection.close()
            raise
        self._kept = connection

    def transact(self, work: Callable[[Session], T]) -> T:
        """The result of `work` in a write session, tried again when another writer was first.

        Two crawls may store the same post at the same moment; the unique constraint refuses the second, which
        then finds the post as known.
        """
        return self._tried(self.write, work)

    def transact_rows(self, work: Callable[[Connection], T]) -> T:
        """As `transact`, with a connection."""
        return self._tried(self.write_rows, work)

    def _tried(self, begin: Callable[[], AbstractContextManager[S]], work: Callable[[S], T]) -> T:
        for attempt in range(TRIES):
            try:
                with begin() as transaction:
                    return work(transaction)
            except self._refusals:
                if attempt == TRIES - 1:
                    raise
        raise AssertionError("unreachable")

    def upgrade(self) -> str:
        """Bring the tables to this version's form and return the revision. Safe to repeat."""
        from storage import schema

        return schema.upgrade(self)

    def revision(self) -> str | None:
        """The revision of the tables as they are, None for a database without tables."""
        from storage import schema

        return schema.revision(self)

    def check(self) -> None:
        """Raise DatabaseError unless the tables are reachable and of this version's form."""
        from storage import schema

        schema.check(self)


def is_there(url: str) -> bool:
    """Whether opening this database makes nothing new: a file of SQLite may not exist yet."""
    try:
        address = make_url(url)
    except ArgumentError:
        return True  # opening it says what is wrong
    return address.get_backend_name() != "sqlite" or Path(address.database or "").is_file()


def _engine(url: str) -> Engine:
    try:
        address = make_url(url)
        if address.get_backend_name() not in ("sqlite", "postgresql"):
            raise DatabaseError(
                f"database: {address.drivername} is not supported; write sqlite or postgresql"
            )
        if address.get_backend_name() == "postgresql":
            address = address.set(drivername="postgresql+psycopg")
            return sa.create_engine(
                address, pool_pre_ping=True, pool_size=5, max_overflow=10, hide_parameters=True
            )
        return _sqlite_engine(address)
    except (ArgumentError, NoSuchModuleError) as error:
        raise DatabaseError(f"database: {error}; write sqlite:///path or postgresql+psycopg://…") from error
    except ModuleNotFoundError as error:
        raise DatabaseError(
            "database: PostgreSQL needs the extra: pip install klachtenradar[postgres]"
        ) from error


def _sqlite_engine(address: sa.URL) -> Engine:
    path = address.database
    if path and path != ":memory:":
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DatabaseError(f"database: cannot make the folder of {path}: {error}") from error
    memory = not path or path == ":memory:"
    options: dict[str, Any] = {"poolclass": sa.StaticPool} if memory else {"pool_size": 5, "max_overflow": 20}
    # An error names its statement but not what people wrote, which would end up in logs.
    engine = sa.create_engine(
        address,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
        hide_parameters=True,
        **options,
    )
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _: object) -> None:
    # The driver's own transaction handling begins too late and is switched off; `_begin_sqlite` begins.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA cache_size=-32000")
    connection.execute("PRAGMA temp_store=MEMORY")


def _do_not_wait(connection: Any, _: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous=NORMAL")
        # Four times what is usual: neighbouring pages change the same leaves, which are then moved once.
        connection.execute("PRAGMA wal_autocheckpoint=4000")
    else:
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit TO off")
        connection.commit()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.connection.cursor().execute("BEGIN IMMEDIATE" if writes else "BEGIN")
