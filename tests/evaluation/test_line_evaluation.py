from dataclasses import dataclass

import cv2
import numpy as np
import pytest

from text_recognizer.errors import InputError, OptionError
from text_recognizer.evaluation import evaluate
from text_recognizer.evaluation.line_evaluation import compare_line
from text_recognizer.evaluation.metrics import ErrorCounts
from text_recognizer.ground_truth import LineSample


@dataclass
class FakeReading:
    text: str


class FakeReader:
    """Reads the text that stands under the brightness of an image's first pixel."""

    def __init__(self, texts):
        self.texts = texts

    def read(self, images):
        for number, image in enumerate(images, start=1):
            if image[0, 0] not in self.texts:
                raise InputError(f"Line {number} of {len(images)}: too wide.")
        return [FakeReading(self.texts[int(image[0, 0])]) for image in images]


LINES = (  # id, split, document, text, brightness of the image
    ("a1", "test", "letter-1", "Dear Anna,", 101),
    ("a2", "test", "letter-1", "\u201cwell\u201d \u2014 yes !", 102),
    ("b1", "test", "letter-2", "x" * 81, 103),
    ("b2", "test", "letter-2", "", 104),
    ("c1", "train", "letter-3", "never read", 105),
)
READ = {101: "dear Anne,", 102: '"well" - yes!', 103: "x" * 80, 104: "", 105: "never read"}


@pytest.fixture
def dataset(tmp_path):
    folder = tmp_path / "letters"
    folder.mkdir()
    rows = ["id\tsplit\twriter_or_document\ttext\tlanguage"]
    for name, split, document, text, brightness in LINES:
        cv2.imwrite(str(folder / f"{name}.png"), np.full((8, 16), brightness, np.uint8))
        rows.append(f"{name}\t{split}\t{document}\t{text}\teng")
    (folder / "lines.tsv").write_text("\n".join(rows), encoding="utf-8")
    return folder


def test_rates_are_corpus_sums_in_the_text_form(dataset):
    report = evaluate(dataset, reader=FakeReader(READ), split="test")
    assert (report.dataset, report.split, report.text_form) == ("letters", "test", "latin-ascii-1")
    row, total = report.rows
    assert (row.name, total.name) == ("letters", "all")
    assert (row.n_lines, row.n_documents) == (4, 2)
    assert row.n_characters == 10 + 13 + 81 == total.n_characters
    assert row.cer == (2 + 0 + 1) / 104
    assert row.folded_cer == (1 + 0 + 1) / 104
    assert row.n_words == 2 + 3 + 1
    assert row.wer == (2 + 0 + 1) / 6
    assert row.empty_share == 1 / 4
    assert row.cer_interval == (1 / 81, 2 / 23)
    assert row.wer_interval == (2 / 5, 1)


def test_the_text_form_can_be_another(dataset):
    report = evaluate(dataset, reader=FakeReader(READ), text_form="nfc-1")
    folded = next(line for line in report.lines if line.id == "a2")
    assert folded.reference == "\u201cwell\u201d \u2014 yes !"
    assert folded.characters == ErrorCounts(4, 14)


def test_both_sides_are_brought_to_the_text_form():
    sample = LineSample("i", "Non !", "s", "d", "fra", "test", read_image=lambda: None)
    result = compare_line(sample, "\u00ab\u00a0Non\u00a0!\u00a0\u00bb", "latin-ascii-1")
    assert (result.reference, result.hypothesis) == ("Non!", '"Non!"')
    assert result.characters == ErrorCounts(2, 4)


def test_progress_counts_every_line(dataset):
    seen = []
    evaluate(
        dataset, reader=FakeReader(READ), on_progress=lambda done, total: seen.append((done, total))
    )
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_line_that_cannot_be_read_is_named(dataset):
    known = {brightness: text for brightness, text in READ.items() if brightness != 103}
    with pytest.raises(InputError, match="The line 'b1' of letters: Line 1 of 1: too wide"):
        evaluate(dataset, reader=FakeReader(known))


def test_an_image_that_cannot_be_read_is_named(dataset):
    (dataset / "a2.png").write_bytes(b"no image")
    with pytest.raises(InputError, match=r"a2\.png is not an image"):
        evaluate(dataset, reader=FakeReader(READ))


def test_a_split_without_lines_is_an_error(dataset):
    with pytest.raises(InputError, match="letters has no validation lines; choose another split"):
        evaluate(dataset, reader=FakeReader(READ), split="val")


def test_unknown_splits_and_text_forms_are_refused(dataset):
    with pytest.raises(OptionError, match="No split is called 'dev'"):
        evaluate(dataset, reader=FakeReader(READ), split="dev")
    with pytest.raises(OptionError, match="No text form is called 'plain'"):
        evaluate(dataset, reader=FakeReader(READ), text_form="plain")


def test_many_lines_are_read_in_chunks_and_keep_their_order(tmp_path):
    rows = ["id\tsplit\twriter_or_document\ttext\tlanguage"]
    for index in range(600):
        cv2.imwrite(str(tmp_path / f"l{index}.png"), np.full((2, 3), index % 250, np.uint8))
        rows.append(f"l{index}\ttest\td{index % 7}\ttext {index % 250}\teng")
    (tmp_path / "lines.tsv").write_text("\n".join(rows), encoding="utf-8")
    reader = FakeReader({value: f"text {value}" for value in range(250)})
    report = evaluate(tmp_path, reader=reader)
    assert [line.id for line in report.lines] == [f"l{index}" for index in range(600)]
    assert report.rows[-1].cer == 0
