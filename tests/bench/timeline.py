"""An instance of Mastodon that has as many pages of every hashtag as are asked for."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

BEFORE = 115_570_012_345_678_901
"""The id before the first status of every hashtag."""
BEGAN = datetime(2025, 1, 1, microsecond=123_000, tzinfo=UTC)
"""When it was written; a minute later the next one, so that a page is of one or two hours."""
TEXT = (
    "Sinds dinsdag geen internet meer en de monteur is voor de derde keer niet komen opdagen. Aan de telefoon "
    "zegt iedereen iets anders, en de compensatie die me beloofd was zie ik nergens terug op de rekening. "
)


@dataclass(frozen=True)
class Timeline:
    """How many pages every hashtag has, and how many statuses a page."""

    pages: int
    per_page: int

    def statuses(self, below: int | None) -> list[int]:
        """The ids of the page right below this id, or of the newest one; newest first, as instances give them."""
        top = BEFORE + self.pages * self.per_page if below is None else below - 1
        return list(range(top, max(top - self.per_page, BEFORE), -1))


@contextmanager
def serving(timeline: Timeline) -> Iterator[str]:
    """The address of a server on loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, timeline))
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
    protocol_version = "HTTP/1.1"  # one connection for a whole crawl
    # An answer goes out whole: in two writes, the second one waits 40 ms for the reader's acknowledgement.
    wbufsize = 1 << 20
    disable_nagle_algorithm = True

    def __init__(self, timeline: Timeline, *named: Any) -> None:
        self.timeline = timeline
        super().__init__(*named)

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/robots.txt":
            self._answer(b"User-agent: *\nAllow: /\n")
            return
        tag = parts.path.rpartition("/")[2]
        marks = parse_qs(parts.query).get("max_id")
        ids = self.timeline.statuses(int(marks[0]) if marks else None)
        link = f'<http://x.example/?max_id={ids[-1]}>; rel="next"' if ids and ids[-1] > BEFORE + 1 else ""
        self._answer(json.dumps([_status(tag, number) for number in ids]).encode(), link)

    def log_message(self, format: str, *args: object) -> None:
        """Stays silent."""

    def _answer(self, body: bytes, link: str = "") -> None:
        self.send_response(200)
        if link:
            self.send_header("Link", link)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _status(tag: str, number: int) -> dict[str, Any]:
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
        "created_at": (BEGAN + timedelta(minutes=number - BEFORE)).isoformat(),
        "in_reply_to_id": None,
        "sensitive": False,
        "spoiler_text": "",
        "visibility": "public",
        "language": "nl",
        "uri": f"https://mastodon.example/users/{author}/statuses/{tag}{number}",
        "url": f"https://mastodon.example/@{author}/{tag}{number}",
        "replies_count": 2,
        "reblogs_count": 5,
        "favourites_count": 9,
        "edited_at": None,
        "content": f'<p>{TEXT}<a href="https://mastodon.example/tags/snelveld">#<span>snelveld</span></a> {number}</p>',
        "reblog": None,
        "account": account,
        "media_attachments": [],
        "mentions": [],
        "tags": [{"name": tag, "url": f"https://mastodon.example/tags/{tag}"}],
        "emojis": [],
        "card": None,
        "poll": None,
    }
