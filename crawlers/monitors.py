"""What a crawl's figures say beside those of earlier crawls of its source: pure monitors, one for each figure.

They look only at crawls in which nothing else went wrong, and know what is usual from the last two weeks. A crawl
that one of them finds odd does not become usual itself, so that a lasting change is told for two weeks and then is.
"""

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from crawlers.causes import Cause
from crawlers.sources import SOURCES
from storage.runs import Past

WINDOW = timedelta(days=14)
"""What is usual: whole weeks, because a weekend brings fewer posts."""
FEWEST_RUNS = 5
"""Earlier crawls below which nothing is usual yet."""
NIGHTS = timedelta(days=3)
"""How far back crawls must go before a short page of what came lately says anything."""
WEEK = timedelta(days=7)
"""The same of readings again: each shows most of what the one of yesterday did, so that a storm that grows too old for
one of them is gone from all that come after. X shows six days."""


@dataclass(frozen=True)
class Limit:
    """A page that usually holds `smallest` posts or more is odd with less than this part of them."""

    smallest: int
    part: float


LISTED = Limit(smallest=6, part=0.5)
"""A listing is as long tomorrow as it was today, but for a post or two that is taken away."""
CAME_LATELY = Limit(smallest=20, part=0.25)
"""Where 30 posts are expected, 5 or fewer come by chance once in forty million crawls (Poisson)."""
LOST = 0.5
"""Part of its usual share, below which a field is lost."""
CHANCE = 1e-4
"""How improbable it must be that posts lack a field by chance; of ten thousand healthy crawls one is called odd."""
UNWANTED = 0.2
"""Part of the answers that may be refusals or faults of the server."""
FEWEST_UNWANTED = 3
EXPECTED = frozenset({404, 410})
"""Statuses that say a post is gone, or that there is no robots.txt: answers like any other."""
SLOWER = 3.0
"""Times the time that one request usually takes."""
LEAST_DELAY_S = 60.0
"""Seconds that a crawl must have taken longer before it matters to anybody."""
_STATUS = "downloader/response_status_count/"


@dataclass(frozen=True)
class Oddity:
    """What is not as it was. `detail` is in words; `figures` are for pages and messages in another language."""

    cause: Cause
    detail: str
    figures: Mapping[str, Any]


def oddities(
    kind: str,
    figures: Mapping[str, Any],
    requests: int,
    stats: Mapping[str, Any],
    history: Sequence[Past],
    looked_up: Mapping[int, int] = MappingProxyType({}),
) -> Iterator[Oddity]:
    """What is odd about a crawl, the worst first. `figures` are its own, `stats` Scrapy's; history: newest first.

    `looked_up` are answers by status that say nothing of how the source is read.
    """
    if len(history) >= FEWEST_RUNS:
        yield from _lost_fields(figures, history)
        yield from _fewer(kind, figures, history)
    yield from _faltering(stats, looked_up)
    if len(history) >= FEWEST_RUNS:
        yield from _slow(figures, requests, history)


def _lost_fields(figures: Mapping[str, Any], history: Sequence[Past]) -> Iterator[Oddity]:
    """Fields that far fewer posts have than usually: most often the page was rebuilt."""
    posts = _number(figures, "standing")
    before = sum(_number(past.figures, "standing") for past in history)
    for name, held in _holding(figures).items():
        had = min(before, sum(_holding(past.figures).get(name, 0) for past in history))
        # Laplace's rule of succession: what was always there may be missing once.
        usual = (had + 1) / (before + 2)
        if held < LOST * usual * posts and at_most(held, posts, had, before) <= CHANCE:
            shown = {"field": name, "seen": round(100 * held / posts), "usual": round(100 * usual)}
            yield Oddity(Cause.FIELD_LOST, f"{name}: {held} of {posts}, usually {usual:.0%}", shown)


