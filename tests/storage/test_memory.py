"""What a crawl stores does not stay in its memory."""

import gc
import shutil
import tracemalloc
from collections.abc import Iterable
from pathlib import Path

from storage.database import Database
from tests.storage.shop import record, set_up, store

WARM, SOME, MANY = 20, 20, 60
PER_PAGE = 10
LEAST_OF_A_PAGE = 1_000
"""Bytes. One page's ten ids alone take more."""


def _pages(database: Database, numbers: Iterable[int]) -> None:
    for page in numbers:
        names = (f"https://reviews.example/{page}/{place}" for place in range(PER_PAGE))
        store(
            database,
            *(record(name, author_id=name, text=f"Bericht {name}") for name in names),
            state={"page": page},
        )


def _held() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def test_memory_does_not_grow_with_the_pages_that_are_stored(tmp_path: Path, sqlite_template: Path) -> None:
    shutil.copy(sqlite_template, tmp_path / "shop.db")
    with Database(f"sqlite:///{tmp_path}/shop.db") as database:
        set_up(database)
        _pages(database, range(WARM))  # caches of statements fill, and stay as they are
        tracemalloc.start()
        try:
            _pages(database, range(WARM, WARM + SOME))
            before = _held()
            _pages(database, range(WARM + SOME, WARM + SOME + MANY))
            grown = _held() - before
        finally:
            tracemalloc.stop()
    assert grown < MANY * LEAST_OF_A_PAGE
