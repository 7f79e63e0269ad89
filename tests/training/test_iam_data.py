"""IAM's data modules on the miniature: sizes, canvas, what is left out, the files of 2019."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from character_files import run_script
from fake_experiment import EXPERIMENT_WARNINGS
from iam_miniature import FORMS, write_iam

from text_recognizer.data import (
    IAM,
    MAPPING_2019,
    MAPPING_2021,
    IAMLines,
    IamLinesDataset,
    IamLinesDatasetOptions,
    IAMLinesOptions,
    IAMOptions,
    iam,
)
from text_recognizer.data.iam_dataset import IAMDataset, export_typos
from text_recognizer.data.iam_dataset_images import (
    ALPHABET,
    encode_text,
    fit_canvas,
    normalise,
    vary_image,
)
from text_recognizer.data.iam_line_view import IAMLineView, lean_and_turn
from text_recognizer.data.iam_lines_2019 import read_h5
from text_recognizer.errors import InputError, MissingExtraError, OptionError
from text_recognizer.grey_image import GreyImage
from text_recognizer.ground_truth.iam_forms import Box
from text_recognizer.training.experiments.command import main
from text_recognizer.training.experiments.flags import parse_flags
from text_recognizer.training.experiments.predictor_evaluation import evaluate_line_predictor
from text_recognizer.training.experiments.run import run_experiment

pytestmark = [pytest.mark.train, *EXPERIMENT_WARNINGS]

SHA256 = "f3c9e87a88a313e557c6d3548ed8a2a1af2dc3c4a678c5f3fc6f972ba4a50c55"
SITE = "https://fki.tic.heia-fr.ch/databases/iam-handwriting-database"


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the course's copy."""
    folder = tmp_path_factory.mktemp("data")
    write_iam(folder / "downloaded" / "iam", "course")
    return folder


def ready(module: IAMLines) -> IAMLines:
    module.prepare_data()
    module.setup()
    return module


def texts(module: IAMLines, split: str) -> list[str]:
    samples = module.splits[split]
    return [module.text_of(samples[i][1]) for i in range(len(samples))]


# IAM


def test_missing_data_are_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "argv", ["iam.py"])
    with pytest.raises(SystemExit) as ended:
        iam.main()
    assert ended.value.code == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == (
        f"IAM is not there: put iamdb.zip (SHA-256 {SHA256}), or the archives of its site, "
        f"into {tmp_path}/cache/text-recognizer/downloaded/iam; register for it at {SITE}.\n"
    )


def test_the_door_says_how_many_forms_there_are(data_dir: Path, tmp_path: Path) -> None:
    flags = (f"--data_dir={data_dir}", "--split=official")
    run = run_script("iam_dataset", tmp_path, *flags, package="datasets")
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == [
        "IAM Dataset",
        "forms: 9",
        "writers: 8",
        "lines: 22, 3 of them marked err",
        "split official:",
        "  train: 3 forms, 6 lines, 2 writers",
        "  validation: 2 forms, 4 lines, 2 writers",
        "  test: 2 forms, 5 lines, 2 writers",
        "texts that forms of several splits copy: 0",
        "writers in several splits: 0",
    ]


@pytest.mark.parametrize("place", ["downloaded/iam", "iam", "raw/iam", "."])
def test_a_copy_is_found_in_its_places(place: str, tmp_path: Path) -> None:
    write_iam(tmp_path / place, "course-zip")
    found = IAM(IAMOptions(data_dir=tmp_path))
    assert found.path == tmp_path / place / "iamdb.zip"
    assert len(found.copy.forms) == 9


def test_another_zip_is_read_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_iam(tmp_path, "course-zip")
    IAM(IAMOptions(data_dir=tmp_path)).prepare_data()
    assert caplog.messages == [
        f"{path} is not the file of the course (SHA-256 {SHA256}); it is read all the same."
    ]


# IAMLines


@pytest.mark.parametrize("split", ["aachen", "official"])
def test_splits_are_those_of_the_layout(split: str, data_dir: Path) -> None:
    module = ready(IAMLines(IAMLinesOptions(data_dir=data_dir, split=split)))
    for name in ("train", "validation", "test"):
        lines = [
            line.text
            for form in FORMS
            if getattr(form, split) == name
            for line in form.lines
            if line.is_ok or split == "aachen"
        ]
        assert texts(module, name) == lines


