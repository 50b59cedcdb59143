"""The score step: a verdict for every mention that lacks one of this model."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial

from sentiment.classifier import Classifier, Verdict
from storage import verdicts
from storage.database import Database
from storage.steps import StepReport
from storage.verdicts import Judgement, Unjudged

CHUNK = 500
"""Mentions a transaction. The model works between transactions, so no lock is held while it does."""

Progress = Callable[[int, int], None]
"""Called after every chunk with how many are judged and how many there were to judge."""


def run(
    database: Database, classifier: Classifier, now: datetime, progress: Progress | None = None
) -> StepReport:
    """Judge every mention whose newest version this model has not judged. Safe to repeat and to kill.

    What was judged before a kill is kept chunk by chunk; the next run goes on with the rest.
    """
    done = 0
    for kept, total in _chunks(database, classifier, now):
        done += kept
        if progress is not None:
            progress(done, max(total, done))
    return StepReport("score", done=done)


def _chunks(database: Database, classifier: Classifier, now: datetime) -> Iterator[tuple[int, int]]:
    with database.read() as session:
        total = verdicts.waiting(session, classifier.model_id)
    while True:
        with database.read() as session:
            chunk = verdicts.unjudged(session, classifier.model_id, CHUNK)
        if not chunk:
            return
        keep = partial(
            verdicts.store, judgements=_judged(chunk, classifier), model_id=classifier.model_id, now=now
        )
        yield database.transact(keep), total


def _judged(chunk: Sequence[Unjudged], classifier: Classifier) -> list[Judgement]:
    given = classifier.classify([reading(one.title, one.text) for one in chunk])
    return [_judgement(one, verdict) for one, verdict in zip(chunk, given, strict=True)]


def _judgement(one: Unjudged, verdict: Verdict) -> Judgement:
    return Judgement(
        mention_id=one.mention_id,
        version=one.version,
        sentiment=verdict.sentiment,
        probabilities=verdict.probabilities,
        themes=verdict.themes,
        escalation=verdict.escalation,
        churn=verdict.churn,
        question=verdict.question,
        language=verdict.language,
    )


def reading(title: str | None, text: str) -> str:
    """What the model reads of a mention: its title as a first sentence, unless the text begins with it."""
    if not title or text.casefold().startswith(title.casefold()):
        return text
    ending = "" if title[-1] in ".!?…:" else "."
    return f"{title}{ending} {text}"
