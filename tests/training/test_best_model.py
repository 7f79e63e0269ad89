"""The best run of those recorded, saved as a model that the program reads with."""

import json
import logging
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from character_files import UNIPEN_CHARACTERS, write_idx, write_unipen
from mlflow.tracking import MlflowClient
from PIL import Image
from safetensors.torch import load_file
from tiny_run import LIBRARY_WARNINGS

from text_recognizer.bundle import PACKAGE_FOLDER, load_bundle
from text_recognizer.data.character_mapping import MAPPING_2021
from text_recognizer.errors import BundleError, InputError, OptionError
from text_recognizer.line_predictor import LinePredictor
from text_recognizer.training.experiments import best_model, wandb_runs
from text_recognizer.training.experiments.artifact import write_artifact
from text_recognizer.training.experiments.best_model import Choice, rank, save_best_model
from text_recognizer.training.experiments.best_model_command import main
from text_recognizer.training.experiments.checkpoint_record import (
    CheckpointRecord,
    SavedNetwork,
    load_network,
)
from text_recognizer.training.experiments.experiment import PROJECT, make_data, make_model
from text_recognizer.training.experiments.flags import parse_flags
from text_recognizer.training.experiments.found_runs import FoundRun, figures_of_best
from text_recognizer.training.experiments.line_export import FrameScores, line_form, line_windows
from text_recognizer.training.experiments.run import Outcome, run_experiment
from text_recognizer.training.experiments.wandb_runs import find_wandb_runs
from text_recognizer.training.export import check_parity, export_onnx, round_to_half

pytestmark = [
    pytest.mark.train,
    *LIBRARY_WARNINGS,
    pytest.mark.filterwarnings("ignore:.*smaller than the logging interval.*"),
]

ROOT = Path(__file__).parents[2]
QUIET = ["--gpus=0", "--progress_bar_refresh_rate=0", "--weights_summary=none"]
FAKE = [
    "--data_class=FakeImageData", "--learnable", "--num_samples=128", "--batch_size=32",
    "--model_class=CNN", "--conv_dim=8", "--fc_dim=32", "--max_epochs=1", *QUIET,
]  # fmt: skip


