"""Crawling inside the test process: a reactor runs once in a process, so all these tests share one."""

import asyncio
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from scrapy.crawler import AsyncCrawlerRunner

from crawlers import scrapy_settings, turns
from crawlers.errand import job_of, outcome_of, spider_of
from crawlers.job import Store
from crawlers.resuming import begun_again
from crawlers.run import CrawlResult, attempt
from crawlers.secrets import secrets_of
from demo.clock import PlayClock
from demo.replica import Kind, Replica
from demo.replica.keyed import KEY
from demo.replica.tweakers import topic_id
from storage import runs
from storage.configuration import BrandSettings, Configuration, CrawlSettings, SourceSettings, secret_variable
from storage.database import Database
from storage.export import mentions
from storage.mentions import StoreCounts
from storage.records import Batch
from storage.sources import source_named, sync
from tests.crawlers.keys import CURVED, pem

START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PLACES: dict[Kind, dict[str, Any]] = {
    Kind.TRUSTPILOT: {"domain": "snelveld.nl", "permission": True},
    Kind.APPLE: {"app_id": 987654321},
    Kind.GOOGLE_BUSINESS: {"account": "1029384756", "locations": ["5647382910"]},
    Kind.APP_STORE_CONNECT: {"app_id": 987654321},
    Kind.GOOGLE_PLAY: {"package": "nl.snelveld.app"},
    Kind.PLAY_DEVELOPER: {"package": "nl.snelveld.app"},
    Kind.MASTODON: {"hashtags": ["snelveld"]},
    Kind.FEED: {"url": "https://nieuws.example/feeds/snelveld.rss"},
    Kind.SCHEMA_ORG: {"urls": ["https://www.snelveld.example/ervaringen/snelveld"]},
    Kind.KIYOH: {"location_id": "1064405"},
    Kind.FEEDBACK_COMPANY: {},
    Kind.TRUSTED_SHOPS: {"channels": ["chl-7a6b"]},
    Kind.WEBWINKELKEUR: {"shop_id": "1234"},
    Kind.TRUSTPILOT_API: {"domain": "snelveld.nl"},
    Kind.REDDIT: {"subreddits": ["thenetherlands"]},
    Kind.BLUESKY: {"query": "snelveld"},
    Kind.X: {"query": "(snelveld) lang:nl -is:retweet"},
    Kind.YOUTUBE: {"videos": ["abc123DEF45"]},
    Kind.META: {"page": "100200300"},
    Kind.DISCOURSE: {},
    Kind.PHPBB: {"forums": [69]},
    Kind.TWEAKERS: {"topics": [topic_id("storing")]},
    Kind.SITEMAP: {"url": "https://www.snelveld.example/sitemap.xml"},
}


KEYED = {
    Kind.PLAY_DEVELOPER: ("access_token",),
    Kind.APP_STORE_CONNECT: ("issuer_id", "key_id", "private_key"),
    Kind.GOOGLE_BUSINESS: ("access_token",),
    Kind.FEEDBACK_COMPANY: ("client_id", "client_secret"),
    Kind.TRUSTED_SHOPS: ("client_id", "client_secret"),
    Kind.BLUESKY: ("identifier", "password"),
    Kind.X: ("token",),
    Kind.YOUTUBE: ("key",),
    Kind.META: ("token",),
    Kind.WEBWINKELKEUR: ("code",),
    Kind.KIYOH: ("token",),
    Kind.TRUSTPILOT_API: ("api_key",),
}
"""The secrets of the kinds that read with a key."""
PRIVATE = {"private_key": pem(CURVED)}


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind, names in KEYED.items():
        for name in names:
            monkeypatch.setenv(secret_variable(kind.value, name), PRIVATE.get(name, KEY))


class Reactor(threading.Thread):
    """Scrapy's reactor, running beside the tests."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.loop = asyncio.new_event_loop()
        self.ready = threading.Event()

    def run(self) -> None:
        asyncio.set_event_loop(self.loop)
        from twisted.internet import asyncioreactor

        asyncioreactor.install(self.loop)
        from twisted.internet import reactor

        reactor.callWhenRunning(self.ready.set)  # type: ignore[attr-defined]
        reactor.run(installSignalHandlers=False)  # type: ignore[attr-defined]

    def stop(self) -> None:
        from twisted.internet import reactor

        reactor.callFromThread(reactor.stop)  # type: ignore[attr-defined]
        self.join(10)
        self.loop.close()

    def crawl(self, spider: type, settings: dict[str, Any], **named: Any) -> dict[str, Any]:
        """Scrapy's figures of one crawl, to its end."""

        async def whole() -> dict[str, Any]:
            crawler = AsyncCrawlerRunner(settings).create_crawler(spider)
            await crawler.crawl_async(**named)
            return dict(crawler.stats.get_stats()) if crawler.stats else {}

        return asyncio.run_coroutine_threadsafe(whole(), self.loop).result(60)