def test_images_and_labels(data_dir: Path) -> None:
    module = ready(IAMLines(IAMLinesOptions(data_dir=data_dir, batch_size=3)))
    assert module.input_dims == (1, 56, 2048) and module.output_dims == (89, 1)
    assert module.mapping == MAPPING_2021.symbols
    images, labels = next(iter(module.val_dataloader()))
    assert images.shape == (3, 1, 56, 2048) and images.dtype == torch.float32
    assert labels.shape == (3, 89) and labels.dtype == torch.int64
    assert (
        labels[0].tolist()
        == MAPPING_2021.encode_line("Salt & pepper; bread and oil", 89, with_tokens=True).tolist()
    )
    assert not images[:, :, :, :28].any(), "the line begins at column 28"
    assert images[0, 0, :, 28:].max() > 0.7, "ink is bright"
    assert images.median() == 0
    assert module.describe().splitlines()[-6:] == [
        "split aachen:",
        "  train: 4 forms, 10 lines, 3 writers",
        "  validation: 2 forms, 4 lines, 2 writers",
        "  test: 2 forms, 6 lines, 2 writers",
        "texts that forms of several splits copy: 0",
        "writers in several splits: 0",
    ]


def test_only_training_lines_are_varied(data_dir: Path) -> None:
    module = ready(IAMLines(IAMLinesOptions(data_dir=data_dir)))
    for split, is_varied in (("train", True), ("validation", False), ("test", False)):
        first, second = (module.splits[split][0][0] for _ in range(2))
        assert torch.equal(first, second) is not is_varied
    plain = ready(IAMLines(IAMLinesOptions(data_dir=data_dir, augment_data=False)))
    assert torch.equal(plain.data_train[0][0], plain.data_train[0][0])


def test_what_does_not_fit_is_named_with_its_flag(
    data_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    module = ready(IAMLines(IAMLinesOptions(data_dir=data_dir, max_length=33, width=450)))
    told = [m for m in caplog.messages if m.startswith("IAMLines: ")]
    assert told == [f"IAMLines: {sentence}" for sentence in module.left_out.sentences()]
    wide, long = module.left_out.too_wide, module.left_out.too_long
    assert long == [
        f"{form}-{line}" for form in ("a01-000u", "a01-000x", "m01-049") for line in ("00", "02")
    ]
    assert told[1] == (
        "IAMLines: 6 lines are too long: --max_length=34 makes room "
        "(a01-000u-00, a01-000u-02, a01-000x-00, a01-000x-02, m01-049-00, ...)."
    )
    n_kept = sum(len(samples) for samples in module.splits.values())
    assert n_kept + len(wide) + len(long) == 20 and wide
    width = module.left_out.needs["width"]
    assert f"too wide: --width={width} makes room" in told[0]
    roomy = ready(IAMLines(IAMLinesOptions(data_dir=data_dir, max_length=34, width=width)))
    assert not roomy.left_out.too_long and not set(roomy.left_out.too_wide) & set(wide)


def test_characters_without_a_label_are_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_iam(tmp_path / "iam", "course")
    xml = path / "xml" / "a01-003.xml"
    text = xml.read_text(encoding="iso-8859-1")
    xml.write_text(text.replace("B B C crew", "B%C crew #"), encoding="iso-8859-1")
    module = ready(IAMLines(IAMLinesOptions(data_dir=tmp_path)))
    assert caplog.messages[-1] == ("IAMLines: 1 lines hold %, which has no label (a01-003-01).")
    assert len(module.data_train) == 9


def test_splits_without_lines_are_refused(tmp_path: Path) -> None:
    path = write_iam(tmp_path / "iam", "course")
    for form in FORMS:
        if form.aachen == "validation":
            (path / "forms" / f"{form.id}.jpg").unlink()
    with pytest.raises(InputError) as caught:
        ready(IAMLines(IAMLinesOptions(data_dir=tmp_path)))
    assert str(caught.value) == (
        f"{tmp_path / 'iam'} has no lines for validation in the split aachen."
    )


def test_a_changed_form_is_cut_anew(tmp_path: Path) -> None:
    path = write_iam(tmp_path / "iam", "course")
    first = ready(IAMLines(IAMLinesOptions(data_dir=tmp_path))).data_test[0][0]
    form = path / "forms" / "c04-110.jpg"
    (path / "forms" / "m01-049.jpg").replace(form)
    (path / "forms" / "m01-049.jpg").write_bytes(form.read_bytes())
    second = ready(IAMLines(IAMLinesOptions(data_dir=tmp_path))).data_test[0][0]
    assert not torch.equal(first, second)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"split": "random"}, "IAM has no split 'random'; there are aachen, official, fsdl."),
        ({"max_length": 2}, "max_length is at least 3, not 2."),
        ({"width": 4}, "width is at least 8, not 4."),
        ({"mapping": 2020}, "mapping is 2019 or 2021, not 2020."),
    ],
)
def test_options_are_checked(values: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError) as caught:
        IAMLinesOptions(**values)  # type: ignore[arg-type]
    assert str(caught.value) == message


