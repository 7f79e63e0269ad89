"""Finds the pages of image files and PDFs, and decodes them one at a time.

Formats go by content, not by name, and come from a list; bytes, pages and pixels are checked before
anything is decoded. Knows nothing about text lines.
"""

import io
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from text_recognizer.errors import InputError, OptionError
from text_recognizer.grey_image import (
    GreyImage,
    grey_from_array,
    grey_from_picture,
    with_dark_ink,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image, ImageFile

    Source = str | Path | bytes | NDArray[Any] | Image.Image

FORMATS = "PNG, JPEG, TIFF, WebP, BMP or PDF"
PDF_DPI = 200
IMAGE_SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".pdf"}
)  # in a folder, a file so named is reported if its content is something else

_HEAD_BYTES = 1024  # a PDF may carry this much before its header (ISO 32000-1, annex H)
_POINTS_PER_INCH = 72
_REDUCED_OR_MASK = 1 | 4  # bits of TIFF tag 254 NewSubfileType: thumbnail, transparency mask
# What Pillow's decoders raise on damaged data, found by feeding them cut and altered files.
_DECODER_FAILURES = (
    OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, AttributeError,
    OverflowError, struct.error, zlib.error,
)  # fmt: skip


@dataclass(frozen=True)
class Limits:
    """What a file may ask of this machine before it is refused.

    Raises:
        OptionError: a limit is under 1.
    """

    max_bytes: int = 1 << 29
    max_pages: int = 2000
    max_pixels: int = 200_000_000

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value < 1:
                raise OptionError(f"{name} must be at least 1, not {value}.")


@dataclass(frozen=True)
class PageImage:
    """One page that can be decoded, but is not yet.

    Attributes:
        file: name of its file as it was given; empty for an image from memory.
        number: of the page in its file, from 1.
        dpi: pixels an inch that a PDF page is drawn at; None for images.
    """

    file: str
    number: int
    dpi: int | None
    _decode: Callable[[], GreyImage] = field(repr=False)

    def read(self) -> GreyImage:
        """Upright grey image (H, W), uint8, with dark ink on light paper.

        Raises:
            InputError: the page is damaged or has too many pixels; the message names the file.
        """
        return self._decode()

    def decoded(self) -> "PageImage":
        """The same page with its pixels kept, for those who read them more than once.

        Raises:
            InputError: as `read`.
        """
        image = self.read()
        return replace(self, _decode=lambda: image)


def open_pages(
    source: "Source", *, name: str | None = None, limits: Limits | None = None
) -> list[PageImage]:
    """Pages of an image file or PDF, in order, none decoded yet; or the one page of an image.

    Args:
        source: a path, the bytes of a file, an array as `grey_from_array` takes it, or a Pillow
            image.
        name: what to call the source in results and errors; by default its path, if it has one.
        limits: by default those of `Limits()`.

    Raises:
        InputError: the file is missing, empty, damaged, too large or of no known format.
        OptionError: the source is of another kind.
    """
    limits = limits or Limits()
    if isinstance(source, bytes):
        return _open_bytes(source, name or "The image", limits)
    if isinstance(source, (str, Path)):
        return _open_bytes(_read_bytes(Path(source), limits), name or str(source), limits)
    if isinstance(source, np.ndarray):
        return [page_image_of(grey_from_array(source), file=name or "")]
    from PIL import Image

    if isinstance(source, Image.Image):
        return [page_image_of(grey_from_picture(source), file=name or "")]
    raise OptionError(f"An image is a path, bytes, an array or a Pillow image, not {source!r}.")


def page_image_of(image: GreyImage, *, file: str = "") -> PageImage:
    """Page image of a decoded grey image."""
    return PageImage(file, 1, None, lambda: image)


def _open_bytes(data: bytes, name: str, limits: Limits) -> list[PageImage]:
    if len(data) > limits.max_bytes:
        raise InputError(f"{name} is larger than {limits.max_bytes} bytes: split it.")
    if not data:
        raise InputError(f"{name} is empty (0 bytes): copy it again from where it came from.")
    kind = _kind(data[:_HEAD_BYTES])
    if kind is None:
        raise InputError(f"{name} is not a {FORMATS} file: convert it to one of these first.")
    return _pdf_pages(data, name, limits) if kind == "PDF" else _frames(data, kind, name, limits)


def find_files(path: Path) -> list[Path]:
    """The path itself, or the images and PDFs directly in a folder, sorted by name.

    In a folder, files are taken whose content is of a known format or whose name claims so; hidden
    files and folders inside are passed over.

    Raises:
        InputError: the path does not exist, or the folder holds no such file.
    """
    if not path.exists():
        raise InputError(f"{path} does not exist: check the name.")
    if not path.is_dir():
        return [path]
    try:
        entries = sorted(path.iterdir())
    except OSError as error:
        raise InputError(f"{path} cannot be opened: {error.strerror or error}.") from error
    found = [entry for entry in entries if _is_candidate(entry)]
    if not found:
        raise InputError(f"{path} holds no {FORMATS} files: name a folder that does.")
    return found


def _is_candidate(path: Path) -> bool:
    if path.name.startswith(".") or not path.is_file():
        return False
    if path.suffix.lower() in IMAGE_SUFFIXES:
        return True
    try:
        with path.open("rb") as file:
            return _kind(file.read(_HEAD_BYTES)) is not None
    except OSError:
        return False


