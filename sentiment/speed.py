"""How fast the embedded model judges, against the `transformers` pipeline with the same weights.

Needs torch, transformers and onnx; the weights come out of the embedded model itself.
"""

import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from sentiment import manifest
from sentiment.manifest import FOLDER
from sentiment.onnx import EmbeddedClassifier

_BATCH = 32
_SENTENCE = (
    "de monteur kwam weer niet en aan de telefoon zei een medewerker dat mijn afspraak nooit was gemaakt "
    "terwijl ik een bevestiging heb van vorige week dinsdag dus nu zit ik al dagen zonder internet"
)


@dataclass(frozen=True)
class Speed:
    """Mentions a second, medians over the rounds; `ratio` is embedded over pipeline."""

    embedded: float
    pipeline: float
    ratio: float
    tokens: int
    mentions: int
    cores: int


def measure(mentions: int = 256, tokens: int = 64, rounds: int = 3, folder: Path = FOLDER) -> Speed:
    """Both judge the same `mentions` texts of `tokens` tokens, in turns, so that a busy machine slows both."""
    tokenizer = Tokenizer.from_file(str(folder / manifest.TOKENIZER))
    texts = [_text(tokenizer, place, tokens) for place in range(mentions)]
    embedded = EmbeddedClassifier(folder)
    pipeline = _pipeline(folder)
    contestants: tuple[Callable[[Sequence[str]], Any], ...] = (
        embedded.classify,
        lambda given: pipeline(list(given), batch_size=_BATCH),
    )
    for contestant in contestants:
        contestant(texts[:_BATCH])
    seconds = [[_seconds(one, texts) for one in contestants] for _ in range(rounds)]
    ours, theirs = (mentions / statistics.median(column) for column in zip(*seconds, strict=True))
    return Speed(ours, theirs, ours / theirs, tokens, mentions, os.cpu_count() or 1)


def _text(tokenizer: Tokenizer, place: int, tokens: int) -> str:
    """A text of `tokens` tokens, marks included, another for every place."""
    known = _SENTENCE.split()
    words: list[str] = []
    while len(tokenizer.encode(" ".join(words)).ids) < tokens:
        words.append(known[(place + len(words)) % len(known)])
    return " ".join(words)


def _seconds(judge: Callable[[Sequence[str]], Any], texts: Sequence[str]) -> float:
    started = time.perf_counter()
    judge(texts)
    return time.perf_counter() - started


def _pipeline(folder: Path) -> Any:
    from transformers import PreTrainedTokenizerFast, pipeline

    from sentiment.restore import network

    marks = {"bos": "<s>", "eos": "</s>", "pad": "<pad>", "cls": "<s>", "sep": "</s>", "unk": "<unk>"}
    named = {f"{kind}_token": mark for kind, mark in marks.items()}
    reader: Any = PreTrainedTokenizerFast  # without types
    tokenizer = reader(tokenizer_file=str(folder / manifest.TOKENIZER), **named)
    model = network(folder / manifest.MODEL)
    return pipeline("text-classification", model=model, tokenizer=tokenizer, device="cpu")
