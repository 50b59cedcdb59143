"""Many hosts on loopback, which is 16 million addresses wide: what is asked of one of them at once is counted."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[str], bytes]
"""The body for a path, called while the request counts."""


class Hosts:
    """Every host of loopback at one `port`; `most` is the most requests that one of them had at once."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.port = self.most = 0
        self._asked: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def asking(self, host: str) -> Iterator[None]:
        with self._lock:
            self._asked[host] += 1
            self.most = max(self.most, self._asked[host])
        try:
            yield
        finally:
            with self._lock:
                self._asked[host] -= 1


@contextmanager
def serving(answer: Answer) -> Iterator[Hosts]:
    """All of them, while the block lasts."""
    hosts = Hosts(answer)
    server = ThreadingHTTPServer(("0.0.0.0", 0), partial(_Handler, hosts))  # noqa: S104 - every address of loopback
    server.daemon_threads = True
    hosts.port = int(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield hosts
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, hosts: Hosts, *named: Any) -> None:
        self.hosts = hosts
        super().__init__(*named)

    def do_GET(self) -> None:
        with self.hosts.asking(str(self.connection.getsockname()[0])):
            body = self.hosts.answer(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Stays silent."""
