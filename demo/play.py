"""Playing the demo: the product's own steps, on a configuration whose addresses lead to the replica."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from alerts import deliver, notifiers, steps
from crawlers import run as crawling
from demo import world
from demo.clock import PlayClock
from demo.replica.server import Replica
from demo.story import SIMULATED, calm_again, timeline
from sentiment import classifier, score
from storage import configuration as settings
from storage import sources, summary, users
from storage.configuration import Configuration
from storage.database import Database

Tell = Callable[[str], None]
STEP = timedelta(minutes=15)
"""Of the story's time: how often everything is crawled and judged when nobody watches."""
LAST = timedelta(hours=8)
"""Past the storm: by then every incident must have closed."""
USER = "demo"
PREFERRED_PORT = 8420
STORM_STARTS_IN = timedelta(seconds=25)
ENDS_WITHIN = 12.0
"""Seconds the product gets to end before it is killed; it promises ten."""


class DemoFailed(RuntimeError):
    """A part of the demo could not start or ended by itself; says which."""


def once(tell: Tell, start: datetime | None = None) -> dict[str, Any]:
    """Play the whole story by a clock of its own and return what came of it.

    `start` (aware; default now) is when the storm begins. Nothing waits for the wall clock: the steps are those
    of the product, each given the story's time as `now`.
    """
    start = start or datetime.now(UTC).replace(microsecond=0)
    clock = PlayClock(start - timedelta(minutes=1))
    with ExitStack() as stack:
        place = stack.enter_context(world.folder())
        replica = stack.enter_context(Replica(timeline(start, length=SIMULATED), clock))
        configuration = settings.load(world.write_configuration(place, replica.url, PREFERRED_PORT, "m"))
        database = stack.enter_context(Database(configuration.database))
        _prepare(database, configuration)
        player = _Player(database, configuration, clock, tell)
        player.play(start)
        return player.summary(start)


class _Player:
    """Takes the product's steps one after the other at moments of the story."""

    def __init__(
        self, database: Database, configuration: Configuration, clock: PlayClock, tell: Tell
    ) -> None:
        self.database, self.configuration, self.clock, self.tell = database, configuration, clock, tell
        self.due = {source.name: clock() for source in configuration.source}
        self.model = classifier.load(configuration.sentiment)
        score.begin(database, self.model, clock())
        self.channels = notifiers.chosen(configuration)
        self.seconds: dict[str, float] = {}
        self.past_alerts = 0

    def play(self, start: datetime) -> None:
        self.tell("Four weeks of ordinary life …")
        self._moment()
        self.past_alerts = len(self._incidents())
        self.tell("The storm …")
        end = calm_again(start, SIMULATED) + LAST
        while self.clock() < end and not self._over(start):
            self.clock.advance(STEP)
            self._moment()

    def summary(self, start: datetime) -> dict[str, Any]:
        incidents = self._incidents()
        storm = [one for one in incidents if one["rule"] == "negative_spike"]
        with self.database.read() as session:
            return {
                "storm_began_at": start.isoformat(),
                "mentions": summary.mentions(session),
                "verdicts": summary.verdicts(session),
                "incidents": incidents,
                "messages": summary.messages(session),
                "seconds": {name: round(taken, 2) for name, taken in self.seconds.items()},
                "found": bool(storm) and self.past_alerts == 0,
                "told": bool(storm) and all("post" in one["told"] for one in storm),
            }

    def _moment(self) -> None:
        """Everything the schedule would do at this moment of the story."""
        now = self.clock()
        self._timed("crawl", lambda: self._crawl(now))
        self._timed("score", lambda: score.run(self.database, self.model, now))
        for step in steps.pipeline(self.configuration):
            self._timed(step.name, partial(step.run, self.database, now))
        self._timed("deliver", self._deliver)

    def _deliver(self) -> None:
        # A channel takes a message a second; the story's clock is moved on instead of waiting for it.
        deliver.run(self.database, self.configuration, self.channels, self.clock, self._pause)

    def _pause(self, seconds: float) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    def _crawl(self, now: datetime) -> None:
        every = {source.name: source.every for source in self.configuration.source}
        names = [name for name, due in self.due.items() if due <= now]
        self.due |= {name: now + every[name] for name in names}
        results = crawling.crawl_all(self.database, self.configuration, names, now=now) if names else []
        for result in results:
            if result.failed:
                self.tell(f"{result.source}: {result.reason}")

    def _timed(self, name: str, work: Callable[[], object]) -> None:
        began = time.perf_counter()
        work()
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began

    def _over(self, start: datetime) -> bool:
        calm = self.clock() > calm_again(start, SIMULATED)
        return calm and all(one["resolved_at"] for one in self._incidents())

    def _incidents(self) -> list[dict[str, Any]]:
        with self.database.read() as session:
            return summary.incidents(session)


def live(tell: Tell) -> None:
    """Play the story now: the real commands as processes of their own, until Ctrl-C."""
    password = secrets.token_urlsafe(9)
    with ExitStack() as stack:
        place = stack.enter_context(world.folder())
        start = datetime.now(UTC) + STORM_STARTS_IN
        replica = stack.enter_context(Replica(timeline(start), lambda: datetime.now(UTC)))
        path = world.write_configuration(place, replica.url, _free_port())
        configuration = settings.load(path)
        with Database(configuration.database) as database:
            _prepare(database, configuration, password)
        tell("Reading four weeks of ordinary life, which never alerts …")
        for command in ("crawl", "score", "judge"):
            _command(path, command)
        product = stack.enter_context(_running(path))
        tell(_welcome(configuration, replica.url, password))
        _wait(product)


def _prepare(database: Database, configuration: Configuration, password: str | None = None) -> None:
    database.upgrade()
    with database.write() as session:
        sources.sync(session, configuration)
        if password is not None:
            users.create_user(session, USER, password, datetime.now(UTC))


def _welcome(configuration: Configuration, replica: str, password: str) -> str:
    address = configuration.dashboard.address
    slack = "in Slack" if settings.secret("KLACHTENRADAR_SLACK_TOKEN") else f"here and on {address}/slack"
    return (
        "\nThe storm begins now: Snelveld promised a connection within 24 hours.\n"
        f"  pages      {address}   (log in as {USER} with {password})\n"
        f"  messages   {slack}\n"
        f"  sources    {replica}   (the replica that is being read)\n"
        "Within two minutes the incident is open. Ctrl-C ends the demo.\n"
    )


def _free_port() -> int:
    for port in (PREFERRED_PORT, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise DemoFailed("no port is free on this machine")


def _arguments(path: Path, command: str) -> list[str]:
    return [sys.executable, "-m", "klachtenradar", "--config", str(path), command]


def _command(path: Path, command: str) -> None:
    done = subprocess.run(_arguments(path, command), check=False, env=os.environ | {"PYTHONUNBUFFERED": "1"})
    if done.returncode:
        raise DemoFailed(f"`klachtenradar {command}` ended with status {done.returncode}")


@contextmanager
def _running(path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """`klachtenradar run` while the block lasts."""
    # A session of its own: Ctrl-C reaches the demo alone, which then ends the product in order.
    process = subprocess.Popen(_arguments(path, "run"), start_new_session=True)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(product: "subprocess.Popen[bytes]") -> None:
    """Until Ctrl-C or SIGTERM; raises when the product ends by itself."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    try:
        status = product.wait()
    except KeyboardInterrupt:
        return
    raise DemoFailed(f"`klachtenradar run` ended by itself with status {status}")
