"""How fast the embedded model judges, against the `transformers` pipeline in 32 bits.

One pipeline has the same weights, which come out of the embedded model itself; another an encoder of the size that
such models usually have, with random weights. Needs torch, transformers and onnx.
"""

import json
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentiment import manifest
from sentiment.manifest import FOLDER
from sentiment.onnx import EmbeddedClassifier

WRITTEN = Path(__file__).parents[2] / "sentiment" / "training"
_BATCHES = (1, 8, 32)

Judge = Callable[[Sequence[str]], Any]


@dataclass(frozen=True)
class Speed:
    """Mentions a second, medians over the rounds; each pipeline at the batch size that is best for it."""

    embedded: float
    pipeline: float
    large: float
    pipeline_batch: int
    large_batch: int
    mentions: int
    cores: int

    @property
    def ratio(self) -> float:
        return self.embedded / self.pipeline

    @property
    def large_ratio(self) -> float:
        return self.embedded / self.large


def measure(mentions: int = 128, rounds: int = 3, folder: Path = FOLDER, width: int = 768) -> Speed:
    """All judge the same texts, of the lengths that people write, in turns: a busy machine slows all of them."""
    texts = random.Random(1).sample(sorted(_written()), mentions)
    whole = _pipeline(folder)
    large = _pipeline(folder)
    large.model = _large(large.model.config, width)
    few = texts[: max(mentions // 3, 1)]
    batches = _best_batch(whole, few), _best_batch(large, few)
    judges = [EmbeddedClassifier(folder).classify, *map(_judge, (whole, large), batches)]
    judges[0](texts[:8])
    seconds = [[_seconds(judge, texts) for judge in judges] for _ in range(rounds)]
    embedded, small, big = (mentions / statistics.median(column) for column in zip(*seconds, strict=True))
    return Speed(embedded, small, big, *batches, mentions, len(os.sched_getaffinity(0)))


def _written() -> Iterator[str]:
    for path in WRITTEN.glob("written*.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            text = str(json.loads(line)["text"])
            if 5 <= len(text.split()) <= 250:
                yield text


def _judge(pipeline: Any, batch: int) -> Judge:
    return lambda texts: pipeline(list(texts), batch_size=batch, truncation=True, max_length=512)


def _best_batch(pipeline: Any, texts: Sequence[str]) -> int:
    _judge(pipeline, 8)(texts[:8])
    return min(_BATCHES, key=lambda batch: _seconds(_judge(pipeline, batch), texts))


def _seconds(judge: Judge, texts: Sequence[str]) -> float:
    started = time.perf_counter()
    judge(texts)
    return time.perf_counter() - started


def _pipeline(folder: Path) -> Any:
    from transformers import pipeline

    from sentiment.restore import network
    from sentiment.transformer import tokenizer_of

    model, tokenizer = network(folder / manifest.MODEL), tokenizer_of(folder / manifest.TOKENIZER)
    return pipeline("text-classification", model=model, tokenizer=tokenizer, device="cpu")


def _large(like: Any, width: int) -> Any:
    """An encoder of 12 layers for the same tokens, with random weights: how fast it is does not depend on them."""
    from transformers import BertConfig, BertForSequenceClassification

    config = BertConfig(
        vocab_size=like.vocab_size,
        hidden_size=width,
        intermediate_size=4 * width,
        pad_token_id=like.pad_token_id,
        id2label=like.id2label,
    )
    model: Any = BertForSequenceClassification(config)
    return model.eval()
