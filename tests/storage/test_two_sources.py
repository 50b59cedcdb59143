"""One platform read in two ways: every review is one mention, and the two do not edit each other."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from storage.configuration import Configuration
from storage.database import Database
from storage.mentions import StoreCounts
from storage.models import Mention, MentionVersion
from storage.records import Record, Reply, Status
from tests.storage.shop import CONFIGURATION, NOW, record, set_up, store

PAGE = "Drie keer thuisgebleven voor niets.\nNiemand belt terug…"
API = "Drie keer thuisgebleven voor niets.  Niemand belt terug..."
EDITED = "Drie keer thuisgebleven voor niets. Inmiddels is het opgelost."
UNCHANGED = StoreCounts(unchanged=1)
AT = NOW - timedelta(minutes=30)


@pytest.fixture(autouse=True)
def _world(database: Database) -> None:
    interface = CONFIGURATION.source[0].model_copy(update={"name": "interface", "kind": "trustpilot_api"})
    sources = (*CONFIGURATION.source, interface)
    set_up(database, Configuration.model_validate(CONFIGURATION.model_copy(update={"source": sources})))


def by_page(database: Database, text: str = PAGE, **changes: Any) -> StoreCounts:
    return store(database, record(text=text, **changes), source="pagina")


def by_interface(database: Database, text: str = API, **changes: Any) -> StoreCounts:
    return store(database, record(text=text, **changes), source="interface")


def texts(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.exec(select(MentionVersion.text).order_by(col(MentionVersion.number))))


def mention(database: Database) -> Mention:
    with database.read() as session:
        return session.exec(select(Mention)).one()


def test_a_review_seen_in_two_ways_is_one_mention_of_one_version(database: Database) -> None:
    assert by_page(database) == StoreCounts(new=1)
    for _ in range(3):
        assert by_interface(database) == UNCHANGED
        assert by_page(database) == UNCHANGED
    assert texts(database) == [PAGE]


def test_a_title_apart_or_as_a_first_line_is_no_edit(database: Database) -> None:
    by_page(database, title="Monteur kwam niet")
    assert by_interface(database, f"Monteur kwam niet\n{API}", title=None) == UNCHANGED
    assert by_interface(database, "Drie keer thuisgebleven…", title="Monteur kwam niet") == UNCHANGED


def test_a_page_that_lags_behind_takes_no_edit_back(database: Database) -> None:
    by_page(database)
    assert by_interface(database, EDITED).edited == 1
    assert by_page(database) == UNCHANGED
    assert by_page(database, EDITED) == UNCHANGED
    assert by_interface(database, EDITED) == UNCHANGED
    assert texts(database) == [PAGE, EDITED]


def test_a_later_edit_counts_whoever_shows_it_first(database: Database) -> None:
    by_page(database)
    by_interface(database, EDITED)
    assert by_page(database, f"{EDITED} Bedankt!").edited == 1
    assert by_interface(database, EDITED) == UNCHANGED
    assert len(texts(database)) == 3


def test_an_author_may_go_back_to_earlier_words(database: Database) -> None:
    by_page(database)
    by_page(database, EDITED)
    assert by_page(database).edited == 1
    assert texts(database) == [PAGE, EDITED, PAGE]


def test_another_rating_is_an_edit(database: Database) -> None:
    by_page(database, rating=1)
    assert by_interface(database, rating=5).edited == 1


def test_only_the_marks_of_an_edit_that_one_source_knows_stay(database: Database) -> None:
    by_page(database)
    by_interface(database, status=Status.EDITED)
    by_page(database)
    assert mention(database).status is Status.EDITED


def test_a_reply_written_in_two_ways_is_one_reply(database: Database) -> None:
    by_page(database, reply=Reply(text="Wat vervelend!\nWe bellen je."))
    assert by_interface(database, reply=Reply(text="Wat vervelend! We bellen je. ", at=AT)).replied == 1
    assert by_page(database, reply=Reply(text="Wat vervelend!\nWe bellen je.")) == UNCHANGED
    assert mention(database).reply_at == AT


def test_of_two_replies_the_last_counts(database: Database) -> None:
    last = Reply(text="Het is opgelost.", at=AT)
    by_page(database, reply=Reply(text="Wat vervelend!", at=AT - timedelta(minutes=9)))
    assert by_interface(database, reply=last).replied == 1
    assert by_page(database, reply=Reply(text="Wat vervelend!", at=AT - timedelta(minutes=9))) == UNCHANGED
    assert mention(database).reply_text == last.text


def test_two_sources_that_show_different_words_for_ever_make_no_endless_versions(database: Database) -> None:
    shown: list[Record] = [record(text="Slecht, heel slecht."), record(text="Bad, very bad.")]
    for _ in range(5):
        store(database, shown[0], source="pagina")
        store(database, shown[1], source="interface")
    assert len(texts(database)) == 2
