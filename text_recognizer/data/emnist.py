"""EMNIST ByClass: handwritten digits and letters in 62 classes, from its MATLAB or idx files.

Cohen, Afshar, Tapson and van Schaik, "EMNIST: an extension of MNIST to handwritten letters", 2017.
"""

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from text_recognizer.data.array_cache import ArrayCache
from text_recognizer.data.array_dataset import Images, Samples
from text_recognizer.data.base_data_module import (
    BaseDataModule,
    run_as_script,
)
from text_recognizer.data.character_mapping import (
    MAPPING_2019,
    MAPPINGS,
    SPECIAL_SYMBOLS,
    read_essentials,
)
from text_recognizer.data.character_samples import CharacterOptions, character_samples
from text_recognizer.data.class_sampling import (
    balanced_indices,
    split_by_owner,
    split_indices,
)
from text_recognizer.data.idx_files import find_idx, read_images_and_labels
from text_recognizer.data.raw_data import DOWNLOADED, find_raw_file, metadata_path, read_metadata
from text_recognizer.errors import InputError, MissingExtraError, OptionError

NAME = "emnist"
ESSENTIALS_FILE = Path(__file__).with_name("emnist_essentials.json")
"""Symbols and image size, known without the data."""
_MAT = "emnist-byclass.mat"
_MEMBER = f"matlab/{_MAT}"
_MAX_MAT_BYTES = 2 << 30
_VALIDATION = 0.2
_CACHE_VERSION = 1
_LOADING_ONLY = (
    "batch_size", "num_workers", "data_dir", "subsample_fraction", "augment_data", "mapping",
)  # fmt: skip


@dataclass(frozen=True)
class EMNISTOptions(CharacterOptions):
    """Options of `EMNIST`, beside those of all data sets of characters.

    Attributes:
        balance: whether large classes are cut down to about the mean.
        count_special_symbols: whether the mean counts the four special symbols as empty classes,
            as the course of 2021 did; classes are smaller then.
        split_by_writer: whether training and validation share no writer; needs the MATLAB file. If
            not, a random fifth is for validation.
        mapping: year of the label numbers: 2021 (83 symbols) or 2019 (80).
    """

    balance: bool = True
    count_special_symbols: bool = False
    split_by_writer: bool = False
    mapping: int = 2021

    def __post_init__(self) -> None:
        super().__post_init__()
        check_mapping(self.mapping)


def check_mapping(year: int) -> None:
    """Whether there is such a mapping.

    Raises:
        OptionError: there is none.
    """
    if year not in MAPPINGS:
        raise OptionError(f"mapping is {' or '.join(map(str, MAPPINGS))}, not {year}.")


class RawPart(NamedTuple):
    """Training or test part of the published data.

    Attributes:
        images: of shape (N, 28, 28), upright.
        labels: of shape (N,), 0 to 61.
        writers: of shape (N,), or None if the files do not say.
    """

    images: Images
    labels: NDArray[np.int64]
    writers: NDArray[np.int64] | None


