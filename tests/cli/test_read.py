"""The command `read`: what it prints, every sentence for bad input, and the exit codes."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn_pages import NumberingReader, blank_page, draw_page
from numpy.typing import NDArray
from PIL import Image
from tiny_bundles import draw_bars, write_tiny_bundle
from tiny_paragraphs import draw_paragraph, write_tiny_paragraphs
from typer.testing import CliRunner, Result

from text_recognizer import line_reader
from text_recognizer.cli import app
from text_recognizer.loading import FORMATS
from text_recognizer.recognizer import Recognizer

TEXT = "line 1\nline 2\nline 3\nline 4\n"


@pytest.fixture
def model(tmp_path: Path) -> str:
    """Folder of a model that reads bars."""
    write_tiny_bundle(tmp_path / "tiny")
    return str(tmp_path / "tiny")


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    folder.mkdir()
    return folder


def save(path: Path, image: NDArray[np.uint8]) -> str:
    assert cv2.imwrite(str(path), image)
    return str(path)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["read", *map(str, arguments)])


def check(result: Result, *, out: str = "", err: str = "", code: int = 0) -> None:
    assert (result.stdout, result.stderr, result.exit_code) == (out, err, code)


def test_lines_are_printed(scans: Path, model: str) -> None:
    first, second = (
        save(scans / "1.png", draw_bars("ab ba")),
        save(scans / "2.png", draw_bars("bb")),
    )
    check(run(first, second, "--unit", "line", "--model", model), out="ab ba\n\nbb\n")


def test_folder_is_read_in_order_of_names(scans: Path, model: str) -> None:
    for name, text in (("b.png", "bb"), ("a.png", "aa"), ("c.bmp", "ab")):
        save(scans / name, draw_bars(text))
    (scans / "notes.txt").write_text("not an image")
    check(run(scans, "--unit", "line", "--model", model), out="aa\n\nbb\n\nab\n")


def test_page_is_read(scans: Path, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_reader, "LineReader", lambda *_, **__: NumberingReader())
    page = save(scans / "page.png", draw_page())
    check(run(page, "--model", model, "--threads", "1"), out=TEXT)


def test_json_on_standard_output(scans: Path, model: str) -> None:
    file = save(scans / "1.png", draw_bars("ab", scale=2))
    missing = scans / "2.png"
    result = run(file, missing, "--unit", "line", "--model", model, "--format", "json")
    assert result.exit_code == 1
    content = json.loads(result.stdout)
    assert list(content) == ["model", "schema", "pages", "errors"]
    assert content["model"] == {"name": "tiny", "version": "1"}
    assert content["schema"] == 1
    (page,) = content["pages"]
    assert (page["file"], page["page"], page["text"]) == (file, 1, "ab")
    assert page["lines"][0]["words"][0]["text"] == "ab"
    sentence = f"{missing} does not exist: check the name."
    assert content["errors"] == [{"file": str(missing), "page": None, "message": sentence}]
    assert result.stderr == sentence + "\n"


def test_output_folder_gets_a_file_for_each_input(scans: Path, model: str, tmp_path: Path) -> None:
    inner = scans / "inner"
    inner.mkdir()
    files = [
        save(scans / "x.png", draw_bars("aa")),
        save(scans / "x.bmp", draw_bars("bb")),
        save(inner / "x.png", draw_bars("ab")),
        save(scans / "y.png", draw_bars("ba")),
    ]
    out = tmp_path / "new" / "out"
    check(run(*files, "--unit", "line", "--model", model, "--output", out))
    written = {path.name: path.read_text(encoding="utf-8") for path in out.iterdir()}
    assert written == {"x.txt": "aa\n", "x-2.txt": "bb\n", "x-3.txt": "ab\n", "y.txt": "ba\n"}


def test_output_in_json_keeps_the_errors_of_its_file(
    scans: Path, model: str, tmp_path: Path
) -> None:
    path = scans / "a.tiff"
    frames = [Image.fromarray(draw_bars(text)) for text in ("ab", "ba")]
    frames[0].save(path, save_all=True, append_images=frames[1:], compression="tiff_deflate")
    damage_last_page(path)
    out = tmp_path / "out"
    options = ("--unit", "line", "--model", model, "--format", "json", "--output", out)
    result = run(path, *options)
    assert result.exit_code == 1
    content = json.loads((out / "a.json").read_text(encoding="utf-8"))
    assert [page["text"] for page in content["pages"]] == ["ab"]
    (error,) = content["errors"]
    assert (error["file"], error["page"]) == (str(path), 2)
    assert error["message"] + "\n" == result.stderr
    assert error["message"].startswith(f"{path} is a damaged or cut-off TIFF file on page 2 (")


def damage_last_page(path: Path) -> None:
    with Image.open(path) as picture:
        picture.seek(1)
        offset = picture.tag_v2[273][0]  # type: ignore[attr-defined]
    data = bytearray(path.read_bytes())
    data[offset : offset + 8] = b"\xff" * 8
    path.write_bytes(data)


def test_existing_output_is_kept(scans: Path, model: str, tmp_path: Path) -> None:
    file, kept = save(scans / "a.png", draw_bars("ab")), tmp_path / "a.txt"
    kept.write_text("mine")
    options = ("--unit", "line", "--model", model, "--output", tmp_path)
    sentence = f"{file} was not read because {kept} exists: replace it with --overwrite.\n"
    check(run(file, *options), err=sentence, code=1)
    assert kept.read_text() == "mine"
    check(run(file, *options, "--overwrite"))
    assert kept.read_text() == "ab\n"


@pytest.mark.parametrize(("format", "suffix"), [("html", ".html"), ("page", ".xml")])
def test_formats_of_one_page_get_a_file_for_each_page(
    format: str, suffix: str, scans: Path, model: str, tmp_path: Path
) -> None:
    frames = [Image.fromarray(draw_bars(text)) for text in ("ab", "ba", "bb")]
    many = scans / "many.tiff"
    frames[0].save(many, save_all=True, append_images=frames[1:], compression="tiff_deflate")
    damage_last_page(many)  # the middle one is read all the same
    single = save(scans / "one.png", draw_bars("aa"))
    out = tmp_path / "out"
    (out / f"many-1{suffix}").mkdir(parents=True)
    options = ("--unit", "line", "--model", model, "--format", format, "--output", out)
    result = run(many, single, *options)
    assert result.exit_code == 1
    exists, damaged = result.stderr.splitlines()
    assert exists == (
        f"{many} was not read because {out / f'many-1{suffix}'} exists: "
        "replace it with --overwrite."
    )
    assert damaged.startswith(f"{many} is a damaged or cut-off TIFF file on page 2 (")
    written = {path.name: path.read_text("utf-8") for path in out.iterdir() if path.is_file()}
    assert written.keys() == {f"many-3{suffix}", f"one{suffix}"}
    assert "bb" in written[f"many-3{suffix}"]
    assert "aa" in written[f"one{suffix}"]


def test_html_shows_the_image(scans: Path, model: str, tmp_path: Path) -> None:
    file, out = save(scans / "a.png", draw_bars("ab")), tmp_path / "out"
    options = ("--unit", "line", "--model", model, "--format", "html", "--output", out)
    check(run(file, *options))
    assert "data:image/jpeg;base64," in (out / "a.html").read_text("utf-8")


@pytest.mark.parametrize("format", ["html", "page"])
def test_formats_of_one_page_need_a_folder(format: str, scans: Path, model: str) -> None:
    file = save(scans / "a.png", draw_bars("ab"))
    sentence = f"The format {format} writes a file for each page: give a folder by --output.\n"
    check(run(file, "--model", model, "--format", format), err=sentence, code=2)


def test_output_that_is_a_file(scans: Path, model: str) -> None:
    file = save(scans / "a.png", draw_bars("ab"))
    sentence = f"{file} is a file: give a folder to write to.\n"
    check(run(file, "--model", model, "--output", file), err=sentence, code=2)


def test_failed_input_leaves_no_output(scans: Path, model: str, tmp_path: Path) -> None:
    path = scans / "a.jpg"
    save(path, draw_page())
    path.write_bytes(path.read_bytes()[:3000])
    out = tmp_path / "out"
    assert run(path, "--model", model, "--output", out).exit_code == 1
    assert list(out.iterdir()) == []


# Bad input: one sentence that names the file, the others are read, exit code 1.


def check_sentence(path: Path, sentence: str, model: str) -> None:
    """What a bad input must give, and that an input behind it is still read."""
    good = path.parent / "good.png"
    save(good, draw_bars("ab"))
    result = run(path, good, "--unit", "line", "--model", model)
    check(result, out="ab\n", err=sentence + "\n", code=1)


def test_missing_file(scans: Path, model: str) -> None:
    path = scans / "missing.png"
    check_sentence(path, f"{path} does not exist: check the name.", model)


def test_empty_folder(scans: Path, model: str) -> None:
    path = scans / "empty"
    path.mkdir()
    check_sentence(path, f"{path} holds no {FORMATS} files: name a folder that does.", model)


def test_file_without_bytes(scans: Path, model: str) -> None:
    path = scans / "a.png"
    path.touch()
    sentence = f"{path} is empty (0 bytes): copy it again from where it came from."
    check_sentence(path, sentence, model)


def test_cut_off_jpeg(scans: Path, model: str) -> None:
    path = scans / "a.jpg"
    save(path, draw_page())
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(OSError) as caught, Image.open(path) as picture:
        picture.load()
    sentence = f"{path} is a damaged or cut-off JPEG file ({caught.value}): copy or scan it again."
    check_sentence(path, sentence, model)


def test_text_called_png(scans: Path, model: str) -> None:
    path = scans / "a.png"
    path.write_text("Dear reader")
    sentence = f"{path} is not a {FORMATS} file: convert it to one of these first."
    check_sentence(path, sentence, model)


def test_too_many_pixels(scans: Path, model: str) -> None:
    path = scans / "a.png"
    save(path, blank_page(100, 300))
    result = run(path, "--model", model, "--max-pixels", "29999")
    sentence = (
        f"{path} has 300 x 100 pixels, over the limit of 29999: "
        "make it smaller or raise the limit with --max-pixels.\n"
    )
    check(result, err=sentence, code=1)


def test_line_that_is_too_wide(scans: Path, model: str) -> None:
    path = scans / "a.png"
    save(path, np.full((8, 8000), 200, np.uint8))
    sentence = (
        f"{path}, page 1: Line 1 of 1: A line image 35200 columns wide is over the limit of 30000."
    )
    check_sentence(path, sentence, model)


def test_fault_of_the_program_does_not_stop_the_others(
    scans: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = scans / "a.png"
    save(path, draw_bars("aaa"))
    read_page = Recognizer.read_page

    def fails(self: Recognizer, page_image: object, **options: object) -> object:
        if page_image.file == str(path):  # type: ignore[attr-defined]
            raise ValueError("a bug")
        return read_page(self, page_image, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Recognizer, "read_page", fails)
    sentence = (
        f"{path}, page 1, could not be read because of a fault in this program "
        "(ValueError: a bug): please report it."
    )
    check_sentence(path, sentence, model)


def test_damaged_model(scans: Path, model: str) -> None:
    file = save(scans / "a.png", draw_bars("ab"))
    network = Path(model) / "model.onnx"
    network.write_bytes(network.read_bytes()[:-1])
    sentence = (
        f"{network} is damaged or of another model, its SHA-256 is not that of manifest.json: "
        "copy the whole model folder again.\n"
    )
    check(run(file, "--model", model), err=sentence, code=1)


def test_swapped_model(scans: Path, model: str, tmp_path: Path) -> None:
    file = save(scans / "a.png", draw_bars("ab"))
    other = write_tiny_bundle(tmp_path / "other", network=b"another network")
    network = Path(model) / "model.onnx"
    network.write_bytes(other.network_path.read_bytes())
    sentence = (
        f"{network} is damaged or of another model, its SHA-256 is not that of manifest.json: "
        "copy the whole model folder again.\n"
    )
    check(run(file, "--model", model), err=sentence, code=1)


def test_missing_model(scans: Path) -> None:
    file = save(scans / "a.png", draw_bars("ab"))
    missing = scans / "model"
    sentence = f"{missing} does not exist: give the folder of a model.\n"
    check(run(file, "--model", missing), err=sentence, code=1)


# Blank and tiny: no lines, and nothing is wrong.


@pytest.mark.parametrize("unit", ["page", "line"])
@pytest.mark.parametrize(
    "image",
    [blank_page(), np.zeros((300, 300), np.uint8), np.full((1, 1), 255, np.uint8)],
    ids=["blank", "black", "tiny"],
)
def test_nothing_written(scans: Path, model: str, image: NDArray[np.uint8], unit: str) -> None:
    file = save(scans / "a.png", image)
    check(run(file, "--unit", unit, "--model", model))


@pytest.mark.parametrize("image", [blank_page(), np.full((3, 3), 255, np.uint8)])
def test_nothing_written_in_json(scans: Path, model: str, image: NDArray[np.uint8]) -> None:
    file = save(scans / "a.png", image)
    result = run(file, "--model", model, "--format", "json")
    assert (result.stderr, result.exit_code) == ("", 0)
    content = json.loads(result.stdout)
    assert (content["pages"][0]["lines"], content["errors"]) == ([], [])


def test_paragraphs(scans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = write_tiny_paragraphs(tmp_path / "paragraphs").folder
    file = save(scans / "a.png", draw_paragraph(0.25))
    check(run(file, "--unit", "paragraph", "--model", model), out="ab\n")
    for format in ("json", "page", "html"):
        options = ("--format", format, "--output", tmp_path / format)
        check(run(file, "--unit", "paragraph", "--model", model, *options))
        (written,) = (tmp_path / format).iterdir()
        assert "ab" in written.read_text(encoding="utf-8")
    check(run(file, "--unit", "paragraph", "--model", model, "--beam", "3"), out="ab\n")
    check(run(file, "--beam", "3"), err="--beam and --no-guard are for --unit paragraph.\n", code=2)
    monkeypatch.chdir(tmp_path)
    result = run(file, "--unit", "paragraph")
    assert result.exit_code == 1 and result.stdout == ""
    assert result.stderr.startswith("There is no model for paragraphs: train one with")


def test_a_paragraph_that_is_too_long_for_the_model_is_named(scans: Path, tmp_path: Path) -> None:
    model = write_tiny_paragraphs(tmp_path / "paragraphs").folder
    file = save(scans / "a.png", draw_paragraph(0.75))
    arguments = (file, "--unit", "paragraph", "--model", model, "--no-guard")
    result = run(*arguments, "--format", "json")
    (error,) = json.loads(result.stdout)["errors"]
    assert error["message"] == f"{result.stderr[:-1]}"
    assert result.stderr.startswith(f"{file}, page 1: the text is not complete. It is longer than")
    assert json.loads(result.stdout)["pages"][0]["text"].startswith("ba\nbbb")
    assert result.exit_code == 1


# Wrong usage: exit code 2.


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ([], "PATH"),
        (["a.png", "--format", "word"], "--format"),
        (["a.png", "--unit", "letter"], "--unit"),
        (["a.png", "--threads", "0"], "--threads"),
        (["a.png", "--max-pixels", "0"], "--max-pixels"),
        (["a.png", "--colour"], "--colour"),
    ],
)
def test_wrong_usage(arguments: list[str], named: str) -> None:
    result = run(*arguments)
    assert (result.stdout, result.exit_code) == ("", 2)
    usage, *_, problem = result.stderr.splitlines()
    assert usage.startswith("Usage: text-recognizer read ")
    assert problem.startswith("Error: ") and named in problem
