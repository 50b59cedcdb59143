from datetime import UTC, datetime, timedelta

import pytest

from demo.clock import PlayClock, system_clock

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_a_clock_of_rate_zero_stands_still_until_it_is_moved() -> None:
    clock = PlayClock(NOON)
    assert (clock(), clock()) == (NOON, NOON)
    clock.advance(timedelta(minutes=5))
    assert clock() == NOON + timedelta(minutes=5)


def test_a_fast_clock_runs_ahead_of_the_wall() -> None:
    begun, clock = system_clock(), PlayClock(NOON, rate=3600)
    while clock() < NOON + timedelta(seconds=36):
        pass
    assert system_clock() - begun < timedelta(seconds=36)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="add a time zone"):
        PlayClock(NOON.replace(tzinfo=None))
