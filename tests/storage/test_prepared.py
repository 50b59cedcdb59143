"""What goes straight to the driver: written and read as SQLAlchemy does, and tried again like everything else."""

import contextlib
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from storage.arrivals import KNOWN
from storage.database import Database
from storage.models import Mention, Setting, Source
from storage.prepared import Prepared, Question, table_of
from storage.records import Reply
from tests.storage.shop import NOW, record, set_up, store

_SETTING = table_of(Setting)
_ADD = Prepared(sa.insert(_SETTING).inline(), ["name", "value"])


def test_a_page_that_the_driver_refuses_is_stored_at_the_second_try(database: Database) -> None:
    """Two crawls may store the same post at the same moment: who comes second finds it there."""
    row = {"name": "somebody", "value": "was first"}
    tries: list[int] = []

    def work(connection: Connection) -> list[tuple[Any, ...]]:
        tries.append(len(tries))
        for _ in range(2 if len(tries) == 1 else 1):
            _ADD.run(connection, [row])
        return Question(sa.select(_SETTING.c.value)).ask(connection, {})

    assert database.transact_rows(work) == [("was first",)]
    assert len(tries) == 2


def test_what_the_driver_refuses_every_time_is_raised(database: Database) -> None:
    def work(connection: Connection) -> None:
        _ADD.run(connection, [{"name": "twice", "value": "a"}, {"name": "twice", "value": "b"}])

    with pytest.raises(Exception, match=r"(?i)unique"):
        database.transact_rows(work)
    with database.read() as session:
        assert session.execute(sa.select(_SETTING)).all() == []


def test_answers_are_those_of_sqlalchemy(database: Database) -> None:
    set_up(database)
    replied = record("r2", reply=Reply(text="Wat vervelend!", at=NOW.replace(microsecond=7)), likes=3)
    store(database, record("r1"), replied, state={"mark": ["é", None]})
    table, source = table_of(Mention), table_of(Source)
    everything = sa.select(table, source.c.state, source.c.active).join(
        source, table.c.source_id == source.c.id
    )
    wanted = everything.where(table.c.published_at <= sa.bindparam("until")).order_by(table.c.id)
    with database.write_rows() as connection:
        asked = {"until": datetime(2100, 1, 1, tzinfo=UTC)}
        plain = connection.execute(wanted, asked).all()
        found = Question(wanted).ask(connection, asked)
    assert found == [tuple(row) for row in plain]
    assert [list(map(type, row)) for row in found] == [list(map(type, row)) for row in plain]
    assert len(plain) == 2
    assert {row.reply_text for row in plain} == {None, "Wat vervelend!"}


def test_a_question_without_an_answer_gives_no_rows(database: Database) -> None:
    with database.write_rows() as connection:
        nobody = {"namespace": "trustpilot", "ids": ["r1"]}
        assert KNOWN[connection.dialect.name].ask(connection, nobody) == []


def test_one_question_is_asked_of_both_databases_in_turn(database: Database, tmp_path: Any) -> None:
    question = Question(sa.select(_SETTING.c.name).where(_SETTING.c.value == sa.bindparam("value")))
    with Database(f"sqlite:///{tmp_path}/other.db") as other:
        other.upgrade()
        for each in (database, other):
            with each.write_rows() as connection:
                _ADD.run(connection, [{"name": "here", "value": "wanted"}, {"name": "there", "value": "not"}])
                assert question.ask(connection, {"value": "wanted"}) == [("here",)]


def test_a_value_that_is_not_given_is_an_error_and_not_nothing(database: Database) -> None:
    question = Question(sa.select(_SETTING.c.name).where(_SETTING.c.value == sa.bindparam("value")))
    with database.write_rows() as connection, pytest.raises(KeyError, match="value"):
        question.ask(connection, {})


def test_what_the_driver_cannot_do_just_now_is_tried_again(database: Database) -> None:
    driver: Any = database.engine.dialect.loaded_dbapi
    faults = [driver.OperationalError("busy")]

    def work(connection: Connection) -> None:
        _ADD.run(connection, [{"name": "kept", "value": "a"}])
        if faults:
            raise faults.pop()

    database.transact_rows(work)
    assert database.transact_rows(_names) == [("kept",)]


def test_a_commit_that_fails_leaves_nothing_open(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    commit, faults = (
        database.engine.dialect.do_commit,
        [database.engine.dialect.loaded_dbapi.OperationalError],
    )

    def failing(connection: Any) -> None:
        if faults:
            raise faults.pop()("busy")
        commit(connection)

    monkeypatch.setattr(database.engine.dialect, "do_commit", failing)
    database.transact_rows(lambda rows: _ADD.run(rows, [{"name": "kept", "value": "a"}]))
    assert faults == []
    assert database.transact_rows(_names) == [("kept",)]


@pytest.mark.parametrize("within", [True, False])
def test_a_connection_that_broke_is_left_for_another(database: Database, within: bool) -> None:
    def broken(connection: Connection) -> None:
        _close(connection)
        raise RuntimeError

    for place in range(3):
        if within:
            with pytest.raises(Exception):  # noqa: B017 - the fault itself, or that it cannot be rolled back
                database.transact_rows(broken)
        elif database._kept is not None:
            _close(database._kept)
            with contextlib.suppress(Exception):
                database.transact_rows(_names)
        row = {"name": f"kept {place}", "value": "a"}
        database.transact_rows(lambda rows, row=row: _ADD.run(rows, [row]))
    assert database.transact_rows(_names) == [("kept 0",), ("kept 1",), ("kept 2",)]


def test_a_database_that_was_closed_opens_again(database: Database) -> None:
    database.transact_rows(_names)
    database.close()
    assert database.transact_rows(_names) == []


def _close(connection: Connection) -> None:
    driver: Any = connection.connection.dbapi_connection
    driver.close()


def _names(connection: Connection) -> list[tuple[Any, ...]]:
    return Question(sa.select(_SETTING.c.name).order_by(_SETTING.c.name)).ask(connection, {})
