"""From a checkpoint to a bundle: ONNX with weights stored once, in fp16, under their own names.

The legacy exporter without constant folding keeps every tensor under its state-dict name, so the
same file is read by the runtime and trained further. Source: measured, docs/bundles.md.
"""

import importlib.util
import io
import logging
import math
import subprocess
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from text_recognizer.bundle import NETWORK_FILE, Bundle, write_bundle
from text_recognizer.errors import TextRecognizerError
from text_recognizer.manifest import Manifest, MeasuredCer, TrainingData
from text_recognizer.training.options import TrainingOptions, options_from_dict
from text_recognizer.training.record import RunRecord, read_checkpoint
from text_recognizer.training.tasks import ExportForm, task_of

_LOG = logging.getLogger(__name__)
_OPSET = 17
_PARITY_TOLERANCE = 1e-4
_PREFIX = "network."
WEIGHTS_LICENCE = "CC-BY-SA-4.0"  # of weights from the recipes' sources, one of them share-alike


@dataclass(frozen=True)
class Trained:
    """A checkpoint's averaged network and what is known of its run."""

    network: nn.Module
    options: TrainingOptions
    record: RunRecord


def export_checkpoint(
    checkpoint: Path, folder: Path, *, version: str = "1", overwrite: bool = False
) -> Bundle:
    """Write a checkpoint's averaged weights as a bundle and compare its scores with torch.

    Raises:
        BundleError: the folder holds a bundle and `overwrite` is not set.
        InputError: the checkpoint cannot be read, or was not written by this program.
        TextRecognizerError: the exported network gives other scores.
    """
    trained = load_checkpoint(checkpoint)
    form = task_of(trained.options).export_form(trained.network)
    model = export_onnx(form)
    check_parity(form, model)
    files: dict[str, bytes | Path] = {
        NETWORK_FILE: model,
        "config.json": trained.record.config_json().encode(),
        "run_command.txt": trained.record.commands.encode(),
    }
    manifest = _manifest(trained, folder.name, version)
    return write_bundle(folder, manifest, files, overwrite=overwrite)


def load_checkpoint(checkpoint: Path) -> Trained:
    """The averaged network of a checkpoint, rounded to fp16 as it will be stored, for evaluation.

    Raises:
        InputError: the checkpoint cannot be read, or was not written by this program.
    """
    content, record = read_checkpoint(checkpoint)
    options = options_from_dict(record.options)
    network = task_of(options).make_network(options, record.symbols)
    weights = {
        name.removeprefix(_PREFIX): value
        for name, value in content["state_dict"].items()
        if name.startswith(_PREFIX)
    }
    network.load_state_dict(weights)
    return Trained(round_to_half(network).eval(), options, record)


def export_onnx(form: ExportForm) -> bytes:
    """ONNX of a network in evaluation mode, with its weights stored once, in fp16.

    The form's own module stays in training mode: the exporter would merge weights of equal values
    otherwise, and they would be missing when the model is trained further.
    """
    example = form.example(form.examples[0], torch.Generator().manual_seed(0))
    return trace_onnx(form.network, {form.input: example}, (form.output,), form.open_sizes)


def trace_onnx(
    network: nn.Module,
    inputs: Mapping[str, Tensor],
    outputs: Sequence[str],
    open_sizes: Mapping[str, Mapping[int, str]],
) -> bytes:
    """ONNX of what a network does with inputs; see `export_onnx`.

    Args:
        network: stands around the trained network, which it calls `network`.
        inputs: by name, in the order of its arguments.
        outputs: their names.
        open_sizes: names of the axes of inputs and outputs whose size is open.
    """
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter is deprecated; dynamo fails on LSTMs
        torch.onnx.export(
            network,
            tuple(inputs.values()),
            buffer,  # type: ignore[arg-type]  # the stub knows paths only
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes={name: dict(axes) for name, axes in open_sizes.items()},
            opset_version=_OPSET,
            do_constant_folding=False,
            training=torch.onnx.TrainingMode.PRESERVE,
            dynamo=False,
        )
    model = onnx.load_from_string(buffer.getvalue())
    _store_half(model)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def check_parity(form: ExportForm, model: bytes) -> None:
    """Compare what the stored network gives with torch, on inputs of several shapes.

    Without onnxruntime the comparison is logged as pending.

    Raises:
        TextRecognizerError: they differ by more than 1e-4, of values beyond 1 as a share.
    """
    generator = torch.Generator().manual_seed(0)
    inputs = [{form.input: form.example(shape, generator)} for shape in form.examples]
    compare_outputs(form.network, model, inputs, (form.output,))


