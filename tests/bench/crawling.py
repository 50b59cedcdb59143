"""What storing costs a spider: its speed with and without, and its memory over many pages.

The same spider reads the same pages from a server on loopback, each time in a process of its own: into nothing, into
an empty database, and into one that holds every post already. Rates are of pages a second of the reading process's
own CPU time, so that neither the server nor other work on the machine counts.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median

from tests.bench.reading import Order, Reading
from tests.bench.timeline import Timeline, serving

PAGES = 50
"""Of a hashtag, as many as one crawl reads."""
HASHTAGS = 4
PER_PAGE = 40
ROUNDS = 8
LONGEST_S = 1_800


@dataclass(frozen=True)
class CrawlRate:
    """Pages a CPU second: thrown away, stored as new, and met again; the ratios are what storing leaves (0 to 1)."""

    pages: int
    bare: float
    stored: float
    again: float
    ratio: float
    again_ratio: float


def measure(hashtags: int = HASHTAGS, rounds: int = ROUNDS) -> CrawlRate:
    """All three readings of so many timelines, turn by turn; of all figures, the median.

    A ratio is of the readings of one round, between which the machine has had the least time to change its pace.
    """
    tags = [f"snelveld{number}" for number in range(hashtags)]
    with serving(Timeline(PAGES, PER_PAGE)) as address:
        taken = [_round(address, tags, first=number % 2 == 0) for number in range(rounds)]
    pages = hashtags * PAGES
    rates = (median((pages - 1) / seconds for seconds in one) for one in zip(*taken, strict=True))
    return CrawlRate(
        pages,
        *rates,
        ratio=median(bare / stored for bare, stored, _ in taken),
        again_ratio=median(bare / again for bare, _, again in taken),
    )


def _round(address: str, tags: Sequence[str], first: bool) -> tuple[float, float, float]:
    """CPU seconds for all pages but the first: bare, which is the `first` reading or the last, stored, again."""
    with tempfile.TemporaryDirectory() as folder:
        order = Order(address, f"sqlite:///{folder}/bench.db", tags, storing=True)
        bare = _reading(replace(order, storing=False)) if first else None
        stored, again = _reading(order), _reading(order)
        bare = bare or _reading(replace(order, storing=False))
    posts = len(tags) * PAGES * PER_PAGE
    if (bare.posts, stored.new, again.unchanged) != (posts, posts, posts):
        raise RuntimeError(f"not every post was read and stored: {bare}, {stored}, {again}")
    return bare.seconds, stored.seconds, again.seconds


@dataclass(frozen=True)
class CrawlMemory:
    """The peak of resident memory after so many pages; `ratio` is the last one to the first."""

    peaks: dict[int, int]

    @property
    def ratio(self) -> float:
        return self.peaks[max(self.peaks)] / self.peaks[min(self.peaks)]


def weigh(weighed: Sequence[int] = (1_000, 5_000, 10_000), hashtags: int = 25) -> CrawlMemory:
    """Memory of one crawl that stores as many pages as the last number in `weighed`."""
    tags = [f"snelveld{number}" for number in range(hashtags)]
    with (
        serving(Timeline(max(weighed) // hashtags, PER_PAGE)) as address,
        tempfile.TemporaryDirectory() as folder,
    ):
        return CrawlMemory(
            _reading(Order(address, f"sqlite:///{folder}/bench.db", tags, True, weighed)).peaks
        )


def _reading(order: Order) -> Reading:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.reading"],
        input=json.dumps(asdict(order)).encode(),
        stdout=subprocess.PIPE,
        cwd=Path(__file__).resolve().parents[2],
        check=True,
        timeout=LONGEST_S,
    )
    found = json.loads(done.stdout)
    return Reading(**found | {"peaks": {int(pages): peak for pages, peak in found["peaks"].items()}})
