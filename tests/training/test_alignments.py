"""Words of training lines found by a model: cuts in the gaps, doubtful lines, shuffled words."""

from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
from tiny_run import ALPHABET

from text_recognizer.data import DataPaths, HandwritingLines, HandwritingLinesOptions
from text_recognizer.data.alignments import (
    LineAlignment,
    load_alignments,
    save_alignments,
    word_columns,
)
from text_recognizer.data.line_sources import Drawing, cut_words, joined_images
from text_recognizer.errors import InputError
from text_recognizer.ground_truth import LineSample
from text_recognizer.training.options import TrainingOptions


def _scores(path: str) -> np.ndarray:
    """Log-probabilities of a best path, `_` the blank."""
    labels = [0 if c == "_" else ALPHABET.encode(c)[0] for c in path]
    probabilities = np.full((len(path), len(ALPHABET)), 0.01)
    probabilities[np.arange(len(path)), labels] = 0.9
    return np.log(probabilities).astype(np.float32)


def test_words_are_cut_in_the_middle_of_their_gaps() -> None:
    scores = _scores("_a_b__  _c_d_ _e")  # gaps at frames 6 to 7 and 13
    ink = np.ones(160, np.float32)
    ink[84:92] = 0.0  # right of the first blank's frames
    ink[132:136] = 0.1  # the second gap holds a speck everywhere, least here
    columns = word_columns(scores, "ab cd e", ALPHABET, ink=ink, columns_per_frame=10.0)
    assert columns == ((0.0, 88.0), (88.0, 134.0), (134.0, 160.0))


def test_alignments_survive_their_file(tmp_path: Path) -> None:
    lines = {"copiste/x-1": LineAlignment(0.125, ((0.0, 12.5), (12.5, 40.0)))}
    save_alignments(tmp_path / "a.json", lines, model="m 1")
    assert load_alignments(tmp_path / "a.json") == lines


@pytest.mark.parametrize("content", ["", "[]", '{"schema": 2, "lines": {}}', '{"schema": 1}'])
def test_a_file_of_another_form_is_named(content: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(InputError, match=r"a.json is not a file of alignments"):
        load_alignments(tmp_path / "a.json")


def test_shuffled_words_show_the_words_they_say() -> None:
    """Each word is a block of its own width, so the ink tells what was drawn."""
    widths = {"a": 10, "b": 30, "c": 50}
    image = np.full((64, 160), 240, np.uint8)
    starts = {"a": 10, "b": 40, "c": 90}
    for word, start in starts.items():
        image[20:44, start : start + widths[word]] = 20
    sample = LineSample("x", "a b c", "s", "d", "eng", "train", partial(np.copy, image))
    words = cut_words(sample, ("a", "b", "c"), ((0, 30), (30, 80), (80, 160)))
    source = joined_images(words, Drawing(0.0))
    rng = np.random.default_rng(3)
    for _ in range(20):
        drawn, text = source.draw(rng, short=False)
        ink = (drawn.min(axis=0) < 128).astype(np.int8)
        runs = np.flatnonzero(np.diff(np.pad(ink, 1))).reshape(-1, 2)
        found = [min(widths, key=lambda w: abs(widths[w] - (b - a))) for a, b in runs.tolist()]
        assert found == text.split()


def _module(options: HandwritingLinesOptions, paths: DataPaths) -> HandwritingLines:
    data = HandwritingLines(options, paths, ALPHABET, height=32, seed=1)
    data.setup("fit")
    return data


def test_doubtful_lines_are_left_out_of_training(
    options: TrainingOptions, line_folder: Path, tmp_path: Path
) -> None:
    name = line_folder.name
    lines = {f"{name}/line-{i}": LineAlignment(0.6 if i < 3 else 0.1, ()) for i in range(20)}
    lines[f"{name}/line-5"] = LineAlignment(0.9, ())  # "fed": too short to be doubted
    save_alignments(tmp_path / "a.json", lines, model="m 1")
    data = _module(options.data, DataPaths(line_folder, alignments=tmp_path / "a.json"))
    assert len(data.sources[name]) == 17
    assert len(data.validation_lines) == 10


def test_doubtful_pen_strokes_are_left_out_of_training(tmp_path: Path) -> None:
    n = 6
    steps = np.tile(np.array([10, 0, 10, 0], np.int16), n)
    np.savez(
        tmp_path / "pen.npz",
        dx=steps,
        dy=steps[::-1].copy(),
        pen_up=np.tile(np.array([0, 0, 0, 1], np.uint8), n),
        offset=np.arange(0, 4 * n + 1, 4, dtype=np.int32),
    )
    rows = [f"p-{i}\ttrain\tw\tabba cafe\teng" for i in range(n)]
    head = "id\tsplit\twriter_or_document\ttext\tlanguage"
    (tmp_path / "pen.tsv").write_text("\n".join([head, *rows]) + "\n")
    lines = {"pen/p-1": LineAlignment(0.6, ()), "pen/p-2": LineAlignment(0.4, ())}
    save_alignments(tmp_path / "a.json", lines, model="m 1")
    options = HandwritingLinesOptions(strength=0.0)
    data = _module(options, DataPaths(tmp_path, alignments=tmp_path / "a.json"))
    assert len(data.sources["pen"]) == n - 1


def test_words_are_shuffled_by_the_recipe(line_folder: Path, tmp_path: Path) -> None:
    """A third of the draws mix words of several lines."""
    name = line_folder.name
    images = {p.stem: cv2.imread(str(p), cv2.IMREAD_GRAYSCALE) for p in line_folder.glob("*.png")}
    lines = {
        f"{name}/{stem}": LineAlignment(0.0, ((0.0, float(image.shape[1])),))
        for stem, image in images.items()
    }
    save_alignments(tmp_path / "a.json", lines, model="m 1")
    options = HandwritingLinesOptions(strength=0.0, shuffled={name: 0.5})
    source = _module(options, DataPaths(line_folder, alignments=tmp_path / "a.json")).sources[name]
    rng = np.random.default_rng(0)
    known = {"abba", "cafe", "bed", "fed", "bag", "ace", "gag"}
    several = [
        text
        for _, text in (source.draw(rng, short=False) for _ in range(100))
        if len(text.split()) > 1 and set(text.split()) <= known
    ]
    assert 25 < len(several) < 75
