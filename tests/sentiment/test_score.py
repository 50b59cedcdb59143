"""The score step on a real database, with a judge that needs no model."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from sentiment import score
from sentiment.classifier import Verdict
from storage import leases
from storage.database import Database
from storage.leases import Holder
from storage.models import Mention
from storage.models import Verdict as Stored
from storage.records import Sentiment
from tests.storage.shop import NOW, record, set_up, store

HOUR = timedelta(hours=1)


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


class Cheerful(Grumbler):
    """Finds everything positive."""

    model_id = "cheerful-1"

    def classify(self, texts: Sequence[str]) -> list[Verdict]:
        self.read += texts
        shares = {Sentiment.NEGATIVE: 0.0, Sentiment.NEUTRAL: 0.0, Sentiment.POSITIVE: 1.0}
        return [Verdict(Sentiment.POSITIVE, shares, unsure=True) for _ in texts]


@pytest.fixture
def changed(database: Database, monkeypatch: pytest.MonkeyPatch) -> Cheerful:
    """Five mentions that the grumbler judged; then the cheerful one is put to use."""
    monkeypatch.setattr(score, "AGAIN_CHUNK", 2)
    score.begin(database, Grumbler(), NOW - HOUR)
    store(database, *(record(f"r{place}", text=f"klacht {place}") for place in range(5)))
    score.run(database, Grumbler(), NOW - HOUR)
    cheerful = Cheerful()
    score.begin(database, cheerful, NOW)
    return cheerful


def judges_of(database: Database) -> list[str]:
    """Who judged each mention, in the order they came."""
    with database.read() as session:
        return [one.judged_by or "" for one in session.exec(select(Mention).order_by(col(Mention.id)))]


def test_another_model_leaves_old_verdicts_alone_until_it_is_asked(
    database: Database, changed: Cheerful
) -> None:
    store(database, record("new", text="nieuw"))
    assert score.run(database, changed, NOW).done == 1
    assert judges_of(database) == ["grumbler-1"] * 5 + ["cheerful-1"]


def test_judging_anew_takes_the_newest_first_and_goes_on_after_a_kill(
    database: Database, changed: Cheerful
) -> None:
    assert score.again(database, changed, NOW) == 2
    assert judges_of(database) == ["grumbler-1"] * 3 + ["cheerful-1"] * 2
    told: list[tuple[int, int]] = []
    report = score.all_again(database, Cheerful(), lambda: NOW, no_pause, lambda *at: told.append(at))
    assert report.done == 3
    assert told == [(2, 3), (3, 3)]
    assert judges_of(database) == ["cheerful-1"] * 5
    assert score.again(database, changed, NOW) == 0
    with database.read() as session:
        kept = session.exec(select(Stored.model_id, Stored.unsure)).all()
    assert sorted(kept) == [("cheerful-1", True)] * 5 + [("grumbler-1", False)] * 5


def test_a_schedule_judges_what_is_new_before_what_is_old(database: Database, changed: Cheerful) -> None:
    store(database, *(record(f"n{place}", text=f"nieuw {place}") for place in range(3)))
    assert score.keep_up(database, changed, NOW).done == 3 + 2
    assert changed.read[:3] == [
        "Monteur kwam niet. nieuw 2",
        "Monteur kwam niet. nieuw 1",
        "Monteur kwam niet. nieuw 0",
    ]


def test_a_process_with_the_earlier_model_does_not_undo_what_the_new_one_did(
    database: Database, changed: Cheerful
) -> None:
    score.all_again(database, changed, lambda: NOW, no_pause)
    assert score.keep_up(database, Grumbler(), NOW).done == 0
    assert judges_of(database) == ["cheerful-1"] * 5


def test_two_processes_do_not_judge_the_same_mentions_anew(database: Database, changed: Cheerful) -> None:
    other = Holder("elders", 1)
    with database.write() as session:
        leases.acquire(session, score.AGAIN_LEASE, other, NOW, length=score.AGAIN_FOR)
    assert score.again(database, changed, NOW) is None
    clock = iter(NOW + HOUR * step for step in range(9))
    paused: list[float] = []
    told: list[tuple[int, int]] = []

    def other_judges_two(seconds: float) -> None:
        paused.append(seconds)
        assert score.again(database, changed, NOW + HOUR) == 2

    report = score.all_again(
        database, changed, lambda: next(clock), other_judges_two, lambda *at: told.append(at)
    )
    assert (report.done, paused) == (3, [score.AGAIN_PAUSE]), "the other's lease ran out"
    assert told == [(2, 5), (4, 5), (5, 5)]


def no_pause(seconds: float) -> None:
    raise AssertionError("nobody else was at it")