@pytest.fixture(scope="session")
def reactor() -> Iterator[Reactor]:
    reactor = Reactor()
    reactor.start()
    assert reactor.ready.wait(10)
    yield reactor
    reactor.stop()


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("crawls") / "empty.db"
    with Database(f"sqlite:///{path}") as database:
        database.upgrade()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path


@pytest.fixture
def database(empty_database: Path, tmp_path: Path) -> Iterator[Database]:
    path = tmp_path / "crawls.db"
    shutil.copy(empty_database, path)
    with Database(f"sqlite:///{path}") as database:
        yield database


@pytest.fixture
def twin(empty_database: Path, tmp_path: Path) -> Iterator[Database]:
    """A second database, for the crawl that nobody disturbs."""
    path = tmp_path / "undisturbed.db"
    shutil.copy(empty_database, path)
    with Database(f"sqlite:///{path}") as database:
        yield database


@pytest.fixture
def clock() -> PlayClock:
    return PlayClock(START)


@pytest.fixture
def replica(clock: PlayClock) -> Iterator[Replica]:
    with Replica(clock=clock) as replica:
        yield replica


def configured(base_url: str, *kinds: Kind, timeout: float = 20, **changes: Any) -> Configuration:
    """A configuration with one source of each kind, named after it, that reads the replica at `base_url`."""
    sources = [
        {"name": kind.value, "kind": kind.value, "brand": "Snelveld", "base_url": base_url}
        | PLACES[kind]
        | changes
        for kind in kinds
    ]
    return Configuration(
        brand=(BrandSettings.model_validate({"name": "Snelveld", "terms": ["snelveld"]}),),
        source=tuple(SourceSettings.model_validate(source) for source in sources),
        crawl=CrawlSettings(
            delay=timedelta(0), timeout=timedelta(seconds=timeout), contact="webcare@snelveld.example"
        ),
    )


def known(database: Database, configuration: Configuration) -> Configuration:
    """The configuration, once the database knows its sources, as the front door sees to."""
    database.transact(lambda session: sync(session, configuration))
    return configuration


def crawl(
    database: Database,
    configuration: Configuration,
    name: str,
    now: datetime | None = None,
    patient: bool = False,
    stop: threading.Event | None = None,
) -> CrawlResult:
    """One crawl in a process of its own, as soon as nobody else crawls the source or asks its hosts."""
    stop = stop or threading.Event()
    while (result := attempt(database, configuration, name, now, patient, stop)) is None:
        stop.wait(turns.AGAIN.total_seconds())
    return result


class Dead(Exception):
    """What a killed process would have stored is not."""


@dataclass
class Mortal:
    """Stores so many batches and not one more, as if the process were killed then. None: lives on."""

    store: Store
    lives: int | None
    dead: bool = False

    def __call__(self, batch: Batch) -> StoreCounts:
        if self.lives == 0:
            self.dead = True
            raise Dead
        self.lives = self.lives and self.lives - 1
        return self.store(batch)


@dataclass
class Crawling:
    """Crawls the replica into the database, one source at a time. See `Mortal` for `lives`."""

    reactor: Reactor
    database: Database
    replica: Replica
    clock: PlayClock
    settings: dict[str, Any] = field(default_factory=dict)
    lives: int | None = None

    def __call__(self, kind: Kind, **changes: Any) -> runs.Outcome:
        return self.read(configured(self.replica.url, kind, **changes))

    def read(self, configuration: Configuration) -> runs.Outcome:
        """How a crawl of the first source of `configuration` went."""
        name, kind = configuration.source[0].name, configuration.source[0].kind
        self.database.transact(lambda session: sync(session, configuration))
        with self.database.read() as session:
            source_id = source_named(session, name).id
        assert source_id is not None
        self.database.transact(lambda session: runs.abandoned(session, source_id, self.clock()))
        self.database.transact(lambda session: runs.take_up(session, source_id, begun_again))
        job = job_of(
            self.database,
            configuration,
            configuration.source[0],
            self.clock,
            secrets_of(configuration.source[0]),
        )
        job.store = mortal = Mortal(job.store, self.lives)
        run_id = self.database.transact(lambda session: runs.start(session, source_id, self.clock()))
        settings = scrapy_settings.settings(configuration.crawl, job.invited) | self.settings
        stats = self.reactor.crawl(spider_of(kind), settings, job=job)
        outcome = outcome_of(job, configuration.crawl, stats)
        if mortal.dead:
            raise Dead
        self.database.transact(lambda session: runs.finish(session, run_id, outcome, self.clock()))
        return outcome

    def mentions(self) -> list[dict[str, Any]]:
        """What is stored, as it is exported, in the order of its ids."""
        with self.database.read() as session:
            return sorted(mentions(session), key=lambda line: line["external_id"])

    def asked(self, since: int = 0) -> list[str]:
        """What was asked of the replica, without robots.txt."""
        return [one.target for one in self.replica.requests[since:] if one.path != "/robots.txt"]


@pytest.fixture
def crawling(reactor: Reactor, database: Database, replica: Replica, clock: PlayClock) -> Crawling:
    return Crawling(reactor, database, replica, clock)
