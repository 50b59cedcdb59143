"""Where a crawl goes on after one that was broken off."""

from typing import Any

import pytest
from sqlmodel import select

from storage import runs
from storage.database import Database
from storage.models import Health, Source
from storage.runs import Outcome
from tests.storage.shop import NOW, set_up


@pytest.fixture
def source_id(database: Database) -> int:
    set_up(database)
    with database.read() as session:
        return session.exec(select(Source.id)).first() or 0


def once_more(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    return before | {"again": [*before.get("again", []), after["page"]]}


def begin(database: Database, source_id: int) -> int:
    with database.write() as session:
        runs.take_up(session, source_id, once_more)
        return runs.start(session, source_id, NOW)


def state(database: Database, source_id: int) -> dict[str, Any]:
    with database.read() as session:
        return session.get_one(Source, source_id).state


def move(database: Database, source_id: int, **moved: Any) -> None:
    with database.write() as session:
        source = session.get_one(Source, source_id)
        source.state = source.state | moved
        session.add(source)


def end(database: Database, run_id: int, broken_off: bool = False) -> None:
    outcome = Outcome(Health.BROKEN if broken_off else Health.OK, None, {}, {}, broken_off=broken_off)
    database.transact(lambda session: runs.finish(session, run_id, outcome, NOW))


def test_a_crawl_goes_on_where_the_last_one_ended(database: Database, source_id: int) -> None:
    run_id = begin(database, source_id)
    move(database, source_id, page=3)
    end(database, run_id)
    begin(database, source_id)

    assert state(database, source_id) == {"page": 3}


@pytest.mark.parametrize("told", [True, False])
def test_after_one_that_was_broken_off_it_goes_back_to_where_that_one_began(
    database: Database, source_id: int, told: bool
) -> None:
    end(database, begin(database, source_id))
    move(database, source_id, page=3)
    for page in (4, 5):
        run_id = begin(database, source_id)
        move(database, source_id, page=page, more=page)
        if told:
            end(database, run_id, broken_off=True)
    last = begin(database, source_id)

    assert state(database, source_id) == {"page": 3, "again": [4, 5]}
    end(database, last)
    begin(database, source_id)
    assert state(database, source_id) == {"page": 3, "again": [4, 5]}
