import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from drawn_data import grey_ramp, png, table, write_files

from text_recognizer.errors import InputError, OptionError
from text_recognizer.ground_truth import read_lines

ROWS = (
    ("a-1", "train", "letter-1", "Dear Anna,", "eng"),
    ("a-2", "val", "letter-2", "caf\u0065\u0301", "fra"),
    ("a-3", "test", "letter-3", "", "und"),
)


def lines_folder(folder: Path, rows=ROWS, **tables) -> Path:
    files = {"lines.tsv": table(rows, **tables)}
    return write_files(folder, files | {f"{row[0]}.png": png(grey_ramp()) for row in rows})


def lines_zip(path: Path, rows=ROWS) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("lines.tsv", table(rows))
        for row in rows:
            archive.writestr(f"{row[0]}.png", png(grey_ramp()))
    return path


@pytest.fixture(params=["folder", "zip"])
def dataset(request, tmp_path):
    if request.param == "folder":
        return lines_folder(tmp_path / "letters")
    return lines_zip(tmp_path / "letters.zip")


def test_samples_carry_what_the_table_says(dataset):
    first, second, third = read_lines(dataset)
    assert (first.id, first.text, first.source) == ("a-1", "Dear Anna,", "letters")
    assert (first.document, first.language, first.split) == ("letter-1", "eng", "train")
    assert second.split == "validation"
    assert second.text == "caf\u00e9"  # NFC
    assert third.text == ""


def test_images_are_read_as_stored(dataset):
    image = read_lines(dataset)[0].read_image()
    assert image.dtype == np.uint8
    assert (image == grey_ramp()).all()


def test_samples_survive_pickling(dataset):
    sample = pickle.loads(pickle.dumps(read_lines(dataset)[1]))
    assert (sample.read_image() == grey_ramp()).all()


@pytest.mark.parametrize("split", ["val", "validation"])
def test_both_names_of_validation_choose_it(dataset, split):
    assert [sample.id for sample in read_lines(dataset, split=split)] == ["a-2"]


def test_an_unknown_split_is_refused(dataset):
    with pytest.raises(OptionError, match="No split is called 'dev'; there are train, validation"):
        read_lines(dataset, split="dev")


def test_columns_may_stand_in_any_order_and_more_are_ignored(tmp_path):
    header = ("language", "text", "writer_or_document", "pen", "split", "id")
    rows = [("eng", "A line", "w7", "blue", "train", "b-1")]
    folder = write_files(tmp_path, {"lines.tsv": table(rows, header), "b-1.png": png(grey_ramp())})
    (sample,) = read_lines(folder)
    assert (sample.id, sample.document, sample.text) == ("b-1", "w7", "A line")


def test_windows_line_ends_and_byte_order_mark_are_read(tmp_path):
    content = b"\xef\xbb\xbf" + table(ROWS[:1]).replace(b"\n", b"\r\n")
    write_files(tmp_path, {"lines.tsv": content, "a-1.png": png(grey_ramp())})
    (sample,) = read_lines(tmp_path)
    assert sample.language == "eng"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (table([], header=("id", "split")), "has no column writer_or_document, text, language"),
        (b"", "has no column id, split"),
        (table([("x", "train", "d", "text")]), "Row 2 .* has 4 cells, not 5"),
        (table([("x", "dev", "d", "text", "eng")]), "Row 2 .* has the split 'dev'"),
        (table([("x", "test", "d", "t", "eng")] * 2), "has the id 'x' twice"),
        (b"id\tsplit\xff", "is not UTF-8"),
        (table([("x", "test", "d", "t", "eng")]), "has no image of the line 'x'"),
        (table([("../x", "test", "d", "t", "eng")]), r"has no image of the line '\.\./x'"),
    ],
)
def test_a_damaged_table_is_named(tmp_path, content, message):
    folder = write_files(tmp_path / "set", {"lines.tsv": content, "../x.png": png(grey_ramp())})
    with pytest.raises(InputError, match=message) as caught:
        read_lines(folder)
    assert str(folder) in str(caught.value)


def test_a_damaged_image_is_named_when_it_is_read(tmp_path):
    folder = lines_folder(tmp_path / "letters")
    whole = (folder / "a-1.png").read_bytes()
    (folder / "a-1.png").write_bytes(b"This is text.")
    (folder / "a-2.png").write_bytes(b"")
    (folder / "a-3.png").write_bytes(whole[:20])
    for sample, name in zip(read_lines(folder), ("a-1", "a-2", "a-3"), strict=True):
        with pytest.raises(InputError, match=rf"{name}\.png is not an image in a known format"):
            sample.read_image()


def test_images_in_folders_below_are_not_taken(tmp_path):
    with zipfile.ZipFile(tmp_path / "letters.zip", "w") as archive:
        archive.writestr("lines.tsv", table(ROWS[:1]))
        archive.writestr("elsewhere/a-1.png", png(grey_ramp()))
    with pytest.raises(InputError, match="has no image of the line 'a-1'"):
        read_lines(tmp_path / "letters.zip")
