"""How much of a machine it takes to keep many sources read: 200 of them on 50 hosts of loopback, by crawl_all.

Each has a feed of 20 entries, and each crawl asks robots.txt and the feed, as most do that find nothing new.
Everything is as in service: a child process for every crawl, leases in the database, posts stored.
"""

import os
import resource
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from threading import Thread

import psutil

from crawlers.run import crawl_all
from storage.configuration import Configuration
from storage.database import Database
from storage.models import Health
from storage.sources import sync
from tests.hosts import serving

EVERY = timedelta(minutes=15)
CORES = 2
ENTRIES = 20
GLANCE_S = 0.02


@dataclass(frozen=True)
class Keeping:
    """One crawl of each of `sources`, in `seconds`, with `cpu_seconds` of all processes but the answering site.

    `ratio` is the part of two cores that crawling each of them every 15 minutes takes (0 to 1). `children` and `a_host`
    are the most crawling processes that were seen at once, and the most requests that one host had at once.
    """

    sources: int
    seconds: float
    cpu_seconds: float
    children: int
    a_host: int

    @property
    def ratio(self) -> float:
        return self.cpu_seconds / (EVERY.total_seconds() * CORES)

    @property
    def a_minute(self) -> float:
        return 60 * self.sources / self.seconds


def measure(sources: int = 200, hosts: int = 50) -> Keeping:
    """Crawl each of them once, as the schedule does when all are due."""
    with tempfile.TemporaryDirectory() as folder, serving(_answer) as site, _watched() as children:
        configuration = _configured(sources, hosts, site.port)
        with Database(f"sqlite:///{folder}/many.db") as database:
            database.upgrade()
            database.transact(lambda session: sync(session, configuration))
            began, used = time.perf_counter(), _cpu()
            results = crawl_all(database, configuration)
            seconds, used = time.perf_counter() - began, _cpu() - used
    if [result for result in results if result.health is not Health.OK or result.new != ENTRIES]:
        raise RuntimeError(f"not every source was read: {results}")
    return Keeping(sources, seconds, used, max(children), site.most)


def _cpu() -> float:
    """Of this process's crawling thread, and of the children that ended; the site answers in other threads."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.thread_time() + children.ru_utime + children.ru_stime


def _configured(sources: int, hosts: int, port: int) -> Configuration:
    feeds = [
        {
            "name": f"bron-{number}",
            "kind": "feed",
            "brand": "Snelveld",
            "every": "15m",
            "url": f"http://127.0.0.{number % hosts + 1}:{port}/{number}.rss",
        }
        for number in range(sources)
    ]
    told = {"brand": [{"name": "Snelveld"}], "source": feeds, "crawl": {"delay": "0s"}}
    return Configuration.model_validate(told)


@contextmanager
def _watched() -> Iterator[list[int]]:
    """How many crawling processes there are, looked at all the time."""
    seen, over = [0], threading.Event()

    def look() -> None:
        this = psutil.Process(os.getpid())
        while not over.wait(GLANCE_S):
            seen.append(len(this.children()))

    thread = Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def _answer(path: str) -> bytes:
    return b"User-agent: *\nAllow: /\n" if path == "/robots.txt" else _feed(path)


def _feed(path: str) -> bytes:
    items = "".join(
        f"<item><title>Storing {number}</title><link>https://nieuws.example{path}/{number}</link>"
        f"<description>Weer geen internet van Snelveld.</description><guid>{path}/{number}</guid>"
        f"<pubDate>Fri, 20 Nov 2026 10:{number:02}:00 GMT</pubDate></item>"
        for number in range(ENTRIES)
    )
    return (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>Nieuws</title>{items}</channel></rss>'
    ).encode()
