"""Alert tests run on SQLite; what they ask of the database is tested on both in tests/storage."""

import shutil
import sqlite3
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from alerts import trends
from storage.database import Database
from tests.alerts.world import NOW, World, just_set_up


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file: copying it is much faster than migrating for every test."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    with Database(f"sqlite:///{path}") as database:
        database.upgrade()
    return whole(path)


@pytest.fixture(scope="session")
def lived_template(template: Path) -> Path:
    """The same with four weeks of ordinary life in it, listened to every hour."""
    path = Path(shutil.copy(template, template.with_name("lived.db")))
    with Database(f"sqlite:///{path}") as database:
        World(database).ordinary_life()
        trends.run(database, NOW)
    return whole(path)


@pytest.fixture
def database(template: Path, tmp_path: Path) -> Iterator[Database]:
    path = shutil.copy(template, tmp_path / "test.db")
    with Database(f"sqlite:///{path}") as database:
        yield database


@pytest.fixture
def world(database: Database) -> World:
    return just_set_up(database)


@pytest.fixture
def heard(lived_template: Path, tmp_path: Path) -> Iterator[World]:
    """A world with four weeks of ordinary life behind it, listened to until now."""
    path = shutil.copy(lived_template, tmp_path / "lived.db")
    with Database(f"sqlite:///{path}") as database:
        yield World(database, numbers=count(10_000))


def whole(path: Path) -> Path:
    """One file without a log beside it, fit to copy."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path
