"""A line finder learns drawn pages, is stored, and finds their lines in use."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from drawn_pages import LINE_GAP, draw_page, write_page
from tiny_run import LIBRARY_WARNINGS

from text_recognizer.bundle import load_bundle
from text_recognizer.data import DataPaths, HandwritingPages, HandwritingPagesOptions
from text_recognizer.data.handwriting_pages import PageBatch, collate
from text_recognizer.data.page_crops import PageMaterial, cut_crop
from text_recognizer.errors import BundleError, InputError
from text_recognizer.layout import LineFinder
from text_recognizer.line_reader import LineReader
from text_recognizer.lit_models.line_finder import finder_loss
from text_recognizer.models import LineFinderUNet, LineFinderUNetOptions
from text_recognizer.training.export import export_checkpoint
from text_recognizer.training.fit import RunFolder, fit
from text_recognizer.training.options import (
    FinderLossOptions,
    FinderTrainingOptions,
    TrackingOptions,
    TrainerOptions,
)
from text_recognizer.training.record import RunRecord
from text_recognizer.training.sheet import make_sheet

pytestmark = [
    pytest.mark.train,
    *LIBRARY_WARNINGS,
    pytest.mark.filterwarnings("ignore:.*trace.*"),
]

SENTENCES = ("seven apples lie under the tree", "and the postman waves at us") * 3


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three training pages and a validation page."""
    folder = tmp_path_factory.mktemp("pages")
    for number in range(3):
        write_page(folder / "train", f"t{number}", SENTENCES[number:], left=40 + 30 * number)
    write_page(folder / "val", "v", SENTENCES)
    return folder


def _options(max_steps: int) -> FinderTrainingOptions:
    return FinderTrainingOptions(
        name="tiny-finder",
        network_class="LineFinderUNet",
        data=HandwritingPagesOptions(size=128, batch=4, strength=0.2, back=0.0),
        network=LineFinderUNetOptions(widths=(8, 16, 24, 32), dilations=(1, 2)),
        loss=FinderLossOptions(learning_rate=6e-3, ema=0.9),
        trainer=TrainerOptions(
            max_time="",
            max_steps=max_steps,
            warm_up_steps=5,
            processes=1,
            validate_every_steps=max_steps,
        ),
        tracking=TrackingOptions(logger="none"),
    )


@pytest.fixture(scope="module")
def trained(pages: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    options = _options(200)
    record = RunRecord(options.to_dict(), (), "text-recognizer train tiny-finder.toml\n")
    return fit(options, DataPaths(pages), record, tmp_path_factory.mktemp("run") / "tiny")


def test_a_finder_learns_to_find_drawn_lines(trained: RunFolder, tmp_path: Path) -> None:
    bundle = export_checkpoint(trained.best_checkpoint(), tmp_path / "tiny-finder")
    lines = LineFinder(load_bundle(bundle.folder, task="finder")).find(draw_page())
    levels = [float(line.baseline[:, 1].mean()) for line in lines]
    assert levels == pytest.approx([80 + LINE_GAP * n for n in range(4)], abs=6)
    assert bundle.manifest.symbols == ()
    assert json.loads((bundle.folder / "config.json").read_text())["name"] == "tiny-finder"
    assert list((trained.path / "samples").glob("step-*.png"))


def test_a_finder_does_not_read(trained: RunFolder, tmp_path: Path) -> None:
    bundle = export_checkpoint(trained.best_checkpoint(), tmp_path / "tiny-finder")
    with pytest.raises(BundleError, match="is a finder model .* and a line model"):
        LineReader(bundle)


def test_pages_without_a_training_split_are_named(tmp_path: Path) -> None:
    write_page(tmp_path / "val", "v")
    data = HandwritingPages(HandwritingPagesOptions(), tmp_path, seed=0)
    data.setup("fit")
    with pytest.raises(InputError, match="No training pages were found"):
        data.train_dataloader()


def test_equal_seeds_draw_equal_pieces(pages: Path) -> None:
    batches = []
    for _ in range(2):
        data = HandwritingPages(HandwritingPagesOptions(size=128, batch=3), pages, seed=5)
        data.setup("fit")
        batches.append(next(iter(data.train_dataloader())))
    assert torch.equal(batches[0].images, batches[1].images)
    assert torch.equal(batches[0].maps, batches[1].maps)
    assert batches[0].maps.shape == (3, 5, 64, 64)


def test_pieces_show_the_lines_where_the_maps_say(pages: Path) -> None:
    """Under a ridge there are letters: ink above it, and hardly any far from all ridges."""
    data = HandwritingPages(HandwritingPagesOptions(size=256), pages, seed=1)
    data.setup("fit")
    page, rng = data.validation_pages[0], np.random.default_rng(0)
    near = far = 0.0
    for _ in range(12):
        crop = cut_crop(page, rng, size=256, strength=0.3)
        ink = crop.image[::2, ::2].astype(float)
        near += float((ink * crop.maps.area).sum())
        far += float((ink * (1 - crop.maps.area)).sum())
    assert near > 3 * far


def test_what_is_not_judged_costs_nothing() -> None:
    image = np.full((64, 64), 240, np.uint8)
    material = PageMaterial(image, (), np.ones_like(image))
    crops = [cut_crop(material, np.random.default_rng(0), size=64, strength=0.0)]
    batch = collate(crops)
    weights = {"ends_weight": 0.5, "height_weight": 0.5}
    wild = torch.randn(1, 5, 32, 32) * 5
    batch = PageBatch(batch.images, batch.maps, batch.on_ridge, torch.zeros_like(batch.weight))
    assert float(finder_loss(wild, batch, **weights)) == pytest.approx(0.0, abs=1e-6)


def test_perfect_maps_cost_little_and_empty_ones_much(pages: Path) -> None:
    data = HandwritingPages(HandwritingPagesOptions(size=128, batch=4), pages, seed=2)
    data.setup("fit")
    batch = next(iter(data.train_dataloader()))
    perfect = batch.maps.clone()
    sure = torch.logit(batch.maps[:, [0, 1, 4]].clamp(1e-3, 1 - 1e-3))
    perfect[:, [0, 1, 4]] = sure
    weights = {"ends_weight": 0.5, "height_weight": 0.5}
    empty = torch.full_like(perfect, -6.0)
    assert float(finder_loss(perfect, batch, **weights)) < 0.5
    assert float(finder_loss(empty, batch, **weights)) > 2.0


def test_the_sheet_shows_pieces(pages: Path) -> None:
    sheet = make_sheet(_options(1), DataPaths(pages), ())
    assert sheet.size == (4 * 128, 6 * 128)
    red, green, _ = (np.asarray(part, int) for part in sheet.split())
    assert (red - green > 100).mean() > 0.005  # ridges


def test_sizes_must_suit_the_network() -> None:
    network = LineFinderUNet()
    assert network.options.multiple == 32
    assert network(torch.zeros(1, 1, 64, 96)).shape == (1, 5, 32, 48)
