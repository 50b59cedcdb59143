"""Measuring a model on labelled texts: every answer it gives, what it confuses, and its worst mistakes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentiment.classifier import Classifier, Sentiment, Verdict
from sentiment.evaluate import RESAMPLES, ClassScore, Interval, Score, confusion, interval_of, scored
from sentiment.heads import SIGNALS
from sentiment.labelled import Labelled
from storage.records import THEMES

LABELS = tuple(label.value for label in Sentiment)
WORST = 10
"""Mistakes that a report shows."""

_POLES = (Sentiment.NEGATIVE.value, Sentiment.POSITIVE.value)
_BINS = 10


@dataclass(frozen=True)
class Mistake:
    """A sentiment the model got wrong; `given` is the probability (0..1) that it left for the right one."""

    text: str
    source: str
    right: str
    said: str
    given: float


@dataclass(frozen=True)
class ThemeScore:
    """`macro_f1` is the mean over the themes that occur, with its 95 % bootstrap interval."""

    rows: int
    macro_f1: float
    interval: Interval
    themes: tuple[ClassScore, ...]


@dataclass(frozen=True)
class Certainty:
    """How far the model's own certainty can be believed; shares and accuracies are between 0 and 1.

    `calibration_error` is the expected calibration error (Guo et al. 2017) in ten bins of equal width: the mean
    distance between how sure verdicts are and how often they are right. `unsure` is the share of unsure verdicts.
    """

    calibration_error: float
    unsure: float
    accuracy_sure: float | None
    accuracy_unsure: float | None


@dataclass(frozen=True)
class Report:
    """What a model makes of labelled texts. `sentiment` holds all texts first, then each source.

    `two_classes` holds those among them that have no neutral text, scored by whichever of negative and positive is
    likelier. `confusion` counts true × said, in the order of `LABELS`. Empty or None is what no text has a label for.
    """

    model: str
    texts: int
    sentiment: tuple[Score, ...]
    two_classes: tuple[Score, ...]
    certainty: Certainty | None
    confusion: tuple[tuple[int, ...], ...]
    themes: ThemeScore | None
    signals: tuple[ClassScore, ...]
    mistakes: tuple[Mistake, ...]


def measured(classifier: Classifier, labelled: Sequence[Labelled]) -> Report:
    """The report of a classifier on these texts, at least one of them."""
    verdicts = classifier.classify([one.text for one in labelled])
    pairs = list(zip(labelled, verdicts, strict=True))
    known = [(one, verdict) for one, verdict in pairs if one.sentiment is not None]
    return Report(
        model=classifier.model_id,
        texts=len(labelled),
        sentiment=tuple(_scored(name, group) for name, group in _groups(known)),
        two_classes=tuple(_two_classes(name, group) for name, group in _groups(known) if _polar(group)),
        certainty=_certainty(known) if known else None,
        confusion=_confusion(known),
        themes=_themes(pairs),
        signals=tuple(score for name in SIGNALS.labels for score in _signal(name, pairs)),
        mistakes=_worst(known),
    )


_Pairs = Sequence[tuple[Labelled, Verdict]]


def _groups(known: _Pairs) -> Iterator[tuple[str, _Pairs]]:
    """All texts, then those of each source where there are several, by name."""
    if known:
        yield "all", known
    sources = sorted({one.source for one, _ in known})
    for source in sources if len(sources) > 1 else []:
        yield source, [pair for pair in known if pair[0].source == source]


def _scored(name: str, known: _Pairs) -> Score:
    return scored(name, _truths(known), [verdict.sentiment.value for _, verdict in known], LABELS)


def _polar(known: _Pairs) -> bool:
    return set(_truths(known)) <= set(_POLES)


def _two_classes(name: str, known: _Pairs) -> Score:
    said = [max(_POLES, key=lambda pole: verdict.probabilities[Sentiment(pole)]) for _, verdict in known]
    return scored(name, _truths(known), said, _POLES)


def _certainty(known: _Pairs) -> Certainty:
    sure = np.array([verdict.probabilities[verdict.sentiment] for _, verdict in known])
    right = np.array([one.sentiment is verdict.sentiment for one, verdict in known])
    unsure = np.array([verdict.unsure for _, verdict in known])
    return Certainty(
        calibration_error=_calibration_error(sure, right),
        unsure=float(unsure.mean()),
        accuracy_sure=_share(right[~unsure]),
        accuracy_unsure=_share(right[unsure]),
    )


def _calibration_error(sure: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    bins = np.minimum((sure * _BINS).astype(int), _BINS - 1)
    return float(np.abs(np.bincount(bins, weights=sure - right, minlength=_BINS)).sum() / len(sure))


def _share(right: NDArray[np.bool_]) -> float | None:
    return float(right.mean()) if len(right) else None


def _truths(known: _Pairs) -> list[str]:
    return [one.sentiment.value for one, _ in known if one.sentiment is not None]


def _confusion(known: _Pairs) -> tuple[tuple[int, ...], ...]:
    table = confusion(_truths(known), [verdict.sentiment.value for _, verdict in known], LABELS)
    return tuple(map(tuple, table.tolist()))


def _themes(pairs: _Pairs) -> ThemeScore | None:
    known = [(one.themes, verdict.themes) for one, verdict in pairs if one.themes is not None]
    if not known:
        return None
    truth = np.array([[theme in right for theme in THEMES] for right, _ in known])
    guess = np.array([[theme in said for theme in THEMES] for _, said in known])
    counted = _counts(truth, guess)
    draws = _f1(_resampled_counts(truth, guess))
    occurs = truth.any(axis=0)
    if not occurs.any():
        return ThemeScore(len(known), 0.0, (0.0, 0.0), ())
    return ThemeScore(
        rows=len(known),
        macro_f1=float(_f1(counted)[occurs].mean()),
        interval=interval_of(draws[:, occurs].mean(axis=1)),
        themes=tuple(
            _class_score(name, counted[:, place], interval_of(draws[:, place]))
            for place, name in enumerate(THEMES)
        ),
    )


def _signal(name: str, pairs: _Pairs) -> Iterator[ClassScore]:
    known = [
        (getattr(one, name), getattr(verdict, name))
        for one, verdict in pairs
        if getattr(one, name) is not None
    ]
    if known:
        table = np.array(known, dtype=bool)
        truth, guess = table[:, :1], table[:, 1:]
        draws = _f1(_resampled_counts(truth, guess))
        yield _class_score(name, _counts(truth, guess)[:, 0], interval_of(draws[:, 0]))


def _counts(
    truth: NDArray[np.bool_], guess: NDArray[np.bool_], weights: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """Of each column how often both say yes, the truth does, the guess does; rows counted `weights` times."""
    times = np.ones(len(truth), dtype=np.int64) if weights is None else weights
    return np.stack([times @ (truth & guess), times @ truth, times @ guess])


def _resampled_counts(truth: NDArray[np.bool_], guess: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The counts in resamples of the rows: 3 × resample × column."""
    dice = np.random.default_rng(0)
    even = np.full(len(truth), 1 / len(truth))
    draws = [_counts(truth, guess, dice.multinomial(len(truth), even)) for _ in range(RESAMPLES)]
    return np.stack(draws, axis=1)


def _f1(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    both, truth, guess = counts
    return np.asarray(2 * both / np.maximum(truth + guess, 1))


def _class_score(name: str, counts: NDArray[np.int64], interval: Interval) -> ClassScore:
    both, truth, guess = (int(count) for count in counts)
    f1 = float(_f1(counts))
    return ClassScore(name, both / max(guess, 1), both / max(truth, 1), f1, truth, interval)


def _worst(known: _Pairs) -> tuple[Mistake, ...]:
    """The mistakes of which the model was surest."""
    wrong = [
        Mistake(
            one.text,
            one.source,
            one.sentiment.value,
            verdict.sentiment.value,
            verdict.probabilities[one.sentiment],
        )
        for one, verdict in known
        if one.sentiment is not None and one.sentiment is not verdict.sentiment
    ]
    return tuple(sorted(wrong, key=lambda mistake: mistake.given)[:WORST])
