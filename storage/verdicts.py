"""What no model has judged yet, and keeping what it says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, func, select, update

from storage import filters
from storage.joins import newest_version
from storage.mentions import touch
from storage.models import PERSON, Mention, MentionVersion, Verdict
from storage.records import Sentiment
from storage.upsert import insert_missing

STILL_NEWS = timedelta(days=7)
"""What another model makes of a post this young may still need an answer; older ones open no cases any more."""


@dataclass(frozen=True)
class Unjudged:
    """The newest version of a mention that a model has not judged; `stated` is its language by the source."""

    mention_id: int
    version: int
    title: str | None
    text: str
    stated: str | None = None


@dataclass(frozen=True)
class Foreign:
    """A version of a mention that is in another language than the models read."""

    mention_id: int
    version: int
    language: str


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
    unsure: bool = False


def unjudged(session: Session, limit: int) -> list[Unjudged]:
    """Up to `limit` mentions whose newest words have no verdict at all, the newest of them first."""
    return _readable(session, col(Mention.judged_by).is_(None), limit)


def outdated(session: Session, model_id: str, limit: int) -> list[Unjudged]:
    """Up to `limit` mentions that another model judged and this one did not, the newest of each model first."""
    found: list[Unjudged] = []
    for lacking in _judged_by_others(model_id):
        found += _readable(session, lacking, limit - len(found))
        if len(found) == limit:
            break
    return found


def unjudged_count(session: Session) -> int:
    """How many mentions have no verdict at all."""
    return _count(session, col(Mention.judged_by).is_(None))


def outdated_count(session: Session, model_id: str) -> int:
    """How many mentions another model judged and this one did not."""
    return sum(_count(session, lacking) for lacking in _judged_by_others(model_id))


def store(
    session: Session,
    judgements: Sequence[Judgement],
    model_id: str,
    now: datetime,
    foreign: Sequence[Foreign] = (),
) -> int:
    """Keep the judgements on mentions that still read as they did; returns how many. Needs a write session.

    Safe to repeat. A mention that was edited, blanked or erased in the meantime is passed over: it has other
    words now, or none. What a person said of a mention goes on counting; the model's verdict stands beside it.
    A post of the last days that another model judged before is triaged again: it may be a complaint after all.
    What is `foreign` has its language noted and gets no verdict, so it is in no figure but the number of mentions.
    """
    read: list[Judgement | Foreign] = [*judgements, *foreign]
    current = _current(session, read)
    kept = [one for one in judgements if one.mention_id in current]
    insert_missing(session, Verdict, [_row(one, model_id, now) for one in kept])
    judged = [mention for mention in current.values() if mention.judged_by != PERSON]
    again = [one.id for one in judged if one.judged_by is not None and now - one.published_at <= STILL_NEWS]
    _set(session, [one.id for one in judged], judged_by=model_id)
    _set(session, again, triaged=False)
    _note_languages(session, [one for one in read if one.mention_id in current])
    touch(session, current.values())
    return len(current)


def _note_languages(session: Session, known: Sequence[Judgement | Foreign]) -> None:
    for language in {one.language for one in known}:
        _set(session, [one.mention_id for one in known if one.language == language], language=language)


def _set(session: Session, ids: Sequence[int | None], **values: Any) -> None:
    session.execute(update(Mention).where(col(Mention.id).in_(ids)).values(**values))


def _judged_by_others(model_id: str) -> tuple[Any, ...]:
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
        (judged_by < model_id) & by_model,
        (judged_by > model_id) & by_model,
        (judged_by == PERSON) & ~verdict.exists() & ~filters.foreign(),
    )


def _readable(session: Session, wanted: Any, limit: int) -> list[Unjudged]:
    """Mentions whose words are still there; of others there is nothing to read."""
    query = (
        sa.select(
            col(Mention.id),
            col(Mention.version),
            col(MentionVersion.title),
            col(MentionVersion.text),
            col(MentionVersion.language),
        )
        .join(MentionVersion, newest_version())
        .where(wanted, col(Mention.pruned_at).is_(None))
        # In the order of the index that finds them: by id alone SQLite would look through every mention.
        .order_by(col(Mention.judged_by).desc(), col(Mention.id).desc())
        .limit(limit)
    )
    return [Unjudged(*row) for row in session.execute(query)]


def _count(session: Session, wanted: Any) -> int:
    query = select(func.count()).select_from(Mention).where(wanted, col(Mention.pruned_at).is_(None))
    return session.exec(query).one()


def _current(session: Session, judgements: Sequence[Judgement | Foreign]) -> dict[int, Mention]:
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
        "unsure": one.unsure,
        "judged_at": now,
    }
