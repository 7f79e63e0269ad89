"""PAGE XML, one file a page: what transcription tools exchange.

Source: PAGE-XML content schema of the PRImA Research Lab, version 2019-07-15. It counts in whole
pixels, so points are rounded. `imageFilename` is the name of the input without its folder, since
the tools look for the image beside the file.
"""

from datetime import UTC, datetime
from pathlib import PurePath
from typing import TYPE_CHECKING, TextIO

from text_recognizer.page import Line, Page, Points, Region, Word

if TYPE_CHECKING:
    from lxml.etree import _Element

    from text_recognizer.grey_image import GreyImage

_NAMESPACE = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"
_SCHEMA_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_CONFIDENCE_DIGITS = 4


class PageXmlWriter:
    """Writes one page as PAGE XML.

    Args:
        stream: is written to; a file of this format holds one page.
        model: name and version, told as the creator.
    """

    suffix = ".xml"
    is_per_page = True
    shows_image = False

    def __init__(self, stream: TextIO, *, model: tuple[str, str] | None = None) -> None:
        self._stream = stream
        self._model = model

    def write(self, page: Page, image: "GreyImage | None" = None) -> None:
        """Write the page."""
        self._stream.write(page_to_xml(page, model=self._model, created=datetime.now(UTC)))

    def fail(self, file: str, page: int | None, message: str) -> None:
        """Nothing: the format has no place for errors."""

    def close(self) -> None:
        """Nothing: the page is complete."""


def page_to_xml(page: Page, *, model: tuple[str, str] | None, created: datetime) -> str:
    """The page as a PAGE XML document.

    Args:
        page: what was read.
        model: name and version.
        created: moment in UTC that the file tells.
    """
    from lxml import etree

    namespaces = {None: _NAMESPACE, "xsi": _SCHEMA_INSTANCE}
    root = etree.Element(_tag("PcGts"), nsmap=namespaces)  # type: ignore[arg-type]
    schema = f"{_NAMESPACE} {_NAMESPACE}/pagecontent.xsd"
    root.set(f"{{{_SCHEMA_INSTANCE}}}schemaLocation", schema)
    _add_metadata(root, page, model, created)
    element = etree.SubElement(
        root,
        _tag("Page"),
        imageFilename=PurePath(page.file).name,
        imageWidth=str(page.width),
        imageHeight=str(page.height),
    )
    if page.regions:
        order = etree.SubElement(element, _tag("ReadingOrder"))
        group = etree.SubElement(order, _tag("OrderedGroup"), id="reading-order")
        for index, region in enumerate(page.regions):
            etree.SubElement(group, _tag("RegionRefIndexed"), index=str(index), regionRef=region.id)
    for region in page.regions:
        _add_region(element, region)
    text = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return str(text, "utf-8")


def _add_metadata(
    root: "_Element", page: Page, model: tuple[str, str] | None, created: datetime
) -> None:
    from lxml import etree

    metadata = etree.SubElement(root, _tag("Metadata"))
    creator = "text-recognizer" + (f", model {' '.join(model)}" if model else "")
    etree.SubElement(metadata, _tag("Creator")).text = creator
    moment = created.strftime("%Y-%m-%dT%H:%M:%SZ")
    for name in ("Created", "LastChange"):
        etree.SubElement(metadata, _tag(name)).text = moment
    if page.dpi is not None:
        comment = f"Page {page.number} of the file, drawn at {page.dpi} pixels an inch."
        etree.SubElement(metadata, _tag("Comments")).text = comment


def _add_region(page: "_Element", region: Region) -> None:
    from lxml import etree

    element = etree.SubElement(page, _tag("TextRegion"), id=region.id, type=region.type)
    etree.SubElement(element, _tag("Coords"), points=_points(region.polygon))
    for line in region.lines:
        _add_line(element, line)
    _add_text(element, "\n".join(line.text for line in region.lines), None)


def _add_line(region: "_Element", line: Line) -> None:
    from lxml import etree

    element = etree.SubElement(region, _tag("TextLine"), id=line.id)
    etree.SubElement(element, _tag("Coords"), points=_points(line.polygon))
    if line.baseline:
        etree.SubElement(element, _tag("Baseline"), points=_points(line.baseline))
    for number, word in enumerate(line.words, start=1):
        _add_word(element, word, f"{line.id}w{number}")
    _add_text(element, line.text, line.confidence)


def _add_word(line: "_Element", word: Word, name: str) -> None:
    from lxml import etree

    element = etree.SubElement(line, _tag("Word"), id=name)
    etree.SubElement(element, _tag("Coords"), points=_points(word.polygon))
    _add_text(element, word.text, word.confidence)


def _add_text(element: "_Element", text: str, confidence: float | None) -> None:
    from lxml import etree

    equivalent = etree.SubElement(element, _tag("TextEquiv"))
    if confidence is not None:
        equivalent.set("conf", str(round(confidence, _CONFIDENCE_DIGITS)))
    etree.SubElement(equivalent, _tag("Unicode")).text = text


def _points(points: Points) -> str:
    return " ".join(f"{max(0, round(x))},{max(0, round(y))}" for x, y in points)


def _tag(name: str) -> str:
    return f"{{{_NAMESPACE}}}{name}"
