"""The invented story of Snelveld, an internet provider that promised a connection within 24 hours.

Four weeks of ordinary life, then a storm when the promise breaks, then its aftermath. The texts
stand in the JSON-lines files beside this module, one post a line:

- `kind`, `phase` (ordinary, storm, aftermath), `author`, `text` and, where the kind has them,
  `title`, `rating`, `likes`, `shares`, `followers`, `language`, `brand` (Snelveld when left out);
- `when`: `-3d 20:15` is a quarter past eight in Amsterdam on the third evening before the storm,
  `+19m` the nineteenth minute of a storm that takes three hours;
- `reply` and `edit`: what the company or the author wrote `after` so many hours (`19h`) or minutes
  of the storm (`45m`).
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from demo.replica.posts import Edit, Kind, Post, Reply, digest

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
PHASES = ("ordinary", "storm", "aftermath")
STORM_MINUTES = 180.0
LAST_MINUTE = 300.0
PAST = timedelta(days=28)
LIVE = timedelta(minutes=10)
SIMULATED = timedelta(minutes=STORM_MINUTES)

PLACES = {
    (Kind.TRUSTPILOT, "Snelveld"): "snelveld.nl",
    (Kind.TRUSTPILOT, "Belpunt"): "belpunt.nl",
    (Kind.APPLE, "Snelveld"): "nl/987654321",
    (Kind.APPLE, "Belpunt"): "nl/876543210",
    (Kind.FEED, "Snelveld"): "nieuws",
    (Kind.FEED, "Belpunt"): "nieuws",
    (Kind.SCHEMA_ORG, "Snelveld"): "snelveld",
}
BEST = {Kind.SCHEMA_ORG: 10}
ORDINARY_WHEN = re.compile(r"-(\d+)d (\d\d):(\d\d)")
STORM_WHEN = re.compile(r"\+(\d+(?:\.\d+)?)m")
AFTER = re.compile(r"(\d+)([hm])")


@dataclass(frozen=True)
class Line:
    """One line of the story, still without a date."""

    kind: Kind
    phase: str
    when: str
    text: str
    author: str
    title: str = ""
    brand: str = "Snelveld"
    rating: float | None = None
    likes: int = 0
    shares: int = 0
    followers: int = 0
    language: str = "nl"
    reply: dict[str, Any] | None = None
    edit: dict[str, Any] | None = None


def timeline(start: datetime, seed: int = 1, length: timedelta = LIVE) -> list[Post]:
    """The whole story as dated posts, oldest first, around a storm that begins at `start` (aware).

    The four weeks before keep their real days and hours; the storm takes `length` and what follows
    is stretched likewise. `seed` shifts every post a little, the same way each time.
    """
    posts = [_post(line, start, seed, length / STORM_MINUTES) for line in story()]
    return sorted(posts, key=lambda post: post.published_at)


def calm_again(start: datetime, length: timedelta = LIVE) -> datetime:
    """The moment after which nothing new appears."""
    return start + length * (LAST_MINUTE / STORM_MINUTES)


@cache
def story() -> tuple[Line, ...]:
    """Every line, in the order of the files; ValueError names the file and line of a fault."""
    return tuple(line for phase in PHASES for line in _read(Path(__file__).with_name(f"{phase}.jsonl")))


def _read(path: Path) -> Iterator[Line]:
    for number, text in enumerate(path.read_text("utf-8").splitlines(), start=1):
        try:
            given = json.loads(text)
            yield Line(**(given | {"kind": Kind(given["kind"])}))
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(f"{path.name}, line {number}: {error}") from error


def _post(line: Line, start: datetime, seed: int, minute: timedelta) -> Post:
    published_at = _published_at(line, start, seed, minute)
    return Post(
        kind=line.kind,
        text=line.text,
        published_at=published_at,
        title=line.title,
        author=line.author,
        place=PLACES.get((line.kind, line.brand), ""),
        rating=line.rating,
        rating_max=BEST.get(line.kind, 5),
        language=line.language,
        likes=line.likes,
        shares=line.shares,
        followers=line.followers,
        reply=_reply(line, published_at, minute),
        edits=_edits(line, published_at, minute),
    )


def _published_at(line: Line, start: datetime, seed: int, minute: timedelta) -> datetime:
    shift = int(digest(seed, line.text)[:8], 16) / 0x100000000
    if storm := STORM_WHEN.fullmatch(line.when):
        return start.astimezone(UTC) + minute * (float(storm.group(1)) + shift / 2)
    ordinary = ORDINARY_WHEN.fullmatch(line.when)
    if ordinary is None:
        raise ValueError(f"{line.when!r} is neither like '-3d 20:15' nor like '+19m'")
    days, hour, minutes = map(int, ordinary.groups())
    instant = _latest(start, time(hour, minutes), days) + timedelta(minutes=10 * shift)
    return min(instant, start.astimezone(UTC) - timedelta(minutes=1 + shift))


def _latest(start: datetime, clock_time: time, days: int) -> datetime:
    # Day 1 is the last 24 hours before the storm, at whatever hour it begins, so that the story
    # leaves no empty day in front of it.
    local = start.astimezone(AMSTERDAM)
    back = days - 1 if clock_time < local.time() else days
    return datetime.combine(local.date() - timedelta(days=back), clock_time, AMSTERDAM).astimezone(UTC)


def _reply(line: Line, published_at: datetime, minute: timedelta) -> Reply | None:
    if line.reply is None:
        return None
    at = published_at + _after(line.reply["after"], minute)
    return Reply(line.reply["text"], at, author=line.brand)


def _edits(line: Line, published_at: datetime, minute: timedelta) -> tuple[Edit, ...]:
    if line.edit is None:
        return ()
    at = published_at + _after(line.edit["after"], minute)
    return (Edit(at, text=line.edit.get("text"), rating=line.edit.get("rating")),)


def _after(text: str, minute: timedelta) -> timedelta:
    match = AFTER.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is neither hours like '19h' nor minutes like '45m'")
    amount, unit = int(match.group(1)), match.group(2)
    return timedelta(hours=amount) if unit == "h" else minute * amount
