"""The int8 twin of a line model: smaller and faster, a little worse, and for reading only.

Weights of LSTMs and linear layers are rounded to 8 bits; convolutions stay as they are, because
rounded ones are no faster on a CPU. The twin is a bundle of its own, so it is never the only copy.
"""

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from text_recognizer.bundle import NETWORK_FILE, Bundle, user_data_folder, write_bundle
from text_recognizer.errors import BundleError, MissingExtraError
from text_recognizer.line_reader import LineReader

_OPERATORS = ["LSTM", "MatMul", "Gemm"]
_PROBE_WIDTH_PER_HEIGHT = 13  # a line of about 40 characters
_N_PROBES = 4
_REPETITIONS = 5


@dataclass(frozen=True)
class QuantisationReport:
    """What a twin saves. What it costs is told by evaluating both on the same lines.

    Attributes:
        bundle: the twin.
        n_bytes_before: size of the original's network.
        n_bytes_after: size of the twin's network.
        seconds_a_line_before: time of the original on this machine, for a line of 40 characters.
        seconds_a_line_after: time of the twin.
    """

    bundle: Bundle
    n_bytes_before: int
    n_bytes_after: int
    seconds_a_line_before: float
    seconds_a_line_after: float


def quantise_bundle(
    bundle: Bundle,
    folder: Path | None = None,
    *,
    overwrite: bool = False,
    n_threads: int | None = None,
) -> QuantisationReport:
    """Write the int8 twin of a line model, called as the model with `-int8` behind.

    Its manifest names the original and holds no CER, because none was measured on it.

    Args:
        bundle: of task line; it stays as it is.
        folder: of the twin; None puts it among the models in the user's data folder.
        overwrite: replace a twin that is there.
        n_threads: for the timing in the report; None lets onnxruntime choose.

    Raises:
        BundleError: the model is a twin itself, or the folder holds a model.
        MissingExtraError: onnx is not installed.
    """
    manifest = bundle.manifest
    if manifest.derived_from is not None:
        raise BundleError(f"{bundle.folder} is rounded already: quantise {manifest.derived_from}.")
    original = LineReader(bundle, n_threads=n_threads)
    network = _quantised(bundle.network_path)
    name = f"{manifest.name}-int8"
    others = {other: bundle.folder / other for other in manifest.files if other != NETWORK_FILE}
    twin = write_bundle(
        folder or user_data_folder() / "artifacts" / name,
        replace(
            manifest,
            name=name,
            cer=(),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            derived_from=f"{manifest.name} {manifest.version}",
        ),
        {NETWORK_FILE: network, **others},
        overwrite=overwrite,
    )
    return QuantisationReport(
        bundle=twin,
        n_bytes_before=bundle.network_path.stat().st_size,
        n_bytes_after=len(network),
        seconds_a_line_before=_seconds_a_line(original),
        seconds_a_line_after=_seconds_a_line(LineReader(twin, n_threads=n_threads)),
    )


def _quantised(path: Path) -> bytes:
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
        )
        return quantised.read_bytes()


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


def _seconds_a_line(reader: LineReader) -> float:
    """Shortest of a few timings on lines of noise; the time does not depend on what is written."""
    height = reader.bundle.manifest.line_height
    shape = (_N_PROBES, height, height * _PROBE_WIDTH_PER_HEIGHT)
    lines = list(np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8))
    timings = []
    for _ in range(_REPETITIONS):
        start = time.perf_counter()
        reader.scores(lines)
        timings.append(time.perf_counter() - start)
    return min(timings) / _N_PROBES
