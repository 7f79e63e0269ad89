"""IAM in every layout: the same lines, pages and writers in each of the three splits."""

import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from iam_miniature import (
    FORMS,
    HEIGHT,
    LAYOUTS,
    TASK_ZIP,
    WIDTH,
    Form,
    course_files,
    draw,
    tgz,
    union,
    write_iam,
)

from text_recognizer.errors import InputError, MissingExtraError, OptionError
from text_recognizer.ground_truth import find_sources, read_lines, read_pages
from text_recognizer.ground_truth.iam import (
    find_line_images,
    open_iam,
    read_iam_lines,
    read_iam_pages,
)
from text_recognizer.ground_truth.iam_boxes import line_boxes
from text_recognizer.ground_truth.iam_files import IamFiles, is_iam
from text_recognizer.ground_truth.iam_forms import Box, IamForm, IamLine, read_form
from text_recognizer.ground_truth.iam_splits import SPLIT_KINDS, shared_prompts, split_forms
from text_recognizer.ground_truth.iam_text import join_tokens, unescape
from text_recognizer.ground_truth.image_files import read_grey

SPLITS = ("train", "validation", "test")
ORIGINAL = tuple(layout for layout in LAYOUTS if layout != "parquet")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The path of the miniature in a layout, written once."""
    folder = tmp_path_factory.mktemp("iam")
    paths: dict[str, Path] = {}

    def path(layout: str) -> Path:
        if layout not in paths:
            paths[layout] = write_iam(folder / layout, layout)
        return paths[layout]

    return path


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield tmp_path / "cache"


def expected_forms(kind: str, split: str) -> list[Form]:
    """As the miniature puts them; the fifth of fsdl is checked elsewhere."""
    if kind == "fsdl":
        return [form for form in FORMS if form.is_fsdl_test is (split == "test")]
    return [form for form in FORMS if getattr(form, kind) == split]


def expected_lines(forms: list[Form], kind: str) -> dict[str, str]:
    return {
        form.line_id(index): line.text
        for form in forms
        for index, line in enumerate(form.lines)
        if line.is_ok or kind != "official"
    }


# Splits


@pytest.mark.parametrize("kind", SPLIT_KINDS)
@pytest.mark.parametrize("layout", ORIGINAL)
def test_lines_and_pages_are_exactly_those_of_the_layout(
    layout: str, kind: str, copy: Callable[[str], Path]
) -> None:
    path = copy(layout)
    parts = [("test",), ("train", "validation")] if kind == "fsdl" else [(s,) for s in SPLITS]
    for splits in parts:
        lines = [s for split in splits for s in read_iam_lines(path, split=split, kind=kind)]
        pages = [s for split in splits for s in read_iam_pages(path, split=split, kind=kind)]
        forms = expected_forms(kind, splits[0])
        assert {s.id: s.text for s in lines} == expected_lines(forms, kind)
        assert {s.id: s.document for s in pages} == {form.id: form.writer for form in forms}
        assert {s.document for s in lines} == {form.writer for form in forms}
        for samples in (lines, pages):
            assert {s.split for s in samples} == set(splits)
            assert {s.source for s in samples} == {"iam"}
        for page in pages:
            form = next(form for form in forms if form.id == page.id)
            assert [line.text for line in page.lines] == [line.text for line in form.lines]


@pytest.mark.parametrize("kind", SPLIT_KINDS)
def test_splits_share_no_page_and_no_writer(kind: str, copy: Callable[[str], Path]) -> None:
    path = copy("course")
    lines = [read_iam_lines(path, split=split, kind=kind) for split in SPLITS]
    writers = [{sample.document for sample in samples} for samples in lines]
    pages = [{sample.id.rsplit("-", 1)[0] for sample in samples} for samples in lines]
    for owners in (writers, pages):
        assert all(owners)
        assert not (owners[0] & owners[1] or owners[0] & owners[2] or owners[1] & owners[2])


def forms_of(writers: dict[str, str]) -> list[IamForm]:
    return [IamForm(name, writer, 0, 0, ()) for name, writer in writers.items()]


def test_the_fifth_of_fsdl_goes_by_writer_seed_and_nothing_else() -> None:
    writers = {f"a{i:02d}-{j:03d}": f"{i:03d}" for i in range(40) for j in range(i % 3 + 1)}
    forms = forms_of({**writers, "m01-049": "900", "z01-000": "900"})
    files = IamFiles(Path("anywhere"))
    splits = split_forms(forms, files, kind="fsdl").forms
    assert splits["m01-049"] == "test"
    assert "z01-000" not in splits, "by a writer of the test"
    held_out = {writers[name] for name, split in splits.items() if split == "validation"}
    trained = {writers[name] for name, split in splits.items() if split == "train"}
    assert not held_out & trained and len(held_out | trained) == 40
    n_held_out = sum(split == "validation" for split in splits.values())
    assert 0.2 <= n_held_out / len(writers) < 0.25
    assert split_forms(forms[::-1], files, kind="fsdl").forms == splits
    assert split_forms(forms, files, kind="fsdl", seed=1).forms != splits


def test_ids_without_a_form_are_named_and_counted(
    copy: Callable[[str], Path], caplog: pytest.LogCaptureFixture
) -> None:
    path = copy("course")
    iam = open_iam(path, kind="fsdl")
    assert len(iam.splits.missing) == 230 and "n02-082" in iam.splits.missing
    assert caplog.messages == [
        f"The split fsdl of IAM names 230 ids that {path} does not hold: "
        "m01-060, m01-079, m01-084, m01-095, m01-104 and 225 more."
    ]


def test_writers_that_several_splits_share_are_found(copy: Callable[[str], Path]) -> None:
    iam = open_iam(copy("course"))
    assert iam.shared_writers() == ()
    splits = replace(iam.splits, forms={**iam.splits.forms, "a01-003u": "test"})
    assert replace(iam, splits=splits).shared_writers() == ("000",)


def test_prompts_that_several_splits_share() -> None:
    forms = {"f07-028a": "train", "f07-028b": "test", "a01-000u": "train", "a01-000x": "train"}
    assert shared_prompts(forms) == ("f07-028",)


def test_lists_are_read_from_their_first_row(tmp_path: Path) -> None:
    path = write_iam(tmp_path, "unpacked")
    train = (path / Path(TASK_ZIP).stem / "trainset.txt").read_text(encoding="ascii").split()
    assert train[0] == "a01-000u-00"
    lines = read_iam_lines(path, kind="official", split="train")
    assert [s.id for s in lines] == train
    with (path / Path(TASK_ZIP).stem / "testset.txt").open("a") as file:
        file.write("a01-000u-01\n")
    with pytest.raises(InputError) as caught:
        read_iam_lines(path, kind="official")
    assert str(caught.value) == f"The lists of {path} put a01-000u into two splits."
    shutil.rmtree(path / Path(TASK_ZIP).stem)
    with pytest.raises(InputError) as caught:
        read_iam_lines(path, kind="official")
    assert str(caught.value) == (
        f"{path} has no trainset.txt: the split official needs the folder task of the course's "
        "copy, or largeWriterIndependentTextLineRecognitionTask.zip from the site of IAM beside "
        "the archives."
    )


def test_unknown_split(copy: Callable[[str], Path]) -> None:
    with pytest.raises(OptionError) as caught:
        read_iam_lines(copy("course"), kind="random")
    assert str(caught.value) == "IAM has no split 'random'; there are aachen, official, fsdl."


# Layouts


def test_parquet_holds_the_same_texts(copy: Callable[[str], Path]) -> None:
    pytest.importorskip("pyarrow")
    for split in SPLITS:
        lines = read_iam_lines(copy("parquet"), split=split)
        others = read_iam_lines(copy("unpacked"), split=split)
        assert [s.text for s in lines] == [s.text for s in others] and lines
        for ours, theirs in zip(lines, others, strict=True):
            assert np.array_equal(ours.read_image(), theirs.read_image())
        assert {(s.source, s.split) for s in lines} == {("iam", split)}
    with pytest.raises(OptionError) as caught:
        read_iam_lines(copy("parquet"), kind="fsdl")
    assert str(caught.value) == (
        f"The Parquet files of {copy('parquet')} know the split aachen only, not fsdl: "
        "they hold no ids of forms."
    )


def test_parquet_without_pyarrow(
    copy: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyarrow")
    path = copy("parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError) as caught:
        read_iam_lines(path)
    assert str(caught.value) == (
        'Reading Parquet files needs pyarrow; run: pip install "text-recognizer[iam]".'
    )


def test_a_damaged_parquet_file(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    (tmp_path / "train.parquet").write_bytes(b"PAR1 not")
    with pytest.raises(InputError, match="train.parquet is no Parquet file with the columns"):
        read_iam_lines(tmp_path)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_all_that_reads_data_sets_reads_iam(layout: str, copy: Callable[[str], Path]) -> None:
    if layout == "parquet":
        pytest.importorskip("pyarrow")
    assert find_sources(copy(layout)) == ["iam"]
    assert len(read_lines(copy(layout), split="val")) == 4
    if layout != "parquet":
        assert len(read_pages(copy(layout), split="val")) == 2
        folder = copy(layout).parent if layout.startswith("course") else copy(layout)
        assert is_iam(copy(layout)) and is_iam(folder)


def test_other_folders_are_not_iam(tmp_path: Path) -> None:
    (tmp_path / "xml").mkdir()
    (tmp_path / "forms").mkdir()
    assert not is_iam(tmp_path)
    (tmp_path / "xml" / "a01-000u.xml").write_text("<PcGts/>")
    assert not is_iam(tmp_path)


def test_only_what_is_needed_is_taken_out(copy: Callable[[str], Path], own_cache: Path) -> None:
    read_iam_lines(copy("archives"))
    folder = own_cache / "text-recognizer" / "processed" / "iam"
    kinds = sorted(path.name.split("-")[0] for path in folder.iterdir())
    assert kinds == ["ascii", "lines", "xml"]
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    read_iam_lines(copy("archives"))
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_ascii_files_are_enough(tmp_path: Path) -> None:
    path = write_iam(tmp_path, "unpacked")
    shutil.rmtree(path / "xml")
    lines = read_iam_lines(path, split="train")
    assert {s.id: s.text for s in lines} == expected_lines(expected_forms("aachen", "train"), "")
    shutil.rmtree(path / "ascii")
    with pytest.raises(InputError) as caught:
        read_iam_lines(path)
    assert str(caught.value) == (
        f"{path} holds no transcriptions of IAM: xml or xml.tgz, or ascii or ascii.tgz with "
        "forms.txt and lines.txt, must be there."
    )


def test_a_damaged_row_of_the_ascii_files(tmp_path: Path) -> None:
    path = write_iam(tmp_path, "unpacked")
    (path / "ascii" / "lines.txt").write_text("# head\na01-000u-00 ok 154 19 x 2 3 4 A\n")
    with pytest.raises(InputError) as caught:
        read_iam_lines(path)
    assert str(caught.value) == (
        f"Row 2 of {path / 'ascii' / 'lines.txt'} is no line of IAM: "
        "'a01-000u-00 ok 154 19 x 2 3 4 A'."
    )


# Texts


def test_lines_that_iam_marks_stay_unless_asked(copy: Callable[[str], Path]) -> None:
    kept = read_iam_lines(copy("archives"))
    ok = read_iam_lines(copy("archives"), keep_err=False)
    marked = {s.id for s in kept} - {s.id for s in ok}
    assert marked == {"a01-000u-02", "a01-000x-02", "m01-049-02"}
    forms = {form.id: form for form in open_iam(copy("archives")).forms}
    assert [line.is_ok for line in forms["m01-049"].lines] == [True, True, False]


def test_entities_are_undone_once() -> None:
    assert unescape("&quot;R&amp;D&quot; isn&apos;t") == '"R&D" isn\'t'
    assert unescape("&amp;quot;") == "&quot;"
    assert unescape("a  b\tcafe\u0301") == "a b caf\u00e9"


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        ("Yes|,|(|no|)|;|well|:|go|!", "Yes, (no); well: go!"),
        ('He|said|"|stop|"|.', 'He said "stop".'),
        ('again|,|"', 'again,"'),
        ("B B C|-|two", "B B C - two"),
    ],
)
def test_tokens_are_joined_as_one_writes(tokens: str, text: str) -> None:
    assert join_tokens(tokens.split("|")) == text


# Boxes


@pytest.mark.parametrize("divisor", [1, 2, 3])
def test_boxes_are_in_pixels_of_the_stored_image(divisor: int, tmp_path: Path) -> None:
    """The scale is measured, so any size of the forms will do."""
    path = write_iam(tmp_path, "course")
    for form in FORMS:
        size = (WIDTH // divisor, HEIGHT // divisor)
        image = cv2.resize(draw(form)[0], size, interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(path / "forms" / f"{form.id}.jpg"), image)
    for page in read_iam_pages(path):
        form = next(form for form in FORMS if form.id == page.id)
        assert (page.width, page.height) == (WIDTH // divisor, HEIGHT // divisor)
        for line, words in zip(page.lines, draw(form)[1], strict=True):
            x, y, w, h = union(words)
            corners = np.array([(x, y), (x + w, y), (x + w, y + h), (x, y + h)]) / divisor
            assert np.abs(np.array(line.polygon) - corners).max() < 1.5
    for sample in read_iam_lines(path):
        image = sample.read_image()
        assert image.min() < 120 and np.median(image) > 230
        margin = min(image[:3].min(), image[-3:].min(), image[:, :3].min(), image[:, -3:].min())
        assert margin > 200, "all ink is inside"


def form_of_boxes(*tops: tuple[int, int]) -> IamForm:
    lines = tuple(
        IamLine(f"a01-000-{i:02d}", "x", True, Box(100, top, 900, bottom))
        for i, (top, bottom) in enumerate(tops)
    )
    return IamForm("a01-000", "000", 1000, 800, lines)


def test_padding_takes_half_of_the_gap_at_most() -> None:
    form = form_of_boxes((100, 150), (160, 200), (190, 240), (400, 450))
    half = line_boxes(form, (500, 400))
    assert [(box.top, box.bottom) for box in half if box] == [
        (42.0, 77.5),  # 8 above; 5 / 2 of the half-size form below
        (77.5, 100.0),  # reaches into the next: nothing
        (95.0, 128.0),
        (192.0, 233.0),
    ]
    assert {(box.left, box.right) for box in half if box} == {(42.0, 458.0)}
    full = line_boxes(form, (1000, 800))
    assert [box and box.top for box in full] == [84.0, 155.0, 190.0, 384.0]


def test_boxes_stay_inside_of_the_form() -> None:
    (box,) = line_boxes(form_of_boxes((2, 798)), (1000, 800))
    assert box is not None and (box.top, box.bottom) == (0.0, 800.0)


def test_a_line_outside_of_its_form_has_no_box() -> None:
    boxes = line_boxes(form_of_boxes((100, 150), (900, 950)), (500, 400))
    assert boxes[0] is not None and boxes[1] is None


# Damaged forms

FORMATS = "is not an image in a known format (PNG, JPEG, TIFF, WebP, BMP)."


def damaged(layout: str, folder: Path, form: str, data: bytes) -> tuple[Path, str]:
    """The course's copy with one bad form, and what a user calls its image."""
    if layout == "course":
        image = write_iam(folder, "course") / "forms" / f"{form}.jpg"
        image.write_bytes(data)
        return folder / "iamdb", str(image)
    files = {**dict(course_files()), f"forms/{form}.jpg": data}
    path = folder / "iamdb.zip"
    write_zip(path, files)
    return path, f"{form}.jpg in {path}"


