"""What the rules look at."""

from datetime import datetime, timedelta

import pytest

from storage import buckets, evidence, incidents, usual
from storage.database import Database
from storage.evidence import EndedCrawl, Floors
from storage.incidents import Finding
from storage.mentions import hour_of
from storage.models import Health, Incident, Severity
from storage.records import Sentiment
from storage.sources import brand_named, source_named
from tests.alerts.world import NOW, World

HOUR = timedelta(hours=1)
FLOORS = Floors(followers=1000, engagement=10, views=100)


@pytest.fixture
def world(database: Database) -> World:
    world = World(database)
    for hour in range(40, -1, -1):
        world.crawled("pagina", NOW - hour * HOUR)
        world.crawled("berichten", NOW - hour * HOUR)
    return world


def brand(world: World) -> int:
    with world.database.read() as session:
        return brand_named(session, "Snelveld").id or 0


def open_spike(world: World, *mentions: int, started: datetime, ended: datetime | None = None) -> Incident:
    finding = Finding(
        "negative_spike", "negative_spike:1", Severity.ATTENTION, started, {}, brand(world), None, mentions
    )
    with world.database.write() as session:
        incident = incidents.begin(session, finding, NOW)
        if ended is not None:
            incidents.resolve(session, incident, ended)
    return incident


def history(world: World) -> dict[float, int]:
    """Complaints by hours before NOW's hour."""
    with world.database.write() as session:
        buckets.recompute(session)
    with world.database.read() as session:
        found = usual.history(session, brand(world), NOW - 24 * HOUR, NOW)
    return {(hour_of(NOW) - hour.start) / HOUR: hour.complaints for hour in found}


def test_history_begins_where_anything_is_known_and_ends_before_this_hour(world: World) -> None:
    world.post(NOW - 5 * HOUR, NOW - 2 * HOUR, NOW)
    assert history(world) == {5: 1, 4: 0, 3: 0, 2: 1, 1: 0}


def test_hours_inside_an_earlier_spike_are_not_ordinary(world: World) -> None:
    world.post(*(NOW - hour * HOUR for hour in range(1, 7)))
    open_spike(world, started=NOW - 4 * HOUR, ended=NOW - 3 * HOUR)
    assert sorted(history(world)) == [1, 2, 5, 6]


def test_hours_in_which_nobody_listened_are_not_ordinary(world: World) -> None:
    world.post(NOW + 1 * HOUR, NOW + 10 * HOUR)
    with world.database.write() as session:
        buckets.recompute(session)
    for name in ("pagina", "berichten"):
        world.crawled(name, NOW + 9 * HOUR)
        world.crawled(name, NOW + 10 * HOUR)
    with world.database.read() as session:
        found = usual.history(session, brand(world), NOW, NOW + 11 * HOUR)
    assert [(hour.start - hour_of(NOW)) / HOUR for hour in found] == [9, 10]


def test_complaints_are_negative_recent_and_no_history(world: World) -> None:
    wanted = world.post(NOW - HOUR)
    world.post(NOW - HOUR, sentiment=Sentiment.POSITIVE)
    world.post(NOW - 50 * HOUR, seen=NOW)
    world.remove(world.post(NOW - HOUR))
    with world.database.read() as session:
        found = evidence.complaints(session, brand(world), NOW - 2 * HOUR, NOW)
    assert [one.mention_id for one in found] == wanted


@pytest.mark.parametrize(
    "changes",
    [{"followers": 1000}, {"likes": 6, "shares": 4}, {"views": 100}, {"rating": 1}, {"escalation": True}],
)
def test_what_might_be_severe_is_notable_until_it_is_counted(
    world: World, changes: dict[str, object]
) -> None:
    [mention] = world.post(NOW - HOUR, **changes)  # type: ignore[arg-type]
    world.post(NOW - HOUR)

    def notable() -> list[int]:
        with world.database.read() as session:
            found = evidence.notable(session, brand(world), NOW - 24 * HOUR, FLOORS)
        return [one.mention_id for one in found]

    assert notable() == [mention]
    open_spike(world, mention, started=NOW)
    assert notable() == []


def test_the_ordinary_of_a_source_is_that_of_its_own_posts(world: World) -> None:
    world.post(NOW, followers=30, likes=2, rating=1)
    world.post(NOW, followers=10, shares=3, rating=4)
    world.post(NOW, source="berichten", namespace="mastodon", followers=99, rating=None, rating_max=None)
    with world.database.read() as session:
        found = evidence.ordinary(session, source_named(session, "pagina").id or 0)
    assert (found.followers, found.engagement, found.views) == ((10, 30), (2, 3), ())
    assert (found.rated, found.lowest) == (2, 1)


def test_an_incident_is_heard_of_when_each_of_its_sources_answered_since(world: World) -> None:
    incident = open_spike(world, *world.post(NOW), started=NOW)

    def heard() -> bool:
        with world.database.read() as session:
            return evidence.heard_since(session, incident.id or 0, NOW + HOUR)

    world.crawled("berichten", NOW + 2 * HOUR)
    world.crawled("pagina", NOW + 2 * HOUR, Health.BROKEN)
    assert not heard()
    world.crawled("pagina", NOW + 3 * HOUR)
    assert heard()


def test_a_watched_source_tells_its_last_crawls_newest_first(world: World) -> None:
    world.crawled("pagina", NOW + HOUR, Health.BLOCKED, cause="waf")
    with world.database.read() as session:
        [_, watched] = evidence.watched(session, 2)
    assert watched.last == (
        EndedCrawl(NOW + HOUR, Health.BLOCKED, {"cause": "waf"}),
        EndedCrawl(NOW, Health.OK, {}),
    )
    assert (watched.last_healthy, watched.first_crawl) == (NOW, NOW - 40 * HOUR)