class EMNIST(BaseDataModule):
    """Balanced characters; labels are those of the 83 symbols of 2021, or the 80 of 2019.

    Reads `matlab.zip`, or `emnist-byclass.mat` out of it, or the four idx files
    `emnist-byclass-{train,test}-{images-idx3,labels-idx1}-ubyte`, packed or not; fetches the first
    if none is there.

    Args:
        options: None takes the defaults.
    """

    options_class = EMNISTOptions
    options: EMNISTOptions
    output_dims = (1,)

    def __init__(self, options: EMNISTOptions | None = None) -> None:
        super().__init__(options)
        essentials = read_essentials(ESSENTIALS_FILE)
        is_2019 = self.options.mapping == 2019
        self.mapping = MAPPING_2019.symbols if is_2019 else essentials.characters
        height, width = essentials.input_shape
        self.input_dims = (1, height, width)
        self.cache = ArrayCache(self.options.folder, NAME, self._parameters())

    def prepare_data(self) -> None:
        """Read the published files, balance and split them, once."""
        if not self.cache.exists():
            arrays = self._make_arrays()
            with self.cache.writing() as folder:
                for name, array in arrays.items():
                    np.save(folder / f"{name}.npy", array)

    def read_splits(self) -> dict[str, Samples]:
        """Map the arrays that `prepare_data` made."""
        self.prepare_data()
        rng = np.random.default_rng(self.options.seed)
        splits: dict[str, Samples] = {}
        for split in ("train", "validation", "test"):
            images, labels = self.cache.read(f"{split}_images"), self.cache.read(f"{split}_labels")
            if self.options.mapping == 2019:  # the same classes, without the special symbols first
                labels = labels - len(SPECIAL_SYMBOLS)
            splits[split] = character_samples(images, labels, self.options, split=split, rng=rng)
        return splits

    def _parameters(self) -> dict[str, Any]:
        options = {k: v for k, v in vars(self.options).items() if k not in _LOADING_ONLY}
        return {"version": _CACHE_VERSION, **options}

    def _make_arrays(self) -> dict[str, NDArray[Any]]:
        rng = np.random.default_rng(self.options.seed)
        train, test = read_byclass(self.options.folder)
        train, test = self._balanced(train, rng), self._balanced(test, rng)
        validation_part, train_part = self._split(train, rng)
        shift = len(SPECIAL_SYMBOLS)
        return {
            "train_images": train.images[train_part],
            "train_labels": (train.labels[train_part] + shift).astype(np.uint8),
            "validation_images": train.images[validation_part],
            "validation_labels": (train.labels[validation_part] + shift).astype(np.uint8),
            "test_images": test.images,
            "test_labels": (test.labels + shift).astype(np.uint8),
        }

    def _balanced(self, part: RawPart, rng: np.random.Generator) -> RawPart:
        if not self.options.balance:
            return part
        n_empty = len(SPECIAL_SYMBOLS) if self.options.count_special_symbols else 0
        kept = balanced_indices(part.labels, rng, n_empty_classes=n_empty)
        writers = None if part.writers is None else part.writers[kept]
        return RawPart(part.images[kept], part.labels[kept], writers)

    def _split(
        self, part: RawPart, rng: np.random.Generator
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Indices of validation and training samples."""
        if not self.options.split_by_writer:
            n_train = int((1 - _VALIDATION) * len(part.labels))
            return split_indices(len(part.labels), len(part.labels) - n_train, rng)
        if part.writers is None:
            raise OptionError("split_by_writer needs the MATLAB file: idx files name no writers.")
        return split_by_owner(part.writers, _VALIDATION, rng)


def read_byclass(data_dir: Path) -> tuple[RawPart, RawPart]:
    """Training and test part of the published files, whichever are there.

    Raises:
        InputError: no file is there and none can be fetched, or one is damaged.
    """
    for place in (data_dir, data_dir / NAME, data_dir / DOWNLOADED / NAME):
        if (place / _MAT).is_file():
            return _read_mat(place / _MAT, place / _MAT)
        parts = [_read_idx_part(place, name) for name in ("train", "test")]
        if parts[0] is not None and parts[1] is not None:
            return parts[0], parts[1]
    (file,) = read_metadata(metadata_path(NAME))
    path = find_raw_file(file, data_dir)
    return _read_mat(_zip_member(path), path)


def _read_idx_part(folder: Path, part: str) -> RawPart | None:
    images = find_idx(folder, f"emnist-byclass-{part}-images-idx3-ubyte")
    labels = find_idx(folder, f"emnist-byclass-{part}-labels-idx1-ubyte")
    if images is None or labels is None:
        return None
    image_array, label_array = read_images_and_labels(images, labels)
    return RawPart(np.ascontiguousarray(image_array.swapaxes(1, 2)), label_array, None)


def _zip_member(path: Path) -> io.BytesIO:
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(_MEMBER).file_size > _MAX_MAT_BYTES:
                raise InputError(f"{_MEMBER} of {path} is too large.")
            return io.BytesIO(archive.read(_MEMBER))
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} is no zip file with {_MEMBER} in it.") from error


def _read_mat(source: Path | io.BytesIO, path: Path) -> tuple[RawPart, RawPart]:
    """Parts of a MATLAB file: the struct `dataset` with `train` and `test`."""
    try:
        from scipy.io import loadmat
        from scipy.io.matlab import MatReadError
    except ImportError as error:
        raise MissingExtraError(
            'Reading EMNIST needs scipy; run: pip install "text-recognizer[train]".'
        ) from error
    try:
        data_set = loadmat(source)["dataset"][0, 0]
        return _mat_part(data_set["train"][0, 0]), _mat_part(data_set["test"][0, 0])
    except (MatReadError, OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise InputError(f"{path} does not hold EMNIST ByClass.") from error


def _mat_part(part: Any) -> RawPart:
    """One part; its images are rows of 784 values, column by column, and are turned upright."""
    images = part["images"].reshape(-1, 28, 28).swapaxes(1, 2)
    writers = part["writers"] if "writers" in (part.dtype.names or ()) else None
    return RawPart(
        np.ascontiguousarray(images, np.uint8),
        part["labels"].reshape(-1).astype(np.int64),
        None if writers is None else writers.reshape(-1).astype(np.int64),
    )


if __name__ == "__main__":
    run_as_script(EMNIST)
