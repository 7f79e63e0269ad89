"""Paragraphs read as a whole: the networks' texts, batches, the guard, what is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny_bundles import write_tiny_bundle
from tiny_paragraphs import MAX_LENGTH, draw_paragraph, write_tiny_paragraphs

from text_recognizer import Recognizer
from text_recognizer.bundle import Bundle
from text_recognizer.errors import BundleError, InputError, OptionError
from text_recognizer.paragraph_reader import ParagraphReader, load_paragraph_reader

LIGHT, DARK = draw_paragraph(0.25), draw_paragraph(0.75)
BLANK = np.full((50, 50), 230, np.uint8)


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return write_tiny_paragraphs(tmp_path / "tiny")


def test_texts_of_images(bundle: Bundle) -> None:
    reader = ParagraphReader(bundle, guarded=False)
    light, blank, dark = reader.read([LIGHT, BLANK, DARK])
    assert (light.text, light.is_complete) == ("ab", True)
    assert (blank.lines, blank.text) == ((), "")
    assert (dark.text, dark.is_complete) == ("ba\n" + "b" * (MAX_LENGTH - 5), False)
    confidences = [line.confidence for line in (*light.lines, *dark.lines)]
    assert confidences == [pytest.approx(0.98, abs=0.01)] * 3


@pytest.mark.parametrize("beam", [1, 3])
def test_an_image_reads_the_same_in_any_batch(bundle: Bundle, beam: int) -> None:
    reader = ParagraphReader(bundle, beam=beam)
    together = reader.read([DARK, LIGHT, DARK])
    alone = [reader.read([image])[0] for image in (DARK, LIGHT, DARK)]
    assert [own.text for own in together] == [own.text for own in alone]


def test_a_beam_finds_what_is_likeliest_of_all(bundle: Bundle) -> None:
    """Ends that are reached early, and are unlikely, do not win."""
    for beam in (2, 5, 50):
        readings = ParagraphReader(bundle, beam=beam, guarded=False).read([LIGHT, DARK])
        assert [own.text for own in readings] == ["ab", "ba\n" + "b" * (MAX_LENGTH - 5)]
    with pytest.raises(OptionError, match="length_weight and coverage_weight are at least 0"):
        ParagraphReader(bundle, length_weight=-1.0)
    with pytest.raises(OptionError, match="length_weight and coverage_weight are at least 0"):
        ParagraphReader(bundle, coverage_weight=-1.0)


def test_the_guard_ends_what_repeats_itself(bundle: Bundle) -> None:
    """What goes round is read another way: the next likeliest after the first round is the end."""
    (dark,) = ParagraphReader(bundle).read([DARK])
    assert (dark.text, dark.is_complete) == ("ba\nb", True)


def test_large_images_are_scaled(bundle: Bundle) -> None:
    reader = ParagraphReader(bundle)
    assert reader.canvas == (8, 16)
    for scale in (1, 3, 40):
        assert reader.read([draw_paragraph(0.25, scale=scale)])[0].text == "ab"


def test_a_page_of_one_region(bundle: Bundle) -> None:
    recognizer = Recognizer(bundle.folder, unit="paragraph")
    (page,) = recognizer.read(DARK)
    assert page.text == "ba\nb" and (page.width, page.height) == (160, 80)
    first, second = page.lines
    assert (first.id, second.id) == ("l1", "l2") and first.baseline == ()
    assert first.polygon == page.regions[0].polygon == ((0, 0), (160, 0), (160, 80), (0, 80))
    assert recognizer.model == ("tiny", "1")
    (empty,) = recognizer.read(BLANK)
    assert empty.regions == ()
    (tiny,) = recognizer.read(np.zeros((3, 90), np.uint8))
    assert tiny.regions == ()


def test_a_recogniser_of_lines_reads_no_paragraphs(bundle: Bundle, tmp_path: Path) -> None:
    recognizer = Recognizer(write_tiny_bundle(tmp_path / "line").folder, language_model="none")
    with pytest.raises(OptionError, match="^To read paragraphs, make the recogniser with unit="):
        list(recognizer.read(LIGHT, unit="paragraph"))
    of_paragraphs = Recognizer(bundle.folder, unit="paragraph")
    with pytest.raises(OptionError, match="^A recogniser of paragraphs reads no lines.$"):
        list(of_paragraphs.read(LIGHT, unit="line"))
    with pytest.raises(OptionError, match="^Paragraphs are read without finder, language model"):
        Recognizer(bundle.folder, unit="paragraph", lexicon="words.txt")


def test_without_a_model_the_way_to_one_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BundleError, match="^There is no model for paragraphs: .*ResnetTransformer"):
        load_paragraph_reader()
    with pytest.raises(BundleError, match="nowhere"):
        load_paragraph_reader("nowhere")
    write_tiny_paragraphs(tmp_path / "artifacts" / "paragraph_text_recognizer")
    assert load_paragraph_reader().read([LIGHT])[0].text == "ab"


def test_bundles_that_promise_something_else(bundle: Bundle, tmp_path: Path) -> None:
    line = write_tiny_bundle(tmp_path / "line")
    with pytest.raises(BundleError, match="is a line model and a paragraph model is needed"):
        load_paragraph_reader(line.folder)
    fewer = replace(bundle, manifest=replace(bundle.manifest, symbols=("a", "b")))
    with pytest.raises(BundleError, match=r"decoder_step.onnx has .*scores \(\*, 4\)"):
        ParagraphReader(fewer)
    other = replace(bundle, manifest=replace(bundle.manifest, input_normalisation="other"))
    with pytest.raises(BundleError, match="is a paragraph model for 'other' images"):
        ParagraphReader(other)
    with pytest.raises(BundleError, match="^max_length must be at least 2, not 0$"):
        replace(bundle.manifest, max_length=0)


def test_an_image_without_pixels(bundle: Bundle) -> None:
    with pytest.raises(InputError, match="needs two dimensions and some pixels"):
        ParagraphReader(bundle).read([np.zeros((0, 5), np.uint8)])
