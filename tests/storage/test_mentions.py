"""A post is stored once; what changes about it is kept."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from storage import export, listings, runs, sources
from storage.database import Database
from storage.mentions import StoreCounts
from storage.models import Health, Mention, MentionVersion, TouchedHour
from storage.records import Reply, Status
from tests.storage.shop import NOW, record, set_up, store


@pytest.fixture(autouse=True)
def _world(database: Database) -> None:
    set_up(database)


def _only(database: Database) -> Mention:
    with database.read() as session:
        return session.exec(select(Mention)).one()


def _texts(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.exec(select(MentionVersion.text).order_by(MentionVersion.number)))


def test_a_repeated_review_is_stored_once(database: Database) -> None:
    assert store(database, record()) == StoreCounts(new=1)
    assert store(database, record()) == StoreCounts(unchanged=1)
    assert _texts(database) == ["Drie keer thuisgebleven voor niets."]


def test_a_review_twice_on_one_page_is_stored_once(database: Database) -> None:
    assert store(database, record(), record()) == StoreCounts(new=1, unchanged=1)


def test_an_edit_becomes_a_second_version_that_must_be_judged_again(database: Database) -> None:
    store(database, record())
    with database.write() as session:
        session.exec(select(Mention)).one().judged_by = "model"
    counts = store(database, record(text="Toch nog opgelost!", rating=4))
    assert counts.edited == 1
    mention = _only(database)
    assert (mention.version, mention.status, mention.judged_by) == (2, Status.EDITED, None)
    assert _texts(database) == ["Drie keer thuisgebleven voor niets.", "Toch nog opgelost!"]


@pytest.mark.parametrize(
    ("told", "kept"),
    [(NOW - timedelta(minutes=9), NOW - timedelta(minutes=9)), (NOW + timedelta(days=9), NOW), (None, None)],
)
def test_the_time_of_an_edit_is_kept_as_the_source_tells_it(
    database: Database, told: datetime | None, kept: datetime | None
) -> None:
    store(database, record())
    store(database, record(text="Toch nog opgelost!", updated_at=told))
    with database.read() as session:
        version = session.exec(select(MentionVersion).where(MentionVersion.number == 2)).one()

    assert (version.edited_at, version.said_at) == (kept, kept or NOW)


def test_a_late_reply_is_kept_with_its_own_time(database: Database) -> None:
    store(database, record())
    at = NOW + timedelta(hours=3)
    counts = store(database, record(reply=Reply(text="Wat vervelend!", at=at)), now=NOW + timedelta(days=1))
    assert counts.replied == 1
    mention = _only(database)
    assert (mention.reply_text, mention.reply_at) == ("Wat vervelend!", at)
    assert mention.version == 1


def test_a_reply_without_time_is_not_new_every_crawl(database: Database) -> None:
    answered = record(reply=Reply(text="Wat vervelend!"))
    assert store(database, answered).replied == 1
    assert store(database, answered) == StoreCounts(unchanged=1)


def test_new_counters_do_not_make_an_edit_and_absent_ones_do_not_erase(database: Database) -> None:
    store(database, record(likes=3))
    store(database, record(likes=8, shares=1))
    store(database, record())
    mention = _only(database)
    assert (mention.likes, mention.shares, mention.version) == (8, 1, 1)


def test_a_removed_review_is_marked_and_may_come_back(database: Database) -> None:
    store(database, record())
    assert store(database, record(status=Status.REMOVED)).removed == 1
    assert _only(database).status is Status.REMOVED
    assert store(database, record(status=Status.REMOVED)) == StoreCounts(unchanged=1)
    store(database, record())
    assert _only(database).status is Status.VISIBLE


def test_a_general_source_stores_only_what_names_a_brand(database: Database) -> None:
    counts = store(
        database,
        record("a", namespace="feed:x", title="Storing bij Snelveld", text=""),
        record("b", namespace="feed:x", title="Storing bij een ander", text=""),
        source="nieuws",
    )
    assert (counts.new, counts.unmatched) == (1, 1)


def test_one_post_seen_by_two_sources_of_a_brand_is_one_mention(database: Database) -> None:
    store(database, record(text="Snelveld ligt eruit"))
    counts = store(database, record(text="Snelveld ligt eruit"), source="nieuws")
    assert counts == StoreCounts(unchanged=1)


def test_another_source_tells_that_a_post_is_gone_or_names_the_brand_no_more(database: Database) -> None:
    shown = record(text="Snelveld ligt eruit")
    store(database, shown)
    edit = record(text="Weer opgelost", title=None)
    gone = record(text="weg", title=None, rating=None, status="removed")

    assert store(database, edit, source="nieuws") == StoreCounts(edited=1)
    assert store(database, gone, source="nieuws") == StoreCounts(removed=1)


def test_what_came_before_the_first_whole_crawl_is_history(database: Database) -> None:
    store(database, record("old"))
    with database.write() as session:
        source = sources.source_named(session, "pagina")
        assert source.id is not None
        run = runs.start(session, source.id, NOW)
        runs.finish(session, run, runs.Outcome(Health.OK, None, {"new": 1}, {}), NOW)
    later = NOW + timedelta(minutes=10)
    store(database, record("late", published_at=NOW - timedelta(days=2)), now=later)
    store(database, record("held back", published_at=NOW - timedelta(minutes=5)), now=later)
    store(database, record("fresh", published_at=later), now=later)
    midnight = NOW.replace(hour=0, minute=0)
    store(database, record("that day, in Dutch time", published_at=midnight - timedelta(hours=1)), now=later)
    store(database, record("that day, in UTC", published_at=midnight), now=later)
    store(database, record("the day before", published_at=midnight - timedelta(hours=25)), now=later)
    with database.read() as session:
        historic = {mention.external_id: mention.historic for mention in session.exec(select(Mention))}
    assert {name for name, is_past in historic.items() if is_past} == {"old", "late", "the day before"}


def test_what_is_stored_at_a_moment_is_found_from_that_moment_on(database: Database) -> None:
    store(database, record(published_at=NOW))
    with database.read() as session:
        assert session.exec(select(Mention).where(Mention.published_at == NOW)).one().published_at == NOW


def test_a_time_in_the_future_is_taken_as_now(database: Database) -> None:
    store(database, record(published_at=NOW + timedelta(days=400)))
    assert _only(database).published_at == NOW


def test_a_missing_time_is_first_sight_and_marked(database: Database) -> None:
    store(database, record(published_at=None))
    mention = _only(database)
    assert (mention.published_at, mention.published_known) == (NOW, False)


@pytest.mark.parametrize(
    ("told", "exported", "kept"),
    [
        ({"published_precision": "month"}, "month", "month"),
        ({"published_at": None}, None, "minute"),
        ({"published_at": None, "published_precision": "year"}, None, "minute"),
    ],
)
def test_how_coarsely_a_time_is_told_is_kept(
    database: Database, told: dict[str, Any], exported: str | None, kept: str
) -> None:
    store(database, record(**told))
    with database.read() as session:
        (line,) = export.mentions(session)
        row = listings.mention(session, 1)
    assert row is not None
    assert line["published_precision"] == exported
    assert row.published_precision == kept


def test_every_change_asks_for_its_hour_to_be_counted_again(database: Database) -> None:
    store(database, record())
    with database.write() as session:
        hour = session.exec(select(TouchedHour)).one()
        assert hour.hour == NOW.replace(hour=11, minute=0)
        session.delete(hour)
    store(database, record())
    with database.read() as session:
        assert session.exec(select(TouchedHour)).all() == []
    store(database, record(text="Aangepast"))
    with database.read() as session:
        assert len(session.exec(select(TouchedHour)).all()) == 1


def test_the_state_is_stored_with_the_records_or_not_at_all(database: Database) -> None:
    store(database, record(), state={"newest": "r1"})
    with pytest.raises(AttributeError):
        store(database, record("r2"), None, state={"newest": "r2"})  # type: ignore[arg-type]
    with database.read() as session:
        assert sources.source_named(session, "pagina").state == {"newest": "r1"}
        assert len(session.exec(select(Mention)).all()) == 1


def test_two_writers_at_once_store_each_post_once(database: Database) -> None:
    pages = [[record(str(number)) for number in range(start, start + 20)] for start in (0, 10, 0, 10)]
    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(lambda page: store(database, *page), pages))
    assert sum(count.new for count in counts) == 30


def test_an_exported_line_has_all_that_others_rely_on(database: Database) -> None:
    store(database, record(reply=Reply(text="Sorry!", at=NOW)))
    with database.read() as session:
        (line,) = export.mentions(session)
    assert {key: line[key] for key in ("source", "kind", "external_id", "brand", "published_at")} == {
        "source": "pagina",
        "kind": "trustpilot_web",
        "external_id": "r1",
        "brand": "Snelveld",
        "published_at": "2026-11-20T11:30:00Z",
    }
    assert line["reply"] == {"text": "Sorry!", "at": "2026-11-20T12:30:00Z"}
    assert line["published_precision"] == "minute"
    assert (line["rating"], line["rating_max"], line["status"], line["sentiment"]) == (1, 5, "visible", None)


def test_export_since_leaves_out_what_is_older(database: Database) -> None:
    store(database, record("old", published_at=NOW - timedelta(days=3)), record("new"))
    with database.read() as session:
        lines = list(export.mentions(session, since=NOW - timedelta(days=1)))
    assert [line["external_id"] for line in lines] == ["new"]
