import io
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from drawn_pages import draw_page
from PIL import Image

from text_recognizer.errors import InputError, OptionError
from text_recognizer.loading import FORMATS, PDF_DPI, Limits, find_files, open_pages

PAGE = draw_page()


def encoded(format: str, **options: object) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(PAGE).save(stream, format, **options)  # type: ignore[arg-type]
    return stream.getvalue()


def pdf(*sizes: tuple[int, int]) -> bytes:
    document = pypdfium2.PdfDocument.new()
    for width, height in sizes:
        document.new_page(width, height)
    stream = io.BytesIO()
    document.save(stream)
    document.close()
    return stream.getvalue()


def message(call: Callable[[], object]) -> str:
    with pytest.raises(InputError) as caught:
        call()
    return str(caught.value)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "TIFF", "WebP", "BMP"])
def test_format_goes_by_content(format: str, tmp_path: Path) -> None:
    path = tmp_path / "page.dat"
    path.write_bytes(encoded(format))
    (page,) = open_pages(path)
    assert (page.file, page.number, page.dpi) == (str(path), 1, None)
    assert np.abs(page.read().astype(int) - PAGE).mean() < 3


def test_bytes_array_and_picture_are_sources() -> None:
    for source in (encoded("PNG"), PAGE, Image.fromarray(PAGE)):
        (page,) = open_pages(source, name="given")
        assert page.file == "given"
        assert np.array_equal(page.read(), PAGE)


def test_another_source_is_refused() -> None:
    with pytest.raises(OptionError, match="^An image is a path, bytes, an array or a Pillow"):
        open_pages(3)  # type: ignore[arg-type]


def test_pages_of_a_tiff_without_its_thumbnail() -> None:
    frames = [Image.fromarray(np.full((20, 30 + n), 200, np.uint8)) for n in range(3)]
    stream = io.BytesIO()
    frames[1].encoderinfo = {"tiffinfo": {254: 1}}  # a reduced copy of another page
    frames[0].save(stream, "TIFF", save_all=True, append_images=frames[1:])
    pages = open_pages(stream.getvalue(), name="scan")
    assert [page.number for page in pages] == [1, 2]
    assert [page.read().shape[1] for page in pages] == [30, 32]


def test_colour_jpeg_in_cmyk() -> None:
    stream = io.BytesIO()
    Image.fromarray(PAGE).convert("CMYK").save(stream, "JPEG", quality=95)
    (page,) = open_pages(stream.getvalue())
    assert np.abs(page.read().astype(int) - PAGE).mean() < 5


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_sixteen_bits_a_pixel(format: str) -> None:
    stream = io.BytesIO()
    Image.fromarray(PAGE.astype(np.uint16) * 257).save(stream, format)
    (page,) = open_pages(stream.getvalue())
    assert np.abs(page.read().astype(int) - PAGE).max() <= 1


@pytest.mark.parametrize("format", ["WebP", "PNG"])
def test_of_an_animation_the_first_picture_is_read(format: str) -> None:
    other = Image.fromarray(255 - PAGE)
    stream = io.BytesIO()
    Image.fromarray(PAGE).save(
        stream, format, save_all=True, append_images=[other], duration=100, lossless=True
    )
    (page,) = open_pages(stream.getvalue())
    assert np.array_equal(page.read(), PAGE)


def test_a_bad_page_of_a_tiff_leaves_the_others() -> None:
    frames = [Image.fromarray(np.full((200, 300), 60 * n, np.uint8)) for n in (1, 2, 3)]
    stream = io.BytesIO()
    frames[0].save(
        stream, "TIFF", save_all=True, append_images=frames[1:], compression="tiff_deflate"
    )
    data = bytearray(stream.getvalue())
    with Image.open(io.BytesIO(data)) as picture:
        picture.seek(1)
        start, size = picture.tag_v2[273][0], picture.tag_v2[279][0]  # type: ignore[attr-defined]
    data[start : start + size] = b"\xff" * size
    first, second, third = open_pages(bytes(data), name="scan.tif")
    assert first.read().shape == third.read().shape == (200, 300)
    assert "scan.tif is a damaged or cut-off TIFF file on page 2" in message(second.read)


def test_inverted_image_is_read_as_dark_ink() -> None:
    stream = io.BytesIO()
    Image.fromarray(255 - PAGE).save(stream, "PNG")
    (page,) = open_pages(stream.getvalue())
    assert np.array_equal(page.read(), PAGE)


def test_pages_of_a_pdf_at_200_dots_an_inch() -> None:
    pages = open_pages(pdf((72, 144), (360, 72)), name="a.pdf")
    assert [(page.number, page.dpi) for page in pages] == [(1, PDF_DPI), (2, PDF_DPI)]
    assert [page.read().shape for page in pages] == [(400, 200), (200, 1000)]


def test_pages_are_decoded_only_when_read() -> None:
    good, cut = encoded("JPEG"), encoded("JPEG")[:2000]
    assert len(open_pages(good)) == len(open_pages(cut, name="cut.jpg")) == 1


def test_missing_file() -> None:
    assert message(lambda: open_pages("no.png")) == "no.png does not exist: check the name."


