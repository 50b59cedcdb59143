"""Which posts of a source may have to be looked up."""

from datetime import timedelta

import pytest

from storage import retention
from storage.database import Database
from storage.records import Status
from storage.sources import source_named
from storage.standing import standing
from tests.storage.shop import NOW, record, set_up, store

ADDRESS = "https://nieuws.example/{}"


@pytest.fixture(autouse=True)
def _world(database: Database) -> None:
    set_up(database)


def _standing(database: Database, source: str = "pagina", most: int = 10) -> list[str]:
    with database.read() as session:
        source_id = source_named(session, source).id or 0
        return [one.external_id for one in standing(session, source_id, NOW - timedelta(days=30), most)]


def test_those_that_can_be_read_the_newest_first_and_no_more_than_asked_for(database: Database) -> None:
    places = {"b": 2, "a": 1, "c": 3}
    store(
        database,
        *(
            record(key, url=ADDRESS.format(key), published_at=NOW - timedelta(days=days))
            for key, days in places.items()
        ),
    )

    assert _standing(database) == ["a", "b", "c"]
    assert _standing(database, most=2) == ["a", "b"]


def test_those_that_are_removed_old_or_without_an_address_are_left_out(database: Database) -> None:
    there = record("there", url=ADDRESS.format(1))
    removed = record("removed", url=ADDRESS.format(2), author_id="b")
    old = record("old", url=ADDRESS.format(3), published_at=NOW - timedelta(days=31))
    store(database, there, removed, old, record("nowhere", url=None, author_id="d"))
    store(database, removed.model_copy(update={"status": Status.REMOVED}))

    assert _standing(database) == ["there"]


def test_those_of_other_sources_and_those_that_are_forgotten_are_left_out(database: Database) -> None:
    store(
        database,
        record("mine", url=ADDRESS.format(1)),
        record("gone", url=ADDRESS.format(2), author_id="b", author_name="Bert"),
    )
    store(
        database,
        record(
            "theirs", namespace="feed:x", url=ADDRESS.format(3), text="Belpunt meldt winst", author_id="e"
        ),
        source="nieuws",
    )
    retention.erase(database, "Bert", NOW)

    assert _standing(database) == ["mine"]
    assert _standing(database, "nieuws") == ["theirs"]
