"""What data sets of single characters share: a part of every class, and training that varies."""

from dataclasses import dataclass

import numpy as np

from text_recognizer.data.array_dataset import ArrayDataset, Images, Labels
from text_recognizer.data.base_data_module import DataModuleOptions
from text_recognizer.data.character_variation import vary_characters
from text_recognizer.data.class_sampling import stratified_indices
from text_recognizer.errors import OptionError


@dataclass(frozen=True)
class CharacterOptions(DataModuleOptions):
    """Options of data sets of single characters.

    Attributes:
        subsample_fraction: part of every class that is kept, in every split.
        augment_data: whether training characters are varied each time they are loaded.
    """

    subsample_fraction: float = 1.0
    augment_data: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.subsample_fraction <= 1:
            raise OptionError(
                f"subsample_fraction is over 0 and up to 1, not {self.subsample_fraction}."
            )


def character_samples(
    images: Images,
    labels: Labels,
    options: CharacterOptions,
    *,
    split: str,
    rng: np.random.Generator,
) -> ArrayDataset:
    """Samples of a split as the options say.

    Args:
        images: all of the split, of shape (N, H, W).
        labels: of shape (N,).
        options: of the data set.
        split: one of `SPLITS`; only `train` is varied.
        rng: chooses the part that is kept.
    """
    if options.subsample_fraction < 1:
        kept = stratified_indices(labels, options.subsample_fraction, rng)
        images, labels = images[kept], labels[kept]
    is_varied = options.augment_data and split == "train"
    return ArrayDataset(images, labels, augment=vary_characters if is_varied else None)
