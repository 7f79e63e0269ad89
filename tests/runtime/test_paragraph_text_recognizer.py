import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn_pages import NumberingReader, blank_page, draw_page
from PIL import Image
from tiny_bundles import write_tiny_bundle
from tiny_paragraphs import draw_paragraph, write_tiny_paragraphs

import text_recognizer
from text_recognizer import image_source, paragraph_text_recognizer
from text_recognizer.errors import BundleError, InputError
from text_recognizer.paragraph_text_recognizer import ParagraphTextRecognizer

TEXT = "line 1\nline 2\nline 3\nline 4"


def reader() -> ParagraphTextRecognizer:
    return ParagraphTextRecognizer(line_reader=NumberingReader())


def test_path_picture_and_array(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), draw_page())
    for image in (path, str(path), Image.fromarray(draw_page()), draw_page()):
        assert reader().predict(image) == TEXT


def test_inverted_image_at_half_size_as_the_seeds_give_it() -> None:
    small = cv2.resize(255 - draw_page(), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    assert reader().predict(Image.fromarray(small)) == TEXT


def test_address(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "https://a.example/a.png"
    data = cv2.imencode(".png", draw_page())[1].tobytes()
    monkeypatch.setattr(image_source, "fetch", {url: data}.__getitem__)
    assert reader().predict(url) == TEXT


def test_error_names_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_source, "fetch", lambda url: b"<html>")
    with pytest.raises(InputError, match=r"^https://a\.example/ is not a PNG"):
        reader().predict("https://a.example/")


def test_lines_are_the_crops() -> None:
    crops = reader().lines(draw_page())
    assert len(crops) == 4
    assert all(crop.dtype == np.uint8 and crop.min() < 60 for crop in crops)


def test_image_without_writing() -> None:
    assert reader().predict(blank_page()) == ""
    assert reader().lines(blank_page()) == []


def test_pages_are_joined_by_a_blank_line(tmp_path: Path) -> None:
    path = tmp_path / "pages.tiff"
    picture = Image.fromarray(draw_page(["only one line here"]))
    picture.save(path, save_all=True, append_images=[picture])
    assert reader().predict(path) == "line 1\n\nline 2"


def test_a_model_of_paragraphs_reads_without_finding_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was named, and one that lies where it is written to; else, lines are read."""
    folder = write_tiny_paragraphs(tmp_path / "artifacts" / "paragraph_text_recognizer").folder
    assert ParagraphTextRecognizer(folder).predict(draw_paragraph(0.25)) == "ab"
    assert reader().predict(draw_page()) == TEXT
    line = write_tiny_bundle(tmp_path / "line").folder
    assert ParagraphTextRecognizer(line).predict(blank_page()) == ""
    monkeypatch.chdir(tmp_path)
    assert ParagraphTextRecognizer().predict(draw_paragraph(0.25)) == "ab"
    with pytest.raises(BundleError, match="nowhere"):
        ParagraphTextRecognizer("nowhere")


def test_runs_as_a_file_from_anywhere(tmp_path: Path) -> None:
    script = Path(text_recognizer.__file__).parent / "paragraph_text_recognizer.py"
    run = subprocess.run(
        [sys.executable, "-W", "error", str(script), "missing.png"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert run.stdout == ""
    assert len(run.stderr.splitlines()) == 1


def test_program_prints_the_text(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), draw_page())
    monkeypatch.setattr(paragraph_text_recognizer, "ParagraphTextRecognizer", reader)
    assert paragraph_text_recognizer.main([str(path)]) == 0
    assert capsys.readouterr().out == TEXT + "\n"
    assert paragraph_text_recognizer.main(["missing.png"]) == 1
    assert capsys.readouterr().err == "missing.png does not exist: check the name.\n"
