"""FakeImageData: images of nothing in ten classes, so that training can be tried without data."""

from dataclasses import dataclass

import numpy as np

from text_recognizer.data.array_dataset import ArrayDataset, Samples
from text_recognizer.data.base_data_module import (
    BaseDataModule,
    DataModuleOptions,
    run_as_script,
)
from text_recognizer.errors import OptionError

N_CLASSES = 10
_SIDE_PX = 28


@dataclass(frozen=True)
class FakeImageDataOptions(DataModuleOptions):
    """Options of `FakeImageData`.

    Attributes:
        num_samples: in all; half of them are for training, a quarter for validation.
        learnable: whether the classes differ. If not, images and labels are pure noise, which can
            be learnt by heart only, as in the course of 2021; if so, each class has a bright
            square at its own place under the noise.
    """

    num_samples: int = 512
    learnable: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.num_samples < 4:
            raise OptionError(f"num_samples is at least 4, not {self.num_samples}.")


class FakeImageData(BaseDataModule):
    """512 images of 28 x 28, the same for the same seed.

    Args:
        options: None takes the defaults.
    """

    options_class = FakeImageDataOptions
    options: FakeImageDataOptions
    input_dims = (1, _SIDE_PX, _SIDE_PX)
    output_dims = (1,)
    mapping = tuple(str(label) for label in range(N_CLASSES))

    def read_splits(self) -> dict[str, Samples]:
        """Draw the images."""
        rng = np.random.default_rng(self.options.seed)
        n_samples = self.options.num_samples
        images = rng.integers(0, 256, (n_samples, _SIDE_PX, _SIDE_PX), dtype=np.uint8)
        labels = rng.integers(0, N_CLASSES, n_samples)
        if self.options.learnable:
            images //= 4
            for image, label in zip(images, labels, strict=True):
                row, column = divmod(int(label), 4)
                image[row * 9 : row * 9 + 7, column * 7 : column * 7 + 7] += 160
        ends = [0, n_samples // 2, n_samples // 2 + n_samples // 4, n_samples]
        train, validation, test = (
            ArrayDataset(images[start:end], labels[start:end])
            for start, end in zip(ends, ends[1:], strict=False)
        )
        return {"train": train, "validation": validation, "test": test}


if __name__ == "__main__":
    run_as_script(FakeImageData)
