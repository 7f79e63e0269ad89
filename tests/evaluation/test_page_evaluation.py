"""Pages are judged by the lines found on them and by the text that finding them badly costs."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn_pages import LINE_GAP, SENTENCES, draw_page, reading
from programs import load_program

from text_recognizer.evaluation.metrics import ErrorCounts
from text_recognizer.evaluation.page_evaluation import PageResult, evaluate_page, sum_results
from text_recognizer.ground_truth.samples import PageLine, PageSample
from text_recognizer.layout import FoundLine, load_finder

LEFT, TOP = 60, 80


def _page(folder: Path) -> PageSample:
    """The drawn page, and a last line of its reference that nobody transcribed."""
    path = folder / "page.png"
    cv2.imwrite(str(path), draw_page(left=LEFT, top=TOP))
    lines = [
        PageLine(f"l{i}", text if i < 3 else "", *_place(TOP + i * LINE_GAP, text))
        for i, text in enumerate(SENTENCES)
    ]
    return PageSample("p", "drawn", "p", "eng", "validation", path, 900, 360, tuple(lines))


def _place(y: float, text: str) -> tuple:
    right = LEFT + cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 1.0, 2)[0][0]
    box = ((LEFT, y - 30), (right, y - 30), (right, y + 12), (LEFT, y + 12))
    return ((LEFT, y), (right, y)), box


def _found(y: float, text: str) -> FoundLine:
    baseline, polygon = _place(y, text)
    return FoundLine(np.array(baseline, np.float32), np.array(polygon, np.float32))


class _Reader:
    """Reads every line in a set way, one way a call."""

    def __init__(self, *texts: list[str]) -> None:
        self.texts = list(texts)

    def read(self, images, /):
        return [reading(t, i) for t, i in zip(self.texts.pop(0), images, strict=True)]


def test_text_is_compared_on_the_lines_that_were_found(tmp_path: Path) -> None:
    def find(image):
        assert image.shape == (360, 900)
        offsets = (5, 30, 3 * LINE_GAP, 500)  # near the first, between two, the last, far away
        texts = (SENTENCES[0], SENTENCES[0], SENTENCES[3], SENTENCES[0])
        return [_found(TOP + y, text) for y, text in zip(offsets, texts, strict=True)]

    reader = _Reader(["The cattle sings before breakfast"], [SENTENCES[0]])
    result = evaluate_page(_page(tmp_path), find, reader=reader)
    assert result.finding.n_reference == 4
    assert result.finding.n_matched == 2  # the first, and the untranscribed one
    assert result.finding.n_ignored == 1
    assert result.found == ErrorCounts(2, len(SENTENCES[0]))  # a for e, a letter lost
    assert result.same == ErrorCounts(0, len(SENTENCES[0]))
    n_missed = len(SENTENCES[1]) + len(SENTENCES[2])
    assert result.missed == ErrorCounts(n_missed, n_missed + len(SENTENCES[0]))
    assert result.lost_in_cutting == pytest.approx(2 / len(SENTENCES[0]))


def test_the_finder_of_the_program_finds_drawn_lines(tmp_path: Path) -> None:
    result = evaluate_page(_page(tmp_path), load_finder().find)
    assert result.finding.recall == 1.0
    assert result.finding.precision == 1.0
    assert result.missed.edits == 0
    assert result.lost_in_cutting is None  # nothing was read


def test_results_add_up(tmp_path: Path) -> None:
    result = evaluate_page(_page(tmp_path), load_finder().find)
    both = sum_results([result, result, PageResult()])
    assert both.finding.n_reference == 8
    assert both.missed.length == 2 * result.missed.length


def test_the_benchmark_prints_a_row_a_source(tmp_path: Path, capsys) -> None:
    benchmark = load_program("benchmarks/pages.py")
    folder = tmp_path / "letters" / "val"
    folder.mkdir(parents=True)
    (folder / "page.xml").write_text(_page_xml(_page(folder)))
    assert benchmark.main(["--data", str(folder.parent), "--no-text"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert [cell.strip() for cell in rows[2].strip("|").split("|")] == [
        *("letters", "1", "4", "100.00", "100.00", "-", "0.00")
    ]
    assert benchmark.main(["--data", str(tmp_path / "none")]) == 1
    assert str(tmp_path / "none") in capsys.readouterr().err


def _page_xml(page: PageSample) -> str:
    def points(places) -> str:
        return " ".join(f"{x},{y}" for x, y in places)

    lines = "".join(
        f'<TextLine id="{line.id}"><Coords points="{points(line.polygon)}"/>'
        f'<Baseline points="{points(line.baseline)}"/>'
        f"<TextEquiv><Unicode>{line.text}</Unicode></TextEquiv></TextLine>"
        for line in page.lines
    )
    return (
        '<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15">'
        f'<Page imageFilename="page.png" imageWidth="{page.width}" imageHeight="{page.height}">'
        f'<TextRegion id="r"><Coords points="0,0 9,0 9,9"/>{lines}</TextRegion></Page></PcGts>'
    )
