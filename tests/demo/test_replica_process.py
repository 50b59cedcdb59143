"""The replica as a process of its own."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.demo.asking import get, next_data, send

NOW = "2026-11-20T12:00:00+00:00"


@contextmanager
def _running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    command = [sys.executable, "-m", "demo.replica", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())
        finally:
            process.terminate()


def test_it_says_where_it_answers_and_ends_cleanly() -> None:
    with _running("--story", "hours", "--now", NOW, "--slack-port", "0") as (process, addresses):
        page = get(f"{addresses['url']}/review/snelveld.nl?languages=nl&sort=recency")
        assert len(next_data(page)["reviews"]) == 20
        assert send("POST", f"{addresses['slack_api_url']}auth.test").json["error"] == "not_authed"
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_its_clock_can_be_moved_into_the_storm() -> None:
    with _running("--story", "hours", "--now", NOW) as (_, addresses):
        before = len(get(f"{addresses['url']}/_replica/posts").json)
        send("POST", f"{addresses['url']}/_replica/clock", {"now": "2026-11-20T13:00:00+00:00"})
        assert len(get(f"{addresses['url']}/_replica/posts").json) > before + 30


def test_posts_of_ones_own_can_be_shown(tmp_path: Path) -> None:
    line = {"kind": "feed", "title": "Storing", "text": "Kort", "published_at": "2026-11-20T11:00:00+00:00"}
    file = tmp_path / "posts.jsonl"
    file.write_text(json.dumps(line) + "\n")
    with _running("--posts", str(file), "--now", NOW) as (_, addresses):
        assert "<title>Storing</title>" in get(f"{addresses['url']}/feeds/snelveld.rss").text
