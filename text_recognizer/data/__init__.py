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
from text_recognizer.data.handwriting_lines import DataPaths, HandwritingLines
from text_recognizer.data.handwriting_pages import HandwritingPages
from text_recognizer.data.iam import IAM, IAMOptions
from text_recognizer.data.iam_lines import IAMLines, IAMLinesOptions
from text_recognizer.data.iam_lines_2019 import IamLinesDataset, IamLinesDatasetOptions
from text_recognizer.data.line_masks import LineMaskOptions, OpenLineMasks, OpenLineMasksOptions
from text_recognizer.data.mnist import MNIST, MNISTOptions
from text_recognizer.data.noisy_text import NoisyText
from text_recognizer.data.options import (
    HandwritingLinesOptions,
    HandwritingPagesOptions,
    NoisyTextOptions,
)
from text_recognizer.data.sentence_generator import SentenceGenerator
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
    "FakeImageData",
    "FakeImageDataOptions",
    "HandwritingLines",
    "HandwritingLinesOptions",
    "HandwritingPages",
    "HandwritingPagesOptions",
    "IAM",
    "IAMLines",
    "IAMLinesOptions",
    "IAMOptions",
    "IamLinesDataset",
    "IamLinesDatasetOptions",
    "LineMaskOptions",
    "MAPPING_2019",
    "MAPPING_2021",
    "MNIST",
    "MNISTOptions",
    "NoisyText",
    "NoisyTextOptions",
    "OpenLineMasks",
    "OpenLineMasksOptions",
    "PARAGRAPH_MAPPING_2021",
    "SentenceGenerator",
    "UnipenCharacters",
    "UnipenCharactersOptions",
    "default_data_folder",
    "run_as_script",
]
