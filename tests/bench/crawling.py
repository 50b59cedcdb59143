"""What storing costs a spider: its speed with and without, and its memory over many pages.

The same spider reads the same pages from a server on loopback twice, into an empty database and into the one that this
leaves; each time it stores some pages and throws the next ones away, by turns. Rates are of pages a second of the
reading process's own CPU time, so that neither the server nor other work on the machine counts.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean, median

from tests.bench.reading import Order, Reading
from tests.bench.timeline import Timeline, serving

PAGES = 50
"""Of a hashtag, as many as one crawl reads."""
HASHTAGS = 8
PER_PAGE = 40
TURN = 8
"""Pages: some 0.1 s, so that the machine has hardly time to change its pace from one turn to the next. Hashtags end
within turns: the last thing that is stored of one counts."""
ROUNDS = 6
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
    """Both readings of so many timelines, again and again; of all figures, the median.

    A ratio is of one reading: two processes of the same work differ more than what is to be measured.
    """
    tags = [f"snelveld{number}" for number in range(hashtags)]
    with serving(Timeline(PAGES, PER_PAGE)) as address:
        taken = [_round(address, tags, bare_first=number % 2 == 0) for number in range(rounds)]
    new, again = zip(*taken, strict=True)
    return CrawlRate(
        hashtags * PAGES,
        bare=median(1 / bare for bare, _ in new),
        stored=median(1 / stored for _, stored in new),
        again=median(1 / stored for _, stored in again),
        ratio=median(bare / stored for bare, stored in new),
        again_ratio=median(bare / stored for bare, stored in again),
    )


def _round(
    address: str, tags: Sequence[str], bare_first: bool
) -> tuple[tuple[float, float], tuple[float, float]]:
    """CPU seconds of a page, bare and stored, when its posts are new and when they are known."""
    with tempfile.TemporaryDirectory() as folder:
        order = Order(address, f"sqlite:///{folder}/bench.db", tags, TURN, bare_first)
        new, again = _reading(order), _reading(order)
    pages = len(tags) * PAGES
    bare = PER_PAGE * sum(map(order.is_bare, range(pages)))
    kept = PER_PAGE * pages - bare
    if (new.new, new.thrown_away, again.unchanged, again.thrown_away) != (kept, bare, kept, bare):
        raise RuntimeError(f"not every post was read and stored: {_brief(new)}, {_brief(again)}")
    return _a_page(new), _a_page(again)


def _a_page(reading: Reading) -> tuple[float, float]:
    return fmean(reading.bare_s), fmean(reading.stored_s)


def _brief(reading: Reading) -> dict[str, int]:
    return {name: getattr(reading, name) for name in ("pages", "new", "unchanged", "thrown_away")}


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
            _reading(Order(address, f"sqlite:///{folder}/bench.db", tags, weighed=weighed)).peaks
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
