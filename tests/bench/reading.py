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
    """Read the timelines of `hashtags` upwards, into `database`; by turns into nothing, when there is a `turn`.

    So many pages in a row are stored, then as many thrown away, beginning with those when `bare_first`: within one
    process, as two processes of the same work differ by a tenth. The peak of memory is noted after each number of
    pages in `weighed`.
    """

    address: str
    database: str
    hashtags: Sequence[str]
    turn: int | None = None
    bare_first: bool = False
    weighed: Sequence[int] = ()

    def is_bare(self, page: int) -> bool:
        """Whether this page, counted from 0, is thrown away."""
        return self.turn is not None and (page // self.turn % 2 == 0) == self.bare_first


@dataclass
class Reading:
    """What became of the posts on `pages`, and what a page took of this process's CPU time, in seconds.

    Without the first page of each turn, before which things are loaded or stand ready for the other kind. `peaks` are
    of resident memory, in the unit of the operating system.
    """

    pages: int = 0
    thrown_away: int = 0
    new: int = 0
    unchanged: int = 0
    stored_s: list[float] = field(default_factory=list)
    bare_s: list[float] = field(default_factory=list)
    peaks: dict[int, int] = field(default_factory=dict)


class _Measuring:
    """Stores through another, or not, and looks at the clock and the scales after each page."""

    def __init__(self, store: Store, order: Order) -> None:
        self.store, self.order = store, order
        self.found = Reading()
        self.before: tuple[bool, float] | None = None

    def __call__(self, batch: Batch) -> StoreCounts:
        bare = self.order.is_bare(self.found.pages)
        counts = StoreCounts(new=len(batch.records)) if bare else self.store(batch)
        if batch.records:  # and not the end of a timeline
            self._note(bare, counts, _cpu_seconds())
        return counts

    def _note(self, bare: bool, counts: StoreCounts, now: float) -> None:
        found = self.found
        found.pages += 1
        if bare:
            found.thrown_away += counts.new
        else:
            found.new += counts.new
            found.unchanged += counts.unchanged
        if self.before is not None and self.before[0] == bare:
            (found.bare_s if bare else found.stored_s).append(now - self.before[1])
        self.before = bare, now
        if found.pages in self.order.weighed:
            found.peaks[found.pages] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def read(order: Order) -> Reading:
    """Crawl as the product does. Once in a process."""
    configuration = _configuration(order)
    with Database(order.database, lasting=False) as database:
        database.upgrade()
        database.transact(lambda session: sync(session, configuration))
        job = job_of(database, configuration, configuration.source[0], lambda: datetime.now(UTC))
        job.state = {}  # each reading is a first one, that goes back as far as it can
        MastodonSpider.most_pages = sys.maxsize
        measuring = _Measuring(job.store, order)
        job.store = measuring
        _finished(job, configuration.crawl)
    return measuring.found


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
