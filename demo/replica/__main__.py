"""Runs the replica as a process of its own: `python -m demo.replica --story live`.

Prints one JSON line with the addresses once both servers answer, and stops at SIGTERM or Ctrl-C.
"""

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from threading import Event

from demo.clock import Clock, PlayClock, system_clock
from demo.replica.control import post_from
from demo.replica.posts import Post
from demo.replica.server import Replica
from demo.replica.slack import FakeSlack
from demo.story import LIVE, SIMULATED, timeline


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves until told to stop; the exit status is 0 then."""
    chosen = _parser().parse_args(arguments)
    clock = PlayClock(chosen.now, chosen.rate) if chosen.now else system_clock
    stopped = Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopped.set())
    with ExitStack() as stack:
        replica = stack.enter_context(Replica(_posts(chosen, clock), clock, chosen.port))
        addresses = {"url": replica.url}
        if chosen.slack_port is not None:
            slack = stack.enter_context(FakeSlack(clock, chosen.slack_port))
            addresses["slack_api_url"] = slack.api_url
        sys.stdout.write(json.dumps(addresses) + "\n")
        sys.stdout.flush()
        stopped.wait()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m demo.replica", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port of the sources; 0 picks a free one")
    parser.add_argument("--slack-port", type=int, help="also run the fake Slack, on this port (0: free)")
    parser.add_argument("--posts", type=Path, help="JSON lines with posts to show")
    parser.add_argument("--story", choices=("live", "hours"), help="show the story of Snelveld")
    parser.add_argument("--start", type=_instant, help="when the storm of the story begins (default: now)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the story's small delays")
    parser.add_argument("--now", type=_instant, help="live by a clock of its own that begins here")
    parser.add_argument("--rate", type=float, default=0.0, help="seconds a second of that clock (0: stands)")
    return parser


def _posts(chosen: argparse.Namespace, clock: Clock) -> list[Post]:
    posts: list[Post] = []
    if chosen.posts:
        lines = chosen.posts.read_text("utf-8").splitlines()
        posts += [post_from(json.loads(line)) for line in lines if line.strip()]
    if chosen.story:
        length = LIVE if chosen.story == "live" else SIMULATED
        posts += timeline(chosen.start or clock(), chosen.seed, length)
    return posts


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text} has no time zone: write {text}+00:00")
    return instant


if __name__ == "__main__":
    sys.exit(main())
