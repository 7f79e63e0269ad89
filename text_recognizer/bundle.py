"""Models on disk: a bundle is a folder with a manifest, a network and what made it.

    manifest.json    what the model reads, and the SHA-256 of every other file
    model.onnx       the network: `image` (N, 1, height, W) in, `scores` (N, T, C) out
    encoder.onnx, decoder_step.onnx    in its place, for paragraphs: see `paragraph_reader`
    config.json, run_command.txt    how it was trained

Finds a bundle by name, checks that it is whole, and writes new ones. Knows nothing about running
networks: `line_reader` does.
"""

import hashlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from text_recognizer.errors import BundleError, InputError
from text_recognizer.manifest import Manifest

DEFAULT_LINE_MODEL = "line-english"
DEFAULT_FINDER = "line-finder"
DEFAULT_CHARACTER_MODEL = "characters"
DEFAULT_PARAGRAPH_MODEL = "paragraph_text_recognizer"
MANIFEST_FILE = "manifest.json"
NETWORK_FILE = "model.onnx"
ENCODER_FILE, DECODER_FILE = "encoder.onnx", "decoder_step.onnx"
WEIGHTS_FILE = "weights.safetensors"
PACKAGE_FOLDER = Path(__file__).parent / "artifacts"
_FOREIGN_MODELS = (".pt", ".pth", ".h5", ".hdf5", ".params")
_CHECKPOINT = ".ckpt"
_MAX_MANIFEST_BYTES = 4_000_000


@dataclass(frozen=True)
class Bundle:
    """A model folder whose files are all as the manifest says."""

    folder: Path
    manifest: Manifest

    @property
    def network_path(self) -> Path:
        """The ONNX file.

        Raises:
            BundleError: the manifest lists none.
        """
        return self.file(NETWORK_FILE)

    def file(self, name: str) -> Path:
        """A file of the bundle.

        Raises:
            BundleError: the manifest does not list it.
        """
        if name not in self.manifest.files:
            raise BundleError(f"{self.folder} lists no {name}: export the model again.")
        return self.folder / name


@dataclass(frozen=True)
class FoundBundle:
    """A bundle's folder as `list_bundles` sees it, its hashes not checked.

    Attributes:
        name: the name that `--model` takes, which is the folder's.
        folder: where it lies.
        manifest: None if it cannot be read.
        problem: why not, as a sentence; None if all is well.
    """

    name: str
    folder: Path
    manifest: Manifest | None
    problem: str | None = None


def load_bundle(model: str | Path, *, task: str | None = None) -> Bundle:
    """Bundle of a name or folder, with every file's hash checked.

    Args:
        model: what `find_bundle` takes.
        task: line, character, paragraph or finder: what the caller needs; None takes any.

    Raises:
        BundleError: there is none, a file is missing or damaged, or it is made for another task.
    """
    folder = find_bundle(model)
    manifest = read_manifest(folder)
    if task is not None and manifest.task != task:
        raise BundleError(
            f"{folder} is a {manifest.task} model and a {task} model is needed here: "
            "give another one; 'text-recognizer models' lists them."
        )
    for name, sha256 in manifest.files.items():
        _check_file(folder / name, sha256)
    return Bundle(folder, manifest)


def read_manifest(folder: Path) -> Manifest:
    """Manifest of a bundle's folder; the other files are not looked at.

    Raises:
        BundleError: it is missing, not JSON, or not a manifest that this program knows.
    """
    path = folder / MANIFEST_FILE
    try:
        with path.open("rb") as file:
            content = json.loads(file.read(_MAX_MANIFEST_BYTES))
    except OSError as error:
        raise BundleError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise BundleError(
            f"{path} is not JSON: copy the whole model folder again, or export it again."
        ) from error
    try:
        return Manifest.from_json(content)
    except BundleError as error:
        raise BundleError(f"{path} is not a manifest that can be used: {error}.") from None


def write_bundle(
    folder: Path,
    manifest: Manifest,
    files: Mapping[str, bytes | Path],
    *,
    overwrite: bool = False,
) -> Bundle:
    """Write a bundle and return it; if the program is stopped half way, it will not load.

    Args:
        folder: the new bundle; its last part is the name that `--model` takes.
        manifest: its `files` are replaced by the hashes of what is written.
        files: content, or a file to copy, by name.
        overwrite: replace files of a bundle that is there; others in the folder stay.

    Raises:
        BundleError: the folder holds a bundle already, or a shipped one would be replaced.
        InputError: a file to copy cannot be read, or the folder cannot be written.
    """
    if (folder / MANIFEST_FILE).exists():
        if not overwrite:
            check_free(folder)
        if folder.resolve().is_relative_to(PACKAGE_FOLDER.resolve()):
            raise BundleError(f"{folder} is a shipped model: write the new one elsewhere.")
    contents = {name: _content(file) for name, file in files.items()}
    manifest = replace(manifest, files={name: _sha256(data) for name, data in contents.items()})
    text = json.dumps(manifest.to_json(), ensure_ascii=False, indent=1) + "\n"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in contents.items():
            _write_whole(folder / name, data)
        _write_whole(folder / MANIFEST_FILE, text.encode())  # last: before it, there is no bundle
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror or error}.") from error
    return Bundle(folder, manifest)


