"""The reputation index: one figure from 0 to 100 with its uncertainty, by a formula that anybody can repeat.

Every judged mention of the last `DAYS` Dutch days scores 0 (negative), 1/2 (neutral) or 1 (positive), and `PRIOR`
imaginary mentions that score 1/2 are added, so that a handful of mentions cannot make or break a name:

    index = 100 · (positive + neutral/2 + PRIOR/2) / (judged + PRIOR)

The interval is index ± 1.96 standard errors of that mean, with the variance of the scores; 95 % of such
intervals hold the figure that endlessly many such mentions would give.
"""

import math
from dataclasses import dataclass

from storage.trends import Figures

DAYS = 30
PRIOR = 10
"""As the prior that review sites use: seven to ten average reviews before one's own weigh more."""
_Z = 1.96


@dataclass(frozen=True)
class Index:
    """0 (all negative) to 100 (all positive); `judged` mentions stand behind it."""

    value: float
    low: float
    high: float
    judged: int


@dataclass(frozen=True)
class Share:
    """A part of a whole with its 95 % interval, all in 0..1."""

    value: float
    low: float
    high: float


def index(figures: Figures) -> Index | None:
    """The index of these figures; None without a judged mention."""
    if not figures.judged:
        return None
    weight = figures.judged + PRIOR
    mean = (figures.positive + (figures.neutral + PRIOR) / 2) / weight
    squares = (figures.positive + (figures.neutral + PRIOR) / 4) / weight
    # Without the spread of one more middling mention an even row of scores would look certain.
    margin = _Z * math.sqrt(max(squares - mean * mean, 1 / (4 * weight)) / weight)
    return Index(100 * mean, 100 * max(0.0, mean - margin), 100 * min(1.0, mean + margin), figures.judged)


def share(part: int, whole: int) -> Share | None:
    """A proportion with Wilson's interval (E. B. Wilson, JASA 22, 1927); None of nothing."""
    if whole <= 0:
        return None
    p, z2 = part / whole, _Z * _Z
    centre = (p + z2 / (2 * whole)) / (1 + z2 / whole)
    margin = _Z / (1 + z2 / whole) * math.sqrt(p * (1 - p) / whole + z2 / (4 * whole * whole))
    return Share(p, max(0.0, centre - margin), min(1.0, centre + margin))
