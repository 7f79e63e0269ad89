"""From a checkpoint to a bundle: ONNX with weights stored once, in fp16, under their own names.

The legacy exporter without constant folding keeps every tensor under its state-dict name, so the
same file is read by the runtime and trained further. Source: measured, docs/bundles.md.
"""

import importlib.util
import io
import logging
import subprocess
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import numpy as np
import onnx
import torch
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
    buffer = io.BytesIO()
    example = form.example(form.examples[0], torch.Generator().manual_seed(0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter is deprecated; dynamo fails on LSTMs
        torch.onnx.export(
            form.network,
            (example,),
            buffer,  # type: ignore[arg-type]  # the stub knows paths only
            input_names=[form.input],
            output_names=[form.output],
            dynamic_axes={name: dict(axes) for name, axes in form.open_sizes.items()},
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
    if importlib.util.find_spec("onnxruntime") is None:
        _LOG.info("Parity of the export is pending: onnxruntime is not installed here.")
        return
    import onnxruntime

    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    generator = torch.Generator().manual_seed(0)
    for shape in form.examples:
        example = form.example(shape, generator)
        with torch.inference_mode():
            expected = form.network(example).numpy()
        (found,) = session.run([form.output], {form.input: example.numpy()})
        difference = float((np.abs(found - expected) / np.maximum(1.0, np.abs(expected))).max())
        if found.shape != expected.shape or difference > _PARITY_TOLERANCE:
            raise TextRecognizerError(
                f"The exported network differs from the trained one by {difference:.2g} on inputs "
                f"of shape {shape}: this is a defect of the export, report it."
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
