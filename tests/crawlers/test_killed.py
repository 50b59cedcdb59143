"""A crawl that is killed anywhere and begun again ends with the rows of an undisturbed one, whatever the kind.

Nothing of a crawl lasts but what it stores, a batch at a time, so it can leave only as many different traces as it
stores batches: one test lets a crawl die before each of them in turn. Another kills the real process at a request.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlmodel import col, select

from crawlers.sources import SOURCES
from demo.clock import PlayClock
from demo.replica import Kind, Replica
from storage.configuration import Configuration, SourceSettings
from storage.database import Database
from storage.export import mentions
from storage.models import Health, Mention, MentionVersion, Source
from tests.crawlers.complaints import posts
from tests.crawlers.conftest import START, Crawling, Dead, configured, crawl, known

LATER, MUCH_LATER = timedelta(days=2), timedelta(days=4)
ROWS = 1_200
"""Of a file; it is stored 500 at a time."""


class World:
    """A place that complaints are posted on, and what became of them in the meantime."""

    def __init__(self, kind: str, replica: Replica, clock: PlayClock, folder: Path) -> None:
        self.kind, self.replica, self.clock = kind, replica, clock
        self.file = folder / "klachten.csv"
        self.configuration = self._configured()

    def _configured(self) -> Configuration:
        if self.kind != "csv":
            return configured(self.replica.url, Kind(self.kind))
        told = {"columns": {"id": "Nr", "text": "Klacht", "reply": "Antwoord"}, "path": str(self.file)}
        source = {"name": "csv", "kind": "csv", "brand": "Snelveld"} | told
        usual = configured(self.replica.url)
        return usual.model_copy(update={"source": (SourceSettings.model_validate(source),)})

    def begin(self) -> None:
        """The first posts, some of them answered."""
        if self.kind == "csv":
            self._write({number: f"Storing {number};" for number in range(ROWS)})
            return
        self.shown = [self.replica.posts.add(post) for post in posts(Kind(self.kind), 45)]
        self.clock.set(START + timedelta(minutes=1))
        for post in self.shown[3:5]:
            self.replica.posts.reply(post.key, "Wat vervelend, we bellen je.")

    def go_on(self) -> None:
        """New posts, an edit, an answer and two that are gone."""
        self.clock.set(START + LATER)
        if self.kind == "csv":
            self._write({number: f"Storing {number};We bellen" for number in range(5, ROWS + 30)})
            return
        for post in posts(Kind(self.kind), 4):
            later = post.published_at + LATER
            self.replica.posts.add(replace(post, published_at=later, author=f"Nieuw {post.author}", key=""))
        self.replica.posts.edit(self.shown[1].key, text="Nu al 99 uur geen internet! #snelveld")
        self.replica.posts.reply(self.shown[2].key, "Het is verholpen.")
        for post in self.shown[6:8]:
            self.replica.posts.remove(post.key)

    def settle(self) -> None:
        self.clock.set(START + MUCH_LATER)

    def _write(self, rows: dict[int, str]) -> None:
        lines = [f"{number};{said}" for number, said in rows.items()]
        self.file.write_text("\n".join(["Nr;Klacht;Antwoord", *lines]) + "\n", "utf-8")


def rows(database: Database) -> dict[str, Any]:
    """Everything that tells one end of a crawl from another; not when and how often it was seen."""
    with database.read() as session:
        found = list(mentions(session))
        versions = session.exec(
            select(Mention.external_id, MentionVersion.number, MentionVersion.content_hash)
            .join(Mention, col(Mention.id) == MentionVersion.mention_id)
            .order_by(Mention.external_id, col(MentionVersion.number))
        ).all()
        historic = session.exec(select(Mention.external_id).where(col(Mention.historic))).all()
        [state] = session.exec(select(Source.state))
    return {
        "mentions": sorted(({**one, "id": None} for one in found), key=lambda one: one["external_id"]),
        "versions": [tuple(one) for one in versions],
        "historic": sorted(historic),
        "state": state,
    }


def killed_at_every_batch(crawling: Crawling, configuration: Configuration) -> int:
    """Begin a crawl again and again, each killed one batch later, until one is whole; how many were killed."""
    for lives in range(100):
        crawling.lives = lives
        try:
            crawling.read(configuration)
        except Dead:
            continue
        finally:
            crawling.lives = None
        return lives
    raise AssertionError("it never ends")


@pytest.mark.parametrize("kind", SOURCES)
def test_a_crawl_that_is_killed_before_any_batch_is_made_whole(
    kind: str, crawling: Crawling, twin: Database, tmp_path: Path
) -> None:
    world = World(kind, crawling.replica, crawling.clock, tmp_path)
    undisturbed = replace(crawling, database=twin)
    for step in (world.begin, world.go_on):
        step()
        undisturbed.read(world.configuration)
        assert killed_at_every_batch(crawling, world.configuration) > 0
        assert rows(crawling.database) == rows(twin)
    world.settle()
    undisturbed.read(world.configuration)
    crawling.read(world.configuration)

    assert rows(crawling.database) == rows(twin)


AT_ONCE = ("csv", "feed", "reddit", "schema_org", "tweakers_forum")
"""Kinds of which a crawl stores all its mentions in its last batch."""


def killed_once_something_is_stored(crawling: Crawling, configuration: Configuration) -> None:
    """Begin a crawl again and again, until one that is killed leaves a mention."""
    for lives in range(1, 100):
        crawling.lives = lives
        with pytest.raises(Dead):
            crawling.read(configuration)
        crawling.lives = None
        if crawling.mentions():
            return


@pytest.mark.parametrize("kind", [kind for kind in SOURCES if kind not in AT_ONCE])
def test_what_a_killed_crawl_stored_and_is_gone_by_then_is_missed(
    kind: str, crawling: Crawling, twin: Database, tmp_path: Path
) -> None:
    world = World(kind, crawling.replica, crawling.clock, tmp_path)
    undisturbed = replace(crawling, database=twin)
    world.begin()
    undisturbed.read(world.configuration)
    killed_once_something_is_stored(crawling, world.configuration)
    for post in world.shown[::9]:
        crawling.replica.posts.remove(post.key)
    for days in (1, 2, 3):
        crawling.clock.set(START + timedelta(days=days))
        undisturbed.read(world.configuration)
        crawling.read(world.configuration)
    now, wanted = (
        {one["external_id"]: one["status"] for one in each.mentions()} for each in (crawling, undisturbed)
    )

    assert now == {key: wanted[key] for key in now}


def kill_at(replica: Replica, number: int) -> Callable[[], bool]:
    """Kill this process's crawl when it asks for the request of that number; says whether that happened."""
    asked: list[Any] = []

    def watch(request: Any) -> None:
        asked.append(request)
        if len(asked) == number:
            [child] = [one for one in psutil.Process().children() if "crawlers.child" in one.cmdline()]
            child.kill()

    replica._watch = watch
    return lambda: len(asked) >= number


@pytest.mark.parametrize("kind", [kind for kind in SOURCES if kind != "csv"])
def test_a_process_that_is_killed_at_a_request_leaves_nothing_behind_that_matters(
    kind: str, crawling: Crawling, twin: Database, tmp_path: Path
) -> None:
    world = World(kind, crawling.replica, crawling.clock, tmp_path)
    world.begin()
    replace(crawling, database=twin).read(world.configuration)
    requests = len(crawling.replica.requests)
    happened = kill_at(crawling.replica, requests)  # the last: most of it is stored by then

    ended = crawl(crawling.database, known(crawling.database, world.configuration), kind, crawling.clock())
    crawling.replica._watch = None
    crawling.read(world.configuration)

    assert happened()
    assert (ended.health, ended.cause) == (Health.BROKEN, "stopped")
    assert rows(crawling.database) == rows(twin)
