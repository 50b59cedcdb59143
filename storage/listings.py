"""Mentions as the pages list them: filtered, newest first, a page at a time.

No query counts or sorts the whole table. What an index can narrow is asked of it; anything else is looked for
among the next `WINDOW` mentions, after which a page says how far it has looked and offers to look on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, and_, col, func, or_, select

from storage import cases, clusters, filters
from storage.filters import MentionFilter
from storage.joins import newest_version, verdict_that_counts
from storage.models import PERSON, Brand, Case, Mention, MentionVersion, Sentiment, Source, Verdict
from storage.records import Precision, Status, is_foreign

PAGE = 40
WINDOW = 10_000
"""Mentions looked through for one page of a search: a tenth of a second on two cores."""
EXCERPT = 1_500
"""Characters of a text that a list carries; the mention's own page has all of it."""


@dataclass(frozen=True)
class Cursor:
    """The place in the list after which to go on."""

    published_at: datetime
    mention_id: int


@dataclass(frozen=True)
class Judgement:
    """A verdict as a page shows it; probabilities lie in 0..1."""

    sentiment: Sentiment
    negative: float
    neutral: float
    positive: float
    themes: tuple[str, ...]
    escalation: bool
    churn: bool
    question: bool
    unsure: bool
    model_id: str

    @property
    def corrected(self) -> bool:
        """Whether a person said this, and no model."""
        return self.model_id == PERSON


@dataclass(frozen=True)
class MentionRow:
    """One mention with its newest words, the verdict that counts, and its case if it has one."""

    id: int
    brand: str
    source: str
    kind: str
    url: str | None
    author: str | None
    author_key: str | None
    published_at: datetime
    published_known: bool
    published_precision: Precision
    first_seen_at: datetime
    status: Status
    version: int
    title: str | None
    text: str
    length: int
    rating: float | None
    rating_max: float | None
    reply_text: str | None
    reply_at: datetime | None
    reply_seen_at: datetime | None
    followers: int | None
    historic: bool
    pruned: bool
    language: str | None
    verdict: Judgement | None
    case_id: int | None

    @property
    def foreign(self) -> bool:
        """Whether it is kept without a verdict because it is in another language."""
        return is_foreign(self.language)


@dataclass(frozen=True)
class MentionPage:
    """A page of mentions. `next` goes on; `searched_to` is where looking stopped before the page was full."""

    rows: tuple[MentionRow, ...]
    next: Cursor | None = None
    searched_to: datetime | None = None


def mentions(
    session: Session, wanted: MentionFilter, after: Cursor | None = None, size: int = PAGE
) -> MentionPage:
    """The mentions that match, newest first, after `after`."""
    places = _places(wanted, after)
    deep = filters.deep(wanted)
    if not deep:
        found = _cursors(session, places.limit(size + 1))
        return _page(session, found, size, None)
    window = places.limit(WINDOW).subquery()
    query = (
        select(col(window.c.published_at), col(window.c.id))
        .join(Mention, col(Mention.id) == window.c.id)
        .join(MentionVersion, newest_version())
        .outerjoin(Verdict, verdict_that_counts())
        .where(*deep)
        .order_by(window.c.published_at.desc(), window.c.id.desc())
        .limit(size + 1)
    )
    last = _cursors(session, places.offset(WINDOW - 1).limit(1))
    return _page(session, _cursors(session, query), size, last[0] if last else None)


def rows(session: Session, ids: Sequence[int], longest: int = EXCERPT) -> tuple[MentionRow, ...]:
    """These mentions, in the order asked; texts are cut at `longest` characters."""
    if not ids:
        return ()
    opened = select(Case.id).where(Case.mention_id == Mention.id).scalar_subquery()
    query = (
        sa.select(
            Mention,
            col(Brand.name),
            col(Source.name),
            Verdict,
            opened,
            col(MentionVersion.title),
            func.substr(MentionVersion.text, 1, longest),
            func.length(MentionVersion.text),
            col(MentionVersion.rating),
            col(MentionVersion.rating_max),
        )
        .join(Brand, col(Brand.id) == Mention.brand_id)
        .join(Source, col(Source.id) == Mention.source_id)
        .join(MentionVersion, newest_version())
        .outerjoin(Verdict, verdict_that_counts())
        .where(col(Mention.id).in_(ids))
    )
    found = {row[0].id: _row(row) for row in session.execute(query)}
    return tuple(found[mention_id] for mention_id in ids if mention_id in found)


