"""What a person says of a mention, which wins over the model in every figure.

The newest correction is kept as a verdict too, by `PERSON`, whom the mention then names as its judge: every query
for the verdict that counts finds it and none needs to know of corrections. It is about the words as they were: an
edit has no judge, and gets a verdict of the model like any other.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from storage import cases, incidents, leases
from storage.joins import newest_version, verdict_that_counts
from storage.mentions import touch
from storage.models import PERSON, Correction, Mention, MentionVersion, Source, Verdict
from storage.records import THEMES, Sentiment
from storage.upsert import upsert

LONGEST_NAME = 100


class CorrectionError(Exception):
    """The correction was refused; nothing is changed."""


class UnknownMention(CorrectionError):
    """There is no such mention, or nothing to read in it any more."""


class StaleMention(CorrectionError):
    """The mention was edited, or corrected by somebody else, after it was read."""


@dataclass(frozen=True)
class Answers:
    """What somebody says of a mention."""

    sentiment: Sentiment
    themes: tuple[str, ...] = ()
    escalation: bool = False
    churn: bool = False
    question: bool = False

    def __post_init__(self) -> None:
        if unknown := set(self.themes) - set(THEMES):
            raise ValueError(f"there is no theme {sorted(unknown)[0]!r}")
        # One order, so that the same answers are equal.
        object.__setattr__(self, "themes", tuple(theme for theme in THEMES if theme in self.themes))

    @property
    def complaint(self) -> bool:
        """Whether somebody must answer."""
        return self.sentiment is Sentiment.NEGATIVE or self.question


@dataclass(frozen=True)
class Change:
    """Who corrects which mention, from what they saw: its version and its newest correction, 0 for none."""

    mention_id: int
    version: int
    seen: int
    who: str
    now: datetime


@dataclass(frozen=True)
class Corrected:
    """A corrected mention: its words and what a person says of them."""

    mention_id: int
    source: str
    title: str | None
    text: str
    answers: Answers


def correct(session: Session, change: Change, answers: Answers) -> Correction:
    """Keep a correction and let it count. Needs a write session; raises UnknownMention or StaleMention.

    Saying what was last said changes nothing. The mention's own case, evidence and hour follow in the same
    transaction; the triage step makes a case of what turns out to be a complaint.
    """
    leases.exclusive(session)
    mention = session.get(Mention, change.mention_id, with_for_update=True)
    if mention is None or mention.pruned_at is not None:
        raise UnknownMention(f"there is nothing to correct in mention {change.mention_id}")
    last = newest(session, change.mention_id, mention.version)
    if mention.version != change.version or (last.id if last else 0) != change.seen:
        raise StaleMention(f"mention {change.mention_id} was changed in the meantime")
    if last is not None and answers_of(last) == answers:
        return last
    correction = Correction(
        mention_id=change.mention_id,
        version=change.version,
        who=change.who[:LONGEST_NAME],
        at=change.now,
        **_columns(answers),
    )
    session.add(correction)
    _let_it_count(session, mention, answers, change.now)
    cases.recheck(session, mention, answers.complaint, correction.who, change.now)
    if answers.sentiment is not Sentiment.NEGATIVE:
        incidents.discount(session, change.mention_id, correction.who, change.now)
    session.flush()
    return correction


def newest(session: Session, mention_id: int, version: int) -> Correction | None:
    """The correction that counts for a version of a mention."""
    query = select(Correction).where(Correction.mention_id == mention_id, Correction.version == version)
    return session.exec(query.order_by(col(Correction.id).desc()).limit(1)).first()


def history(session: Session, mention_id: int) -> list[Correction]:
    """Every correction of a mention, newest first, those of earlier versions included."""
    query = select(Correction).where(Correction.mention_id == mention_id)
    return list(session.exec(query.order_by(col(Correction.id).desc())))


def answers_of(row: Correction | Verdict) -> Answers:
    """What a correction or a verdict says."""
    return Answers(row.sentiment, _known(row.themes), row.escalation, row.churn, row.question)


def model_verdicts(session: Session, mention_id: int | None = None) -> dict[int, Verdict]:
    """What a model last said of the words that people corrected, by mention; of one mention when it is given."""
    query = (
        select(Verdict)
        .join(Mention, (col(Mention.id) == Verdict.mention_id) & (col(Mention.version) == Verdict.version))
        .where(Mention.judged_by == PERSON, Verdict.model_id != PERSON)
        .order_by(col(Verdict.judged_at), col(Verdict.id))
    )
    if mention_id is not None:
        query = query.where(Mention.id == mention_id)
    return {verdict.mention_id: verdict for verdict in session.exec(query)}


def corrected(session: Session) -> Iterator[Corrected]:
    """Every mention whose correction counts and whose words are still there, oldest first."""
    query = (
        sa.select(
            col(Mention.id), col(Source.name), col(MentionVersion.title), col(MentionVersion.text), Verdict
        )
        .join(Source, col(Source.id) == Mention.source_id)
        .join(MentionVersion, newest_version())
        .join(Verdict, verdict_that_counts())
        .where(col(Mention.judged_by) == PERSON, col(Mention.pruned_at).is_(None))
        .order_by(col(Mention.id))
    )
    for mention_id, source, title, text, verdict in session.execute(query):
        yield Corrected(mention_id, source, title, text, answers_of(verdict))


def _let_it_count(session: Session, mention: Mention, answers: Answers, now: datetime) -> None:
    assert mention.id is not None  # noqa: S101 - comes from the database
    row = {
        "mention_id": mention.id,
        "version": mention.version,
        "model_id": PERSON,
        **{one.value: float(one is answers.sentiment) for one in Sentiment},
        **_columns(answers),
        "judged_at": now,
    }
    upsert(session, Verdict, [row], ("mention_id", "version", "model_id"))
    mention.judged_by, mention.triaged = PERSON, False
    session.add(mention)
    touch(session, [mention])


def _columns(answers: Answers) -> dict[str, Any]:
    return asdict(answers) | {"themes": list(answers.themes)}


def _known(themes: list[str]) -> tuple[str, ...]:
    """A model may have themes of its own; a correction chooses from ours."""
    return tuple(theme for theme in THEMES if theme in themes)
