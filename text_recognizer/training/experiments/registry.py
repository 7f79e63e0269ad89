"""Data sets and networks by the names that flags give them."""

from text_recognizer.data import (
    EMNIST,
    MNIST,
    BaseDataModule,
    EMNISTLines,
    EMNISTLines2,
    FakeImageData,
    FSDLHandwriting,
    FSDLHandwritingParagraphs,
    IAMLines,
    IamLinesDataset,
    IAMOriginalAndSyntheticParagraphs,
    IAMParagraphs,
    IamParagraphsDataset,
    IAMSyntheticParagraphs,
    OpenLineMasks,
    OpenLines,
    OpenOriginalAndSyntheticParagraphs,
    OpenParagraphs,
    OpenSyntheticParagraphs,
    UnipenCharacters,
)
from text_recognizer.errors import OptionError
from text_recognizer.models.seed_networks import SEED_NETWORKS, SeedNetwork

DATA_CLASSES: dict[str, type[BaseDataModule]] = {
    "MNIST": MNIST,
    "EMNIST": EMNIST,
    "UnipenCharacters": UnipenCharacters,
    "FakeImageData": FakeImageData,
    "EMNISTLines": EMNISTLines,
    "EMNISTLines2": EMNISTLines2,
    "IAMLines": IAMLines,
    "IamLinesDataset": IamLinesDataset,
    "IAMParagraphs": IAMParagraphs,
    "IAMSyntheticParagraphs": IAMSyntheticParagraphs,
    "IAMOriginalAndSyntheticParagraphs": IAMOriginalAndSyntheticParagraphs,
    "IamParagraphsDataset": IamParagraphsDataset,
    "FSDLHandwriting": FSDLHandwriting,
    "IamHandwritingDataset": FSDLHandwriting,
    "FSDLHandwritingParagraphs": FSDLHandwritingParagraphs,
    "OpenLines": OpenLines,
    "OpenParagraphs": OpenParagraphs,
    "OpenSyntheticParagraphs": OpenSyntheticParagraphs,
    "OpenOriginalAndSyntheticParagraphs": OpenOriginalAndSyntheticParagraphs,
    "OpenLineMasks": OpenLineMasks,
}
_JOINS = "+"


def data_classes(names: str) -> list[type[BaseDataModule]]:
    """Data sets of `A` or `A+B`.

    Raises:
        OptionError: there is none of that name.
    """
    unknown = [name for name in names.split(_JOINS) if name not in DATA_CLASSES]
    if unknown:
        raise OptionError(
            f"--data_class: no data set is called {unknown[0]!r}; there are "
            f"{', '.join(DATA_CLASSES)}, and several joined by +."
        )
    return [DATA_CLASSES[name] for name in names.split(_JOINS)]


def network_class(name: str) -> SeedNetwork:
    """Network and options of a name.

    Raises:
        OptionError: there is none of that name.
    """
    if name not in SEED_NETWORKS:
        known = ", ".join(SEED_NETWORKS)
        raise OptionError(f"--model_class: no network is called {name!r}; there are {known}.")
    return SEED_NETWORKS[name]
