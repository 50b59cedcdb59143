"""One schedule per database."""

import threading
from concurrent.futures import ThreadPoolExecutor
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


def test_who_holds_a_lease_can_be_asked(database: Database) -> None:
    acquire(database, HERE)
    with database.read() as session:
        assert leases.holder_of(session, "watch", NOW, lives=lambda one: True) == HERE
        assert leases.holder_of(session, "watch", NOW, lives=lambda one: False) is None
        assert leases.holder_of(session, "watch", NOW + timedelta(minutes=1), lives=lambda one: True) is None
        assert leases.holder_of(session, "other", NOW) is None


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


def take(
    database: Database, *names: str, holder: Holder = HERE, seconds: float = 0, lives: bool = True
) -> bool:
    now = NOW + timedelta(seconds=seconds)
    with database.write() as session:
        return leases.take(session, names, holder, now, timedelta(minutes=10), lives=lambda one: lives)


def test_several_leases_are_taken_together_or_not_at_all(database: Database) -> None:
    assert take(database, "source a", "host x")
    assert not take(database, "source b", "host x", holder=ELSEWHERE)
    assert take(database, "source b", "host y", holder=ELSEWHERE)


def test_what_another_thread_of_this_process_holds_is_taken(database: Database) -> None:
    assert take(database, "host x")
    assert not take(database, "host x")


@pytest.mark.parametrize(("seconds", "lives"), [(600, True), (1, False)])
def test_leases_that_ran_out_or_of_the_dead_are_taken_over(
    database: Database, seconds: float, lives: bool
) -> None:
    take(database, "source a", "host x")
    assert take(database, "source a", "host x", holder=ELSEWHERE, seconds=seconds, lives=lives)


def test_what_is_handed_over_lives_with_its_new_holder(database: Database) -> None:
    take(database, "host x")
    with database.write() as session:
        leases.hand_over(session, ["host x"], HERE, ELSEWHERE)
        leases.release(session, "host x", HERE)
    assert not take(database, "host x", holder=HERE)
    with database.write() as session:
        leases.release(session, "host x", ELSEWHERE)
    assert take(database, "host x", holder=HERE)


def test_a_host_is_left_in_peace_for_a_while_by_everybody(database: Database) -> None:
    take(database, "host x")
    with database.write() as session:
        leases.release(session, "host x", HERE, NOW + timedelta(seconds=2))
    assert not take(database, "host x", seconds=1)
    assert take(database, "host x", seconds=2)


def test_only_what_lives_on_this_machine_is_counted_here(database: Database) -> None:
    take(database, "source a", holder=leases.this_process())
    take(database, "source b", holder=Holder(leases.this_process().host, 2**22 + 1))
    take(database, "source c", holder=ELSEWHERE)
    take(database, "host x", holder=leases.this_process())
    with database.write() as session:
        assert leases.held_here(session, "source ", NOW) == 1


def test_of_two_that_take_at_the_same_moment_one_has_it(database: Database) -> None:
    ready = threading.Barrier(6)

    def one(number: int) -> bool:
        ready.wait(30)
        return take(database, f"source {number}", "host x", holder=Holder("hier", number))

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(one, range(6))) == 1
