"""Training: `python -m sentiment.train --base PATH --data DIR --out DIR`.

Fine-tunes a BERT encoder on labelled Dutch texts. The same seed, data and thread count give the same order of
texts; a run that was stopped carries on from its last checkpoint when started again with the same --out.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from sentiment.bases import prepared
from sentiment.distil import taught
from sentiment.errors import TrainingError
from sentiment.examples import (
    ELSEWHERE,
    LABELLED,
    WRITTEN,
    WRITTEN_REVIEWS,
    Example,
    read_examples,
    read_labels,
    written_examples,
)
from sentiment.trainer import Plan, Trainer, say

# The economic headlines are four fifths of all neutral texts and carry the tone of the economy, not of a
# writer; a tenth of them an epoch keeps them from teaching "short and newslike means neutral". The restaurant sentences
# are few, and the only Flemish ones.
_SHARES = {"ecosent_headlines": 0.1, "semeval16_rest_nl": 2.0}


def plan_from(arguments: Sequence[str] | None = None) -> Plan:
    """The plan that the command line asks for. Raises TrainingError when a file cannot be used."""
    asked = _parser().parse_args(arguments)
    labels = read_labels(asked.labels) if asked.labels else {}
    train = read_examples(asked.data / "train.jsonl", labels=labels)
    dev = read_examples(asked.data / "dev.jsonl")
    translated = read_examples(asked.data / "train_translated.jsonl") if asked.translated_epochs else []
    if asked.written:
        train += written_examples(asked.written, "train")
        dev += written_examples(asked.written, "dev")
    if not train:
        raise TrainingError(f"{asked.data / 'train.jsonl'}: holds no text to learn from")
    if all(example.source in ELSEWHERE or not any(example.targets) for example in dev):
        raise TrainingError(f"{asked.data / 'dev.jsonl'}: holds no labelled text to choose the best epoch by")
    shares = {source: asked.shared_share * _SHARES.get(source, 1.0) for source in _sources(train)}
    shares |= dict.fromkeys((WRITTEN, WRITTEN_REVIEWS), asked.written_share) | {LABELLED: 1.0}
    plan = Plan(
        base=prepared(asked.base, (example.text for example in train + translated), asked.out / "base"),
        out=asked.out,
        train=tuple(train + translated),
        dev=tuple(dev),
        shares=shares | dict.fromkeys(_sources(translated), 0.0),
        first_shares=shares | dict.fromkeys(_sources(translated), 1.0),
        first_epochs=asked.translated_epochs,
        epochs=asked.epochs,
        rate=asked.rate,
        seed=asked.seed,
        word_dropout=asked.word_dropout,
        words_from=asked.words_from,
    )
    if not asked.teachers:
        return plan
    return taught(plan, asked.teachers, asked.teachers_share, frozenset(asked.teachers_also))


def _sources(examples: Sequence[Example]) -> set[str]:
    return {example.source for example in examples}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sentiment.train", description=__doc__)
    parser.add_argument(
        "--base", required=True, help="folder or hub id of an encoder, or folder of an earlier best/"
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with train.jsonl and dev.jsonl")
    parser.add_argument("--out", type=Path, required=True, help="folder of this run: checkpoint and best/")
    parser.add_argument("--written", type=Path, help="folder of individually written texts (written*.jsonl)")
    parser.add_argument(
        "--written-share", type=float, default=1.0, help="times an epoch sees each written text"
    )
    parser.add_argument(
        "--shared-share", type=float, default=1.0, help="part of the other texts an epoch sees"
    )
    parser.add_argument("--labels", type=Path, help="better labels of texts in --data, by sha256 (.jsonl)")
    parser.add_argument(
        "--translated-epochs", type=int, default=0, help="first epochs that see train_translated.jsonl too"
    )
    parser.add_argument(
        "--teachers",
        type=Path,
        nargs="+",
        help="best/ folders of runs whose answers become part of the labels",
    )
    parser.add_argument(
        "--teachers-share", type=float, default=0.5, help="part of a known label that the teachers answer for"
    )
    parser.add_argument(
        "--teachers-also",
        nargs="+",
        default=(),
        metavar="SOURCE",
        help="sources of which the teachers answer too, though they were not taught by them",
    )
    parser.add_argument("--epochs", type=int, default=6, help="passes over the texts")
    parser.add_argument("--rate", type=float, default=8e-5, help="top learning rate")
    parser.add_argument(
        "--word-dropout", type=float, default=0.0, help="chance that a token is left out, anew each time"
    )
    parser.add_argument(
        "--words-from",
        type=int,
        default=0,
        metavar="TEXTS",
        help="let the embeddings of tokens move that at least so many texts hold (0: of none)",
    )
    parser.add_argument("--seed", type=int, default=1)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    try:
        for measured in Trainer(plan_from(arguments)).run():
            say(json.dumps(asdict(measured)))
    except TrainingError as error:
        say(f"error: {error}")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