def write_zip(path: Path, files: dict[str, bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(f"iamdb/{name}", data)


def jpeg(height: int, width: int) -> bytes:
    return bytes(cv2.imencode(".jpg", np.full((height, width), 255, np.uint8))[1].tobytes())


@pytest.mark.parametrize("layout", ["course", "course-zip"])
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", f" {FORMATS}"),
        (jpeg(450, 620)[:100], " cannot be read as an image: Truncated File Read."),
        (
            jpeg(450, 600),
            ": The form c04-110 is 600 by 450 pixels and its XML says 1240 by 900: its boxes do "
            "not fit.",
        ),
    ],
    ids=["empty", "truncated", "shape"],
)
def test_a_damaged_form_costs_that_form_only(
    layout: str, data: bytes, reason: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, shown = damaged(layout, tmp_path / "copy", "c04-110", data)
    told = f"IAM: 1 forms are left out. {shown}{reason}"
    assert [page.id for page in read_iam_pages(path, split="test")] == ["m01-049"]
    assert caplog.messages[-1] == told
    lines = read_iam_lines(path, split="test")
    assert [line.id for line in lines] == ["m01-049-00", "m01-049-01", "m01-049-02"]
    assert caplog.messages[-1] == told and "without an image" not in caplog.text
    for _ in range(2):  # when the lines are cut, and when they lie there
        caplog.clear()
        images = find_line_images(path, cache=tmp_path / "own")
        assert len(images) == 19 and "c04-110-00" not in images
        assert caplog.messages == [told]


def test_what_is_damaged_inside_is_left_out_where_lines_are_cut(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    whole = dict(course_files())["forms/c04-110.jpg"]
    path, shown = damaged("course", tmp_path, "c04-110", whole[:700])
    page = next(page for page in read_iam_pages(path) if page.id == "c04-110")
    with pytest.raises(InputError) as caught:
        read_grey(page.image_path)
    assert str(caught.value) == f"{shown} is a damaged image."
    assert len(find_line_images(path, cache=tmp_path / "own")) == 19
    assert caplog.messages[-1] == f"IAM: 1 forms are left out. {shown} is a damaged image."


def test_nothing_but_damaged_forms_is_an_error(tmp_path: Path) -> None:
    path = write_iam(tmp_path, "course")
    for image in (path / "forms").iterdir():
        image.write_bytes(b"")
    readers: list[Callable[[Path], object]] = [read_iam_pages, read_iam_lines, find_line_images]
    for read in readers:
        with pytest.raises(InputError) as caught:
            read(path)
        assert str(caught.value) == (
            f"{path} holds no form that can be used. {path / 'forms' / 'a01-000u.jpg'} {FORMATS}"
        )


def test_many_damaged_forms_are_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write_iam(tmp_path, "course")
    for form in FORMS[:7]:
        (path / "forms" / f"{form.id}.jpg").write_bytes(b"")
    read_iam_pages(path)
    assert caplog.messages[-1].startswith("IAM: 6 forms are left out. ")
    assert caplog.messages[-1].endswith(f"c04-110.jpg {FORMATS} And 1 more.")


def test_a_line_outside_of_its_scan_costs_the_page(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_iam(tmp_path, "course")
    change(path / "xml" / "c04-110.xml", ' y="', ' y="9')
    assert [page.id for page in read_iam_pages(path, split="test")] == ["m01-049"]
    assert caplog.messages[-1] == (
        f"IAM: 1 forms are left out. {path / 'forms' / 'c04-110.jpg'}: The XML of the form c04-110 "
        "has a line outside of its scan."
    )


def test_forms_without_xml_lack_the_size_of_scans(tmp_path: Path) -> None:
    path = write_iam(tmp_path, "unpacked")
    shutil.rmtree(path / "xml")
    shutil.rmtree(path / "lines")
    readers: list[Callable[[Path], object]] = [read_iam_pages, read_iam_lines, find_line_images]
    for read in readers:
        with pytest.raises(InputError) as caught:
            read(path)
        assert str(caught.value) == (
            f"{path} holds no XML of IAM: xml or xml.tgz must be there, as the ASCII files do not "
            "say the size of the scans that their boxes are of."
        )


def test_what_has_no_image_is_left_out_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_iam(tmp_path, "course")
    (path / "forms" / "c04-156.jpg").unlink()
    assert [s.id for s in read_iam_pages(path, split="validation")] == ["m01-090"]
    assert len(read_iam_lines(path, split="validation")) == 2
    assert [m for m in caplog.messages if "left out" in m] == [
        "IAM: 1 forms without an image, or with a line without ink or its own id, are left out: "
        "c04-156.",
        "IAM: 2 lines without an image or a text are left out: c04-156-00, c04-156-01.",
    ]
    shutil.rmtree(path / "forms")
    (path / "forms").mkdir()
    with pytest.raises(InputError) as caught:
        read_iam_lines(path)
    assert str(caught.value) == (
        f"{path} holds no images of IAM: lines/ or lines.tgz, or forms/ or the three archives of "
        "forms, must be there."
    )


# Files of strangers


def change(path: Path, *pairs: str) -> None:
    """Replaces text of an XML file: old and new, one after the other."""
    text = path.read_text(encoding="iso-8859-1")
    for old, new in zip(pairs[::2], pairs[1::2], strict=True):
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="iso-8859-1")


ODD_IDS = [
    ("../../../../evil", "'../../../../evil'"),
    ("", "''"),
    ("c04-110-00", "'c04-110-00'"),  # a second one
    ("c04-110-../../evil", "'c04-110-../../evil'"),
    ("m01-049-01", "'m01-049-01'"),
    ("c04-110-1", "'c04-110-1'"),
    ("c04-110-01&#10;", "'c04-110-01\\n'"),
    ("c04-110-\u0661\u0662", "'c04-110-\u0661\u0662'"),
    ("x" * 400, f"'{'x' * 40}'"),
]


@pytest.mark.parametrize(("odd", "shown"), ODD_IDS)
def test_ids_of_lines_lead_nowhere(
    odd: str, shown: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "a" / "b" / "c" / "d"
    files = dict(course_files())
    xml = files["xml/c04-110.xml"].decode("iso-8859-1").replace('<line id="c04-110-01"', "@")
    files["xml/c04-110.xml"] = (
        xml.replace("@", f'<line id="{odd}"').replace("ISO-8859-1", "UTF-8").encode()
    )
    write_zip(folder / "iamdb.zip", files)
    images = find_line_images(folder / "iamdb.zip", cache=folder / "own")
    assert len(images) == 21
    assert {path.parent.parent for path in images.values()} == {folder / "own"}
    found = set(tmp_path.rglob("*.png"))
    assert found == set(images.values())
    lines = read_iam_lines(folder / "iamdb.zip", split="test", line_images=images)
    assert [line.id for line in lines[:2]] == ["c04-110-00", "c04-110-02"]
    assert lines[0].text == "Is this the way?"
    height = lines[0].read_image().shape[0]
    (first, *_) = read_iam_lines(write_iam(tmp_path / "plain"), split="test")
    assert height == first.read_image().shape[0], "a second line of an id takes no one's place"
    assert (
        "IAM: 1 lines whose id is not that of a line of their form, or comes twice, are left out: "
        f"{shown} of c04-110."
    ) in caplog.messages
    assert [page.id for page in read_iam_pages(folder / "iamdb.zip", split="test")] == ["m01-049"]
    assert caplog.messages[-1] == (
        "IAM: 1 forms without an image, or with a line without ink or its own id, are left out: "
        "c04-110."
    )


def test_ids_of_the_ascii_files_are_checked(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_iam(tmp_path, "unpacked")
    shutil.rmtree(path / "xml")
    table = path / "ascii" / "lines.txt"
    table.write_text(table.read_text().replace("c04-110-01 ", "c04-110-../../01 "))
    assert len(read_iam_lines(path, split="test")) == 5
    assert caplog.messages[0].endswith("are left out: 'c04-110-../../01' of c04-110.")
    table.write_text(table.read_text().replace("c04-110-02 ", " "))
    with pytest.raises(InputError) as caught:
        read_iam_lines(path)
    forms = path / "ascii" / "forms.txt"
    assert str(caught.value) == f"{forms} has no form '', of which {table} has lines."


def test_a_box_larger_than_any_scan_is_refused(tmp_path: Path) -> None:
    path = write_iam(tmp_path, "course") / "xml" / "c04-110.xml"
    change(path, ' x="', f' x="{"9" * 400}')
    with pytest.raises(InputError) as caught:
        read_form(path)
    assert str(caught.value) == (
        f"{path} has a number that is none: a box is larger than a scan can be."
    )


def test_members_go_nowhere_but_into_the_cache(tmp_path: Path) -> None:
    path = write_iam(tmp_path / "copy", "archives")
    (path / "ascii.tgz").unlink()
    members = {"../../a01-000u.xml": b"<form/>", "/etc/evil.txt": b"x", "b/..": b"", "c.sh": b""}
    (path / "xml.tgz").write_bytes(tgz(members))
    found = IamFiles(path, tmp_path / "own").find("xml")
    assert list(found) == ["a01-000u"]
    assert found["a01-000u"].is_relative_to(tmp_path / "own")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["copy", "own"]


def test_a_broken_archive_leaves_nothing(tmp_path: Path) -> None:
    path = write_iam(tmp_path / "copy", "archives")
    whole = (path / "lines.tgz").read_bytes()
    (path / "lines.tgz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"copy/lines\.tgz cannot be read: "):
        read_iam_lines(path, cache=tmp_path / "own")
    assert not list((tmp_path / "own").glob("*lines*"))
    (path / "lines.tgz").write_bytes(whole)
    assert len(read_iam_lines(path, cache=tmp_path / "own")) == 20


def test_xml_with_entities_is_refused(tmp_path: Path) -> None:
    xml = tmp_path / "a01-000u.xml"
    xml.write_text('<!DOCTYPE form [<!ENTITY a "aaaa">]><form id="&a;"/>')
    with pytest.raises(InputError) as caught:
        read_form(xml)
    assert str(caught.value) == f"{xml} declares entities, which is refused; IAM needs none."
    xml.write_text("<PcGts/>")
    with pytest.raises(InputError) as caught:
        read_form(xml)
    assert str(caught.value) == f"{xml} is no form of IAM: its root is PcGts."
