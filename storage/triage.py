"""Which mentions somebody must answer, and which the company has answered where everybody can read it."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from storage import cases, clusters, leases
from storage.joins import newest_version, verdict_that_counts
from storage.models import Brand, Mention, MentionVersion, Sentiment, Verdict
from storage.records import Status


@dataclass(frozen=True)
class _Judged:
    """A mention to triage with its words and the verdict on them, if they are Dutch."""

    mention: Mention
    title: str | None
    text: str
    verdict: Verdict | None
    competitor: bool

    @property
    def is_complaint(self) -> bool:
        """A complaint or a request for help that the public can read."""
        return (
            self.mention.status is not Status.REMOVED
            and self.verdict is not None
            and (self.verdict.sentiment is Sentiment.NEGATIVE or self.verdict.question)
        )

    @property
    def wants_an_answer(self) -> bool:
        """A complaint that reached an own brand while we were listening."""
        return self.is_complaint and not self.competitor and not self.mention.historic


def triage(session: Session, now: datetime, limit: int = 500) -> int:
    """Triage up to `limit` judged mentions, oldest first; returns how many. Needs a write session."""
    leases.exclusive(session)
    waiting = _waiting(session, limit)
    for judged in waiting:
        _triage(session, judged, now)
        judged.mention.triaged = True
        session.add(judged.mention)
    return len(waiting)


def _triage(session: Session, judged: _Judged, now: datetime) -> None:
    mention = judged.mention
    if judged.is_complaint:
        clusters.join(session, mention, clusters.whole(mention.kind, judged.title, judged.text))
    if judged.wants_an_answer:
        cases.open_case(session, mention, now)
    if mention.reply_seen_at is not None:
        cases.note_reply(session, mention, judged.wants_an_answer, now)


def _waiting(session: Session, limit: int) -> list[_Judged]:
    query = (
        sa.select(
            Mention, col(MentionVersion.title), col(MentionVersion.text), Verdict, col(Brand.competitor)
        )
        .join(Brand, col(Brand.id) == Mention.brand_id)
        .outerjoin(Verdict, verdict_that_counts())  # what is in another language has none
        .join(MentionVersion, newest_version())
        .where(col(Mention.triaged) == sa.false(), col(Mention.judged_by).is_not(None))
        .order_by(col(Mention.published_at), col(Mention.id))
        .limit(limit)
        .with_for_update(of=Mention)
    )
    return [_Judged(*row) for row in session.execute(query)]
