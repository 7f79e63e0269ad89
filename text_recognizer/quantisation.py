"""The int8 twin of a model for lines or paragraphs: smaller, a little worse, and for reading only.

Weights of LSTMs and linear layers are rounded to whole numbers from -64 to 64 and multiplied as
such: with larger ones, sums of two products would not fit in the 16 bits that processors without
8-bit dot products have for them. Those of the convolutions of a paragraph model, which are most of
it, are rounded to 8 bits and multiplied in full, because whole numbers are no faster on a CPU, and
a line model keeps its few. The twin is a bundle of its own, so it is never the only copy.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from text_recognizer.bundle import (
    DECODER_FILE,
    ENCODER_FILE,
    NETWORK_FILE,
    WEIGHTS_FILE,
    Bundle,
    user_data_folder,
    write_bundle,
)
from text_recognizer.errors import BundleError, MissingExtraError
from text_recognizer.line_reader import LineReader
from text_recognizer.paragraph_reader import ParagraphReader

_NETWORKS = {"line": (NETWORK_FILE,), "paragraph": (ENCODER_FILE, DECODER_FILE)}
_OPERATORS = ["LSTM", "MatMul", "Gemm"]
_LEAST_WEIGHTS = 1024  # of a convolution that is worth it
_PROBE_WIDTH_PER_HEIGHT = 13  # a line of about 40 characters
_N_PROBES = 4
_N_LABELS = 100
_REPETITIONS = 5


@dataclass(frozen=True)
class QuantisationReport:
    """What a twin saves. What it costs is told by evaluating both on the same data.

    Attributes:
        bundle: the twin.
        n_bytes_before: size of the original's networks.
        n_bytes_after: size of the twin's networks.
        probe: what was timed, in words.
        seconds_before: time of the original for it, on this machine.
        seconds_after: time of the twin.
    """

    bundle: Bundle
    n_bytes_before: int
    n_bytes_after: int
    probe: str
    seconds_before: float
    seconds_after: float


def quantise_bundle(
    bundle: Bundle,
    folder: Path | None = None,
    *,
    overwrite: bool = False,
    n_threads: int | None = None,
) -> QuantisationReport:
    """Write the int8 twin of a model, called as the model with `-int8` behind.

    Its manifest names the original and holds no CER, because none was measured on it.

    Args:
        bundle: of task line or paragraph; it stays as it is.
        folder: of the twin; None puts it among the models in the user's data folder.
        overwrite: replace a twin that is there.
        n_threads: for the timing in the report; None lets onnxruntime choose.

    Raises:
        BundleError: the model is a twin itself or of another task, or the folder holds a model.
        MissingExtraError: onnx is not installed.
    """
    manifest = bundle.manifest
    if manifest.derived_from is not None:
        raise BundleError(f"{bundle.folder} is rounded already: quantise {manifest.derived_from}.")
    target = folder or user_data_folder() / "artifacts" / f"{manifest.name}-int8"
    if target.resolve() == bundle.folder.resolve():
        raise BundleError(f"{bundle.folder} holds the model itself: give another folder.")
    if manifest.task not in _NETWORKS:
        raise BundleError(f"{bundle.folder} is a {manifest.task} model, which has no int8 twin.")
    names = _NETWORKS[manifest.task]
    rounds_convolutions = manifest.task == "paragraph"
    networks = {name: _quantised(bundle.file(name), rounds_convolutions) for name in names}
    left_out = {*networks, WEIGHTS_FILE}
    others = {other: bundle.folder / other for other in manifest.files if other not in left_out}
    twin = write_bundle(
        target,
        replace(
            manifest,
            name=f"{manifest.name}-int8",
            cer=(),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            derived_from=f"{manifest.name} {manifest.version}",
        ),
        {**networks, **others},
        overwrite=overwrite,
    )
    probe, time_reading = _PROBES[manifest.task]
    return QuantisationReport(
        bundle=twin,
        n_bytes_before=sum(bundle.file(name).stat().st_size for name in names),
        n_bytes_after=sum(map(len, networks.values())),
        probe=probe,
        seconds_before=time_reading(bundle, n_threads),
        seconds_after=time_reading(twin, n_threads),
    )


def _quantised(path: Path, rounds_convolutions: bool) -> bytes:
    """ONNX file with the weights of `_OPERATORS` as int8, one scale for each output unit."""
    try:
        import onnx
    except ImportError as error:
        raise MissingExtraError(
            "Quantising needs onnx, which is not installed: pip install 'text-recognizer[train]'."
        ) from error
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with TemporaryDirectory() as folder:
        folded, quantised = Path(folder, "folded.onnx"), Path(folder, "int8.onnx")
        _fold_constants(path, folded)
        model = onnx.load(folded)
        # Says that the file is prepared; else the quantiser logs advice to do so.
        model.metadata_props.add(key="onnx.quant.pre_process", value="onnxruntime.quant")
        quantize_dynamic(
            model,
            quantised,
            op_types_to_quantize=_OPERATORS,
            per_channel=True,
            weight_type=QuantType.QInt8,
            reduce_range=True,
        )
        if not rounds_convolutions:
            return quantised.read_bytes()
        model = onnx.load(quantised)
    _store_convolutions(model)
    return bytes(model.SerializeToString())


def _store_convolutions(model: Any) -> None:
    """Weights of convolutions as int8, and nodes that make numbers of them when it is opened.

    Args:
        model: an `onnx.ModelProto`.
    """
    from onnx import TensorProto, helper, numpy_helper

    graph = model.graph
    of_convolutions = {node.input[1] for node in graph.node if node.op_type == "Conv"}
    nodes, initialisers = [], []
    for tensor in graph.initializer:
        weights = numpy_helper.to_array(tensor)
        if tensor.name not in of_convolutions or weights.size < _LEAST_WEIGHTS:
            initialisers.append(tensor)
            continue
        scale = np.abs(weights).max(axis=(1, 2, 3), keepdims=True) / 127
        scale[scale == 0] = 1.0
        rounded, scales, numbers = (f"{tensor.name}.{part}" for part in ("int8", "scale", "cast"))
        initialisers += [
            numpy_helper.from_array(np.rint(weights / scale).astype(np.int8), rounded),
            numpy_helper.from_array(scale.astype(np.float32), scales),
        ]
        nodes += [
            helper.make_node("Cast", [rounded], [numbers], to=TensorProto.FLOAT),
            helper.make_node("Mul", [numbers, scales], [tensor.name]),
        ]
    nodes += graph.node
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(initialisers)
    graph.node.extend(nodes)


def _fold_constants(path: Path, folded: Path) -> None:
    """Write the network with its weights in fp32 and in the order of ONNX's LSTM gates.

    In a bundle they are fp16 in the order that training knows, with a Cast and slices behind
    them, and the quantiser only sees weights that go into an operator directly.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(folded)
    options.log_severity_level = 3  # errors; a warning says that the file is for this machine
    onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _seconds_a_line(bundle: Bundle, n_threads: int | None) -> float:
    """Shortest of a few timings on lines of noise; the time does not depend on what is written."""
    reader = LineReader(bundle, n_threads=n_threads)
    height = bundle.manifest.line_height
    shape = (_N_PROBES, height, height * _PROBE_WIDTH_PER_HEIGHT)
    lines = list(np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8))
    return _shortest(lambda: reader.scores(lines)) / _N_PROBES


def _seconds_a_paragraph(bundle: Bundle, n_threads: int | None) -> float:
    """Shortest of a few timings of an image of noise and a text of the same label."""
    reader = ParagraphReader(bundle, n_threads=n_threads)
    ink = np.random.default_rng(0).integers(0, 256, reader.canvas, dtype=np.uint8)
    label, row = np.ones(1, np.int64), np.zeros(1, np.int64)

    def read() -> None:
        steps = reader.begin(reader.encode([ink]))
        for _ in range(min(_N_LABELS, bundle.manifest.max_length)):
            steps.step(label, row)

    return _shortest(read)


def _shortest(run: Callable[[], object]) -> float:
    timings = []
    for _ in range(_REPETITIONS):
        start = time.perf_counter()
        run()
        timings.append(time.perf_counter() - start)
    return min(timings)


_PROBES: dict[str, tuple[str, Callable[[Bundle, int | None], float]]] = {
    "line": ("a line of 40 characters", _seconds_a_line),
    "paragraph": (f"a paragraph of {_N_LABELS} characters", _seconds_a_paragraph),
}
