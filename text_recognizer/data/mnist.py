"""MNIST: the handwritten digits of LeCun, Cortes and Burges, from their idx files."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from text_recognizer.data.array_dataset import AS_THEY_ARE, ArrayDataset, Samples
from text_recognizer.data.base_data_module import (
    BaseDataModule,
    DataModuleOptions,
    run_as_script,
)
from text_recognizer.data.class_sampling import split_indices
from text_recognizer.data.idx_files import find_idx, read_images_and_labels
from text_recognizer.data.raw_data import DOWNLOADED, find_raw_file, metadata_path, read_metadata

NAME = "mnist"
_FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
_MEAN, _DEVIATION = 0.1307, 0.3081  # of the training images


@dataclass(frozen=True)
class MNISTOptions(DataModuleOptions):
    """Options of `MNIST`.

    Attributes:
        normalise: whether the values, 0 to 1, have the mean 0.1307 taken off and are divided by
            the deviation 0.3081.
    """

    normalise: bool = True


class MNIST(BaseDataModule):
    """55,000 digits for training, 5,000 for validation (a twelfth), 10,000 for testing.

    Files that the user has, in `data_dir` or its folder `mnist`, packed or not, are read as they
    are; files that are fetched are compared with the published checksums.

    Args:
        options: None takes the defaults.
    """

    options_class = MNISTOptions
    options: MNISTOptions
    input_dims = (1, 28, 28)
    output_dims = (1,)
    mapping = tuple("0123456789")

    def __init__(self, options: MNISTOptions | None = None) -> None:
        super().__init__(options)
        self.normalisation = (_MEAN, _DEVIATION) if self.options.normalise else AS_THEY_ARE

    def prepare_data(self) -> None:
        """Fetch the files that are not there."""
        for names in _FILES.values():
            for name in names:
                self._find(name)

    def read_splits(self) -> dict[str, Samples]:
        """Read the files; a random twelfth of the training images is for validation."""
        images, labels = read_images_and_labels(*map(self._find, _FILES["train"]))
        rng = np.random.default_rng(self.options.seed)
        validation, train = split_indices(len(images), len(images) // 12, rng)
        test_images, test_labels = read_images_and_labels(*map(self._find, _FILES["test"]))
        arrays = {
            "train": (images[train], labels[train]),
            "validation": (images[validation], labels[validation]),
            "test": (test_images, test_labels),
        }
        return {
            split: ArrayDataset(*pair, normalisation=self.normalisation)
            for split, pair in arrays.items()
        }

    def _find(self, name: str) -> Path:
        folder = self.options.folder
        for place in (folder, folder / NAME, folder / DOWNLOADED / NAME):
            if (path := find_idx(place, name)) is not None:
                return path
        (file,) = (f for f in read_metadata(metadata_path(NAME)) if f.filename == f"{name}.gz")
        return find_raw_file(file, folder)


if __name__ == "__main__":
    run_as_script(MNIST)
