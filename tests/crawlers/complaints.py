"""What the crawl tests share: posts of the replica."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from demo.replica import Fault, Kind, Post
from demo.replica.loopback import Answer, Request
from demo.replica.posts import Board
from demo.replica.server import PLAYED
from tests.crawlers.conftest import PLACES, START, Crawling

KINDS = list(PLACES)


def posts(kind: Kind, number: int, first: int = 0, **changes: Any) -> list[Post]:
    """Complaints an hour apart, the newest an hour old, all of one kind."""
    return [
        Post(
            kind,
            f"Al {place} uur geen internet & niemand die belt. #snelveld",
            START - timedelta(hours=place),
            title=f"Storing nummer {place}",
            author=f"Klant {place}",
            rating=2,
            **changes,
        )
        for place in range(first + 1, first + number + 1)
    ]


def show(crawling: Crawling, shown: list[Post]) -> list[Post]:
    return [crawling.replica.posts.add(post) for post in shown]


def altered(
    monkeypatch: pytest.MonkeyPatch, kind: Kind, change: Callable[[dict[str, Any], Request], None]
) -> None:
    """Let `change` have its way with every JSON object that the replica answers for this kind."""
    play = PLAYED[kind]

    def played(request: Request, board: Board, fault: Fault | None) -> Answer:
        answer = play(request, board, fault)
        found = json.loads(answer.body)
        if isinstance(found, dict):
            change(found, request)
        return replace(answer, body=json.dumps(found).encode())

    monkeypatch.setitem(PLAYED, kind, played)


def slow(crawling: Crawling, time: timedelta = timedelta(minutes=1)) -> None:
    """Every answer takes so long, of the ten minutes that a crawl has."""

    def pass_by(request: Request) -> None:
        if request.path != "/robots.txt":
            crawling.clock.advance(time)

    crawling.replica._watch = pass_by
