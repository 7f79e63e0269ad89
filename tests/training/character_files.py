"""Miniatures of character data sets in the layout of the originals, and their programs."""

import gzip
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from text_recognizer.data.character_mapping import EMNIST_CHARACTERS

ROOT = Path(__file__).parents[2]
UNIPEN_CHARACTERS = "".join(chr(c) for c in range(33, 127) if chr(c) != "\\")


def idx_bytes(array: NDArray[np.uint8]) -> bytes:
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return header + array.astype(np.uint8).tobytes()


def write_idx(path: Path, array: NDArray[np.uint8]) -> None:
    """Packed if the name ends in .gz."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = idx_bytes(array)
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


def marked_glyphs(labels: NDArray[np.int64], mark: int) -> NDArray[np.uint8]:
    """Upright images of 28 x 28 that tell their label and their split.

    The pixel (4, 5) is the label plus 1, the pixel (6, 20) the mark; a bar at the bottom is ink.
    """
    images = np.zeros((len(labels), 28, 28), np.uint8)
    images[:, 4, 5] = labels + 1
    images[:, 6, 20] = mark
    images[:, 24, 4:24] = 200
    return images


def write_unipen(folder: Path, *, per_class: int = 3) -> Path:
    """The files of UnipenCharacters; marks of the splits are 10, 20 and 30."""
    labels = np.repeat(np.arange(len(UNIPEN_CHARACTERS)), per_class)
    for mark, split in ((10, "train"), (20, "val"), (30, "test")):
        stem = f"unipen-chars-{split}"
        write_idx(folder / f"{stem}-images-idx3-ubyte.gz", marked_glyphs(labels, mark))
        write_idx(folder / f"{stem}-labels-idx1-ubyte.gz", labels.astype(np.uint8))
    rows = [f"{label} {ord(c)}" for label, c in enumerate(UNIPEN_CHARACTERS)]
    (folder / "unipen-chars-mapping.txt").write_text("\n".join(rows) + "\n", encoding="ascii")
    return folder


def emnist_labels(rng: np.random.Generator, n_samples: int) -> NDArray[np.int64]:
    """Labels of 62 classes, unbalanced, in random order, each class at least twice."""
    shares = np.linspace(1, 5, len(EMNIST_CHARACTERS))
    drawn = rng.choice(len(shares), n_samples, p=shares / shares.sum())
    return rng.permutation(np.concatenate([np.repeat(np.arange(len(shares)), 2), drawn]))


def emnist_arrays(*, seed: int = 0) -> dict[str, NDArray[np.int64]]:
    """Labels and writers of the two parts; training writers are 0 to 19."""
    rng = np.random.default_rng(seed)
    train, test = emnist_labels(rng, 1200), emnist_labels(rng, 300)
    return {
        "train_labels": train,
        "train_writers": rng.integers(0, 20, len(train)),
        "test_labels": test,
        "test_writers": rng.integers(100, 110, len(test)),
    }


def emnist_mat() -> bytes:
    """`emnist-byclass.mat` as NIST lays it out: rows of 784 values, column by column."""
    from scipy.io import savemat

    arrays = emnist_arrays()

    def part(name: str, mark: int) -> dict[str, NDArray[np.uint8]]:
        labels = arrays[f"{name}_labels"]
        images = marked_glyphs(labels, mark).swapaxes(1, 2).reshape(-1, 784)
        return {
            "images": images,
            "labels": labels.astype(np.uint8)[:, None],
            "writers": arrays[f"{name}_writers"].astype(np.uint16)[:, None],
        }

    mapping = np.array([[i, ord(c)] for i, c in enumerate(EMNIST_CHARACTERS)], np.uint8)
    data_set = {"train": part("train", 10), "test": part("test", 30), "mapping": mapping}
    file = io.BytesIO()
    savemat(file, {"dataset": data_set}, do_compression=True)
    return file.getvalue()


def matlab_zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("matlab/emnist-byclass.mat", emnist_mat())
    return file.getvalue()


def write_emnist_idx(folder: Path) -> None:
    arrays = emnist_arrays()
    for name, mark in (("train", 10), ("test", 30)):
        labels = arrays[f"{name}_labels"]
        stem = f"emnist-byclass-{name}"
        images = marked_glyphs(labels, mark).swapaxes(1, 2)
        write_idx(folder / f"{stem}-images-idx3-ubyte.gz", images)
        write_idx(folder / f"{stem}-labels-idx1-ubyte.gz", labels.astype(np.uint8))


def run_script(
    name: str, folder: Path, *flags: str, package: str = "data"
) -> subprocess.CompletedProcess[str]:
    """A data module run as a program, with its caches in the folder."""
    return subprocess.run(
        [sys.executable, str(ROOT / "text_recognizer" / package / f"{name}.py"), *flags],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(folder / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
