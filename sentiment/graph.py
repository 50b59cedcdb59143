"""A trained network as one ONNX graph, in 32 bits or in 8. Needs the package onnx, not torch."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Array = NDArray[Any]
Weights = Mapping[str, Array]

_OPSET = 21
_MICROSOFT = "com.microsoft"
_POOLER = "bert.pooler.dense"

# Largest weight after rounding. Processors without VNNI add two products in 16 bits, which overflow beyond this (255
# × 64 × 2 < 2¹⁵). Up to 127 would be a quarter more exact where it works, and wrong elsewhere.
_LARGEST = 64

# How much of the spread between a layer's inputs moves into its weights before both are rounded to 8 bits
# (alpha of SmoothQuant, Xiao et al. 2023). Measured on the development texts, the probabilities are off by 0.029
# on average at 0.5, by 0.017 at 0.6, by 0.008 at 0.75, by 0.011 at 0.9; without any of it by 0.016, at most 0.6.
_SMOOTHING = 0.75


@dataclass(frozen=True)
class Shape:
    """What the graph must know of the encoder beside its weights."""

    layers: int
    attention_heads: int
    epsilon: float


@dataclass(frozen=True)
class Range:
    """Least and greatest value that each input of a linear layer took (one number per input)."""

    low: Array
    high: Array


@dataclass
class Graph:
    """An ONNX graph as it grows: every method adds nodes and returns the name of their output.

    With `ranges`, by name of linear layer, those layers compute in 8 bits; the ranges are fixed beforehand, so
    the answer on a text does not depend on the texts it shares a batch with.
    """

    ranges: Mapping[str, Range] = field(default_factory=dict)
    nodes: list[Any] = field(default_factory=list)
    constants: dict[str, Any] = field(default_factory=dict)
    read_by: dict[str, str] = field(default_factory=dict)
    """Which value each linear layer reads."""

    def constant(self, name: str, value: Array) -> str:
        self.constants[name] = numpy_helper.from_array(np.asarray(value, order="C"), name)
        return name

    def add(self, kind: str, inputs: Iterable[str], name: str, domain: str = "", **attributes: Any) -> str:
        self.nodes.append(
            helper.make_node(kind, list(inputs), [name], name=name, domain=domain, **attributes)
        )
        return name

    def half(self, name: str, value: Array) -> str:
        """A constant that is stored in 16 bits and used in 32."""
        stored = self.constant(name, value.astype(np.float16))
        return self.add("Cast", [stored], f"{name}.wide", to=TensorProto.FLOAT)

    def rows(self, name: str, table: Array, places: str) -> str:
        """Looks `places` up in a table kept in 8 bits with one scale a row, or as it is without ranges."""
        if not self.ranges:
            return self.add("Gather", [self.constant(name, table), places], f"{name}.out")
        whole, scale = rounded(table)
        picked = self.add("Gather", [self.constant(name, whole), places], f"{name}.picked")
        wide = self.add("Cast", [picked], f"{name}.wide", to=TensorProto.FLOAT)
        scales = self.add("Gather", [self.constant(f"{name}.scale", scale), places], f"{name}.scales")
        return self.add("Mul", [wide, scales], f"{name}.out")

    def linear(self, name: str, weight: Array, bias: Array, value: str) -> str:
        """value @ weight.T + bias."""
        self.read_by[name] = value
        if name in self.ranges:
            return self._linear_in_8_bits(name, weight, bias, value)
        product = self.add("MatMul", [value, self.constant(f"{name}.weight", weight.T)], f"{name}.product")
        return self.add("Add", [product, self.constant(f"{name}.bias", bias)], f"{name}.out")

    def _linear_in_8_bits(self, name: str, weight: Array, bias: Array, value: str) -> str:
        span = self.ranges[name]
        evening = _evening(span, weight)
        even = self.add("Mul", [value, self.constant(f"{name}.evening", 1 / evening)], f"{name}.even")
        low, high = min(float((span.low / evening).min()), 0.0), float((span.high / evening).max())
        step = self.constant(f"{name}.step", np.array((high - low) / 255, dtype=np.float32))
        zero = self.constant(f"{name}.zero", np.array(round(-low / (high - low) * 255), dtype=np.uint8))
        whole = self.add("QuantizeLinear", [even, step, zero], f"{name}.whole")
        weights, scale = rounded(weight * evening, _LARGEST)
        parts = [
            self.constant(f"{name}.weight", weights.T),
            step,
            self.constant(f"{name}.scale", scale[:, 0]),
        ]
        offset = self.constant(f"{name}.bias", bias)
        inputs = [whole, *parts, zero, "", offset]
        return self.add("MatMulIntegerToFloat", inputs, f"{name}.out", domain=_MICROSOFT)

    def norm(self, name: str, weights: Weights, value: str, epsilon: float) -> str:
        parts = [self.constant(f"{name}.{part}", weights[f"{name}.{part}"]) for part in ("weight", "bias")]
        return self.add("LayerNormalization", [value, *parts], f"{name}.out", axis=-1, epsilon=epsilon)


def rounded(table: Array, most: int = 127) -> tuple[Array, Array]:
    """The table as int8 and the float32 scale of each row (rows × 1): symmetric, largest value to `most`."""
    scale = np.maximum(np.abs(table).max(axis=1, keepdims=True), 1e-12) / most
    return np.rint(table / scale).astype(np.int8), scale.astype(np.float32)


def _evening(span: Range, weight: Array) -> Array:
    """What to divide each input by, and multiply its weights by, so that both spread evenly."""
    inputs = np.maximum(np.maximum(span.high, -span.low), 1e-5)
    outputs = np.maximum(np.abs(weight).max(axis=0), 1e-5)
    return np.asarray(inputs**_SMOOTHING / outputs ** (1 - _SMOOTHING), dtype=np.float32)


def bert(
    weights: Weights, shape: Shape, heads: Iterable[str], ranges: Mapping[str, Range] | None = None
) -> tuple[onnx.ModelProto, Mapping[str, str]]:
    """The model, and which of its values each linear layer of the encoder reads.

    Inputs: `ids` (texts × tokens) and `lengths` (texts); outputs: logits per head (texts × labels), under its
    name. `weights` are named as in transformers' BertForSequenceClassification, whose classifier is the first
    head. With `ranges` the linear layers of the encoder and the word embeddings are kept in 8 bits.
    """
    graph = Graph(ranges or {})
    state = _embedded(graph, weights, shape)
    for layer in range(shape.layers):
        state = _layer(graph, weights, shape, layer, state)
    read_by = dict(graph.read_by)
    pooled = graph.linear(_POOLER, *_pair(weights, _POOLER), state)
    pooled = graph.add("Tanh", [pooled], "pooled")
    outputs = [_head(graph, weights, name, place, pooled) for place, name in enumerate(heads)]
    return _model(graph, outputs), read_by


def _pair(weights: Weights, name: str) -> tuple[Array, Array]:
    return weights[f"{name}.weight"], weights[f"{name}.bias"]


def _embedded(graph: Graph, weights: Weights, shape: Shape) -> str:
    prefix = "bert.embeddings."
    words = graph.rows(f"{prefix}word", weights[f"{prefix}word_embeddings.weight"], "ids")
    # There is one kind of token, so its embedding is a fixed part of every position's.
    fixed = (
        weights[f"{prefix}position_embeddings.weight"] + weights[f"{prefix}token_type_embeddings.weight"][0]
    )
    positions = graph.half(f"{prefix}position", fixed)
    count = graph.add("Shape", ["ids"], "token_count", start=1, end=2)
    zero = graph.constant("zero", np.array([0], dtype=np.int64))
    there = graph.add("Slice", [positions, zero, count, zero], f"{prefix}there")
    total = graph.add("Add", [words, there], f"{prefix}sum")
    return graph.norm(f"{prefix}LayerNorm", weights, total, shape.epsilon)


def _layer(graph: Graph, weights: Weights, shape: Shape, layer: int, state: str) -> str:
    prefix = f"bert.encoder.layer.{layer}."
    mixed = _attention(graph, weights, shape, prefix, state)
    if layer == shape.layers - 1:
        # Only the first token is read by the heads: the rest of the last layer need not be computed.
        first = graph.constant("first", np.array(0, dtype=np.int64))
        mixed = graph.add("Gather", [mixed, first], f"{prefix}mixed.first", axis=1)
        state = graph.add("Gather", [state, first], f"{prefix}state.first", axis=1)
    named = f"{prefix}attention.output."
    mixed = graph.linear(f"{named}dense", *_pair(weights, f"{named}dense"), mixed)
    mixed = graph.add("Add", [mixed, state], f"{named}sum")
    state = graph.norm(f"{named}LayerNorm", weights, mixed, shape.epsilon)
    named = f"{prefix}intermediate.dense"
    wide = graph.linear(named, *_pair(weights, named), state)
    wide = graph.add("Gelu", [wide], f"{prefix}gelu", domain=_MICROSOFT)
    named = f"{prefix}output."
    narrow = graph.linear(f"{named}dense", *_pair(weights, f"{named}dense"), wide)
    narrow = graph.add("Add", [narrow, state], f"{named}sum")
    return graph.norm(f"{named}LayerNorm", weights, narrow, shape.epsilon)


def _attention(graph: Graph, weights: Weights, shape: Shape, prefix: str, state: str) -> str:
    parts = [_pair(weights, f"{prefix}attention.self.{part}") for part in ("query", "key", "value")]
    weight, bias = (np.concatenate(column) for column in zip(*parts, strict=True))
    joined = graph.linear(f"{prefix}attention.self", weight, bias, state)
    names = [f"{prefix}{part}" for part in ("query", "key", "value")]
    graph.nodes.append(helper.make_node("Split", [joined], names, axis=2, num_outputs=3))
    inputs = [*names, "", "lengths"]
    heads = shape.attention_heads
    return graph.add("MultiHeadAttention", inputs, f"{prefix}mixed", domain=_MICROSOFT, num_heads=heads)


def _head(graph: Graph, weights: Weights, name: str, place: int, pooled: str) -> str:
    weight, bias = _pair(weights, f"heads.{name}" if place else "classifier")
    inputs = [pooled, graph.constant(f"{name}.weight", weight), graph.constant(f"{name}.bias", bias)]
    return graph.add("Gemm", inputs, name, transB=1)


def _model(graph: Graph, outputs: Iterable[str]) -> onnx.ModelProto:
    ids = helper.make_tensor_value_info("ids", TensorProto.INT64, ["texts", "tokens"])
    lengths = helper.make_tensor_value_info("lengths", TensorProto.INT32, ["texts"])
    answers = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["texts", None]) for name in outputs]
    body = helper.make_graph(
        graph.nodes, "sentiment", [ids, lengths], answers, list(graph.constants.values())
    )
    opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_MICROSOFT, 1)]
    return helper.make_model(body, opset_imports=opsets, ir_version=10, producer_name="klachtenradar")


def exposed(model: onnx.ModelProto, values: Iterable[str]) -> bytes:
    """The model with further values among its outputs, serialised."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    copy.graph.output.extend(
        helper.make_tensor_value_info(value, TensorProto.FLOAT, None) for value in values
    )
    return bytes(copy.SerializeToString())
