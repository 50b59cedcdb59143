"""`/klachten`: the inbox of what must be answered, and `/klachten/{id}`: one case and what to do with it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from dashboard.pages.mentions import SIGNALS, cursor
from dashboard.rendering import link, page
from dashboard.site import LoggedIn, NotFound, Posted, Reading, SiteNow, value, whole
from storage import cases, inbox, listings, sources, users
from storage.cases import Change
from storage.database import Session
from storage.inbox import CaseCursor, CaseRow, InboxFilter, InboxPage
from storage.listings import MentionRow
from storage.models import Brand, Case, CaseEvent, CaseState

router = APIRouter()
STATES = {
    "nieuw": CaseState.NEW,
    "in-behandeling": CaseState.IN_HAND,
    "beantwoord": CaseState.ANSWERED,
    "opgelost": CaseState.SOLVED,
    "geen-actie": CaseState.NO_ACTION,
}
_NAMES = {state: name for name, state in STATES.items()}
WAITING, ALL = "wachtend", "alle"
MINE, NOBODY = "ik", "niemand"
URGENT = "!"
"""Stands before the place in the list where it lies among what may escalate."""
DONE = ("moved", "assigned", "noted")


@dataclass(frozen=True)
class Tab:
    """One state in the row above the list, with how many cases stand in it."""

    name: str
    number: int
    address: str
    current: bool


@dataclass(frozen=True)
class CasesPage:
    tabs: tuple[Tab, ...]
    state: str
    brand: str
    owner: str
    signal: str
    signals: tuple[str, ...]
    brands: list[Brand]
    found: InboxPage
    oldest: datetime | None
    next: str | None


@dataclass(frozen=True)
class CasePage:
    case: CaseRow
    mentions: tuple[MentionRow, ...]
    others: tuple[MentionRow, ...]
    """What else this customer wrote, also about other brands."""
    events: list[CaseEvent]
    moves: tuple[tuple[str, CaseState], ...]
    """Each with its name in a form."""
    people: list[str]
    done: str = ""


@dataclass(frozen=True)
class RefusedPage:
    """A change that was refused. `why` is `stale` or `illegal`; `note` is what the person had written."""

    why: str
    case: Case
    wanted: str
    note: str
    last: CaseEvent | None


@router.get("/klachten")
def show_cases(request: Request, visitor: LoggedIn, session: Reading) -> Response:
    query = request.query_params
    brands = sources.active_brands(session)
    brand = next((one for one in brands if one.name == query.get("merk")), None)
    state = query.get("status", WAITING)
    state = state if state in STATES or state == ALL else WAITING
    owner = query.get("wie", "") if query.get("wie") in (MINE, NOBODY) else ""
    signal = query.get("signaal", "") if query.get("signaal") in SIGNALS else ""
    asked = {"status": state, "merk": brand.name if brand else "", "wie": owner, "signaal": signal}
    wanted = InboxFilter(
        states=_states(state),
        brand_id=brand.id if brand else None,
        owner=visitor.name if owner == MINE else None,
        nobody=owner == NOBODY,
        signal=SIGNALS.get(signal),
    )
    found = inbox.cases(session, wanted, _place(query.get("na", "")))
    return page(
        request,
        "cases",
        CasesPage(
            tabs=_tabs(cases.counts(session, wanted.brand_id), state, asked),
            state=state,
            brand=asked["merk"],
            owner=owner,
            signal=signal,
            signals=tuple(SIGNALS),
            brands=[one for one in brands if not one.competitor],
            found=found,
            oldest=inbox.oldest_waiting(session),
            next=link("/klachten", **asked, na=_written(found.next)) if found.next else None,
        ),
    )


@router.get("/klachten/{case_id}")
def show_case(
    request: Request, case_id: str, visitor: LoggedIn, session: Reading, gedaan: str = ""
) -> Response:
    case = inbox.case(session, whole(case_id))
    if case is None:
        raise NotFound
    mentions = inbox.mentions_of(session, case.id)
    told = {row.id for row in mentions}
    return page(
        request,
        "cases_one",
        CasePage(
            case=case,
            mentions=mentions,
            others=tuple(row for row in listings.of_author(session, case.newest.id) if row.id not in told),
            events=cases.events(session, case.id),
            moves=tuple((_NAMES[state], state) for state in cases.MOVES[case.state]),
            people=users.names(session),
            done=gedaan if gedaan in DONE else "",
        ),
    )


@router.post("/klachten/{case_id}/verplaats")
def move_case(request: Request, case_id: str, site: SiteNow, visitor: LoggedIn, form: Posted) -> Response:
    """Bring the case into the state that the button names, with a note if one was written."""
    to = STATES.get(value(form, "naar"))
    if to is None:
        raise NotFound
    note = value(form, "notitie")
    return _change(
        request,
        _changing(case_id, site, visitor, form),
        lambda session, change: cases.move(session, change, to, note),
        _Words("moved", to.value, note),
    )


@router.post("/klachten/{case_id}/eigenaar")
def assign_case(request: Request, case_id: str, site: SiteNow, visitor: LoggedIn, form: Posted) -> Response:
    """Give the case to somebody who can log in, or to nobody."""
    owner = value(form, "eigenaar")
    with site.database.read() as session:
        if owner and owner not in users.names(session):
            raise NotFound
    return _change(
        request,
        _changing(case_id, site, visitor, form),
        lambda session, change: cases.assign(session, change, owner or None),
        _Words("assigned", "", ""),
    )


@router.post("/klachten/{case_id}/notitie")
def note_case(request: Request, case_id: str, site: SiteNow, visitor: LoggedIn, form: Posted) -> Response:
    note = value(form, "notitie")
    return _change(
        request,
        _changing(case_id, site, visitor, form),
        lambda session, change: cases.add_note(session, change, note),
        _Words("noted", "", note),
    )


@dataclass(frozen=True)
class _Words:
    """What to say afterwards: done, or what was wanted when it is refused."""

    done: str
    wanted: str
    note: str


def _changing(case_id: str, site: SiteNow, visitor: LoggedIn, form: Any) -> Change:
    return Change(whole(case_id), whole(value(form, "revisie")), visitor.name, site.clock())


def _change(
    request: Request, change: Change, work: Callable[[Session, Change], Case], words: _Words
) -> Response:
    """Do it, or show in a friendly way why not."""
    database = request.app.state.site.database
    try:
        database.transact(lambda session: work(session, change))
    except cases.UnknownCase:
        raise NotFound from None
    except cases.CaseError as error:
        with database.read() as session:
            return _refused(request, session, change, error, words)
    return RedirectResponse(f"/klachten/{change.case_id}?gedaan={words.done}", status_code=303)


def _refused(
    request: Request, session: Session, change: Change, error: cases.CaseError, words: _Words
) -> Response:
    case = session.get_one(Case, change.case_id)
    events = cases.events(session, change.case_id)
    why = "illegal" if isinstance(error, cases.IllegalMove) else "stale"
    last = events[-1] if events else None
    return page(request, "cases_refused", RefusedPage(why, case, words.wanted, words.note, last), status=409)


def _states(state: str) -> tuple[CaseState, ...]:
    if state == ALL:
        return ()
    return (STATES[state],) if state in STATES else cases.WAITING


def _tabs(counts: Mapping[CaseState, int], current: str, asked: Mapping[str, str]) -> tuple[Tab, ...]:
    numbers = {WAITING: sum(counts[state] for state in cases.WAITING)}
    numbers |= {name: counts[state] for name, state in STATES.items()}
    numbers[ALL] = sum(counts.values())
    return tuple(
        Tab(name, number, link("/klachten", **{**asked, "status": name}), name == current)
        for name, number in numbers.items()
    )


def _written(place: CaseCursor | None) -> str:
    return f"{URGENT * place.urgent}{place.opened_at.isoformat()}_{place.case_id}" if place else ""


def _place(text: str) -> CaseCursor | None:
    """The place in the list that an address names."""
    place = cursor(text.removeprefix(URGENT))
    return CaseCursor(place.published_at, place.mention_id, text.startswith(URGENT)) if place else None
