"""The world the demo plays in: a configuration that points every source at the replica, in a folder of its own."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CONFIGURATION = """\
# Written by `klachtenradar demo`. An ordinary configuration: only the addresses lead to a replica on this machine.
database = "sqlite:///demo.db"

[[brand]]
name = "Snelveld"
terms = ["snelveld", "@snelveld"]

[[brand]]
name = "Belpunt"
terms = ["belpunt"]
competitor = true

[[source]]
name = "snelveld-trustpilot"
kind = "trustpilot_web"
brand = "Snelveld"
every = "15{unit}"
base_url = "{replica}"
domain = "snelveld.nl"
permission = true

[[source]]
name = "belpunt-trustpilot"
kind = "trustpilot_web"
brand = "Belpunt"
every = "60{unit}"
base_url = "{replica}"
domain = "belpunt.nl"
permission = true

[[source]]
name = "snelveld-app"
kind = "apple_app"
brand = "Snelveld"
every = "30{unit}"
base_url = "{replica}"
app_id = 987654321
country = "nl"

[[source]]
name = "mastodon"
kind = "mastodon"
every = "15{unit}"
base_url = "{replica}"
hashtags = ["snelveld"]

[[source]]
name = "nieuws"
kind = "feed"
every = "30{unit}"
url = "{replica}/feeds/nieuws.rss"

[crawl]
delay = "0s"
timeout = "60s"
contact = "demo@snelveld.example"

[slack]
channel = "{channel}"

[dashboard]
host = "127.0.0.1"
port = {port}
"""

CHANNEL_VARIABLE = "KLACHTENRADAR_DEMO_CHANNEL"


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for configuration and database, gone when the demo ends."""
    with tempfile.TemporaryDirectory(prefix="klachtenradar-demo-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def write_configuration(place: Path, replica: str, port: int, unit: str = "s") -> Path:
    """Write klachtenradar.toml for a replica at the address `replica`; returns its path.

    `unit` is that of the crawling intervals: `s` for a storm of minutes, `m` for one of hours.
    """
    path = place / "klachtenradar.toml"
    channel = os.environ.get(CHANNEL_VARIABLE, "#reputatie")
    path.write_text(
        CONFIGURATION.format(replica=replica, port=port, channel=channel, unit=unit), encoding="utf-8"
    )
    return path
