"""Serving: in a thread and as a process, started and stopped cleanly."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from dashboard.app import create_app
from dashboard.server import Serving, serve, welcome_link
from storage.database import Database
from tests.dashboard import seed

ROOT = Path(__file__).parent.parent.parent
PROGRAM = """
import sys
from datetime import UTC, datetime
from dashboard.app import create_app
from dashboard.server import serve
from storage.configuration import Configuration
from storage.database import Database
with Database(sys.argv[1]) as database:
    app = create_app(database, Configuration(), clock=lambda: datetime.now(UTC))
    serve(app, "127.0.0.1", 0, lambda address: print(address, flush=True))
print("ended")
"""


def _app(database: Database) -> object:
    return create_app(database, seed.CONFIGURATION, clock=lambda: seed.NOW)


def test_it_serves_in_a_thread_and_stops(empty: Database) -> None:
    with Serving(_app(empty), "127.0.0.1", 0) as serving:  # type: ignore[arg-type]
        with urllib.request.urlopen(f"{serving.address}/gezond", timeout=10) as answer:
            assert answer.status == 200
        address = serving.address
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"{address}/gezond", timeout=10)


def test_a_port_in_use_is_named(empty: Database) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"127.0.0.1:{port}"), Serving(_app(empty), "127.0.0.1", port):  # type: ignore[arg-type]
            pass
        with pytest.raises(OSError, match="choose another port"):
            serve(_app(empty), "127.0.0.1", port)  # type: ignore[arg-type]


def test_a_process_ends_at_sigterm_as_if_it_were_done(empty: Database) -> None:
    url = f"sqlite:///{empty.engine.url.database}"
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, url],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        # It listens before it tells where, so that nobody need try again.
        address = process.stdout.readline().decode().strip()
        with urllib.request.urlopen(f"{address}/gezond", timeout=30) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (process.returncode, out, err) == (0, b"ended\n", b"")


def test_the_welcome_link_is_there_until_somebody_is(empty: Database, database: Database) -> None:
    link = welcome_link(_app(empty), "http://127.0.0.1:1")  # type: ignore[arg-type]
    assert link is not None
    assert link.startswith("http://127.0.0.1:1/welkom?code=")
    assert welcome_link(_app(database), "http://127.0.0.1:1") is None  # type: ignore[arg-type]


def test_an_unreachable_database_is_not_healthy(tmp_path: Path) -> None:
    from starlette.testclient import TestClient

    with Database(f"sqlite:///{tmp_path / 'no-tables.db'}") as bare, TestClient(_app(bare)) as client:  # type: ignore[arg-type]
        assert client.get("/gezond").status_code == 503
