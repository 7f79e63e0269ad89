"""Forms of IAM as pages, for modules that learn more than a line at once."""

from dataclasses import dataclass

from text_recognizer.data.base_data_module import DataModuleOptions
from text_recognizer.data.iam import find_iam, iam_cache
from text_recognizer.data.paragraphs import ParagraphOptions
from text_recognizer.data.synthetic_paragraphs import (
    MixedParagraphOptions,
    SyntheticParagraphOptions,
)
from text_recognizer.ground_truth import PageSample
from text_recognizer.ground_truth.iam import read_iam_pages
from text_recognizer.ground_truth.iam_splits import AACHEN, check_split_kind

_SCAN_WIDTH = 2479  # pixels of a full scan, 300 dpi; the course's forms are half as wide


@dataclass(frozen=True)
class IAMPageOptions(DataModuleOptions):
    """Options of modules that read forms of IAM.

    Attributes:
        split: `aachen`, `official` or `fsdl`.
    """

    split: str = AACHEN

    def __post_init__(self) -> None:
        super().__post_init__()
        check_split_kind(self.split)


@dataclass(frozen=True)
class IAMParagraphOptions(ParagraphOptions, IAMPageOptions):
    """Options of paragraphs of IAM.

    Attributes:
        scale: of the full scans at most, whatever the size of the user's copy; 0.25 is the way of
            the course. Without it, paragraphs are as large as they fit, as readers show them:
            train models to read with so.
    """

    pieces: bool = False

    def page_scale(self, page: PageSample, line_height: float) -> float:
        """Largest factor for a form as it is stored."""
        if self.scale is None:
            return super().page_scale(page, line_height)
        return self.scale * _SCAN_WIDTH / page.width


@dataclass(frozen=True)
class IAMSyntheticParagraphOptions(IAMParagraphOptions, SyntheticParagraphOptions):
    """Options of paragraphs stacked of lines of IAM."""


@dataclass(frozen=True)
class IAMMixedParagraphOptions(IAMSyntheticParagraphOptions, MixedParagraphOptions):
    """Options of real and stacked paragraphs of IAM."""


def read_iam(options: IAMPageOptions) -> list[PageSample]:
    """Forms of the user's copy.

    Raises:
        InputError: there is no copy; the message names file, place and checksum.
    """
    folder = options.folder
    return read_iam_pages(
        find_iam(folder), kind=options.split, cache=iam_cache(folder), seed=options.seed
    )
