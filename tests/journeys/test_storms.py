"""A burst of complaints through the whole product, while processes are killed and Slack is away."""

import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from demo.clock import system_clock
from demo.replica.posts import Kind, Post
from demo.replica.server import Replica
from demo.replica.slack import FakeSlack, SlackFault
from tests.journeys.product import Product, review

BURST = 1000
MASTODON = """
[[source]]
name = "mastodon"
kind = "mastodon"
brand = "Snelveld"
every = "1s"
base_url = "{replica}"
hashtags = ["snelveld"]
"""
PATIENCE = 100.0
"""Seconds to wait for something that must happen within 60 on an idle machine."""


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as running:
        yield running


@pytest.fixture
def replica() -> Iterator[Replica]:
    past = [
        review(number, f"Prima verbinding, dag {number}.", timedelta(days=number), 5)
        for number in range(1, 9)
    ]
    with Replica(past, system_clock) as running:
        yield running


@pytest.fixture
def product(tmp_path: Path, replica: Replica, slack: FakeSlack) -> Product:
    made = Product(tmp_path, slack_token="xoxb-test")
    made.configure(replica.url, slack.api_url)
    text, rest = made.config.read_text().split("[crawl]")
    made.config.write_text(f"{text}{MASTODON.format(replica=replica.url)}[crawl]{rest}")
    made.call("crawl")
    made.call("score")
    made.call("judge")
    return made


def _burst(replica: Replica, count: int = BURST) -> None:
    for number in range(count):
        replica.posts.add(
            Post(
                kind=Kind.MASTODON,
                text=f"Waardeloos, voor de {number}e keer kwam de monteur niet opdagen. Schandalig, #snelveld!",
                tags=("snelveld",),
                published_at=datetime.now(UTC) - timedelta(seconds=number % 300),
                author=f"Klant {number}",
            )
        )


def _until(true: Callable[[], bool], what: str) -> float:
    """Wait for something that the product does by itself; returns the seconds that took."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > PATIENCE:
            pytest.fail(f"after {PATIENCE:.0f} s still not: {what}")
        time.sleep(0.1)
    return time.monotonic() - began


def _ask(product: Product, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(product.folder / "radar.db", timeout=60) as connection:
        rows = connection.execute(query).fetchall()
    connection.close()
    return rows


def _is_watched(product: Product) -> bool:
    """Whether the schedule holds its lease; crawls under way hold others beside it."""
    return _ask(product, "SELECT count(*) FROM lease WHERE name = 'watch'") == [(1,)]


def _posts(slack: FakeSlack) -> list[str]:
    """The texts of the channel's messages, without the replies in their threads."""
    return [message.text for message in slack.messages if message.thread_ts is None]


@pytest.mark.journey
def test_a_thousand_complaints_make_one_message_and_no_more_than_three_in_all(
    product: Product, replica: Replica, slack: FakeSlack
) -> None:
    assert slack.messages == []
    _burst(replica)
    for command in ("crawl", "score", "judge", "judge"):
        assert product.call(command).returncode == 0
    assert len(_posts(slack)) == 1
    assert len(slack.calls) <= 3 + 1  # what is said, and who we are
    assert "Snelveld" in _posts(slack)[0]
    assert _ask(product, "SELECT count(*) FROM mention WHERE judged_by IS NOT NULL") == [(BURST + 8,)]


@pytest.mark.journey
def test_killed_again_and_again_nothing_is_lost_and_nothing_told_twice(
    product: Product, replica: Replica, slack: FakeSlack
) -> None:
    _burst(replica, 300)
    kills = 0
    for moment in (1.5, 2.5, 3.0, 3.5, 4.0, 5.0):
        with product.running("watch") as process:
            try:
                process.wait(moment)
            except Exception:
                process.send_signal(signal.SIGKILL)
                kills += 1
    assert kills == 6
    with product.running("watch"):
        _until(lambda: len(_posts(slack)) >= 1, "the incident is told")
        _until(
            lambda: _ask(product, "SELECT count(*) FROM mention WHERE judged_by IS NOT NULL") == [(308,)],
            "every mention is judged",
        )
        spikes = "SELECT count(*) FROM incident WHERE rule = 'negative_spike'"
        _until(lambda: _ask(product, spikes) == [(1,)], "there is one incident")
    assert _ask(product, "SELECT count(*), count(DISTINCT external_id) FROM mention") == [(308, 308)]
    assert _ask(product, "SELECT count(*) FROM verdict") == [(308,)]
    assert _ask(product, spikes) == [(1,)]
    assert len(_posts(slack)) <= 2  # the one in flight may be told twice


@pytest.mark.journey
@pytest.mark.parametrize("fault", [SlackFault.RATE_LIMITED, SlackFault.SERVER_ERROR, SlackFault.RESET_BEFORE])
def test_while_slack_is_away_the_message_waits(
    product: Product, replica: Replica, slack: FakeSlack, fault: SlackFault
) -> None:
    slack.fail(fault)
    _burst(replica, 60)
    with product.running("watch"):
        _until(lambda: any(call.method == "chat.postMessage" for call in slack.calls), "a first try")
        assert slack.messages == []
        slack.mend()
        _until(lambda: len(slack.messages) >= 1, "the message arrives")
    assert len(_posts(slack)) == 1


@pytest.mark.journey
def test_sigterm_ends_the_schedule_in_order(product: Product) -> None:
    with product.running("watch") as process:
        _until(lambda: _is_watched(product), "the schedule has begun")
        process.terminate()
        assert process.wait(10) == 0
    assert _ask(product, "SELECT count(*) FROM lease") == [(0,)]
    assert _ask(product, "SELECT count(*) FROM crawl_run WHERE finished_at IS NULL") == [(0,)]


@pytest.mark.journey
def test_a_second_schedule_on_one_database_says_who_is_first(product: Product) -> None:
    with product.running("watch") as first:
        _until(lambda: _is_watched(product), "the schedule has begun")
        second = product.call("watch")
        assert second.returncode == 1
        assert str(first.pid) in second.stderr.decode()
