"""A crawl's own process: started, told what to do, and ended whatever it does."""

import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)

OVERTIME = timedelta(seconds=15)
"""What a crawl may take beyond its time limit, to start and to end by itself."""
PATIENCE_S = (3.0, 2.0, 10.0)
"""How long to wait after SIGINT, SIGTERM and SIGKILL."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
LONGEST_END = timedelta(seconds=sum(PATIENCE_S))
_GLANCE_S = 0.1
_ROOT = Path(__file__).resolve().parent.parent


def run_child(
    told: dict[str, Any], limit: timedelta, stop: threading.Event, started: Callable[[int], None]
) -> None:
    """Run one crawl in a child, and end it when it overruns its limit or `stop` is set.

    `started` gets its process id before it is told what to do.
    """
    environment = {key: value for key, value in os.environ.items() if not key.startswith("KLACHTENRADAR_")}
    paths = [str(_ROOT), environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "crawlers.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    )
    try:
        started(child.pid)
        _tell(child, told)
        _await(child, (limit + OVERTIME).total_seconds(), stop)
    finally:
        _end(child)


def _tell(child: subprocess.Popen[bytes], told: dict[str, Any]) -> None:
    assert child.stdin is not None  # noqa: S101 - asked for as a pipe
    try:
        child.stdin.write(json.dumps(told, default=str).encode() + b"\n")
        child.stdin.flush()
    except BrokenPipeError:
        logger.error("the crawling process ended before it was told what to read")


def _await(child: subprocess.Popen[bytes], limit_s: float, stop: threading.Event) -> None:
    for _ in range(int(limit_s / _GLANCE_S) + 1):
        if stop.is_set():
            return
        try:
            child.wait(_GLANCE_S)
        except subprocess.TimeoutExpired:
            continue
        return


def _end(child: subprocess.Popen[bytes]) -> None:
    """Make sure that the child and what it may have started are gone: asked first, then forced."""
    for number, patience in zip(SIGNALS, PATIENCE_S, strict=True):
        if child.poll() is not None:
            break
        logger.warning("ending crawling process %d by %s", child.pid, number.name)
        os.killpg(child.pid, number)
        try:
            child.wait(patience)
        except subprocess.TimeoutExpired:
            continue
    if child.stdin is not None:
        try:
            child.stdin.close()
        except BrokenPipeError:
            logger.debug("the crawling process had closed its end")
