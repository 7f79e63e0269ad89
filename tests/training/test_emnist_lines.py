"""Drawn lines: layout of images and labels, separate glyphs and texts, caches, augmentation."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from character_files import run_script, write_emnist_idx, write_unipen
from numpy.typing import NDArray

from text_recognizer.data import (
    MAPPING_2021,
    CombinedData,
    EMNISTLines,
    EMNISTLines2,
    EMNISTLines2Options,
    EMNISTLinesOptions,
)
from text_recognizer.data import emnist_lines as lines_module
from text_recognizer.data.array_dataset import ArrayDataset
from text_recognizer.data.glyph_lines import GlyphPool, LineCanvas, draw_lines
from text_recognizer.data.text_corpus import Corpus, load_corpus
from text_recognizer.errors import OptionError

pytestmark = pytest.mark.train

ROOT = Path(__file__).parents[2]
SPLITS = ("train", "validation", "test")
MARKS = {"train": 10, "validation": 20, "test": 30}


@pytest.fixture(scope="module")
def glyph_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_unipen(tmp_path_factory.mktemp("glyphs"))


@pytest.fixture
def small(glyph_folder: Path, tmp_path: Path) -> dict[str, Any]:
    """Options of a few lines."""
    return {
        "data_dir": tmp_path, "source_dir": glyph_folder, "source": "UnipenCharacters",
        "text": "project", "num_train": 60, "num_val": 20, "num_test": 30,
    }  # fmt: skip


def ready(module: EMNISTLines) -> EMNISTLines:
    module.prepare_data()
    module.setup()
    return module


def arrays(module: EMNISTLines, split: str) -> ArrayDataset:
    samples = module.splits[split]
    assert isinstance(samples, ArrayDataset)
    return samples


def texts(module: EMNISTLines, split: str) -> list[str]:
    return [MAPPING_2021.decode(row) for row in arrays(module, split).labels]


# Drawing


def pool_of(images: NDArray[np.uint8], labels: list[int], n_labels: int = 4) -> GlyphPool:
    return GlyphPool(images, np.array(labels), n_labels)


def test_ink_saturates_where_glyphs_overlap() -> None:
    glyphs = np.stack([np.full((28, 28), 200, np.uint8), np.full((28, 28), 100, np.uint8)])
    pool = pool_of(glyphs, [0, 1])
    (image,) = draw_lines(
        np.array([[0, 1]]), np.array([0.25]), pool, LineCanvas(28, 56), np.random.default_rng(0)
    )
    assert (image[:, :21] == 200).all()
    assert (image[:, 21:28] == 255).all()  # 200 + 100, not 44
    assert (image[:, 28:49] == 100).all()
    assert not image[:, 49:].any()


@pytest.mark.parametrize(("overlap", "step"), [(0.0, 28), (0.25, 21), (0.33, 19), (0.5, 14)])
def test_step_follows_from_the_overlap(overlap: float, step: int) -> None:
    glyph = np.zeros((1, 28, 28), np.uint8)
    glyph[0, 0, 0] = 9
    canvas = LineCanvas(56, 120, left=5, top=14)
    (image,) = draw_lines(
        np.zeros((1, 4), int), np.array([overlap]), pool_of(glyph, [0]), canvas,
        np.random.default_rng(0),
    )  # fmt: skip
    rows, columns = np.nonzero(image)
    assert set(rows) == {14}
    assert sorted(columns) == [5 + i * step for i in range(4)]


def test_one_hand_a_line_and_gaps_without_glyphs() -> None:
    glyphs = np.arange(1, 201, dtype=np.uint8)[:, None, None] * np.ones((1, 28, 28), np.uint8)
    pool = pool_of(glyphs, [1] * 100 + [2] * 100)
    lines = np.tile([1, 2, 0, 1, 3, 2], (50, 1))
    images = draw_lines(lines, np.zeros(50), pool, LineCanvas(28, 168), np.random.default_rng(0))
    values = images[:, 0, ::28].astype(int)
    assert (values[:, 0] == values[:, 3]).all() and (values[:, 1] == values[:, 5]).all()
    assert not values[:, [2, 4]].any()
    assert (values[:, 0] <= 100).all() and (values[:, 1] > 100).all()
    assert len(set(values[:, 0])) > 20, "other lines are in other hands"


def test_drawing_depends_on_the_generator_alone() -> None:
    rng = np.random.default_rng(3)
    pool = pool_of(rng.integers(0, 256, (40, 28, 28), dtype=np.uint8), [0, 1, 2, 3] * 10)
    lines, overlaps = rng.integers(0, 4, (20, 5)), rng.uniform(0, 0.5, 20)
    drawn = [
        draw_lines(lines, overlaps, pool, LineCanvas(28, 140), np.random.default_rng(seed))
        for seed in (1, 1, 2)
    ]
    assert np.array_equal(drawn[0], drawn[1]) and not np.array_equal(drawn[0], drawn[2])


# EMNISTLines


def test_shapes_and_labels(small: dict[str, Any]) -> None:
    module = ready(EMNISTLines(EMNISTLinesOptions(**small, batch_size=16)))
    assert module.input_dims == (1, 28, 896) and module.output_dims == (32, 1)
    assert [len(module.splits[split]) for split in SPLITS] == [60, 20, 30]
    images, labels = next(iter(module.train_dataloader()))
    assert images.dtype == torch.float32 and images.shape == (16, 1, 28, 896)
    assert 0 <= images.min() and images.max() <= 1
    assert labels.dtype == torch.int64 and labels.shape == (16, 32)
    for row in labels.tolist():
        text = MAPPING_2021.decode(row)
        assert 0 < len(text) <= 30
        assert row == MAPPING_2021.encode_line(text, 32, with_tokens=False).tolist()


def test_start_and_end_tokens(small: dict[str, Any]) -> None:
    module = ready(EMNISTLines(EMNISTLinesOptions(**small, with_start_end_tokens=True)))
    for row in arrays(module, "train").labels.tolist():
        text = MAPPING_2021.decode(row)
        assert row == MAPPING_2021.encode_line(text, 32, with_tokens=True).tolist()
    assert max(len(text) for text in texts(module, "train")) > 25


def test_images_show_their_labels_in_glyphs_of_their_split(small: dict[str, Any]) -> None:
    """Each glyph of the miniature carries its label and its split in two pixels."""
    module = ready(EMNISTLines(EMNISTLinesOptions(**small, max_overlap=0.0)))
    characters = module._source().mapping
    for split in SPLITS:
        samples = arrays(module, split)
        for image, text in zip(samples.images, texts(module, split), strict=True):
            shown = [
                characters[image[4, 28 * k + 5] - 1] if image[24, 28 * k + 10] else " "
                for k in range(len(text))
            ]
            assert "".join(shown) == text
            marks = {int(image[6, 28 * k + 20]) for k, c in enumerate(text) if c != " "}
            assert marks == {MARKS[split]}
            assert not image[:, 28 * len(text) :].any()


def test_texts_of_a_split_stand_in_its_own_passages(small: dict[str, Any], tmp_path: Path) -> None:
    module = ready(EMNISTLines(EMNISTLinesOptions(**small)))
    corpus = load_corpus("project", tmp_path)
    for split in SPLITS:
        prose = " ".join(corpus.passages[split])
        assert all(text in prose for text in texts(module, split))
    test_prose = " ".join(corpus.passages["test"])
    long_texts = [text for text in texts(module, "train") if len(text) > 12]
    assert long_texts and not any(text in test_prose for text in long_texts)


def test_punctuation_has_glyphs_or_is_left_out(small: dict[str, Any], tmp_path: Path) -> None:
    marks = set(",.;:'!?")
    kept = ready(EMNISTLines(EMNISTLinesOptions(**small)))
    assert set("".join(texts(kept, "train"))) & marks
    stripped = ready(EMNISTLines(EMNISTLinesOptions(**small, strip_punctuation=True)))
    assert not set("".join(texts(stripped, "train"))) & marks
    write_emnist_idx(tmp_path / "emnist")
    options = {**small, "source": "EMNIST", "source_dir": tmp_path}
    emnist = ready(EMNISTLines(EMNISTLinesOptions(**options)))
    assert not set("".join(texts(emnist, "train"))) & marks
    assert set("".join(texts(emnist, "train"))) & set("aeiou")


def test_equal_options_give_equal_lines(small: dict[str, Any], tmp_path: Path) -> None:
    first = ready(EMNISTLines(EMNISTLinesOptions(**small)))
    again = ready(EMNISTLines(EMNISTLinesOptions(**{**small, "data_dir": tmp_path / "other"})))
    seeded = ready(EMNISTLines(EMNISTLinesOptions(**small, seed=1)))
    more = ready(EMNISTLines(EMNISTLinesOptions(**{**small, "num_train": 70})))
    for split in SPLITS:
        assert np.array_equal(arrays(first, split).images, arrays(again, split).images)
        assert np.array_equal(arrays(first, split).labels, arrays(again, split).labels)
        assert not np.array_equal(arrays(first, split).labels, arrays(seeded, split).labels)
    assert np.array_equal(arrays(first, "test").images, arrays(more, "test").images)


def test_lines_are_drawn_once(small: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    ready(EMNISTLines(EMNISTLinesOptions(**small)))
    monkeypatch.setattr(lines_module, "draw_lines", None)
    assert len(ready(EMNISTLines(EMNISTLinesOptions(**small, batch_size=2))).data_train) == 60


def test_a_failure_leaves_no_cache(small: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    module = EMNISTLines(EMNISTLinesOptions(**small))
    with monkeypatch.context() as patch:
        patch.setattr(lines_module, "draw_lines", None)
        with pytest.raises(TypeError):
            module.prepare_data()
    assert not module.cache().exists()
    assert len(ready(module).data_train) == 60


@pytest.mark.parametrize(
    ("module_class", "options_class"),
    [(EMNISTLines, EMNISTLinesOptions), (EMNISTLines2, EMNISTLines2Options)],
)
def test_cache_depends_on_everything(
    module_class: Any, options_class: Any, small: dict[str, Any], tmp_path: Path
) -> None:
    other_text = tmp_path / "other.txt"
    other_text.write_text("\n".join(f"line {i}" for i in range(20)))
    other_glyphs = write_unipen(tmp_path / "other", per_class=4)

    def key(**changed: Any) -> str:
        return str(module_class(options_class(**{**small, **changed})).cache().key)

    changes: list[dict[str, Any]] = [
        {"max_length": 24}, {"min_overlap": 0.21}, {"max_overlap": 0.4}, {"num_train": 61},
        {"num_val": 21}, {"num_test": 31}, {"seed": 1}, {"source": "EMNIST"},
        {"source_dir": other_glyphs}, {"text": str(other_text)}, {"text": "brown"},
        {"strip_punctuation": True},
    ]  # fmt: skip
    if module_class is EMNISTLines:
        changes += [{"with_start_end_tokens": True}, {"mapping": 2019}]
    loading: dict[str, Any] = {"batch_size": 1, "num_workers": 3, "data_dir": tmp_path / "x"}
    loading["augment_data"] = not options_class().augment_data
    fields = {name for change in changes for name in change} | set(loading)
    always = {"with_start_end_tokens", "mapping"} if module_class is EMNISTLines2 else set()
    assert fields >= set(vars(options_class())) - always, "a field is not tried"
    assert len({key(), *(key(**change) for change in changes)}) == len(changes) + 1
    assert key(**loading) == key()


def test_without_brown_the_lines_say_project_sentences(
    small: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(text: str, data_dir: Path) -> Corpus:
        return load_corpus("project", data_dir)

    monkeypatch.setattr(lines_module, "load_corpus", load)
    wanted_brown = ready(EMNISTLines(EMNISTLinesOptions(**{**small, "text": "brown"})))
    assert not wanted_brown.cache().exists()
    project = ready(EMNISTLines(EMNISTLinesOptions(**small)))
    assert texts(wanted_brown, "train") == texts(project, "train")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"max_length": 2}, "max_length is at least 3, not 2."),
        (
            {"min_overlap": 0.5, "max_overlap": 0.4},
            "min_overlap and max_overlap are at least 0, under 1, and rise, not 0.5 and 0.4.",
        ),
        (
            {"max_overlap": 1.0},
            "min_overlap and max_overlap are at least 0, under 1, and rise, not 0.0 and 1.0.",
        ),
        ({"num_val": 0}, "num_val is at least 1, not 0."),
        ({"source": "MNIST"}, "source is one of EMNIST, UnipenCharacters, not MNIST."),
    ],
)
def test_wrong_options_are_one_sentence(values: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError) as caught:
        EMNISTLinesOptions(**values)
    assert str(caught.value) == message


# EMNISTLines2


def test_lines2_have_the_size_of_iam_lines(small: dict[str, Any]) -> None:
    module = ready(EMNISTLines2(EMNISTLines2Options(**small)))
    assert module.input_dims == (1, 56, 1024) and module.output_dims == (89, 1)
    samples = arrays(module, "train")
    for image, row in zip(samples.images, samples.labels.tolist(), strict=True):
        text = MAPPING_2021.decode(row)
        assert len(text) <= 41
        assert row == MAPPING_2021.encode_line(text, 89, with_tokens=True).tolist()
        assert not image[:14].any() and not image[42:].any() and not image[:, :28].any()
        assert image[14 + 24, 28 + 10], "the first glyph stands at column 28"


@pytest.mark.parametrize(
    ("kind", "is_default"), [(EMNISTLines, False), (EMNISTLines2, True)], ids=["first", "second"]
)
def test_only_training_lines_are_augmented(
    small: dict[str, Any], kind: type[EMNISTLines], is_default: bool
) -> None:
    assert kind.options_class(**small).augment_data is is_default
    for augments in (True, False):
        module = ready(kind(kind.options_class(**small, augment_data=augments)))
        for split in SPLITS:
            is_varied = augments and split == "train"
            samples = arrays(module, split)
            plain = torch.from_numpy(samples.images[:10].astype(np.float32) / 255)[:, None]
            first, second = (samples.__getitems__(range(10))[0] for _ in range(2))
            assert torch.allclose(first, plain) is not is_varied
            assert torch.equal(first, second) is not is_varied


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"with_start_end_tokens": False},
            "EMNISTLines2 always has start and end tokens; use EMNISTLines.",
        ),
        (
            {"min_overlap": 0.1},
            "A line of 43 characters that overlap by 0.1 is 1136 pixels wide, over 1024: "
            "lower max_length or raise min_overlap.",
        ),
        ({"max_length": 90, "min_overlap": 0.5}, "max_length is at most 89, not 90."),
    ],
)
def test_wrong_options_of_lines2(values: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError) as caught:
        EMNISTLines2Options(**values)
    assert str(caught.value) == message


# Together, and as programs


def test_combined_lines(small: dict[str, Any]) -> None:
    first = EMNISTLines(EMNISTLinesOptions(**small))
    second = EMNISTLines(EMNISTLinesOptions(**small, seed=9))
    module = CombinedData([first, second])
    module.prepare_data()
    module.setup()
    assert len(module.data_train) == 120 and len(module.data_val) == 20
    _, labels = module.data_train[119]
    assert labels.tolist() == arrays(second, "train").labels[59].tolist()
    with pytest.raises(OptionError) as caught:
        CombinedData([first, EMNISTLines2(EMNISTLines2Options(**small))])
    assert str(caught.value) == (
        "EMNISTLines and EMNISTLines2 do not go together: input_dims is (1, 28, 896) and "
        "(1, 56, 1024)."
    )


def test_script_without_the_data_is_one_sentence(tmp_path: Path) -> None:
    """The address of a machine that does not exist answers without any network."""
    run = run_script("emnist_lines", tmp_path, "--source", "UnipenCharacters")
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == (
        "UnipenCharacters needs unipen-chars-train-images-idx3-ubyte.gz, which is not in "
        f"{tmp_path / 'cache' / 'text-recognizer'}: give the folder that holds it by --data_dir.\n"
    )


def test_script_with_wrong_emnist_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "matlab.zip").write_bytes(b"half of it")
    flags = ["--data_dir", str(tmp_path), "--text", "project"]
    run = run_script("emnist_lines", tmp_path, *flags)
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == (
        f"{tmp_path / 'matlab.zip'} is not the file that emnist needs, or is damaged: its SHA-256 "
        "is not e1fa805cdeae699a52da0b77c2db17f6feb77eed125f9b45c022e7990444df95; remove it, or "
        "put the right one in its place.\n"
    )


def test_script_draws_lines(glyph_folder: Path, tmp_path: Path) -> None:
    flags = ["--source=UnipenCharacters", f"--source_dir={glyph_folder}", "--text=project"]
    flags += ["--num_train=50", "--num_val=5", "--num_test=6", "--augment_data", "true"]
    run = run_script("emnist_lines2", tmp_path, *flags)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.splitlines()[:3] == [
        "EMNISTLines2",
        "input (1, 56, 1024), output (89, 1), 83 symbols",
        "samples: train 50, validation 5, test 6",
    ]
    assert (tmp_path / "EMNISTLines2.png").is_file()


@pytest.mark.shared
def test_real_glyphs_make_lines(shared_folder: Path, tmp_path: Path) -> None:
    options = EMNISTLinesOptions(
        data_dir=tmp_path, source_dir=shared_folder / "emnist", source="UnipenCharacters",
        text="project", num_train=300, num_val=20, num_test=20,
    )  # fmt: skip
    module = ready(EMNISTLines(options))
    seen = set("".join(texts(module, "train")))
    assert len(seen & set(".,0123456789")) > 5
    ink = [(image > 128).mean() for image in arrays(module, "train").images]
    assert 0.005 < float(np.mean(ink)) < 0.2
