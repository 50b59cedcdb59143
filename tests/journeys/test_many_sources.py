"""Many sources, read by two commands at the same time: no host is asked twice at once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from tests.hosts import serving
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


def _crawling() -> int:
    """How many processes crawl now."""
    return sum("crawlers.child" in _words(one) for one in psutil.Process().children(recursive=True))


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@pytest.mark.journey
def test_two_rounds_of_crawls_at_the_same_time_never_ask_one_host_together(tmp_path: Path) -> None:
    processes: list[int] = []

    def answer(path: str) -> bytes:
        processes.append(_crawling())
        return b"" if path == "/robots.txt" else FEED.encode()

    product = Product(tmp_path)
    with serving(answer) as site:
        sources = (
            SOURCE.format(number=number, host=number % HOSTS + 1, port=site.port) for number in range(SOURCES)
        )
        product.config.write_text(CONFIGURATION + "".join(sources), "utf-8")
        product.call("db", "upgrade")
        with ThreadPoolExecutor(2) as pool:
            both = list(pool.map(lambda _: product.lines("crawl", "--json"), range(2)))

    told = [(one["health"], one["new"]) for [done] in both for one in done["crawls"]]
    assert sorted(told) == [("ok", 0)] * SOURCES + [("ok", 1)] * SOURCES
    assert (site.most, max(processes)) == (1, AT_ONCE)
