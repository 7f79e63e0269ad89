"""Reading drawn bars with a network that is written by hand."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import helper
from tiny_bundles import (
    COLUMN_PX,
    ROW_PX,
    SYMBOLS,
    bar_network,
    draw_bars,
    make_network,
    recurrent_network,
    write_tiny_bundle,
)

from text_recognizer.bundle import Bundle
from text_recognizer.ctc import LabelRun
from text_recognizer.errors import BundleError, InputError, OptionError
from text_recognizer.line_input import MAX_WIDTH
from text_recognizer.line_reader import LineReader, letter_edges


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return write_tiny_bundle(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def reader(bundle: Bundle) -> LineReader:
    return LineReader(bundle, n_threads=1)


def test_lines_are_read_in_the_order_given(reader: LineReader) -> None:
    texts = ["ab", "b" * 40, "a", "ba ab", "a" * 12, "bb aa", "a" * 41]
    readings = reader.read([draw_bars(text) for text in texts])
    assert [reading.text for reading in readings] == texts


def test_no_lines_give_no_readings(reader: LineReader) -> None:
    assert reader.read([]) == []
    assert reader.scores([]) == []


@pytest.mark.parametrize("scale", [2, 3])
def test_the_height_of_the_given_image_does_not_matter(reader: LineReader, scale: int) -> None:
    (reading,) = reader.read([draw_bars("ab ba", scale=scale)])
    assert reading.text == "ab ba"


def test_a_line_reads_the_same_in_any_company(bundle: Bundle) -> None:
    texts = ["ab", "b a", "a", "bbb", "aba"]
    images = [draw_bars(text) for text in texts]
    together = LineReader(bundle, n_threads=1).read(images)
    in_pairs = LineReader(bundle, n_threads=1, max_batch_columns=128).read(images)
    alone = [LineReader(bundle, n_threads=1).read([image])[0] for image in images]
    assert [r.text for r in together] == texts
    for one, two, three in zip(together, in_pairs, alone, strict=True):
        assert one.text == two.text == three.text
        assert one.confidence == pytest.approx(two.confidence, abs=1e-4)
        assert one.confidence == pytest.approx(three.confidence, abs=1e-4)


def test_scores_of_a_recurrent_network_do_not_depend_on_the_batch(tmp_path: Path) -> None:
    bundle = write_tiny_bundle(tmp_path / "m", network=recurrent_network())
    images = [draw_bars(text) for text in ("ab", "b a", "a" * 20, "bbb", "aba", "b" * 21)]
    reader = LineReader(bundle, n_threads=1)
    for together, image in zip(reader.scores(images), images, strict=True):
        assert np.abs(together - reader.scores([image])[0]).max() < 1e-4


def test_batches_hold_lines_of_one_padded_width_up_to_the_limit(
    reader: LineReader, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = LineReader(bundle, n_threads=1, max_batch_columns=128)
    shapes: list[tuple[int, ...]] = []
    run = small._run

    def noted(batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        shapes.append(batch.shape)
        return run(batch)

    monkeypatch.setattr(small, "_run", noted)
    small.read([draw_bars("a" * n) for n in (1, 2, 3, 8, 40)])
    assert shapes == [(1, 32, 384), (1, 32, 128), (2, 32, 64), (1, 32, 64)]


def test_scores_are_log_probabilities_of_the_padded_line(reader: LineReader) -> None:
    wide, narrow = reader.scores([draw_bars("a" * 12), draw_bars("b")])
    assert wide.shape == (128 // 4, 4)
    assert narrow.shape == (64 // 4, 4)
    assert np.exp(wide).sum(axis=1) == pytest.approx(1.0, abs=1e-5)
    assert narrow.argmax(axis=1).tolist() == [0, 2] + 14 * [0]


def test_confidence_is_the_mean_over_characters(reader: LineReader) -> None:
    image = draw_bars("ab")
    rows, columns = slice(29 * ROW_PX, 32 * ROW_PX), slice(4 * COLUMN_PX, 8 * COLUMN_PX)
    image[rows, columns] = 255  # 5 of its 8 rows are left: still an a, but less like one
    (reading,) = reader.read([image])
    a, b = reading.characters
    assert 0.99 < a.confidence < b.confidence - 1e-3
    assert reading.confidence == pytest.approx((a.confidence + b.confidence) / 2)


def test_temperature_lowers_confidence(reader: LineReader, tmp_path: Path) -> None:
    warm = LineReader(write_tiny_bundle(tmp_path / "warm", temperature=10.0), n_threads=1)
    (cold_reading,), (warm_reading,) = (r.read([draw_bars("ab")]) for r in (reader, warm))
    assert warm_reading.text == cold_reading.text
    assert warm_reading.confidence < cold_reading.confidence - 0.01


def test_characters_stand_where_they_were_drawn(reader: LineReader) -> None:
    (reading,) = reader.read([draw_bars("ab", scale=2)])
    # Bars at columns 80-160 and 240-320 of an image 704 high; 106 columns of reach, at most half
    # way to the next bar.
    assert [(c.char, c.x0, c.x1) for c in reading.characters] == [
        ("a", 0.0, 200.0),
        ("b", 200.0, 400.0),
    ]


def test_words_are_what_stands_between_spaces(reader: LineReader) -> None:
    (reading,) = reader.read([draw_bars("ab a")])
    first, second = reading.words
    a, b, _, last = reading.characters
    assert (first.text, second.text) == ("ab", "a")
    assert (first.x0, first.x1) == (a.x0, b.x1)
    assert first.confidence == pytest.approx(a.confidence * b.confidence)
    assert second.confidence == pytest.approx(last.confidence)


def test_word_confidence_is_mapped_by_the_calibration(tmp_path: Path) -> None:
    points = ((0.0, 0.1), (1.0, 0.6))
    reader = LineReader(write_tiny_bundle(tmp_path / "m", word_calibration=points), n_threads=1)
    (reading,) = reader.read([draw_bars("a")])
    product = reading.characters[0].confidence
    assert reading.words[0].confidence == pytest.approx(0.1 + 0.5 * product)


@pytest.mark.parametrize(
    ("drawn", "text"), [(" a", "a"), ("b ", "b"), ("a   b", "a b"), ("  ", "")]
)
def test_spaces_stand_only_between_words(reader: LineReader, drawn: str, text: str) -> None:
    (reading,) = reader.read([draw_bars(drawn)])
    assert reading.text == text == "".join(c.char for c in reading.characters)
    assert [word.text for word in reading.words] == text.split()


@pytest.mark.parametrize("grey", [0, 90, 255])
def test_a_blank_line_is_empty_with_confidence_zero(reader: LineReader, grey: int) -> None:
    (reading,) = reader.read([np.full((40, 500), grey, dtype=np.uint8)])
    assert (reading.text, reading.confidence, reading.characters, reading.words) == ("", 0, (), ())


def test_a_blank_line_is_not_shown_to_the_network(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Conv", ["image", "weight", "bias"], ["map"], strides=[32, 4]),
        helper.make_node("Squeeze", ["map", "rows"], ["columns"]),
        helper.make_node("Transpose", ["columns"], ["scores"], perm=[0, 2, 1]),
    ]
    constants = {
        "weight": np.zeros((4, 1, 32, 4), dtype=np.float32),
        "bias": np.array([0, 9, 0, 0], dtype=np.float32),  # sees an a everywhere
        "rows": np.array([2]),
    }
    network = make_network(nodes, constants)
    reader = LineReader(write_tiny_bundle(tmp_path / "m", network=network), n_threads=1)
    blank, bars = reader.read([np.full((32, 90), 255, dtype=np.uint8), draw_bars("b")])
    assert (blank.text, bars.text) == ("", "a")


@pytest.mark.parametrize("shape", [(1, 1), (3, 1), (1, 3), (3, 200), (200, 3), (2, 2)])
def test_tiny_images_do_not_crash(reader: LineReader, shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    (reading,) = reader.read([noise])
    assert all(0 <= c.x0 <= c.x1 <= shape[1] for c in reading.characters)


def test_long_lines_are_read_whole(reader: LineReader) -> None:
    text = "ab ba " * 250 + "a"
    assert reader.read([draw_bars(text)])[0].text == text


def test_a_line_that_cannot_be_read_is_named(reader: LineReader) -> None:
    too_wide = np.zeros((1, MAX_WIDTH), dtype=np.uint8)
    with pytest.raises(InputError, match=r"^Line 2 of 3: A line image 1056000 columns wide"):
        reader.read([draw_bars("a"), too_wide, draw_bars("b")])
    with pytest.raises(InputError, match=r"^Line 1 of 1: A line image needs .* not \(0, 5\)\.$"):
        reader.scores([np.zeros((0, 5), dtype=np.uint8)])


@pytest.mark.parametrize("name", ["n_threads", "max_batch_columns"])
def test_numbers_below_one_are_refused(bundle: Bundle, name: str) -> None:
    with pytest.raises(OptionError, match=rf"^{name} must be at least 1, not 0\.$"):
        LineReader(bundle, **{name: 0})


def test_a_network_for_other_lines_is_refused(tmp_path: Path) -> None:
    higher = write_tiny_bundle(tmp_path / "a", network=bar_network(height=64))
    with pytest.raises(BundleError, match=r"promises image \(\*, 1, 32, \*\), scores \(\*, \*, 4"):
        LineReader(higher)
    more = write_tiny_bundle(tmp_path / "b", network=bar_network(n_labels=9))
    with pytest.raises(BundleError, match=r"promises image \(\*, 1, 32, \*\), scores \(\*, \*, 4"):
        LineReader(more)


def test_a_network_with_other_names_is_refused(tmp_path: Path) -> None:
    network = bar_network().replace(b"image", b"pages")
    with pytest.raises(BundleError, match=r"has pages .*: export the model again\.$"):
        LineReader(write_tiny_bundle(tmp_path / "m", network=network))


def test_another_frame_stride_than_promised_is_refused(tmp_path: Path) -> None:
    reader = LineReader(write_tiny_bundle(tmp_path / "m", frame_stride=8), n_threads=1)
    with pytest.raises(BundleError, match=r"shape \(1, 16, 4\), and its manifest .* \(1, 8, 4\)"):
        reader.read([draw_bars("a")])


def test_the_last_frame_may_reach_over_the_end(tmp_path: Path) -> None:
    """Strides need not divide 64: a frame more stands for the columns that are left."""
    reader = LineReader(write_tiny_bundle(tmp_path / "m", frame_stride=28), n_threads=1)
    with pytest.raises(BundleError, match=r"its manifest promises \(1, 3, 4\)"):
        reader.read([draw_bars("a")])


def test_a_file_that_is_no_network_is_refused(tmp_path: Path) -> None:
    bundle = write_tiny_bundle(tmp_path / "m", network=b"no network")
    with pytest.raises(BundleError, match=r"model\.onnx cannot be opened as a network: "):
        LineReader(bundle)


def test_a_model_of_another_kind_is_refused(tmp_path: Path) -> None:
    finder = write_tiny_bundle(tmp_path / "finder", task="finder")
    later = write_tiny_bundle(tmp_path / "later", input_normalisation="other-2")
    for bundle in (finder, later):
        with pytest.raises(BundleError, match="a line model for 'paper-division-2' or"):
            LineReader(bundle)


def test_scores_that_are_not_numbers_are_an_error_and_not_an_empty_text(tmp_path: Path) -> None:
    network = bar_network(sharpness=np.nan)
    reader = LineReader(write_tiny_bundle(tmp_path / "m", network=network), n_threads=1)
    with pytest.raises(BundleError, match="gives scores that are not numbers"):
        reader.read([draw_bars("a")])


def test_letter_edges_meet_half_way_and_stay_inside() -> None:
    runs = [LabelRun(1, 1.0, 0, 1), LabelRun(1, 1.0, 2, 3), LabelRun(1, 1.0, 20, 24)]
    assert letter_edges(runs, 4.0, size=(40, 90)) == [(0, 6), (6, 18), (74, 90)]
    assert letter_edges([], 4.0, size=(40, 90)) == []


def test_letters_read_in_the_padding_end_at_the_edge() -> None:
    runs = [LabelRun(1, 1.0, 0, 1), LabelRun(1, 1.0, 12, 13)]
    assert letter_edges(runs, 4.0, size=(10, 30)) == [(0, 5.5), (30, 30)]


def test_the_alphabet_of_the_bundle_is_used(tmp_path: Path) -> None:
    bundle = write_tiny_bundle(tmp_path / "m", symbols=("é", "x", " "))
    assert len(SYMBOLS) == 3
    assert LineReader(bundle, n_threads=1).read([draw_bars("ab")])[0].text == "éx"
