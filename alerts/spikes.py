"""How unusual is this number of complaints? Pure statistics.

Hourly counts are taken as negative binomial: Poisson counts whose rate itself varies (Hilbe, *Negative
Binomial Regression*, 2011, ch. 8). With mean m and dispersion d the variance is m + d·m²; d = 0 is Poisson.

The expected count of an hour is rate × factor:

- rate: the brand's mean per hour with a Gamma prior of `PRIOR_COUNT` complaints in `PRIOR_HOURS` hours, so
  that an empty history still gives an answer, if a cautious one;
- factor: of the hour of the Dutch day, on weekdays or in the weekend, drawn to 1 by `PRIOR_FACTOR`
  complaints.

The dispersion adds up three uncertainties: how much the hours differ (method of moments, drawn to
`PRIOR_DISPERSION`), and that rate and factor were learnt from few complaints (a Gamma posterior of n
complaints adds 1/n).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from storage.calendar import AMSTERDAM, HOUR

PRIOR_COUNT, PRIOR_HOURS = 1.0, 2.0
PRIOR_FACTOR = 3.0
PRIOR_DISPERSION, PRIOR_SQUARES = 0.3, 5.0
STORM = 3.0
"""Hours above this many times the 97.5th percentile were storms that nobody noted; they are not ordinary."""
ORDINARY_SHARE = 0.975

Slot = tuple[bool, int]
"""Weekend or not, and the hour of the Dutch day."""


@dataclass(frozen=True)
class Sensitivity:
    """How rare, and how many times the ordinary, an hour must be to count as a spike.

    In simulated years of brands with 0.3 to 10 complaints an hour, steady and irregular, chance alone gives at
    most one false alarm a year with `fewer`, one to three with `balanced`, up to three a month with `more`.
    """

    p_value: float
    ratio: float


SENSITIVITIES: Mapping[str, Sensitivity] = {
    "fewer": Sensitivity(1e-5, 2.0),
    "balanced": Sensitivity(1e-4, 1.5),
    "more": Sensitivity(1e-3, 1.25),
}


@dataclass(frozen=True)
class Baseline:
    """What is ordinary for a brand: complaints per hour, factors by slot, and how much hours differ."""

    rate: float
    factors: Mapping[Slot, float]
    weights: Mapping[Slot, float]
    """Complaints, real and prior, behind each factor."""
    dispersion: float
    hours: int
    complaints: int

    def expected(self, since: datetime, until: datetime) -> float:
        """The mean number of complaints from `since` up to `until`."""
        return sum(self.rate * self._factor(hour) * share for hour, share in _shares(since, until))

    def spread(self, since: datetime) -> float:
        """The dispersion of a count that starts at `since`."""
        learnt = 1 / (PRIOR_COUNT + self.complaints) + 1 / self.weights.get(slot_of(since), PRIOR_FACTOR)
        return self.dispersion + learnt

    def p_value(self, observed: int, since: datetime, until: datetime) -> float:
        """The probability of at least `observed` complaints in an ordinary stretch."""
        return tail(observed, self.expected(since, until), self.spread(since))

    def _factor(self, hour: datetime) -> float:
        return self.factors.get(slot_of(hour), 1.0)


def slot_of(moment: datetime) -> Slot:
    local = moment.astimezone(AMSTERDAM)
    return local.weekday() >= 5, local.hour


def fit(history: Sequence[tuple[datetime, int]]) -> Baseline:
    """The baseline of hourly complaint counts, each (start of the hour, count); silent hours as 0."""
    ordinary = _without_storms(history)
    complaints = sum(count for _, count in ordinary)
    rate = (PRIOR_COUNT + complaints) / (PRIOR_HOURS + len(ordinary))
    slots: dict[Slot, list[int]] = {}
    for hour, count in ordinary:
        slots.setdefault(slot_of(hour), []).append(count)
    factors = {
        slot: (PRIOR_FACTOR + sum(counts)) / (PRIOR_FACTOR + rate * len(counts))
        for slot, counts in slots.items()
    }
    return Baseline(
        rate=rate,
        factors=factors,
        weights={slot: PRIOR_FACTOR + sum(counts) for slot, counts in slots.items()},
        dispersion=_dispersion([(count, rate * factors[slot_of(hour)]) for hour, count in ordinary]),
        hours=len(ordinary),
        complaints=complaints,
    )


def tail(least: int, mean: float, dispersion: float) -> float:
    """P(X >= least) for a negative binomial X with this mean and dispersion; dispersion 0 is Poisson."""
    if least <= 0:
        return 1.0
    if mean <= 0:
        return 0.0
    if least <= mean:
        return max(0.0, 1.0 - math.fsum(_masses(0, mean, dispersion, below=least)))
    return min(1.0, math.fsum(_masses(least, mean, dispersion)))


def began(times: Sequence[datetime], rate: float, now: datetime) -> datetime:
    """When a burst began: the moment since which the times stand out most from `rate` an hour.

    The likelihood ratio of Kulldorff's scan statistic (1997) over every stretch that ends now. `times` must
    not be empty.
    """
    ordered = sorted(times)
    best, start = -math.inf, ordered[0]
    for place, moment in enumerate(ordered):
        count = len(ordered) - place
        ordinary = max(rate * (now - moment) / HOUR, 1e-9)
        gain = count * math.log(count / ordinary) - count + ordinary if count > ordinary else 0.0
        if gain > best:
            best, start = gain, moment
    return start


def _masses(first: int, mean: float, dispersion: float, below: int | None = None) -> list[float]:
    """P(X = k) for k from `first`: up to `below`, else until what is left cannot matter.

    From P(k+1)/P(k) = mean·(1 + d·k) / ((1 + d·mean)·(k + 1)).
    """
    mass = math.exp(_log_mass(first, mean, dispersion))
    masses: list[float] = []
    k = first
    while (below is None or k < below) and (below is not None or mass > 1e-17 * (masses or [0.0])[0]):
        masses.append(mass)
        mass *= mean * (1 + dispersion * k) / ((1 + dispersion * mean) * (k + 1))
        k += 1
    return masses


def _log_mass(k: int, mean: float, dispersion: float) -> float:
    if dispersion * max(mean, k) < 1e-9:
        return k * math.log(mean) - mean - math.lgamma(k + 1)
    size = 1 / dispersion
    ways = math.lgamma(size + k) - math.lgamma(size) - math.lgamma(k + 1)
    return ways - size * math.log1p(mean / size) + k * (math.log(mean) - math.log(mean + size))


def _without_storms(history: Sequence[tuple[datetime, int]]) -> list[tuple[datetime, int]]:
    if not history:
        return []
    counts = sorted(count for _, count in history)
    high = counts[int(ORDINARY_SHARE * (len(counts) - 1))]
    limit = STORM * max(high, 1)
    return [(hour, count) for hour, count in history if count <= limit]


def _dispersion(pairs: Sequence[tuple[int, float]]) -> float:
    """Method of moments: the variance beyond Poisson as a share of the squared mean, never below 0."""
    beyond = math.fsum((count - mean) ** 2 - mean for count, mean in pairs)
    squares = math.fsum(mean**2 for _, mean in pairs)
    return max(0.0, (beyond + PRIOR_DISPERSION * PRIOR_SQUARES) / (squares + PRIOR_SQUARES))


def _shares(since: datetime, until: datetime) -> list[tuple[datetime, float]]:
    """The clock hours between two moments, each with the part of it that lies between them."""
    hour = since.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    shares: list[tuple[datetime, float]] = []
    while hour < until:
        part: timedelta = min(until, hour + HOUR) - max(since, hour)
        shares.append((hour, part / HOUR))
        hour += HOUR
    return shares