@pytest.fixture(scope="module")
def line_words(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Flags of lines whose characters are chequered, each in its own way."""
    glyphs = write_unipen(tmp_path_factory.mktemp("glyphs"))
    tiles = np.random.default_rng(0).integers(0, 2, (len(UNIPEN_CHARACTERS), 4, 4))
    images = (tiles.astype(np.uint8) * 250).repeat(5, axis=1).repeat(5, axis=2)
    images = np.pad(images, ((0, 0), (4, 4), (4, 4))).repeat(3, axis=0)  # three of each class
    for split in ("train", "val", "test"):
        write_idx(glyphs / f"unipen-chars-{split}-images-idx3-ubyte.gz", images)
    return [
        "--data_class=EMNISTLines", f"--data_dir={tmp_path_factory.mktemp('data')}",
        "--source=UnipenCharacters", f"--source_dir={glyphs}", "--text=project",
        "--num_train=256", "--num_val=16", "--num_test=16", "--batch_size=16", "--max_overlap=0",
        "--max_length=12", "--model_class=LineCNN", "--conv_dim=8", "--fc_dim=64", *QUIET,
    ]  # fmt: skip


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="module")
def line_run(line_words: list[str], logs: Path) -> Outcome:
    """A run with lines that has learnt most of its characters."""
    words = [*line_words, "--loss=ctc", "--max_epochs=10", "--lr=0.004"]
    return run_experiment(parse_flags(words), logs)


@pytest.fixture(scope="module")
def character_run(logs: Path) -> Outcome:
    return run_experiment(parse_flags(FAKE), logs)


@pytest.fixture
def saved_line(
    line_run: Outcome, logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The folder that the command writes, in a working folder of its own."""
    monkeypatch.chdir(tmp_path)
    assert main(["--trained_data_class=EMNISTLines", f"--logs={logs}"]) == 0
    return Path("artifacts") / "line_text_recognizer"


def found(run_id: str, fetch: Callable[[], Path] | None = None, **figures: float) -> FoundRun:
    return FoundRun(run_id, f"run {run_id}", "MLflow", "EMNISTLines", figures, fetch or Path)


def test_the_best_is_lowest_or_highest_and_never_one_without_a_value() -> None:
    runs = [
        found("a", val_loss=2.0, val_acc=0.5),
        found("b", val_loss=1.0),
        found("c", val_acc=0.75),
        found("d", val_loss=1.0, val_acc=0.25),
    ]

    def order(**choice: Any) -> str:
        return "".join(run.id for run in rank(runs, Choice("EMNISTLines", **choice)))

    assert order() == "bda"
    assert order(mode="max") == "abd"
    assert order(metric="val_acc") == "cad"
    assert order(metric="val_acc", mode="min") == "dac"


def test_a_figure_that_is_no_number_is_missing() -> None:
    recorded = {
        "val_loss": 3.0, "best_val_loss": 1.0, "test_cer": 1, "val_cer": float("nan"),
        "val_acc": "NaN", "epoch": None, "best_val_acc": float("inf"), "is_ok": True,
    }  # fmt: skip
    assert figures_of_best(recorded) == {"val_loss": 1.0, "test_cer": 1.0}


def test_a_saved_folder_has_all_that_made_it(saved_line: Path, line_run: Outcome) -> None:
    names = {
        "config.json", "run_command.txt", "weights.safetensors", "manifest.json", "model.onnx"
    }  # fmt: skip
    assert {path.name for path in saved_line.iterdir()} == names
    assert [path.name for path in saved_line.parent.iterdir()] == [saved_line.name]
    config = json.loads((saved_line / "config.json").read_text(encoding="utf-8"))
    assert (config["model_class"], config["lr"], config["max_epochs"]) == ("LineCNN", 0.004, 10)
    assert config["one_cycle_max_lr"] is None
    assert "None" not in config.values()
    command = (saved_line / "run_command.txt").read_text(encoding="utf-8")
    assert command.startswith("python training/run_experiment.py --data_class=EMNISTLines ")
    assert line_run.checkpoint is not None
    state = torch.load(line_run.checkpoint, weights_only=True)["state_dict"]
    weights = load_file(saved_line / "weights.safetensors")
    assert {f"network.{name}" for name in weights} == state.keys()
    assert all(torch.equal(state[f"network.{name}"], value) for name, value in weights.items())


def test_the_manifest_says_how_the_network_reads(saved_line: Path, line_run: Outcome) -> None:
    manifest = load_bundle("line_text_recognizer", task="line").manifest
    assert (manifest.name, manifest.line_height, manifest.frame_stride) == (saved_line.name, 28, 28)
    assert manifest.symbols == MAPPING_2021.symbols[4:]
    assert manifest.input_normalisation == "paper-division-plain-1"
    assert (manifest.seed, manifest.text_form) == (42, "latin-ascii-1")
    measured = {cer.split: cer.cer for cer in manifest.cer}
    assert measured["test"] == pytest.approx(line_run.figures["test_cer"], abs=1e-5)
    assert measured.keys() == {"validation", "test"}


def test_a_saved_model_reads_what_its_checkpoint_reads(
    saved_line: Path, line_run: Outcome, line_words: list[str], tmp_path: Path
) -> None:
    assert line_run.figures["test_cer"] < 0.4
    assert line_run.checkpoint is not None
    words = [*line_words, "--loss=ctc", f"--load_checkpoint={line_run.checkpoint}"]
    experiment = parse_flags(words)
    data = make_data(experiment)
    model = make_model(experiment, data).eval()
    round_to_half(model.network)
    images, labels = next(iter(data.test_dataloader()))
    with torch.no_grad():
        own = [" ".join(model.text(row).split()) for row in model.decode(model(images))]
    predictor = LinePredictor(saved_line)
    pages = [255 - (255 * image[0]).round().to(torch.uint8).numpy() for image in images]
    assert [predictor.predict(page)[0] for page in pages] == own
    assert len(set(own)) > 8
    Image.fromarray(pages[0]).save(tmp_path / "line.png")
    command = [sys.executable, "-m", "text_recognizer.cli", "read", "--unit", "line", "--model"]
    done = subprocess.run(
        [*command, f"./{saved_line}", "line.png"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == own[0]


def test_a_line_at_any_size_and_on_grey_paper_reads_alike(
    saved_line: Path, line_run: Outcome, line_words: list[str]
) -> None:
    data = make_data(parse_flags([*line_words, "--loss=ctc"]))
    images, _ = next(iter(data.test_dataloader()))
    predictor = LinePredictor(saved_line)
    for image in images[:4, 0].numpy():
        page = (230 - 200 * image).astype(np.uint8)
        text = predictor.predict(page)[0]
        assert text
        assert predictor.predict(page.repeat(3, axis=0).repeat(3, axis=1))[0] == text


LINE_NETWORKS = {
    "LineCNNSimple": ["--conv_dim=4", "--window_width=16", "--window_stride=5"],
    "LineCNN": ["--conv_dim=4", "--window_width=20", "--window_stride=12"],
    "LineCNNDeep": ["--conv_dim=4", "--fc_dim=16", "--batch_norm"],
    "LineCNNLSTM": ["--lstm_dim=8", "--stem=lenet", "--attention"],
    "LineResnetLSTM": ["--conv_dim=4", "--lstm_dim=8"],
    "line_lstm_ctc": ["--window_width=12", "--window_stride=5"],
}


def untrained(words: list[str]) -> SavedNetwork:
    torch.manual_seed(0)
    experiment = parse_flags(words)
    data = make_data(experiment)
    network = make_model(experiment, data).network.eval()
    return SavedNetwork(network, CheckpointRecord.of(experiment, data))


@pytest.mark.parametrize("name", LINE_NETWORKS)
def test_exported_scores_are_those_of_torch(name: str, line_words: list[str]) -> None:
    """Of lines of several widths, and in every frame those of the network itself."""
    base = [word for word in line_words if not word.startswith(("--conv", "--fc", "--model"))]
    saved = untrained([*base, f"--model_class={name}", "--loss=ctc", *LINE_NETWORKS[name]])
    windows = line_windows(saved)
    round_to_half(saved.network)
    form = line_form(saved, windows)
    model = export_onnx(form)
    check_parity(form, model)
    image = torch.rand((2, 1, 28, 256), generator=torch.Generator().manual_seed(1))
    session = onnxruntime.InferenceSession(model)
    (scores,) = session.run(["scores"], {"image": image.numpy()})
    n_frames = -(-256 // windows.stride)
    assert scores.shape == (2, n_frames, 80)
    np.testing.assert_allclose(np.exp(scores).sum(2), 1, rtol=1e-4)
    own = saved.network(torch.nn.functional.pad(image, (0, windows.width)))[:, :, :n_frames]
    is_character = own.argmax(1) > 3
    best = torch.where(is_character, own.argmax(1) - 3, 0).numpy()
    same = (scores.argmax(2) == best).mean()
    assert same > 0.9  # the last frames see where the image ends


def test_special_symbols_read_as_the_blank() -> None:
    mapping = ("<B>", "<S>", "<E>", "<P>", "a", "b")
    record: Any = SimpleNamespace(mapping=mapping, normalisation=(0.0, 1.0))
    saved: Any = SimpleNamespace(record=record)
    logits = torch.tensor(
        [[[0.0, 1.0, 2.0], [9, 1, 2], [0, 0, 0], [0, 0, 8], [5, 7, 0], [0, 9, 5]]]
    )
    windows: Any = SimpleNamespace(width=4, stride=4)
    network = torch.nn.Module()
    network.forward = lambda image: logits
    scores = FrameScores(network, windows, saved)(torch.zeros(1, 1, 4, 12))
    assert scores.argmax(2).tolist() == [[0, 2, 0]]
    assert torch.exp(scores).sum(2).tolist() == [pytest.approx([1.0, 1.0, 1.0])]


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--limit_output_length"], "trained by --loss=cross_entropy, which reads lines of one"),
        (["--loss=ctc", "--limit_output_length"], "--limit_output_length, which cuts lines off"),
        (["--loss=ctc", "--model_class=line_cnn_all_conv"], "reads lines of one length: train"),
    ],
)
def test_what_cannot_read_is_kept_as_weights(
    flags: list[str], sentence: str, line_words: list[str], tmp_path: Path, caplog: Any
) -> None:
    base = line_words
    if flags[-1].startswith("--model"):
        base = [word for word in base if not word.startswith(("--conv", "--fc", "--model"))]
    saved = untrained([*base, *flags])
    artifact = write_artifact(saved, found("abc"), tmp_path)
    assert not artifact.has_bundle
    assert sentence in caplog.text
    names = {"config.json", "run_command.txt", "weights.safetensors"}
    assert {path.name for path in artifact.folder.iterdir()} == names
    with pytest.raises(BundleError, match="holds no manifest"):
        load_bundle(artifact.folder)


def test_a_model_to_read_with_is_not_lost_to_one_that_cannot(
    line_words: list[str], saved_line: Path
) -> None:
    other = untrained([*line_words, "--limit_output_length"])
    before = load_bundle(saved_line)
    with pytest.raises(BundleError, match="makes no model to read with, so the one in .* stays."):
        write_artifact(other, found("abc"), saved_line.parent)
    assert load_bundle(saved_line) == before


def test_runs_of_another_network_are_passed_over(
    character_run: Outcome, logs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--trained_data_class=FakeImageData", f"--logs={logs}", "--trained_model_class=MLP"]
    assert fails(words, capsys) == (
        "No run with FakeImageData and --model_class=MLP has a checkpoint that can be read: train "
        "one by training/run_experiment.py --data_class=FakeImageData --model_class=MLP.\n"
    )


def test_a_character_network_is_saved(
    character_run: Outcome, logs: Path, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["--trained_data_class=FakeImageData", f"--logs={logs}", "--metric=val_acc"]
    assert main(words) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("Best of 1 run with FakeImageData: FakeImageData-CNN, MLflow run ")
    assert shown[1].startswith("val_acc: 0.")
    assert shown[2].startswith("val_loss: ")
    assert shown[3:5] == ["val_cer: not recorded", "test_cer: not recorded"]
    assert shown[6:] == [
        'Read with it: CharacterPredictor("artifacts/character_text_recognizer").predict(FILE)'
    ]
    folder = tmp_path / "artifacts" / "character_text_recognizer"
    names = {"config.json", "run_command.txt", "weights.safetensors"}
    assert {path.name for path in folder.iterdir()} >= names


def test_an_older_folder_is_replaced_whole_or_not_at_all(
    line_words: list[str], tmp_path: Path, monkeypatch: Any
) -> None:
    saved = untrained([*line_words, "--limit_output_length"])
    folder = write_artifact(saved, found("abc"), tmp_path).folder
    (folder / "notes.txt").write_text("of an older model\n")
    assert not (write_artifact(saved, found("abd"), tmp_path).folder / "notes.txt").exists()
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def fail(path: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(InputError, match="cannot be written: No space left on device"):
        write_artifact(saved, found("abe"), tmp_path)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


def test_ctrl_c_leaves_the_older_folder(
    line_words: list[str], tmp_path: Path, monkeypatch: Any
) -> None:
    """Between the two renames, when neither folder is in its place."""
    saved = untrained([*line_words, "--limit_output_length"])
    folder = write_artifact(saved, found("abc"), tmp_path).folder
    (folder / "notes.txt").write_text("of an older model\n")
    rename = Path.rename

    def press(path: Path, target: Path) -> Path:
        if target == folder and not (path / "notes.txt").exists():
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", press)
    with pytest.raises(KeyboardInterrupt):
        write_artifact(saved, found("abd"), tmp_path)
    assert (folder / "notes.txt").exists()
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


def test_shipped_models_are_left_alone(line_words: list[str]) -> None:
    saved = untrained([*line_words, "--limit_output_length"])
    before = sorted(PACKAGE_FOLDER.iterdir())
    with pytest.raises(BundleError, match="is a place of shipped models"):
        write_artifact(saved, found("abc"), PACKAGE_FOLDER)
    assert sorted(PACKAGE_FOLDER.iterdir()) == before


def fails(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What is said of a command that ends with 1."""
    assert main(words) == 1
    output = capsys.readouterr()
    assert output.out == ""
    return output.err


def test_what_is_not_recorded_is_a_sentence(
    character_run: Outcome, logs: Path, tmp_path: Path, capsys: Any
) -> None:
    assert fails(["--trained_data_class=MNIST", f"--logs={tmp_path}"], capsys) == (
        f"{tmp_path} holds no runs of {PROJECT}: train one by training/run_experiment.py "
        "--data_class=MNIST.\n"
    )
    assert fails(["--trained_data_class=IAM", f"--logs={logs}"], capsys).startswith(
        "--trained_data_class: no data set is called 'IAM'; there are MNIST, "
    )
    assert "MNIST is recorded in" in fails(["--trained_data_class=MNIST", f"--logs={logs}"], capsys)
    words = ["--trained_data_class=FakeImageData", f"--logs={logs}"]
    assert f"{logs} holds no runs of other" in fails([*words, "--project=other"], capsys)
    said = fails([*words, "--metric=val_cer"], capsys)
    assert said.startswith("No run with FakeImageData has recorded val_cer; recorded are epoch, ")
    assert "val_acc, val_acc_folded, val_loss" in said
    (tmp_path / "mlflow.db").write_bytes(b"no database" * 1000)
    assert "cannot be read as records of MLflow" in fails([words[0], f"--logs={tmp_path}"], capsys)


def test_wrong_usage_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([], ["--trained_data_class=MNIST", "--mode=mean"]):
        with pytest.raises(SystemExit) as error:
            main(words)
        assert error.value.code == 2


def test_a_run_without_its_checkpoint_gives_way_to_the_next(
    line_run: Outcome, logs: Path, tmp_path: Path, monkeypatch: Any, caplog: Any
) -> None:
    assert line_run.checkpoint is not None
    good, foreign = line_run.checkpoint, tmp_path / "foreign.ckpt"
    torch.save({"state_dict": {}}, foreign)
    client = MlflowClient(f"sqlite:///{logs / 'mlflow.db'}")
    experiment = client.get_experiment_by_name(PROJECT).experiment_id
    made = []
    for name, loss, place in (("gone", -3, "1/x.ckpt"), ("none", -2, ""), ("odd", -1, foreign)):
        tags = {"data_class": "EMNISTLines", "best_checkpoint": str(place), "mlflow.runName": name}
        run = client.create_run(experiment, tags=tags)
        client.log_metric(run.info.run_id, "best_val_loss", loss)
        made.append(run.info.run_id)
    try:
        saved = save_best_model(Choice("EMNISTLines", logs=logs), tmp_path)
        assert (saved.n_runs, saved.run.name) == (4, "EMNISTLines-LineCNN")
        assert saved.run.fetch() == good
        assert caplog.messages == [
            f"gone ({made[0]}) is passed over: its checkpoint {logs / '1' / 'x.ckpt'} is gone.",
            f"none ({made[1]}) is passed over: it has recorded no checkpoint.",
            f"odd ({made[2]}) is passed over: {foreign} is no checkpoint of an experiment.",
        ]
        monkeypatch.setattr(best_model, "load_network", lambda path: load_network(foreign))
        with pytest.raises(InputError, match="No run with EMNISTLines has a checkpoint that can"):
            save_best_model(Choice("EMNISTLines", logs=logs), tmp_path)
    finally:
        for run_id in made:
            client.delete_run(run_id)


def test_a_checkpoint_runs_no_code(tmp_path: Path) -> None:
    class Harmful:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "harm",)

    torch.save({"experiment": Harmful()}, tmp_path / "a.ckpt")
    with pytest.raises(InputError, match="is no checkpoint of an experiment"):
        load_network(tmp_path / "a.ckpt")
    assert not (tmp_path / "harm").exists()
    with pytest.raises(InputError, match="cannot be read: No such file"):
        load_network(tmp_path / "b.ckpt")


def recorded_run(run_id: str, checkpoint: Path | None = None, **summary: Any) -> SimpleNamespace:
    """A run as `wandb.Api` gives it; the checkpoint is one of its artifacts."""

    def download(root: str) -> str:
        assert checkpoint is not None
        Path(root).mkdir(parents=True)
        shutil.copy(checkpoint, root)
        return root

    artifacts = [
        SimpleNamespace(type="wandb-history", aliases=["best"]),
        SimpleNamespace(type="model", aliases=["v0"]),
    ]
    if checkpoint is not None:
        artifacts.append(SimpleNamespace(type="model", aliases=["best", "v1"], download=download))
    return SimpleNamespace(
        id=run_id,
        name="EMNISTLines-LineCNN",
        config={"data_class": "EMNISTLines", "max_epochs": "None"},
        summary={"_wandb": {"runtime": 3}, **summary},
        logged_artifacts=lambda: artifacts,
    )


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Any:
    """W&B as it would answer; its runs are set by the tests."""
    answers = SimpleNamespace(found=[], asked=[])

    def runs(path: str, filters: dict[str, Any]) -> list[Any]:
        answers.asked.append((path, filters))
        return answers.found  # type: ignore[no-any-return]

    answers.runs = runs
    monkeypatch.setattr(wandb_runs, "why_not_online", lambda: None)
    monkeypatch.setattr(wandb_runs, "open_api", lambda: answers)
    return answers


def test_runs_of_w_and_b_are_looked_at_too(
    api: Any, line_run: Outcome, logs: Path, tmp_path: Path
) -> None:
    assert line_run.checkpoint is not None
    api.found = [
        recorded_run("far", line_run.checkpoint, best_val_loss=0.001, val_loss=5.0, test_cer=0.5),
        recorded_run("lost", best_val_loss=0.0005),
        recorded_run("nan", best_val_loss="NaN"),
    ]
    choice = Choice("EMNISTLines", entity="us", logs=tmp_path)
    saved = save_best_model(choice, tmp_path / "artifacts")
    assert api.asked == [(f"us/{PROJECT}", {"config.data_class": "EMNISTLines"})]
    assert (saved.run.id, saved.run.tracker, saved.n_runs) == ("far", "W&B", 3)
    assert saved.run.figures == {"val_loss": 0.001, "test_cer": 0.5}
    config = json.loads((saved.artifact.folder / "config.json").read_text(encoding="utf-8"))
    assert config["max_epochs"] == 10  # of the checkpoint, not the text that W&B gives back


def test_a_run_in_both_trackers_counts_once(
    api: Any, line_run: Outcome, logs: Path, tmp_path: Path
) -> None:
    client = MlflowClient(f"sqlite:///{logs / 'mlflow.db'}")
    experiment = client.get_experiment_by_name(PROJECT).experiment_id
    (run,) = client.search_runs([experiment], "tags.data_class = 'EMNISTLines'")
    client.set_tag(run.info.run_id, "wandb_run", "twin")
    api.found = [recorded_run("twin", line_run.checkpoint, val_loss=9.0)]
    try:
        (only,) = best_model.find_runs(Choice("EMNISTLines", logs=logs))
    finally:
        client.delete_tag(run.info.run_id, "wandb_run")
    assert api.asked[0][0] == PROJECT
    assert only.tracker == "MLflow"
    assert only.fetch().read_bytes() == line_run.checkpoint.read_bytes()  # type: ignore[union-attr]


def test_without_w_and_b_local_runs_are_enough(
    line_run: Outcome, logs: Path, tmp_path: Path, monkeypatch: Any, caplog: Any
) -> None:
    caplog.set_level(logging.WARNING)
    monkeypatch.setattr(wandb_runs, "why_not_online", lambda: "W&B has no account here")
    found_here = best_model.find_runs(Choice("EMNISTLines", logs=logs))
    assert caplog.messages == []
    assert best_model.find_runs(Choice("EMNISTLines", logs=logs, entity="us"))[0].id == (
        found_here[0].id
    )
    monkeypatch.setattr(wandb_runs, "why_not_online", lambda: None)

    def no_network() -> Any:
        raise OSError("no route to host")

    monkeypatch.setattr(wandb_runs, "open_api", no_network)
    assert find_wandb_runs("p", "MNIST", entity="", logs=logs) == []
    assert caplog.messages == [
        f"W&B has no account here: only runs recorded in {logs} are looked at.",
        f"W&B does not answer (no route to host): only runs recorded in {logs} are looked at.",
    ]


def test_the_door_is_a_program(tmp_path: Path) -> None:
    door = [sys.executable, str(ROOT / "training" / "save_best_model.py")]
    done = subprocess.run(
        [*door, "--trained_data_class=MNIST"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "holds no runs of text-recognizer-experiments" in done.stderr


def test_an_unknown_option_of_a_network_is_a_foreign_checkpoint(
    line_words: list[str], tmp_path: Path
) -> None:
    saved = untrained([*line_words, "--limit_output_length"])
    record = saved.record.to_dict({})
    for change, sentence in (
        ({"network": {"n_layers": 3}}, "is no checkpoint of an experiment"),
        ({"network": {"window_width": 3}}, "holds a network that there is not"),
        ({"config": {"model_class": "VGG"}}, "no network is called 'VGG'"),
    ):
        torch.save({"experiment": record | change, "state_dict": {}}, tmp_path / "a.ckpt")
        with pytest.raises(InputError, match=sentence):
            load_network(tmp_path / "a.ckpt")
    with pytest.raises(OptionError):
        line_windows(saved)
