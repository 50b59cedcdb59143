"""Many sources, read by two commands at the same time: no host is asked twice at once."""

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest

from tests.journeys.product import Product

HOSTS, SOURCES, AT_ONCE = 2, 4, 2
CONFIGURATION = f"""
database = "sqlite:///radar.db"
[[brand]]
name = "Snelveld"
[crawl]
delay = "0s"
at_once = {AT_ONCE}
"""
SOURCE = """
[[source]]
name = "feed-{number}"
kind = "feed"
brand = "Snelveld"
url = "http://127.0.0.{host}:{port}/{number}.rss"
"""
ITEM = (
    "<item><guid>1</guid><title>Storing</title><description>Geen internet van Snelveld.</description></item>"
)
FEED = f'<?xml version="1.0"?><rss version="2.0"><channel><title>Nieuws</title>{ITEM}</channel></rss>'


@dataclass
class Site:
    """Every host of loopback: how many ask one at once, and how many processes crawl then."""

    port: int = 0
    asking: Counter[str] = field(default_factory=Counter)
    most: dict[str, int] = field(default_factory=lambda: {"host": 0, "processes": 0})
    lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def answering(self, host: str) -> Iterator[None]:
        children = psutil.Process().children(recursive=True)
        crawling = [one for one in children if "crawlers.child" in _words(one)]
        with self.lock:
            self.asking[host] += 1
            self._note("host", self.asking[host])
            self._note("processes", len(crawling))
        yield
        with self.lock:
            self.asking[host] -= 1

    def _note(self, what: str, number: int) -> None:
        self.most[what] = max(self.most[what], number)


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@pytest.fixture
def site() -> Iterator[Site]:
    found = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with found.answering(self.connection.getsockname()[0]):
                body = b"" if self.path == "/robots.txt" else FEED.encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Stays silent."""

    server = ThreadingHTTPServer(("0.0.0.0", 0), Handler)  # noqa: S104 - every address of loopback
    found.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.journey
def test_two_rounds_of_crawls_at_the_same_time_never_ask_one_host_together(
    tmp_path: Path, site: Site
) -> None:
    product = Product(tmp_path)
    sources = (
        SOURCE.format(number=number, host=number % HOSTS + 1, port=site.port) for number in range(SOURCES)
    )
    product.config.write_text(CONFIGURATION + "".join(sources), "utf-8")

    product.call("db", "upgrade")

    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: product.lines("crawl", "--json"), range(2)))

    told = [(one["health"], one["new"]) for [done] in both for one in done["crawls"]]
    assert sorted(told) == [("ok", 0)] * SOURCES + [("ok", 1)] * SOURCES
    assert site.most == {"host": 1, "processes": AT_ONCE}
