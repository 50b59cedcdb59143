"""The outbox: each thing told by one process, and kept until it was told."""

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from storage import deliveries
from storage.database import Database
from storage.deliveries import Wanted
from storage.leases import Holder, this_process
from storage.models import Delivery, DeliveryForm, DeliveryState, Incident, Severity
from tests.alerts.world import NOW, World

HERE, ELSEWHERE = this_process(), Holder("elders", 7)
SECOND = timedelta(seconds=1)


@pytest.fixture
def world(database: Database) -> World:
    world = World(database)
    with database.write() as session:
        session.add(incident("negative_spike:1"))
    return world


def incident(key: str) -> Incident:
    return Incident(
        rule="negative_spike",
        key=key,
        severity=Severity.ATTENTION,
        started_at=NOW,
        opened_at=NOW,
        updated_at=NOW,
        last_true_at=NOW,
    )


def queue(world: World, form: DeliveryForm = DeliveryForm.POST, at: datetime = NOW) -> int:
    wanted = Wanted(1, "slack", "#reputatie", form, "first", {})
    with world.database.write() as session:
        return deliveries.queue(session, wanted, at).id or 0


def claim(world: World, at: datetime = NOW, holder: Holder = HERE) -> Delivery | None:
    return world.database.transact(lambda session: deliveries.claim(session, "slack", holder, at))


def states(world: World) -> list[DeliveryState]:
    return [one.state for one in world.all(Delivery)]


def test_an_incident_has_one_post_a_channel_whatever_happens(world: World) -> None:
    queue(world)
    with pytest.raises(IntegrityError):
        queue(world)
    queue(world, DeliveryForm.REPLY)
    assert len(states(world)) == 2


def test_what_is_claimed_is_not_claimed_again(world: World) -> None:
    queue(world)
    assert claim(world) is not None
    assert claim(world, NOW + 30 * SECOND, ELSEWHERE) is None


def test_of_many_that_try_at_once_one_gets_it(world: World) -> None:
    queue(world)
    got: list[Delivery | None] = []
    together = threading.Barrier(4)

    def attempt() -> None:
        together.wait()
        got.append(claim(world))

    threads = [threading.Thread(target=attempt) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(one is not None for one in got) == 1


def test_a_channel_is_spoken_to_once_a_second(world: World) -> None:
    queue(world)
    queue(world, DeliveryForm.REPLY)
    assert claim(world) is not None
    assert claim(world, NOW + SECOND / 2) is None
    assert claim(world, NOW + SECOND) is not None


def test_a_claim_that_never_came_back_is_taken_back_after_a_minute(world: World) -> None:
    queue(world)
    claim(world, holder=ELSEWHERE)
    assert claim(world, NOW + 59 * SECOND) is None
    assert claim(world, NOW + 61 * SECOND) is not None


def test_a_claim_of_a_dead_process_of_this_machine_is_taken_back_at_once(world: World) -> None:
    queue(world)
    claim(world, holder=Holder(HERE.host, 2**22 + 1))
    again = claim(world, NOW + 2 * SECOND)
    assert again is not None
    assert again.attempts == 2


def test_who_lost_the_claim_cannot_mark_it(world: World) -> None:
    queue(world)
    slow = claim(world, holder=ELSEWHERE)
    fast = claim(world, NOW + 61 * SECOND)
    assert slow is not None
    assert fast is not None
    with world.database.write() as session:
        assert not deliveries.postpone(session, slow, "te laat", NOW)
        assert deliveries.sent(session, fast, facts={}, payload={}, receipt={"ts": "1"}, now=NOW)
    assert states(world) == [DeliveryState.SENT]


def test_what_was_put_off_waits_until_it_is_due(world: World) -> None:
    queue(world)
    taken = claim(world)
    assert taken is not None
    with world.database.write() as session:
        deliveries.postpone(session, taken, "status 500", NOW + 60 * SECOND)
    with world.database.read() as session:
        assert not deliveries.due(session, "slack", NOW + 59 * SECOND)
        assert deliveries.due(session, "slack", NOW + 60 * SECOND)


def test_a_channel_that_wants_rest_gets_it_for_everything(world: World) -> None:
    queue(world)
    queue(world, DeliveryForm.REPLY)
    with world.database.write() as session:
        deliveries.hold_back(session, "slack", NOW + 60 * SECOND)
    assert [one.due_at for one in world.all(Delivery)] == [NOW + 60 * SECOND] * 2


def test_what_was_given_up_comes_back_when_asked(world: World) -> None:
    number = queue(world)
    taken = claim(world)
    assert taken is not None
    with world.database.write() as session:
        assert deliveries.give_up(session, taken, "invalid_auth")
    assert states(world) == [DeliveryState.FAILED]
    with world.database.write() as session:
        assert deliveries.retry(session, number, NOW + 60 * SECOND)
        assert not deliveries.retry(session, number, NOW + 60 * SECOND)
    assert claim(world, NOW + 61 * SECOND) is not None
