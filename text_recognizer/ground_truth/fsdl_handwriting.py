"""FSDL Handwriting: the export of a labelling service, one page a line of JSON.

A page has `content`, the address of its image, and `annotation`, a list of regions or null. A
region has `points`, pairs of shares of width and height, `notes`, its text, and the size of the
image. What is wrong with one region costs that region only, and is counted.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from text_recognizer.errors import InputError
from text_recognizer.ground_truth.samples import Point

_LEAST_POINTS = 3
_MAX_BYTES = 1 << 28


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
        """Left, top, right and bottom in pixels, rounded down."""
        xs = [x * self.width for x, _ in self.points]
        ys = [y * self.height for _, y in self.points]
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
        n_bad: regions that are not what regions are: points or sizes missing, or no numbers.
        n_degenerate: regions that enclose nothing.
    """

    pages: tuple[ExportedPage, ...]
    n_without_regions: int
    n_bad: int
    n_degenerate: int

    def notes(self) -> list[str]:
        """Numbers of pages and regions, and of what is left out, a sentence each."""
        regions = [region for page in self.pages for region in page.regions]
        n_empty = sum(not region.text for region in regions)
        return [
            f"The export has {len(self.pages)} pages, {self.n_without_regions} of them without "
            "regions.",
            f"{len(regions)} regions, {n_empty} of them without text; left out: {self.n_bad} bad "
            f"and {self.n_degenerate} degenerate ones.",
        ]


def read_export(path: Path) -> Export:
    """Pages of an export.

    Raises:
        InputError: the file cannot be read, or a line of it is no page.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise InputError(f"{path} is larger than {_MAX_BYTES >> 20} MiB.")
        rows = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}.") from error
    counts = {"bad": 0, "degenerate": 0, "without": 0}
    pages = [
        _page(row, f"Line {number} of {path}", counts)
        for number, row in enumerate(rows, start=1)
        if row.strip()
    ]
    if not pages:
        raise InputError(f"{path} holds no pages.")
    return Export(tuple(pages), counts["without"], counts["bad"], counts["degenerate"])


def _page(row: str, place: str, counts: dict[str, int]) -> ExportedPage:
    try:
        content = json.loads(row)
    except ValueError as error:
        raise InputError(f"{place} is no JSON: {error}.") from error
    url = content.get("content") if isinstance(content, dict) else None
    name = Path(urlsplit(url).path).name if isinstance(url, str) else ""
    if not isinstance(url, str) or not name:
        raise InputError(f"{place} is no page: it has no address of an image as content.")
    annotation = content.get("annotation")
    if not annotation:
        counts["without"] += 1
    found = [_region(entry, counts) for entry in annotation or () if isinstance(annotation, list)]
    regions = sorted((region for region in found if region), key=_middle)
    return ExportedPage(name, url, tuple(regions))


def _region(entry: Any, counts: dict[str, int]) -> ExportedRegion | None:
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
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    are_numbers = all(math.isfinite(value) for point in points for value in point)
    if not points or not are_numbers or width < 1 or height < 1:
        return None
    if len(points) == 2:  # opposite corners of a rectangle
        (x0, y0), (x1, y1) = points
        points = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    text = entry.get("notes")
    return ExportedRegion(
        " ".join(text.split()) if isinstance(text, str) else "", points, width, height
    )


def _middle(region: ExportedRegion) -> float:
    ys = [y for _, y in region.points]
    return (min(ys) + max(ys)) / 2
