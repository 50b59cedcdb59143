"""Serving the dashboard until told to stop."""

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType

import uvicorn
from fastapi import FastAPI

from dashboard.rendering import link
from dashboard.site import Site
from storage import users

SIGNALS = (signal.SIGTERM, signal.SIGINT)
GRACE_SECONDS = 5
"""How long pages that are being made may take to finish when the server must stop."""


def serve(
    app: FastAPI, host: str, port: int, on_listening: Callable[[str], None] = lambda address: None
) -> None:
    """Serve until SIGTERM or SIGINT, then finish open requests and return.

    `on_listening` is told the address, with the port that was really taken. Raises OSError when it cannot
    listen there.
    """
    with _listening(host, port) as ear:
        on_listening(_address(host, ear))
        _server(app).run(sockets=[ear])


class Serving:
    """The dashboard in a thread of its own, for a process whose main thread does something else.

    `with Serving(app, "127.0.0.1", 0) as serving: serving.address`. Raises OSError when it cannot listen there.
    """

    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        self._server = _server(app)
        self._ear = _listening(host, port)
        self.address = _address(host, self._ear)
        """Where it listens, with the port that was really taken."""
        self._thread = threading.Thread(target=self._run, name="dashboard", daemon=True)

    def __enter__(self) -> "Serving":
        # Connections wait in the socket's queue until the thread takes them: nobody is turned away.
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Finish open requests and end the thread."""
        self._server.should_exit = True
        self._thread.join(GRACE_SECONDS + 2)
        self._ear.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._ear])


def welcome_link(app: FastAPI, address: str) -> str | None:
    """Where the first user is made, as long as there is none."""
    site: Site = app.state.site
    with site.database.read() as session:
        if users.any_user(session):
            return None
    return link(f"{address}/welkom", code=site.setup_code)


class _Server(uvicorn.Server):
    """Ends at a signal as any other way of stopping: uvicorn's own would raise the signal again afterwards."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (")[0]
        raise OSError(
            f"the dashboard cannot listen on {host}:{port}: {reason}; choose another port"
        ) from error


def _address(host: str, ear: socket.socket) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{ear.getsockname()[1]}"


def _server(app: FastAPI) -> _Server:
    return _Server(
        uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            log_config=None,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=GRACE_SECONDS,
            limit_concurrency=200,
        )
    )
