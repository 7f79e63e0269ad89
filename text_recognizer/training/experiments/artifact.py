"""The folder of a saved model: how it was trained, its weights, and a bundle if it can be one.

    config.json         options by the names of their flags
    run_command.txt     the command that trains it again
    weights.safetensors of the network, by their names
    manifest.json, model.onnx   the bundle, see `text_recognizer.bundle` (two networks of a decoder)

It is written aside and renamed, so it is there as a whole or not at all.
"""

import json
import logging
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any
from uuid import uuid4

from safetensors.torch import save

from text_recognizer.bundle import (
    DECODER_FILE,
    ENCODER_FILE,
    MANIFEST_FILE,
    NETWORK_FILE,
    PACKAGE_FOLDER,
    WEIGHTS_FILE,
    write_bundle,
)
from text_recognizer.character_input import CHARACTER_NORMALISATION
from text_recognizer.errors import BundleError, InputError, OptionError
from text_recognizer.line_input import PLAIN_NORMALISATION
from text_recognizer.manifest import Manifest, MeasuredCer, TrainingData
from text_recognizer.models.decoder_network import DecoderNetwork
from text_recognizer.paragraph_input import PARAGRAPH_NORMALISATION
from text_recognizer.text_form import DEFAULT_TEXT_FORM
from text_recognizer.training.experiments.character_export import character_form, character_labels
from text_recognizer.training.experiments.checkpoint_record import (
    CHARACTER,
    LINE,
    PAGE,
    PARAGRAPH,
    SavedNetwork,
)
from text_recognizer.training.experiments.found_runs import FoundRun
from text_recognizer.training.experiments.line_export import line_form, line_windows
from text_recognizer.training.experiments.paragraph_export import (
    characters_of,
    paragraph_networks,
)
from text_recognizer.training.export import check_parity, export_onnx, round_to_half
from text_recognizer.training.tasks import ExportForm

_LOG = logging.getLogger(__name__)
_LIBRARIES = ("torch", "lightning", "numpy")


@dataclass(frozen=True)
class Artifact:
    """A folder that was written.

    Attributes:
        folder: where it is.
        unit: what its network reads: a line, a paragraph, a character, or the lines of a page.
        has_bundle: whether the program can read with it.
    """

    folder: Path
    unit: str
    has_bundle: bool


@dataclass(frozen=True)
class BundleContent:
    """What a bundle is made of beside `config.json` and its like: a manifest, networks by name."""

    manifest: Manifest
    networks: Mapping[str, bytes]


def write_artifact(saved: SavedNetwork, run: FoundRun, artifacts: Path) -> Artifact:
    """Write `UNIT_text_recognizer`, in place of an older one.

    Args:
        saved: network of the run's best checkpoint.
        run: that it comes from.
        artifacts: folder of the new folder.

    Raises:
        BundleError: that is the folder of the models that come with the package, or holds a model
            to read with, and the run makes none.
        InputError: the folder cannot be written.
    """
    folder = artifacts / f"{saved.record.unit}_text_recognizer"
    files: dict[str, bytes | Path] = {
        "config.json": _json(saved.record.config),
        "run_command.txt": f"{saved.record.command}\n".encode(),
        WEIGHTS_FILE: save(saved.weights()),
    }
    content = _bundle_content(saved, run, folder.name)
    if content is None and (folder / MANIFEST_FILE).exists():
        raise BundleError(
            f"{run.name} makes no model to read with, so the one in {folder} stays. Choose another "
            "run by --metric or --trained_model_class, or remove the folder."
        )
    with _replaced(folder) as aside:
        if content is not None:
            write_bundle(aside, content.manifest, {**content.networks, **files})
        else:
            for name, data in files.items():
                assert isinstance(data, bytes)
                (aside / name).write_bytes(data)
    return Artifact(folder, saved.record.unit, content is not None)


def _bundle_content(saved: SavedNetwork, run: FoundRun, name: str) -> BundleContent | None:
    """The bundle, or None and a sentence on why there is none."""
    try:
        return _EXPORTS[saved.record.unit](saved, run, name)
    except OptionError as error:
        _LOG.warning("No model to read with is made, only its weights are written: %s", error)
        return None


def export_line(saved: SavedNetwork, run: FoundRun, name: str) -> BundleContent:
    """Bundle of a network for lines.

    One with a decoder reads whole images, as those for paragraphs do.

    Raises:
        OptionError: it reads no lines of any width.
    """
    if isinstance(saved.network, DecoderNetwork):
        return export_paragraph(saved, run, name)
    windows = line_windows(saved)
    values = {
        "symbols": characters_of(saved.record.mapping),
        "input_normalisation": PLAIN_NORMALISATION,
        "line_height": saved.record.input_dims[1],
        "frame_stride": windows.stride,
        "cer": _measured(saved, run, {"validation": "val_cer", "test": "test_cer"}),
    }
    return _content(saved, run, name, line_form(saved, windows), values)


