"""IAMDataset: lines, words and forms of IAM with the image sizes of the CNN-BiLSTM notebook.

Images are dark ink on white. Training is three lists of the official task, as there: trainset,
validationset1 and validationset2; `split` gives one part by itself, and what a corrector is chosen
by comes from the validation lists alone.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from text_recognizer.cache_folder import default_data_folder
from text_recognizer.data.iam import find_iam, iam_cache
from text_recognizer.data.iam_dataset_images import fit_canvas
from text_recognizer.errors import OptionError
from text_recognizer.grey_image import GreyImage
from text_recognizer.ground_truth.iam import (
    IamCopy,
    find_forms,
    find_line_images,
    open_iam,
    read_iam_lines,
)
from text_recognizer.ground_truth.iam_boxes import form_scales, line_boxes, read_box
from text_recognizer.ground_truth.iam_forms import Box, IamForm, IamLine, union
from text_recognizer.ground_truth.iam_left_out import LeftOutForms
from text_recognizer.ground_truth.iam_splits import OFFICIAL
from text_recognizer.ground_truth.image_files import image_size, read_grey, read_grey_page
from text_recognizer.ground_truth.samples import check_split
from text_recognizer.language.typo_files import write_typo_files

SIZES = {
    "line": (60, 800),
    "word": (30, 140),
    "form": (1120, 800),
    "form_original": (1120, 800),
    "form_bb": (1120, 800),
}
"""Rows and columns of the images of each kind."""
OUTPUTS = ("text", "bb")
Boxes = NDArray[np.float32]
"""x, y, width and height as fractions of the image, of shape (n, 4)."""
Output = str | Boxes
Item = tuple[GreyImage, Output]


@dataclass(frozen=True)
class _Entry:
    """What an item is made of; `inner` boxes are in pixels of the image that `read` gives."""

    id: str
    text: str
    read: Callable[[], GreyImage]
    inner: tuple[Box, ...] = ()


class IAMDataset:
    """Items `(image, output)` by their numbers: grey images of one size, and texts or boxes.

    Args:
        parse: `line`, `word`, `form` (the written part), `form_original` (the whole page), or
            `form_bb` (the whole page, whose box is that of the written part).
        output_data: `text`, lines of a form joined by newlines; or `bb`, boxes of the words of a
            line, of the lines of a form, or of the writing on a page.
        train: whether items are those for training, validation among them; else those of the test.
        split: `train`, `validation` or `test`, in place of `train`.
        data_dir: folder of the data; None is the user's cache folder.

    Raises:
        OptionError: there is no such kind, output or split.
    """

    def __init__(
        self,
        parse: str,
        output_data: str = "text",
        train: bool = True,
        *,
        split: str | None = None,
        data_dir: Path | None = None,
    ) -> None:
        if parse not in SIZES:
            raise OptionError(f"parse is one of {', '.join(SIZES)}, not {parse!r}.")
        if output_data not in OUTPUTS or (parse, output_data) == ("word", "bb"):
            raise OptionError(f"output_data of {parse} is not {output_data!r}.")
        self.parse = parse
        self.output_data = output_data
        wanted = check_split(split)
        self.splits = (wanted,) if wanted else ("train", "validation") if train else ("test",)
        self._folder = data_dir if data_dir is not None else default_data_folder()

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: int) -> Item:
        entry = self._entries[index]
        canvas, place = fit_canvas(entry.read(), SIZES[self.parse])
        if self.output_data == "text":
            return canvas, entry.text
        return canvas, np.array([place(box) for box in entry.inner], np.float32).reshape(-1, 4)

    def __iter__(self) -> Iterator[Item]:
        return (self[index] for index in range(len(self)))

    @property
    def texts(self) -> list[str]:
        """The texts of all items; no image is read."""
        return [entry.text for entry in self._entries]

    @property
    def ids(self) -> list[str]:
        """Ids of the lines, words or forms."""
        return [entry.id for entry in self._entries]

    @cached_property
    def _entries(self) -> list[_Entry]:
        path, cache = find_iam(self._folder), iam_cache(self._folder)
        if self.parse == "line" and self.output_data == "text":
            return list(self._lines(path, cache))
        copy = open_iam(path, kind=OFFICIAL, cache=cache)
        left_out = LeftOutForms(copy.files)
        kinds = {"line": self._cut_lines, "word": self._words}
        entries = list(kinds.get(self.parse, self._pages)(copy, left_out))
        left_out.check(is_all=not entries)
        left_out.warn()
        return entries

    def _forms(self, copy: IamCopy) -> list[IamForm]:
        return [form for form, split in copy.in_split(None) if split in self.splits]

    def _listed(self, copy: IamCopy) -> Iterator[tuple[IamForm, IamLine]]:
        """Lines that the lists name."""
        for form in self._forms(copy):
            for line in form.lines:
                if copy.splits.of_line(line.id, form.id) in self.splits:
                    yield form, line

    def _lines(self, path: Path, cache: Path) -> Iterator[_Entry]:
        images = find_line_images(path, cache=cache)
        samples = read_iam_lines(path, kind=OFFICIAL, cache=cache, line_images=images)
        for sample in samples:
            if sample.split in self.splits:
                yield _Entry(sample.id, sample.text, sample.read_image)

    def _pages(self, copy: IamCopy, left_out: LeftOutForms) -> Iterator[_Entry]:
        images = find_forms(copy.files)
        for form in self._forms(copy):
            if form.id in images and not form.left_out:
                with left_out.noting(form.id, images[form.id]):
                    yield _page_entry(form, images[form.id], self.parse)

    def _cut_lines(self, copy: IamCopy, left_out: LeftOutForms) -> Iterator[_Entry]:
        """Lines out of forms: of images of lines nobody says where the words are."""
        images = find_forms(copy.files)
        for form, line in self._listed(copy):
            if form.id in images:
                with left_out.noting(form.id, images[form.id]):
                    yield from _line_entry(form, line, images[form.id])

    def _words(self, copy: IamCopy, left_out: LeftOutForms) -> Iterator[_Entry]:
        images = copy.files.find("words")
        forms = {} if images else find_forms(copy.files)
        for form, line in self._listed(copy):
            for word in line.words:
                if word.id in images:
                    yield _Entry(word.id, word.text, partial(read_grey, images[word.id]))
                elif word.box is not None and form.id in forms:
                    image = forms[form.id]
                    with left_out.noting(form.id, image):
                        box = _scaled(word.box, form_scales(form, image_size(image)))
                        yield _Entry(word.id, word.text, partial(read_box, image, box))


def export_typos(
    folder: Path, predict: Callable[[GreyImage], str], *, data_dir: Path | None = None
) -> tuple[int, int]:
    """Write `validating.json` and `text_train.txt`, for a corrector to be chosen and trained by.

    Args:
        folder: where they go, such as `dataset/typo`.
        predict: reads a line image (60, 800), dark ink on white.
        data_dir: folder of the data; None is the user's cache folder.

    Returns:
        How many pairs of the validation lists, true text and what was read, and how many texts of
        the training list there are; the test is in neither.
    """
    lines = IAMDataset("line", split="validation", data_dir=data_dir)
    pairs = [(str(text), predict(image)) for image, text in lines]
    texts = IAMDataset("line", split="train", data_dir=data_dir).texts
    write_typo_files(folder, pairs, texts)
    return len(pairs), len(texts)


def _line_entry(form: IamForm, line: IamLine, image: Path) -> Iterator[_Entry]:
    """The line and the boxes of its words, if it has a place on the image."""
    size = image_size(image)
    box = line_boxes(form, size)[form.lines.index(line)]
    if box is not None:
        words = [word.box for word in line.words if word.box is not None]
        inner = tuple(_moved(_scaled(own, form_scales(form, size)), box) for own in words)
        yield _Entry(line.id, line.text, partial(read_box, image, box), inner)


def _page_entry(form: IamForm, image: Path, parse: str) -> _Entry:
    scales = form_scales(form, image_size(image))
    lines = [_scaled(line.box, scales) for line in form.lines if line.box is not None]
    text = "\n".join(line.text for line in form.lines)
    writing = union(lines)
    if writing is None:
        return _Entry(form.id, text, partial(read_grey_page, image))
    if parse == "form":
        inner = tuple(_moved(box, writing) for box in lines)
        return _Entry(form.id, text, partial(read_box, image, writing), inner)
    own = (writing,) if parse == "form_bb" else tuple(lines)
    return _Entry(form.id, text, partial(read_grey_page, image), own)


def _scaled(box: Box, scales: tuple[float, float]) -> Box:
    x, y = scales
    return Box(box.left * x, box.top * y, box.right * x, box.bottom * y)


def _moved(box: Box, origin: Box) -> Box:
    left, top = int(origin.left), int(origin.top)
    return Box(box.left - left, box.top - top, box.right - left, box.bottom - top)
