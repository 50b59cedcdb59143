"""What the rules look at: complaints, what is ordinary for a source, and how its crawls went."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func, select

from storage import judges, runs, trends
from storage.joins import newest_version, verdict_that_counts
from storage.models import (
    HEARD,
    PERSON,
    Brand,
    CrawlRun,
    Health,
    IncidentMention,
    Mention,
    MentionVersion,
    Sentiment,
    Source,
    Verdict,
)

SAMPLE = 1_000
"""The newest mentions of a source that say what is ordinary there."""
MOST_NOTABLE = 1_000


@dataclass(frozen=True)
class Complaint:
    """A negative mention that may be a reason to alert; `unsure` when the model doubts that it is negative."""

    mention_id: int
    source_id: int
    published_at: datetime
    cluster_id: int | None
    followers: int | None
    likes: int | None
    shares: int | None
    views: int | None
    rating: float | None
    rating_min: float | None
    escalation: bool
    unsure: bool
    first_seen_at: datetime

    @property
    def engagement(self) -> int | None:
        """Likes and shares together; None when the source gives neither."""
        if self.likes is None and self.shares is None:
            return None
        return (self.likes or 0) + (self.shares or 0)


@dataclass(frozen=True)
class Floors:
    """Below these figures a single post is never out of the ordinary."""

    followers: int
    engagement: int
    views: int


@dataclass(frozen=True)
class Ordinary:
    """The newest mentions of one source: their known reach figures, and their share of lowest ratings."""

    followers: tuple[int, ...]
    engagement: tuple[int, ...]
    views: tuple[int, ...]
    rated: int
    lowest: int


@dataclass(frozen=True)
class EndedCrawl:
    """How a crawl went; `figures` hold the key of what was wrong as `cause`."""

    at: datetime
    health: Health
    figures: dict[str, Any]


@dataclass(frozen=True)
class Watched:
    """A source with how its last crawls went, newest first."""

    source_id: int
    name: str
    brand_id: int | None
    every: timedelta
    active: bool
    first_crawl: datetime | None
    last_healthy: datetime | None
    last: tuple[EndedCrawl, ...]

    @property
    def asked(self) -> tuple[EndedCrawl, ...]:
        """Those of its last crawls that say something of it: not those that were ended from our side."""
        return tuple(crawl for crawl in self.last if crawl.figures.get("cause") != runs.STOPPED)


def complaints(session: Session, brand_id: int, since: datetime, until: datetime) -> list[Complaint]:
    """Negative mentions published in this stretch, oldest first, without history and what was removed.

    Only what the model in use says, or a person: verdicts of two models are not added up.
    """
    query = _complaints(brand_id).where(col(Mention.published_at) > since, col(Mention.published_at) <= until)
    if (present := judges.in_use(session)) is not None:
        query = query.where(col(Mention.judged_by).in_((present, PERSON)))
    return [Complaint(*row) for row in session.execute(query.order_by(col(Mention.published_at)))]


def still_to_judge(session: Session, brand_id: int, seen_since: datetime) -> bool:
    """Whether a crawl brought mentions of a brand since then that the model has not come to yet."""
    # The newest of them, as the index on `judged_by` gives it: of any one SQLite would look through the whole brand.
    waiting = select(func.max(Mention.id)).where(
        Mention.brand_id == brand_id,
        col(Mention.first_seen_at) > seen_since,
        col(Mention.judged_by).is_(None),
        col(Mention.historic).is_(False),
    )
    return session.exec(waiting).one() is not None


def notable(session: Session, brand_id: int, since: datetime, floors: Floors) -> list[Complaint]:
    """Complaints since then that no incident has counted yet and that might be severe by themselves.

    What an earlier model saw otherwise is no news: the model changed, not the world.
    """
    engagement = func.coalesce(Mention.likes, 0) + func.coalesce(Mention.shares, 0)
    counted = select(IncidentMention.mention_id).where(IncidentMention.mention_id == Mention.id).exists()
    query = _complaints(brand_id).where(
        col(Mention.published_at) >= since,
        ~counted,
        ~_seen_otherwise(),
        (col(Mention.followers) >= floors.followers)
        | (engagement >= floors.engagement)
        | (col(Mention.views) >= floors.views)
        | col(Verdict.escalation).is_(True)
        | (col(MentionVersion.rating) <= col(MentionVersion.rating_min)),
    )
    rows = session.execute(query.order_by(col(Mention.published_at).desc()).limit(MOST_NOTABLE))
    return [Complaint(*row) for row in rows]


def ordinary(session: Session, source_id: int) -> Ordinary:
    """What is ordinary for a source, by its newest mentions."""
    newest = (
        sa.select(
            col(Mention.followers),
            col(Mention.likes),
            col(Mention.shares),
            col(Mention.views),
            col(MentionVersion.rating),
            col(MentionVersion.rating_min),
        )
        .join(MentionVersion, newest_version())
        .where(col(Mention.source_id) == source_id)
        .order_by(col(Mention.published_at).desc())
        .limit(SAMPLE)
    )
    rows = session.execute(newest).all()
    ratings = [(rating, low) for *_, rating, low in rows if rating is not None]
    return Ordinary(
        followers=_known(row[0] for row in rows),
        engagement=_known((row[1] or 0) + (row[2] or 0) for row in rows if row[1:3] != (None, None)),
        views=_known(row[3] for row in rows),
        rated=len(ratings),
        lowest=sum(rating <= low for rating, low in ratings if low is not None),
    )


def watched(session: Session, most: int) -> list[Watched]:
    """Every source, with up to `most` of its last ended crawls."""
    return [_watched(session, source, most) for source in session.exec(select(Source).order_by(Source.name))]


def own_brands(session: Session) -> list[Brand]:
    """The brands that are alerted about."""
    wanted = select(Brand).where(col(Brand.active), col(Brand.competitor).is_(False))
    return list(session.exec(wanted.order_by(Brand.name)))


def heard_since(session: Session, incident_id: int, moment: datetime) -> bool:
    """Whether every source that told of this incident has been asked again, and answered, since then.

    Sources that are switched off, or were never crawled, are not waited for.
    """
    telling = (
        select(Mention.source_id)
        .join(IncidentMention, col(IncidentMention.mention_id) == Mention.id)
        .where(IncidentMention.incident_id == incident_id)
        .distinct()
    )
    of_source = col(CrawlRun.source_id) == Source.id
    crawled = select(CrawlRun.id).where(of_source).exists()
    healthy = (
        select(CrawlRun.id)
        .where(of_source, col(CrawlRun.started_at) >= moment, col(CrawlRun.health).in_(HEARD))
        .exists()
    )
    unheard = select(Source.id).where(col(Source.id).in_(telling), col(Source.active), crawled, ~healthy)
    return session.exec(unheard.limit(1)).first() is None


def _complaints(brand_id: int) -> Any:
    return (
        sa.select(
            col(Mention.id),
            col(Mention.source_id),
            col(Mention.published_at),
            col(Mention.cluster_id),
            col(Mention.followers),
            col(Mention.likes),
            col(Mention.shares),
            col(Mention.views),
            col(MentionVersion.rating),
            col(MentionVersion.rating_min),
            col(Verdict.escalation),
            col(Verdict.unsure),
            col(Mention.first_seen_at),
        )
        .join(Verdict, verdict_that_counts())
        .join(MentionVersion, newest_version())
        .where(
            col(Mention.brand_id) == brand_id,
            col(Mention.historic).is_(False),
            col(Mention.status).not_in(trends.UNCOUNTED),
            col(Verdict.sentiment) == Sentiment.NEGATIVE,
        )
    )


def _seen_otherwise() -> Any:
    """Another model judged the same words, and found them no complaint or no escalation."""
    other = aliased(Verdict)
    return (
        select(other.id)
        .where(
            col(other.mention_id) == Mention.id,
            col(other.version) == Mention.version,
            col(other.model_id).not_in((PERSON, Mention.judged_by)),
            (col(other.sentiment) != Sentiment.NEGATIVE) | (col(Verdict.escalation) & ~col(other.escalation)),
            col(Mention.judged_by) != PERSON,
        )
        .exists()
    )


def _known(values: Iterator[int | None]) -> tuple[int, ...]:
    return tuple(sorted(value for value in values if value is not None))


def _watched(session: Session, source: Source, most: int) -> Watched:
    assert source.id is not None  # noqa: S101 - comes from the database
    of_source = col(CrawlRun.source_id) == source.id
    first = session.exec(select(func.min(CrawlRun.started_at)).where(of_source)).one()
    ended = (
        select(CrawlRun)
        .where(of_source, col(CrawlRun.health).is_not(None))
        .order_by(col(CrawlRun.started_at).desc())
        .limit(most)
    )
    return Watched(
        source_id=source.id,
        name=source.name,
        brand_id=source.brand_id,
        every=timedelta(seconds=source.every_seconds),
        active=source.active,
        first_crawl=first,
        last_healthy=runs.last_healthy(session, source.id),
        last=tuple(
            EndedCrawl(run.finished_at or run.started_at, run.health, run.stats)
            for run in session.exec(ended)
            if run.health is not None
        ),
    )
