"""Lines as the program itself cuts them out of training pages, with the text of the reference.

Lines cut by hand and by the line finder differ in how much they take in around the ink; a network
that has seen only the former reads the latter worse. Knows nothing about torch.
"""

import logging
from collections.abc import Collection
from functools import partial
from pathlib import Path

from text_recognizer.evaluation.page_evaluation import FindsLines, match_places, reference_lines
from text_recognizer.grey_image import GreyImage
from text_recognizer.ground_truth import LineSample, PageSample, read_pages
from text_recognizer.ground_truth.image_files import read_grey
from text_recognizer.line_image import cut

_LOG = logging.getLogger(__name__)


def read_found_lines(
    pages: Path, find: FindsLines, *, sources: Collection[str] | None = None
) -> list[LineSample]:
    """Found lines of the training pages of a folder, kept in memory.

    A line is kept if its baseline is that of one line of the reference, which lends its text;
    pieces of lines, lines taken for one and untranscribed lines are not.

    Args:
        pages: folder of pages with PAGE XML.
        find: finds the lines of a grey image.
        sources: names of the sources to read; None reads all.

    Raises:
        InputError: the folder holds no pages with PAGE XML, or one cannot be read.
    """
    chosen = [
        page
        for page in read_pages(pages, split="train")
        if sources is None or page.source in sources
    ]
    found = [line for page in chosen for line in _found_on(page, find)]
    _LOG.info("%d lines found on %d pages of %s.", len(found), len(chosen), pages)
    return found


def _found_on(page: PageSample, find: FindsLines) -> list[LineSample]:
    image = read_grey(page.image_path)
    places, texts = reference_lines(page)
    found = find(image)
    return [
        LineSample(
            id=f"{page.id}-found-{i}",
            text=texts[i],
            source=page.source,
            document=page.document,
            language=page.language,
            split=page.split,
            read_image=partial(_same, cut(image, found[j].baseline, found[j].polygon).image),
        )
        for i, j in match_places(places, found).pairs
        if texts[i]
    ]


def _same(image: GreyImage) -> GreyImage:
    return image
