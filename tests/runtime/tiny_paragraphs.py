"""A paragraph model of a few bytes, so that tests know what must come out.

A light image (8 x 16) reads as `ab`, one with more ink as `ba`, a newline, and `b` for ever, of
which the guard makes an end. What follows a label depends on the image and on how many labels were
before, which the network counts in its cache and is told: so a wrong cache reads wrongly.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from text_recognizer.bundle import Bundle, write_bundle
from text_recognizer.manifest import Manifest

HEIGHT, WIDTH = 8, 16
SYMBOLS = ("a", "b", "\n")
END, A, B, NEWLINE = range(4)
MAX_LENGTH = 24
TEXTS = ((A, B, END), (B, A, NEWLINE) + (B,) * MAX_LENGTH)
SURE, UNSURE = 8.0, 0.0

Form = tuple[int, list[Any]]

MANIFEST = Manifest(
    name="tiny",
    version="1",
    task="paragraph",
    input_normalisation="paragraph-division-1",
    symbols=SYMBOLS,
    text_form="latin-ascii-1",
    max_length=MAX_LENGTH,
)


def write_tiny_paragraphs(folder: Path, **changes: object) -> Bundle:
    """The bundle, with changes to its manifest."""
    files = {"encoder.onnx": _encoder(), "decoder_step.onnx": _decoder()}
    manifest = replace(MANIFEST, **changes)  # type: ignore[arg-type]
    return write_bundle(folder, manifest, {**files, "config.json": b"{}\n"})


def draw_paragraph(ink: float, *, scale: int = 10) -> np.ndarray:
    """Light page of which a share is ink, at the left."""
    image = np.full((HEIGHT * scale, WIDTH * scale), 240, np.uint8)
    image[:, : round(ink * WIDTH * scale)] = 10
    return image


def _encoder() -> bytes:
    """Keys are the mean ink; one layer, one head, one place, one number."""
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["mean"], axes=[1, 2, 3], keepdims=1),
        helper.make_node("Unsqueeze", ["mean", "first"], ["memory_keys"]),
        helper.make_node("Identity", ["memory_keys"], ["memory_values"]),
    ]
    inputs = {"image": (TensorProto.FLOAT, ["N", 1, HEIGHT, WIDTH])}
    places: Form = (TensorProto.FLOAT, [1, "N", 1, 1, 1])
    outputs = {"memory_keys": places, "memory_values": places}
    return _model(nodes, inputs, outputs, {"first": np.array([0])})


def _decoder() -> bytes:
    """Looks the next label up by the image and the number of labels in the cache."""
    table = np.full((len(TEXTS), MAX_LENGTH + 1, len(SYMBOLS) + 1), UNSURE, np.float32)
    for image, labels in enumerate(TEXTS):
        for place, label in enumerate(labels[: MAX_LENGTH + 1]):
            table[image, place, label] = SURE
            table[image, place, END] = SURE / 2 if label != END else SURE
    nodes = [
        helper.make_node("ReduceMean", ["memory_keys_0"], ["ink"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Greater", ["ink", "half"], ["is_dark"]),
        helper.make_node("Cast", ["is_dark"], ["row"], to=TensorProto.INT64),
        helper.make_node("ReduceSum", ["keys_0", "inner"], ["count"], keepdims=0),  # ones so far
        helper.make_node("Cast", ["count"], ["counted"], to=TensorProto.INT64),
        helper.make_node("Add", ["counted", "counted"], ["twice"]),
        helper.make_node("Sub", ["twice", "place"], ["column"]),  # the place, if both are right
        helper.make_node("Unsqueeze", ["row", "second"], ["row_"]),
        helper.make_node("Unsqueeze", ["column", "second"], ["column_"]),
        helper.make_node("Concat", ["row_", "column_"], ["where"], axis=1),
        helper.make_node("GatherND", ["table", "where"], ["logits"]),
        helper.make_node("LogSoftmax", ["logits"], ["scores"], axis=1),
        helper.make_node("ReduceMean", ["memory_values_0"], ["attention_"], axes=[1, 3]),
        helper.make_node("Reshape", ["attention_", "flat"], ["attention"]),
        helper.make_node("Mul", ["memory_keys_0", "zero"], ["nothing"]),
        helper.make_node("Add", ["nothing", "one"], ["key"]),
        helper.make_node("Identity", ["key"], ["value_"]),
        helper.make_node("Cast", ["label"], ["label_"], to=TensorProto.FLOAT),
        helper.make_node("Reshape", ["label_", "deep"], ["label__"]),
        helper.make_node("Mul", ["value_", "label__"], ["value"]),
    ]
    number, one = TensorProto.FLOAT, ["N", 1, 1, 1]
    inputs = {
        "label": (TensorProto.INT64, ["N"]),
        "place": (TensorProto.INT64, []),
        "keys_0": (number, ["N", 1, 1, "R"]),
        "values_0": (number, ["N", 1, "R", 1]),
        "memory_keys_0": (number, ["N", 1, 1, "M"]),
        "memory_values_0": (number, ["N", 1, "M", 1]),
    }
    outputs = {
        "scores": (number, ["N", len(SYMBOLS) + 1]),
        "attention": (number, ["N", "M"]),
        "key": (number, one),
        "value": (number, one),
    }
    constants = {
        "table": table,
        "half": np.array(0.5, np.float32),
        "inner": np.array([1, 2, 3]),
        "second": np.array([1]),
        "flat": np.array([0, -1]),
        "deep": np.array([-1, 1, 1, 1]),
        "zero": np.array(0.0, np.float32),
        "one": np.array(1.0, np.float32),
    }
    return _model(nodes, inputs, outputs, constants)


def _model(
    nodes: list[onnx.NodeProto],
    inputs: dict[str, Form],
    outputs: dict[str, Form],
    constants: dict[str, np.ndarray],
) -> bytes:
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(name, *form) for name, form in inputs.items()],
        [helper.make_tensor_value_info(name, *form) for name, form in outputs.items()],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())
