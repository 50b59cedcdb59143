"""Crawls in processes of their own, and what happens when those die."""

import json
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlmodel import col, select

from crawlers.run import CrawlResult, crawl_all, order
from demo.replica import Fault, Kind, Replica
from demo.replica.keyed import KEY
from storage.configuration import secret_variable
from storage.database import Database
from storage.export import mentions
from storage.models import CrawlRun, Health, Mention
from storage.sources import source_named
from tests.crawlers.complaints import posts
from tests.crawlers.conftest import START, configured, crawl, known


def stored(database: Database) -> list[dict[str, Any]]:
    with database.read() as session:
        return list(mentions(session))


def ended_runs(database: Database) -> list[CrawlRun]:
    with database.read() as session:
        found = session.exec(select(CrawlRun).order_by(col(CrawlRun.id))).all()
    assert all(run.finished_at for run in found)
    return list(found)


def child() -> psutil.Process:
    """The crawling process that this test has started."""
    [found] = [one for one in psutil.Process().children() if "crawlers.child" in one.cmdline()]
    return found


def show(replica: Replica, *shown: Any) -> None:
    for post in shown:
        replica.posts.add(post)


def test_a_crawl_in_a_process_of_its_own_goes_by_the_time_it_is_given(
    database: Database, replica: Replica
) -> None:
    show(replica, *posts(Kind.FEED, 3))
    result = crawl(database, known(database, configured(replica.url, Kind.FEED)), "feed", now=START)

    assert (result.health, result.new, result.cause) == (Health.OK, 3, None)
    [run] = ended_runs(database)
    assert (run.started_at, run.finished_at, run.new) == (START, START, 3)
    with database.read() as session:
        assert set(session.exec(select(Mention.first_seen_at))) == {START}


