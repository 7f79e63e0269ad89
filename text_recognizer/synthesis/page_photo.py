"""What happens to a page between the desk and the file: turned, tilted, shaded, shone through.

Every function returns a new page whose lines are where the changed image shows them.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from text_recognizer.layout import FoundLine
from text_recognizer.synthesis.arrays import Floats, GreyImage
from text_recognizer.synthesis.chance import add_noise, weaken
from text_recognizer.synthesis.pages import DrawnPage, shifted

_SHADOW_EDGE = (0.03, 0.12)  # of the diagonal, over which a shadow begins
_BACK_BLUR = 0.0012  # of the diagonal, softness of writing on the other side
_DESK_GRAIN = 6.0  # grey levels


def turn_page(page: DrawnPage, degrees: float) -> DrawnPage:
    """The page turned counter-clockwise, whole, on an image large enough; paper goes on outside."""
    height, width = page.image.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    c, s = abs(matrix[0, 0]), abs(matrix[0, 1])
    size = (int(np.ceil(width * c + height * s)), int(np.ceil(width * s + height * c)))
    matrix[:, 2] += [(size[0] - width) / 2, (size[1] - height) / 2]
    return _warped(page, np.vstack([matrix, [0.0, 0.0, 1.0]]), size)


def tilt_page(page: DrawnPage, strength: float, rng: np.random.Generator) -> DrawnPage:
    """The page photographed at an angle: one side of it is shorter than the other by `strength`.

    Args:
        page: a page.
        strength: share of a side's length, 0 to 1.
        rng: picks the side.
    """
    height, width = page.image.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = corners.copy()
    side = int(rng.integers(4))
    first, second = side, (side + 1) % 4
    along = (corners[second] - corners[first]) * (strength / 2)
    moved[first] += along
    moved[second] -= along
    matrix = np.asarray(cv2.getPerspectiveTransform(corners, moved), dtype=np.float64)
    return _warped(page, matrix, (width, height))


def cast_shadow(page: DrawnPage, darkness: float, rng: np.random.Generator) -> DrawnPage:
    """The page with a shadow over a third to two thirds of it, soft at its edge.

    Args:
        page: a page.
        darkness: share of the light that is gone in the shadow, 0 to 1.
        rng: source of its place, direction and softness.
    """
    height, width = page.image.shape
    diagonal = float(np.hypot(height, width))
    angle = rng.uniform(0.0, 2 * np.pi)
    rows = (np.arange(height, dtype=np.float32)[:, None] - height / 2) * np.sin(angle)
    columns = (np.arange(width, dtype=np.float32)[None, :] - width / 2) * np.cos(angle)
    depth = (rows + columns + diagonal * rng.uniform(-0.15, 0.15)) / (
        diagonal * rng.uniform(*_SHADOW_EDGE)
    )
    light = 1.0 - darkness / (1.0 + np.exp(-np.clip(depth, -30.0, 30.0)))
    return DrawnPage(_bytes(page.image * light), page.lines)


def show_through(page: DrawnPage, back: GreyImage, darkness: float) -> DrawnPage:
    """The page with the writing of its other side shining through, mirrored.

    Args:
        page: a page.
        back: grey image of the other side, of any size.
        darkness: share of the light that black ink of the other side takes away here.
    """
    height, width = page.image.shape
    other = cv2.resize(back[:, ::-1], (width, height), interpolation=cv2.INTER_AREA)
    paper = float(np.percentile(other[::8, ::8], 75))
    ink = np.clip(1.0 - other / max(paper, 1.0), 0.0, 1.0)
    sigma = max(0.5, _BACK_BLUR * float(np.hypot(height, width)))
    ink = cv2.GaussianBlur(ink.astype(np.float32), (0, 0), sigma)
    return DrawnPage(_bytes(page.image * (1.0 - darkness * ink)), page.lines)


def lay_on_desk(
    page: DrawnPage, rim: float, brightness: float, rng: np.random.Generator
) -> DrawnPage:
    """The page on a darker desk that shows around it.

    Args:
        page: a page.
        rim: width of the desk on each side, a share of the page's shorter side.
        brightness: of the desk, 0 to 1.
        rng: source of its grain.
    """
    height, width = page.image.shape
    by = round(rim * min(height, width))
    desk = np.full((height + 2 * by, width + 2 * by), round(255 * brightness), np.uint8)
    desk = weaken(add_noise(desk, _DESK_GRAIN, rng), 0.3, max(8.0, min(desk.shape) / 6), rng)
    desk[by : by + height, by : by + width] = page.image
    return DrawnPage(desk, tuple(shifted(line, by, by) for line in page.lines))


def _warped(page: DrawnPage, matrix: NDArray[np.float64], size: tuple[int, int]) -> DrawnPage:
    """The page under a homography, on an image of (width, height)."""
    image = cv2.warpPerspective(
        page.image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    lines = (
        FoundLine(_moved(line.baseline, matrix), _moved(line.polygon, matrix))
        for line in page.lines
    )
    return DrawnPage(np.asarray(image, dtype=np.uint8), tuple(lines))


def _moved(points: Floats, matrix: NDArray[np.float64]) -> Floats:
    moved = cv2.perspectiveTransform(points[None].astype(np.float64), matrix)[0]
    return np.asarray(moved, dtype=np.float32)


def _bytes(image: NDArray[np.floating]) -> GreyImage:
    return np.asarray(np.clip(image + 0.5, 0, 255), dtype=np.uint8)
