"""Parting the written texts, and choosing what an epoch sees."""

import hashlib
import json
from collections import Counter
from pathlib import Path

import pytest

from sentiment import examples, heads
from sentiment.errors import TrainingError
from sentiment.examples import Example
from tests.sentiment.tiny import write_lines

NEGATIVE, NEUTRAL = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)


def made(count: int, source: str, target: tuple[float, ...] = NEGATIVE) -> list[Example]:
    return [Example(f"{source} {place}", source, (target,)) for place in range(count)]


def test_a_text_is_always_in_the_same_part() -> None:
    # Counted once: should these ever change, texts held out before would be trained on.
    parts = Counter(examples.part_of(f"klacht {place}") for place in range(1000))
    assert parts == {"train": 792, "dev": 94, "test": 114}


def test_the_three_parts_share_no_text_and_leave_none_out(tmp_path: Path) -> None:
    rows = [{"text": f"klacht {place}", "sentiment": "negative"} for place in range(300)]
    write_lines(tmp_path / "written-a.jsonl", rows[:200])
    write_lines(tmp_path / "written-b.jsonl", [*rows[100:], {"text": "KLACHT  7", "sentiment": "negative"}])
    parts = [examples.written_examples(tmp_path, part) for part in ("train", "dev", "test")]
    assert sum(len(part) for part in parts) == 300
    assert len({example.text for part in parts for example in part}) == 300


def test_written_reviews_are_a_source_of_their_own(tmp_path: Path) -> None:
    registers = ["review", "app", "post", None]
    rows = [
        {"text": f"klacht {place}", "sentiment": "negative", "register": registers[place % 4]}
        for place in range(40)
    ]
    write_lines(tmp_path / "written-a.jsonl", rows)
    sources = {example.text: example.source for example in examples.written_examples(tmp_path, "train")}
    reviews = {text for text, source in sources.items() if source == examples.WRITTEN_REVIEWS}
    assert set(sources.values()) == {examples.WRITTEN, examples.WRITTEN_REVIEWS}
    assert {int(text.split()[1]) % 4 for text in reviews} == {0, 1}


def test_a_folder_without_written_texts_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"holds no written\*\.jsonl"):
        examples.written_examples(tmp_path, "train")


def test_an_epoch_sees_of_every_source_its_share() -> None:
    rows = made(100, "a") + made(100, "b") + made(100, "c")
    seen = examples.epoch_sample(rows, {"a": 0.3, "b": 2.5}, seed=1, epoch=0)
    assert Counter(example.source for example in seen) == {"a": 30, "b": 250, "c": 100}


def test_another_epoch_sees_another_share() -> None:
    rows = made(100, "a")
    first, second = (
        {row.text for row in examples.epoch_sample(rows, {"a": 0.3}, 1, epoch)} for epoch in (0, 1)
    )
    assert first != second


def test_the_same_seed_gives_the_same_epoch() -> None:
    rows = made(50, "a") + made(50, "b")
    first, second = (examples.epoch_sample(rows, {"a": 0.5}, seed=3, epoch=2) for _ in range(2))
    assert first == second


def test_rare_labels_weigh_more_and_the_mean_weight_is_one() -> None:
    weights = examples.label_weights(made(90, "a") + made(10, "b", NEUTRAL), head=0)
    assert weights[1] / weights[0] == pytest.approx(3)
    assert 0.9 * weights[0] + 0.1 * weights[1] == pytest.approx(1)


def test_a_record_without_an_answer_leaves_the_question_open() -> None:
    assert heads.SENTIMENT.target({"text": "a"}) is None


def test_a_head_with_several_answers_marks_each() -> None:
    themes = heads.Head("themes", ("prijs", "retour", "levering"), False, ("themes",))
    assert themes.target({"themes": ["levering", "prijs"]}) == (1.0, 0.0, 1.0)
    assert themes.target({"themes": []}) == (0.0, 0.0, 0.0)


def test_a_better_label_replaces_the_one_that_came_with_the_text(tmp_path: Path) -> None:
    write_lines(
        tmp_path / "train.jsonl", [{"text": "Top", "label": "neutral"}, {"text": "Mwah", "label": "neutral"}]
    )
    digest = hashlib.sha256(b"Top").hexdigest()
    write_lines(tmp_path / "labels.jsonl", [{"sha256": digest, "sentiment": "positive"}])
    labels = examples.read_labels(tmp_path / "labels.jsonl")
    found = examples.read_examples(tmp_path / "train.jsonl", labels=labels)
    assert [example.targets[0] for example in found] == [(0.0, 0.0, 1.0), NEUTRAL]


def test_only_the_end_of_a_line_ends_a_record(tmp_path: Path) -> None:
    text = "Top\u2028geholpen\x85\u2029"
    (tmp_path / "train.jsonl").write_text(json.dumps({"text": text}, ensure_ascii=False) + "\n", "utf-8")
    assert [example.text for example in examples.read_examples(tmp_path / "train.jsonl")] == [text]


def test_what_cannot_be_read_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    with pytest.raises(TrainingError, match=r"train\.jsonl: cannot be read \(No such file"):
        examples.read_examples(path)
    path.write_bytes(b'{"text": "Top"}\n\n{"text": "caf\xe9"}\n')
    with pytest.raises(TrainingError, match=r"train\.jsonl:3: "):
        examples.read_examples(path)


def test_a_label_without_a_text_is_named(tmp_path: Path) -> None:
    write_lines(tmp_path / "labels.jsonl", [{"sentiment": "positive"}])
    with pytest.raises(TrainingError, match=r"labels\.jsonl:1: "):
        examples.read_labels(tmp_path / "labels.jsonl")


def test_signals_are_a_yes_or_no_each() -> None:
    record = {"escalation": False, "churn": True, "question": False}
    assert heads.SIGNALS.target(record) == (0.0, 1.0, 0.0)
    assert heads.SIGNALS.target({"churn": True}) is None


def test_where_readers_differ_both_count_for_half() -> None:
    record = {"themes": ["prijs"], "second": {"themes": ["prijs", "retour"]}}
    target = heads.THEMES.target(record)
    assert target is not None
    assert dict(zip(heads.THEMES.labels, target, strict=True))["retour"] == 0.5
    assert sum(target) == 1.5
