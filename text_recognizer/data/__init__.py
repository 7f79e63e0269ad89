"""Data modules for training; the readers and the drawing they wrap know nothing about torch."""

from text_recognizer.cache_folder import default_data_folder
from text_recognizer.data.base_data_module import BaseDataModule, DataModuleOptions, run_as_script
from text_recognizer.data.character_mapping import (
    MAPPING_2019,
    MAPPING_2021,
    PARAGRAPH_MAPPING_2021,
    CharacterMapping,
)
from text_recognizer.data.combined import CombinedData
from text_recognizer.data.emnist import EMNIST, EMNISTOptions
from text_recognizer.data.emnist_lines import EMNISTLines, EMNISTLinesOptions
from text_recognizer.data.emnist_lines2 import EMNISTLines2, EMNISTLines2Options
from text_recognizer.data.fake_images import FakeImageData, FakeImageDataOptions
from text_recognizer.data.fsdl_handwriting import (
    FSDLHandwriting,
    FSDLHandwritingOptions,
    FSDLHandwritingParagraphs,
    FSDLHandwritingParagraphsOptions,
    IamHandwritingDataset,
)
from text_recognizer.data.handwriting_lines import DataPaths, HandwritingLines
from text_recognizer.data.handwriting_pages import HandwritingPages
from text_recognizer.data.iam import IAM, IAMOptions
from text_recognizer.data.iam_lines import IAMLines, IAMLinesOptions
from text_recognizer.data.iam_lines_2019 import IamLinesDataset, IamLinesDatasetOptions
from text_recognizer.data.iam_original_and_synthetic_paragraphs import (
    IAMOriginalAndSyntheticParagraphs,
)
from text_recognizer.data.iam_pages import (
    IAMMixedParagraphOptions,
    IAMParagraphOptions,
    IAMSyntheticParagraphOptions,
)
from text_recognizer.data.iam_paragraphs import IAMParagraphs
from text_recognizer.data.iam_paragraphs_dataset import (
    IamParagraphsDataset,
    IamParagraphsDatasetOptions,
)
from text_recognizer.data.iam_synthetic_paragraphs import IAMSyntheticParagraphs
from text_recognizer.data.line_masks import LineMaskOptions, OpenLineMasks, OpenLineMasksOptions
from text_recognizer.data.mnist import MNIST, MNISTOptions
from text_recognizer.data.noisy_text import NoisyText
from text_recognizer.data.open_lines import OpenLines, OpenLinesOptions
from text_recognizer.data.open_original_and_synthetic_paragraphs import (
    OpenOriginalAndSyntheticParagraphs,
)
from text_recognizer.data.open_paragraphs import OpenParagraphs
from text_recognizer.data.open_synthetic_paragraphs import OpenSyntheticParagraphs
from text_recognizer.data.options import (
    HandwritingLinesOptions,
    HandwritingPagesOptions,
    NoisyTextOptions,
)
from text_recognizer.data.paragraphs import ParagraphOptions
from text_recognizer.data.sentence_generator import SentenceGenerator
from text_recognizer.data.synthetic_paragraphs import (
    MixedParagraphOptions,
    SyntheticParagraphOptions,
)
from text_recognizer.data.unipen_characters import UnipenCharacters, UnipenCharactersOptions

__all__ = [
    "BaseDataModule",
    "CharacterMapping",
    "CombinedData",
    "DataModuleOptions",
    "DataPaths",
    "EMNIST",
    "EMNISTLines",
    "EMNISTLines2",
    "EMNISTLines2Options",
    "EMNISTLinesOptions",
    "EMNISTOptions",
    "FSDLHandwriting",
    "FSDLHandwritingOptions",
    "FSDLHandwritingParagraphs",
    "FSDLHandwritingParagraphsOptions",
    "FakeImageData",
    "FakeImageDataOptions",
    "HandwritingLines",
    "HandwritingLinesOptions",
    "HandwritingPages",
    "HandwritingPagesOptions",
    "IAM",
    "IAMLines",
    "IAMLinesOptions",
    "IAMMixedParagraphOptions",
    "IAMOptions",
    "IAMOriginalAndSyntheticParagraphs",
    "IAMParagraphOptions",
    "IAMParagraphs",
    "IAMSyntheticParagraphOptions",
    "IAMSyntheticParagraphs",
    "IamHandwritingDataset",
    "IamLinesDataset",
    "IamLinesDatasetOptions",
    "IamParagraphsDataset",
    "IamParagraphsDatasetOptions",
    "LineMaskOptions",
    "MAPPING_2019",
    "MAPPING_2021",
    "MNIST",
    "MNISTOptions",
    "MixedParagraphOptions",
    "NoisyText",
    "NoisyTextOptions",
    "OpenLineMasks",
    "OpenLineMasksOptions",
    "OpenLines",
    "OpenLinesOptions",
    "OpenOriginalAndSyntheticParagraphs",
    "OpenParagraphs",
    "OpenSyntheticParagraphs",
    "PARAGRAPH_MAPPING_2021",
    "ParagraphOptions",
    "SentenceGenerator",
    "SyntheticParagraphOptions",
    "UnipenCharacters",
    "UnipenCharactersOptions",
    "default_data_folder",
    "run_as_script",
]
