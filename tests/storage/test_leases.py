"""One schedule per database."""

from datetime import timedelta

import pytest

from storage import leases
from storage.database import Database
from storage.leases import Holder
from storage.models import Lease
from tests.alerts.world import NOW

HERE, ELSEWHERE = Holder("hier", 1), Holder("elders", 2)


def acquire(database: Database, holder: Holder, seconds: float = 0, lives: bool = True) -> Lease | None:
    now = NOW + timedelta(seconds=seconds)
    with database.write() as session:
        return leases.acquire(session, "watch", holder, now, lives=lambda one: lives)


def test_a_free_lease_is_taken(database: Database) -> None:
    assert acquire(database, HERE) is None


def test_a_held_lease_is_refused_and_says_by_whom(database: Database) -> None:
    acquire(database, HERE)
    held = acquire(database, ELSEWHERE, seconds=29)
    assert held is not None
    assert held.holder == "hier:1"


def test_its_holder_renews_it(database: Database) -> None:
    acquire(database, HERE)
    assert acquire(database, HERE, seconds=20) is None
    assert acquire(database, ELSEWHERE, seconds=40) is not None


def test_a_lease_that_ran_out_is_free(database: Database) -> None:
    acquire(database, HERE)
    assert acquire(database, ELSEWHERE, seconds=30) is None


def test_a_lease_of_the_dead_is_free_at_once(database: Database) -> None:
    acquire(database, HERE)
    assert acquire(database, ELSEWHERE, seconds=1, lives=False) is None


def test_only_its_holder_gives_it_up(database: Database) -> None:
    acquire(database, HERE)
    with database.write() as session:
        leases.release(session, "watch", ELSEWHERE)
    assert acquire(database, ELSEWHERE, seconds=1) is not None


@pytest.mark.parametrize(
    ("holder", "lives"),
    [
        (leases.this_process(), True),
        (Holder(leases.this_process().host, 2**22 + 1), False),
        (Holder("elders", 2**22 + 1), True),
    ],
)
def test_only_a_process_of_this_machine_is_known_to_be_dead(holder: Holder, lives: bool) -> None:
    assert leases.alive(Holder.parse(str(holder))) is lives
