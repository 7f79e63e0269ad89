"""Lines of text from any ground truth, each as one image and one text.

A line is as high as the image, its paper black and its ink bright, as the models of experiments
see it in use. A line that is wider than the image is made smaller, or left out; none is cut.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from text_recognizer.data.array_dataset import Samples
from text_recognizer.data.base_data_module import SPLITS, BaseDataModule, DataModuleOptions
from text_recognizer.data.character_mapping import MAPPING_2021
from text_recognizer.data.emnist_lines import encode_texts
from text_recognizer.data.image_text_dataset import ImageTextDataset
from text_recognizer.data.ink_variation import LINE_RANGES
from text_recognizer.data.label_text import STRIP, LabelText, check_unknown
from text_recognizer.data.page_separation import (
    WrittenTexts,
    of_split,
    separate_documents,
    sharing_notes,
)
from text_recognizer.data.paragraphs import varied_ink
from text_recognizer.errors import InputError, OptionError
from text_recognizer.grey_image import GreyImage
from text_recognizer.ground_truth import LineSample
from text_recognizer.line_input import flatten
from text_recognizer.paragraph_input import Canvas, place

SCALE, SKIP = "scale", "skip"
_N_TOKENS = 2


@dataclass(frozen=True)
class LineOptions(DataModuleOptions):
    """Options of lines.

    Attributes:
        height: rows of an image.
        width: columns of an image.
        max_length: labels of a line; longer lines are left out and counted.
        with_start_end_tokens: whether labels are `<S> text <E>`.
        wide: what is done with lines wider than the image: `scale` makes them smaller, `skip`
            leaves them out; for that every image is looked at once.
        unknown: `strip` takes letters without accents that the mapping lacks, `skip` leaves their
            lines out.
        shared_texts: whether training lines stay that say what validation or test lines say.
        augment_data: whether training lines are varied each time they are loaded.
    """

    height: int = 56
    width: int = 1024
    max_length: int = 89
    with_start_end_tokens: bool = False
    wide: str = SCALE
    unknown: str = STRIP
    shared_texts: bool = False
    augment_data: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_unknown(self.unknown)
        if self.wide not in (SCALE, SKIP):
            raise OptionError(f"wide is {SCALE} or {SKIP}, not {self.wide}.")
        if self.height < 8 or self.width < 8:
            raise OptionError(
                f"height and width are at least 8, not {self.height} and {self.width}."
            )
        if self.max_length <= _N_TOKENS:
            raise OptionError(f"max_length is at least 3, not {self.max_length}.")

    @property
    def canvas(self) -> Canvas:
        """Rows and columns of an image."""
        return self.height, self.width

    @property
    def n_tokens(self) -> int:
        """Labels of a line that are no characters."""
        return _N_TOKENS if self.with_start_end_tokens else 0


@dataclass(frozen=True)
class LineView:
    """Puts a line on a canvas: at the left, or varied anywhere.

    Attributes:
        canvas: rows and columns.
        varies: whether each call varies its line by a chance that comes from torch.
    """

    canvas: Canvas
    varies: bool = False

    def __call__(self, image: GreyImage) -> GreyImage:
        """Ink bright on black, of the canvas's shape.

        Args:
            image: grey, dark ink on light paper.
        """
        ink = flatten(image, self.rows(image.shape))
        if self.varies:
            return varied_ink(ink, self.canvas, LINE_RANGES)
        return place(ink, self.canvas, right=0.0)

    def rows(self, shape: tuple[int, ...]) -> int:
        """How high an image (H, W) is shown; less than the canvas if it is too wide for that."""
        height, width = self.canvas
        rows = height
        while rows > 1 and round(shape[1] * rows / shape[0]) > width:
            rows = min(rows - 1, int(width * shape[0] / shape[1]))
        return max(1, rows)


class Lines(BaseDataModule):
    """Lines of which a subclass says where they are; no document or writer is in two splits.

    Args:
        options: None takes the defaults.

    Attributes:
        notes: what was left out, and what splits share, a sentence each; empty before `setup`.
    """

    options_class: ClassVar[type[DataModuleOptions]] = LineOptions
    options: LineOptions
    characters = MAPPING_2021
    mapping = MAPPING_2021.symbols

    def __init__(self, options: LineOptions | None = None) -> None:
        super().__init__(options)
        self.input_dims = (1, *self.options.canvas)
        self.output_dims = (self.options.max_length, 1)
        self.notes: list[str] = []
        self._images: list[Callable[[], GreyImage]] = []
        self._read: list[LineSample] = []

    def read_lines(self) -> list[LineSample]:
        """All lines with their splits.

        Raises:
            InputError: the data are not there.
        """
        raise NotImplementedError

    def prepare_data(self) -> None:
        """See that the data are there."""
        self._read = self.read_lines()

    def read_splits(self) -> dict[str, Samples]:
        """Texts as labels, and what reads the images."""
        self.notes = []
        lines = self._separated(self._without_wide(self._usable(self._read or self.read_lines())))
        splits = {split: of_split(lines, split) for split in SPLITS}
        if not splits["train"]:
            reason = f"{self.data_name}: there is no training line that can be learnt."
            raise InputError(" ".join((reason, *self.notes)))
        self._images = [line.read_image for line in lines]
        return {split: self._dataset(own, split) for split, own in splits.items()}

    def describe(self) -> str:
        """What every data module says, what was left out, and how many lines are made smaller."""
        rows = [super().describe(), *self.notes]
        if self.options.wide == SCALE:
            n_wide = sum(self._is_wide(read()) for read in self._images)
            rows.append(
                f"{n_wide} lines are wider than {self.options.width} columns and are made smaller."
            )
        return "\n".join(rows)

    def _usable(self, samples: Sequence[LineSample]) -> list[LineSample]:
        """Lines of separate documents whose text the labels can say, with that text."""
        kept, n_crossing = separate_documents(samples)
        if n_crossing:
            self.notes.append(
                f"{n_crossing} lines are left out: other splits hold their document or writer."
            )
        folded = LabelText(self.characters, self.options.unknown)
        found = [(sample, folded.usable(sample.text)) for sample in kept]
        self.notes += folded.notes()
        lines = [replace(sample, text=text) for sample, text in found if text]
        most = self.options.max_length - self.options.n_tokens
        fitting = [line for line in lines if len(line.text) <= most]
        if len(fitting) < len(lines):
            needed = max(len(line.text) for line in lines) + self.options.n_tokens
            self.notes.append(
                f"{len(lines) - len(fitting)} lines have more than {self.options.max_length} "
                f"labels and are left out; --max_length={needed} makes room."
            )
        return fitting

    def _without_wide(self, lines: list[LineSample]) -> list[LineSample]:
        if self.options.wide == SCALE:
            return lines
        kept = [line for line in lines if not self._is_wide(line.read_image())]
        if len(kept) < len(lines):
            self.notes.append(
                f"{len(lines) - len(kept)} lines are wider than {self.options.width} columns and "
                "are left out; --width makes room, --wide=scale makes them smaller."
            )
        return kept

    def _separated(self, lines: list[LineSample]) -> list[LineSample]:
        """Lines without training lines that validation or test lines say, too."""
        said = {split: [[line.text] for line in of_split(lines, split)] for split in SPLITS}
        test = WrittenTexts(said["test"])
        held_out = WrittenTexts(said["validation"] + said["test"])
        kept = [line for line in lines if line.split != "train" or not held_out.hold(line.text)]
        n_validation = sum(test.hold(line) for (line,) in said["validation"])
        keeps = self.options.shared_texts
        self.notes += sharing_notes("lines", n_validation, len(lines) - len(kept), keeps=keeps)
        return lines if keeps else kept

    def _is_wide(self, image: GreyImage) -> bool:
        height, width = self.options.canvas
        return bool(round(image.shape[1] * height / image.shape[0]) > width)

    def _dataset(self, lines: Sequence[LineSample], split: str) -> ImageTextDataset:
        options = self.options
        labels = encode_texts(
            [line.text for line in lines],
            options.max_length,
            self.characters,
            with_tokens=options.with_start_end_tokens,
        )
        varies = options.augment_data and split == "train"
        return ImageTextDataset(
            [line.read_image for line in lines],
            labels.reshape(len(lines), options.max_length),
            view=LineView(options.canvas, varies),
        )
