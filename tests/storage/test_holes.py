"""Hours in which nobody listened."""

from datetime import timedelta

import pytest

from storage import holes
from storage.database import Database
from storage.holes import Hole
from storage.mentions import hour_of
from storage.models import Health
from storage.sources import source_named
from tests.alerts.world import NOW, World

HOUR = timedelta(hours=1)
START = hour_of(NOW) - 12 * HOUR


@pytest.fixture
def world(database: Database) -> World:
    return World(database)


def found(world: World, name: str = "pagina") -> list[tuple[float, float]]:
    """Holes as hours since START."""
    with world.database.read() as session:
        source = source_named(session, name)
        some = holes.holes(session, [source], START, START + 12 * HOUR)
    return [((one.since - START) / HOUR, (one.until - START) / HOUR) for one in some]


def crawl(world: World, *hours: float, health: Health = Health.OK) -> None:
    for hour in hours:
        world.crawled("pagina", START + hour * HOUR, health)


def test_a_source_that_answers_every_hour_has_no_hole(world: World) -> None:
    crawl(world, *range(-1, 12))
    assert found(world) == []


def test_hours_of_failed_crawls_are_a_hole(world: World) -> None:
    crawl(world, -1, 0, 1, 6, 7, 8, 9, 10, 11)
    crawl(world, 2, 3, 4, 5, health=Health.BLOCKED)
    assert found(world) == [(2, 6)]


def test_hours_without_any_crawl_are_a_hole(world: World) -> None:
    crawl(world, -1, 0, 1, 2, 3)
    assert found(world) == [(4, 12)]


def test_before_its_first_crawl_a_source_has_no_hole(world: World) -> None:
    crawl(world, *range(5, 12))
    assert found(world) == []


def test_a_source_that_never_worked_is_a_hole_since_its_first_crawl(world: World) -> None:
    crawl(world, 4, 5, 6, health=Health.BROKEN)
    assert found(world) == [(4, 12)]


def test_an_hour_is_deaf_when_no_source_was_heard(world: World) -> None:
    with world.database.read() as session:
        both = [source_named(session, name) for name in ("pagina", "berichten")]
    first, second = (source.id or 0 for source in both)
    some = [Hole(first, START, START + 3 * HOUR), Hole(second, START + 2 * HOUR, START + 5 * HOUR)]
    assert holes.deaf_hours(some, both) == {START + 2 * HOUR}