def _fewer(kind: str, figures: Mapping[str, Any], history: Sequence[Past]) -> Iterator[Oddity]:
    """A fullest page with far less than even the shortest of the usual ones held."""
    # One that reads what is new shows less than the one of the day that reads all again.
    alike = [past for past in history if past.figures.get("reread") == figures.get("reread")]
    pages = [past for past in alike if _shows_all(past.figures)]
    if len(pages) < FEWEST_RUNS or not _shows_all(figures):
        return
    lately = SOURCES[kind].lately
    limit = CAME_LATELY if lately else LISTED
    if lately and pages[0].at - pages[-1].at < (WEEK if figures.get("reread") else NIGHTS):
        return
    full = sorted(_number(past.figures, "fullest") for past in pages)
    shortest, seen = full[len(full) // 20], _number(figures, "fullest")
    if shortest >= limit.smallest and seen < limit.part * shortest:
        usual = round(statistics.median(full))
        yield Oddity(Cause.FEWER, f"{seen}, usually {usual}", {"seen": seen, "usual": usual})


def _shows_all(figures: Mapping[str, Any]) -> bool:
    """Whether the fullest page was among those shown: the unchanged ones are not, and one without posts is told of by
    itself.
    """
    return bool(figures.get("fullest") and not figures.get("not_modified"))


def _faltering(stats: Mapping[str, Any], looked_up: Mapping[int, int]) -> Iterator[Oddity]:
    """Many answers that are refusals or faults, though the crawl got past them."""
    answers = {
        int(code): count - looked_up.get(int(code), 0)
        for key, count in stats.items()
        if key.startswith(_STATUS) and (code := key.removeprefix(_STATUS)).isdigit()
    }
    unwanted = sum(count for code, count in answers.items() if code >= 400 and code not in EXPECTED)
    total = sum(answers.values())
    if unwanted >= FEWEST_UNWANTED and unwanted >= UNWANTED * total:
        yield Oddity(Cause.FALTERING, f"{unwanted} of {total} answers", {"seen": unwanted, "usual": total})


def _slow(figures: Mapping[str, Any], requests: int, history: Sequence[Past]) -> Iterator[Oddity]:
    """A crawl that took far longer than so many requests usually take, our own delay between them left out."""
    paces = sorted(
        _waited(past.figures, past.requests) / past.requests
        for past in history
        if past.requests and "seconds" in past.figures
    )
    if len(paces) < FEWEST_RUNS or not requests:
        return
    # Nearly the slowest of the usual ones: some hours of the day are slower than others.
    usual, took = paces[-1 - len(paces) // 20] * requests, _waited(figures, requests)
    if took > SLOWER * usual and took - usual >= LEAST_DELAY_S:
        shown = {"seen": round(took), "usual": round(usual)}
        yield Oddity(Cause.SLOW, f"{took:.0f} s, usually at most {usual:.0f} s", shown)


def at_most(held: int, posts: int, had: int, before: int) -> float:
    """The probability that at most `held` of so many posts have what `had` of the posts `before` them had.

    Beta-binomial, with Laplace's uniform prior: what few posts had may be had by any part of the next ones.
    """
    lacked = before - had
    return math.fsum(
        math.exp(
            _log_ways(posts, number)
            + _log_beta(had + 1 + number, lacked + 1 + posts - number)
            - _log_beta(had + 1, lacked + 1)
        )
        for number in range(held + 1)
    )


def _log_ways(posts: int, chosen: int) -> float:
    """The logarithm of how many ways there are to choose so many of the posts."""
    return math.lgamma(posts + 1) - math.lgamma(chosen + 1) - math.lgamma(posts - chosen + 1)


def _log_beta(first: int, second: int) -> float:
    return math.lgamma(first) + math.lgamma(second) - math.lgamma(first + second)


def _holding(figures: Mapping[str, Any]) -> dict[str, int]:
    found = figures.get("holding")
    pairs = found.items() if isinstance(found, dict) else ()
    return {str(name): count for name, count in pairs if isinstance(count, int)}


def _number(figures: Mapping[str, Any], name: str) -> int:
    """A count of a run; 0 where another version did not keep it."""
    value = figures.get(name)
    return value if isinstance(value, int) else 0


def _waited(figures: Mapping[str, Any], requests: int) -> float:
    """Seconds that a crawl waited for the site."""
    took, delay = figures.get("seconds"), figures.get("delay")
    ours = requests * delay if isinstance(delay, int | float) else 0.0
    return max(0.0, took - ours) if isinstance(took, int | float) else 0.0
