"""Lines set in fonts, and what they say."""

import gzip
import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import ImageFont

from text_recognizer.errors import InputError
from text_recognizer.synthesis import (
    ACCEPTED_FACES,
    Face,
    StrokeStyle,
    draw_text,
    join_words,
    load_faces,
    load_passages,
    write_line,
)
from text_recognizer.synthesis.paper import PaperStyle
from text_recognizer.synthesis.sentences import to_ascii

PLAIN = StrokeStyle(x_height=18.0, paper=PaperStyle(brightness=1.0, grain=0.0))
PASSAGES = ["The quick brown fox jumps over the lazy dog near the river bank.", "Well, yes!"]


@pytest.fixture
def face(tmp_path: Path) -> Face:
    """The font that comes with Pillow, under the name of an accepted face."""
    built_in = ImageFont.load_default(20)
    assert isinstance(built_in, ImageFont.FreeTypeFont)
    assert isinstance(built_in.path, io.BytesIO)
    (tmp_path / "caveat.ttf").write_bytes(built_in.path.getvalue())
    (tmp_path / "notes.txt").write_text("no font")
    return load_faces(tmp_path)[0]


def test_faces_are_found_by_name(face: Face) -> None:
    folder = face.path.parent
    assert [found.name for found in load_faces(folder)] == ["caveat"]
    (folder / "other.ttf").write_bytes(face.path.read_bytes())
    assert [found.name for found in load_faces(folder)] == ["caveat"]
    assert [found.name for found in load_faces(folder, names=None)] == ["caveat", "other"]


def test_folders_without_fonts_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="install_fonts"):
        load_faces(tmp_path)
    with pytest.raises(InputError, match="missing is not a folder"):
        load_faces(tmp_path / "missing")
    (tmp_path / "kalam.woff").write_bytes(b"not a font")
    with pytest.raises(InputError, match=r"kalam\.woff"):
        load_faces(tmp_path)


def test_the_task_installs_the_accepted_faces() -> None:
    script = Path(__file__).parents[2] / "tasks" / "install_fonts.sh"
    listed = re.search(r"faces=\(([^)]*)\)", script.read_text(encoding="utf-8"))
    assert listed is not None
    assert tuple(listed.group(1).split()) == ACCEPTED_FACES


def test_missing_glyphs_are_noticed(face: Face) -> None:
    assert face.can_draw("Plain text, 100 % (ASCII)!")
    assert not face.can_draw("\u6f22")


def ink_columns(image: np.ndarray) -> np.ndarray:
    return np.flatnonzero(image.min(axis=0) < 128)


def test_x_height_is_met(face: Face) -> None:
    image = draw_text("xxzx", face, np.random.default_rng(0), PLAIN)
    rows = np.flatnonzero(image.min(axis=1) < 128)
    assert rows[-1] - rows[0] + 1 == pytest.approx(18.0, abs=3.0)


def test_all_words_are_drawn_in_the_frame(face: Face) -> None:
    short, long = (
        draw_text(text, face, np.random.default_rng(0), PLAIN)
        for text in ("lllll", "lllll lllll lllll")
    )
    assert long.shape[1] > 2.7 * short.shape[1]
    for seed in range(20):
        rng = np.random.default_rng(seed)
        image = draw_text("Glyphs of Judge Fox", face, rng, StrokeStyle.sample(rng, 0.5))
        assert image.shape[0] == 64
        assert image.dtype == np.uint8


def test_gaps_part_words(face: Face) -> None:
    image = draw_text("ll ll", face, np.random.default_rng(0), PLAIN)
    steps = np.diff(ink_columns(image))
    assert (steps > 0.7 * 18).sum() == 1


def test_equal_seeds_give_equal_lines(face: Face) -> None:
    def draw(seed: int) -> np.ndarray:
        rng = np.random.default_rng(seed)
        return draw_text("seed and line", face, rng, StrokeStyle.sample(rng, 1.0))

    assert np.array_equal(draw(7), draw(7))
    assert draw(7).shape != draw(8).shape or not np.array_equal(draw(7), draw(8))


def test_pen_width_follows_the_style(face: Face) -> None:
    def darkness(pen_width: float) -> float:
        style = StrokeStyle(x_height=18.0, pen_width=pen_width, paper=PLAIN.paper)
        return float((255 - draw_text("mill", face, np.random.default_rng(0), style)).mean())

    assert darkness(1.0) < darkness(3.2)


@pytest.mark.parametrize("text", ["", "   "])
def test_nothing_to_draw_is_an_error(face: Face, text: str) -> None:
    with pytest.raises(ValueError, match="draws nothing"):
        draw_text(text, face, np.random.default_rng(0), PLAIN)


def test_word_images_are_joined() -> None:
    word = np.full((64, 60), 250, np.uint8)
    word[24:44, 10:50] = 10
    for seed in range(20):
        image = join_words([word] * 4, np.random.default_rng(seed), PLAIN)
        is_dark = (image.min(axis=0) < 128).astype(np.int8)
        assert np.count_nonzero(np.diff(is_dark, prepend=0) == 1) == 4
        assert image.shape[0] == 64
    with pytest.raises(ValueError, match="at least one word image"):
        join_words([], np.random.default_rng(0), PLAIN)


def test_word_images_of_other_heights_are_scaled() -> None:
    word = np.full((128, 90), 250, np.uint8)
    word[48:88, 10:80] = 10
    image = join_words([word], np.random.default_rng(0), PLAIN)
    rows = np.flatnonzero(image.min(axis=1) < 128)
    assert image.shape[0] == 64
    assert rows[-1] - rows[0] + 1 == pytest.approx(20, abs=2)


def test_blank_word_images_leave_paper() -> None:
    blank = np.full((64, 30), 255, np.uint8)
    assert (join_words([blank], np.random.default_rng(0), PLAIN) > 240).all()


def test_lines_of_prose_are_windows_of_whole_words() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        line = write_line(PASSAGES, rng, prose=1.0, max_characters=20)
        assert len(line) <= 20
        words = line.lower().split()
        assert any(" ".join(words) in " ".join(p.lower().split()) for p in PASSAGES)


def test_lines_hold_what_prose_lacks() -> None:
    rng = np.random.default_rng(0)
    lines = [write_line(PASSAGES, rng, prose=0.0) for _ in range(600)]
    together = " ".join(lines)
    assert set("0123456789@$%#/()&:+=*-.,'") <= set(together)
    assert {"January", "Street"} <= set(re.findall(r"\w+", together))
    assert all(" " <= c <= "~" for c in together)
    assert all(line == " ".join(line.split()) for line in lines)
    assert lines == [write_line(PASSAGES, r, prose=0.0) for r in [np.random.default_rng(0)]
                     for _ in range(600)]  # fmt: skip


def test_passages_are_read_plain_and_packed(tmp_path: Path) -> None:
    text = "\u201cYes\u201d \u2014 she said \u2026\n\nNo\ncaf\u00e9 au lait\n"
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(text.encode()))
    expected = ['"Yes" - she said ...', "caf au lait"]
    assert load_passages(tmp_path / "a.txt") == expected
    assert load_passages(tmp_path / "a.txt.gz") == expected
    assert to_ascii("it\u2019s\u00a0 so") == "it's so"


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"\n\n"])
def test_unreadable_texts_are_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "prose.txt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"prose\.txt"):
        load_passages(path)
    with pytest.raises(InputError, match=r"gone\.txt"):
        load_passages(tmp_path / "gone.txt")
