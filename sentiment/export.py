"""Exporting: `python -m sentiment.export --run DIR/best --data DIR --out DIR`.

Turns a trained network into what the service runs: an ONNX graph in 8 bits, its tokenizer, and the manifest.
Needs the packages onnx and safetensors, not torch.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from sentiment import calibrate, graph, manifest
from sentiment.errors import TrainingError
from sentiment.evaluate import confusion, f1_by_label, macro_f1
from sentiment.examples import ELSEWHERE, Example, answered, read_examples, written_examples
from sentiment.heads import HEADS, Head
from sentiment.manifest import Manifest, Output
from sentiment.tokens import load_tokenizer, tokens
from sentiment.windows import OVERLAP, WINDOW, pack, sigmoid, softmax

_NAME = "klachtenradar-nl-sentiment"
_CALIBRATION_TEXTS = 400
# The widest layers' values of this many tokens, for all layers at once, take some 300 MB.
_CALIBRATION_TOKENS = 2048

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Trained:
    """A network as `sentiment.train` leaves it in a folder."""

    weights: graph.Weights
    shape: graph.Shape
    tokenizer: Tokenizer
    window: int

    @classmethod
    def read(cls, folder: Path) -> "Trained":
        """Raises TrainingError naming the file that is missing or wrong."""
        try:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            weights = load_file(folder / "model.safetensors")
            shape = graph.Shape(
                config["num_hidden_layers"], config["num_attention_heads"], config["layer_norm_eps"]
            )
            window = min(WINDOW, config["max_position_embeddings"])
        except Exception as error:  # each library raises its own
            raise TrainingError(f"{folder}: is not the `best` folder of a training run ({error})") from error
        return cls(weights, shape, load_tokenizer(folder), window)


@dataclass(frozen=True)
class Exported:
    """What was written; `macro_f1` gives per head the one on `dev` in 32 bits, and in 8."""

    manifest: Manifest
    macro_f1: Mapping[str, tuple[float, float]]


def export(run: Path, calibration: Sequence[Example], dev: Sequence[Example], out: Path) -> Exported:
    """Writes model, tokenizer and manifest to `out`.

    `calibration` texts set the ranges of the 8-bit layers (their labels do not matter); on `dev` temperature,
    thresholds and the limit of doubt are chosen, and confusion is counted. Heads that no text of `dev` answers are
    left out.
    """
    trained = Trained.read(run)
    dev = [example for example in dev if example.source not in ELSEWHERE]
    # A head that nobody can measure is not shipped.
    heads = [head for place, head in enumerate(HEADS) if answered(dev, place)[0]]
    names = [head.name for head in heads]
    whole, read_by = graph.bert(trained.weights, trained.shape, names)
    ranges = _ranges(whole, read_by, tokens(trained.tokenizer, calibration, trained.window))
    small, _ = graph.bert(trained.weights, trained.shape, names, ranges)
    out.mkdir(parents=True, exist_ok=True)
    (out / manifest.MODEL).write_bytes(small.SerializeToString(deterministic=True))
    (out / manifest.TOKENIZER).write_text(_compact(trained.tokenizer), encoding="utf-8")
    files = {name: manifest.digest(out / name) for name in (manifest.MODEL, manifest.TOKENIZER)}
    rows = tokens(trained.tokenizer, dev, trained.window)
    exact, given = (_logits(model.SerializeToString(), rows, names) for model in (whole, small))
    outputs = tuple(_output(head, given, dev) for head in heads)
    written = Manifest(
        model_id=f"{_NAME}-{files[manifest.MODEL][:12]}",
        window=trained.window,
        overlap=min(OVERLAP, trained.window // 4),
        outputs=outputs,
        files=files,
    )
    written.write(out)
    found = {
        head.name: (_macro_f1(head, output, exact, dev), _macro_f1(head, output, given, dev))
        for head, output in zip(heads, outputs, strict=True)
    }
    return Exported(written, found)


def _compact(tokenizer: Tokenizer) -> str:
    return json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False, separators=(",", ":"))


def _ranges(
    model: onnx.ModelProto, read_by: Mapping[str, str], rows: Sequence[Sequence[int]]
) -> dict[str, graph.Range]:
    values = sorted(set(read_by.values()))
    low: dict[str, Floats] = {}
    high: dict[str, Floats] = {}
    for _, lengths, found in _run(graph.exposed(model, values), rows, values):
        for name, value in zip(values, found, strict=True):
            real = _without_filling(value, lengths)
            low[name] = np.minimum(low.get(name, np.inf), real.min(axis=0))
            high[name] = np.maximum(high.get(name, -np.inf), real.max(axis=0))
    return {layer: graph.Range(low[value], high[value]) for layer, value in read_by.items()}


def _without_filling(value: Floats, lengths: NDArray[np.int32]) -> Floats:
    """The rows (tokens × width) of a layer's value that belong to real tokens."""
    if value.ndim == 2:
        return value
    return value[np.arange(value.shape[1])[None] < lengths[:, None]]


