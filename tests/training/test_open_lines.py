"""Lines of open data: labels, sizes, what is left out, splits that share nothing."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from tiny_run import draw_line

from text_recognizer.data import MAPPING_2021, OpenLines, OpenLinesOptions
from text_recognizer.data.image_text_dataset import ImageTextDataset
from text_recognizer.data.lines import LineView
from text_recognizer.errors import InputError, OptionError
from text_recognizer.line_input import PLAIN_NORMALISATION, normalise

pytestmark = pytest.mark.train

ROWS = (
    ("train", "d0", "one two"), ("train", "d0", "three four five six seven eight nine"),
    ("train", "d1", "\u00e9t\u00e9 chaud"), ("train", "d1", "price 5 \u00a3"),
    ("train", "d1", "dear Sir"), ("train", "d2", "of a document elsewhere"),
    ("val", "d2", "of the validation"), ("val", "d3", "Dear Sir"), ("test", "d4", "of the test"),
)  # fmt: skip


def write_lines(folder: Path, rows: Sequence[tuple[str, str, str]] = ROWS) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    table = ["id\tsplit\twriter_or_document\ttext\tlanguage"]
    for number, (split, document, text) in enumerate(rows):
        cv2.imwrite(
            str(folder / f"l{number}.png"), draw_line(text.encode("ascii", "replace").decode())
        )
        table.append(f"l{number}\t{split}\t{document}\t{text}\teng")
    (folder / "lines.tsv").write_text("\n".join(table) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lines(tmp_path_factory.mktemp("lines"))


def lines(folder: Path, **values: object) -> OpenLines:
    module = OpenLines(OpenLinesOptions(data_dir=folder, **values))  # type: ignore[arg-type]
    module.prepare_data()
    module.setup()
    return module


def texts(module: OpenLines, split: str) -> list[str]:
    samples = module.splits[split]
    assert isinstance(samples, ImageTextDataset)
    return [MAPPING_2021.decode(row) for row in samples.labels]


def test_labels_with_and_without_tokens(folder: Path) -> None:
    plain, framed = lines(folder), lines(folder, with_start_end_tokens=True)
    assert plain.input_dims == (1, 56, 1024) and plain.output_dims == (89, 1)
    symbols = [plain.mapping[i] for i in plain.data_train[0][1][:9].tolist()]
    assert symbols == [*"one two", "<P>", "<P>"]
    symbols = [framed.mapping[i] for i in framed.data_train[0][1][:10].tolist()]
    assert symbols == ["<S>", *"one two", "<E>", "<P>"]


def test_splits_share_no_document_and_no_text(folder: Path) -> None:
    module = lines(folder)
    assert texts(module, "train") == ["one two", ROWS[1][2], "ete chaud"]
    assert texts(module, "validation") == ["of the validation", "Dear Sir"]
    assert texts(module, "test") == ["of the test"]
    assert module.notes == [
        "1 lines are left out: other splits hold their document or writer.",
        "1 lines lost accents that the mapping lacks.",
        "1 lines are left out for characters that the mapping lacks (\u00a3).",
        "1 training lines say what validation or test lines say, and are not trained on.",
    ]
    assert "dear Sir" in texts(lines(folder, shared_texts=True), "train")


def test_long_lines_are_left_out_and_the_flag_is_named(folder: Path) -> None:
    module = lines(folder, max_length=20)
    assert ROWS[1][2] not in texts(module, "train")
    assert (
        f"1 lines have more than 20 labels and are left out; --max_length={len(ROWS[1][2])} makes "
        "room." in module.describe()
    )


def test_wide_lines_are_made_smaller_or_left_out_and_counted(folder: Path) -> None:
    image = draw_line(ROWS[1][2])
    width = round(image.shape[1] * 56 / image.shape[0]) - 20
    smaller = lines(folder, width=width)
    assert f"1 lines are wider than {width} columns and are made smaller." in smaller.describe()
    assert len(smaller.data_train) == 3
    skipped = lines(folder, width=width, wide="skip")
    assert ROWS[1][2] not in texts(skipped, "train")
    assert f"1 lines are wider than {width} columns and are left out; --width" in skipped.describe()
    exact = lines(folder, width=width + 20, wide="skip")
    assert len(exact.data_train) == 3


def test_a_line_looks_as_models_of_experiments_see_it() -> None:
    image = draw_line("seen as in use")
    flat = normalise(image, 56, PLAIN_NORMALISATION)
    view = LineView((56, flat.shape[1] + 40))(image)
    assert np.array_equal(view[:, :-40], flat) and not view[:, -40:].any()


@pytest.mark.parametrize("width", [60, 100, 333])
def test_no_width_cuts_a_line(width: int) -> None:
    image = np.full((40, 900), 220, np.uint8)
    image[5:35, 3:8] = image[5:35, -8:-3] = 20  # a stroke at either end
    view = LineView((56, width))
    seen = view(image)
    assert seen.shape == (56, width)
    columns = np.flatnonzero(seen.max(axis=0) > 60)
    shown = 900 * view.rows(image.shape) / 40  # columns
    assert columns[0] <= 1 and columns[-1] >= 0.95 * shown - 2


def test_only_training_is_varied(folder: Path) -> None:
    module = lines(folder)
    for split, is_varied in (("train", True), ("validation", False), ("test", False)):
        assert torch.equal(module.splits[split][0][0], module.splits[split][0][0]) != is_varied


def test_sources_can_be_chosen(tmp_path: Path) -> None:
    write_lines(tmp_path / "all")
    assert len(lines(tmp_path / "all", sources="all").data_train) == 3
    with pytest.raises(InputError, match="has no source other; it has all"):
        lines(tmp_path / "all", sources="other")


def test_missing_lines_end_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        lines(tmp_path / "nowhere")
    assert str(caught.value) == (
        f"OpenLines needs lines with their texts, and {tmp_path / 'nowhere'} is not there: give "
        "their folder by --data_dir."
    )
    write_lines(tmp_path / "test", [row for row in ROWS if row[0] == "test"])
    said = r"OpenLines: there is no training line that can be learnt\. 0 training lines say what"
    with pytest.raises(InputError, match=said):
        lines(tmp_path / "test")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"wide": "cut"}, "wide is scale or skip, not cut."),
        ({"width": 2}, "height and width are at least 8, not 56 and 2."),
        ({"max_length": 2}, "max_length is at least 3, not 2."),
        ({"unknown": "keep"}, "unknown is strip or skip, not keep."),
    ],
)
def test_options_are_checked(values: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError) as caught:
        OpenLinesOptions(**values)  # type: ignore[arg-type]
    assert str(caught.value) == message
