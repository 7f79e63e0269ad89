"""Line models of a few bytes that read drawn bars, so that tests know what must come out.

To the network, a symbol with label k is a bar 4 columns wide and 8 * k of 32 rows high; between
bars stand 4 columns of paper. It compares the ink in the middle of every 4 columns with that of
each label. Images are drawn large, and narrower by what `normalise` stretches them.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from text_recognizer.bundle import Bundle, write_bundle
from text_recognizer.manifest import Manifest

HEIGHT, STRIDE = 32, 4
ROW_PX, COLUMN_PX = 11, 10  # of a drawn image, for each row and column of the network's input
SYMBOLS = ("a", "b", " ")
_UNITS = 64  # of the recurrent network
SHARPNESS = 400.0  # of the scores; a bar of the right height gets over 0.99

MANIFEST = Manifest(
    name="tiny",
    version="1",
    task="line",
    input_normalisation="paper-division-2",
    symbols=SYMBOLS,
    text_form="latin-ascii-1",
    line_height=HEIGHT,
    frame_stride=STRIDE,
)


def draw_bars(text: str, *, scale: int = 1) -> NDArray[np.uint8]:
    """Grey image of a text, (32 rows of 11, 8 columns of 10 a character + 4) times `scale`."""
    image = np.full((HEIGHT, 8 * len(text) + 4), 255, dtype=np.uint8)
    for place, symbol in enumerate(text):
        rows = 8 * (SYMBOLS.index(symbol) + 1)
        image[HEIGHT - rows :, 8 * place + 4 : 8 * place + 8] = 0
    return image.repeat(ROW_PX * scale, axis=0).repeat(COLUMN_PX * scale, axis=1)


def bar_network(
    *, height: int = HEIGHT, n_labels: int = len(SYMBOLS) + 1, sharpness: float = SHARPNESS
) -> bytes:
    """ONNX file of the network: -sharpness * (ink - level of the label)^2, less what is common."""
    levels = np.arange(n_labels) * 8 / HEIGHT
    weights = np.zeros((n_labels, 1, height, STRIDE), np.float32)
    middle = slice(1, STRIDE - 1)  # edges of bars are softened
    weights[..., middle] = (2 * sharpness * levels / (height * (STRIDE - 2)))[:, None, None, None]
    nodes = [
        helper.make_node(
            "Conv", ["image", "weight", "bias"], ["map"], strides=[height, STRIDE], name="conv"
        ),
        helper.make_node("Squeeze", ["map", "rows"], ["columns"]),
        helper.make_node("Transpose", ["columns"], ["logits"], perm=[0, 2, 1]),
        helper.make_node("LogSoftmax", ["logits"], ["scores"], axis=2),
    ]
    constants = {
        "weight": weights,
        "bias": (-sharpness * levels**2).astype(np.float32),
        "rows": np.array([2]),
    }
    return make_network(nodes, constants, height=height, n_labels=n_labels)


def recurrent_network() -> bytes:
    """Mean ink of 4 columns -> LSTM -> labels; fp16 weights behind Casts, LSTM gates in parts."""
    rng = np.random.default_rng(0)

    def half(*shape: int) -> NDArray[np.generic]:
        return rng.normal(0, 0.2, shape).astype(np.float16)

    weights: dict[str, NDArray[np.generic]] = {
        "W1": half(1, 2 * _UNITS, 1),
        "W2": half(1, 2 * _UNITS, 1),
        "R1": half(1, 2 * _UNITS, _UNITS),
        "R2": half(1, 2 * _UNITS, _UNITS),
        "out": half(_UNITS, len(SYMBOLS) + 1),
    }
    casts = [
        helper.make_node("Cast", [name], [f"{name}_fp32"], to=TensorProto.FLOAT) for name in weights
    ]
    column = [HEIGHT, STRIDE]
    nodes = [
        helper.make_node("Concat", ["W1_fp32", "W2_fp32"], ["W"], axis=1),
        helper.make_node("Concat", ["R1_fp32", "R2_fp32"], ["R"], axis=1),
        helper.make_node(  # (N, 1, 1, T)
            "AveragePool", ["image"], ["pooled"], kernel_shape=column, strides=column
        ),
        helper.make_node("Squeeze", ["pooled", "one"], ["squeezed"]),  # (N, 1, T)
        helper.make_node("Transpose", ["squeezed"], ["frames"], perm=[2, 0, 1]),  # (T, N, 1)
        helper.make_node("LSTM", ["frames", "W", "R"], ["hidden"], hidden_size=_UNITS),
        helper.make_node("Squeeze", ["hidden", "one"], ["features"]),  # (T, N, _UNITS)
        helper.make_node("MatMul", ["features", "out_fp32"], ["product"]),
        helper.make_node("Transpose", ["product"], ["logits"], perm=[1, 0, 2]),  # (N, T, C)
        helper.make_node("LogSoftmax", ["logits"], ["scores"], axis=2),
    ]
    return make_network(casts + nodes, weights | {"one": np.array([1])})


def make_network(
    nodes: list[onnx.NodeProto],
    constants: dict[str, NDArray[np.generic]],
    *,
    height: int = HEIGHT,
    n_labels: int = len(SYMBOLS) + 1,
) -> bytes:
    """ONNX file with the input and output that every line model has."""
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 1, height, "W"])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", "T", n_labels])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=9)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


def write_tiny_bundle(folder: Path, *, network: bytes | None = None, **changes: object) -> Bundle:
    """A bundle with the bar network, or another one, and changes to its manifest."""
    manifest = replace(MANIFEST, **changes)  # type: ignore[arg-type]
    files = {"model.onnx": bar_network() if network is None else network, "config.json": b"{}\n"}
    return write_bundle(folder, manifest, files)
