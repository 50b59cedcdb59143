"""The product as other programs see it: its commands, as processes."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from demo.replica.posts import Kind, Post

ROOT = Path(__file__).parent.parent.parent
NOW = datetime.now(UTC)

CONFIGURATION = """
database = "sqlite:///radar.db"
[[brand]]
name = "Snelveld"
terms = ["snelveld"]
[[source]]
name = "reviews"
kind = "trustpilot_web"
brand = "Snelveld"
every = "1s"
base_url = "{replica}"
domain = "snelveld.nl"
permission = true
[[source]]
name = "nieuws"
kind = "feed"
every = "1s"
url = "{replica}/feeds/nieuws.rss"
[crawl]
delay = "0s"
timeout = "30s"
[slack]
channel = "#reputatie"
api_url = "{slack}"
[dashboard]
port = {port}
"""


@dataclass(frozen=True)
class Product:
    """One configuration in a folder of its own, and its commands."""

    folder: Path
    slack_token: str | None = None

    @property
    def config(self) -> Path:
        return self.folder / "klachtenradar.toml"

    def configure(self, replica: str, slack: str = "http://127.0.0.1:9/api/", port: int = 0) -> None:
        text = CONFIGURATION.format(replica=replica, slack=slack, port=port)
        self.config.write_text(text, encoding="utf-8")

    def environment(self) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("KLACHTENRADAR_")}
        token = {"KLACHTENRADAR_SLACK_TOKEN": self.slack_token} if self.slack_token else {}
        return kept | token | {"PYTHONPATH": str(ROOT), "KLACHTENRADAR_CONFIG": str(self.config)}

    def arguments(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "klachtenradar", *words]

    def call(self, *words: str, given: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(
            self.arguments(*words),
            input=given,
            capture_output=True,
            cwd=self.folder,
            env=self.environment(),
            timeout=120,
            check=False,
        )

    def lines(self, *words: str) -> list[Any]:
        """The JSON lines that a command prints; it must end well."""
        done = self.call(*words)
        assert done.returncode == 0, done.stderr.decode()
        return [json.loads(line) for line in done.stdout.decode().splitlines()]

    @contextmanager
    def running(self, *words: str) -> Iterator["subprocess.Popen[bytes]"]:
        """A command that goes on until the block ends."""
        process = subprocess.Popen(
            self.arguments(*words), cwd=self.folder, env=self.environment(), stderr=subprocess.PIPE
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()


def review(number: int, text: str, ago: timedelta = timedelta(0), rating: int = 1, **more: Any) -> Post:
    """A review of Snelveld, published `ago` before this run of the tests began, unless `more` says when."""
    return Post(
        kind=Kind.TRUSTPILOT,
        text=text,
        published_at=more.pop("published_at", NOW - ago),
        title=f"Ervaring {number}",
        author=f"Klant {number}",
        place="snelveld.nl",
        rating=rating,
        **more,
    )
