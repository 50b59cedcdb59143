"""Posts for the tests of the replica."""

from datetime import timedelta
from typing import Any

from demo.replica import Kind, Post
from tests.demo.conftest import NOW


def a_post(kind: Kind = Kind.TRUSTPILOT, minutes_ago: float = 60, **fields: Any) -> Post:
    given: dict[str, Any] = {"title": "Monteur kwam niet", "text": "Al drie weken wachten.", "rating": 1}
    return Post(kind, published_at=NOW - timedelta(minutes=minutes_ago), **(given | fields))


def some_posts(count: int, kind: Kind = Kind.TRUSTPILOT, **fields: Any) -> list[Post]:
    """Posts a minute apart; number 0 is the newest."""
    return [
        a_post(kind, n + 1, text=f"Bericht {n} #snelveld", author=f"Klant {n}", **fields)
        for n in range(count)
    ]
