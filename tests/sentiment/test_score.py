"""The score step on a real database, with a judge that needs no model."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from sqlmodel import select

from sentiment import score
from sentiment.classifier import Verdict
from storage.database import Database
from storage.models import Mention
from storage.records import Sentiment
from tests.storage.shop import NOW, record, set_up, store


class Grumbler:
    """Finds everything negative; fails on a text that holds the word `struikel`, once."""

    model_id = "grumbler-1"

    def __init__(self) -> None:
        self.read: list[str] = []

    def classify(self, texts: Sequence[str]) -> list[Verdict]:
        self.read += texts
        if any("struikel" in text for text in texts):
            raise KeyboardInterrupt
        shares = {Sentiment.NEGATIVE: 1.0, Sentiment.NEUTRAL: 0.0, Sentiment.POSITIVE: 0.0}
        return [Verdict(Sentiment.NEGATIVE, shares) for _ in texts]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database(f"sqlite:///{tmp_path / 'test.db'}") as database:
        database.upgrade()
        set_up(database)
        yield database


def judged(database: Database) -> int:
    with database.read() as session:
        return sum(mention.judged_by is not None for mention in session.exec(select(Mention)))


def test_every_mention_is_judged_once(database: Database) -> None:
    store(database, *(record(f"r{place}", text=f"klacht {place}") for place in range(7)))
    grumbler = Grumbler()
    first, second = (score.run(database, grumbler, NOW) for _ in range(2))
    assert (first.step, first.done, second.done) == ("score", 7, 0)
    assert len(grumbler.read) == 7


def test_a_killed_run_keeps_what_it_judged_and_the_next_does_the_rest(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(score, "CHUNK", 2)
    store(database, record("r0", text="hier struikel je over"))
    store(database, *(record(f"r{place}", text=f"klacht {place}") for place in range(1, 6)))
    with pytest.raises(KeyboardInterrupt):
        score.run(database, Grumbler(), NOW)
    assert judged(database) == 4
    store(database, record("r0", text="hier niet meer"))
    assert score.run(database, Grumbler(), NOW).done == 2


def test_other_languages_are_marked_and_only_dutch_is_judged(database: Database) -> None:
    store(
        database,
        record("r1", title=None, text="Worst provider ever, nobody answers the phone."),
        record("r2", title=None, text="Al drie dagen geen internet", language="en-US"),
        record("r3", title=None, text="😡😡😡"),
    )
    grumbler = Grumbler()
    first, second = (score.run(database, grumbler, NOW) for _ in range(2))
    assert (first.done, second.done) == (3, 0)
    assert grumbler.read == ["😡😡😡", "Al drie dagen geen internet"]
    with database.read() as session:
        found = {one.external_id: one.language for one in session.exec(select(Mention))}
    assert found == {"r1": "en", "r2": "nl", "r3": "und"}


def test_progress_is_told_after_every_chunk(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score, "CHUNK", 2)
    store(database, *(record(f"r{place}", text=f"klacht {place}") for place in range(3)))
    told: list[tuple[int, int]] = []
    score.run(database, Grumbler(), NOW, progress=lambda done, total: told.append((done, total)))
    assert told == [(2, 3), (3, 3)]


@pytest.mark.parametrize(
    ("title", "text", "read"),
    [
        (None, "Slecht.", "Slecht."),
        ("Nooit meer", "Slecht.", "Nooit meer. Slecht."),
        ("Nooit meer!", "Slecht.", "Nooit meer! Slecht."),
        ("Slecht", "Slecht, nooit meer", "Slecht, nooit meer"),
    ],
)
def test_a_title_is_read_as_a_first_sentence(title: str | None, text: str, read: str) -> None:
    assert score.reading(title, text) == read