def _read_bytes(path: Path, limits: Limits) -> bytes:
    if not path.exists():
        raise InputError(f"{path} does not exist: check the name.")
    if path.is_dir():
        raise InputError(f"{path} is a folder: name a file in it.")
    try:
        with path.open("rb") as file:
            return file.read(limits.max_bytes + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error


def _kind(head: bytes) -> str | None:
    """Format by the first bytes of a file; None if it is on no list."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return "TIFF"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "WebP"
    if head.startswith(b"BM"):
        return "BMP"
    return "PDF" if b"%PDF-" in head else None


def _decoder(kind: str) -> Callable[[io.BytesIO], "ImageFile.ImageFile"]:
    """Pillow's reader of one format, so that no other is ever tried on a stranger's bytes."""
    if kind == "PNG":
        from PIL.PngImagePlugin import PngImageFile as Reader
    elif kind == "JPEG":
        from PIL.JpegImagePlugin import JpegImageFile as Reader  # type: ignore[assignment]
    elif kind == "TIFF":
        from PIL.TiffImagePlugin import TiffImageFile as Reader  # type: ignore[assignment]
    elif kind == "WebP":
        from PIL.WebPImagePlugin import WebPImageFile as Reader  # type: ignore[assignment]
    else:
        from PIL.BmpImagePlugin import BmpImageFile as Reader  # type: ignore[assignment]
    return Reader


@contextmanager
def _opened(data: bytes, kind: str, name: str) -> "Iterator[ImageFile.ImageFile]":
    """The image as Pillow opens it, without its warnings of odd tags.

    Raises:
        InputError: Pillow itself refuses so many pixels, as it does for some formats.
    """
    from PIL.Image import DecompressionBombError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with _decoder(kind)(io.BytesIO(data)) as picture:
                yield picture
        except DecompressionBombError as error:
            raise InputError(f"{name} has too many pixels: make it smaller.") from error


def _damaged(name: str, kind: str, number: int, error: Exception) -> InputError:
    page = f" on page {number}" if number > 1 else ""
    return InputError(
        f"{name} is a damaged or cut-off {kind} file{page} ({error}): copy or scan it again."
    )


def _frames(data: bytes, kind: str, name: str, limits: Limits) -> list[PageImage]:
    """Pages of an image file: one, or those of a TIFF without its thumbnails and masks."""
    try:
        with _opened(data, kind, name) as picture:
            indices = _page_indices(picture, name, limits) if kind == "TIFF" else [0]
    except _DECODER_FAILURES as error:
        raise _damaged(name, kind, 1, error) from error

    def page(number: int, index: int) -> PageImage:
        return PageImage(
            name, number, None, lambda: _decode_frame(data, kind, (name, number, index), limits)
        )

    return [page(number, index) for number, index in enumerate(indices, start=1)]


def _page_indices(picture: Any, name: str, limits: Limits) -> list[int]:
    indices = []
    for index in range(_counted(picture.n_frames, name, limits)):
        picture.seek(index)
        if not picture.tag_v2.get(254, 0) & _REDUCED_OR_MASK:
            indices.append(index)
    return indices or [0]


def _counted(n_pages: int, name: str, limits: Limits) -> int:
    if n_pages > limits.max_pages:
        raise InputError(
            f"{name} has {n_pages} pages, over the limit of {limits.max_pages}: split it."
        )
    return n_pages


def _decode_frame(data: bytes, kind: str, place: tuple[str, int, int], limits: Limits) -> GreyImage:
    """Decode frame `index` of an image file; `place` is (name, page number, index)."""
    name, number, index = place
    try:
        with _opened(data, kind, name) as picture:
            if index:
                picture.seek(index)
            _check_pixels(picture.size, name, limits)
            if kind == "JPEG" and picture.mode == "RGB":
                picture.draft("L", picture.size)  # takes luminance as stored, in half the time
            return grey_from_picture(picture)
    except _DECODER_FAILURES as error:
        raise _damaged(name, kind, number, error) from error


def _check_pixels(size: tuple[int, int], name: str, limits: Limits) -> None:
    width, height = size
    if width * height > limits.max_pixels:
        raise InputError(
            f"{name} has {width} x {height} pixels, over the limit of {limits.max_pixels}: "
            "make it smaller or raise the limit with --max-pixels."
        )


def _pdf_pages(data: bytes, name: str, limits: Limits) -> list[PageImage]:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
        n_pages = len(document)
        document.close()
    except pypdfium2.PdfiumError as error:
        raise _pdf_failure(name, error) from error
    n_pages = _counted(n_pages, name, limits)

    def page(number: int) -> PageImage:
        return PageImage(name, number, PDF_DPI, lambda: _draw_pdf(data, (name, number), limits))

    return [page(number) for number in range(1, n_pages + 1)]


def _pdf_failure(name: str, error: Exception) -> InputError:
    if "password" in str(error).lower():
        return InputError(f"{name} is a PDF with a password: save it without one first.")
    return _damaged(name, "PDF", 1, error)


def _draw_pdf(data: bytes, place: tuple[str, int], limits: Limits) -> GreyImage:
    """Draw one PDF page, forms and notes included; `place` is (name, page number)."""
    import pypdfium2

    name, number = place
    scale = PDF_DPI / _POINTS_PER_INCH
    try:
        document = pypdfium2.PdfDocument(data)
        try:
            page = document[number - 1]
            width, height = page.get_size()
            _check_pixels((round(width * scale), round(height * scale)), name, limits)
            drawn = page.render(scale=scale, grayscale=True).to_numpy()
        finally:
            document.close()
    except pypdfium2.PdfiumError as error:
        raise _damaged(name, "PDF", number, error) from error
    return with_dark_ink(np.array(drawn, dtype=np.uint8).reshape(drawn.shape[:2]))
