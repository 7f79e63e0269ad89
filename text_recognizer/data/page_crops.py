"""Pieces of pages with the maps of their lines, varied anew each time: what the finder trains on.

Knows nothing about torch or files.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from text_recognizer.layout.found_line import FoundLine
from text_recognizer.layout.page_input import normalise_page
from text_recognizer.synthesis.arrays import Floats, GreyImage
from text_recognizer.synthesis.degrade import degrade
from text_recognizer.synthesis.line_maps import (
    LineMaps,
    SizedLine,
    draw_maps,
)
from text_recognizer.synthesis.page_photo import cast_shadow, show_through
from text_recognizer.synthesis.pages import DrawnPage

_GAPS = (16.0, 64.0)  # pixels, smallest and largest line gap of a piece
_TURN = 12.0  # degrees
_KEYSTONE = 0.12  # of a side
_ON_A_LINE = 0.85  # share of the pieces whose middle is on a line
_DESK = 0.5  # share of the pages beyond whose rim there is something else than paper


@dataclass(frozen=True, eq=False)
class PageMaterial:
    """A page to cut pieces from.

    Attributes:
        image: grey, uint8, of shape (H, W).
        lines: all lines that are to be found.
        foreign: 1 where the page is not judged, uint8, of shape (H, W).
    """

    image: GreyImage
    lines: tuple[SizedLine, ...]
    foreign: GreyImage

    @property
    def gap(self) -> float:
        """Median line gap; a thirtieth of the height without lines."""
        if not self.lines:
            return float(self.image.shape[0] / 30)
        return float(np.median([line.gap for line in self.lines]))


@dataclass(frozen=True, eq=False)
class PageCrop:
    """A normalised piece of a page, uint8 (S, S), its maps, and 1 where it is judged (S/2, S/2)."""

    image: GreyImage
    maps: LineMaps
    weight: Floats


def cut_crop(
    page: PageMaterial,
    rng: np.random.Generator,
    *,
    size: int,
    strength: float,
    back: GreyImage | None = None,
) -> PageCrop:
    """A random piece of a page, turned, tilted, and photographed.

    Args:
        page: the page.
        rng: source of all chance.
        size: rows and columns of the piece.
        strength: of all changes, 0 to 1.
        back: grey image of another page that shines through, or None.
    """
    matrix = _random_view(page, rng, size=size, strength=strength)
    rim = None if rng.random() >= _DESK * strength else float(rng.uniform(15, 200))
    image = _seen(page.image, matrix, size, rim)
    moved = [_moved(line, matrix) for line in page.lines]
    lines = [line for line in moved if not _is_steep(line)]
    foreign = cv2.warpPerspective(page.foreign, matrix, (size, size), flags=cv2.INTER_NEAREST)
    for line in moved:
        if _is_steep(line):  # such lines are not looked for: neither right nor wrong
            cv2.fillPoly(foreign, [np.round(line.place.polygon).astype(np.int32)], 1)
    piece = DrawnPage(image, ())
    if back is not None:
        piece = show_through(piece, back, strength * rng.uniform(0.1, 0.4))
    if rng.random() < 0.25 * strength:
        piece = cast_shadow(piece, rng.uniform(0.1, 0.6), rng)
    image = degrade(piece.image, rng, strength)
    maps = draw_maps(lines, (size, size))
    judged = 1.0 - cv2.resize(
        foreign.astype(np.float32), maps.ridge.shape[::-1], interpolation=cv2.INTER_AREA
    )
    return PageCrop(normalise_page(image), maps, np.asarray(judged > 0.5, dtype=np.float32))


def _random_view(
    page: PageMaterial, rng: np.random.Generator, *, size: int, strength: float
) -> NDArray[np.float64]:
    """Homography from the page to a piece of (size, size)."""
    scale = float(np.exp(rng.uniform(*np.log(_GAPS)))) / page.gap
    angle = np.deg2rad(strength * rng.uniform(-_TURN, _TURN))
    if page.lines and rng.random() < _ON_A_LINE:
        baseline = page.lines[int(rng.integers(len(page.lines)))].place.baseline
        middle = baseline[0] + rng.random() * (baseline[-1] - baseline[0])
    else:
        middle = rng.random(2) * page.image.shape[::-1]
    place = size * rng.uniform(0.25, 0.75, 2)
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    matrix = np.array([[cos, sin, 0.0], [-sin, cos, 0.0], [0.0, 0.0, 1.0]])
    matrix[:2, 2] = place - matrix[:2, :2] @ middle
    corners = np.array([[0, 0], [size, 0], [size, size], [0, size]], np.float32)
    shift = rng.uniform(-0.5, 0.5, (4, 2)) * strength * _KEYSTONE * size
    tilt = cv2.getPerspectiveTransform(corners, (corners + shift).astype(np.float32))
    view: NDArray[np.float64] = tilt @ matrix
    return view


def _seen(image: GreyImage, matrix: NDArray[np.float64], size: int, rim: float | None) -> GreyImage:
    """The piece of a page under a homography; beyond its rim its edge goes on, or a grey desk."""
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))
    if scale < 0.7:  # reduced first, or thin strokes break
        small = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
        factors = np.array([image.shape[1] / small[0], image.shape[0] / small[1], 1.0])
        image = np.asarray(cv2.resize(image, small, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        matrix = matrix * factors
    border = cv2.BORDER_REPLICATE if rim is None else cv2.BORDER_CONSTANT
    seen = cv2.warpPerspective(
        image, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=border,
        borderValue=(rim or 0.0,),
    )  # fmt: skip
    return np.asarray(seen, dtype=np.uint8)


def _moved(line: SizedLine, matrix: NDArray[np.float64]) -> SizedLine:
    """The line under a homography, its measures by the local scale."""
    place = FoundLine(_points(line.place.baseline, matrix), _points(line.place.polygon, matrix))
    before = float(np.hypot(*(line.place.baseline[-1] - line.place.baseline[0])))
    after = float(np.hypot(*(place.baseline[-1] - place.baseline[0])))
    scale = after / max(before, 1e-3)
    return replace(
        line, place=place, gap=line.gap * scale, above=line.above * scale, below=line.below * scale
    )


def _is_steep(line: SizedLine) -> bool:
    """Whether a line runs more up or down than along the rows."""
    along, down = np.abs(line.place.baseline[-1] - line.place.baseline[0])
    return bool(down > along)


def _points(points: Floats, matrix: NDArray[np.float64]) -> Floats:
    moved = cv2.perspectiveTransform(points[None].astype(np.float64), matrix)[0]
    return np.asarray(np.clip(moved, -8_000, 8_000), dtype=np.float32)
