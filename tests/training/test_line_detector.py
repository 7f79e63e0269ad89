"""Line detectors: trained on masks of drawn pages, measured on pages, and what they refuse."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from drawn_paragraphs import HEIGHT, PITCH_PX, WIDTH, line_box, write_pages
from fake_experiment import EXPERIMENT_WARNINGS, FAKE, QUIET, run
from PIL import Image

from text_recognizer.ground_truth import read_pages
from text_recognizer.ground_truth.image_files import read_grey
from text_recognizer.lit_models.experiment_segmentation import (
    ExperimentSegmentationLitModel,
    PixelCounts,
)
from text_recognizer.training.experiments.artifact import write_artifact
from text_recognizer.training.experiments.checkpoint_record import load_network
from text_recognizer.training.experiments.command import main
from text_recognizer.training.experiments.line_detector import LineDetector
from text_recognizer.training.experiments.line_detector_evaluation import evaluate_line_detector
from text_recognizer.training.experiments.options import ExperimentLossOptions
from text_recognizer.training.experiments.run import Outcome

pytestmark = [pytest.mark.train, *EXPERIMENT_WARNINGS]

SIZE = 160
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pages(tmp_path_factory.mktemp("pages"))


def words(pages: Path, work: Path) -> list[str]:
    return [
        "--data_class=OpenLineMasks", f"--data_dir={pages}", f"--work_dir={work}",
        f"--size={SIZE}", "--mask_form=bands", "--augment_data=false", "--debug_images=false",
        "--batch_size=3", *QUIET,
    ]  # fmt: skip


@pytest.fixture(scope="module")
def trained(pages: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    folder = tmp_path_factory.mktemp("run")
    network = ["--model_class=UNet", "--conv_dim=8", "--n_levels=4"]
    return run(
        [*words(pages, folder / "work"), *network, "--lr=0.01", "--max_epochs=50",
         "--check_val_every_n_epoch=5"],
        folder,
    )  # fmt: skip


@pytest.fixture(scope="module")
def checkpoint(trained: Outcome) -> Path:
    assert trained.checkpoint is not None
    return trained.checkpoint


def test_a_detector_learns_drawn_pages(trained: Outcome, checkpoint: Path) -> None:
    figures = trained.figures
    assert figures["val_acc"] > 0.9 and figures["test_acc"] > 0.9
    assert 0.6 < figures["test_iou_written"] <= 1
    assert 0 < figures["test_iou"] <= 1
    assert "test_cer" not in figures
    sheets = sorted((checkpoint.parents[1] / "samples" / "OpenLineMasks-UNet").glob("step-*.png"))
    with Image.open(sheets[-1]) as sheet:
        assert sheet.height == 800


@pytest.mark.parametrize("split", ["validation", "test"])
def test_its_lines_are_measured(
    split: str, pages: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = evaluate_line_detector([f"--checkpoint={checkpoint}", f"--split={split}", str(pages)])
    assert code == 0
    assert capsys.readouterr().out.splitlines() == [
        "pages: 1",
        "lines: 3",
        "found: 3, of which not judged: 0",
        "recall: 1.0000",
        "precision: 1.0000",
        "f1: 1.0000",
    ]


def test_its_lines_are_where_they_are_drawn(pages: Path, checkpoint: Path) -> None:
    (page,) = read_pages(pages, split="test")
    lines = LineDetector(checkpoint).find(read_grey(page.image_path))
    for line, reference in zip(lines, page.lines, strict=True):
        true = reference.baseline[0][1]
        assert float(line.baseline[:, 1].mean()) == pytest.approx(true, abs=PITCH_PX / 5)
        assert line.baseline[0, 0] == pytest.approx(line_box(0, "")[0], abs=PITCH_PX)


def test_blank_pages_have_no_lines(checkpoint: Path) -> None:
    detector = LineDetector(checkpoint, long_side=100)
    assert detector.find(np.full((HEIGHT, WIDTH), 210, np.uint8)) == []
    assert detector.find(np.full((2, 2), 210, np.uint8)) == []


def test_a_floor_that_is_not_reached(
    pages: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Reduced to 32 pixels nothing can be found."""
    flags = [f"--checkpoint={checkpoint}", "--min_f1=0.9", "--long_side=32"]
    assert evaluate_line_detector([*flags, str(pages)]) == 1
    assert capsys.readouterr().err == "F1 is under 0.9.\n"


