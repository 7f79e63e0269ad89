"""Draws folders of pages with PAGE XML for the tests of paragraphs: paper, words, outlines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

import cv2
import numpy as np
from numpy.typing import NDArray

PAPER, INK = 210, 30
LINE_PX, PITCH_PX, LEFT, TOP = 26, 34, 20, 60
WIDTH, HEIGHT = 320, 400
_NAMESPACE = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"


@dataclass(frozen=True)
class DrawnPage:
    """A page to draw: lines of text, one under the other."""

    name: str
    split: str
    document: str
    lines: Sequence[str]
    source: str = "letters"


TRAIN = (
    DrawnPage("a1", "train", "letter-a", ("We went home", "by the old road", "and sang loud")),
    DrawnPage(
        "a2", "train", "letter-a", ("It rained hard", "all day long", "so we read", "a book")
    ),
    DrawnPage("b1", "train", "letter-b", ("Come soon, dear", "the sea is calm", "and very blue")),
)
VALIDATION = (DrawnPage("c1", "val", "letter-c", ("Bread was dear", "that winter", "for us all")),)
TEST = (DrawnPage("d1", "test", "letter-d", ("Thank you so", "for the apples", "you sent")),)
PAGES = TRAIN + VALIDATION + TEST


def line_box(index: int, text: str) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the outline of a page's line."""
    top = TOP + index * PITCH_PX
    (width, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.7, 1)
    return LEFT, top, LEFT + max(8, width) + 4, top + LINE_PX


def draw_page(lines: Sequence[str]) -> NDArray[np.uint8]:
    """Dark words on paper, each line inside its outline."""
    page = np.full((HEIGHT, WIDTH), PAPER, np.uint8)
    for index, text in enumerate(lines):
        left, top, _, _ = line_box(index, text)
        ascii_text = text.encode("ascii", "replace").decode()
        place = (left + 2, top + LINE_PX - 8)
        cv2.putText(page, ascii_text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.7, (INK,), 1)
    return page


def write_pages(folder: Path, pages: Sequence[DrawnPage] = PAGES) -> Path:
    """A folder of pages with `pages.tsv`, as users have them."""
    rows = ["page\tsplit\tsource\tdocument\tlanguage"]
    for page in pages:
        place = folder / page.split
        place.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(place / f"{page.name}.png"), draw_page(page.lines))
        (place / f"{page.name}.xml").write_text(page_xml(page.name, page.lines), encoding="utf-8")
        rows.append(f"{page.name}\t{page.split}\t{page.source}\t{page.document}\teng")
    (folder / "pages.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def page_xml(name: str, lines: Sequence[str], outlines: Mapping[int, str] | None = None) -> str:
    """The PAGE file of a page; `outlines` are other points than those of the boxes, by line."""
    body = []
    for index, text in enumerate(lines):
        x0, y0, x1, y1 = line_box(index, text)
        points = (outlines or {}).get(index, f"{x0},{y0} {x1},{y0} {x1},{y1} {x0},{y1}")
        body.append(
            f'<TextLine id="l{index}"><Coords points="{points}"/>'
            f'<Baseline points="{x0},{y1 - 6} {x1},{y1 - 6}"/>'
            f"<TextEquiv><Unicode>{escape(text)}</Unicode></TextEquiv></TextLine>"
        )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><PcGts xmlns="{_NAMESPACE}">'
        f'<Page imageFilename="{name}.png" imageWidth="{WIDTH}" imageHeight="{HEIGHT}">'
        f'<TextRegion id="r"><Coords points="0,0 9,0 9,9"/>{"".join(body)}</TextRegion>'
        "</Page></PcGts>"
    )
