from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn_pages import SENTENCES, NumberingReader, blank_page, draw_page, draw_text
from tiny_bundles import draw_bars, write_tiny_bundle

from text_recognizer.errors import BundleError, InputError, OptionError
from text_recognizer.line_reader import LineReading, WordReading
from text_recognizer.loading import Limits, page_image_of
from text_recognizer.recognizer import Recognizer


def test_page_in_page_out() -> None:
    image = draw_page()
    (page,) = Recognizer(line_reader=NumberingReader()).read(image)
    assert page.text == "line 1\nline 2\nline 3\nline 4"
    assert (page.file, page.number, page.dpi, page.turned) == ("", 1, None, 0)
    assert (page.height, page.width) == image.shape
    (region,) = page.regions
    assert (region.id, region.type) == ("r1", "paragraph")
    assert [line.id for line in region.lines] == ["l1", "l2", "l3", "l4"]
    assert all(line.confidence == 0.9 for line in region.lines)


def test_lines_are_given_to_the_reader_together_and_in_order() -> None:
    reader = NumberingReader()
    list(Recognizer(line_reader=reader).read(draw_page()))
    widths = [image.shape[1] for image in reader.images]
    sizes = [cv2.getTextSize(s, cv2.FONT_HERSHEY_SIMPLEX, 1.0, 2)[0][0] for s in SENTENCES]
    assert widths == pytest.approx([size + 40 for size in sizes], abs=20)
    assert all(image.min() < 60 and np.median(image) > 200 for image in reader.images)


def test_words_are_where_they_stand_on_the_page() -> None:
    page = blank_page(200, 700)
    draw_text(page, "aaaa", (50, 100))
    draw_text(page, "bb", (160, 100))

    class Halves(NumberingReader):
        def read(self, images: object, /) -> list[LineReading]:
            (image,) = images  # type: ignore[misc, attr-defined]
            edges = np.flatnonzero((image < 128).any(axis=0))
            gap = int(np.diff(edges).argmax())
            spans = [(edges[0], edges[gap]), (edges[gap + 1], edges[-1])]
            words = tuple(
                WordReading(text, 0.8, float(x0), float(x1))
                for text, (x0, x1) in zip(("aaaa", "bb"), spans, strict=True)
            )
            return [LineReading("aaaa bb", 0.9, (), words)]

    (read,) = Recognizer(line_reader=Halves()).read(page)
    first, second = read.lines[0].words
    assert (first.text, first.confidence, second.text) == ("aaaa", 0.8, "bb")
    assert np.array(first.polygon)[:, 0].max() < 150
    ink = np.argwhere(page[:, 150:] < 128)
    (top, left), (bottom, right) = ink.min(axis=0), ink.max(axis=0)
    xs, ys = np.array(second.polygon).T
    assert (xs.min(), xs.max()) == pytest.approx((150 + left, 150 + right), abs=4)
    assert ys.min() <= top <= bottom <= ys.max()  # as high as the line
    assert np.ptp(ys) < 5 * (bottom - top)  # long letters would have room


def test_columns_become_regions() -> None:
    page = blank_page(300, 1000)
    for n in range(4):
        draw_text(page, "left hand side", (40, 60 + 60 * n))
        draw_text(page, "right column", (600, 60 + 60 * n))
    (read,) = Recognizer(line_reader=NumberingReader()).read(page)
    assert [(region.id, len(region.lines)) for region in read.regions] == [("r1", 4), ("r2", 4)]
    assert read.lines[4].id == "l5"
    assert min(x for x, _ in read.regions[1].polygon) > 500


def test_line_images_are_read_whole() -> None:
    reader = NumberingReader()
    image = draw_bars("ab")
    (page,) = Recognizer(line_reader=reader).read(image, unit="line")
    assert reader.images[0] is image or np.array_equal(reader.images[0], image)
    (line,) = page.lines
    height, width = image.shape
    assert line.polygon == ((0, 0), (width, 0), (width, height), (0, height))


def test_real_model_reads_lines(tmp_path: Path) -> None:
    write_tiny_bundle(tmp_path / "tiny")
    recognizer = Recognizer(tmp_path / "tiny", n_threads=1)
    assert recognizer.model == ("tiny", "1")
    (page,) = recognizer.read(draw_bars("ab ba", scale=2), unit="line")
    assert page.text == "ab ba"
    assert [word.text for word in page.lines[0].words] == ["ab", "ba"]


@pytest.mark.parametrize("unit", ["page", "line"])
@pytest.mark.parametrize("shape", [(1, 1), (4, 700), (7, 7)])
def test_tiny_images_have_no_lines(unit: str, shape: tuple[int, int]) -> None:
    image = np.zeros(shape, np.uint8)
    (page,) = Recognizer(line_reader=NumberingReader()).read(image, unit=unit)  # type: ignore[arg-type]
    assert page.lines == () and page.text == "" and page.regions == ()


def test_blank_page_has_no_lines() -> None:
    (page,) = Recognizer(line_reader=NumberingReader()).read(blank_page())
    assert page.lines == ()


def test_pages_are_read_one_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "pages.tiff"
    from PIL import Image

    pictures = [Image.fromarray(draw_page(SENTENCES[:n])) for n in (1, 2)]
    pictures[0].save(path, save_all=True, append_images=pictures[1:])
    reader = NumberingReader()
    pages = Recognizer(line_reader=reader).read(path)
    assert next(pages).number == 1
    assert len(reader.images) == 1
    assert len(next(pages).lines) == 2


def test_line_that_cannot_be_read_names_the_page() -> None:
    class Refuses(NumberingReader):
        def read(self, images: object, /) -> list[LineReading]:
            raise InputError("Line 1 of 1: it is too long.")

    image = page_image_of(draw_bars("ab"), file="a.png")
    with pytest.raises(InputError, match=r"^a\.png, page 1: Line 1 of 1: it is too long\.$"):
        Recognizer(line_reader=Refuses()).read_page(image, unit="line")


def test_limits_are_passed_on(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), draw_page())
    pages = Recognizer(line_reader=NumberingReader()).read(path, limits=Limits(max_pixels=10))
    with pytest.raises(InputError, match="over the limit of 10"):
        next(pages)


def test_another_unit_is_refused() -> None:
    with pytest.raises(
        OptionError, match=r"^unit must be page or line or paragraph, not 'word'\.$"
    ):
        Recognizer(line_reader=NumberingReader()).cut_lines(blank_page(), unit="word")  # type: ignore[arg-type]


def test_missing_model() -> None:
    with pytest.raises(BundleError, match="^No model is called nobody"):
        Recognizer("nobody")