def test_what_cannot_be_measured_is_a_sentence(
    pages: Path, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = run([*FAKE, "--max_epochs=1"], tmp_path / "run").checkpoint
    empty = tmp_path / "empty"
    empty.mkdir()
    (tmp_path / "only").mkdir()
    write_pages(tmp_path / "only", [])
    for flags, sentence, code in (
        ([f"--checkpoint={tmp_path / 'none'}", str(pages)], "none cannot be read: No such", 1),
        ([f"--checkpoint={other}", str(pages)], "holds CNN, which finds no lines: take a", 1),
        ([f"--checkpoint={checkpoint}", "--long_side=8", str(pages)], "--long_side is 32 or", 2),
        ([f"--checkpoint={checkpoint}", str(empty)], str(empty), 1),
    ):
        assert evaluate_line_detector(flags) == code
        assert sentence in capsys.readouterr().err


def test_pages_of_another_split(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = write_pages(tmp_path)
    (pages / "test" / "d1.xml").unlink()
    assert evaluate_line_detector([f"--checkpoint={checkpoint}", str(pages)]) == 1
    assert capsys.readouterr().err == f"{pages} holds no test page: give another --split.\n"


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--model_class=CNN"], "CNN reads single characters, and OpenLineMasks holds masks of"),
        (["--model_class=LineCNN"], "LineCNN reads lines, and OpenLineMasks holds masks of lines:"),
        (["--model_class=FCN", "--loss=ctc"], "--loss=ctc is for the text of lines"),
        (["--model_class=FCN", "--mask_form=boxes"], "mask_form is outlines or bands, not 'boxes'"),
        (["--model_class=FCN", "--loss=embedding"], "--loss=embedding does not take logits"),
    ],
)
def test_what_does_not_fit_together_is_a_sentence(
    flags: list[str],
    sentence: str,
    pages: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    small = ["--size=32"] if "--model_class=FCN" in flags else []
    assert main([*words(pages, tmp_path), *small, "--max_epochs=1", *flags]) == 2
    assert sentence in capsys.readouterr().err


def test_a_detector_needs_masks(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*FAKE[:-6], "--model_class=FCN"]) == 2
    error = capsys.readouterr().err
    assert "FCN draws masks of lines, and FakeImageData holds single characters: choose" in error


def test_losses_that_want_classes_one_hot(pages: Path) -> None:
    model = ExperimentSegmentationLitModel(
        torch.nn.Conv2d(1, 3, 1),
        ExperimentLossOptions(loss="mse_loss"),
        mapping=("paper", "odd line", "even line"),
    )
    logits = torch.zeros(2, 3, 4, 5)
    assert float(model.loss(logits, torch.zeros(2, 4, 5, dtype=torch.long))) == pytest.approx(1 / 3)


def test_pixel_counts() -> None:
    """Six pixels: two of the paper right and one not, an odd one right, an even one taken for odd,
    an even one right."""
    counts = PixelCounts(3)
    counts.add(2.0, torch.tensor([[[0, 0, 0]]]), torch.tensor([[[0, 0, 1]]]))
    counts.add(1.0, torch.tensor([[[1, 2, 2]]]), torch.tensor([[[1, 1, 2]]]))
    rates = counts.rates()
    assert rates["loss"] == pytest.approx(1.5)
    assert rates["acc"] == pytest.approx(4 / 6)
    assert rates["iou"] == pytest.approx((1 / 3 + 1 / 2) / 2)
    assert rates["iou_written"] == pytest.approx(3 / 4)


def test_pixel_counts_without_lines() -> None:
    counts = PixelCounts(3)
    assert counts.rates() == {}
    counts.add(2.0, torch.zeros(1, 2, 2, dtype=torch.long), torch.zeros(1, 2, 2, dtype=torch.long))
    assert counts.rates() == {"loss": 2.0, "acc": 1.0}
    counts.add(2.0, torch.ones(1, 2, 2, dtype=torch.long), torch.zeros(1, 2, 2, dtype=torch.long))
    assert counts.rates()["iou"] == 0.0


def test_the_best_model_keeps_its_weights_only(
    checkpoint: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    saved = load_network(checkpoint)
    assert saved.record.unit == "page"
    found: Any = SimpleNamespace(id="0" * 32, figures={})
    artifact = write_artifact(saved, found, tmp_path)
    assert artifact.folder == tmp_path / "page_text_recognizer"
    assert not artifact.has_bundle
    assert sorted(path.name for path in artifact.folder.iterdir()) == [
        "config.json", "run_command.txt", "weights.safetensors",
    ]  # fmt: skip
    assert "evaluation/evaluate_line_detector.py" in caplog.text


def test_the_door_is_short() -> None:
    door = ROOT / "evaluation" / "evaluate_line_detector.py"
    assert len(door.read_text(encoding="utf-8").splitlines()) <= 20
