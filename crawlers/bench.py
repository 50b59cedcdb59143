"""How much of a spider's speed is left when what it reads is also stored: `python -m crawlers.bench`.

The same spider reads the same pages from a server on loopback twice, once into a database and once into nothing,
each in a process of its own. Rates are of posts a second of the reading process's own CPU time, so that neither
the server nor other work on the machine counts.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

PAGES = 50
PER_PAGE = 40
ROUNDS = 3
NEWEST = 115_570_012_345_678_901
TEXT = (
    "Sinds dinsdag geen internet meer en de monteur is voor de derde keer niet komen opdagen. Aan de telefoon "
    "zegt iedereen iets anders, en de compensatie die me beloofd was zie ik nergens terug op de rekening. "
)


@dataclass(frozen=True)
class CrawlRate:
    """Posts a CPU second with storing and without, and `ratio`, the part that storing leaves (0 to 1)."""

    posts: int
    stored: float
    bare: float

    @property
    def ratio(self) -> float:
        return self.stored / self.bare


def measure(pages: int = PAGES, rounds: int = ROUNDS) -> CrawlRate:
    """Both readings of `pages` pages of 40 posts, turn by turn; the least disturbed one of each counts."""
    posts = pages * PER_PAGE
    bare, stored = [], []
    with _pages(pages) as url:
        for _ in range(rounds):
            bare.append(_reading(url, posts, storing=False))
            stored.append(_reading(url, posts, storing=True))
    return CrawlRate(posts, posts / min(stored), posts / min(bare))


def _reading(url: str, posts: int, storing: bool) -> float:
    """CPU seconds of one reading in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "crawlers.bench", "read"],
        input=json.dumps({"url": url, "storing": storing}).encode(),
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parent.parent)},
        check=True,
        timeout=300,
    )
    found = json.loads(done.stdout)
    if found["read"] != posts:
        raise RuntimeError(f"read {found['read']} of {posts} posts")
    return float(found["seconds"])


def _read() -> dict[str, Any]:
    """In the child: one crawl, measured from before its first request to after its last record."""
    from crawlers.child import crawl, job_of
    from storage.configuration import BrandSettings, Configuration, CrawlSettings, SourceSettings
    from storage.database import Database
    from storage.mentions import StoreCounts
    from storage.sources import sync

    order = json.loads(sys.stdin.buffer.read())
    brand = BrandSettings(name="Snelveld", terms=("snelveld",))
    source = SourceSettings.model_validate(
        {
            "name": "bench",
            "kind": "mastodon",
            "brand": "Snelveld",
            "base_url": order["url"],
            "hashtags": ["snelveld"],
        }
    )
    configuration = Configuration(brand=(brand,), source=(source,), crawl=CrawlSettings(delay=timedelta()))
    with (
        tempfile.TemporaryDirectory() as folder,
        Database(f"sqlite:///{folder}/bench.db") as database,
    ):
        database.upgrade()
        database.transact(lambda session: sync(session, configuration))
        job = job_of(database, configuration, source, lambda: datetime.now(UTC))
        if not order["storing"]:
            job.store = lambda batch: StoreCounts(new=len(batch.records))
        began = _cpu()
        outcome = crawl(job, configuration.crawl)
        return {"read": outcome.counts["new"], "seconds": _cpu() - began}


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@contextmanager
def _pages(number: int) -> Iterator[str]:
    """The address of a server with `number` pages of a hashtag, linked as an instance links them."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"number": number}))
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    number: int

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/robots.txt":
            self._answer(b"User-agent: *\nAllow: /\n")
            return
        below = int(parse_qs(parts.query).get("max_id", [str(NEWEST + 1)])[0])
        page = (NEWEST + 1 - below) // PER_PAGE
        ids = [below - 1 - place for place in range(PER_PAGE)]
        link = f'<http://x.example/?max_id={ids[-1]}>; rel="next"' if page + 1 < self.number else ""
        self._answer(json.dumps([_status(number) for number in ids]).encode(), link)

    def log_message(self, format: str, *args: object) -> None:
        """Stays silent."""

    def _answer(self, body: bytes, link: str = "") -> None:
        self.send_response(200)
        if link:
            self.send_header("Link", link)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _status(number: int) -> dict[str, Any]:
    """A status of the length and the fields that instances give."""
    author = f"klant{number % 977}"
    account = {
        "id": str(number % 977),
        "username": author,
        "acct": author,
        "display_name": f"Klant {number % 977}",
        "bot": False,
        "indexable": True,
        "discoverable": True,
        "note": f"<p>{TEXT}</p>",
        "url": f"https://mastodon.example/@{author}",
        "avatar": "https://files.mastodon.example/accounts/avatars/000/original/a.png",
        "followers_count": number % 500,
        "following_count": 120,
        "statuses_count": 940,
        "fields": [{"name": "Waar", "value": "<p>Utrecht</p>", "verified_at": None}],
    }
    return {
        "id": str(number),
        "created_at": "2026-11-18T10:44:02.123Z",
        "in_reply_to_id": None,
        "sensitive": False,
        "spoiler_text": "",
        "visibility": "public",
        "language": "nl",
        "uri": f"https://mastodon.example/users/{author}/statuses/{number}",
        "url": f"https://mastodon.example/@{author}/{number}",
        "replies_count": 2,
        "reblogs_count": 5,
        "favourites_count": 9,
        "edited_at": None,
        "content": f'<p>{TEXT}<a href="https://mastodon.example/tags/snelveld">#<span>snelveld</span></a> {number}</p>',
        "reblog": None,
        "account": account,
        "media_attachments": [],
        "mentions": [],
        "tags": [{"name": "snelveld", "url": "https://mastodon.example/tags/snelveld"}],
        "emojis": [],
        "card": None,
        "poll": None,
    }


if __name__ == "__main__":
    if sys.argv[1:] == ["read"]:
        sys.stdout.write(json.dumps(_read()))
    else:
        rate = measure()
        sys.stdout.write(
            f"{rate.posts} posts: {rate.stored:.0f} a CPU second stored, {rate.bare:.0f} bare, {rate.ratio:.0%} kept\n"
        )
