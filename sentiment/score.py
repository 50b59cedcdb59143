"""The score step: a verdict for every mention that has none, and in the background for what another model judged."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from sentiment.classifier import Classifier, Sentiment, Verdict
from sentiment.language import language_of
from sentiment.manifest import Manifest
from storage import judges, leases, verdicts
from storage.database import Database, Session
from storage.judges import Confusion
from storage.records import is_foreign
from storage.steps import StepReport
from storage.verdicts import Foreign, Judgement, Unjudged

CHUNK = 500
"""Mentions a transaction. The model works between transactions, so no lock is held while it does."""
AGAIN_CHUNK = 100
"""Mentions judged anew at a time: what is new in the meantime waits no longer than these take."""
AGAIN_LEASE, AGAIN_FOR = "again", timedelta(minutes=2)
AGAIN_PAUSE = 1.0
"""Seconds between two looks at how far another process is."""

Progress = Callable[[int, int], None]
"""Called after every chunk with how many are judged and how many there were to judge."""


def begin(database: Database, classifier: Classifier, now: datetime) -> None:
    """From here on this model judges what is new, and trends and rules know it."""
    confusion = confusion_of(classifier)
    database.transact(lambda session: judges.put_to_use(session, classifier.model_id, confusion, now))


def run(
    database: Database, classifier: Classifier, now: datetime, progress: Progress | None = None
) -> StepReport:
    """Judge every mention whose newest version no model has judged. Safe to repeat and to kill.

    What was judged before a kill is kept chunk by chunk; the next run goes on with the rest.
    """
    done = 0
    with database.read() as session:
        total = verdicts.unjudged_count(session)
    while True:
        with database.read() as session:
            chunk = verdicts.unjudged(session, CHUNK)
        if not chunk:
            return StepReport("score", done=done)
        done += _keep(database, classifier, chunk, now)
        if progress is not None:
            progress(done, max(total, done))


def again(database: Database, classifier: Classifier, now: datetime) -> int | None:
    """Judge some of the mentions anew that another model judged, the newest first; returns how many.

    0 when there is nothing to do: none are left, or another model was put to use since. None when another process
    is at it. Whoever is killed loses no more than these; the next one goes on.
    """
    with database.read() as session:
        superseded = judges.in_use(session) not in (None, classifier.model_id)
        chunk = [] if superseded else verdicts.outdated(session, classifier.model_id, AGAIN_CHUNK)
    if not chunk:
        return 0
    mine = leases.this_process()

    def take(session: Session) -> bool:
        return leases.acquire(session, AGAIN_LEASE, mine, now, length=AGAIN_FOR) is None

    return _keep(database, classifier, chunk, now) if database.transact(take) else None


def keep_up(database: Database, classifier: Classifier, now: datetime) -> StepReport:
    """What a schedule does now and then: judge all that is new, and a little of what another model judged."""
    report = run(database, classifier, now)
    return replace(report, done=report.done + (again(database, classifier, now) or 0))


def all_again(
    database: Database,
    classifier: Classifier,
    clock: Callable[[], datetime],
    pause: Callable[[float], None],
    progress: Progress | None = None,
) -> StepReport:
    """Judge everything anew that another model judged, or wait until another process has. Safe to kill."""
    done, total = 0, _outdated_count(database, classifier)
    left = total
    while (judged := again(database, classifier, clock())) != 0:
        if judged is None:
            pause(AGAIN_PAUSE)
            left = _outdated_count(database, classifier)
        else:
            done, left = done + judged, left - judged
        if progress is not None:
            progress(max(0, total - left), total)
    return StepReport("score again", done=done)


def _outdated_count(database: Database, classifier: Classifier) -> int:
    with database.read() as session:
        return verdicts.outdated_count(session, classifier.model_id)


def confusion_of(classifier: Classifier) -> Confusion | None:
    """The mistakes that whoever made the model counted, in the order of `Sentiment`; None where nobody did."""
    manifest = getattr(classifier, "manifest", None)
    if not isinstance(manifest, Manifest) or not manifest.outputs[0].confusion:
        return None
    output = manifest.outputs[0]
    order = [output.labels.index(one.value) for one in Sentiment]
    return tuple(tuple(output.confusion[true][said] for said in order) for true in order)


def _keep(database: Database, classifier: Classifier, chunk: Sequence[Unjudged], now: datetime) -> int:
    read = [_Read.of(one) for one in chunk]
    dutch = [one for one in read if not is_foreign(one.language)]
    given = classifier.classify([one.text for one in dutch])
    keep = partial(
        verdicts.store,
        judgements=[_judgement(one, verdict) for one, verdict in zip(dutch, given, strict=True)],
        model_id=classifier.model_id,
        now=now,
        foreign=[one.foreign for one in read if is_foreign(one.language)],
    )
    return database.transact(keep)


@dataclass(frozen=True)
class _Read:
    """A mention as it is read, and in which language."""

    mention: Unjudged
    text: str
    language: str

    @classmethod
    def of(cls, mention: Unjudged) -> "_Read":
        text = reading(mention.title, mention.text)
        return cls(mention, text, language_of(text, mention.stated))

    @property
    def foreign(self) -> Foreign:
        return Foreign(self.mention.mention_id, self.mention.version, self.language)


def _judgement(one: _Read, verdict: Verdict) -> Judgement:
    return Judgement(
        mention_id=one.mention.mention_id,
        version=one.mention.version,
        sentiment=verdict.sentiment,
        probabilities=verdict.probabilities,
        themes=verdict.themes,
        escalation=verdict.escalation,
        churn=verdict.churn,
        question=verdict.question,
        language=one.language,
        unsure=verdict.unsure,
    )


def reading(title: str | None, text: str) -> str:
    """What the model reads of a mention: its title as a first sentence, unless the text begins with it."""
    if not title or text.casefold().startswith(title.casefold()):
        return text
    ending = "" if title[-1] in ".!?…:" else "."
    return f"{title}{ending} {text}"
