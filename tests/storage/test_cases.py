"""Cases: one per customer and brand, moved as the table of moves allows, never overwritten unseen."""

from datetime import timedelta
from itertools import product

import pytest
from sqlmodel import select

from storage import cases
from storage.cases import MOVES, Change, IllegalMove, StaleCase, UnknownCase
from storage.database import Database
from storage.models import Case, CaseState, Mention
from storage.records import Reply
from tests.storage.shop import NOW, record, set_up, store


@pytest.fixture
def shop(database: Database) -> Database:
    set_up(database)
    store(database, record("r1"))
    return database


def _open(database: Database, external_id: str = "r1") -> Case:
    with database.write() as session:
        mention = session.exec(select(Mention).where(Mention.external_id == external_id)).one()
        return cases.open_case(session, mention, NOW)


def _change(case: Case, who: str = "marieke") -> Change:
    assert case.id is not None
    return Change(case.id, case.revision, who, NOW)


def _move(database: Database, case: Case, to: CaseState, note: str = "") -> Case:
    return database.transact(lambda session: cases.move(session, _change(case), to, note))


def _in_state(database: Database, state: CaseState) -> Case:
    case = _open(database)
    with database.write() as session:
        found = session.get_one(Case, case.id)
        found.state = state
        session.add(found)
        return found


def test_a_case_begins_when_the_complaint_was_published(shop: Database) -> None:
    case = _open(shop)
    assert (case.state, case.opened_at) == (CaseState.NEW, NOW - timedelta(hours=1))
    assert _open(shop).id == case.id


def test_only_the_moves_of_the_table_are_legal(shop: Database) -> None:
    for old, new in product(CaseState, CaseState):
        case = _in_state(shop, old)
        if new in MOVES[old]:
            assert _move(shop, case, new).state is new
            continue
        with pytest.raises(IllegalMove, match=f"{old.value} cannot become {new.value}"):
            _move(shop, case, new)
        with shop.read() as session:
            assert session.get_one(Case, case.id).state is old


def test_taking_in_hand_gives_an_owner_and_closing_a_time(shop: Database) -> None:
    case = _move(shop, _open(shop), CaseState.IN_HAND)
    assert case.owner == "marieke"
    case = _move(shop, _move(shop, case, CaseState.ANSWERED), CaseState.SOLVED)
    assert (case.answered_at, case.closed_at) == (NOW, NOW)
    case = _move(shop, case, CaseState.IN_HAND)
    assert (case.closed_at, case.owner) == (None, "marieke")


def test_every_change_leaves_an_event(shop: Database) -> None:
    case = _move(shop, _open(shop), CaseState.IN_HAND, "gebeld")
    with shop.write() as session:
        case = cases.assign(session, _change(case), " joost ")
        case = cases.add_note(session, _change(case), "\0" + "x" * 10_000)
        cases.add_note(session, _change(case), "  ")
    with shop.read() as session:
        found = cases.events(session, case.id or 0)
    assert [(event.what, event.who) for event in found] == [
        ("opened", cases.SYSTEM),
        ("moved", "marieke"),
        ("owner", "marieke"),
        ("note", "marieke"),
    ]
    assert (found[1].note, found[2].new, len(found[3].note or "")) == ("gebeld", "joost", cases.LONGEST_NOTE)


def test_a_change_from_an_old_view_is_refused(shop: Database) -> None:
    seen = _change(_open(shop))
    shop.transact(lambda session: cases.add_note(session, seen, "eerst"))
    for work in (
        lambda session: cases.move(session, seen, CaseState.IN_HAND),
        lambda session: cases.assign(session, seen, "joost"),
        lambda session: cases.add_note(session, seen, "later"),
    ):
        with pytest.raises(StaleCase):
            shop.transact(work)
    with shop.read() as session:
        assert len(cases.events(session, seen.case_id)) == 2


def test_an_unknown_case_is_refused(shop: Database) -> None:
    with pytest.raises(UnknownCase):
        shop.transact(lambda session: cases.move(session, Change(99, 1, "x", NOW), CaseState.IN_HAND))


def test_a_customer_who_writes_again_stays_one_case(shop: Database) -> None:
    case = _open(shop)
    store(shop, record("r2", text="Nog steeds niets gehoord.", published_at=NOW - timedelta(minutes=5)))
    again = _open(shop, "r2")
    assert (again.id, again.revision) == (case.id, 2)
    assert again.opened_at == case.opened_at
    assert _open(shop, "r2").revision == 2


def test_writing_again_after_an_answer_starts_the_clock_anew(shop: Database) -> None:
    case = _move(shop, _open(shop), CaseState.IN_HAND)
    _move(shop, case, CaseState.SOLVED)
    store(shop, record("r2", text="Toch weer stuk.", published_at=NOW - timedelta(minutes=5)))
    again = _open(shop, "r2")
    assert (again.id, again.state, again.owner) == (case.id, CaseState.NEW, "marieke")
    assert (again.opened_at, again.closed_at) == (NOW - timedelta(minutes=5), None)


def test_nameless_authors_are_not_taken_for_one(shop: Database) -> None:
    store(
        shop,
        record("a1", author_id=None, author_name=None),
        record("a2", author_id=None, author_name=None, text="Anders"),
    )
    assert _open(shop, "a1").id != _open(shop, "a2").id


def test_a_reply_closes_the_clock_at_its_own_time_once(shop: Database) -> None:
    _open(shop)
    answered = NOW - timedelta(minutes=30)
    store(shop, record("r1", reply=Reply(text="Sorry!", at=answered)))
    with shop.write() as session:
        mention = session.exec(select(Mention).where(Mention.external_id == "r1")).one()
        case = cases.note_reply(session, mention, True, NOW)
        assert case is not None
        assert (case.state, case.answered_at) == (CaseState.ANSWERED, answered)
        assert cases.note_reply(session, mention, True, NOW) is None


def test_an_old_reply_does_not_answer_a_newer_complaint(shop: Database) -> None:
    store(shop, record("r1", reply=Reply(text="Sorry!", at=NOW - timedelta(minutes=50))))
    _open(shop)
    with shop.write() as session:
        mention = session.exec(select(Mention).where(Mention.external_id == "r1")).one()
        cases.note_reply(session, mention, True, NOW)
    store(shop, record("r2", text="Weer mis.", published_at=NOW - timedelta(minutes=5)))
    assert _open(shop, "r2").state is CaseState.NEW
    with shop.write() as session:
        mention = session.exec(select(Mention).where(Mention.external_id == "r1")).one()
        assert cases.note_reply(session, mention, True, NOW) is None


def test_counts_name_every_state(shop: Database) -> None:
    _open(shop)
    with shop.read() as session:
        assert cases.counts(session) == {state: int(state is CaseState.NEW) for state in CaseState}
        assert cases.counts(session, brand_id=99) == dict.fromkeys(CaseState, 0)
