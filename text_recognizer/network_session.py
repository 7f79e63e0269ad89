"""Opens the network of a bundle with onnxruntime, and checks that it is what its manifest says."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from text_recognizer.bundle import NETWORK_FILE, Bundle
from text_recognizer.errors import BundleError, OptionError

if TYPE_CHECKING:
    import onnxruntime

Shape = tuple[int | None, ...]
"""Sizes of an array; None where the size must be open, `ANY` where it may be anything."""
ANY = -1


def open_session(
    bundle: Bundle,
    *,
    task: str,
    normalisations: Sequence[str],
    inputs: Mapping[str, Shape],
    outputs: Mapping[str, Shape],
    n_threads: int | None,
    file: str = NETWORK_FILE,
) -> "onnxruntime.InferenceSession":
    """The network of a bundle, ready to run on the CPU.

    Args:
        bundle: the model.
        task: what it must be made for.
        normalisations: names of the inputs that the program can make for it.
        inputs: shapes of all of the network's inputs, by name.
        outputs: shapes of outputs that it must have, by name.
        n_threads: None lets onnxruntime choose.
        file: name of the ONNX file.

    Raises:
        BundleError: the network does not open, or is another one than is needed.
        OptionError: `n_threads` is below 1.
    """
    import onnxruntime

    if n_threads is not None and n_threads < 1:
        raise OptionError(f"n_threads must be at least 1, not {n_threads}.")
    manifest = bundle.manifest
    if manifest.task != task or manifest.input_normalisation not in normalisations:
        raise BundleError(
            f"{bundle.folder} is a {manifest.task} model for {manifest.input_normalisation!r} "
            f"images, and a {task} model for {' or '.join(map(repr, normalisations))} is needed: "
            "give another one."
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = n_threads or 0
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 3  # errors; they are raised, too
    path = bundle.file(file)
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no base class of their own
        raise BundleError(f"{path} cannot be opened as a network: {error}.") from error
    found_inputs = {node.name: node.shape for node in session.get_inputs()}
    found_outputs = {node.name: node.shape for node in session.get_outputs()}
    is_right = found_inputs.keys() == inputs.keys() and found_outputs.keys() >= outputs.keys()
    if not is_right or not all(
        _can_be(found[name], shape)
        for found, wanted in ((found_inputs, inputs), (found_outputs, outputs))
        for name, shape in wanted.items()
    ):
        raise BundleError(
            f"{path} has {_described(found_inputs | found_outputs)}, and its manifest promises "
            f"{_described({**inputs, **outputs})}: export the model again."
        )
    return session


def _described(shapes: Mapping[str, Sequence[int | str | None]]) -> str:
    """Names and shapes, with a star for sizes that are open, or of no matter."""
    return ", ".join(
        f"{name} ({', '.join(str(s) if isinstance(s, int) and s != ANY else '*' for s in shape)})"
        for name, shape in shapes.items()
    )


def _can_be(shape: Sequence[int | str | None], promised: Shape) -> bool:
    """Whether a shape of a graph agrees; sizes that the graph leaves open are names or None.

    Args:
        shape: as the graph tells it.
        promised: as `Shape`.
    """
    return len(shape) == len(promised) and all(
        size == wanted if isinstance(size, int) and wanted != ANY else True
        for size, wanted in zip(shape, promised, strict=True)
    )
