import pytest
from drawn_data import grey_ramp, png, write_files

from text_recognizer.errors import InputError
from text_recognizer.ground_truth import read_lines


def test_pairs_are_read_with_folder_as_document_and_split(tmp_path):
    image = png(grey_ramp())
    folder = write_files(
        tmp_path / "diary",
        {
            "train/page-1/01.png": image,
            "train/page-1/01.gt.txt": "Monday e\u0301t\u00e9\n",
            "val/02.PNG": image,
            "val/02.gt.txt": "Tuesday",
            "loose.png": image,
            "loose.gt.txt": "",
            "picture-without-text.png": image,
        },
    )
    samples = {sample.id: sample for sample in read_lines(folder)}
    assert samples.keys() == {"train/page-1/01", "val/02", "loose"}
    first = samples["train/page-1/01"]
    assert (first.text, first.source, first.document) == (
        "Monday \u00e9t\u00e9",
        "diary",
        "train/page-1",
    )
    assert (first.split, first.language) == ("train", "und")
    assert samples["val/02"].split == "validation"
    assert (samples["loose"].split, samples["loose"].document) == ("test", "diary")
    assert (first.read_image() == grey_ramp()).all()
    assert [sample.id for sample in read_lines(folder, split="train")] == ["train/page-1/01"]


def test_a_folder_called_train_is_that_split(tmp_path):
    write_files(tmp_path / "train", {"a.png": png(grey_ramp()), "a.gt.txt": "a"})
    assert read_lines(tmp_path / "train")[0].split == "train"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a.gt.txt": "a"}, r"a\.gt\.txt has no image called a beside it"),
        ({"a.png": b"", "a.gt.txt": b"\xff\xfe"}, r"a\.gt\.txt cannot be read"),
        ({"a.png": b"", "a.gt.txt": "one\ntwo"}, r"a\.gt\.txt holds more than one line"),
        ({"a.png": b"", "a.gt.txt": "x" * 70_000}, r"a\.gt\.txt is larger than 64 KiB"),
    ],
)
def test_damaged_pairs_are_named(tmp_path, files, message):
    with pytest.raises(InputError, match=message):
        read_lines(write_files(tmp_path, files))
