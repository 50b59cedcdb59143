"""What a crawling process is sent for: one source, read to its end."""

import gc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from scrapy import Spider
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.utils.misc import load_object

from crawlers import health, monitors, scrapy_settings
from crawlers.job import Job
from crawlers.secrets import conceal
from crawlers.sources import SOURCES, parameters_of
from crawlers.unstored import Unstored
from storage import runs
from storage.configuration import BrandSettings, Configuration, CrawlSettings, SourceSettings
from storage.database import Database
from storage.mentions import store_batch
from storage.sources import matcher_of, source_named
from storage.standing import Standing, standing


def run(order: dict[str, Any]) -> None:
    """Crawl as `crawlers.run.order` says; the run's row says how it went."""
    now = _clock(order.get("now"))
    settings, configuration = configuration_of(order)
    with Database(order["database"], lasting=False) as database:
        job = job_of(database, configuration, settings, now, order["secrets"])
        conceal(job.secrets, job.parameters.confidential())
        if "dry" in order:
            store = Unstored(database, configuration, settings, now, Path(order["dry"]))
            store.ended(crawl(replace(job, store=store), configuration.crawl))
            return
        outcome = crawl(job, configuration.crawl)
        database.transact(lambda session: runs.finish(session, order["run"], outcome, now()))


def crawl(job: Job, settings: CrawlSettings) -> runs.Outcome:
    """Read one source to its end. Scrapy's reactor runs once in a process: so does this."""
    process = AsyncCrawlerProcess(scrapy_settings.settings(settings, invited=job.invited))
    crawler = process.create_crawler(spider_of(job.kind))
    process.crawl(crawler, job=job)
    # What was imported lives as long as the process: looking through it again and again costs a fifth of a crawl.
    gc.freeze()
    gc.enable()
    process.start()
    return outcome_of(job, settings, crawler.stats.get_stats() if crawler.stats else {})


def outcome_of(job: Job, settings: CrawlSettings, stats: Mapping[str, Any]) -> runs.Outcome:
    """How a crawl went by what it found and Scrapy's figures, of which there are none when it did not begin."""
    known = {**stats, health.DELAY: settings.delay.total_seconds()} if stats else {}
    return health.outcome(job.kind, job.findings, known, job.history)


def job_of(
    database: Database,
    configuration: Configuration,
    settings: SourceSettings,
    now: Callable[[], datetime],
    secrets: Mapping[str, str] = MappingProxyType({}),
) -> Job:
    """What the source's spider is told; what it reads goes into `database`."""
    with database.read() as session:
        source = source_named(session, settings.name)
        matcher = matcher_of(session, configuration, source)
        history = runs.history(session, source, now() - monitors.WINDOW)
    assert source.id is not None  # noqa: S101 - comes from the database
    source_id = source.id

    def stands(since: datetime, most: int) -> Sequence[Standing]:
        with database.read() as session:
            return standing(session, source_id, since, most)

    return Job(
        name=settings.name,
        kind=settings.kind,
        parameters=parameters_of(settings),
        base_url=settings.base_url,
        now=now,
        store=lambda batch: database.transact_rows(
            lambda rows: store_batch(rows, source_id, batch, matcher, now())
        ),
        state=dict(source.state),
        secrets=dict(secrets),
        history=history,
        invited=settings.permission and bool(secrets),
        standing=stands,
    )


def spider_of(kind: str) -> type[Spider]:
    """The spider class of a kind; loaded here, so that a crawl loads only its own."""
    found: type[Spider] = load_object(SOURCES[kind].spider)
    return found


def configuration_of(order: dict[str, Any]) -> tuple[SourceSettings, Configuration]:
    """The part of the configuration that the parent sent, as `crawlers.run.order` writes it."""
    settings = SourceSettings.model_validate(order["source"])
    times = {name: timedelta(seconds=order["crawl"].pop(name)) for name in ("delay", "timeout")}
    configuration = Configuration(
        brand=tuple(BrandSettings.model_validate(brand) for brand in order["brands"]),
        source=(settings,),
        crawl=CrawlSettings(**order["crawl"], **times),
    )
    return settings, configuration


def _clock(fixed: str | None) -> Callable[[], datetime]:
    if fixed is None:
        return lambda: datetime.now(UTC)
    instant = datetime.fromisoformat(fixed)
    return lambda: instant