def test_folder_is_no_file(tmp_path: Path) -> None:
    assert message(lambda: open_pages(tmp_path)) == f"{tmp_path} is a folder: name a file in it."


def test_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.touch()
    expected = f"{path} is empty (0 bytes): copy it again from where it came from."
    assert message(lambda: open_pages(path)) == expected


def test_text_called_png(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_text("Dear reader")
    expected = f"{path} is not a {FORMATS} file: convert it to one of these first."
    assert message(lambda: open_pages(path)) == expected


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WebP", "TIFF", "BMP"])
def test_cut_off_image(format: str) -> None:
    data = encoded(format)
    text = message(lambda: open_pages(data[: len(data) // 2], name="a")[0].read())
    assert text.startswith(f"a is a damaged or cut-off {format} file (")
    assert text.endswith("): copy or scan it again.")


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WebP", "TIFF", "BMP"])
def test_altered_bytes_give_a_page_or_an_input_error(format: str) -> None:
    data = np.frombuffer(encoded(format), np.uint8)
    rng = np.random.default_rng(0)
    for _ in range(60):
        altered = data.copy()
        places = rng.integers(4, len(data), 8)
        places[:4] = rng.integers(4, 200, 4)  # headers, mostly
        altered[places] = rng.integers(0, 256, 8)
        try:
            for page in open_pages(altered.tobytes(), limits=Limits(max_pixels=1_000_000)):
                page.read()
        except InputError:
            pass


def test_damaged_pdf() -> None:
    text = message(lambda: open_pages(b"%PDF-1.4 and no more", name="a.pdf"))
    assert text.startswith("a.pdf is a damaged or cut-off PDF file (")


def test_pdf_with_a_password() -> None:
    # Standard security handler, revision 2, with a user password; never decrypted.
    objects = (
        b"1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
        b"3 0 obj<</Filter/Standard/V 1/R 2/P -4/O<" + b"11" * 32 + b">/U<" + b"22" * 32 + b">>>"
        b"endobj\n"
    )
    trailer = b"trailer<</Root 1 0 R/Encrypt 3 0 R/ID[<00><00>]/Size 4>>\n"
    data = b"%PDF-1.4\n" + objects + trailer + b"%%EOF"
    expected = "a.pdf is a PDF with a password: save it without one first."
    assert message(lambda: open_pages(data, name="a.pdf")) == expected


def test_byte_limit() -> None:
    limits = Limits(max_bytes=100)
    expected = "a is larger than 100 bytes: split it."
    assert message(lambda: open_pages(encoded("PNG"), name="a", limits=limits)) == expected


def test_page_limit() -> None:
    limits = Limits(max_pages=1)
    expected = "a has 2 pages, over the limit of 1: split it."
    data = pdf((72, 72), (72, 72))
    assert message(lambda: open_pages(data, name="a", limits=limits)) == expected


def test_pixel_limit_is_checked_before_decoding() -> None:
    height, width = PAGE.shape
    limits = Limits(max_pixels=width * height - 1)
    (page,) = open_pages(encoded("PNG"), name="a", limits=limits)
    assert message(page.read) == (
        f"a has {width} x {height} pixels, over the limit of {width * height - 1}: "
        "make it smaller or raise the limit with --max-pixels."
    )


def test_pixel_limit_of_a_pdf_page() -> None:
    (page,) = open_pages(pdf((72, 72)), name="a", limits=Limits(max_pixels=39_999))
    assert message(page.read).startswith("a has 200 x 200 pixels, over the limit of 39999:")


def test_image_that_claims_to_be_huge_is_not_decoded() -> None:
    def chunk(kind: bytes, content: bytes) -> bytes:
        crc = zlib.crc32(kind + content).to_bytes(4, "big")
        return len(content).to_bytes(4, "big") + kind + content + crc

    size = (60_000).to_bytes(4, "big") * 2
    header = chunk(b"IHDR", size + bytes([8, 0, 0, 0, 0]))
    data = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    (page,) = open_pages(data, name="bomb")
    assert message(page.read).startswith("bomb has 60000 x 60000 pixels, over the limit of 200")


def test_limits_are_at_least_one() -> None:
    with pytest.raises(OptionError, match=r"^max_pages must be at least 1, not 0\.$"):
        Limits(max_pages=0)


def test_files_of_a_folder(tmp_path: Path) -> None:
    for name, data in (
        ("b.png", encoded("PNG")),
        ("a", encoded("JPEG")),
        ("broken.jpg", b"no image"),
        ("notes.txt", b"no image"),
        (".hidden.png", encoded("PNG")),
    ):
        (tmp_path / name).write_bytes(data)
    (tmp_path / "inner.png").mkdir()
    assert [path.name for path in find_files(tmp_path)] == ["a", "b.png", "broken.jpg"]
    assert find_files(tmp_path / "notes.txt") == [tmp_path / "notes.txt"]


def test_folder_without_images(tmp_path: Path) -> None:
    expected = f"{tmp_path} holds no {FORMATS} files: name a folder that does."
    assert message(lambda: find_files(tmp_path)) == expected


def test_path_that_does_not_exist(tmp_path: Path) -> None:
    missing = tmp_path / "x"
    assert message(lambda: find_files(missing)) == f"{missing} does not exist: check the name."