# Canvas


def paper(height: int, width: int) -> GreyImage:
    """A white image with one dark column at both ends."""
    image = np.full((height, width), 255, np.uint8)
    image[:, :2] = image[:, -2:] = 0
    return image


def test_lines_keep_their_aspect_and_their_ends() -> None:
    canvas = IAMLineView(56, 200, left=28)
    assert canvas.scaled_width(28, 50) == 100 and canvas.fits(28, 100) and not canvas.fits(28, 101)
    for width, left in ((50, 28), (90, 20), (100, 0)):
        columns = np.flatnonzero(canvas(paper(28, width)).all(axis=0))
        assert columns[0] == left and columns[-1] == left + 2 * width - 1


def test_varied_lines_keep_their_ink() -> None:
    canvas = IAMLineView(56, 260, left=28, varies=True)
    torch.manual_seed(0)
    image = np.full((56, 200), 255, np.uint8)
    image[20:36, 5:9] = image[20:36, -9:-5] = 0
    seen = set()
    for _ in range(60):
        varied = canvas(image)
        assert varied.shape == (56, 260)
        ink = varied > 120
        columns = np.flatnonzero(ink.any(axis=0))
        assert (
            ink.sum() > 60 and len(np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1)) == 2
        )
        seen.add((int(columns[0]), int(columns[-1])))
    assert len(seen) > 20


def test_a_line_that_fills_the_image_is_not_turned() -> None:
    image = np.full((20, 60), 200, np.uint8)
    assert np.array_equal(lean_and_turn(image, shear=0.5, angle=0.2), image)
    assert not lean_and_turn(np.zeros((9, 9), np.uint8), shear=0.5, angle=0.2).any()


# 2019


def test_lines_of_2019_from_a_copy(data_dir: Path) -> None:
    module = ready(IamLinesDataset(IamLinesDatasetOptions(data_dir=data_dir)))
    assert module.input_dims == (1, 28, 952) and module.output_dims == (97, 1)
    assert module.mapping == MAPPING_2019.symbols
    assert (
        module.data_train[0][1].tolist()
        == MAPPING_2019.encode_line(FORMS[0].lines[0].text, 97, with_tokens=False).tolist()
    )


def write_h5(path: Path, *, is_dark: bool = False) -> None:
    h5py = pytest.importorskip("h5py")
    rng = np.random.default_rng(0)
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        for part, n_lines in (("train", 20), ("test", 6)):
            images = np.zeros((n_lines, 28, 952), np.uint8)
            images[:, 10:14, 40:600:9] = 220
            images[:, 0, 0] = np.arange(n_lines)
            labels = np.full((n_lines, 97), 79, np.uint8)
            labels[:, :5] = rng.integers(0, 62, (n_lines, 5))
            file[f"x_{part}"] = 255 - images if is_dark else images
            file[f"y_{part}"] = labels


@pytest.mark.parametrize("is_dark", [False, True])
def test_the_file_of_2019(is_dark: bool, tmp_path: Path) -> None:
    write_h5(tmp_path / "iam_lines.h5", is_dark=is_dark)
    module = ready(IamLinesDataset(IamLinesDatasetOptions(data_dir=tmp_path)))
    assert [len(module.splits[s]) for s in ("train", "validation", "test")] == [16, 4, 6]
    marks = [
        {round(float(module.splits[s][i][0][0, 0, 0]) * 255) for i in range(len(module.splits[s]))}
        for s in ("train", "validation")
    ]
    assert not marks[0] & marks[1] and marks[0] | marks[1] == set(range(20))
    images, labels = module.data_test[0]
    assert images.shape == (1, 28, 952) and images.median() == 0 and labels.shape == (97,)
    with pytest.raises(OptionError, match="28 x 952, 97 labels and the mapping of 2019"):
        ready(IamLinesDataset(IamLinesDatasetOptions(data_dir=tmp_path, width=900)))