def mention(session: Session, mention_id: int) -> MentionRow | None:
    """One mention with its whole text."""
    found = rows(session, [mention_id], longest=1_000_000)
    return found[0] if found else None


def versions(session: Session, mention_id: int) -> list[MentionVersion]:
    """What the author wrote over time, newest first."""
    query = select(MentionVersion).where(MentionVersion.mention_id == mention_id)
    return list(session.exec(query.order_by(col(MentionVersion.number).desc())))


def of_author(session: Session, mention_id: int, size: int = 20) -> tuple[MentionRow, ...]:
    """Other mentions of the same author, about any brand, newest first."""
    key = session.exec(select(Mention.author_key).where(Mention.id == mention_id)).first()
    if key is None:
        return ()
    theirs = select(Mention.id, Mention.published_at).where(
        Mention.author_key == key, Mention.id != mention_id
    )
    # Only what is judged is found by its author; what waits for that is little, and found by waiting.
    judged, waiting = (
        theirs.where(col(Mention.judged_by).is_not(None)),
        theirs.where(col(Mention.judged_by).is_(None)),
    )
    query = judged.union_all(waiting).order_by(sa.text("published_at DESC")).limit(size)
    return rows(session, list(session.execute(query).scalars()))


@dataclass(frozen=True)
class Copies:
    """The other mentions with the same text: how many there are, and the newest of them."""

    number: int = 0
    newest: tuple[MentionRow, ...] = ()


def copies(session: Session, mention_id: int, size: int = 10) -> Copies:
    """Where else the public can read the same complaint."""
    cluster = session.exec(select(Mention.cluster_id).where(Mention.id == mention_id)).first()
    if cluster is None:
        return Copies()
    others = [one for one in clusters.members(session, cluster) if one != mention_id]
    return Copies(len(others), rows(session, others[:size]))


def case_id_of(session: Session, mention_id: int) -> int | None:
    """The case that a mention opened or joined."""
    stored = session.get(Mention, mention_id)
    found = cases.case_of(session, stored) if stored else None
    return found.id if found else None


def _places(wanted: MentionFilter, after: Cursor | None) -> Any:
    """Where the mentions stand that indexes can find, newest first."""
    query = select(col(Mention.published_at), col(Mention.id)).where(*filters.indexed(wanted))
    if after is not None:
        query = query.where(
            col(Mention.published_at) <= after.published_at,
            or_(
                col(Mention.published_at) < after.published_at,
                and_(col(Mention.published_at) == after.published_at, col(Mention.id) < after.mention_id),
            ),
        )
    return query.order_by(col(Mention.published_at).desc(), col(Mention.id).desc())


def _cursors(session: Session, query: Any) -> list[Cursor]:
    return [Cursor(published_at, mention_id) for published_at, mention_id in session.execute(query)]


def _page(session: Session, found: list[Cursor], size: int, end: Cursor | None) -> MentionPage:
    shown = rows(session, [place.mention_id for place in found[:size]])
    if len(found) > size:
        return MentionPage(shown, next=found[size - 1])
    return MentionPage(shown, next=end, searched_to=end.published_at if end else None)


def _row(row: Any) -> MentionRow:
    mention, brand, source, verdict, case_id, title, text, length, rating, rating_max = row
    return MentionRow(
        id=mention.id,
        brand=brand,
        source=source,
        kind=mention.kind,
        url=mention.url,
        author=mention.author_label,
        author_key=mention.author_key,
        published_at=mention.published_at,
        published_known=mention.published_known,
        published_precision=mention.published_precision,
        first_seen_at=mention.first_seen_at,
        status=mention.status,
        version=mention.version,
        title=title,
        text=text,
        length=length,
        rating=rating,
        rating_max=rating_max,
        reply_text=mention.reply_text,
        reply_at=mention.reply_at,
        reply_seen_at=mention.reply_seen_at,
        followers=mention.followers,
        historic=mention.historic,
        pruned=mention.pruned_at is not None,
        language=mention.language,
        verdict=judgement(verdict) if verdict is not None else None,
        case_id=case_id,
    )


def judgement(verdict: Verdict) -> Judgement:
    return Judgement(
        sentiment=verdict.sentiment,
        negative=verdict.negative,
        neutral=verdict.neutral,
        positive=verdict.positive,
        themes=tuple(verdict.themes),
        escalation=verdict.escalation,
        churn=verdict.churn,
        question=verdict.question,
        unsure=verdict.unsure,
        model_id=verdict.model_id,
    )
