"""Pages and masks of their lines, to train a line detector on: every other line another class."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.utils.data import Dataset

from text_recognizer.data.array_cache import ArrayCache
from text_recognizer.data.array_dataset import Batch, Images, Samples
from text_recognizer.data.base_data_module import (
    SPLITS,
    BaseDataModule,
    DataModuleOptions,
    run_as_script,
)
from text_recognizer.data.image_variation import between
from text_recognizer.data.line_mask_drawing import (
    BANDS,
    N_CLASSES,
    OUTLINES,
    check_form,
    colour_mask,
    count_missing,
    mask_page,
)
from text_recognizer.data.open_pages import OpenPagesOptions, read_open_pages
from text_recognizer.data.page_separation import of_split, separate_documents
from text_recognizer.errors import InputError, OptionError
from text_recognizer.ground_truth import PageSample

_CACHE_VERSION = 3
_INTERIM = "interim"
_DEBUG = "debug_crops"
_SHIFT_X, _SHIFT_Y = (-0.06, 0.06), (-0.1, 0.1)  # of the side
_ZOOM = (0.9, 1.1)
_SHEAR_DEG = (-3.0, 3.0)
_N_CHANCES = 6


@dataclass(frozen=True)
class LineMaskOptions(DataModuleOptions):
    """Options of masks of lines.

    Attributes:
        size: rows and columns of image and mask.
        mask_form: what is drawn of a line: `outlines`, or `bands` over baselines, which do not
            touch.
        augment_data: whether training pages are varied each time they are loaded.
        debug_images: whether pages with coloured lines are written to look at.
    """

    batch_size: int = 32
    size: int = 256
    mask_form: str = OUTLINES
    augment_data: bool = True
    debug_images: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_form(self.mask_form)
        if self.size < 32:
            raise OptionError(f"size is at least 32, not {self.size}.")


class LineMaskDataset(Dataset[Batch]):
    """Images and masks in arrays, handed out as whole batches.

    Args:
        images: ink bright on black, of shape (N, S, S), uint8.
        masks: classes, of the same shape.
        varied: whether each is shifted, mirrored, scaled and sheared, image and mask alike; chance
            comes from torch.
    """

    def __init__(self, images: Images, masks: Images, *, varied: bool = False) -> None:
        self.images, self.masks, self.varied = images, masks, varied

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Batch:
        """Image (1, S, S), float32, 0 to 1, and mask (S, S), int64."""
        images, masks = self.__getitems__([index])
        return images[0], masks[0]

    def __getitems__(self, indices: Sequence[int]) -> Batch:
        """Images (N, 1, S, S) and masks (N, S, S), in this order."""
        chosen = np.asarray(indices, np.int64)
        images, masks = self.images[chosen], self.masks[chosen]
        if self.varied:
            chances = torch.rand(len(chosen), _N_CHANCES).numpy().astype(np.float64)
            for image, mask, chance in zip(images, masks, chances, strict=True):
                image[:], mask[:] = vary_mask(image, mask, chance)
        values = torch.from_numpy(images).unsqueeze(1).to(torch.float32).div_(255.0)
        return values, torch.from_numpy(masks.astype(np.int64))


class LineMasks(BaseDataModule):
    """Images (N, 1, S, S), 0 to 1, ink bright, and masks (N, S, S) of classes 0, 1 and 2.

    A subclass says which pages there are. No document or writer is in two splits.

    Args:
        options: None takes the defaults.

    Attributes:
        left_out: why pages are not there, and how many lines of others are not, a sentence each.
    """

    options_class: ClassVar[type[DataModuleOptions]] = LineMaskOptions
    options: LineMaskOptions
    interim_name = "line_masks"
    mapping = ("paper", "odd line", "even line")

    def __init__(self, options: LineMaskOptions | None = None) -> None:
        super().__init__(options)
        size = self.options.size
        self.input_dims = (1, size, size)
        self.output_dims = (size, size)
        self.left_out: list[str] = []
        self._pages: list[PageSample] = []

    def read_pages(self) -> list[PageSample]:
        """All pages with their splits.

        Raises:
            InputError: the data are not there.
        """
        raise NotImplementedError

    @property
    def work_folder(self) -> Path:
        """Folder of what is made of the pages."""
        return self.options.folder

    @property
    def debug_folder(self) -> Path:
        """Folder of the pages with coloured lines."""
        return self.work_folder / _INTERIM / self.interim_name / _DEBUG

    def prepare_data(self) -> None:
        """Cut the pages, once for each set of pages and size."""
        cache = self._cache()
        is_new = not cache.exists()
        if is_new:
            with cache.writing() as folder:
                for split in SPLITS:
                    self._write_split(folder, split)
        if self.options.debug_images:
            self._write_debug_images(cache, anew=is_new)

    def read_splits(self) -> dict[str, Samples]:
        """Map the arrays that `prepare_data` made."""
        self.prepare_data()
        cache = self._cache()
        varied = self.options.augment_data
        splits: dict[str, Samples] = {
            split: LineMaskDataset(
                cache.read(f"{split}_images"),
                cache.read(f"{split}_masks"),
                varied=varied and split == "train",
            )
            for split in SPLITS
        }
        self.left_out = self._document_note() + [
            str(reason) for split in SPLITS for reason in cache.read(f"{split}_left_out")
        ]
        if not len(splits["train"]):
            raise InputError(f"{self.data_name}: none of the training pages has lines.")
        return splits

    def describe(self) -> str:
        """What every data module says, and what is left out."""
        rows = [super().describe(), f"left out: {len(self.left_out)}", *self.left_out]
        if self.options.debug_images:
            rows.append(f"pages with coloured lines are in {self.debug_folder}")
        return "\n".join(rows)

    def sample_sheet(self) -> Image.Image:
        """Training pages with their lines in two colours."""
        images, masks = self._first_batch()
        drawn = [
            colour_mask((image[0] * 255).round().byte().numpy(), mask.byte().numpy())
            for image, mask in zip(images[:12], masks[:12], strict=True)
        ]
        drawn += [np.full_like(drawn[0], 255)] * (-len(drawn) % 4)
        rows = [np.hstack(drawn[i : i + 4]) for i in range(0, len(drawn), 4)]
        return Image.fromarray(np.vstack(rows))

    def _all_pages(self) -> list[PageSample]:
        if not self._pages:
            self._pages, n_shared = separate_documents(self.read_pages())
            self._n_shared = n_shared
        return self._pages

    def _document_note(self) -> list[str]:
        self._all_pages()
        note = f"{self._n_shared} pages are of documents that other splits hold."
        return [note] if self._n_shared else []

    def _cache(self) -> ArrayCache:
        parameters = {
            "version": _CACHE_VERSION,
            "size": self.options.size,
            "mask_form": self.options.mask_form,
            "pages": [_fingerprint(page) for page in self._all_pages()],
        }
        return ArrayCache(self.work_folder, self.interim_name, parameters)

    def _write_split(self, folder: Path, split: str) -> None:
        size, form = self.options.size, self.options.mask_form
        pairs, ids, left_out, n_missing = [], [], [], 0
        for page in of_split(self._all_pages(), split):
            try:
                pairs.append(mask_page(page, size, form=form))
                ids.append(page.id)
                n_missing += count_missing(page, form)
            except InputError as error:
                left_out.append(f"{split}: {error}")
        if n_missing:
            place = "a baseline" if form == BANDS else "an outline"
            left_out.append(f"{split}: lines without {place} on their page: {n_missing}.")
        empty: NDArray[np.uint8] = np.zeros((0, size, size), np.uint8)
        np.save(folder / f"{split}_images.npy", np.array([p[0] for p in pairs]) if pairs else empty)
        np.save(folder / f"{split}_masks.npy", np.array([p[1] for p in pairs]) if pairs else empty)
        np.save(folder / f"{split}_ids.npy", np.array(ids, np.str_))
        np.save(folder / f"{split}_left_out.npy", np.array(left_out, np.str_))

    def _write_debug_images(self, cache: ArrayCache, *, anew: bool) -> None:
        self.debug_folder.mkdir(parents=True, exist_ok=True)
        for split in SPLITS:
            images, masks = cache.read(f"{split}_images"), cache.read(f"{split}_masks")
            names = cache.read(f"{split}_ids")
            for name, image, mask in zip(names, images, masks, strict=True):
                path = self.debug_folder / f"{name}.jpg"
                if anew or not path.exists():
                    Image.fromarray(colour_mask(image, mask)).save(path)


@dataclass(frozen=True)
class OpenLineMasksOptions(LineMaskOptions, OpenPagesOptions):
    """Options of `OpenLineMasks`."""


class OpenLineMasks(LineMasks):
    """Masks of the lines of pages with PAGE XML."""

    options_class = OpenLineMasksOptions
    options: OpenLineMasksOptions
    interim_name = "open_line_masks"

    def read_pages(self) -> list[PageSample]:
        """Pages of `data_dir`."""
        return read_open_pages(self.options, self.data_name)

    @property
    def work_folder(self) -> Path:
        """Folder of what is made of the pages."""
        return self.options.work_folder


def vary_mask(image: Images, mask: Images, chance: NDArray[np.float64]) -> tuple[Images, Images]:
    """Image and mask under the same random shift, mirroring, zoom and shear; 0 comes in.

    Args:
        image: of shape (S, S).
        mask: of the same shape.
        chance: six numbers from 0 to 1.
    """
    side = len(image)
    shear = np.tan(np.radians(between(_SHEAR_DEG, chance[0])))
    zooms = between(_ZOOM, chance[1]), between(_ZOOM, chance[2])
    mirror = -1.0 if chance[3] < 0.5 else 1.0
    turn = np.array([[mirror * zooms[0], shear], [0.0, zooms[1]]])
    middle = np.full(2, (side - 1) / 2)
    shift = side * np.array([between(_SHIFT_X, chance[4]), between(_SHIFT_Y, chance[5])])
    matrix = np.column_stack([turn, middle + shift - turn @ middle])
    size = (side, side)
    moved = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR)
    classes = cv2.warpAffine(mask, matrix, size, flags=cv2.INTER_NEAREST)
    return np.asarray(moved, np.uint8), np.asarray(classes, np.uint8)


def _fingerprint(page: PageSample) -> tuple[object, ...]:
    """What the image and mask of a page depend on."""
    try:
        file = page.image_path.stat()
    except OSError as error:
        raise InputError(f"{page.image_path} cannot be read: {error.strerror}.") from error
    places = tuple((line.polygon, line.baseline) for line in page.lines)
    return (page.id, page.split, str(page.image_path), file.st_size, file.st_mtime_ns, places)


assert len(LineMasks.mapping) == N_CLASSES

if __name__ == "__main__":
    run_as_script(OpenLineMasks)
