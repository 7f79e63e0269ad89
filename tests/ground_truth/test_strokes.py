import pickle

import numpy as np
import pytest
from drawn_data import STROKES, table, write_files, write_strokes

from text_recognizer.errors import InputError
from text_recognizer.ground_truth import read_lines, read_strokes, read_unseen_ids

OTHER = (((0, 0), (30, 40)), ((10, 5), (12, 100), (30, 7)))
ROWS = (
    ("pen-0", "train", "writer-1", "zoom", "eng"),
    ("pen-1", "train", "writer-1", "seen in the test", "eng"),
    ("pen-2", "val", "writer-2", "box", "und"),
    ("pen-3", "test", "writer-3", "seen in the test", "eng"),
)
SAMPLES = (STROKES, OTHER, OTHER, STROKES)


@pytest.fixture
def stroke_file(tmp_path):
    return write_strokes(tmp_path / "pens", "words", ROWS, SAMPLES)


def test_strokes_are_absolute_points(stroke_file):
    samples = read_strokes(stroke_file)
    assert [len(sample.strokes) for sample in samples] == [3, 2, 2, 3]
    for sample, strokes in zip(samples, SAMPLES, strict=True):
        for read, drawn in zip(sample.strokes, strokes, strict=True):
            assert read.dtype == np.float32
            assert read.tolist() == [list(point) for point in drawn]


def test_samples_carry_what_the_table_says(stroke_file):
    sample = read_strokes(stroke_file, split="val")[0]
    assert (sample.id, sample.text, sample.source) == ("pen-2", "box", "words")
    assert (sample.document, sample.language, sample.split) == ("writer-2", "und", "validation")


def test_training_samples_that_share_their_text_with_the_test_are_left_out(stroke_file):
    write_files(stroke_file.parent, {"shares-prompt-with-test.txt": "pen-1\npen-3\n"})
    assert [sample.id for sample in read_strokes(stroke_file, split="train")] == ["pen-0"]
    assert [s.id for s in read_strokes(stroke_file)] == ["pen-0", "pen-2", "pen-3"]
    assert [s.id for s in read_lines(stroke_file, split="train")] == ["pen-0"]


def test_strokes_are_assigned_by_row_when_samples_are_left_out(stroke_file):
    write_files(stroke_file.parent, {"shares-prompt-with-test.txt": "pen-1\n"})
    last = read_strokes(stroke_file)[-1]
    assert last.id == "pen-3"
    assert last.strokes[2].tolist() == [list(point) for point in STROKES[2]]


def test_unseen_ids_are_found_from_file_folder_and_the_folder_above(stroke_file):
    folder = stroke_file.parent
    assert read_unseen_ids(folder) == frozenset()
    write_files(folder, {"unseen.txt": "pen-2\npen-3\n"})
    for path in (stroke_file, folder, folder.parent):
        assert read_unseen_ids(path) == {"pen-2", "pen-3"}


def test_a_folder_yields_all_its_stroke_files(stroke_file):
    write_strokes(stroke_file.parent, "text", [("t-0", "train", "w", "a", "eng")], [OTHER])
    sources = [sample.source for sample in read_strokes(stroke_file.parent)]
    assert sources == ["text"] + ["words"] * 4


def test_line_samples_of_strokes_can_be_pickled_and_drawn(stroke_file):
    sample = pickle.loads(pickle.dumps(read_lines(stroke_file)[0]))
    assert sample.read_image().shape[0] == 64


def test_a_table_of_another_length_is_refused(stroke_file):
    write_strokes(stroke_file.parent, "words", ROWS[:3], SAMPLES)
    with pytest.raises(InputError, match="holds 4 samples and its table 3"):
        read_strokes(stroke_file)


def test_a_plain_table_is_read_too_and_a_missing_one_is_named(stroke_file):
    stroke_file.with_suffix(".tsv.gz").unlink()
    with pytest.raises(InputError, match=r"words\.tsv\.gz of .* cannot be read"):
        read_strokes(stroke_file)
    stroke_file.with_suffix(".tsv").write_bytes(table(ROWS))
    assert len(read_strokes(stroke_file)) == 4


def test_a_truncated_archive_is_named_even_in_a_folder(stroke_file):
    stroke_file.write_bytes(stroke_file.read_bytes()[:200])
    for path in (stroke_file, stroke_file.parent):
        with pytest.raises(InputError, match=r"words\.npz is not a"):
            read_strokes(path)
        with pytest.raises(InputError, match=r"words\.npz is not a"):
            read_lines(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dy": np.zeros(3, np.int16)}, "arrays have lengths that do not fit"),
        ({"offset": np.array([0, 4, 9], np.int32)}, "arrays have lengths that do not fit"),
        ({"offset": np.array([0, 0, 5, 12, 30], np.int32)}, "a sample without points"),
        ({"offset": np.array([], np.int32)}, "arrays have lengths that do not fit"),
        ({"dx": np.array([{}] * 30, object)}, "is not a file of pen strokes"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(stroke_file, change, message):
    with np.load(stroke_file) as stored:
        arrays = dict(stored)
    np.savez(stroke_file, **{**arrays, **change})
    with pytest.raises(InputError, match=message):
        read_strokes(stroke_file)


def test_an_archive_of_other_arrays_is_no_stroke_file(tmp_path):
    np.savez(tmp_path / "other.npz", images=np.zeros(3))
    with pytest.raises(InputError, match="holds no stroke files"):
        read_strokes(tmp_path)
    with pytest.raises(InputError, match=r"other\.npz is not a file of pen strokes"):
        read_strokes(tmp_path / "other.npz")
