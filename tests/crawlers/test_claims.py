"""One crawl of a source and one of a host at a time, whichever process of the database begins it."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
from sqlmodel import col, select

from crawlers import claims
from crawlers.claims import Claim
from crawlers.run import attempt, crawl_all
from demo.replica import Fault, Kind, Replica
from storage.configuration import Configuration, CrawlSettings, SourceSettings
from storage.database import Database
from storage.models import CrawlRun, Health
from tests.crawlers.complaints import posts
from tests.crawlers.conftest import configured, crawl, known

LIMITS = CrawlSettings(delay=timedelta(0), timeout=timedelta(minutes=1), at_once=4)
OTHER = """
import sys
from storage.database import Database
from tests.crawlers.conftest import configured, crawl
from demo.replica import Kind
crawl(Database(sys.argv[1]), configured(sys.argv[2], Kind.FEED, Kind.APPLE, timeout=300), "feed")
"""


def feed(name: str, host: str) -> SourceSettings:
    return SourceSettings.model_validate({"name": name, "kind": "feed", "url": f"https://{host}/rss"})


def free(database: Database, name: str, host: str, limits: CrawlSettings = LIMITS) -> bool:
    with claims.claimed(database, feed(name, host), limits) as claim:
        return claim is not None


def test_a_source_and_its_host_are_free_again_when_the_crawl_is_over(database: Database) -> None:
    with claims.claimed(database, feed("nieuws", "a.example"), LIMITS) as claim:
        assert claim is not None
        assert not free(database, "nieuws", "b.example")
        assert not free(database, "blog", "a.example")
        assert free(database, "blog", "b.example")
    assert free(database, "nieuws", "a.example")


def test_no_more_crawl_at_once_on_a_machine_than_may(database: Database) -> None:
    limits = LIMITS.model_copy(update={"at_once": 2})
    with ExitStack() as stack:
        for name in ("een", "twee"):
            assert stack.enter_context(claims.claimed(database, feed(name, f"{name}.example"), limits))
        assert not free(database, "drie", "drie.example", limits)
    assert free(database, "drie", "drie.example", limits)


def test_a_host_is_left_in_peace_between_two_crawls(database: Database) -> None:
    slow = LIMITS.model_copy(update={"delay": timedelta(minutes=10)})
    assert free(database, "nieuws", "a.example", slow)
    assert not free(database, "blog", "a.example")
    assert free(database, "nieuws", "b.example")


def test_who_looks_without_storing_waits_for_the_host(database: Database) -> None:
    ended, told = threading.Event(), []

    def look() -> None:
        with claims.waited_for(database, feed("blog", "a.example"), LIMITS):
            told.append(ended.is_set())

    thread = threading.Thread(target=look)
    with claims.claimed(database, feed("nieuws", "a.example"), LIMITS):
        thread.start()
        thread.join(0.4)
        ended.set()
    thread.join(30)

    assert told == [True]


def test_a_claim_lives_as_long_as_the_process_that_it_was_given_to(database: Database) -> None:
    child = subprocess.Popen(["sleep", "60"])
    claim = Claim(database, "nieuws", ("a.example",), claims.this_process())
    taken = database.transact(lambda session: claim.take(session, 4, timedelta(hours=1)))
    claim.give(child.pid)
    held = free(database, "nieuws", "a.example")
    child.kill()
    child.wait()

    assert (taken, held) == (True, False)
    assert free(database, "nieuws", "a.example")


@contextmanager
def hanging(database: Database, replica: Replica) -> Iterator[subprocess.Popen[bytes]]:
    """Another process, whose crawl of the feed waits for an answer that does not come."""
    reached = threading.Event()
    replica.faults.set(Kind.FEED, Fault.HANG)
    replica._watch = lambda request: reached.set() if request.path != "/robots.txt" else None
    other = subprocess.Popen([sys.executable, "-c", OTHER, database.url, replica.url], cwd=Path.cwd())
    try:
        assert reached.wait(60)
        replica.faults.clear()
        yield other
    finally:
        other.kill()
        other.wait()


def both(database: Database, replica: Replica) -> Configuration:
    for post in posts(Kind.FEED, 3):
        replica.posts.add(post)
    return known(database, configured(replica.url, Kind.FEED, Kind.APPLE, timeout=300))


def ways(database: Database) -> list[Health | None]:
    with database.read() as session:
        return list(session.exec(select(CrawlRun.health).order_by(col(CrawlRun.id))))


def test_a_crawl_of_another_process_is_waited_for_and_not_called_broken(
    database: Database, replica: Replica
) -> None:
    configuration = both(database, replica)
    with hanging(database, replica) as other:
        asked = len(replica.requests)
        assert attempt(database, configuration, "feed") is None
        assert attempt(database, configuration, "apple_app") is None
        assert (ways(database), len(replica.requests)) == ([None], asked)
        [orphan] = psutil.Process(other.pid).children()
        # Its parent is gone, it is not yet: it has the host until it is.
        orphan.suspend()
        other.kill()
        other.wait()
        assert attempt(database, configuration, "apple_app") is None
        orphan.resume()
        again = crawl(database, configuration, "feed")

    assert (again.health, again.new) == (Health.OK, 3)
    assert ways(database) == [Health.BROKEN, Health.OK]


def test_requests_of_two_sources_to_one_host_keep_their_distance(
    database: Database, replica: Replica
) -> None:
    configuration = both(database, replica)
    moments: list[float] = []
    replica._watch = lambda request: moments.append(time.monotonic())
    slow = configuration.crawl.model_copy(update={"delay": timedelta(seconds=1.5), "at_once": 4})
    crawl_all(database, configuration.model_copy(update={"crawl": slow}))

    gaps = [later - earlier for earlier, later in pairwise(moments)]
    assert len(moments) >= 4
    # A thread of ours notes the moments, and may have to wait for its turn; without a distance they lie close together.
    assert min(gaps) > 1.35


def test_two_rounds_of_crawls_side_by_side_read_every_source_without_a_fault(
    database: Database, replica: Replica
) -> None:
    configuration = both(database, replica)
    asking, most, lock = [0], [0], threading.Lock()
    answer = replica.answer

    def counted(request: Any) -> Any:
        with lock:
            asking[0] += 1
            most[0] = max(most[0], asking[0])
        try:
            return answer(request)
        finally:
            with lock:
                asking[0] -= 1

    replica.answer = counted  # type: ignore[method-assign]
    rounds = [
        threading.Thread(target=crawl_all, args=(Database(database.url), configuration)) for _ in range(2)
    ]
    for one in rounds:
        one.start()
    for one in rounds:
        one.join(120)

    assert most == [1]
    assert sorted(map(str, ways(database))) == ["empty", "empty", "ok", "ok"]
