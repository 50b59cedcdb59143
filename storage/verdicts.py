"""What no model has judged yet, and keeping what it says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select, update

from storage.mentions import touch
from storage.models import PERSON, Mention, MentionVersion, Verdict
from storage.records import Sentiment
from storage.upsert import insert_missing


@dataclass(frozen=True)
class Unjudged:
    """The newest version of a mention that a model has not judged."""

    mention_id: int
    version: int
    title: str | None
    text: str


@dataclass(frozen=True)
class Judgement:
    """What a model says of one version of a mention."""

    mention_id: int
    version: int
    sentiment: Sentiment
    probabilities: Mapping[Sentiment, float]
    themes: tuple[str, ...]
    escalation: bool
    churn: bool
    question: bool
    language: str


def unjudged(session: Session, model_id: str, limit: int) -> list[Unjudged]:
    """Up to `limit` mentions that lack this model's verdict: those without any first, the newest of them first.

    Mentions whose words are gone are left as they are: there is nothing to read.
    """
    found: list[Unjudged] = []
    for lacking in _lacking(model_id):
        query = (
            select(Mention.id, Mention.version, MentionVersion.title, MentionVersion.text)
            .join(MentionVersion, _newest())
            .where(lacking, col(Mention.pruned_at).is_(None))
            # In the order of the index that finds them: by id alone SQLite would look through every mention.
            .order_by(col(Mention.judged_by).desc(), col(Mention.id).desc())
            .limit(limit - len(found))
        )
        found += [Unjudged(*row) for row in session.execute(query)]
        if len(found) == limit:
            break
    return found


def waiting(session: Session, model_id: str) -> int:
    """How many mentions lack this model's verdict."""
    counts = (
        session.exec(
            select(func.count()).select_from(Mention).where(lacking, col(Mention.pruned_at).is_(None))
        )
        for lacking in _lacking(model_id)
    )
    return sum(count.one() for count in counts)


def store(session: Session, judgements: Sequence[Judgement], model_id: str, now: datetime) -> int:
    """Keep the judgements on mentions that still read as they did; returns how many. Needs a write session.

    Safe to repeat. A mention that was edited, blanked or erased in the meantime is passed over: it has other
    words now, or none. What a person said of a mention goes on counting; the model's verdict stands beside it.
    """
    current = _current(session, judgements)
    kept = [one for one in judgements if one.mention_id in current]
    insert_missing(session, Verdict, [_row(one, model_id, now) for one in kept])
    judged = [key for key, mention in current.items() if mention.judged_by != PERSON]
    session.execute(update(Mention).where(col(Mention.id).in_(judged)).values(judged_by=model_id))
    touch(session, current.values())
    return len(kept)


def _lacking(model_id: str) -> tuple[Any, ...]:
    """Conditions that the index on `judged_by` answers; "not equal" it would not.

    Corrected mentions name a person as their judge, so their verdicts are asked for one by one: they are few.
    """
    judged_by = col(Mention.judged_by)
    by_model = judged_by != PERSON
    verdict = select(Verdict.id).where(
        Verdict.mention_id == Mention.id,
        Verdict.version == Mention.version,
        Verdict.model_id == model_id,
    )
    return (
        judged_by.is_(None),
        (judged_by < model_id) & by_model,
        (judged_by > model_id) & by_model,
        (judged_by == PERSON) & ~verdict.exists(),
    )


def _newest() -> Any:
    return (col(MentionVersion.mention_id) == Mention.id) & (col(MentionVersion.number) == Mention.version)


def _current(session: Session, judgements: Sequence[Judgement]) -> dict[int, Mention]:
    judged = {one.mention_id: one.version for one in judgements}
    query = select(Mention).where(col(Mention.id).in_(list(judged)), col(Mention.pruned_at).is_(None))
    rows = session.exec(query.with_for_update())
    return {row.id: row for row in rows if row.id is not None and row.version == judged[row.id]}


def _row(one: Judgement, model_id: str, now: datetime) -> dict[str, Any]:
    return {
        "mention_id": one.mention_id,
        "version": one.version,
        "model_id": model_id,
        "sentiment": one.sentiment,
        "negative": one.probabilities[Sentiment.NEGATIVE],
        "neutral": one.probabilities[Sentiment.NEUTRAL],
        "positive": one.probabilities[Sentiment.POSITIVE],
        "themes": list(one.themes),
        "escalation": one.escalation,
        "churn": one.churn,
        "question": one.question,
        "language": one.language,
        "judged_at": now,
    }
