"""The database: migrations agree with the models, and what cannot be used is said plainly."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy.exc import IntegrityError

from storage import arrivals, clusters, evidence, listings, schema
from storage.database import Database, DatabaseError, Session
from storage.models import Incident, Severity
from tests.storage.shop import NOW, record, set_up, store


def test_the_migrations_make_what_the_models_say(database: Database) -> None:
    assert schema.differences(database) == []
    database.check()


def test_an_upgrade_keeps_what_an_earlier_version_stored(tmp_path: Path) -> None:
    with Database(f"sqlite:///{tmp_path}/old.db") as database:
        database.upgrade()
        set_up(database)
        store(database, record())
        before = _stored(database)
        assert len(before) == 1
        command.downgrade(schema.alembic(database), "0001")
        assert database.revision() == "0001"
        database.upgrade()
        assert schema.differences(database) == []
        assert _stored(database) == before


@pytest.mark.parametrize("namespace", ["phpbb:radar.example", "discourse:forum.example", "tweakers"])
def test_after_an_upgrade_no_post_of_a_topic_looks_edited(database: Database, namespace: str) -> None:
    set_up(database)
    post = record(namespace=namespace, title="Storing in Zwolle", of_topic=True)
    store(database, post, record("titled", author_id="b"))
    before = _hashes(database)
    command.downgrade(schema.alembic(database), "0003")
    old = _hashes(database)
    database.upgrade()

    assert [one == other for one, other in zip(before, old, strict=True)] == [False, True]
    assert _hashes(database) == before
    assert store(database, post).unchanged == 1


def _hashes(database: Database) -> list[str]:
    with database.read() as session:
        query = sa.text("SELECT content_hash FROM mention_version ORDER BY mention_id")
        return list(session.execute(query).scalars())


def _stored(database: Database) -> list[tuple[Any, ...]]:
    with database.read() as session:
        rows = session.execute(
            sa.text(
                "SELECT mention.id, external_id, published_precision, text "
                "FROM mention JOIN mention_version ON mention_id = mention.id"
            )
        )
        return [tuple(row) for row in rows]


def test_upgrading_twice_is_harmless(database: Database) -> None:
    assert database.upgrade() == database.upgrade() == database.revision()


def test_an_empty_database_asks_for_its_upgrade(tmp_path: Path) -> None:
    with Database(f"sqlite:///{tmp_path}/new.db") as fresh, pytest.raises(DatabaseError, match="db upgrade"):
        fresh.check()


def test_a_newer_database_is_left_alone(database: Database) -> None:
    with database.engine.execution_options(writes=True).begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseError, match="newer version"):
        database.check()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.db"
    path.write_bytes(b"this is not a database, whatever its name says" * 100)
    with Database(f"sqlite:///{path}") as broken, pytest.raises(DatabaseError, match=r"broken\.db"):
        broken.check()


def test_an_unsupported_address_is_refused_with_what_to_write() -> None:
    with pytest.raises(DatabaseError, match="write sqlite"):
        Database("mysql://localhost/x")


def test_a_password_is_never_part_of_the_name() -> None:
    database = Database("postgresql://radar:geheim@localhost/radar")
    assert "geheim" not in database.name
    database.close()


def test_a_failed_write_leaves_nothing_behind(database: Database) -> None:
    def fail(session: Session) -> None:
        session.execute(sa.text("INSERT INTO setting (name, value) VALUES ('a', 'b')"))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        database.transact(fail)
    with database.read() as session:
        assert session.execute(sa.text("SELECT count(*) FROM setting")).scalar_one() == 0


def test_a_key_has_at_most_one_open_incident(database: Database) -> None:
    def incident() -> Incident:
        return Incident(
            rule="negative_spike",
            key="negative_spike:1",
            severity=Severity.CRITICAL,
            started_at=NOW,
            opened_at=NOW,
            updated_at=NOW,
            last_true_at=NOW,
        )

    with database.write() as session:
        closed = incident()
        closed.resolved_at = NOW
        session.add_all([closed, incident()])
    with pytest.raises(IntegrityError):
        database.transact(lambda session: session.add(incident()))


def test_known_posts_are_found_by_the_index(tmp_path: Path) -> None:
    """SQLite looks for a list of pairs through the whole table, which every stored page would pay for."""
    with Database(f"sqlite:///{tmp_path}/new.db") as database:
        database.upgrade()
        sql = arrivals.KNOWN["sqlite"].statement.compile(database.engine)
        with database.engine.connect() as connection:
            found = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", ("a", '["1", "2"]'))
            plan = " ".join(map(str, found))
    assert "SCAN mention" not in plan
    assert "INDEX uq_mention" in plan or "INDEX sqlite_autoindex_mention" in plan


@pytest.mark.parametrize(
    ("ask", "indexes"),
    [
        (lambda session: evidence.still_to_judge(session, 1, NOW), {"ix_mention_judged_by_id"}),
        (lambda session: clusters.members(session, 1), {"ix_mention_cluster_id"}),
        (
            lambda session: listings.of_author(session, 1),
            {"ix_mention_author_key", "ix_mention_judged_by_id"},
        ),
    ],
    ids=["what waits for its verdict", "members of a cluster", "mentions of an author"],
)
def test_few_mentions_are_not_looked_for_among_all(
    tmp_path: Path, ask: Callable[[Session], object], indexes: set[str]
) -> None:
    with Database(f"sqlite:///{tmp_path}/new.db") as database:
        database.upgrade()
        set_up(database)
        store(database, record())
        plan = plan_of(database, ask)
    assert indexes <= set(re.findall(r"INDEX (\w+)", plan))
    assert "SCAN mention" not in plan


def plan_of(database: Database, ask: Callable[[Session], object]) -> str:
    """How SQLite finds what is asked for."""
    asked: list[tuple[str, Any]] = []

    def note(_: object, __: object, statement: str, values: Any, *___: object) -> None:
        asked.append((statement, values))

    with database.read() as session:
        sa.event.listen(database.engine, "before_cursor_execute", note)
        ask(session)
        sa.event.remove(database.engine, "before_cursor_execute", note)
        driver = session.connection()
        plans = [driver.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values) for sql, values in asked]
        return "\n".join(str(row) for plan in plans for row in plan)


def test_a_crawl_does_not_wait_for_the_disk_and_everybody_else_does(database: Database) -> None:
    asked = {"sqlite": "PRAGMA synchronous", "postgresql": "SHOW synchronous_commit"}[
        database.engine.dialect.name
    ]
    with (
        Database(database.engine.url.render_as_string(hide_password=False), lasting=False) as hasty,
        hasty.write() as session,
    ):
        assert session.execute(sa.text(asked)).scalar_one() in (1, "off")
    with database.read() as session:
        assert session.execute(sa.text(asked)).scalar_one() in (2, "on")


@pytest.mark.parametrize("column", ["kind", "status", "published_precision"])
def test_a_word_that_is_none_of_a_columns_own_is_refused(database: Database, column: str) -> None:
    set_up(database)
    store(database, record())
    mention = sa.table("mention", sa.column(column, sa.String))
    with pytest.raises(IntegrityError), database.write() as session:
        session.execute(sa.update(mention).values({column: "rubbish"}))