def export_character(saved: SavedNetwork, run: FoundRun, name: str) -> BundleContent:
    """Bundle of a network for characters.

    Raises:
        OptionError: its images have another size than those that are read.
    """
    mapping = saved.record.mapping
    values = {
        "symbols": tuple(mapping[label] for label in character_labels(saved)),
        "input_normalisation": CHARACTER_NORMALISATION,
        "cer": _measured(saved, run, {"validation": "val_acc", "test": "test_acc"}),
    }
    return _content(saved, run, name, character_form(saved), values)


def _content(
    saved: SavedNetwork, run: FoundRun, name: str, form: ExportForm, values: Mapping[str, Any]
) -> BundleContent:
    round_to_half(saved.network)
    model = export_onnx(form)
    check_parity(form, model)
    manifest = _manifest(saved, run, name, {"task": saved.record.unit, **values})
    return BundleContent(manifest, {NETWORK_FILE: model})


def _manifest(saved: SavedNetwork, run: FoundRun, name: str, values: Mapping[str, Any]) -> Manifest:
    record = saved.record
    return Manifest(
        name=name,
        version=run.id[:8],
        text_form=DEFAULT_TEXT_FORM,
        git_commit=record.git_commit,
        seed=record.config["seed"],
        libraries={library: metadata.version(library) for library in _LIBRARIES},
        training_data=tuple(TrainingData(data, "") for data in record.data_class.split("+")),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        **values,
    )


def _measured(
    saved: SavedNetwork, run: FoundRun, figures: Mapping[str, str]
) -> tuple[MeasuredCer, ...]:
    """Error rates by the splits' figures; an accuracy of characters is what the rate lacks of 1."""
    return tuple(
        MeasuredCer(
            saved.record.data_class,
            split,
            round(1 - value if figure.endswith("acc") else value, 5),
        )
        for split, figure in figures.items()
        if (value := run.figures.get(figure)) is not None
    )


def export_paragraph(saved: SavedNetwork, run: FoundRun, name: str) -> BundleContent:
    """Bundle of a network with a decoder, for paragraphs or lines.

    Raises:
        OptionError: it has no decoder.
    """
    round_to_half(saved.network)
    networks = paragraph_networks(saved)
    values = {
        "task": PARAGRAPH,
        "symbols": characters_of(saved.record.mapping),
        "input_normalisation": PARAGRAPH_NORMALISATION,
        "max_length": saved.record.output_length,
        "cer": _measured(saved, run, {"validation": "val_cer", "test": "test_cer"}),
    }
    files = {ENCODER_FILE: networks.encoder, DECODER_FILE: networks.decoder_step}
    return BundleContent(_manifest(saved, run, name, values), files)


def export_page(saved: SavedNetwork, run: FoundRun, name: str) -> BundleContent:
    """Bundle of a network for masks of lines.

    Raises:
        OptionError: there are none; the models that find lines are those of recipes.
    """
    raise OptionError("line detectors are measured by evaluation/evaluate_line_detector.py.")


_EXPORTS: Mapping[str, Callable[[SavedNetwork, FoundRun, str], BundleContent]] = {
    LINE: export_line,
    CHARACTER: export_character,
    PARAGRAPH: export_paragraph,
    PAGE: export_page,
}


def _json(values: Mapping[str, object]) -> bytes:
    return (json.dumps(values, ensure_ascii=False, indent=1) + "\n").encode()


@contextmanager
def _replaced(folder: Path) -> Iterator[Path]:
    """A new folder beside, put in place of the old one if nothing went wrong.

    Raises:
        BundleError: the folder is one of the package.
        InputError: it cannot be written.
    """
    if folder.resolve().is_relative_to(PACKAGE_FOLDER.resolve()):
        raise BundleError(f"{folder} is a place of shipped models: work in another folder.")
    aside, old = (folder.with_name(f".{folder.name}-{uuid4().hex}") for _ in range(2))
    try:
        aside.mkdir(parents=True)
        yield aside
        if os.path.lexists(folder):
            folder.rename(old)
        aside.rename(folder)
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror or error}.") from error
    finally:  # after Ctrl-C, too
        if os.path.lexists(old) and not os.path.lexists(folder):
            old.rename(folder)
        shutil.rmtree(aside, ignore_errors=True)
        _remove(old)


def _remove(path: Path) -> None:
    """Remove what was replaced: a folder, a file or a link."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    else:
        shutil.rmtree(path, ignore_errors=True)
