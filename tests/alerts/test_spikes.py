"""The statistics behind a spike."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from alerts import spikes
from alerts.spikes import SENSITIVITIES, Baseline, fit, tail
from storage.calendar import AMSTERDAM

HOUR = timedelta(hours=1)
NOW = datetime(2026, 11, 18, 14, tzinfo=UTC)
START = NOW - timedelta(days=28)


def weeks(count_at: "dict[int, int] | int") -> list[tuple[datetime, int]]:
    """Four weeks of hours; a number for each, or numbers by the Dutch hour of the day."""
    hours = [START + number * HOUR for number in range(28 * 24)]
    if isinstance(count_at, int):
        return [(hour, count_at) for hour in hours]
    return [(hour, count_at.get(hour.astimezone(AMSTERDAM).hour, 0)) for hour in hours]


def hour_p(baseline: Baseline, observed: int, at: datetime = NOW) -> float:
    return baseline.p_value(observed, at, at + HOUR)


@given(st.integers(0, 400), st.floats(0.01, 150), st.floats(0.001, 4))
def test_the_tail_is_that_of_a_negative_binomial(least: int, mean: float, dispersion: float) -> None:
    size = 1 / dispersion
    expected = stats.nbinom.sf(least - 1, size, size / (size + mean))
    assert tail(least, mean, dispersion) == pytest.approx(expected, rel=1e-6, abs=1e-12)


@given(st.integers(0, 400), st.floats(0.01, 150))
def test_without_dispersion_the_tail_is_that_of_a_poisson(least: int, mean: float) -> None:
    assert tail(least, mean, 0) == pytest.approx(stats.poisson.sf(least - 1, mean), rel=1e-6, abs=1e-12)


@given(st.integers(1, 200), st.floats(0.01, 50), st.floats(0, 4))
def test_more_complaints_are_never_more_likely(least: int, mean: float, dispersion: float) -> None:
    assert 0 <= tail(least + 1, mean, dispersion) <= tail(least, mean, dispersion) <= 1


def test_an_empty_history_gives_a_cautious_answer() -> None:
    baseline = fit([])
    limit = SENSITIVITIES["balanced"].p_value
    assert hour_p(baseline, 10) > limit > hour_p(baseline, 11)


def test_a_quiet_history_needs_fewer_complaints_than_none() -> None:
    assert hour_p(fit(weeks(0)), 5) < SENSITIVITIES["balanced"].p_value


def test_the_expectation_follows_the_hour_of_the_day() -> None:
    baseline = fit(weeks({20: 12, 13: 4, 4: 1}))
    evening, night = (baseline.expected(NOW.replace(hour=h), NOW.replace(hour=h) + HOUR) for h in (19, 3))
    assert evening == pytest.approx(12, rel=0.25)
    assert night < 1.5


def test_a_busy_hour_is_ordinary_at_its_own_time_and_not_at_night() -> None:
    baseline = fit(weeks({20: 12, 13: 4, 4: 1}))
    assert hour_p(baseline, 14, NOW.replace(hour=19)) > 0.1
    assert hour_p(baseline, 14, NOW.replace(hour=3)) < 1e-4


def test_two_half_hours_are_expected_to_hold_a_share_of_each() -> None:
    baseline = fit(weeks({14: 2, 15: 10}))
    middle = NOW - HOUR / 2
    first = baseline.expected(NOW - HOUR, NOW)
    second = baseline.expected(NOW, NOW + HOUR)
    assert baseline.expected(middle, middle + HOUR) == pytest.approx((first + second) / 2)


def test_a_forgotten_storm_does_not_become_ordinary() -> None:
    calm = weeks(2)
    stormy = [(hour, 200 if 100 <= place < 110 else count) for place, (hour, count) in enumerate(calm)]
    assert fit(stormy).rate == pytest.approx(fit(calm).rate, rel=0.02)
    assert hour_p(fit(stormy), 20) < 1e-4


def test_irregular_hours_make_a_spike_harder() -> None:
    steady = weeks(4)
    irregular = [(hour, 8 if place // 24 % 2 else 0) for place, (hour, _) in enumerate(steady)]
    assert fit(irregular).dispersion > fit(steady).dispersion
    assert hour_p(fit(irregular), 16) > hour_p(fit(steady), 16)


def test_false_alarms_are_as_rare_as_is_said() -> None:
    """Over simulated ordinary hours, p at most 0.01 comes about once in a hundred hours, not much more."""
    random = stats.nbinom(4, 4 / (4 + 6))
    counts = random.rvs(size=28 * 24 + 4000, random_state=7)
    baseline = fit([(START + place * HOUR, int(n)) for place, n in enumerate(counts[: 28 * 24])])
    alarms = sum(hour_p(baseline, int(n)) <= 0.01 for n in counts[28 * 24 :])
    assert alarms <= 0.016 * 4000


@pytest.mark.parametrize("minutes", [5, 20])
def test_a_burst_began_where_the_complaints_get_dense(minutes: int) -> None:
    burst = [NOW - timedelta(minutes=minutes) * (place / 20) for place in range(21)]
    lonely = NOW - timedelta(minutes=58)
    assert spikes.began([*burst, lonely], 0.5, NOW) == NOW - timedelta(minutes=minutes)
