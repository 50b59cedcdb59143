"""One crawl of a timeline in a process of its own: `python -m tests.bench.reading`, told what in JSON on stdin.

Gives what it measured as JSON on stdout.
"""

import json
import resource
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta

from crawlers.errand import crawl, job_of
from crawlers.job import Job, Store
from crawlers.spiders.mastodon import MastodonSpider
from storage.configuration import BrandSettings, Configuration, CrawlSettings, SourceSettings
from storage.database import Database
from storage.mentions import StoreCounts
from storage.records import Batch
from storage.sources import sync


@dataclass(frozen=True)
class Order:
    """Read the timelines of `hashtags` upwards, into `database` or, when not `storing`, into nothing.

    The peak of memory is noted after each number of pages in `weighed`.
    """

    address: str
    database: str
    hashtags: Sequence[str]
    storing: bool
    weighed: Sequence[int] = ()


@dataclass
class Reading:
    """What became of `posts` on `pages`, of which all but the first took `seconds` of this process's CPU time.

    Without the first page, because before it everything is loaded. `peaks` are of resident memory, in the unit of
    the operating system.
    """

    pages: int = 0
    posts: int = 0
    new: int = 0
    unchanged: int = 0
    seconds: float = 0.0
    peaks: dict[int, int] = field(default_factory=dict)


class _Measuring:
    """Stores through another, and looks at the clock and the scales after each page."""

    def __init__(self, store: Store, weighed: Sequence[int]) -> None:
        self.store, self.weighed = store, weighed
        self.found = Reading()
        self.began = 0.0

    def __call__(self, batch: Batch) -> StoreCounts:
        counts, found = self.store(batch), self.found
        if not batch.records:
            return counts  # the end of a timeline
        found.pages += 1
        found.posts += len(batch.records)
        found.new += counts.new
        found.unchanged += counts.unchanged
        now = _cpu_seconds()
        self.began = self.began or now
        found.seconds = now - self.began
        if found.pages in self.weighed:
            found.peaks[found.pages] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return counts


def read(order: Order) -> Reading:
    """Crawl as the product does. Once in a process."""
    configuration = _configuration(order)
    with Database(order.database, lasting=False) as database:
        database.upgrade()
        database.transact(lambda session: sync(session, configuration))
        job = job_of(database, configuration, configuration.source[0], lambda: datetime.now(UTC))
        job.state = {}  # each reading is a first one, that goes back as far as it can
        MastodonSpider.most_pages = sys.maxsize
        measuring = _Measuring(job.store if order.storing else _thrown_away, order.weighed)
        job.store = measuring
        _finished(job, configuration.crawl)
    return measuring.found


def _thrown_away(batch: Batch) -> StoreCounts:
    return StoreCounts(new=len(batch.records))


def _finished(job: Job, settings: CrawlSettings) -> None:
    outcome = crawl(job, settings)
    if outcome.reason:
        raise RuntimeError(outcome.reason)


def _configuration(order: Order) -> Configuration:
    source = SourceSettings.model_validate(
        {
            "name": "bench",
            "kind": "mastodon",
            "brand": "Snelveld",
            "base_url": order.address,
            "hashtags": order.hashtags,
        }
    )
    return Configuration(
        brand=(BrandSettings(name="Snelveld", terms=("snelveld",)),),
        source=(source,),
        crawl=CrawlSettings(delay=timedelta(), timeout=timedelta(hours=1)),
    )


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(read(Order(**json.loads(sys.stdin.read()))))))
