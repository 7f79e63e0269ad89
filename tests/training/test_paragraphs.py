"""Paragraph data sets: labels, sizes, splits that share nothing, synthetic ones by seed alone."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from character_files import run_script
from drawn_paragraphs import PAGES, TEST, TRAIN, VALIDATION, DrawnPage, write_pages
from iam_miniature import write_iam
from torch.utils.data import DataLoader

from text_recognizer.data import (
    PARAGRAPH_MAPPING_2021,
    BaseDataModule,
    CombinedData,
    IAMMixedParagraphOptions,
    IAMOriginalAndSyntheticParagraphs,
    IAMParagraphOptions,
    IAMParagraphs,
    IamParagraphsDataset,
    IAMSyntheticParagraphOptions,
    IAMSyntheticParagraphs,
    MixedParagraphOptions,
    OpenOriginalAndSyntheticParagraphs,
    OpenParagraphs,
    OpenSyntheticParagraphs,
    ParagraphOptions,
    SyntheticParagraphOptions,
)
from text_recognizer.data.image_text_dataset import ImageTextDataset
from text_recognizer.data.paragraphs import Paragraphs
from text_recognizer.data.synthetic_paragraphs import MixedParagraphs, StackedParagraphs
from text_recognizer.errors import InputError, OptionError
from text_recognizer.ground_truth.page_cuts import FittedCut
from text_recognizer.paragraph_input import paragraph_input
from text_recognizer.training.experiments.registry import DATA_CLASSES

pytestmark = pytest.mark.train

SMALL = {"height": 96, "width": 112, "max_length": 40, "batch_size": 2}
LONG = DrawnPage("long", "train", "letter-l", tuple(f"line number {i}" for i in range(7)))
OPEN = (
    (OpenParagraphs, ParagraphOptions),
    (OpenSyntheticParagraphs, SyntheticParagraphOptions),
    (OpenOriginalAndSyntheticParagraphs, MixedParagraphOptions),
)
IAM = (
    (IAMParagraphs, IAMParagraphOptions),
    (IAMSyntheticParagraphs, IAMSyntheticParagraphOptions),
    (IAMOriginalAndSyntheticParagraphs, IAMMixedParagraphOptions),
)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pages(tmp_path_factory.mktemp("pages"))


@pytest.fixture(scope="module")
def iam(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_iam(folder / "iam")
    return folder


def ready(module: BaseDataModule) -> BaseDataModule:
    module.prepare_data()
    module.setup()
    return module


def open_paragraphs(folder: Path, **values: object) -> Paragraphs:
    module = OpenParagraphs(ParagraphOptions(data_dir=folder, **{**SMALL, **values}))  # type: ignore[arg-type]
    ready(module)
    return module


def mixed(folder: Path, **values: object) -> MixedParagraphs:
    module = OpenOriginalAndSyntheticParagraphs(
        MixedParagraphOptions(data_dir=folder, **{**SMALL, **values})  # type: ignore[arg-type]
    )
    samples = ready(module).splits["train"]
    assert isinstance(samples, MixedParagraphs)
    return samples


def synthetic(folder: Path, **values: object) -> StackedParagraphs:
    own = {**SMALL, "epoch_length": 20, "max_length": 100, **values}
    module = OpenSyntheticParagraphs(SyntheticParagraphOptions(data_dir=folder, **own))  # type: ignore[arg-type]
    ready(module)
    samples = module.data_train
    assert isinstance(samples, StackedParagraphs)
    return samples


def texts(module: BaseDataModule, split: str) -> list[str]:
    samples = module.splits[split]
    assert isinstance(samples, ImageTextDataset)
    return [PARAGRAPH_MAPPING_2021.decode(row) for row in samples.labels]


def cuts(module: BaseDataModule, split: str) -> list[FittedCut]:
    samples = module.splits[split]
    if isinstance(samples, MixedParagraphs):
        samples = samples.real
    assert isinstance(samples, ImageTextDataset)
    return [image for image in samples.images if isinstance(image, FittedCut)]


def test_labels_are_lines_between_tokens(pages: Path) -> None:
    module = open_paragraphs(pages, max_length=60)
    assert module.input_dims == (1, 96, 112) and module.output_dims == (60, 1)
    assert len(module.mapping) == 84 and module.mapping[83] == "\n"
    (image, labels) = module.data_val[0]
    symbols = [module.mapping[i] for i in labels.tolist()]
    text = "Bread was dear\nthat winter\nfor us all"
    assert symbols == ["<S>", *text, "<E>", *["<P>"] * (58 - len(text))]
    assert image.shape == (1, 96, 112) and image.dtype == torch.float32
    assert image.min() == 0 and 0.8 < image.max() <= 1


def test_default_sizes_are_those_of_2021() -> None:
    module = OpenParagraphs(ParagraphOptions())
    assert module.input_dims == (1, 576, 640) and module.output_dims == (682, 1)


def test_long_pages_are_cut_into_pieces(tmp_path: Path) -> None:
    folder = write_pages(tmp_path, (LONG, *VALIDATION, *TEST))
    module = open_paragraphs(folder)
    train = texts(module, "train")
    assert all(len(text) <= 38 for text in train)
    assert {line for text in train for line in text.split("\n")} == set(LONG.lines)
    assert "line number 0\nline number 1" in train and "line number 6" in train


def test_without_pieces_long_pages_are_left_out_and_the_flag_is_named(tmp_path: Path) -> None:
    folder = write_pages(tmp_path, (LONG, *PAGES))
    module = open_paragraphs(folder, pieces=False, max_length=50)
    assert len(module.data_train) == 3
    length = len("\n".join(LONG.lines)) + 2
    assert (
        f"train: 1 pages have more than 50 labels and are left out; --max_length={length} makes "
        "room, --pieces cuts them." in module.describe()
    )
    assert len(open_paragraphs(folder, pieces=False, max_length=length).data_train) == 4


@pytest.mark.parametrize(("kind", "options"), OPEN)
def test_validation_shares_no_page_or_document_with_training(
    kind: type[Paragraphs], options: type[ParagraphOptions], tmp_path: Path
) -> None:
    crossing = DrawnPage("c0", "train", "letter-c", ("Not to be learnt",))
    folder = write_pages(tmp_path, (*PAGES, crossing))
    module = ready(kind(options(data_dir=folder, **SMALL)))  # type: ignore[arg-type]
    held_out = {c.cut.path for split in ("validation", "test") for c in cuts(module, split)}
    assert {path.stem for path in held_out} == {"c1", "d1"}
    train = module.splits["train"]
    if isinstance(train, StackedParagraphs):
        assert {line.document[1] for line in train.lines} == {"letter-a", "letter-b"}
    else:
        assert {c.cut.path.stem for c in cuts(module, "train")} == {"a1", "a2", "b1"}
    assert "1 pages are left out: other splits hold their document" in module.describe()


@pytest.mark.parametrize(("kind", "options"), IAM)
def test_iam_shares_no_writer_between_splits(
    kind: type[Paragraphs], options: type[ParagraphOptions], iam: Path
) -> None:
    values = {**SMALL, "max_length": 200, "shared_texts": True}
    module = kind(options(data_dir=iam, **values))  # type: ignore[arg-type]
    ready(module)
    assert isinstance(module, Paragraphs)
    writers = {
        split: {page.document for page in module.read_pages() if page.split == split}
        for split in ("train", "validation", "test")
    }
    assert not writers["train"] & (writers["validation"] | writers["test"])
    assert {c.cut.path.stem for c in cuts(module, "validation")} == {"c04-156", "m01-090"}
    train = module.splits["train"]
    if isinstance(train, StackedParagraphs):
        assert {line.document[1] for line in train.lines} <= writers["train"]
    else:
        assert {c.cut.path.stem[:3] for c in cuts(module, "train")} == {"a01"}


def test_iam_is_seen_as_readers_show_it(tmp_path: Path) -> None:
    write_iam(tmp_path / "iam", "unpacked")
    values = {"height": 300, "width": 480, "shared_texts": True}
    module = ready(IAMParagraphs(IAMParagraphOptions(data_dir=tmp_path, **values)))  # type: ignore[arg-type]
    (fitted, *_) = cuts(module, "test")
    assert fitted.scale == 480 / fitted.cut.shape[1] > 0.9
    shown = (module.splits["test"][0][0][0] * 255).round().numpy()
    assert np.array_equal(shown, paragraph_input(fitted.cut.read_grey(), (300, 480)))
    assert "And" not in texts(module, "test")[0]
    assert texts(module, "test")[0] == (
        "Is this the way?\nPast the mill, over two stiles\nand down to the old well"
    )


@pytest.mark.parametrize(("kind", "options"), IAM)
def test_all_of_iam_is_as_large_as_it_fits_but_for_a_flag(
    kind: type[Paragraphs], options: type[IAMParagraphOptions], iam: Path
) -> None:
    assert options().scale is None
    module = ready(kind(options(data_dir=iam, shared_texts=True, scale=0.125)))
    assert module.input_dims == (1, 576, 640) and module.output_dims == (682, 1)
    assert {fitted.scale for fitted in cuts(module, "test")} == {0.125 * 2479 / 620}


def test_masks_of_iam(iam: Path) -> None:
    options = IamParagraphsDataset.options_class(data_dir=iam, size=64)  # type: ignore[call-arg]
    module = ready(IamParagraphsDataset(options))  # type: ignore[arg-type]
    assert [len(module.splits[s]) for s in ("train", "validation", "test")] == [4, 2, 2]
    assert (iam / "interim/iam_paragraphs/debug_crops/a01-000u.jpg").is_file()


def test_missing_iam_ends_in_a_sentence(tmp_path: Path) -> None:
    name = "iam_original_and_synthetic_paragraphs"
    done = run_script(name, tmp_path, f"--data_dir={tmp_path}", package="datasets")
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith("IAM is not there: put iamdb.zip (SHA-256 f3c9e87a")
    assert str(tmp_path / "downloaded" / "iam") in done.stderr and done.stderr.count("\n") == 1


def test_texts_of_other_splits_are_counted_and_not_trained_on(tmp_path: Path) -> None:
    copied = DrawnPage("e1", "train", "letter-e", ("for the apples", "a line of its own"))
    folder = write_pages(tmp_path, (*PAGES, copied))
    module = open_paragraphs(folder)
    said = "1 training lines say what validation or test pages say"
    assert f"{said}, and are not trained on." in module.describe()
    assert not any("for the apples" in text for text in texts(module, "train"))
    assert any("a line of its own" in text for text in texts(module, "train"))
    stacked = synthetic(folder)
    assert "for the apples" not in {line.text for line in stacked.lines}
    kept = open_paragraphs(folder, shared_texts=True)
    assert any("for the apples" in text for text in texts(kept, "train"))
    assert f"{said}, and are trained on all the same (--shared_texts)." in kept.describe()


def test_a_line_that_is_not_trained_on_is_not_seen(tmp_path: Path) -> None:
    copied = DrawnPage("e1", "train", "letter-e", ("It is well", "for the apples", "It is well so"))
    module = open_paragraphs(write_pages(tmp_path, (*TEST, copied)), max_length=60)
    shown = module.splits["train"]
    assert isinstance(shown, ImageTextDataset)
    number = texts(module, "train").index("It is well\nIt is well so")
    rows = np.flatnonzero((shown.images[number]() > 128).any(axis=1))
    gap = np.diff(rows).max() / shown.images[number]().shape[0]
    assert gap > 0.35  # of three lines the middle one is empty


def test_accents_are_stripped_unless_their_lines_are_skipped(tmp_path: Path) -> None:
    french = DrawnPage("f1", "train", "letter-f", ("\u00e9t\u00e9 pass\u00e9", "tout va"))
    folder = write_pages(tmp_path, (french, *TEST))
    module = open_paragraphs(folder)
    assert "ete passe\ntout va" in texts(module, "train")
    assert "1 lines lost accents that the mapping lacks." in module.describe()
    skipped = open_paragraphs(folder, unknown="skip")
    assert texts(skipped, "train") == ["tout va"]
    assert "for characters that the mapping lacks (\u00e9); --unknown=strip" in skipped.describe()


def test_only_training_is_varied(pages: Path) -> None:
    module = open_paragraphs(pages)
    for split, is_varied in (("train", True), ("validation", False), ("test", False)):
        torch.manual_seed(0)
        assert torch.equal(module.splits[split][0][0], module.splits[split][0][0]) != is_varied
    still = open_paragraphs(pages, augment_data=False)
    assert torch.equal(still.data_train[0][0], still.data_train[0][0])


def test_stacked_paragraphs_depend_on_seed_epoch_and_number_only(pages: Path) -> None:
    one, other = synthetic(pages), synthetic(pages)
    one[3], torch.manual_seed(7), np.random.seed(7)
    assert all(torch.equal(a, b) for a, b in zip(one[5], other[5], strict=True))
    assert not torch.equal(one[5][0], one[6][0])
    before = one[5][0]
    one.set_epoch(1)
    assert not torch.equal(one[5][0], before)
    other.set_epoch(1)
    assert torch.equal(one[5][0], other[5][0])
    assert not torch.equal(synthetic(pages, seed=1)[5][0], before)


def test_loader_processes_draw_the_same_and_follow_the_epoch(pages: Path) -> None:
    samples = synthetic(pages, epoch_length=4)
    loader = DataLoader(samples, batch_size=2, num_workers=2, persistent_workers=True)
    for epoch in (0, 1):
        samples.set_epoch(epoch)
        images = torch.cat([batch[0] for batch in loader])
        assert torch.equal(images, torch.stack([samples[i][0] for i in range(4)]))


def test_the_loader_tells_the_epoch(pages: Path) -> None:
    values = {**SMALL, "epoch_length": 4}
    module = OpenOriginalAndSyntheticParagraphs(MixedParagraphOptions(data_dir=pages, **values))  # type: ignore[arg-type]
    ready(module)
    joined = ready(CombinedData([module]))
    for own, stacked in ((module, module.data_train), (joined, module.data_train)):
        assert isinstance(stacked, MixedParagraphs)
        own.train_dataloader().sampler.set_epoch(3)  # type: ignore[attr-defined]
        assert int(stacked.stacked._epoch[0]) == 3
        stacked.set_epoch(0)


def test_lines_are_dropped_until_image_and_label_fit(pages: Path) -> None:
    samples = synthetic(pages, max_length=40)
    known = {line.text for line in samples.lines}
    rng = np.random.default_rng(0)
    n_lines = set()
    for _ in range(100):
        ink, text = samples.draw(rng)
        lines = text.split("\n")
        assert len(text) <= 38 and set(lines) <= known and len(set(lines)) == len(lines)
        assert ink.shape[0] <= 96 and ink.shape[1] <= 112
        n_lines.add(len(lines))
    assert n_lines == {1, 2, 3} or n_lines == {1, 2}


def test_stacked_ink_is_the_ink_of_its_lines(pages: Path) -> None:
    """Every line is drawn whole, at one scale, flush left but for an indent."""
    samples = synthetic(pages, height=400, width=400, max_length=600)
    rng = np.random.default_rng(1)
    for _ in range(20):
        ink, text = samples.draw(rng)
        rows = np.flatnonzero((ink > 128).any(axis=1))
        n_bands = 1 + np.count_nonzero(np.diff(rows) > 3)
        assert n_bands <= 2 * text.count("\n") + 2
        assert (ink[:, :60] > 128).any()


def test_real_and_stacked_paragraphs_have_the_share_that_is_asked_for(pages: Path) -> None:
    values = {**SMALL, "epoch_length": 20, "real_share": 0.25}
    module = OpenOriginalAndSyntheticParagraphs(MixedParagraphOptions(data_dir=pages, **values))  # type: ignore[arg-type]
    train = ready(module).splits["train"]
    assert isinstance(train, MixedParagraphs)
    assert len(train) == 20 and train.n_real == 5
    own = PARAGRAPH_MAPPING_2021.decode(train[0][1].tolist())
    assert own in {PARAGRAPH_MAPPING_2021.decode(r) for r in train.real.labels}  # type: ignore[attr-defined]
    assert torch.equal(train[9][0], train.stacked[9][0])
    assert "An epoch has 5 paragraphs of" in module.describe()


def test_the_epochs_go_through_all_real_paragraphs(pages: Path) -> None:
    values = {"epoch_length": 8, "real_share": 0.25, "augment_data": False}
    train, other = mixed(pages, **values), mixed(pages, **values, seed=1)
    n_real, n_epochs = len(train.real), -(-len(train.real) // 2)
    assert n_real > 4
    shown, shown_by_other = [], []
    for epoch in range(n_epochs):
        for samples, images in ((train, shown), (other, shown_by_other)):
            samples.set_epoch(epoch)
            images += [samples[i][0].numpy().tobytes() for i in range(2)]
    own = {train.real[i][0].numpy().tobytes() for i in range(n_real)}
    assert set(shown) == set(shown_by_other) == own and shown != shown_by_other
    assert train.note() == (
        f"An epoch has 2 paragraphs of {n_real} real ones; all have come after {n_epochs} epochs."
    )
    train.n_real = n_real
    assert train.note() == f"An epoch has {n_real} paragraphs of {n_real} real ones."


def test_real_paragraphs_depend_on_seed_epoch_and_number_only(pages: Path) -> None:
    one, other = (mixed(pages, epoch_length=60, real_share=0.9) for _ in range(2))
    n_all = len(one.real)
    assert n_all < one.n_real
    before = one[1][0]
    torch.manual_seed(9)
    state = torch.get_rng_state()
    assert torch.equal(other[1][0], before)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(one[1 + n_all][1], one[1][1])  # the same one, varied anew
    assert not torch.equal(one[1 + n_all][0], before)
    loader = DataLoader(one, batch_size=4, num_workers=1, sampler=range(4))
    assert torch.equal(next(iter(loader))[0], torch.stack([one[i][0] for i in range(4)]))


def test_further_lines_are_stacked_but_not_those_of_held_out_pages(tmp_path: Path) -> None:
    more = (
        DrawnPage("x1", "train", "letter-x", ("Some further words", "thank you so")),
        DrawnPage("x2", "train", "letter-d", ("Of a test document",)),
        DrawnPage("x3", "val", "letter-y", ("Of another split",)),
    )
    lines = write_pages(tmp_path / "more", more)
    samples = synthetic(write_pages(tmp_path / "pages"), lines_dir=lines)
    added = {line.text for line in samples.lines if line.document[1] in ("letter-x", "letter-d")}
    assert added == {"Some further words"}
    assert "Of another split" not in {line.text for line in samples.lines}


@pytest.mark.parametrize("scale", [None, 0.5])
def test_further_lines_are_of_the_size_that_a_scale_gives_pages(
    scale: float | None, tmp_path: Path
) -> None:
    more = write_pages(tmp_path / "more", (DrawnPage("x1", "train", "letter-x", ("Some words",)),))
    samples = synthetic(write_pages(tmp_path / "pages"), lines_dir=more, scale=scale)
    rng = np.random.default_rng(0)
    drawn = [samples.draw(rng) for _ in range(60)]
    heights = {ink.shape[0] for ink, text in drawn if text == "Some words"}
    assert heights == {13} if scale else max(heights) > 20  # pages have lines of 26 rows


def test_open_and_iam_paragraphs_go_together(pages: Path, iam: Path) -> None:
    first = OpenParagraphs(ParagraphOptions(data_dir=pages, **SMALL))  # type: ignore[arg-type]
    second = IAMParagraphs(
        IAMParagraphOptions(data_dir=iam, shared_texts=True, **{**SMALL, "max_length": 200})  # type: ignore[arg-type]
    )
    joined = ready(CombinedData([first, second]))
    assert len(joined.data_train) == len(first.data_train) + len(second.data_train)
    assert joined.output_dims == (200, 1)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"max_length": 2}, "max_length is at least 3, not 2."),
        ({"height": 9}, "height and width are at least 28, not 9 and 640."),
        ({"scale": 1.5}, "scale is over 0 and at most 1, not 1.5."),
        ({"unknown": "keep"}, "unknown is strip or skip, not keep."),
        ({"epoch_length": 0}, "epoch_length is at least 1, not 0."),
        ({"max_lines": 0}, "max_lines is at least 1, not 0."),
        ({"real_share": 1.2}, "real_share is from 0 to 1, not 1.2."),
    ],
)
def test_options_are_checked(values: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError) as caught:
        MixedParagraphOptions(**values)  # type: ignore[arg-type]
    assert str(caught.value) == message


def test_pages_without_training_lines_end_in_a_sentence(tmp_path: Path) -> None:
    folder = write_pages(tmp_path, TEST)
    with pytest.raises(InputError) as caught:
        open_paragraphs(folder)
    assert str(caught.value) == (
        "OpenParagraphs: no training page has lines that can be learnt. "
        "0 training lines say what validation or test pages say, and are not trained on."
    )


def test_training_pages_that_are_left_out_are_counted_in_the_sentence(tmp_path: Path) -> None:
    pages = [replace(TRAIN[0], document="letter-d"), *TEST]
    with pytest.raises(InputError) as caught:
        open_paragraphs(write_pages(tmp_path, pages))
    assert str(caught.value) == (
        "OpenParagraphs: no training page has lines that can be learnt. "
        "1 pages are left out: other splits hold their document or writer. "
        "0 training lines say what validation or test pages say, and are not trained on."
    )


def test_folders_without_a_table_may_number_their_pages_alike(tmp_path: Path) -> None:
    pages = [replace(page, name="p1") for page in (TRAIN[0], *VALIDATION, *TEST)]
    (write_pages(tmp_path, pages) / "pages.tsv").unlink()
    module = open_paragraphs(tmp_path)
    assert all(len(module.splits[split]) for split in ("train", "validation", "test"))
    assert "other splits hold" not in module.describe()


def test_run_as_a_program(tmp_path: Path) -> None:
    folder = write_pages(tmp_path / "p")
    flags = (f"--data_dir={folder}", "--height=96", "--width=112", "--epoch_length=8")
    done = run_script("open_original_and_synthetic_paragraphs", tmp_path, *flags)
    assert done.returncode == 0, done.stderr
    assert "input (1, 96, 112), output (682, 1), 84 symbols" in done.stdout
    assert (tmp_path / "OpenOriginalAndSyntheticParagraphs.png").is_file()


def test_all_have_names_for_experiments() -> None:
    for kind, options in (*OPEN, *IAM):
        assert DATA_CLASSES[kind.__name__] is kind and kind.options_class is options


@pytest.mark.shared
def test_published_pages_share_nothing_between_splits(shared_folder: Path) -> None:
    folder = shared_folder / "handwriting-pages"
    module = OpenParagraphs(ParagraphOptions(data_dir=folder))
    ready(module)
    paths = {s: {c.cut.path for c in cuts(module, s)} for s in ("train", "validation", "test")}
    assert not paths["train"] & (paths["validation"] | paths["test"])
    assert len(paths["validation"]) == len(paths["test"]) == 11 and len(paths["train"]) == 48
    words = {s: {line for t in texts(module, s) for line in t.split("\n")} for s in paths}
    both = words["train"] & (words["validation"] | words["test"])
    assert all(" " not in line for line in both)
