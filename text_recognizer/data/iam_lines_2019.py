"""IamLinesDataset: lines of IAM as in 2019, from `iam_lines.h5` or from any copy of IAM."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from text_recognizer.data.array_dataset import ArrayDataset, Samples
from text_recognizer.data.base_data_module import run_as_script
from text_recognizer.data.class_sampling import split_indices
from text_recognizer.data.iam import H5, ZIP, find_iam, iam_places, missing_iam
from text_recognizer.data.iam_lines import IAMLines, IAMLinesOptions
from text_recognizer.errors import InputError, MissingExtraError, OptionError
from text_recognizer.grey_image import has_bright_ink

_ARRAYS = ("x_train", "y_train", "x_test", "y_test")
_SIZE_PX = (28, 952)
_LENGTH = 97
_VALIDATION = 0.2
_MAX_BYTES = 1 << 31
_N_LOOKED_AT = 20


@dataclass(frozen=True)
class IamLinesDatasetOptions(IAMLinesOptions):
    """Options of `IamLinesDataset`: those of `IAMLines` with the sizes of 2019."""

    height: int = _SIZE_PX[0]
    width: int = _SIZE_PX[1]
    max_length: int = _LENGTH
    mapping: int = 2019
    augment_data: bool = False


class IamLinesDataset(IAMLines):
    """Lines of 28 x 952 with 97 labels of 80 symbols.

    Where `iam_lines.h5` is in the data folder, its arrays are taken: its test lines are the test,
    and a fifth of its training lines, drawn at random, is for validation, as it names no writers.
    Else lines are those of `IAMLines`, split by form.

    Args:
        options: None takes the defaults.
    """

    options_class = IamLinesDatasetOptions
    options: IamLinesDatasetOptions

    def prepare_data(self) -> None:
        """Find the file of 2019, or a copy of IAM.

        Raises:
            InputError: there is neither.
        """
        folder = self.options.folder
        if find_h5(folder) is not None:
            return
        try:
            find_iam(folder, with_parquet=True)
        except InputError:
            raise missing_iam(folder, [H5, ZIP]) from None
        super().prepare_data()

    def read_splits(self) -> dict[str, Samples]:
        """The arrays of the file of 2019, or lines of IAM."""
        path = find_h5(self.options.folder)
        return super().read_splits() if path is None else self._split(read_h5(path))

    def _split(self, arrays: Mapping[str, NDArray[np.uint8]]) -> dict[str, Samples]:
        options = self.options
        if (options.height, options.width, options.max_length, options.mapping) != (
            *_SIZE_PX, _LENGTH, 2019,
        ):  # fmt: skip
            raise OptionError(
                f"{H5} has images of 28 x 952, 97 labels and the mapping of 2019; for other sizes "
                "take it out of the data folder, and put a copy of IAM there."
            )
        n_lines = len(arrays["x_train"])
        train, validation = split_indices(
            n_lines, n_lines - round(_VALIDATION * n_lines), np.random.default_rng(options.seed)
        )
        return {
            "train": ArrayDataset(arrays["x_train"][train], arrays["y_train"][train]),
            "validation": ArrayDataset(
                arrays["x_train"][validation], arrays["y_train"][validation]
            ),
            "test": ArrayDataset(arrays["x_test"], arrays["y_test"]),
        }


def find_h5(data_dir: Path) -> Path | None:
    """The file of 2019, None if it is not there."""
    return next((p / H5 for p in iam_places(data_dir) if (p / H5).is_file()), None)


def read_h5(path: Path) -> dict[str, NDArray[np.uint8]]:
    """Arrays of the file of 2019: `x_*` of shape (N, 28, 952), ink bright; `y_*` of (N, 97).

    Raises:
        InputError: the file is damaged or holds other arrays.
        MissingExtraError: h5py is not installed.
    """
    try:
        import h5py
    except ImportError as error:
        raise MissingExtraError(
            f'Reading {path.name} needs h5py; run: pip install "text-recognizer[iam]".'
        ) from error
    try:
        with h5py.File(path, "r") as file:
            arrays = {name: _array(file[name]) for name in _ARRAYS}
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} is not the file of 2019: {error}.") from error
    for part in ("train", "test"):
        images, labels = arrays[f"x_{part}"], arrays[f"y_{part}"]
        if images.shape[1:] != _SIZE_PX or labels.shape != (len(images), _LENGTH):
            raise InputError(
                f"{path} is not the file of 2019: its arrays are of the shapes {images.shape} and "
                f"{labels.shape}."
            )
        if labels.max(initial=0) >= 80:
            raise InputError(f"{path} is not the file of 2019: it has labels over 79.")
        if _is_dark(images):
            arrays[f"x_{part}"] = np.asarray(255 - images, np.uint8)
    return arrays


def _array(stored: Any) -> NDArray[np.uint8]:
    if int(np.prod(stored.shape)) > _MAX_BYTES:
        raise ValueError("an array is too large")
    return np.asarray(stored[...], np.uint8)


def _is_dark(images: NDArray[np.uint8]) -> bool:
    """Whether most of the first lines are dark ink on light paper."""
    looked_at = images[:_N_LOOKED_AT]
    return sum(has_bright_ink(image) for image in looked_at) * 2 < len(looked_at)


if __name__ == "__main__":
    run_as_script(IamLinesDataset)
