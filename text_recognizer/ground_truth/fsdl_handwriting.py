"""FSDL Handwriting: the export of a labelling service, one page a line of JSON.

A page has `content`, the address of its image, and `annotation`, a list of regions or null. A
region has `points`, pairs of shares of width and height, `notes`, its text, and the size of the
image. What is wrong with one region or page costs that one only, and is counted.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from text_recognizer.errors import InputError
from text_recognizer.ground_truth.samples import Point

_LEAST_POINTS = 3
_MAX_BYTES = 1 << 28
_MAX_SIDE_PX = 1 << 20
_MAX_NAME_BYTES = 200
_MOST_OUTSIDE = 0.1  # of width or height; hands that label reach over the edge a little


@dataclass(frozen=True)
class ExportedRegion:
    """A region of a page.

    Attributes:
        text: its transcription; empty if nobody wrote one.
        points: outline as shares of width and height, at least three.
        width: of the image that was labelled, in pixels.
        height: likewise.
    """

    text: str
    points: tuple[Point, ...]
    width: int
    height: int

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom in pixels, rounded down, of what is on the page."""
        xs = [min(max(x, 0.0), 1.0) * self.width for x, _ in self.points]
        ys = [min(max(y, 0.0), 1.0) * self.height for _, y in self.points]
        return int(min(xs)), int(min(ys)), int(max(xs)), int(max(ys))


@dataclass(frozen=True)
class ExportedPage:
    """A page: the last part of its image's address, the address, and regions from top to bottom."""

    name: str
    url: str
    regions: tuple[ExportedRegion, ...]


@dataclass(frozen=True)
class Export:
    """What an export holds.

    Attributes:
        pages: in the order of the file.
        n_without_regions: pages that nobody labelled.
        n_bad: regions that are not what regions are: points or sizes missing, no numbers, or far
            outside of the page; an annotation that is no list of regions counts as one.
        n_degenerate: regions that enclose nothing.
        n_bad_pages: pages that are left out: their address names no file, another page has the
            same name, or their JSON is nested too deeply or holds too long a number.
    """

    pages: tuple[ExportedPage, ...]
    n_without_regions: int
    n_bad: int
    n_degenerate: int
    n_bad_pages: int = 0

    def notes(self) -> list[str]:
        """Numbers of pages and regions, and of what is left out, a sentence each."""
        regions = [region for page in self.pages for region in page.regions]
        n_empty = sum(not region.text for region in regions)
        bad_pages = (
            f"{self.n_bad_pages} pages are left out: they have no name of their own, or cannot be "
            "parsed."
        )
        return [
            f"The export has {len(self.pages)} pages, {self.n_without_regions} of them without "
            "regions.",
            *([bad_pages] if self.n_bad_pages else []),
            f"{len(regions)} regions, {n_empty} of them without text; left out: {self.n_bad} bad "
            f"and {self.n_degenerate} degenerate ones.",
        ]


def read_export(path: Path) -> Export:
    """Pages of an export.

    Raises:
        InputError: the file cannot be read, a line of it is no page, or no page can be used.
    """
    counts: Counter[str] = Counter()
    pages: dict[str, ExportedPage] = {}
    for place, row in _rows(path):
        content = _content(row, place)
        name = None if content is None else _file_name(content["content"])
        if content is None or name is None or name in pages:
            counts["bad pages"] += 1
            continue
        annotation = content.get("annotation") or []
        counts["without"] += not annotation
        pages[name] = ExportedPage(name, content["content"], _regions(annotation, counts))
    if not pages:
        raise InputError(f"{path} holds no pages.")
    numbers = (counts[kind] for kind in ("without", "bad", "degenerate", "bad pages"))
    return Export(tuple(pages.values()), *numbers)


def _rows(path: Path) -> list[tuple[str, str]]:
    """Lines of JSON with their places; only newlines end them, as strings may hold U+2028."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise InputError(f"{path} is larger than {_MAX_BYTES >> 20} MiB.")
        rows = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}.") from error
    return [(f"Line {i} of {path}", row) for i, row in enumerate(rows, start=1) if row.strip()]


def _content(row: str, place: str) -> dict[str, Any] | None:
    """What a page's JSON says; None if it holds a number too long, or is nested too deeply."""
    try:
        content = json.loads(row)
    except json.JSONDecodeError as error:
        raise InputError(f"{place} is no JSON: {error}.") from error
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or not isinstance(content.get("content"), str):
        raise InputError(f"{place} is no page: it has no address of an image as content.")
    return content


def _file_name(url: str) -> str | None:
    """Last part of an address; None if it cannot be the name of a file of a page."""
    try:
        name = PurePosixPath(urlsplit(url).path).name
    except ValueError:  # as for http://[bad/a.png
        return None
    is_plain = url.isprintable() and "\\" not in name and name not in ("", "..")
    return name if is_plain and len(name.encode()) <= _MAX_NAME_BYTES else None


def _regions(annotation: Any, counts: Counter[str]) -> tuple[ExportedRegion, ...]:
    """Good regions of a page from top to bottom."""
    if not isinstance(annotation, list):
        counts["bad"] += 1
        return ()
    found = [_region(entry, counts) for entry in annotation]
    return tuple(sorted((region for region in found if region), key=_middle))


def _region(entry: Any, counts: Counter[str]) -> ExportedRegion | None:
    """A region, or None for one that is bad or degenerate, which is counted."""
    region = _parsed(entry) if isinstance(entry, Mapping) else None
    if region is None:
        counts["bad"] += 1
        return None
    left, top, right, bottom = region.box
    if len(region.points) < _LEAST_POINTS or right <= left or bottom <= top:
        counts["degenerate"] += 1
        return None
    return region


def _parsed(entry: Mapping[str, Any]) -> ExportedRegion | None:
    try:
        points = tuple((float(x), float(y)) for x, y in entry["points"])
        width, height = int(entry["imageWidth"]), int(entry["imageHeight"])
        text = _text(entry.get("notes"))
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    shares = [value for point in points for value in point]
    is_on_page = all(-_MOST_OUTSIDE <= share <= 1 + _MOST_OUTSIDE for share in shares)
    has_size = 1 <= width <= _MAX_SIDE_PX and 1 <= height <= _MAX_SIDE_PX
    if not points or not is_on_page or not has_size:
        return None
    if len(points) == 2:  # opposite corners of a rectangle
        (x0, y0), (x1, y1) = points
        points = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    return ExportedRegion(text, points, width, height)


def _text(notes: Any) -> str:
    """A transcription; empty if there is none. Half of a surrogate pair is a ValueError."""
    text = " ".join(notes.split()) if isinstance(notes, str) else ""
    text.encode()
    return text


def _middle(region: ExportedRegion) -> float:
    ys = [y for _, y in region.points]
    return (min(ys) + max(ys)) / 2
