"""The dashboard over a small seeded database, as the browser of somebody who is logged in sees it."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from dashboard.app import create_app
from storage.database import Database
from tests.dashboard import seed

ORIGIN = "http://testserver"


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file that tests copy: seeding takes longer than copying."""
    path = tmp_path_factory.mktemp("dashboard") / "seeded.db"
    with Database(f"sqlite:///{path}") as database:
        database.upgrade()
        seed.seed(database)
        with database.engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture
def database(seeded: Path, tmp_path: Path) -> Iterator[Database]:
    shutil.copy(seeded, tmp_path / "pages.db")
    with Database(f"sqlite:///{tmp_path / 'pages.db'}") as database:
        yield database


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Database]:
    """A database without anything in it, not even a user."""
    with Database(f"sqlite:///{tmp_path / 'empty.db'}") as database:
        database.upgrade()
        yield database


def client_of(database: Database) -> TestClient:
    app = create_app(database, seed.CONFIGURATION, clock=lambda: seed.NOW)
    return TestClient(app, base_url=ORIGIN, follow_redirects=False, headers={"Origin": ORIGIN})


@pytest.fixture
def stranger(database: Database) -> Iterator[TestClient]:
    """A browser without a cookie."""
    with client_of(database) as client:
        yield client


@pytest.fixture
def client(database: Database, stranger: TestClient) -> TestClient:
    """A browser in which Marieke is logged in."""
    with database.write() as session:
        stranger.cookies.set("klachtenradar", seed.login(session))
    return stranger


def token(client: TestClient) -> str:
    """The CSRF token of the session, as the pages' forms carry it."""
    found = re.search(r'name="csrf" value="([^"]+)"', client.get("/bronnen").text)
    assert found is not None
    return found[1]
