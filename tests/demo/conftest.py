from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from demo.clock import PlayClock
from demo.replica import Replica

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> PlayClock:
    return PlayClock(NOW)


@pytest.fixture
def replica(clock: PlayClock) -> Iterator[Replica]:
    with Replica((), clock) as running:
        yield running
