"""A character model of a few bytes that tells drawn bars apart: upright, level, and a cross."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, checker, helper, numpy_helper

from text_recognizer.bundle import Bundle, write_bundle
from text_recognizer.character_input import CHARACTER_NORMALISATION, SIDE_PX, normalise_character
from text_recognizer.manifest import Manifest

SYMBOLS = ("|", "-", "+")
MANIFEST = Manifest(
    name="bars",
    version="1",
    task="character",
    input_normalisation=CHARACTER_NORMALISATION,
    symbols=SYMBOLS,
    text_form="latin-ascii-1",
)


def draw(symbol: str, *, side: int = 60, pen: int = 6) -> NDArray[np.uint8]:
    """Dark bars on light paper, of shape (side, side)."""
    image = np.full((side, side), 240, np.uint8)
    middle, edge = slice(side // 2 - pen // 2, side // 2 + pen // 2), slice(side // 5, -side // 5)
    if symbol in "|+":
        image[edge, middle] = 20
    if symbol in "-+":
        image[middle, edge] = 20
    return image


def write_bars(folder: Path) -> Bundle:
    """The model: -20 times the mean squared difference from each symbol's own image."""
    drawn = [normalise_character(draw(symbol)) for symbol in SYMBOLS]
    own = np.stack([image for image in drawn if image is not None]).reshape(len(SYMBOLS), -1)
    levels = own.astype(np.float32) / 255
    constants = {
        "shape": np.array([-1, SIDE_PX * SIDE_PX]),
        "weight": (40 * levels.T / 16).astype(np.float32),
        "bias": (-20 * (levels**2).sum(axis=1) / 16).astype(np.float32),
    }
    nodes = [
        helper.make_node("Reshape", ["image", "shape"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weight"], ["product"]),
        helper.make_node("Add", ["product", "bias"], ["scores"]),
    ]
    size = ["N", 1, SIDE_PX, SIDE_PX]
    graph = helper.make_graph(
        nodes,
        "bars",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, size)],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", len(SYMBOLS)])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    checker.check_model(model)
    return write_bundle(folder, MANIFEST, {"model.onnx": model.SerializeToString()})