def check_free(folder: Path) -> None:
    """Refuse a folder that a new bundle cannot go to, before minutes of work for it.

    Raises:
        BundleError: it holds a bundle already.
    """
    if (folder / MANIFEST_FILE).exists():
        raise BundleError(f"{folder} holds a model already: choose another folder.")


def find_bundle(model: str | Path) -> Path:
    """Folder of a model, by path or by name.

    A path is taken as it is. A name is looked for in `./artifacts`, in the user's data folder and
    among the models of the package, in this order.

    Raises:
        BundleError: nothing is found, or it is a model of another program.
    """
    path = Path(model)
    is_name = len(path.parts) == 1 and not path.is_absolute() and path.name != ".."
    places = bundle_places() if is_name else ()
    for folder in (path, *(place / path for place in places)):
        if (folder / MANIFEST_FILE).is_file():
            return folder
        _refuse_foreign(folder)
    raise BundleError(_not_found(path, is_name=is_name))


def list_bundles() -> list[FoundBundle]:
    """Bundles that can be named, by name; of two with one name, the one that would be used."""
    found: dict[str, FoundBundle] = {}
    for folder in _folders_of_bundles():
        if folder.name not in found:
            try:
                found[folder.name] = FoundBundle(folder.name, folder, read_manifest(folder))
            except BundleError as error:
                found[folder.name] = FoundBundle(folder.name, folder, None, str(error))
    return [found[name] for name in sorted(found)]


def bundle_places() -> tuple[Path, Path, Path]:
    """Folders in which a name is looked up, the first to be asked first."""
    return Path("artifacts"), user_data_folder() / "artifacts", PACKAGE_FOLDER


def user_data_folder() -> Path:
    """The program's folder for a user's own data; it need not exist.

    `%LOCALAPPDATA%` on Windows, `~/Library/Application Support` on macOS, else `$XDG_DATA_HOME`
    or `~/.local/share`; in it, `text-recognizer`.
    """
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return base / "text-recognizer"


def _folders_of_bundles() -> Iterator[Path]:
    for place in bundle_places():
        if place.is_dir():
            yield from (path.parent for path in sorted(place.glob(f"*/{MANIFEST_FILE}")))


def _refuse_foreign(path: Path) -> None:
    """Weights of other programs are refused: reading some of them runs code that they carry."""
    for file in sorted(path.iterdir()) if path.is_dir() else [path]:
        if file.suffix.lower() in _FOREIGN_MODELS:
            raise BundleError(
                f"{file} is a model of another program and is not read: "
                "train one with 'text-recognizer train'."
            )
    if path.suffix.lower() == _CHECKPOINT:
        raise BundleError(
            f"{path} is a checkpoint of a training run: make a model of it with "
            f"'text-recognizer export {path} --output FOLDER'."
        )


def _not_found(path: Path, *, is_name: bool) -> str:
    if path.is_file():
        return f"{path} is a file, and a model is a folder with {MANIFEST_FILE}: give the folder."
    if path.is_dir():
        return f"{path} holds no {MANIFEST_FILE}: give the folder of a model."
    if not is_name:
        return f"{path} does not exist: give the folder of a model."
    names = ", ".join(found.name for found in list_bundles()) or "none"
    return f"No model is called {path}: there are {names}."


def _check_file(path: Path, sha256: str) -> None:
    try:
        with path.open("rb") as file:
            is_whole = hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except FileNotFoundError:
        raise BundleError(f"{path} is missing: copy the whole model folder again.") from None
    except OSError as error:
        raise BundleError(f"{path} cannot be read: {error.strerror}.") from error
    if not is_whole:
        raise BundleError(
            f"{path} is damaged or of another model, its SHA-256 is not that of {MANIFEST_FILE}: "
            "copy the whole model folder again."
        )


def _content(file: bytes | Path) -> bytes:
    if isinstance(file, bytes):
        return file
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.") from error


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _write_whole(path: Path, data: bytes) -> None:
    """Write beside and rename, so that a file is never seen half written."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(data)
    partial.replace(path)
