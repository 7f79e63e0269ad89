"""Reads the lines of one PAGE XML file.

Source: PAGE-XML content schema (PRImA Research Lab), versions 2013-07-15 to 2019-07-15: PcGts,
Page, ReadingOrder, TextRegion, TextLine, Coords, Baseline, TextEquiv. Parsed without entities,
network or document types. Knows nothing about images, splits or sources.
"""

import math
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from text_recognizer.errors import InputError
from text_recognizer.ground_truth.samples import PageLine, Point
from text_recognizer.ground_truth.xml_files import parse_xml

if TYPE_CHECKING:
    from lxml.etree import _Element

_NAMESPACE = "http://schema.primaresearch.org/PAGE/gts/pagecontent/"
_MAX_BYTES = 1 << 26
_MAX_LINES = 20_000
_HEAD_BYTES = 1 << 14


@dataclass(frozen=True)
class PageContent:
    """What a PAGE file says about its page; the size is that of the image, in pixels."""

    image_name: str
    width: int
    height: int
    lines: tuple[PageLine, ...]


def is_page_xml(path: Path) -> bool:
    """True for a file that begins like PAGE XML.

    Raises:
        InputError: the file is empty or cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    if not head.strip():
        raise InputError(f"{path} is empty.")
    return _NAMESPACE.encode() in head


def read_page_xml(path: Path) -> PageContent:
    """Size, image name and lines in reading order of a PAGE file, lines without text included.

    Regions follow the file's ReadingOrder and, where it says nothing, their order in the file. Of
    several TextEquiv the one of the lowest index counts.

    Raises:
        InputError: the file is not well formed PAGE XML, declares a document type, or is too large.
    """
    page = _page_element(path)
    lines = [
        line for region in _ordered_regions(page) for line in region.iterchildren("{*}TextLine")
    ]
    if len(lines) > _MAX_LINES:
        raise InputError(f"{path} holds {len(lines)} lines, over the limit of {_MAX_LINES}.")
    try:
        return PageContent(
            image_name=page.get("imageFilename", ""),
            width=int(page.get("imageWidth", "")),
            height=int(page.get("imageHeight", "")),
            lines=tuple(_page_line(line, index, path) for index, line in enumerate(lines)),
        )
    except ValueError as error:
        raise InputError(f"{path} has a size or a point that is not a number: {error}.") from error


def _page_element(path: Path) -> "_Element":
    from lxml import etree  # training reads other layouts without lxml

    root = parse_xml(path, max_bytes=_MAX_BYTES)
    if root.getroottree().docinfo.internalDTD is not None:
        raise InputError(f"{path} declares a document type, which is refused; PAGE needs none.")
    name = etree.QName(root)
    page = root.find("{*}Page")
    if not (name.namespace or "").startswith(_NAMESPACE) or page is None:
        raise InputError(f"{path} is not PAGE XML: its root is {root.tag} or it has no Page.")
    return page


def _ordered_regions(page: "_Element") -> list["_Element"]:
    """Text regions, nested ones too, in reading order."""
    order = page.find("{*}ReadingOrder")
    rank: dict[str, int] = {}
    for group in () if order is None else order.iterchildren("*"):
        for region_id in _referenced(group):
            rank.setdefault(region_id, len(rank))
    regions = list(page.iter("{*}TextRegion"))
    return sorted(regions, key=lambda region: rank.get(region.get("id", ""), len(rank)))


def _referenced(group: "_Element") -> list[str]:
    """Region ids of a ReadingOrder group and the groups inside it, by index where there is one."""
    own = [group.get("regionRef", "")] if group.get("regionRef") else []
    members = sorted(group.iterchildren("*"), key=lambda child: int(child.get("index", "0")))
    return own + [region_id for child in members for region_id in _referenced(child)]


def _page_line(line: "_Element", index: int, path: Path) -> PageLine:
    name = line.get("id", f"line-{index + 1}")
    polygon = _points(line.find("{*}Coords"))
    if not polygon:
        raise InputError(f"The line {name!r} of {path} has no Coords with points.")
    return PageLine(name, _text(line), _points(line.find("{*}Baseline")), polygon)


def _points(element: "_Element | None") -> tuple[Point, ...]:
    """Points (x, y) of the attribute `points`, "x,y x,y ..."; empty if there is none."""
    if element is None:
        return ()
    return tuple(_point(pair) for pair in element.get("points", "").split())


def _point(pair: str) -> Point:
    x, y = map(float, pair.split(","))
    if not (math.isfinite(x) and math.isfinite(y)):
        raise ValueError(f"could not take a point from {pair!r}")
    return x, y


def _text(line: "_Element") -> str:
    """Transcription of a line, NFC, white space folded; empty if there is none."""
    equivalents = sorted(
        line.iterchildren("{*}TextEquiv"), key=lambda element: int(element.get("index", "0"))
    )
    for element in equivalents:
        text = element.findtext("{*}Unicode")
        if text:
            return " ".join(unicodedata.normalize("NFC", text).split())
    return ""