def _run(
    model: bytes, rows: Sequence[Sequence[int]], outputs: Sequence[str]
) -> Iterator[tuple[list[int], NDArray[np.int32], list[Floats]]]:
    """Per batch the places of its rows, their lengths and the outputs."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    for batch in pack([len(row) for row in rows], _CALIBRATION_TOKENS):
        lengths = np.array([len(rows[place]) for place in batch], dtype=np.int32)
        ids = np.ones((len(batch), lengths.max()), dtype=np.int64)
        for filled, place in zip(ids, batch, strict=True):
            filled[: len(rows[place])] = rows[place]
        yield batch, lengths, session.run(list(outputs), {"ids": ids, "lengths": lengths})


Logits = Mapping[str, Floats]
"""Per head texts × labels."""


def _logits(model: bytes, rows: Sequence[Sequence[int]], names: Sequence[str]) -> Logits:
    logits: dict[str, Floats] = {}
    for batch, _, found in _run(model, rows, names):
        for name, some in zip(names, found, strict=True):
            logits.setdefault(name, np.zeros((len(rows), some.shape[1])))[batch] = some
    return logits


def _known(head: Head, logits: Logits, dev: Sequence[Example]) -> tuple[Floats, Floats]:
    """The logits of the texts whose answer is known, and the answers: both texts × labels."""
    rows, answers = answered(dev, HEADS.index(head))
    return logits[head.name][rows], np.array(answers)


def _output(head: Head, logits: Logits, dev: Sequence[Example]) -> Output:
    given, truth = _known(head, logits, dev)
    if not head.exclusive:
        chosen = calibrate.thresholds(sigmoid(given), truth, head.labels)
        return Output(head.name, head.labels, thresholds=chosen)
    true = truth.argmax(axis=1)
    temperature, offsets = calibrate.scaling(given, true)
    probabilities = softmax(given, temperature, offsets)
    table = confusion(_named(head, true), _named(head, probabilities.argmax(axis=1)), head.labels)
    return Output(
        head.name,
        head.labels,
        temperature=temperature,
        offsets=offsets,
        sure_from=calibrate.sure_from(probabilities, true),
        confusion=tuple(map(tuple, table.tolist())),
    )


def _macro_f1(head: Head, output: Output, logits: Logits, dev: Sequence[Example]) -> float:
    given, truth = _known(head, logits, dev)
    if head.exclusive:
        chosen = softmax(given, output.temperature, output.offsets).argmax(axis=1)
        return round(macro_f1(_named(head, truth.argmax(axis=1)), _named(head, chosen), head.labels), 4)
    wanted = truth > 0.5
    occurs = wanted.any(axis=0)
    f1 = f1_by_label(wanted, sigmoid(given) >= np.array(output.thresholds))[occurs]
    return round(float(f1.mean()), 4) if occurs.any() else 0.0


def _named(head: Head, chosen: NDArray[np.int64]) -> list[str]:
    return [head.labels[place] for place in chosen]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m sentiment.export", description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="the best/ folder of a training run")
    parser.add_argument("--data", type=Path, required=True, help="folder with train.jsonl and dev.jsonl")
    parser.add_argument("--written", type=Path, help="folder of individually written texts (written*.jsonl)")
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args(arguments)
    try:
        dev = read_examples(asked.data / "dev.jsonl")
        train = read_examples(asked.data / "train.jsonl")
        if asked.written:
            dev += written_examples(asked.written, "dev")
            train += written_examples(asked.written, "train")
        written = export(asked.run, train[:: max(len(train) // _CALIBRATION_TEXTS, 1)], dev, asked.out)
    except TrainingError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - a command's progress
        return 2
    size = sum((asked.out / name).stat().st_size for name in written.manifest.files)
    told = {
        "model_id": written.manifest.model_id,
        "bytes": size,
        "macro_f1_in_32_and_8_bits": written.macro_f1,
    }
    print(json.dumps(told))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
