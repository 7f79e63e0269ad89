"""IAMLines: the written lines of IAM in the sizes of the course of 2021, and in those of 2019."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from text_recognizer.data.array_dataset import Samples
from text_recognizer.data.base_data_module import (
    SPLITS,
    BaseDataModule,
    DataModuleOptions,
    run_as_script,
)
from text_recognizer.data.character_mapping import MAPPINGS
from text_recognizer.data.emnist import check_mapping
from text_recognizer.data.emnist_lines import encode_texts
from text_recognizer.data.iam import IAM, IAMOptions, describe_splits, find_iam, iam_cache
from text_recognizer.data.iam_line_view import IAMLineView
from text_recognizer.data.image_text_dataset import ImageTextDataset
from text_recognizer.errors import InputError, OptionError
from text_recognizer.ground_truth.iam import find_line_images, read_iam_lines
from text_recognizer.ground_truth.iam_splits import AACHEN, check_split_kind
from text_recognizer.ground_truth.image_files import image_size, read_grey
from text_recognizer.ground_truth.samples import LineSample

_LOG = logging.getLogger(__name__)

LEFT_PX = 28
_N_TOKENS = 2
_N_NAMED = 5


@dataclass(frozen=True)
class IAMLinesOptions(DataModuleOptions):
    """Options of `IAMLines`.

    Attributes:
        split: `aachen`, `official` or `fsdl`.
        height: rows of an image; lines are scaled to it.
        width: columns of an image; a line that is wider then is left out and named.
        max_length: labels of a line, tokens among them; a longer line is left out and named.
        mapping: year of the label numbers: 2021 (83 symbols) or 2019 (80, no tokens).
        keep_err: whether lines stay whose segmentation into words IAM calls wrong.
        augment_data: whether training lines are varied each time they are loaded.
    """

    split: str = AACHEN
    height: int = 56
    width: int = 2048
    max_length: int = 89
    mapping: int = 2021
    keep_err: bool = True
    augment_data: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_split_kind(self.split)
        check_mapping(self.mapping)
        if self.max_length <= _N_TOKENS:
            raise OptionError(f"max_length is at least {_N_TOKENS + 1}, not {self.max_length}.")
        for name in ("height", "width"):
            if getattr(self, name) < 8:
                raise OptionError(f"{name} is at least 8, not {getattr(self, name)}.")


@dataclass
class LeftOut:
    """Ids of lines that cannot be learnt from, by the reason."""

    too_wide: list[str] = field(default_factory=list)
    too_long: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    symbols: set[str] = field(default_factory=set)
    needs: dict[str, int] = field(default_factory=dict)

    def note(self, ids: list[str], name: str, flag: str, needed: int) -> None:
        """Put a line down as one that a flag would make room for."""
        ids.append(name)
        self.needs[flag] = max(self.needs.get(flag, 0), needed)

    def sentences(self) -> list[str]:
        """A sentence for each reason that there is."""
        reasons = (
            (self.too_wide, f"are too wide: --width={self.needs.get('width')} makes room"),
            (
                self.too_long,
                f"are too long: --max_length={self.needs.get('max_length')} makes room",
            ),
            (self.unknown, f"hold {' '.join(sorted(self.symbols))}, which has no label"),
        )
        return [f"{len(ids)} lines {why} ({_named(ids)})." for ids, why in reasons if ids]


class IAMLines(BaseDataModule):
    """Lines of IAM, opened when they are needed, ink bright on black.

    Each is as high as the canvas, its aspect kept, and begins at column 28 or, where it is wider,
    as far left as it needs to. Nothing is cut off.

    Args:
        options: None takes the defaults.
    """

    options_class = IAMLinesOptions
    options: IAMLinesOptions

    def __init__(self, options: IAMLinesOptions | None = None) -> None:
        super().__init__(options)
        self.characters = MAPPINGS[self.options.mapping]
        self.mapping = self.characters.symbols
        self.input_dims = (1, self.options.height, self.options.width)
        self.output_dims = (self.options.max_length, 1)
        self.left_out = LeftOut()

    def prepare_data(self) -> None:
        """Find the copy of IAM; take its lines out of archives or forms, once.

        Raises:
            InputError: there is no copy.
        """
        folder = self.options.folder
        find_line_images(find_iam(folder, with_parquet=True), cache=iam_cache(folder))

    def read_splits(self) -> dict[str, Samples]:
        """Texts as labels, and what reads the images."""
        options = self.options
        path, cache = find_iam(options.folder, with_parquet=True), iam_cache(options.folder)
        files = find_line_images(path, cache=cache)
        samples = read_iam_lines(
            path,
            kind=options.split,
            cache=cache,
            seed=options.seed,
            keep_err=options.keep_err,
            line_images=files,
        )
        self.left_out = LeftOut()
        kept = [sample for sample in samples if self._has_room(sample, files)]
        for sentence in self.left_out.sentences():
            _LOG.warning("%s: %s", self.data_name, sentence)
        splits = {split: [s for s in kept if s.split == split] for split in SPLITS}
        empty = [split for split, own in splits.items() if not own]
        if empty:
            raise InputError(f"{path} has no lines for {empty[0]} in the split {options.split}.")
        return {split: self._dataset(split, own, files) for split, own in splits.items()}

    def describe(self) -> str:
        """What every data module says, what is left out, and forms and writers by split."""
        rows = [super().describe(), *self.left_out.sentences()]
        try:
            options = self.options
            own = IAM(IAMOptions(options.data_dir, options.split, options.seed))
            rows += [f"split {options.split}:", *describe_splits(own.copy)]
        except InputError:
            rows.append("forms and writers: these files do not name them")
        return "\n".join(rows)

    def _has_room(self, sample: LineSample, files: Mapping[str, Path]) -> bool:
        """Whether a line can be learnt from; if not, the reason is put down."""
        options, canvas = self.options, self._canvas()
        unknown = self.characters.unknown(sample.text)
        n_labels = len(sample.text) + self._n_tokens()
        if unknown:
            self.left_out.unknown.append(sample.id)
            self.left_out.symbols.update(unknown)
            return False
        if n_labels > options.max_length:
            self.left_out.note(self.left_out.too_long, sample.id, "max_length", n_labels)
            return False
        width, height = image_size(files[sample.id])
        if not canvas.fits(height, width):
            needed = canvas.scaled_width(height, width)
            self.left_out.note(self.left_out.too_wide, sample.id, "width", needed)
            return False
        return True

    def _dataset(
        self, split: str, samples: Sequence[LineSample], files: Mapping[str, Path]
    ) -> Samples:
        varies = self.options.augment_data and split == "train"
        return ImageTextDataset(
            [partial(read_grey, files[sample.id]) for sample in samples],
            encode_texts(
                [sample.text for sample in samples],
                self.options.max_length,
                self.characters,
                with_tokens=bool(self._n_tokens()),
            ),
            view=self._canvas(varies=varies),
        )

    def _canvas(self, *, varies: bool = False) -> IAMLineView:
        return IAMLineView(self.options.height, self.options.width, LEFT_PX, varies)

    def _n_tokens(self) -> int:
        return _N_TOKENS if self.options.mapping == 2021 else 0


def _named(ids: Sequence[str]) -> str:
    more = ", ..." if len(ids) > _N_NAMED else ""
    return f"{', '.join(ids[:_N_NAMED])}{more}"


if __name__ == "__main__":
    run_as_script(IAMLines)
