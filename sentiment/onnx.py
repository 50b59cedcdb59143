"""The embedded model: onnxruntime and tokenizers alone, so that it starts fast and needs no torch."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from sentiment import manifest
from sentiment.classifier import Verdict, verdict_of
from sentiment.errors import ModelBroken
from sentiment.manifest import FOLDER
from sentiment.texts import groups, pieces, readable
from sentiment.windows import Window, averaged, pack, sigmoid, softmax, strongest, windows

# Tokens in one run of the network. Its widest layer then takes 6 MB, which stays in a core's cache; twice as
# many are slower, not faster.
_BATCH_TOKENS = 1024

# How tokenizers write start, end and filling.
_MARKS = (("<s>", "</s>", "<pad>"), ("[CLS]", "[SEP]", "[PAD]"))

# Characters tokenized at once.
_PIECE = 10_000


class EmbeddedClassifier:
    """Judges texts with the model in `folder`. Safe to call from several threads."""

    def __init__(self, folder: Path = FOLDER, threads: int | None = None) -> None:
        """`threads` defaults to the cores this process may use. Raises ModelBroken when a file is not right."""
        self.manifest = manifest.read(folder)
        self.model_id = self.manifest.model_id
        self._tokenizer = _tokenizer(folder / manifest.TOKENIZER)
        self._start, self._end, self._filler = _marks(self._tokenizer, folder / manifest.TOKENIZER)
        self._session = _session(folder / manifest.MODEL)
        # A batch a thread: dividing each batch among the threads lets them wait for each other at every layer.
        self._threads = threads or _cores()
        self._pool = ThreadPoolExecutor(self._threads, "sentiment")

    def classify(self, texts: Sequence[str]) -> list[Verdict]:
        """One verdict per text, in order. Memory does not grow with the number of texts, but for the verdicts."""
        verdicts: list[Verdict] = []
        for group in groups(texts):
            verdicts += self._classify([readable(text) for text in group])
        return verdicts

    def _classify(self, texts: Sequence[str]) -> list[Verdict]:
        held = [window for place, text in enumerate(texts) for window in self._windows(place, text)]
        (first, sentiment), *further = zip(self.manifest.outputs, self._outputs(held), strict=True)
        chosen = averaged(held, sentiment, len(texts))
        found = {
            output.name: [_reached(output, row) for row in strongest(held, answers, len(texts))]
            for output, answers in further
        }
        return [
            verdict_of(
                text,
                first.labels,
                chosen[place],
                {name: rows[place] for name, rows in found.items()},
                first.sure_from,
            )
            for place, text in enumerate(texts)
        ]

    def _windows(self, place: int, text: str) -> Iterator[Window]:
        encoded = self._tokenizer.encode_batch_fast(list(pieces(text, _PIECE)), add_special_tokens=False)
        ids = [token for piece in encoded for token in piece.ids]
        return windows(place, ids, self.manifest.window - 2, self.manifest.overlap)

    def _outputs(self, held: Sequence[Window]) -> list[NDArray[np.float64]]:
        """Per output the probabilities of each window: windows × labels."""
        outputs = self.manifest.outputs
        answers = [np.empty((len(held), len(output.labels))) for output in outputs]
        lengths = [len(window.ids) + 2 for window in held]
        batches = pack(lengths, min(_BATCH_TOKENS, sum(lengths) // self._threads))
        found = self._pool.map(lambda batch: self._logits([held[place] for place in batch]), batches)
        for batch, logits in zip(batches, found, strict=True):
            for output, answer, given in zip(outputs, answers, logits, strict=True):
                answer[batch] = _probabilities(output, given)
        return answers

    def _logits(self, batch: Sequence[Window]) -> list[NDArray[np.float32]]:
        ids, lengths = self._padded(batch)
        names = [output.name for output in self.manifest.outputs]
        found: list[NDArray[np.float32]] = self._session.run(names, {"ids": ids, "lengths": lengths})
        return found

    def _padded(self, batch: Sequence[Window]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        lengths = np.array([len(window.ids) + 2 for window in batch], dtype=np.int32)
        ids = np.full((len(batch), lengths.max()), self._filler, dtype=np.int64)
        for row, window in zip(ids, batch, strict=True):
            row[: len(window.ids) + 2] = (self._start, *window.ids, self._end)
        return ids, lengths


def _probabilities(output: manifest.Output, logits: NDArray[np.float32]) -> NDArray[np.float64]:
    if output.thresholds:
        return sigmoid(logits)
    return softmax(logits, output.temperature, output.offsets)


def _reached(output: manifest.Output, probabilities: NDArray[np.float64]) -> tuple[str, ...]:
    """The labels whose probability reaches their threshold."""
    rows = zip(output.labels, probabilities, output.thresholds, strict=True)
    return tuple(label for label, value, threshold in rows if value >= threshold)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _tokenizer(path: Path) -> Tokenizer:
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises bare Exception
        raise ModelBroken(f"{path}: no tokenizer can be read ({error})") from error


def _marks(tokenizer: Tokenizer, path: Path) -> tuple[int, int, int]:
    """The ids of the marks for start, end and filling."""
    for marks in _MARKS:
        start, end, filler = (tokenizer.token_to_id(mark) for mark in marks)
        if start is not None and end is not None and filler is not None:
            return start, end, filler
    raise ModelBroken(f"{path}: lacks the tokens {', '.join(_MARKS[0])} or {', '.join(_MARKS[1])}")


def _session(path: Path) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # Every batch has another shape: remembering a memory plan for each would only grow.
    options.enable_mem_pattern = False
    # The further optimisations join addition and normalisation into one node, which is slower on a CPU.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the library's errors share no public parent
        raise ModelBroken(f"{path}: onnxruntime cannot load it ({error})") from error