def test_a_crawl_does_not_import_what_it_has_no_use_for(
    database: Database, replica: Replica, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")
    crawl(database, known(database, configured(replica.url, Kind.FEED)), "feed")

    lines = capfd.readouterr().err.splitlines()
    imported = {line.rpartition("|")[2].strip() for line in lines if line.startswith("import time:")}
    assert "crawlers.parsers.feed" in imported
    assert not imported & {
        "aiohttp",
        "tldextract",
        "twisted.conch",
        "dateparser",
        "extruct",
        "alembic",
        "rich",
    }


CRAWLED = """
import gc, json, sys
gc.disable()
from crawlers import errand
errand.run(json.load(sys.stdin))
sys.exit(0 if gc.isenabled() else "nothing is collected")
"""


def test_rubbish_is_looked_for_again_once_a_crawl_reads(
    database: Database, replica: Replica, tmp_path: Path
) -> None:
    configuration = known(database, configured(replica.url, Kind.FEED))
    told = order(database, configuration, configuration.source[0], 0, START) | {
        "dry": str(tmp_path / "found")
    }
    subprocess.run([sys.executable, "-c", CRAWLED], input=json.dumps(told, default=str).encode(), check=True)

    assert "outcome" in json.loads((tmp_path / "found").read_text("utf-8").splitlines()[-1])


def test_one_broken_source_does_not_stop_the_others(database: Database, replica: Replica) -> None:
    show(replica, *posts(Kind.FEED, 2), *posts(Kind.TRUSTPILOT, 2))
    replica.faults.set(Kind.APPLE, Fault.FIREWALL)
    configuration = configured(replica.url, Kind.APPLE, Kind.TRUSTPILOT, Kind.FEED)
    forbidden = configuration.source[1].model_copy(update={"permission": False})
    configuration = configuration.model_copy(
        update={"source": (configuration.source[0], forbidden, configuration.source[2])}
    )
    told: list[CrawlResult] = []

    results = crawl_all(database, known(database, configuration), on_progress=told.append)

    assert [(result.source, result.health, result.cause) for result in results] == [
        ("apple_app", Health.BLOCKED, "waf"),
        ("trustpilot_web", Health.BLOCKED, "permission"),
        ("feed", Health.OK, None),
    ]
    assert [result.failed for result in results] == [True, True, False]
    assert {result.source for result in told} == {"apple_app", "trustpilot_web", "feed"}
    assert len(ended_runs(database)) == 3
    assert not [one for one in replica.requests if one.path.startswith("/review/")]


def test_a_killed_crawl_ends_as_broken_and_the_next_one_completes_it(
    database: Database, replica: Replica
) -> None:
    show(replica, *posts(Kind.TRUSTPILOT, 90))
    configuration = known(database, configured(replica.url, Kind.TRUSTPILOT))
    arguments: list[str] = []

    def kill_at_page_three(request: Any) -> None:
        if request.first("page") == "3" and not arguments:
            arguments.extend(child().cmdline())
            child().kill()

    replica._watch = kill_at_page_three
    killed = crawl(database, configuration, "trustpilot_web")
    before = len(stored(database))
    again = crawl(database, configuration, "trustpilot_web")

    assert (killed.health, killed.cause) == (Health.BROKEN, "stopped")
    assert before == 40
    assert again.health is Health.OK
    assert len({line["external_id"] for line in stored(database)}) == len(stored(database)) == 90
    assert database.url not in " ".join(arguments)
    assert [run.health for run in ended_runs(database)] == [Health.BROKEN, Health.OK]


def test_a_crawl_ends_when_it_is_told_to_stop(database: Database, replica: Replica) -> None:
    stop = threading.Event()
    replica.faults.set(Kind.FEED, Fault.HANG)
    replica._watch = lambda request: stop.set() if request.path != "/robots.txt" else None
    result = crawl(
        database, known(database, configured(replica.url, Kind.FEED, timeout=120)), "feed", stop=stop
    )

    assert (result.health, result.cause) == (Health.BROKEN, "stopped")
    assert result.seconds < 30
    assert len(ended_runs(database)) == 1


PARENT = """
import sys
from datetime import timedelta
from storage.database import Database
from tests.crawlers.conftest import configured, crawl, known
from demo.replica import Kind
database = Database(sys.argv[1])
crawl(database, known(database, configured(sys.argv[2], Kind.FEED, timeout=300)), "feed")
"""


def test_a_crawl_that_is_stopped_before_it_began_leaves_no_run(database: Database, replica: Replica) -> None:
    stop = threading.Event()
    stop.set()
    result = crawl(database, known(database, configured(replica.url, Kind.FEED)), "feed", stop=stop)

    assert (result.health, result.reason) == (None, "stopped before it began")
    assert ended_runs(database) == []


def test_an_interrupted_round_of_crawls_ends_all_of_them(database: Database, replica: Replica) -> None:
    show(replica, *posts(Kind.FEED, 2))
    replica.faults.set(Kind.APPLE, Fault.HANG)
    configuration = configured(replica.url, Kind.FEED, Kind.APPLE, timeout=120)

    def interrupt(result: CrawlResult) -> None:
        raise KeyboardInterrupt

    with Replica() as other:
        elsewhere = configuration.source[0].model_copy(update={"base_url": other.url})
        both = configuration.model_copy(update={"source": (elsewhere, configuration.source[1])})
        with pytest.raises(KeyboardInterrupt):
            crawl_all(database, known(database, both), on_progress=interrupt)

    assert {run.health for run in ended_runs(database)} == {Health.EMPTY, Health.BROKEN}


def test_a_crawl_ends_when_its_parent_is_gone(database: Database, replica: Replica) -> None:
    replica.faults.set(Kind.FEED, Fault.HANG)
    reached = threading.Event()
    replica._watch = lambda request: reached.set() if request.path != "/robots.txt" else None
    parent = subprocess.Popen([sys.executable, "-c", PARENT, database.url, replica.url], cwd=Path.cwd())
    assert reached.wait(60)
    [orphan] = psutil.Process(parent.pid).children()

    parent.kill()
    parent.wait()

    assert psutil.wait_procs([orphan], timeout=20)[1] == []


def test_a_crawl_that_is_ended_while_it_starts_says_nothing(database: Database, replica: Replica) -> None:
    configuration = known(database, configured(replica.url, Kind.FEED))
    told = order(database, configuration, configuration.source[0], 0, START)
    # The order is all there is on stdin: once it is read, the parent counts as gone, long before all is imported.
    ended = subprocess.run(
        [sys.executable, "-m", "crawlers.child"],
        input=json.dumps(told, default=str).encode() + b"\n",
        capture_output=True,
        check=False,
        timeout=60,
    )

    assert (ended.returncode, ended.stderr) == (-signal.SIGINT, b"")


def test_a_run_whose_parent_died_too_gets_its_end_at_the_next_crawl(
    database: Database, replica: Replica
) -> None:
    configuration = known(database, configured(replica.url, Kind.TRUSTPILOT, permission=False))
    with database.write() as session:
        source = source_named(session, "trustpilot_web")
        assert source.id is not None
        session.add(CrawlRun(source_id=source.id, started_at=START))
    crawl(database, configuration, "trustpilot_web")

    assert [run.health for run in ended_runs(database)] == [Health.BROKEN, Health.BLOCKED]


def test_a_source_that_asked_for_rest_is_left_alone_by_the_patient(
    database: Database, replica: Replica
) -> None:
    configuration = known(database, configured(replica.url, Kind.FEED))
    with database.write() as session:
        source_named(session, "feed").blocked_until = START + timedelta(hours=1)
    result = crawl(database, configuration, "feed", now=START, patient=True)

    assert result.health is None
    assert result.reason == "left alone until 2026-11-21T13:00:00+00:00, because it refused us"
    assert result.left_alone_until == "2026-11-21T13:00:00+00:00"
    assert replica.requests == []


def test_of_all_sources_those_that_asked_for_rest_are_left_out_unless_they_are_named(
    database: Database, replica: Replica
) -> None:
    show(replica, *posts(Kind.FEED, 2), *posts(Kind.TRUSTPILOT, 2))
    configuration = known(database, configured(replica.url, Kind.FEED, Kind.TRUSTPILOT))
    with database.write() as session:
        source_named(session, "feed").blocked_until = START + timedelta(hours=1)
    resting, read = crawl_all(database, configuration, now=START)
    [named] = crawl_all(database, configuration, ["feed"], now=START)

    assert (resting.health, resting.failed, read.health) == (None, False, Health.OK)
    assert resting.left_alone_until == "2026-11-21T13:00:00+00:00"
    assert (named.health, named.new) == (Health.OK, 2)


def test_a_refused_key_is_not_tried_again_until_there_is_another_or_a_person_asks(
    database: Database, replica: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    configuration = known(database, configured(replica.url, Kind.X))
    monkeypatch.setenv(secret_variable("x", "token"), "verlopen")

    def asked(after: timedelta, patient: bool = True) -> CrawlResult:
        return crawl(database, configuration, "x", now=START + after, patient=patient)

    refused = asked(timedelta())
    assert (refused.health, refused.cause) == (Health.BLOCKED, "key")
    assert refused.left_alone_until is not None
    assert refused.left_alone_until >= (START + timedelta(hours=1)).isoformat(timespec="seconds")
    requests = len(replica.requests)
    assert asked(timedelta(minutes=59)).left_alone_until == refused.left_alone_until
    assert len(replica.requests) == requests
    assert asked(timedelta(minutes=59), patient=False).health is Health.BLOCKED
    monkeypatch.setenv(secret_variable("x", "token"), KEY)
    mended = asked(timedelta(minutes=60))
    assert (mended.health, mended.left_alone_until) == (Health.EMPTY, None)
    with database.read() as session:
        assert "verlopen" not in repr([run.model_dump() for run in session.exec(select(CrawlRun))])
        assert len(source_named(session, "x").key_mark) == 4


def test_a_source_that_is_not_configured_well_says_what_to_do(database: Database, replica: Replica) -> None:
    result = crawl(
        database, known(database, configured(replica.url, Kind.FEED, url="nieuws")), "feed", now=START
    )

    assert (result.health, result.cause) == (Health.BROKEN, "configuration")
    assert result.reason is not None
    assert "source feed.url: write a whole address that begins with https://" in result.reason


@pytest.mark.parametrize(
    ("health", "cause", "failed"),
    [
        (Health.OK, None, False),
        (None, None, False),
        (Health.EMPTY, "empty", False),
        (Health.EMPTY, "empty_before", True),
        (Health.BROKEN, "timeout", True),
    ],
)
def test_a_source_that_never_had_anything_is_no_failure(
    health: Health | None, cause: str | None, failed: bool
) -> None:
    assert CrawlResult("bron", "feed", health, cause=cause).failed is failed


def test_an_unknown_source_is_refused(database: Database, replica: Replica) -> None:
    with pytest.raises(KeyError, match="onbekend"):
        crawl_all(database, configured(replica.url, Kind.FEED), ["onbekend"])
