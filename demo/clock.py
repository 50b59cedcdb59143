"""Clocks a replica can live by: a clock is any callable that gives an aware UTC instant."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """The time of this machine, aware UTC."""
    return datetime.now(UTC)


class PlayClock:
    """A clock that starts at a chosen instant and runs at a chosen rate.

    `rate` is simulated seconds per real second: 0 stands still until it is set (for tests),
    1 runs with the wall, 60 plays an hour in a minute.
    """

    def __init__(self, start: datetime, rate: float = 0.0) -> None:
        self._lock = Lock()
        self._start, self._rate, self._origin = _aware(start), rate, time.monotonic()

    def __call__(self) -> datetime:
        with self._lock:
            passed = (time.monotonic() - self._origin) * self._rate
            return self._start + timedelta(seconds=passed)

    def set(self, now: datetime, rate: float | None = None) -> None:
        """Jumps to `now` (aware); keeps the rate unless another is given."""
        with self._lock:
            self._start, self._origin = _aware(now), time.monotonic()
            self._rate = self._rate if rate is None else rate

    def advance(self, step: timedelta) -> None:
        """Moves forward by `step`, keeping the rate."""
        self.set(self() + step)


def _aware(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError(f"the clock needs an aware time, got {instant.isoformat()}: add a time zone")
    return instant.astimezone(UTC)
