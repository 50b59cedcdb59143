"""A process that dies while it tells: nothing is lost, and at most the message in flight is told twice."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from alerts import deliver, judge, trends
from alerts.notifiers.slack import SlackNotifier
from demo.clock import PlayClock
from demo.replica.slack import FakeSlack, SlackFault
from storage.models import Delivery, DeliveryState
from tests.alerts.world import NOW, World, burst


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as slack:
        yield slack


def killed_while_telling(world: World, slack: FakeSlack) -> None:
    """Start a process that tells, and kill it at the moment that Slack has its message."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.alerts.telling", world.database.url, slack.api_url, NOW.isoformat()]
    )
    try:
        limit = time.monotonic() + 60
        while not slack.calls:
            assert child.poll() is None
            assert time.monotonic() < limit
            threading.Event().wait(0.01)
    finally:
        child.kill()
        child.wait()


@pytest.mark.parametrize(
    ("fault", "messages"),
    [(SlackFault.HANG, 1), (SlackFault.RESET_AFTER, 2)],
    ids=["before Slack took it", "after Slack took it"],
)
def test_a_killed_process_loses_no_message(
    heard: World, slack: FakeSlack, fault: SlackFault, messages: int
) -> None:
    heard.post(*burst(20))
    trends.run(heard.database, NOW)
    judge.run(heard.database, heard.configuration.alerts, NOW)
    slack.fail(fault)
    killed_while_telling(heard, slack)
    slack.mend()
    clock = PlayClock(NOW + timedelta(seconds=10))
    again = SlackNotifier("xoxb-proef", "#reputatie", slack.api_url)
    deliver.run(heard.database, heard.configuration, [again], clock, lambda seconds: None)
    assert len(slack.messages) == messages
    assert [one.state for one in heard.all(Delivery)] == [DeliveryState.SENT]
