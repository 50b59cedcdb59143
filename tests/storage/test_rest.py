"""How long a source is left alone, when it is due, and what is usual of it."""

from datetime import UTC, datetime, timedelta

import pytest

from storage import runs
from storage.database import Database
from storage.models import Health, Source
from storage.runs import Outcome

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
REFUSED = Outcome(Health.BLOCKED, "refused", {}, {}, rest=HOUR)
WELL = Outcome(Health.OK, None, {}, {"pages": 2})
BROKEN = Outcome(Health.BROKEN, "the site cannot be reached", {}, {})


@pytest.fixture
def source_id(database: Database) -> int:
    def made(session: object) -> int:
        source = Source(name="reviews", kind="feed", every_seconds=1800, key_mark="a1b2")
        session.add(source)  # type: ignore[attr-defined]
        session.flush()  # type: ignore[attr-defined]
        return source.id or 0

    return database.transact(made)


def crawled(database: Database, source_id: int, *outcomes: Outcome, at: datetime = NOW) -> Source:
    """The source after crawls that ended so, a minute apart."""
    with database.write() as session:
        for place, outcome in enumerate(outcomes):
            moment = at + timedelta(minutes=place)
            runs.finish(session, runs.start(session, source_id, moment), outcome, moment)
    with database.read() as session:
        return session.get_one(Source, source_id)


@pytest.mark.parametrize(("refusals", "hours"), [(1, 2), (2, 4), (3, 8), (4, 16), (5, 24), (1000, 24)])
def test_each_refusal_doubles_the_rest_up_to_a_day(refusals: int, hours: int) -> None:
    assert runs.rest(2 * HOUR, refusals, 0.0) == hours * HOUR
    assert runs.rest(2 * HOUR, refusals, 1.0) == hours * HOUR * 1.1


def test_a_refusal_is_waited_out_and_counted(database: Database, source_id: int) -> None:
    source = crawled(database, source_id, REFUSED, REFUSED)

    assert source.refusals == 2
    assert source.blocked_until is not None
    assert 2 * HOUR <= source.blocked_until - (NOW + timedelta(minutes=1)) <= 2 * HOUR * 1.1


def test_the_time_that_the_site_asks_for_goes_before_our_own(database: Database, source_id: int) -> None:
    asked = Outcome(Health.BLOCKED, None, {}, {}, retry_after=timedelta(days=3), rest=HOUR)
    assert crawled(database, source_id, asked).blocked_until == NOW + timedelta(days=3)


@pytest.mark.parametrize("health", [Health.OK, Health.SUSPICIOUS, Health.EMPTY])
def test_an_answer_ends_the_waiting(database: Database, source_id: int, health: Health) -> None:
    source = crawled(database, source_id, REFUSED, REFUSED, Outcome(health, None, {}, {}))
    assert (source.refusals, source.blocked_until) == (0, None)


def test_a_fault_that_is_no_refusal_leaves_the_waiting_as_it_was(database: Database, source_id: int) -> None:
    before = crawled(database, source_id, REFUSED)
    after = crawled(database, source_id, BROKEN, at=NOW + HOUR)

    assert (after.refusals, after.blocked_until) == (1, before.blocked_until)


def test_a_fault_of_a_site_that_says_when_to_come_back_is_waited_out(
    database: Database, source_id: int
) -> None:
    later = Outcome(Health.BROKEN, None, {}, {}, retry_after=HOUR)
    source = crawled(database, source_id, later)

    assert (source.refusals, source.blocked_until) == (0, NOW + HOUR)


@pytest.mark.parametrize(("mark", "forgiven"), [("a1b2", False), ("c3d4", True)])
def test_whoever_comes_with_another_key_may_ask_at_once(
    database: Database, source_id: int, mark: str, forgiven: bool
) -> None:
    crawled(database, source_id, REFUSED)
    with database.write() as session:
        runs.let_in(session, session.get_one(Source, source_id), mark)
    with database.read() as session:
        source = session.get_one(Source, source_id)

    assert (source.blocked_until is None, source.refusals == 0, source.key_mark) == (forgiven, forgiven, mark)


@pytest.mark.parametrize(
    ("began", "until", "due"),
    [
        (NOW - HOUR, None, NOW + HOUR),
        (NOW - HOUR, NOW, NOW + HOUR),
        (NOW - HOUR, NOW + 3 * HOUR, NOW + 3 * HOUR),
        (NOW - 5 * HOUR, None, NOW - 3 * HOUR),
    ],
)
def test_a_source_is_due_an_interval_after_its_last_crawl_and_not_before_it_may_be_asked(
    began: datetime, until: datetime | None, due: datetime
) -> None:
    assert runs.next_due(began, 2 * HOUR, until) == due


def test_what_is_usual_is_learned_from_crawls_that_went_well_with_this_configuration(
    database: Database, source_id: int
) -> None:
    crawled(database, source_id, WELL, BROKEN, WELL, Outcome(Health.SUSPICIOUS, None, {}, {}), WELL)
    with database.read() as session:
        source = session.get_one(Source, source_id)
        known = runs.history(session, source, NOW - HOUR)
        lately = runs.history(session, source, NOW + timedelta(minutes=2))
        source.baseline_at = None
        changed = runs.history(session, source, NOW - HOUR)

    minutes = [(one.at - NOW) / timedelta(minutes=1) for one in known]
    assert (minutes, len(lately), changed) == ([4, 2, 0], 2, [])
    assert known[0].figures == {"pages": 2}
