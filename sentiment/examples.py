"""Training texts: reading them, parting them, and choosing each epoch's share."""

import hashlib
import json
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from sentiment.errors import TrainingError
from sentiment.heads import HEADS
from sentiment.texts import readable

Part = Literal["train", "dev", "test"]
Used = TypeVar("Used")


@dataclass(frozen=True)
class Example:
    """One text with the answers known for it: per head one number per label, or None where unknown."""

    text: str
    source: str
    targets: tuple[tuple[float, ...] | None, ...]


def part_of(text: str) -> Part:
    """The part a written text belongs to: 80 % train, 10 % dev, 10 % test, by the SHA-256 of the text.

    It depends on nothing but the text, so a text never moves from test to train as the set grows.
    """
    share = int(_digest(text)[:8], 16) % 100
    if share < 10:
        return "test"
    return "dev" if share < 20 else "train"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


LABELLED = "labelled"
"""The source of texts that were read again: they answer every head, so an epoch takes all of them."""

WRITTEN, WRITTEN_REVIEWS = "written", "written_reviews"
"""The sources of the individually written texts: reviews are apart, so that who knows reviews can teach them."""

READ_TWICE = frozenset({LABELLED, WRITTEN, WRITTEN_REVIEWS})
"""Sources whose labels two readings agree on, or hold both of; the others' are the stars of the writer."""

_REVIEWS = frozenset({"review", "app"})
"""The registers that are reviews."""

ELSEWHERE = frozenset({"ecosent_headlines", "nl_politician_tweets"})
"""Sources whose labels answer another question than ours: the tone about the economy, and about politics."""

Labels = Mapping[str, Mapping[str, Any]]
"""Answers by the SHA-256 of the text they are about, for texts that are not ours to hand on."""


def read_labels(path: Path) -> Labels:
    """The answers of a JSON Lines file with a key `sha256`. Raises TrainingError naming a line without one."""
    return dict(read_records(path, lambda record: (record["sha256"], record)))


def read_examples(path: Path, labels: Labels | None = None) -> list[Example]:
    """The examples of a JSON Lines file. `labels` override what the records say.

    Raises TrainingError naming the file and line of the first record that cannot be used.
    """
    return read_records(path, lambda record: _example(record, None, labels or {}))


def read_records(path: Path, use: Callable[[Any], Used]) -> list[Used]:
    """What `use` makes of each record of a JSON Lines file (UTF-8). Raises TrainingError naming file and line."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise TrainingError(f"{path}: cannot be read ({error.strerror})") from error
    found = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                found.append(use(json.loads(line)))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise TrainingError(f"{path}:{number}: not a usable record ({error!r})") from error
    return found


def _example(record: Mapping[str, Any], source: str | None, labels: Labels) -> Example:
    text = record["text"]
    better = labels.get(_digest(text))
    targets = tuple(head.target({**record, **(better or {})}) for head in HEADS)
    named = LABELLED if better else str(record.get("source", "unnamed"))
    return Example(text, source or named, targets)


def written_examples(folder: Path, part: Part) -> list[Example]:
    """The individually written texts of one part, from every `written*.jsonl` of the folder, each text once.

    Raises TrainingError where the folder has none: training without them should not come of a slip of the pen.
    """
    paths = sorted(folder.glob("written*.jsonl"))
    if not paths:
        raise TrainingError(f"{folder}: holds no written*.jsonl")
    unique: dict[str, Example] = {}
    for path in paths:
        for example in read_records(path, lambda record: _example(record, _place_of(record), {})):
            unique.setdefault(readable(example.text).casefold(), example)
    return [example for example in unique.values() if part_of(example.text) == part]


def _place_of(record: Mapping[str, Any]) -> str:
    return WRITTEN_REVIEWS if record.get("register") in _REVIEWS else WRITTEN


def epoch_sample(
    examples: Sequence[Example], shares: Mapping[str, float], seed: int, epoch: int
) -> list[Example]:
    """What one epoch trains on, in random order: of each source its share, whole repeats included.

    A share of 0.4 takes another two fifths each epoch; 2.5 takes every text twice and half of them a third time.
    """
    chosen: list[Example] = []
    for source in sorted({example.source for example in examples}):
        # Seeding from a string is stable between runs and machines, unlike hash().
        dice = random.Random(f"{seed}:{epoch}:{source}")  # noqa: S311 - no secret
        rows = [example for example in examples if example.source == source]
        whole, part = divmod(shares.get(source, 1.0), 1.0)
        chosen += rows * int(whole) + dice.sample(rows, round(part * len(rows)))
    random.Random(f"{seed}:{epoch}").shuffle(chosen)  # noqa: S311 - no secret
    return chosen


def answered(examples: Sequence[Example], head: int) -> tuple[list[int], list[tuple[float, ...]]]:
    """Which of the examples (their places) answer the head at this place in HEADS, and their answers."""
    targets = [(row, example.targets[head]) for row, example in enumerate(examples)]
    known = [(row, target) for row, target in targets if target is not None]
    return [row for row, _ in known], [target for _, target in known]


def label_weights(examples: Sequence[Example], head: int) -> tuple[float, ...]:
    """Loss weight per label: the inverse square root of how common it is, 1 on average over the examples.

    The square root tempers: full inverse frequency makes the few neutrals shout.
    """
    counts: Counter[int] = Counter()
    for target in answered(examples, head)[1]:
        counts.update(place for place, value in enumerate(target) if value)
    raw = [max(counts[place], 1) ** -0.5 for place in range(len(HEADS[head].labels))]
    total = sum(counts.values()) or 1
    mean = sum(weight * counts[place] for place, weight in enumerate(raw)) / total or 1.0
    return tuple(weight / mean for weight in raw)
