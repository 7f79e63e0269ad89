import zipfile

import pytest
from drawn_data import STROKES, grey_ramp, png, table, write_strokes

from text_recognizer.errors import InputError
from text_recognizer.ground_truth import read_lines


@pytest.fixture
def dataset(tmp_path):
    for source in ("letters", "diary"):
        with zipfile.ZipFile(tmp_path / f"{source}.zip", "w") as archive:
            archive.writestr("lines.tsv", table([("x", "test", "d", source, "eng")]))
            archive.writestr("x.png", png(grey_ramp()))
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("notes.txt", "no lines here")
    rows = [("s", "test", "w", "strokes", "eng")]
    write_strokes(tmp_path / "pens", "tablet", rows, [STROKES])
    return tmp_path


def test_a_folder_of_zips_and_stroke_files_is_one_data_set(dataset):
    assert [s.source for s in read_lines(dataset)] == ["diary", "letters", "tablet"]


def test_sources_can_be_chosen(dataset):
    samples = read_lines(dataset, sources=["tablet", "diary"])
    assert [sample.text for sample in samples] == ["diary", "strokes"]
    assert samples[1].read_image().shape[0] == 64


def test_a_missing_source_is_named(dataset):
    message = "has no source copies; it has diary, letters, tablet"
    with pytest.raises(InputError, match=message):
        read_lines(dataset, sources=["copies", "diary"])


@pytest.mark.parametrize("name", ["other.zip", "empty-folder", "text.txt"])
def test_what_holds_no_ground_truth_is_named(dataset, name):
    (dataset / "empty-folder").mkdir()
    (dataset / "text.txt").write_text("just a text")
    with pytest.raises(InputError, match=f"{name} holds no ground truth: there must be lines.tsv"):
        read_lines(dataset / name)


def test_what_does_not_exist_is_named(dataset):
    with pytest.raises(InputError, match="nowhere does not exist"):
        read_lines(dataset / "nowhere")


def test_a_damaged_part_of_a_folder_is_not_passed_over(dataset):
    (dataset / "letters.zip").write_bytes(b"")
    with pytest.raises(InputError, match=r"letters\.zip is not a zip file"):
        read_lines(dataset)