def test_a_damaged_file_of_2019(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "iam_lines.h5"
    path.write_bytes(b"nothing")
    with pytest.raises(InputError, match="iam_lines.h5 is not the file of 2019: "):
        read_h5(path)
    with h5py.File(path, "w") as file:
        for name in ("x_train", "x_test"):
            file[name] = np.zeros((2, 28, 900), np.uint8)
            file[name.replace("x", "y")] = np.zeros((2, 97), np.uint8)
    with pytest.raises(InputError) as caught:
        read_h5(path)
    assert str(caught.value) == (
        f"{path} is not the file of 2019: its arrays are of the shapes (2, 28, 900) and (2, 97)."
    )


def test_the_file_of_2019_without_h5py(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "iam_lines.h5").write_bytes(b"x")
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(MissingExtraError) as caught:
        ready(IamLinesDataset(IamLinesDatasetOptions(data_dir=tmp_path)))
    assert str(caught.value) == (
        'Reading iam_lines.h5 needs h5py; run: pip install "text-recognizer[iam]".'
    )


def test_without_any_file_of_2019(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        IamLinesDataset(IamLinesDatasetOptions(data_dir=tmp_path)).prepare_data()
    assert str(caught.value) == (
        "IAM is not there: put iam_lines.h5 (of which no checksum is known) or iamdb.zip (SHA-256 "
        f"{SHA256}), or the archives of its site, into {tmp_path}/downloaded/iam; register for it "
        f"at {SITE}."
    )


# Experiments


def test_an_experiment_on_lines_of_iam(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    flags = (
        "--data_class=IAMLines", "--model_class=LineCNNLSTM", "--loss=ctc",
        f"--data_dir={data_dir}", "--max_epochs=1", "--batch_size=4", "--conv_dim=8",
        "--fc_dim=16", "--width=768", "--window_stride=14", "--logger=0",
        "--progress_bar_refresh_rate=0",
    )  # fmt: skip
    outcome = run_experiment(parse_flags(flags))
    assert {"test_cer", "val_loss"} <= outcome.figures.keys()


def test_an_experiment_without_iam_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ("--data_class=IAMLines", "--model_class=LineCNNLSTM", "--loss=ctc")
    assert main([*flags, f"--data_dir={tmp_path}"]) == 1
    assert capsys.readouterr().err == (
        f"IAM is not there: put iamdb.zip (SHA-256 {SHA256}), or the archives of its site, into "
        f"{tmp_path}/downloaded/iam; register for it at {SITE}.\n"
    )


def test_the_json_of_2019_means_the_sizes_of_2019() -> None:
    experiment = parse_flags(['{"dataset": "IamLinesDataset", "model": "LineModelCtc"}'])
    assert (experiment.data_class, experiment.model_class) == ("IamLinesDataset", "line_lstm_ctc")
    assert experiment.data == (IamLinesDatasetOptions(batch_size=64),)


def test_a_predictor_is_evaluated_on_a_part_of_a_split(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--data_class=IAMLines", "--split=validation", f"--data_dir={tmp_path}"]
    assert evaluate_line_predictor([*flags, "--data_split=random"]) == 2
    assert capsys.readouterr().err == (
        "IAM has no split 'random'; there are aachen, official, fsdl.\n"
    )
    assert evaluate_line_predictor(flags) == 1
    assert capsys.readouterr().err.startswith("IAM is not there: ")


# IAMDataset


@pytest.mark.parametrize(
    ("parse", "n_train", "n_test"),
    [("line", 10, 5), ("word", 78, 38), ("form", 5, 2), ("form_original", 5, 2), ("form_bb", 5, 2)],
)
def test_no_first_row_of_a_list_is_lost(
    parse: str, n_train: int, n_test: int, data_dir: Path
) -> None:
    train = IAMDataset(parse, output_data="text", train=True, data_dir=data_dir)
    test = IAMDataset(parse, output_data="text", train=False, data_dir=data_dir)
    assert (len(train), len(test)) == (n_train, n_test)
    assert not set(train.ids) & set(test.ids)
    image, text = train[0]
    first = FORMS[0].lines[0]
    expected = {"line": first.text, "word": "The"}
    assert text == expected.get(parse, "\n".join(line.text for line in FORMS[0].lines))
    sizes = {"line": (60, 800), "word": (30, 140)}
    assert image.shape == sizes.get(parse, (1120, 800)) and image.dtype == np.uint8
    assert np.median(image) == 255 and image.min() < 120


@pytest.mark.parametrize(("parse", "n_boxes"), [("line", 9), ("form", 3), ("form_bb", 1)])
def test_boxes_are_fractions_around_the_ink(parse: str, n_boxes: int, data_dir: Path) -> None:
    image, boxes = IAMDataset(parse, "bb", data_dir=data_dir)[0]
    assert isinstance(boxes, np.ndarray) and boxes.shape == (n_boxes, 4)
    height, width = image.shape
    ink = np.argwhere(image < 150)
    if parse == "form_bb":  # the printed text is above
        ink = ink[ink[:, 0] > boxes[0, 1] * height - 4]
    left, top = (boxes[:, :2].min(axis=0) * (width, height)).tolist()
    right, bottom = ((boxes[:, :2] + boxes[:, 2:]).max(axis=0) * (width, height)).tolist()
    assert np.abs(ink.min(axis=0) - (top, left)).max() < 3
    assert np.abs(ink.max(axis=0) - (bottom, right)).max() < 3


@pytest.mark.parametrize(
    ("parse", "output", "n_items"),
    [("line", "text", 2), ("line", "bb", 2), ("word", "text", 20), ("form", "text", 1)],
)
def test_a_damaged_form_costs_that_form_only(
    parse: str, output: str, n_items: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    image = write_iam(tmp_path / "iam", "course") / "forms" / "c04-110.jpg"
    image.write_bytes(b"")
    items = IAMDataset(parse, output, train=False, data_dir=tmp_path)
    assert {name[:7] for name in items.ids} == {"m01-049"} and len(items) == n_items
    assert (
        f"IAM: 1 forms are left out. {image} is not an image in a known format (PNG, JPEG, TIFF, "
        "WebP, BMP)."
    ) in caplog.messages
    for other in image.parent.iterdir():
        other.write_bytes(b"")
    with pytest.raises(InputError, match="iam holds no form that can be used. "):
        len(IAMDataset(parse, output, train=False, data_dir=tmp_path))


def test_kinds_and_outputs_are_checked() -> None:
    with pytest.raises(OptionError) as caught:
        IAMDataset("page")
    assert str(caught.value) == (
        "parse is one of line, word, form, form_original, form_bb, not 'page'."
    )
    with pytest.raises(OptionError) as caught:
        IAMDataset("word", "bb")
    assert str(caught.value) == "output_data of word is not 'bb'."


def test_images_are_shrunk_to_fit_and_never_grown() -> None:
    canvas, place = fit_canvas(paper(20, 100), (60, 800))
    columns = np.flatnonzero((canvas < 230).any(axis=0))
    assert (columns[0], columns[-1]) == (350, 449)
    assert place(Box(0, 0, 100, 20)) == (350 / 800, 20 / 60, 100 / 800, 20 / 60)
    canvas, place = fit_canvas(paper(120, 800), (60, 800))
    assert place(Box(0, 0, 800, 120)) == (0.25, 0.0, 0.5, 1.0)
    assert canvas[0, 0] == 255


def test_values_and_labels_of_the_notebook() -> None:
    values = normalise(np.array([[255, 0]], np.uint8))
    assert values.shape == (1, 1, 2) and values.dtype == np.float32
    assert values[0, 0].tolist() == pytest.approx([0.360837, -5.918144], abs=1e-5)
    assert len(ALPHABET) == len(set(ALPHABET)) == 80
    labels = encode_text(" !a")
    assert labels.shape == (160,) and labels[:4].tolist() == [0, 1, 54, -1]
    with pytest.raises(OptionError) as caught:
        encode_text("5%")
    assert str(caught.value) == "'5%' cannot be labelled: it holds %."
    image = np.full((60, 800), 255, np.uint8)
    varied = vary_image(paper(60, 800), np.random.default_rng(1))
    assert varied.shape == image.shape and (varied[:, 300:500] == 255).all()
    assert np.array_equal(vary_image(image, np.random.default_rng(1)), image)


def test_files_for_a_corrector_hold_nothing_of_the_test(data_dir: Path, tmp_path: Path) -> None:
    read: list[GreyImage] = []

    def predict(image: GreyImage) -> str:
        read.append(image)
        return f"line {len(read)}"

    assert export_typos(tmp_path / "typo", predict, data_dir=data_dir) == (4, 6)
    pairs = json.loads((tmp_path / "typo" / "validating.json").read_text(encoding="utf-8"))
    assert pairs[0] == ["Salt & pepper; bread and oil", "line 1"]
    assert len(pairs) == 4 and {image.shape for image in read} == {(60, 800)}
    lines = (tmp_path / "typo" / "text_train.txt").read_text(encoding="utf-8").splitlines()
    train = [f for f in FORMS if f.official == "train"]
    assert lines == [line.text for form in train for line in form.lines if line.is_ok]
