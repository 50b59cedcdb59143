"""Judging texts: what a judgement is, who gives it, and which judge the configuration asks for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from sentiment import manifest
from storage.configuration import SentimentSettings
from storage.records import Sentiment

__all__ = ["NOTHING_SAID", "Classifier", "Sentiment", "Verdict", "load", "verdict_of"]

EMBEDDED = "embedded"


@dataclass(frozen=True)
class Verdict:
    """What a model says of one text. `probabilities` has every sentiment and adds up to 1.

    `unsure` says that the probability of `sentiment` is below what the model states to be worth relying on.
    """

    sentiment: Sentiment
    probabilities: Mapping[Sentiment, float]
    themes: tuple[str, ...] = ()
    escalation: bool = False
    churn: bool = False
    question: bool = False
    unsure: bool = False


# A text without words holds no attitude.
NOTHING_SAID = Verdict(
    Sentiment.NEUTRAL, {Sentiment.NEGATIVE: 0.0, Sentiment.NEUTRAL: 1.0, Sentiment.POSITIVE: 0.0}
)


def verdict_of(
    text: str,
    labels: Iterable[str],
    probabilities: Iterable[float],
    found: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    sure_from: float = 0.0,
) -> Verdict:
    """The verdict on a readable text whose sentiments have these probabilities; `found` per further output.

    It is unsure where the likeliest sentiment has less than `sure_from`.
    """
    if not text:
        return NOTHING_SAID
    named = {Sentiment(label): float(value) for label, value in zip(labels, probabilities, strict=True)}
    signals = found.get("signals", ())
    return Verdict(
        max(named, key=lambda label: named[label]),
        named,
        themes=found.get("themes", ()),
        escalation="escalation" in signals,
        churn="churn" in signals,
        question="question" in signals,
        unsure=max(named.values()) < sure_from,
    )


class Classifier(Protocol):
    """Judges Dutch texts. `model_id` names the model and its weights: another id means other verdicts."""

    @property
    def model_id(self) -> str: ...

    def classify(self, texts: Sequence[str]) -> list[Verdict]:
        """One verdict per text, in the same order; every text gets one, however odd it is."""
        ...


def load(settings: SentimentSettings | None = None) -> Classifier:
    """The classifier that the configuration asks for: the embedded model, one exported alike, or any other.

    Raises ModelBroken or ModelUnusable, with what to do.
    """
    settings = settings or SentimentSettings()
    # Imported here because each brings a library of its own, of which only one is needed.
    exported = Path(settings.model)
    if settings.model == EMBEDDED or (exported / manifest.MANIFEST).exists():
        from sentiment.onnx import EmbeddedClassifier

        return EmbeddedClassifier(manifest.FOLDER if settings.model == EMBEDDED else exported)
    from sentiment.transformer import TransformersClassifier

    return TransformersClassifier(settings.model, settings.labels)
