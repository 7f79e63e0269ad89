"""Lines of text drawn from images of single characters, many lines at a time.

One glyph stands for all occurrences of its character in a line, as in one hand; neighbours overlap
by the same share along a line. Ink on ink saturates.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from text_recognizer.data.array_dataset import Images

GLYPH_PX = 28


@dataclass(frozen=True)
class LineCanvas:
    """Size of a line image, and the top left corner of its first glyph, in pixels."""

    height: int
    width: int
    left: int = 0
    top: int = 0


@dataclass(frozen=True)
class GlyphPool:
    """Glyphs by label.

    Attributes:
        images: of shape (M, 28, 28), ink bright on black.
        labels: of shape (M,).
        n_labels: labels that there are; not every one needs a glyph.
    """

    images: Images
    labels: NDArray[np.integer]
    n_labels: int

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Glyphs of each label, of shape (n_labels,)."""
        return np.bincount(self.labels, minlength=self.n_labels)

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """Indices of the glyphs, sorted by label."""
        return np.argsort(self.labels, kind="stable")

    def choose(
        self, lines: NDArray[np.integer], rng: np.random.Generator
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """A glyph for each character, the same one for equal characters of a line.

        Args:
            lines: labels of shape (N, L).
            rng: source of all chance.

        Returns:
            Indices into `images`, and whether there is such a glyph, both of shape (N, L).
        """
        starts = np.cumsum(self.counts) - self.counts
        choice = rng.integers(0, np.maximum(self.counts, 1), (len(lines), self.n_labels))
        place = starts[lines] + np.take_along_axis(choice, lines.astype(np.int64), 1)
        has_glyph = self.counts[lines] > 0
        return self.order[np.where(has_glyph, place, 0)], has_glyph


def draw_lines(
    lines: NDArray[np.integer],
    overlaps: NDArray[np.float64],
    pool: GlyphPool,
    canvas: LineCanvas,
    rng: np.random.Generator,
) -> Images:
    """Images of lines, of shape (N, H, W); characters without a glyph leave a gap.

    Args:
        lines: labels of shape (N, L); labels without a glyph, such as padding, draw nothing.
        overlaps: share of a glyph's width that its neighbour covers, of shape (N,).
        pool: the glyphs.
        canvas: size of the images, large enough for L glyphs.
        rng: source of all chance.
    """
    glyphs, has_glyph = pool.choose(lines, rng)
    steps = GLYPH_PX - (overlaps * GLYPH_PX).astype(np.int64)
    images = np.zeros((len(lines), canvas.height, canvas.width), np.uint8)
    rows = slice(canvas.top, canvas.top + GLYPH_PX)
    for step in np.unique(steps):
        for place in range(lines.shape[1]):
            drawn = np.flatnonzero((steps == step) & has_glyph[:, place])
            if len(drawn):
                left = canvas.left + place * step
                ink = images[drawn, rows, left : left + GLYPH_PX]
                added = pool.images[glyphs[drawn, place]]
                ink += np.minimum(added, 255 - ink)
                images[drawn, rows, left : left + GLYPH_PX] = ink
    return images
