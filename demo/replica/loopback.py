"""A small HTTP server on loopback that answers by a function and can misbehave on the wire."""

import os
import socket
import struct
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

from demo.clock import Clock

LONGEST_HANG_S = 3600.0
MAX_BODY_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class Request:
    """One request as the server saw it; header names in lower case, the path unquoted."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes
    at: datetime
    target: str

    def first(self, name: str, default: str = "") -> str:
        """The first value of a query parameter."""
        return self.query.get(name, [default])[0]


class Delivery(StrEnum):
    """How the answer travels."""

    WHOLE = "whole"
    HANG = "hang"
    RESET = "reset"
    TRUNCATED = "truncated"


@dataclass(frozen=True)
class Answer:
    """What goes back."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delivery: Delivery = Delivery.WHOLE

    @classmethod
    def of(cls, content_type: str, body: str, status: int = 200, **headers: str) -> "Answer":
        """A text answer in UTF-8; keyword `Retry_After` becomes the header Retry-After."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        kind = f"{content_type}; charset=utf-8"
        return cls(status, body.encode("utf-8", "replace"), {"Content-Type": kind, **named})


class Loopback:
    """A running server: `with Loopback(...) as server: server.url`.

    `answer` gets each request in a thread of its own. Port 0 lets the machine choose.
    """

    def __init__(self, clock: Clock, port: int = 0) -> None:
        self.clock = clock
        self.released = Event()
        self._lock = Lock()
        self._requests: list[Request] = []
        self._server = _Server(("127.0.0.1", port), _handler_for(self))
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """The address without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def requests(self) -> list[Request]:
        """Every request so far, oldest first; those to the control addresses are left out."""
        with self._lock:
            return list(self._requests)

    def record(self, request: Request) -> None:
        """Adds a request to the log."""
        with self._lock:
            self._requests.append(request)

    def answer(self, request: Request) -> Answer:
        """What to send back; a subclass decides."""
        raise NotImplementedError

    def start(self) -> None:
        """Begins to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Lets hanging requests go and closes the port."""
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hung up is no news; anything else must be seen."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    loopback: Loopback

    def do_GET(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def version_string(self) -> str:
        return "replica"

    def log_message(self, format: str, *args: object) -> None:
        """Stays silent: the request log is the record."""

    def _serve(self) -> None:
        self.close_connection = True
        answer = self.loopback.answer(self._request())
        if answer.delivery is Delivery.HANG:
            self.loopback.released.wait(LONGEST_HANG_S)
        elif answer.delivery is Delivery.RESET:
            _reset(self.connection)
        else:
            self._send(answer)

    def _request(self) -> Request:
        parts = urlsplit(self.path)
        length = min(int(self.headers.get("Content-Length") or 0), MAX_BODY_BYTES)
        return Request(
            method=self.command,
            path=unquote(parts.path),
            query=parse_qs(parts.query, keep_blank_values=True),
            # Two of one name are one with a comma (RFC 9110, 5.2).
            headers={name.lower(): ", ".join(self.headers.get_all(name, [])) for name in self.headers},
            body=self.rfile.read(length),
            at=self.loopback.clock(),
            target=self.path,
        )

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 304:
            self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command == "HEAD" or answer.status == 304:
            return
        whole = answer.delivery is Delivery.WHOLE
        self.wfile.write(answer.body if whole else answer.body[: len(answer.body) // 2])


def _handler_for(loopback: Loopback) -> type[_Handler]:
    return type("Handler", (_Handler,), {"loopback": loopback})


def _reset(connection: socket.socket) -> None:
    # Lingering for zero seconds makes the close a reset; detaching keeps the server from closing
    # the connection politely first.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(connection.detach())
