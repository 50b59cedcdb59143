"""Complaint cases as the inbox lists them: what may escalate first, then the one that waits longest."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, and_, col, func, or_, select

from storage import listings
from storage.cases import CLOSED, WAITING
from storage.filters import Signal
from storage.joins import verdict_that_counts
from storage.listings import MentionRow
from storage.models import Case, CaseEvent, CaseState, Mention, Verdict

PAGE = 40
_BRINGS = ("opened", "mention")
"""The events by which a mention comes into a case."""


@dataclass(frozen=True)
class InboxFilter:
    """Which cases to list; no states means every state, None any."""

    states: tuple[CaseState, ...] = WAITING
    brand_id: int | None = None
    owner: str | None = None
    nobody: bool = False
    """Only cases without an owner."""
    signal: Signal | None = None
    """Only cases in which the customer somewhere gives it."""


@dataclass(frozen=True)
class CaseCursor:
    opened_at: datetime
    case_id: int
    urgent: bool = False


@dataclass(frozen=True)
class CaseRow:
    """A case with the mention that shows best what it is about: the customer's newest."""

    id: int
    state: CaseState
    owner: str | None
    revision: int
    opened_at: datetime
    answered_at: datetime | None
    closed_at: datetime | None
    urgent: bool
    """Whether anything in it may escalate."""
    mentions: int
    newest: MentionRow


@dataclass(frozen=True)
class InboxPage:
    rows: tuple[CaseRow, ...]
    next: CaseCursor | None = None


def cases(
    session: Session, wanted: InboxFilter, after: CaseCursor | None = None, size: int = PAGE
) -> InboxPage:
    """Cases that match: waiting ones oldest first, those that may escalate before all; closed ones newest first."""
    back = bool(wanted.states) and all(state in CLOSED for state in wanted.states)
    order = [field.desc() if back else field for field in (col(Case.opened_at), col(Case.id))]
    query = select(Case).where(*_conditions(wanted))
    if _by_urgency(wanted):
        order.insert(0, _gives(Signal.ESCALATION).desc())
    if after is not None:
        query = query.where(_beyond_urgent(after) if _by_urgency(wanted) else _beyond(after, back))
    found = list(session.exec(query.order_by(*order).limit(size + 1)))
    shown = _rows(session, found[:size])
    if len(found) <= size or not shown:
        return InboxPage(shown)
    return InboxPage(shown, CaseCursor(shown[-1].opened_at, shown[-1].id, shown[-1].urgent))


def case(session: Session, case_id: int) -> CaseRow | None:
    found = session.get(Case, case_id)
    return next(iter(_rows(session, [found])), None) if found else None


def mentions_of(session: Session, case_id: int, size: int = 50) -> tuple[MentionRow, ...]:
    """What the customer wrote in this case, newest first."""
    ids = set(_mention_ids(session, [case_id])[case_id])
    shown = listings.rows(session, sorted(ids, reverse=True)[:size], longest=20_000)
    return tuple(sorted(shown, key=lambda row: row.published_at, reverse=True))


def oldest_waiting(session: Session) -> datetime | None:
    """Since when the case waits that waits longest."""
    query = select(func.min(Case.opened_at)).where(col(Case.state).in_(WAITING))
    return session.exec(query).one()


def _by_urgency(wanted: InboxFilter) -> bool:
    """Of what waits only: that is never so much that sorting it would be felt."""
    return bool(wanted.states) and all(state in WAITING for state in wanted.states)


def _gives(signal: Signal) -> Any:
    """Whether a mention of the case gives this signal, by the verdict that counts."""
    query = (
        select(CaseEvent.id)
        .join(Mention, col(Mention.id) == CaseEvent.mention_id)
        .join(Verdict, verdict_that_counts())
        .where(CaseEvent.case_id == Case.id, col(CaseEvent.what).in_(_BRINGS))
        .where(getattr(Verdict, signal).is_(True))
    )
    return query.exists()


def _conditions(wanted: InboxFilter) -> list[Any]:
    conditions: list[Any] = []
    if wanted.states:
        conditions.append(col(Case.state).in_(wanted.states))
    if wanted.brand_id is not None:
        conditions.append(Case.brand_id == wanted.brand_id)
    if wanted.nobody:
        conditions.append(col(Case.owner).is_(None))
    elif wanted.owner is not None:
        conditions.append(Case.owner == wanted.owner)
    if wanted.signal is not None:
        conditions.append(_gives(wanted.signal))
    return conditions


def _beyond(after: CaseCursor, back: bool) -> Any:
    same = col(Case.opened_at) == after.opened_at
    if back:
        return or_(col(Case.opened_at) < after.opened_at, and_(same, col(Case.id) < after.case_id))
    return or_(col(Case.opened_at) > after.opened_at, and_(same, col(Case.id) > after.case_id))


def _beyond_urgent(after: CaseCursor) -> Any:
    urgent, later = _gives(Signal.ESCALATION), _beyond(after, back=False)
    return or_(~urgent, later) if after.urgent else and_(~urgent, later)


def _mention_ids(session: Session, case_ids: list[int]) -> dict[int, list[int]]:
    """Every case's mentions in the order in which they came."""
    query = (
        select(CaseEvent.case_id, CaseEvent.mention_id)
        .where(
            col(CaseEvent.case_id).in_(case_ids),
            col(CaseEvent.mention_id).is_not(None),
            col(CaseEvent.what).in_(_BRINGS),
        )
        .order_by(col(CaseEvent.id))
    )
    ids: dict[int, list[int]] = {case_id: [] for case_id in case_ids}
    for case_id, mention_id in session.exec(query):
        if mention_id is not None and mention_id not in ids[case_id]:
            ids[case_id].append(mention_id)
    return ids


def _rows(session: Session, found: list[Case]) -> tuple[CaseRow, ...]:
    ids = _mention_ids(session, [case.id for case in found if case.id is not None])
    newest = {case.id: (ids[case.id or 0] or [case.mention_id])[-1] for case in found}
    shown = {row.id: row for row in listings.rows(session, list(newest.values()))}
    urgent = set(session.exec(select(Case.id).where(col(Case.id).in_(ids), _gives(Signal.ESCALATION))))
    return tuple(
        CaseRow(
            id=case.id,
            state=case.state,
            owner=case.owner,
            revision=case.revision,
            opened_at=case.opened_at,
            answered_at=case.answered_at,
            closed_at=case.closed_at,
            urgent=case.id in urgent,
            mentions=max(1, len(ids[case.id])),
            newest=shown[newest[case.id]],
        )
        for case in found
        if case.id is not None and newest[case.id] in shown
    )
