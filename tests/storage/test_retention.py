"""Old texts go, figures stay; who asks to be forgotten is."""

from datetime import timedelta

import pytest
from sqlmodel import select

from storage import retention
from storage.database import Database
from storage.mentions import StoreCounts
from storage.models import Mention, MentionVersion
from tests.storage.shop import NOW, record, set_up, store


@pytest.fixture(autouse=True)
def _world(database: Database) -> None:
    set_up(database)


def _words(database: Database) -> dict[str, tuple[str, str | None, str | None]]:
    query = select(Mention, MentionVersion.text).join(MentionVersion)
    with database.read() as session:
        return {
            mention.external_id: (text, mention.author_label, mention.url)
            for mention, text in session.exec(query)
        }


def test_pruning_blanks_what_is_older_and_keeps_the_rest(database: Database) -> None:
    store(database, record("old", published_at=NOW - timedelta(days=40)), record("new"))
    assert retention.prune(database, timedelta(days=30), NOW).done == 1
    words = _words(database)
    assert words["old"] == ("", None, None)
    assert words["new"][0] != ""


def test_pruning_goes_on_to_the_last_however_many_there_are(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "CHUNK", 2)
    old = NOW - timedelta(days=40)
    store(database, *(record(str(number), published_at=old) for number in range(5)))
    assert retention.prune(database, timedelta(days=30), NOW).done == 5
    assert {text for text, _, _ in _words(database).values()} == {""}
    assert retention.prune(database, timedelta(days=30), NOW).done == 0


def test_a_pruned_review_is_not_stored_again(database: Database) -> None:
    old = record("old", published_at=NOW - timedelta(days=40))
    store(database, old)
    retention.prune(database, timedelta(days=30), NOW)
    assert store(database, old) == StoreCounts(unchanged=1)
    assert _words(database)["old"][0] == ""


def test_pruning_twice_does_nothing_more(database: Database) -> None:
    store(database, record("old", published_at=NOW - timedelta(days=40)))
    retention.prune(database, timedelta(days=30), NOW)
    assert retention.prune(database, timedelta(days=30), NOW).done == 0


def test_an_erased_author_is_gone_and_stays_away(database: Database) -> None:
    store(database, record("mine"), record("other", author_id="klant-2", author_name="Bert"))
    assert retention.erase(database, "annelies", NOW).done == 1
    words = _words(database)
    assert words["mine"] == ("", None, None)
    assert words["other"][1] == "Bert"
    assert store(database, record("mine again")) == StoreCounts(erased=1)


def test_a_name_with_wildcards_erases_nobody_else(database: Database) -> None:
    store(database, record("mine"))
    assert retention.erase(database, "%", NOW).done == 0
    assert _words(database)["mine"][0] != ""