def compare_outputs(
    network: nn.Module,
    model: bytes,
    inputs: Sequence[Mapping[str, Tensor]],
    outputs: Sequence[str],
) -> None:
    """Compare a stored network with torch on inputs; see `check_parity`.

    Raises:
        TextRecognizerError: they differ.
    """
    if importlib.util.find_spec("onnxruntime") is None:
        _LOG.info("Parity of the export is pending: onnxruntime is not installed here.")
        return
    import onnxruntime

    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    for own in inputs:
        with torch.inference_mode():
            given = network(*own.values())
        expected = [given] if isinstance(given, Tensor) else given
        found = session.run(list(outputs), {name: value.numpy() for name, value in own.items()})
        for one, other in zip(found, expected, strict=True):
            _check_equal(one, other.numpy(), [tuple(value.shape) for value in own.values()])


def _check_equal(
    found: NDArray[np.float32], expected: NDArray[np.float32], shapes: Sequence[tuple[int, ...]]
) -> None:
    same_shape = found.shape == expected.shape
    difference = math.inf
    if same_shape:
        share = np.abs(found - expected) / np.maximum(1.0, np.abs(expected))
        difference = float(share.max(initial=0))
    if difference > _PARITY_TOLERANCE:
        listed = ", ".join(map(str, shapes))
        raise TextRecognizerError(
            f"The exported network differs from the trained one by {difference:.2g} on inputs "
            f"of shape {listed}: this is a defect of the export, report it."
        )


def read_base_weights(bundle: Bundle) -> dict[str, Tensor]:
    """Weights of a bundle by their state-dict names, for training further."""
    content = onnx.load(bundle.network_path)
    return {
        tensor.name: torch.from_numpy(onnx.numpy_helper.to_array(tensor).copy()).float()
        for tensor in content.graph.initializer
        if tensor.data_type == onnx.TensorProto.FLOAT16
    }


def _store_half(model: onnx.ModelProto) -> None:
    """Store every fp32 initialiser as fp16 under its state-dict name, a Cast behind each."""
    casts = []
    for tensor in model.graph.initializer:
        if tensor.data_type != onnx.TensorProto.FLOAT:
            continue
        full_name, name = tensor.name, tensor.name.removeprefix(_PREFIX)
        half = onnx.numpy_helper.to_array(tensor).astype(np.float16)
        tensor.CopyFrom(onnx.numpy_helper.from_array(half, name))
        casts.append(
            onnx.helper.make_node("Cast", [name], [full_name + ".fp32"], to=onnx.TensorProto.FLOAT)
        )
        for node in model.graph.node:
            for i, source in enumerate(node.input):
                if source == full_name:
                    node.input[i] = full_name + ".fp32"
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def round_to_half(network: nn.Module) -> nn.Module:
    """The same network, its weights rounded as `export_onnx` stores them."""
    state = {
        name: value.half().float() if value.is_floating_point() else value
        for name, value in network.state_dict().items()
    }
    network.load_state_dict(state)
    return network


def _manifest(trained: Trained, name: str, version: str) -> Manifest:
    record, task = trained.record, task_of(trained.options)
    return Manifest(
        name=name,
        version=version,
        task=task.name,
        symbols=tuple(record.symbols),
        **task.manifest_values(trained.options),
        git_commit=record.git_commit,
        seed=trained.options.trainer.seed,
        libraries={name: metadata.version(name) for name in ("torch", "lightning", "numpy")},
        training_data=tuple(TrainingData(**item) for item in record.training_data),
        cer=tuple(_validation_cer(record.figures)),
        licence=WEIGHTS_LICENCE if record.training_data else "",
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _validation_cer(figures: Mapping[str, float]) -> list[MeasuredCer]:
    prefix = "val_cer/"
    return [
        MeasuredCer(name.removeprefix(prefix), "validation", round(cer, 5), note="during training")
        for name, cer in sorted(figures.items())
        if name.startswith(prefix)
    ]


def git_commit() -> str | None:
    """Commit of the program's checkout, `-dirty` if files differ from it; None outside of one."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    try:
        return _git(root, "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty")
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(folder: Path, *arguments: str) -> str:
    found = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return found.stdout.strip()
