"""How many mentions really are negative, given how often the model is known to be mistaken.

A model that calls one neutral text in ten negative finds complaints where there are none. With p the true shares of
the sentiments, and R[t, s] the share of texts with sentiment t that the model calls s, it is expected to find

    q = p R

which is solved for p: the estimate of Rogan and Gladen (Am. J. Epidemiol. 107, 1978) for three classes, the
"adjusted count" of Forman (Data Min. Knowl. Discov. 17, 2008). Where no shares between 0 and 1 do, the nearest that
do are taken, by least squares. R comes from texts that the model's maker counted, half a text added to each cell
(Jeffreys' prior).

The interval holds 95 % of `DRAWS` such estimates, each from an R drawn from Dirichlet(counts + 1/2) and a q drawn from
Dirichlet(found + 1/2): it knows both that R was counted on few texts and that few mentions were found. The draws are
seeded: the same figures always give the same interval.

It is assumed that a text of one sentiment is mistaken as often here as it was where R was counted. What a person said
is taken as true and is not corrected.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from storage.judges import Confusion
from storage.models import PERSON
from storage.reputation import Share
from storage.trends import ByJudge, Figures

DRAWS = 500
_SEED = 1978
_PRIOR = 0.5
_INTERVAL = (2.5, 97.5)
_ROUNDING = 1e-9
_EDGES = ((0, 1), (0, 2), (1, 2))

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Mistakes:
    """How texts of each sentiment are called: `rates` is guesses × true × said, the best guess first.

    `inverse` undoes them.
    """

    rates: _Floats
    inverse: _Floats

    @classmethod
    @lru_cache(maxsize=16)
    def of(cls, confusion: Confusion) -> "_Mistakes":
        rows = [_drawn(np.array(row, dtype=float), 1 + place) for place, row in enumerate(confusion)]
        counts = np.array(confusion, dtype=float) + _PRIOR
        rates = np.concatenate([(counts / counts.sum(axis=1, keepdims=True))[None], np.stack(rows, axis=1)])
        return cls(rates, np.linalg.pinv(rates))

    def truth(self, found: _Floats) -> _Floats:
        """Shares in 0..1 that add up to 1 and that these mistakes turn into `found`, draws × said, or nearly so."""
        solved = (found[:, None, :] @ self.inverse)[:, 0, :]
        # Rates that say the same of two sentiments have no inverse: what it gives then adds up to something else.
        outside = (solved < 0).any(axis=1) | (np.abs(solved.sum(axis=1) - 1) > _ROUNDING)
        if outside.any():
            solved[outside] = _on_an_edge(found[outside], self.rates[outside])
        return np.asarray(solved)


def negative_share(judges: ByJudge, confusions: Mapping[str, Confusion]) -> Share | None:
    """The share of negative mentions among the judged ones, corrected for each model's confusion.

    None where nothing was judged, or by a model of whose mistakes nothing is known.
    """
    judged = {judge: one for judge, one in judges.items() if one.judged}
    models = judged.keys() - {PERSON}
    if not judged or not models <= confusions.keys():
        return None
    exact = judged.get(PERSON, Figures()).negative
    found = tuple((confusions[judge], judged[judge]) for judge in sorted(models))
    return _share(exact, sum(one.judged for one in judged.values()), found)


@lru_cache(maxsize=4096)
def _share(exact: int, whole: int, found: tuple[tuple[Confusion, Figures], ...]) -> Share:
    """`exact` negative ones of `whole`, and as many as each model's figures and mistakes make likely."""
    negative = np.full(1 + DRAWS, float(exact))
    for confusion, figures in found:
        counts = np.array([figures.negative, figures.neutral, figures.positive], dtype=float)
        said = np.concatenate([counts[None] / counts.sum(), _drawn(counts, 0)])
        negative += counts.sum() * _Mistakes.of(confusion).truth(said)[:, 0]
    value, *drawn = negative / whole
    low, high = np.percentile(drawn, _INTERVAL)
    return Share(float(value), float(min(low, value)), float(max(high, value)))


def _drawn(counts: _Floats, stream: int) -> _Floats:
    """Shares that could lie behind these counts: draws × classes."""
    # A stream of its own for each row, so that what is drawn for one says nothing of another.
    weights = np.random.default_rng((_SEED, stream)).standard_gamma(counts + _PRIOR, (DRAWS, len(counts)))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _on_an_edge(found: _Floats, rates: _Floats) -> _Floats:
    """The nearest shares of which one at least is 0."""
    points, misses = zip(*(_between(found, rates, one, other) for one, other in _EDGES), strict=True)
    best = np.argmin(np.stack(misses), axis=0)
    return np.asarray(np.stack(points)[best, np.arange(len(best))])


def _between(found: _Floats, rates: _Floats, one: int, other: int) -> tuple[_Floats, Any]:
    """The nearest mixture of two sentiments, and by how much, squared, it misses what was found."""
    start, way = rates[:, other, :], rates[:, one, :] - rates[:, other, :]
    length = np.maximum((way * way).sum(axis=1), 1e-12)
    part = np.clip(((found - start) * way).sum(axis=1) / length, 0.0, 1.0)
    miss = found - start - part[:, None] * way
    shares = np.zeros(found.shape)
    shares[:, one], shares[:, other] = part, 1 - part
    return shares, (miss * miss).sum(axis=1)
