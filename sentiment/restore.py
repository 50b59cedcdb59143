"""The embedded 8-bit model as a network of `transformers` again, to compare with or to train further.

`python -m sentiment.restore --out DIR` writes it as a folder for `sentiment.train --base DIR`. Needs torch,
transformers and onnx. What rounding to 8 bits took away stays away.
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from safetensors.numpy import load_file, save_file
from transformers import BertConfig, BertForSequenceClassification

from sentiment import manifest
from sentiment.errors import ModelBroken
from sentiment.heads import HEADS, SENTIMENT
from sentiment.manifest import FOLDER
from sentiment.network import WEIGHTS

Floats = NDArray[np.float32]


class _Stored:
    """The constants of an exported graph, as `sentiment.graph` names them."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.constants = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
        self.attributes = {
            (node.op_type, attribute.name): helper.get_attribute_value(attribute)
            for node in model.graph.node
            for attribute in node.attribute
        }

    def linear(self, name: str) -> Floats:
        """Weights of a linear layer, outs × ins."""
        stored = self.constants[f"{name}.weight"]
        if stored.dtype != np.int8:
            return np.asarray(stored.T, dtype=np.float32)
        scale, evening = self.constants[f"{name}.scale"], self.constants[f"{name}.evening"]
        return np.asarray(stored.T * scale[:, None] * evening, dtype=np.float32)

    def rows(self, name: str) -> Floats:
        scale = self.constants.get(f"{name}.scale", np.float32(1))
        return np.asarray(self.constants[name] * scale, dtype=np.float32)


def network(path: Path) -> Any:
    """The network in the ONNX file at `path`, with its sentiment head, in 32 bits and ready to judge."""
    return _network(_Stored(onnx.load(path)))


def save(path: Path, out: Path) -> None:
    """Writes the network in the ONNX file at `path` as a folder of `transformers`, the further heads beside it."""
    stored = _Stored(onnx.load(path))
    _network(stored).save_pretrained(out)
    further = {
        f"heads.{head.name}.{part}": np.asarray(stored.constants[f"{head.name}.{part}"])
        for head in HEADS[1:]
        for part in ("weight", "bias")
        if f"{head.name}.{part}" in stored.constants
    }
    save_file(load_file(out / WEIGHTS) | further, out / WEIGHTS, metadata={"format": "pt"})


def _network(stored: _Stored) -> Any:
    weights = _weights(stored)
    built: Any = BertForSequenceClassification(_config(stored, weights))
    built.load_state_dict({name: torch.tensor(value) for name, value in weights.items()})
    return built.eval()


def _weights(stored: _Stored) -> dict[str, Floats]:
    prefix = "bert.embeddings."
    positions = stored.rows(f"{prefix}position")
    weights = {
        f"{prefix}word_embeddings.weight": stored.rows(f"{prefix}word"),
        f"{prefix}position_embeddings.weight": positions,
        # The one kind of token stands in the positions already.
        f"{prefix}token_type_embeddings.weight": np.zeros((2, positions.shape[1]), dtype=np.float32),
        "classifier.weight": np.asarray(stored.constants[f"{SENTIMENT.name}.weight"]),
        "classifier.bias": np.asarray(stored.constants[f"{SENTIMENT.name}.bias"]),
    }
    for name in stored.constants:
        layer, _, part = name.rpartition(".")
        if part == "bias" and layer.endswith(".self"):
            weights |= _attention(stored, layer)
        elif part == "bias" and layer.startswith("bert."):
            norm = layer.endswith("LayerNorm")
            weights[f"{layer}.weight"] = stored.rows(f"{layer}.weight") if norm else stored.linear(layer)
            weights[name] = np.asarray(stored.constants[name])
    return weights


def _attention(stored: _Stored, layer: str) -> dict[str, Floats]:
    """Query, key and value, which the graph computes as one."""
    weight, bias = np.split(stored.linear(layer), 3), np.split(stored.constants[f"{layer}.bias"], 3)
    parts = dict(zip(("query", "key", "value"), zip(weight, bias, strict=True), strict=True))
    return {
        f"{layer}.{part}.{kind}": value
        for part, pair in parts.items()
        for kind, value in zip(("weight", "bias"), pair, strict=True)
    }


def _config(stored: _Stored, weights: dict[str, Floats]) -> BertConfig:
    words = weights["bert.embeddings.word_embeddings.weight"]
    layers = {name.split(".")[3] for name in weights if name.startswith("bert.encoder.layer.")}
    settings: dict[str, Any] = {
        "vocab_size": words.shape[0],
        "hidden_size": words.shape[1],
        "num_hidden_layers": len(layers),
        "num_attention_heads": stored.attributes["MultiHeadAttention", "num_heads"],
        "intermediate_size": weights["bert.encoder.layer.0.intermediate.dense.weight"].shape[0],
        "max_position_embeddings": weights["bert.embeddings.position_embeddings.weight"].shape[0],
        "layer_norm_eps": stored.attributes["LayerNormalization", "epsilon"],
        "pad_token_id": 1,
        "id2label": dict(enumerate(SENTIMENT.labels)),
        "label2id": {label: place for place, label in enumerate(SENTIMENT.labels)},
    }
    return BertConfig(**settings)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m sentiment.restore", description=__doc__)
    parser.add_argument("--model", type=Path, default=FOLDER, help="folder of an exported model")
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args(arguments)
    try:
        manifest.read(asked.model)
    except ModelBroken as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - a command's answer
        return 2
    save(asked.model / manifest.MODEL, asked.out)
    shutil.copy(asked.model / manifest.TOKENIZER, asked.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
