"""Whose turn it is: the most overdue first, never two of one host, never more at once than may be."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.turns import Turn, Turns, next_of

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PATIENCE_S = 30.0
HOSTS = tuple("abcdef")


def turn(name: str, hosts: str, due: int = 0, again: int | None = None) -> Turn:
    """Due so many minutes before now, on hosts of one letter."""
    return Turn(
        name,
        frozenset(hosts),
        NOW - timedelta(minutes=due),
        None if again is None else NOW + timedelta(minutes=again),
    )


def chosen(*waiting: Turn, busy: str = "") -> str | None:
    found = next_of(waiting, busy, NOW)
    return found.name if found else None


def test_the_most_overdue_source_goes_first() -> None:
    assert chosen(turn("one", "a", due=5), turn("two", "b", due=9), turn("three", "c", due=7)) == "two"


def test_a_busy_host_lets_the_next_one_pass() -> None:
    assert chosen(turn("one", "a", due=9), turn("two", "b", due=5), busy="a") == "two"


def test_a_source_of_several_hosts_waits_for_all_and_keeps_them_from_who_came_later() -> None:
    several, later = turn("several", "ab", due=9), turn("later", "b", due=5)
    assert chosen(several, later, busy="a") is None
    assert chosen(several, later) == "several"


def test_a_source_that_was_busy_elsewhere_keeps_its_place() -> None:
    assert chosen(turn("one", "a", due=9, again=1), turn("two", "a", due=5), turn("three", "b")) == "three"
    assert chosen(turn("one", "a", due=9, again=0), turn("two", "a", due=5)) == "one"


def test_a_source_without_a_host_waits_for_none() -> None:
    assert chosen(turn("file", ""), busy="abc") == "file"


turns = st.builds(
    Turn,
    st.uuids().map(str),
    st.frozensets(st.sampled_from(HOSTS), max_size=3),
    st.integers(0, 5).map(lambda minutes: NOW - timedelta(minutes=minutes)),
    st.sampled_from((None, NOW, NOW + timedelta(minutes=1))),
)


@given(st.lists(turns, max_size=8), st.frozensets(st.sampled_from(HOSTS)))
def test_nobody_is_passed_over_whose_turn_it_is(waiting: list[Turn], busy: frozenset[str]) -> None:
    found = next_of(waiting, busy, NOW)
    first = min(waiting, key=lambda one: one.due, default=None)
    free = first is not None and busy.isdisjoint(first.hosts) and first.again != NOW + timedelta(minutes=1)
    if free:
        assert found is first
    if found is not None:
        assert busy.isdisjoint(found.hosts)
        earlier = [one for one in waiting if one.due < found.due]
        assert all(one.hosts.isdisjoint(found.hosts) for one in earlier)


@dataclass
class World:
    """Sources that note who else is crawled at the same time."""

    hosts: dict[str, frozenset[str]]
    running: list[str] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)
    most: int = 0
    together: set[str] = field(default_factory=set)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def crawl(self, name: str, until: Callable[[], bool] = lambda: True) -> bool:
        with self.changed:
            asked = {host for other in self.running for host in self.hosts[other]}
            self.together |= asked & self.hosts[name]
            self.running.append(name)
            self.begun.append(name)
            self.most = max(self.most, len(self.running))
            self.changed.notify_all()
            assert self.changed.wait_for(until, PATIENCE_S)
            self.running.remove(name)
            self.changed.notify_all()
        return True


def put(waiting: Turns, hosts: dict[str, frozenset[str]]) -> None:
    """All of them, the first named the most overdue."""
    for place, (name, asked) in enumerate(hosts.items()):
        waiting.put(Turn(name, asked, NOW + timedelta(seconds=place)))


def test_two_hundred_sources_all_get_their_turn_four_at_once_and_one_to_a_host() -> None:
    hosts = {f"source-{number}": frozenset({f"host-{number % 50}"}) for number in range(200)}
    world, waiting = World(hosts), Turns(at_once=4)
    put(waiting, hosts)

    def crawl(name: str) -> bool:
        # Until four are at it: all but the last ones find three others beside them.
        return world.crawl(name, lambda: world.most == 4 or len(world.begun) == len(hosts))

    waiting.run(crawl, threading.Event())

    assert (world.most, world.together) == (4, set())
    assert sorted(world.begun) == sorted(hosts)


def test_with_one_at_a_time_the_most_overdue_of_all_goes_first() -> None:
    hosts = {f"source-{number}": frozenset({f"host-{number % 3}"}) for number in range(30)}
    world, waiting = World(hosts), Turns(at_once=1)
    put(waiting, dict(reversed(hosts.items())))
    waiting.run(world.crawl, threading.Event())

    assert world.begun == list(reversed(hosts))


def test_a_slow_host_keeps_only_its_own_sources_waiting() -> None:
    slow = {f"slow-{number}": frozenset({"slow"}) for number in range(20)}
    quick = {f"quick-{number}": frozenset({f"host-{number % 5}"}) for number in range(40)}
    world, waiting = World(slow | quick), Turns(at_once=2)
    put(waiting, slow | quick)

    def crawl(name: str) -> bool:
        # The slow host answers when all the others are done.
        return world.crawl(name, lambda: name in quick or set(quick) <= set(world.begun))

    waiting.run(crawl, threading.Event())

    assert world.begun[0] == "slow-0"
    assert world.begun[1:41] == list(quick)
    assert world.begun[41:] == list(slow)[1:]


def test_what_is_busy_elsewhere_is_tried_again() -> None:
    tried: list[str] = []

    def crawl(name: str) -> bool:
        tried.append(name)
        return tried.count("one") > 2

    waiting = Turns(at_once=1)
    put(waiting, {"one": frozenset("a")})
    waiting.run(crawl, threading.Event())

    assert tried == ["one", "one", "one"]


def test_who_waits_or_is_crawled_already_is_not_taken_twice() -> None:
    hosts = {"one": frozenset("a")}
    world, waiting = World(hosts), Turns(at_once=2)
    put(waiting, hosts)
    put(waiting, hosts)

    def crawl(name: str) -> bool:
        put(waiting, hosts)
        return world.crawl(name)

    waiting.run(crawl, threading.Event())

    assert world.begun == ["one"]


def test_a_host_is_left_in_peace_after_a_crawl_and_others_go_first() -> None:
    moments: list[tuple[str, float]] = []

    def crawl(name: str) -> bool:
        moments.append((name, time.monotonic()))
        return True

    waiting = Turns(at_once=1, peace=timedelta(seconds=0.4))
    put(waiting, {"one": frozenset("a"), "two": frozenset("a"), "three": frozenset("b")})
    waiting.run(crawl, threading.Event())

    assert [name for name, _ in moments] == ["one", "three", "two"]
    assert moments[2][1] - moments[0][1] >= 0.4


def test_waiting_holds_no_thread() -> None:
    hosts = {f"source-{number}": frozenset({"host"}) for number in range(100)}
    world, waiting = World(hosts), Turns(at_once=4)
    put(waiting, hosts)
    before = threading.active_count()
    most: list[int] = []

    def crawl(name: str) -> bool:
        most.append(threading.active_count() - before)
        return world.crawl(name)

    waiting.run(crawl, threading.Event())

    # One that ends may still be there when the next begins.
    assert max(most) <= 2


def test_when_told_to_stop_nobody_new_begins_and_who_was_begun_ends() -> None:
    hosts = {f"source-{number}": frozenset({f"host-{number}"}) for number in range(9)}
    world, waiting, stop = World(hosts), Turns(at_once=2), threading.Event()
    put(waiting, hosts)

    def crawl(name: str) -> bool:
        stop.set()
        return world.crawl(name, lambda: len(world.begun) == 2)

    told: list[str] = []
    waiting.run(crawl, stop, on_end=told.append)

    assert sorted(world.begun) == sorted(told) == ["source-0", "source-1"]


def test_a_lasting_queue_takes_what_comes_later() -> None:
    world = World({"one": frozenset("a"), "two": frozenset("a")})
    waiting, stop = Turns(at_once=1), threading.Event()
    thread = threading.Thread(target=waiting.run, args=(world.crawl, stop), kwargs={"lasting": True})
    thread.start()
    for name in world.hosts:
        waiting.put(Turn(name, world.hosts[name], NOW))
        with world.changed:
            assert world.changed.wait_for(lambda name=name: name in world.begun, PATIENCE_S)  # type: ignore[misc]
    stop.set()
    thread.join(PATIENCE_S)

    assert not thread.is_alive()
    assert world.begun == ["one", "two"]


def test_what_goes_wrong_with_telling_ends_the_others() -> None:
    hosts = {"one": frozenset("a"), "two": frozenset("b")}
    world, waiting, stop = World(hosts), Turns(at_once=2), threading.Event()
    put(waiting, hosts)

    def tell(name: str) -> None:
        raise KeyboardInterrupt

    def crawl(name: str) -> bool:
        return world.crawl(name, lambda: name == "one" or stop.is_set())

    def free() -> None:
        stop.wait(PATIENCE_S)
        with world.changed:
            world.changed.notify_all()

    threading.Thread(target=free, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        waiting.run(crawl, stop, on_end=tell)

    assert stop.is_set()
    assert world.running == []
