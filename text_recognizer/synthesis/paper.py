"""Paper without writing: brightness, grain, shade, printed rules, and pieces of real sheets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import ArrayLike

from text_recognizer.synthesis.arrays import Floats, GreyImage
from text_recognizer.synthesis.chance import add_noise, pick, weaken

Rules = Literal["none", "ruled", "squared", "dotted"]
_RULES: dict[Rules, float] = {"none": 0.6, "ruled": 0.28, "squared": 0.06, "dotted": 0.03}
_MAX_TRIES = 60  # places looked at on one page before it counts as full


@dataclass(frozen=True)
class PaperStyle:
    """Look of one sheet. Lengths in px.

    Attributes:
        brightness: of the paper, 0 to 1.
        grain: standard deviation of the pixel noise, 0 to 1.
        shade: depth of slow changes of brightness, 0 to 1.
        rules: what is printed on it.
        rule_darkness: share of the light that a rule takes away.
        rule_pitch: distance of rules; squares and dots lie about half as far apart.
        rule_width: width of a rule.
        rule_drop: how far below the writing's baseline a rule lies.
    """

    brightness: float = 0.97
    grain: float = 0.01
    shade: float = 0.0
    rules: Rules = "none"
    rule_darkness: float = 0.3
    rule_pitch: float = 44.0
    rule_width: float = 1.2
    rule_drop: float = 1.0

    @classmethod
    def sample(cls, rng: np.random.Generator, strength: float, *, height: int = 64) -> "PaperStyle":
        """Random paper for lines of the given height; at strength 0 nearly white."""
        unit = height / 64
        is_dark = rng.random() < 0.3
        rules = pick(_RULES, rng) if strength > 0 else "none"
        loss = rng.uniform(0.05, 0.4) if is_dark else rng.uniform(0.0, 0.06)
        return cls(
            brightness=1.0 - strength * loss,
            grain=strength * rng.uniform(0.0, 0.022 if is_dark else 0.01),
            shade=strength * rng.uniform(0.0, 0.2) if is_dark else 0.0,
            rules=rules,
            rule_darkness=rng.uniform(0.08, 0.6 if rules == "ruled" else 0.35),
            rule_pitch=unit * rng.uniform(30.0, 70.0),
            rule_width=unit * rng.uniform(0.8, 1.8),
            rule_drop=unit * rng.normal(1.0, 2.0),
        )


def make_paper(
    size: tuple[int, int],
    style: PaperStyle,
    rng: np.random.Generator,
    *,
    baseline: float,
    texture: Floats | None = None,
) -> GreyImage:
    """Sheet of shape `size` (height, width), uint8, without writing.

    Args:
        size: height and width in px.
        style: look of the paper.
        rng: source of all chance.
        baseline: row on which the letters stand.
        texture: real paper from `cut_paper`, taken instead of grain.
    """
    paper = np.full(size, round(255 * style.brightness), np.uint8)
    if texture is not None:
        sheet = _spread(texture, size, rng) * (255 * style.brightness)
        paper = np.clip(sheet, 0, 255).astype(np.uint8)
    elif style.grain > 0:
        paper = add_noise(paper, 255 * style.grain, rng)
    if style.shade > 0:
        paper = weaken(paper, style.shade, 90.0, rng)
    if style.rules != "none":
        _print_rules(paper, style, rng, baseline + style.rule_drop)
    return paper


def _print_rules(
    paper: GreyImage, style: PaperStyle, rng: np.random.Generator, first: float
) -> None:
    """Darken `paper` by rules; one of them lies on row `first`."""
    height, width = paper.shape
    pitch = style.rule_pitch if style.rules == "ruled" else style.rule_pitch * 0.45
    columns = np.arange(width, dtype=np.float32)
    drift = rng.normal(0.0, 0.002) * (columns - width / 2)
    distance = np.abs((columns - rng.uniform(0, pitch)) % pitch - pitch / 2)
    down = np.clip(style.rule_width / 2 + 0.5 - distance, 0.0, 1.0)
    for number in range(int(-first / pitch) - 1, int((height - first) / pitch) + 2):
        rows = first + number * pitch + drift
        _print_rule(paper, rows, style, down if style.rules == "dotted" else np.ones_like(down))
    if style.rules == "squared":
        touched = np.flatnonzero(down)
        paper[:, touched] = paper[:, touched] * (1.0 - style.rule_darkness * down[touched])


def _print_rule(paper: GreyImage, rows: Floats, style: PaperStyle, weight: Floats) -> None:
    """Darken the pixels around row `rows[x]` of each column x by `weight[x]` of a full rule."""
    reach = style.rule_width / 2 + 0.5
    top = max(0, int(np.floor(rows.min() - reach)))
    bottom = min(paper.shape[0], int(np.ceil(rows.max() + reach)) + 1)
    if top >= bottom:
        return
    distance = np.abs(np.arange(top, bottom, dtype=np.float32)[:, None] - rows[None, :])
    cover = np.clip(reach - distance, 0.0, 1.0) * weight
    paper[top:bottom] = paper[top:bottom] * (1.0 - style.rule_darkness * cover)


def cut_paper(
    page: GreyImage,
    line_polygons: Sequence[ArrayLike],
    size: tuple[int, int],
    rng: np.random.Generator,
) -> Floats | None:
    """Piece of empty paper from a page, flattened: 1 is the paper's mean, spots and fibres differ.

    Args:
        page: grey image of shape (H, W).
        line_polygons: outlines of all lines on it, points (x, y) of shape (n, 2).
        size: height and width of the piece in px.
        rng: source of all chance.

    Returns:
        Float32 array of shape `size`, or None where no empty place was found: pieces that touch a
        polygon, or that hold dark marks no polygon tells of, are left.
    """
    height, width = size
    rows, columns = page.shape[0] - height, page.shape[1] - width
    if rows <= 0 or columns <= 0:
        return None
    used = np.zeros(page.shape, np.uint8)
    for polygon in line_polygons:
        cv2.fillPoly(used, [np.round(np.asarray(polygon)).astype(np.int32)], 1)
    taken = cv2.integral(used)
    for _ in range(_MAX_TRIES):
        y, x = int(rng.integers(rows)), int(rng.integers(columns))
        corners = taken[[y, y, y + height, y + height], [x, x + width, x, x + width]]
        if corners[3] - corners[2] - corners[1] + corners[0] > 0:
            continue
        piece = page[y : y + height, x : x + width].astype(np.float32)
        light = cv2.blur(piece, (31, 31), borderType=cv2.BORDER_REFLECT)
        flat = piece / np.maximum(light, 1.0)
        if piece.mean() > 90 and float(flat.min()) > 0.7 and float(np.ptp(light)) < 40:
            return np.asarray(np.clip(flat, 0.0, 1.25), dtype=np.float32)
    return None


def _spread(texture: Floats, size: tuple[int, int], rng: np.random.Generator) -> Floats:
    """Texture mirrored at its edges as often as needed to fill `size`, at a random place."""
    height, width = size
    down = -(-height // texture.shape[0]) + 1
    along = -(-width // texture.shape[1]) + 1
    row = np.concatenate([texture if i % 2 == 0 else texture[:, ::-1] for i in range(along)], 1)
    sheet = np.concatenate([row if i % 2 == 0 else row[::-1] for i in range(down)], 0)
    top = int(rng.integers(sheet.shape[0] - height + 1))
    left = int(rng.integers(sheet.shape[1] - width + 1))
    return sheet[top : top + height, left : left + width]
