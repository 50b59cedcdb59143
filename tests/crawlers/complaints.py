"""What the crawl tests share: posts of the replica."""

from datetime import timedelta
from typing import Any

from demo.replica import Kind, Post
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
