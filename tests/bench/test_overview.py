"""The measurement of the overview runs on the tables as they are; how fast it is, is told by `make bench`."""

from tests.bench import overview


def test_the_overview_is_measured_on_two_databases() -> None:
    speed = overview.measure(few=20, many=60)

    assert (speed.few, speed.many) == (20, 60)
    assert min(speed.few_p95, speed.many_p95) > 0
