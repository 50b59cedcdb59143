"""Complaint cases: what somebody must answer, from first sight to solved.

Every change raises the case's revision and leaves an event. Which change of state is legal stands in
`MOVES`, and nowhere else.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult
from sqlmodel import Session, col, func, select, update

from storage.models import Case, CaseEvent, CaseState, Mention, MentionVersion
from storage.records import clean

SYSTEM = "klachtenradar"
"""Who stands beside events that no person caused."""
LONGEST_NOTE = 5_000
LONGEST_OWNER = 100

MOVES: dict[CaseState, tuple[CaseState, ...]] = {
    CaseState.NEW: (CaseState.IN_HAND, CaseState.ANSWERED, CaseState.NO_ACTION),
    CaseState.IN_HAND: (CaseState.ANSWERED, CaseState.SOLVED, CaseState.NO_ACTION, CaseState.NEW),
    CaseState.ANSWERED: (CaseState.SOLVED, CaseState.IN_HAND, CaseState.NO_ACTION),
    CaseState.SOLVED: (CaseState.IN_HAND,),
    CaseState.NO_ACTION: (CaseState.IN_HAND,),
}
"""What a person may do with a case. Closed cases can only be taken in hand again."""
WAITING = (CaseState.NEW, CaseState.IN_HAND)
CLOSED = (CaseState.SOLVED, CaseState.NO_ACTION)


class CaseError(Exception):
    """The change was refused; nothing is changed."""


class UnknownCase(CaseError):
    """There is no such case."""


class IllegalMove(CaseError):
    """A case cannot go from the one state to the other."""

    def __init__(self, old: CaseState, new: CaseState) -> None:
        self.old, self.new = old, new
        super().__init__(f"a case that is {old.value} cannot become {new.value}")


class StaleCase(CaseError):
    """Somebody else changed the case after it was read."""

    def __init__(self, case: Case) -> None:
        self.case = case
        super().__init__(f"case {case.id} is at revision {case.revision} by now")


@dataclass(frozen=True)
class Change:
    """Who changes which case, from the revision that they saw, and when."""

    case_id: int
    revision: int
    who: str
    now: datetime


def open_case(session: Session, mention: Mention, now: datetime) -> Case:
    """The case of a mention that must be answered. Safe to repeat.

    A customer has one case per brand: a later mention joins it, and takes an answered or closed one back to
    `new`, with the clock of the answering time at the later mention. So does a mention that its author changed
    after that.
    """
    known = case_of(session, mention)
    if known is not None:
        return _changed(session, known, mention, now)
    case = _of_author(session, mention)
    return _joined(session, case, mention, now) if case else _opened(session, mention, now)


def case_of(session: Session, mention: Mention) -> Case | None:
    """The case that a mention opened or joined."""
    opened = session.exec(select(Case).where(Case.mention_id == mention.id)).first()
    if opened is not None or mention.author_key is None:
        return opened
    # Only a case of the same author can have been joined: that finds it by an index.
    joined = select(CaseEvent.case_id).where(CaseEvent.mention_id == mention.id)
    return session.exec(
        select(Case)
        .where(*_same_author(mention), col(Case.id).in_(joined.where(CaseEvent.case_id == Case.id)))
        .limit(1)
    ).first()


def note_reply(session: Session, mention: Mention, complaint: bool, now: datetime) -> Case | None:
    """Close the answering clock of the mention's case at the reply's own time. Safe to repeat.

    Returns the case when this call changed it. A reply from before the customer's newest complaint changes nothing,
    nor one from before the mention was changed, if it is a `complaint` as it is now.
    """
    case = case_of(session, mention)
    answered = mention.reply_at or mention.reply_seen_at
    if case is None or mention.reply_text is None or answered is None or case.state not in WAITING:
        return None
    asked = max(case.opened_at, _said_at(session, mention)) if complaint else case.opened_at
    if answered < asked or _is_noted(session, case, mention):
        return None
    old, case.state, case.answered_at = case.state, CaseState.ANSWERED, answered
    _note(session, case, SYSTEM, now, "reply", old=old, new=case.state, mention_id=mention.id)
    return _raised(session, case)


def recheck(session: Session, mention: Mention, complaint: bool, who: str, now: datetime) -> None:
    """A person says whether a mention must be answered: the case that it opened follows, if nobody touched it.

    One that is no complaint needs no action, and is new again when it turns out to be one after all.
    """
    case = session.exec(select(Case).where(Case.mention_id == mention.id)).first()
    if case is None or not _untouched(session, case):
        return
    old, new = case.state, CaseState.NEW if complaint else CaseState.NO_ACTION
    if old is not new:
        case.state, case.closed_at = new, None if complaint else now
        _note(session, case, who, now, "corrected", old=old, new=new, mention_id=mention.id)
        _raised(session, case)


def move(session: Session, change: Change, to: CaseState, note: str = "") -> Case:
    """Bring a case into another state. Raises UnknownCase, StaleCase or IllegalMove."""
    case = _current(session, change)
    old = case.state
    if to not in MOVES[old]:
        raise IllegalMove(old, to)
    values: dict[str, Any] = {"state": to, "closed_at": change.now if to in CLOSED else None}
    if to is CaseState.ANSWERED:
        values["answered_at"] = case.answered_at or change.now
    if to is CaseState.IN_HAND and case.owner is None:
        values["owner"] = change.who
    _write(session, case, change, values)
    _note(session, case, change.who, change.now, "moved", old=old, new=to, note=note)
    return case


def assign(session: Session, change: Change, owner: str | None) -> Case:
    """Give a case to somebody, or with None to nobody. Raises UnknownCase or StaleCase."""
    case = _current(session, change)
    old, new = case.owner, clean(owner or "")[:LONGEST_OWNER] or None
    if old == new:
        return case
    _write(session, case, change, {"owner": new})
    _note(session, case, change.who, change.now, "owner", old=old, new=new)
    return case


def add_note(session: Session, change: Change, note: str) -> Case:
    """Write something down for colleagues. Raises UnknownCase or StaleCase."""
    case = _current(session, change)
    if not clean(note):
        return case
    _write(session, case, change, {})
    _note(session, case, change.who, change.now, "note", note=note)
    return case


def counts(session: Session, brand_id: int | None = None) -> dict[CaseState, int]:
    """How many cases stand in each state, also those with none."""
    query = select(Case.state, func.count()).group_by(col(Case.state))
    if brand_id is not None:
        query = query.where(Case.brand_id == brand_id)
    found: dict[CaseState, int] = {CaseState(state): number for state, number in session.exec(query)}
    return {state: found.get(state, 0) for state in CaseState}


def events(session: Session, case_id: int) -> list[CaseEvent]:
    """What happened to a case, oldest first."""
    return list(
        session.exec(select(CaseEvent).where(CaseEvent.case_id == case_id).order_by(col(CaseEvent.id)))
    )


def _of_author(session: Session, mention: Mention) -> Case | None:
    if mention.author_key is None:
        return None
    return session.exec(
        select(Case)
        .where(*_same_author(mention))
        .order_by(col(Case.opened_at).desc(), col(Case.id).desc())
        .limit(1)
    ).first()


def _same_author(mention: Mention) -> tuple[Any, Any]:
    return col(Case.brand_id) == mention.brand_id, col(Case.author_key) == mention.author_key


def _opened(session: Session, mention: Mention, now: datetime) -> Case:
    assert mention.id is not None  # noqa: S101 - comes from the database
    case = Case(
        mention_id=mention.id,
        brand_id=mention.brand_id,
        author_key=mention.author_key,
        opened_at=_said_at(session, mention),
    )
    session.add(case)
    session.flush()
    _note(session, case, SYSTEM, now, "opened", mention_id=mention.id)
    return case


def _joined(session: Session, case: Case, mention: Mention, now: datetime) -> Case:
    old, said = case.state, _said_at(session, mention)
    if said > case.opened_at and old not in WAITING:
        _reopen(case, said)
    _note(session, case, SYSTEM, now, "mention", old=old, new=case.state, mention_id=mention.id)
    return _raised(session, case)


def _changed(session: Session, case: Case, mention: Mention, now: datetime) -> Case:
    """A case as it is once its mention is known to say what it says now."""
    version = _version(session, mention)
    if version.number == 1:
        return case
    # An answer is public: it is compared with the author's own clock. Who closes a case has seen what we had seen.
    answered = case.state is CaseState.ANSWERED and case.answered_at and case.answered_at < version.said_at
    closed = case.state in CLOSED and case.closed_at and case.closed_at < version.seen_at
    if not (answered or closed):
        return case
    old = case.state
    _reopen(case, version.said_at)
    _note(session, case, SYSTEM, now, "edited", old=old, new=case.state, mention_id=mention.id)
    return _raised(session, case)


def _reopen(case: Case, said: datetime) -> None:
    case.state, case.closed_at, case.answered_at = CaseState.NEW, None, None
    case.opened_at = said


def _said_at(session: Session, mention: Mention) -> datetime:
    """When the mention began to say what it says now."""
    version = _version(session, mention)
    return mention.published_at if version.number == 1 else version.said_at


def _version(session: Session, mention: Mention) -> MentionVersion:
    return session.get_one(MentionVersion, (mention.id, mention.version))


def _untouched(session: Session, case: Case) -> bool:
    """Whether nothing came of a case but what follows from its only mention."""
    return all(event.what in ("opened", "corrected") for event in events(session, case.id or 0))


def _raised(session: Session, case: Case) -> Case:
    case.revision += 1
    session.add(case)
    session.flush()
    return case


def _is_noted(session: Session, case: Case, mention: Mention) -> bool:
    """Whether the reply to a mention as it is was noted: a person may have taken the case back in hand since."""
    last = (
        select(CaseEvent.what)
        .where(CaseEvent.case_id == case.id, CaseEvent.mention_id == mention.id)
        .where(col(CaseEvent.what).in_(("reply", "edited")))
        .order_by(col(CaseEvent.id).desc())
        .limit(1)
    )
    return session.exec(last).first() == "reply"


def _current(session: Session, change: Change) -> Case:
    case = session.get(Case, change.case_id)
    if case is None:
        raise UnknownCase(f"there is no case {change.case_id}")
    if case.revision != change.revision:
        raise StaleCase(case)
    return case


def _write(session: Session, case: Case, change: Change, values: dict[str, Any]) -> None:
    """Change the row if it is still the one that was read, whoever else writes at this moment."""
    statement = (
        update(Case)
        .where(col(Case.id) == case.id, col(Case.revision) == change.revision)
        .values(revision=change.revision + 1, **values)
        .execution_options(synchronize_session=False)
    )
    result = cast("CursorResult[Any]", session.execute(statement))
    session.refresh(case)
    if result.rowcount != 1:
        raise StaleCase(case)


def _note(
    session: Session,
    case: Case,
    who: str,
    now: datetime,
    what: str,
    *,
    old: str | None = None,
    new: str | None = None,
    note: str = "",
    mention_id: int | None = None,
) -> None:
    assert case.id is not None  # noqa: S101 - stored before
    session.add(
        CaseEvent(
            case_id=case.id,
            at=now,
            who=who,
            what=what,
            old=old,
            new=new,
            note=clean(note)[:LONGEST_NOTE] or None,
            mention_id=mention_id,
        )
    )
