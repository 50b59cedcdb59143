"""Serving the dashboard until told to stop."""

import threading
from types import TracebackType

import uvicorn
from fastapi import FastAPI

from dashboard.rendering import link
from dashboard.site import Site
from storage import users

GRACE_SECONDS = 5
"""How long pages that are being made may take to finish when the server must stop."""


def serve(app: FastAPI, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT, then finish open requests and return."""
    _server(app, host, port).run()


class Serving:
    """The dashboard in a thread of its own, for a process whose main thread does something else.

    `with Serving(app, "127.0.0.1", 0) as serving: serving.address`
    """

    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        self._server = _server(app, host, port)
        self._host = host
        self._thread = threading.Thread(target=self._server.run, name="dashboard", daemon=True)

    def __enter__(self) -> "Serving":
        self._thread.start()
        while not self._server.started:
            self._thread.join(0.02)
            if not self._thread.is_alive() and not self._server.started:
                raise OSError(f"the dashboard cannot listen on {self._host}; is the port in use?")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def address(self) -> str:
        """Where it listens, with the port that was really taken."""
        port = self._server.servers[0].sockets[0].getsockname()[1]
        return f"http://{self._host}:{port}"

    def stop(self) -> None:
        """Finish open requests and end the thread."""
        self._server.should_exit = True
        self._thread.join(GRACE_SECONDS + 2)


def welcome_link(app: FastAPI, address: str) -> str | None:
    """Where the first user is made, as long as there is none."""
    site: Site = app.state.site
    with site.database.read() as session:
        if users.any_user(session):
            return None
    return link(f"{address}/welkom", code=site.setup_code)


def _server(app: FastAPI, host: str, port: int) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            log_level="warning",
            access_log=False,
            log_config=None,
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=GRACE_SECONDS,
            limit_concurrency=200,
        )
    )
