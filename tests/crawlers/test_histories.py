"""Whatever happens at a source and to its crawls: some calm days later all is as if nothing had ever gone wrong.

A history is drawn: posts, edits, replies and removals at the source; refusals, faults and broken answers; crawls that
are killed. A second database reads the same source at the same moments, and only when all is well.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from demo.replica import Fault, Kind, discourse, phpbb
from demo.replica.feeds import MOST_ITEMS
from demo.replica.posts import DEFAULT_PLACES
from storage.configuration import Configuration
from storage.database import Database
from storage.models import Health
from storage.records import Status
from tests.crawlers.complaints import KINDS, posts
from tests.crawlers.conftest import START, Crawling, Dead, configured
from tests.crawlers.mutations import EXAMPLES
from tests.crawlers.test_mastodon_crawl import KEY as MASTODON_KEY
from tests.crawlers.test_mastodon_crawl import TOKEN as MASTODON_TOKEN
from tests.crawlers.test_reddit import CLIENT, VARIABLE
from tests.crawlers.test_youtube import CHANNEL

SEEDS = range(max(1, EXAMPLES // 200))
FAULTS = (
    Fault.RATE_LIMITED,
    Fault.FIREWALL,
    Fault.UNAVAILABLE,
    Fault.SERVER_ERROR,
    Fault.RESET,
    Fault.TRUNCATED,
    Fault.MALFORMED,
    Fault.EMPTY,
)
PAUSES = [timedelta(hours=hours) for hours in (1, 6, 13, 25)]
CALM = [timedelta(hours=hours) for hours in (0, 12, 25, 37, 50, 62)]
ANSWER = "Het is verholpen."
"""Of the company, which is a mention of its own where it looks like any other; it stays when its post is gone."""
ALL = 100_000
TOPICAL = (Kind.DISCOURSE, Kind.PHPBB, Kind.TWEAKERS)
LATE = timedelta(days=3, hours=12)
"""Age from which nothing happens to a post any more. Sources are read again for some six days, and up to two may pass
until then.
"""
STAYING = 3
"""Posts that are never removed."""
UNTOLD = ("schema_org", "sitemap", "tweakers_forum", "phpbb feed")
"""Ways of which not every removal is told, such as of many at once."""


@dataclass(frozen=True)
class Way:
    """One way of reading a kind.

    `room` is how many posts a source shows that shows but the newest few; what falls out before a crawl sees it is
    never seen.
    """

    kind: Kind
    changes: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    places: tuple[str, ...] = ("",)
    room: int = ALL


PLACES = ("", "elders", "nog-elders")
OF_REDDIT = {f"{VARIABLE}_ID": CLIENT[0], f"{VARIABLE}_SECRET": CLIENT[1]}
TOPICS = {
    Kind.DISCOURSE: [discourse.topic_id(DEFAULT_PLACES[Kind.DISCOURSE])],
    Kind.PHPBB: [f"viewtopic.php?t={phpbb.topic_id(DEFAULT_PLACES[Kind.PHPBB])}"],
}
WAYS: dict[str, Way] = {
    **{kind.value: Way(kind) for kind in KINDS},
    "feed": Way(Kind.FEED, room=MOST_ITEMS),
    "discourse": Way(Kind.DISCOURSE, places=PLACES),
    "discourse topic": Way(Kind.DISCOURSE, {"topics": TOPICS[Kind.DISCOURSE]}),
    "discourse search": Way(Kind.DISCOURSE, {"query": "#snelveld"}, places=PLACES),
    "phpbb": Way(Kind.PHPBB, places=PLACES),
    "phpbb topic": Way(Kind.PHPBB, {"forums": [], "topics": TOPICS[Kind.PHPBB]}),
    "phpbb query": Way(Kind.PHPBB, {"query": "snelveld"}, places=PLACES),
    "phpbb feed": Way(Kind.PHPBB, {"forums": []}, room=phpbb.IN_FEED),
    "tweakers pages": Way(Kind.TWEAKERS, {"pages": True}),
    "reddit by key": Way(Kind.REDDIT, secrets=OF_REDDIT),
    "reddit search by key": Way(Kind.REDDIT, {"query": "snelveld"}, OF_REDDIT),
    "youtube channel": Way(Kind.YOUTUBE, {"videos": [], "channels": [CHANNEL]}),
    "youtube search": Way(Kind.YOUTUBE, {"videos": [], "query": "snelveld"}),
    "mastodon search": Way(
        Kind.MASTODON, {"hashtags": [], "query": "snelveld"}, {MASTODON_TOKEN: MASTODON_KEY}
    ),
}


class History:
    """What happens at a source, as `told`, and how it is read by crawls that are disturbed and by some that are not."""

    def __init__(self, way: Way, seed: str, crawling: Crawling, twin: Database) -> None:
        self.way, self.draw = way, random.Random(seed)
        self.crawling, self.undisturbed = crawling, replace(crawling, database=twin)
        self.board, self.faults = crawling.replica.posts, crawling.replica.faults
        self.configuration: Configuration = configured(crawling.replica.url, way.kind, **way.changes)
        crawling.settings = self.undisturbed.settings = {"RETRY_TIMES": 0}
        self.now, self.number, self.told = START, 1_000, [f"{way} {seed}"]
        self.keys: list[str] = []
        for post in posts(way.kind, self.draw.choice([3, 12, 45])):
            self._add(post.published_at)

    def go_on(self) -> None:
        """A crawl of each, and what happens until the next."""
        self._read(self.undisturbed)
        if self.draw.random() < 0.4:
            self._break()
        self.crawling.lives = self.draw.randint(0, 5) if self.draw.random() < 0.3 else None
        self._read(self.crawling)
        self.crawling.lives = None
        self.faults.clear()
        pause = self.draw.choice(PAUSES)
        self.now += pause
        self.crawling.clock.set(self.now - timedelta(minutes=1))
        for _ in range(self.draw.randint(0, 4)):
            self._happen(pause)

    def settle(self) -> None:
        """Some days in which nothing goes wrong."""
        begun = self.now
        for pause in CALM:
            self.now = begun + pause
            self._read(self.undisturbed)
            self.health = self._read(self.crawling)

    def _break(self) -> None:
        fault, after, times = self.draw.choice(FAULTS), self.draw.randint(0, 5), self.draw.choice([1, 2, 100])
        self.faults.set(self.way.kind, fault, after=after, times=times)
        self.told.append(f"{fault.value} after {after}, {times} times")

    def _read(self, crawling: Crawling) -> Health | None:
        self.crawling.clock.set(self.now)
        try:
            outcome = crawling.read(self.configuration)
        except Dead:
            self.told.append(f"{self.now:%d %H:%M} killed")
            return None
        who = "" if crawling is self.crawling else "undisturbed "
        counts = {name: count for name, count in outcome.counts.items() if count}
        self.told.append(f"{self.now:%d %H:%M} {who}{outcome.health.value} {outcome.reason or ''} {counts}")
        return outcome.health

    def _happen(self, pause: timedelta) -> None:
        what = self.draw.choice(["new", "new", "many", "edit", "reply", "removal", "removals"])
        there = [key for key in self._there()[-20:] if self.now - self.board[key].published_at < LATE]
        self.told.append(what)
        if what in ("new", "many"):
            for _ in range(1 if what == "new" else self.draw.randint(3, 25)):
                self._add(self.now - pause * self.draw.random())
        elif there:
            some = self.draw.sample(
                there, min(len(there), self.draw.randint(2, 6) if what == "removals" else 1)
            )
            key = some[0]
            self.told[-1] += f" of {', '.join(some)}"
            if what == "edit":
                self.number += 1
                self.board.edit(key, text=f"Nu al {self.number} uur geen internet! #snelveld")
            elif what == "reply":
                self.board.reply(key, ANSWER)
            else:
                # Where nothing is shown any more that may be a fault, and tells nothing.
                for key in (one for one in some if one not in self.keys[:STAYING]):
                    self.board.remove(key)

    def _add(self, published_at: datetime) -> None:
        if len(self._there()) >= self.way.room:
            return
        self.number += 1
        [post] = posts(self.way.kind, 1, first=self.number)
        place = self.draw.choice(self.way.places) or post.place
        post = replace(post, published_at=published_at, place=place, key="")
        while post.key in self.keys:  # forums number by the second
            post = replace(post, published_at=post.published_at - timedelta(minutes=1), key="")
        self.keys.append(self.board.add(post).key)

    def _there(self) -> list[str]:
        return [key for key in self.keys if self.board[key].removed_at is None]

    def rows(self, crawling: Crawling) -> dict[str, tuple[Any, ...]]:
        """What is stored of what can still be read, by its id, but for what the company says by itself.

        Without the titles of topics, which are those of when a post was read.
        """
        topics = self.way.kind in TOPICAL
        return {
            one["external_id"]: (
                None if topics else one["title"],
                one["text"],
                one["reply"] and one["reply"]["text"],
            )
            for one in crawling.mentions()
            if one["status"] != Status.REMOVED and one["text"] != ANSWER
        }

    def stand(self) -> set[str]:
        """What is to be read at the source now."""
        return {post.text for post in self.board.seen(self.way.kind)}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", WAYS)
def test_nothing_is_lost_or_kept_too_long_whatever_happens(
    name: str, seed: int, crawling: Crawling, twin: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    way = WAYS[name]
    for variable, secret in way.secrets.items():
        monkeypatch.setenv(variable, secret)
    history = History(way, f"{name} {seed}", crawling, twin)
    for _ in range(history.draw.randint(2, 8)):
        history.go_on()
    history.settle()
    told, stand = "\n".join(history.told), history.stand()
    mine, wanted = history.rows(crawling), history.rows(history.undisturbed)
    if name in UNTOLD:
        mine, wanted = ({key: row for key, row in rows.items() if row[1] in stand} for rows in (mine, wanted))

    assert mine == wanted, told
    assert {text for _, text, _ in mine.values()} == stand, told
    assert history.health is Health.OK, told
