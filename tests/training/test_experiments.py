"""The door of the seeds: flags to an experiment, trained, its best checkpoint tested."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from fake_experiment import EXPERIMENT_WARNINGS, FAKE, chequered_lines, run
from safetensors.torch import load_file

from text_recognizer.data import EMNISTLinesOptions, EMNISTOptions, FakeImageDataOptions
from text_recognizer.errors import InputError, OptionError
from text_recognizer.lit_models.experiment import Counts, ExperimentLitModel, loss_function
from text_recognizer.lit_models.experiment_ctc import ExperimentCTCLitModel
from text_recognizer.models import CNNOptions, LineCNNOptions, LineLSTMCTCOptions, MLP2019Options
from text_recognizer.training.experiments.best_model_command import parse_choice
from text_recognizer.training.experiments.command import main
from text_recognizer.training.experiments.experiment import make_data, make_model
from text_recognizer.training.experiments.flags import parse_flags
from text_recognizer.training.experiments.line_detector_evaluation import evaluate_line_detector
from text_recognizer.training.experiments.options import ExperimentLossOptions
from text_recognizer.training.experiments.predictor_evaluation import evaluate_line_predictor

pytestmark = [pytest.mark.train, *EXPERIMENT_WARNINGS]

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def line_words(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return [*chequered_lines(tmp_path_factory.mktemp("data")), "--conv_dim=8", "--fc_dim=32"]


def test_flags_are_those_of_what_is_chosen() -> None:
    experiment = parse_flags(
        "--data_class=EMNISTLines --max_length=16 --min_overlap 0.1 --model_class=LineCNN "
        "--window_width=20 --loss=ctc --lr=0.01 --max_epochs=3 --limit_output_length "
        "--batch_size=7".split()
    )
    assert experiment.data == (EMNISTLinesOptions(max_length=16, min_overlap=0.1, batch_size=7),)
    assert experiment.network == LineCNNOptions(window_width=20, limit_output_length=True)
    assert experiment.loss == ExperimentLossOptions(loss="ctc", lr=0.01)
    assert experiment.trainer == {"max_epochs": "3"}
    assert not experiment.wandb
    default = parse_flags([])
    assert (default.data_class, default.model_class) == ("MNIST", "MLP")


def test_data_sets_that_are_joined_share_flags() -> None:
    experiment = parse_flags(["--data_class=FakeImageData+EMNIST", "--batch_size=9", "--seed=3"])
    assert [own.batch_size for own in experiment.data] == [9, 9]
    assert experiment.data[0] == FakeImageDataOptions(batch_size=9, seed=3)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--data_class=IAM9"], "no data set is called 'IAM9'; there are MNIST"),
        (["--model_class=VGG"], "no network is called 'VGG'; there are MLP"),
        (["--loss=hinge"], "--loss is ctc, transformer or a function of torch.nn.functional"),
        (["--optimizer=Adamant"], "torch.optim has no 'Adamant'"),
        (["--lr=0"], "--lr is over 0"),
        (["--lr=inf"], "--lr is over 0"),
        (["--weight_decay=nan"], "--weight_decay not under it"),
        (["--optimizer=LBFGS"], "LBFGS takes no --lr and --weight_decay"),
        (["--optimizer=Optimizer"], "Optimizer takes no --lr"),
        (["--window_width=3"], "unrecognized arguments: --window_width=3"),  # MLP has no windows
        (["--max_length"], "unrecognized arguments: --max_length"),
        (["--fc1=many"], "argument --fc1: invalid int value: 'many'"),
        (["--one_cycle_max_lr=-1"], "--one_cycle_max_lr is over 0"),
    ],
)
def test_wrong_usage_is_a_sentence(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert sentence in capsys.readouterr().err


def test_what_does_not_fit_together_is_a_sentence(
    line_words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    for words, sentence in (
        ([*line_words, "--model_class=LineCNN", "--window_stride=20"], "44 steps for a line"),
        ([*FAKE[:-4], "--model_class=LineCNN"], "LineCNN reads lines, and"),
        ([*FAKE, "--loss=ctc"], "--loss=ctc needs lines whose mapping has <B> and <P>"),
        ([*FAKE, "--loss=transformer"], "trains networks with a decoder, and CNN has none"),
        ([*FAKE, "--loss=cosine_embedding_loss"], "--loss=cosine_embedding_loss does not take"),
        ([*FAKE, "--tpu_cores=8"], "TPUs are not supported"),
        ([*FAKE, "--one_cycle_max_lr=0.1", "--max_epochs=-1"], "give --max_epochs or"),
    ):  # fmt: skip
        assert main(words) == 2
        assert sentence in capsys.readouterr().err


def test_missing_data_are_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data_class=UnipenCharacters", f"--data_dir={tmp_path}"]) == 1
    assert "unipen-chars-" in capsys.readouterr().err


def test_a_network_learns_and_its_best_checkpoint_is_tested(tmp_path: Path) -> None:
    outcome = run([*FAKE, "--max_epochs=12", "--lr=0.003"], tmp_path)
    assert outcome.figures["test_acc"] > 0.9
    assert outcome.checkpoint is not None
    content = torch.load(outcome.checkpoint, weights_only=True)
    assert content["global_step"] == 4 * (content["epoch"] + 1)
    assert list((tmp_path / "samples" / "FakeImageData-CNN").glob("step-*.png"))


def test_the_best_checkpoint_is_tested_and_not_the_last(tmp_path: Path) -> None:
    """With such a rate the later epochs are worse than the first."""
    outcome = run([*FAKE, "--max_epochs=4", "--lr=0.05", "--deterministic"], tmp_path)
    assert outcome.checkpoint is not None
    model = make_model(
        parse_flags([*FAKE, f"--load_checkpoint={outcome.checkpoint}"]),
        data := make_data(parse_flags(FAKE)),
    )
    model.eval()
    right = total = 0
    for images, labels in data.test_dataloader():
        right += int((model(images).argmax(1) == labels).sum())
        total += len(labels)
    assert outcome.figures["test_acc"] == pytest.approx(right / total, abs=1e-6)


def test_the_same_command_gives_the_same_figures(tmp_path: Path) -> None:
    first, again = (run([*FAKE, "--max_epochs=2"], tmp_path / name) for name in ("a", "b"))
    assert first.figures == again.figures
    other = run([*FAKE, "--max_epochs=2", "--seed=1"], tmp_path / "c")
    assert other.figures != first.figures


def test_a_run_goes_on_and_weights_are_loaded(tmp_path: Path) -> None:
    first = run([*FAKE, "--max_epochs=2"], tmp_path)
    last = next(tmp_path.rglob("last.ckpt"))
    more = run([*FAKE, "--max_epochs=3", f"--resume_from_checkpoint={last}"], tmp_path / "more")
    assert torch.load(next((tmp_path / "more").rglob("last.ckpt")), weights_only=True)["epoch"] == 2
    assert more.figures["val_loss"] < first.figures["val_loss"]
    start = run([*FAKE, "--max_epochs=1", f"--load_checkpoint={last}"], tmp_path / "start")
    assert (
        start.figures["val_loss"]
        < run([*FAKE, "--max_epochs=1"], tmp_path / "new").figures["val_loss"]
    )
    other = tmp_path / "other.ckpt"
    other.write_bytes(b"no checkpoint")
    for flag in ("load_checkpoint", "resume_from_checkpoint"):
        with pytest.raises(InputError, match=f"--{flag}: .* is no checkpoint of an experiment"):
            run([*FAKE, f"--{flag}={other}"], tmp_path)
    wider = [word.replace("--fc_dim=32", "--fc_dim=40") for word in FAKE]
    with pytest.raises(InputError, match="is no checkpoint of this network"):
        run([*wider, f"--load_checkpoint={last}"], tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        run([*FAKE, f"--load_checkpoint={tmp_path / 'nowhere.ckpt'}"], tmp_path)


@pytest.mark.parametrize("flags", [["--loss=ctc"], ["--limit_output_length"]])
def test_lines_are_trained_with_and_without_ctc(
    flags: list[str], line_words: list[str], tmp_path: Path
) -> None:
    outcome = run([*line_words, "--model_class=LineCNN", "--max_epochs=1", *flags], tmp_path)
    expected = {"test_cer", "test_cer_per_sample", "test_loss", "val_cer"}
    assert expected <= outcome.figures.keys()
    assert ("test_acc_no_padding" in outcome.figures) == ("--loss=ctc" not in flags)
    assert 0 < outcome.figures["test_cer"] <= 2


def test_ctc_learns_lines(line_words: list[str], tmp_path: Path) -> None:
    """Of lines that it has not seen, most characters."""
    words = [
        *line_words,
        "--model_class=LineCNN",
        "--loss=ctc",
        "--num_train=256",
        "--max_length=12",
    ]
    words += ["--max_length=12", "--max_epochs=14", "--lr=0.004", "--fc_dim=64"]
    outcome = run(words, tmp_path)
    assert outcome.figures["test_cer"] < 0.3


def test_a_rate_that_rises_and_falls_is_set_every_step(tmp_path: Path) -> None:
    words = [*FAKE, "--max_epochs=3", "--one_cycle_max_lr=0.01"]
    short = run([*words, "--one_cycle_total_steps=5"], tmp_path / "short")  # and 7 steps more
    whole = run(words, tmp_path / "whole")
    assert short.figures["train_loss"] != whole.figures["train_loss"]
    rates = [
        torch.load(next(folder.rglob("last.ckpt")), weights_only=True)["optimizer_states"][0][
            "param_groups"
        ][0]["lr"]
        for folder in (tmp_path / "short", tmp_path / "whole")
    ]
    assert rates == pytest.approx([0.01 / 25e4] * 2, rel=0.5)


def test_losses_by_name() -> None:
    logits, labels = torch.randn(4, 5), torch.tensor([0, 1, 2, 4])
    one_hot = torch.nn.functional.one_hot(labels, 5).float()
    for name, expected in (
        ("cross_entropy", torch.nn.functional.cross_entropy(logits, labels)),
        ("multi_margin_loss", torch.nn.functional.multi_margin_loss(logits, labels)),
        ("mse_loss", torch.nn.functional.mse_loss(logits, one_hot)),
    ):
        assert float(loss_function(name, logits, labels)(logits, labels)) == pytest.approx(
            float(expected)
        )
    with pytest.raises(OptionError, match="--loss=relu does not take logits"):
        loss_function("relu", logits, labels)


def test_accuracy_with_and_without_padding() -> None:
    counts = Counts.nothing()
    counts.add(right=3, places=4, right_written=1, written=2, edits=2, length=8)
    counts.add(line_rates=0.5, lines=2, edits_folded=1, right_folded=3, characters=5)
    assert counts.rates() == {
        "acc": 0.75,
        "acc_no_padding": 0.5,
        "acc_folded": 0.6,
        "cer": 0.25,
        "cer_folded": 0.125,
        "cer_per_sample": 0.25,
    }
    assert Counts.nothing().rates() == {}


def test_labels_before_padding_and_decoding() -> None:
    mapping = ("<B>", "<S>", "<E>", "<P>", "a", "b")
    model = ExperimentCTCLitModel(
        torch.nn.Identity(), ExperimentLossOptions(loss="ctc"), mapping=mapping
    )
    labels = torch.tensor([[4, 5, 3, 3], [4, 4, 5, 5], [3, 3, 3, 3]])
    assert model.n_labels(labels).tolist() == [2, 4, 0]
    best = torch.tensor([[4, 4, 0, 4, 5, 5], [0, 0, 3, 3, 0, 5]])
    logits = torch.nn.functional.one_hot(best, 6).float().movedim(2, 1)
    assert [model.text(own) for own in model.decode(logits)] == ["aab", "b"]
    plain = ExperimentLitModel(
        torch.nn.Identity(), ExperimentLossOptions(), mapping=mapping, is_line=True
    )
    assert plain.text(plain.decode(logits)[0]) == "aaabb"


def test_the_door_is_a_program(tmp_path: Path) -> None:
    door = [sys.executable, str(ROOT / "training" / "run_experiment.py")]
    wrong = subprocess.run(
        [*door, "--model_class=VGG"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "no network is called 'VGG'" in wrong.stderr
    words = [word for word in FAKE if not word.startswith("--logger")]
    done = subprocess.run(
        [*door, *words, "--max_epochs=1", "--wandb"],
        cwd=tmp_path,
        env={name: v for name, v in os.environ.items() if "WANDB" not in name}
        | {"HOME": str(tmp_path), "WANDB_ERROR_REPORTING": "false"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "best checkpoint: training/logs" in done.stdout
    assert "--wandb: W&B has no account here (wandb login); the run is kept in" in done.stderr
    assert (tmp_path / "training" / "logs" / "mlflow.db").is_file()
    assert list((tmp_path / "training" / "logs" / "wandb").glob("offline-run-*/*.wandb"))


def test_options_of_a_network_stand_in_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_flags(["--model_class=CNN", "--help"])
    shown = capsys.readouterr().out
    assert all(f"--{name}" in shown for name in CNNOptions.__dataclass_fields__)
    assert "--terminate_on_nan" in shown


def test_the_json_of_2019() -> None:
    """The commands 25 to 28 and 30 of the specification."""
    saved = parse_flags(
        [
            "--save",
            '{"dataset": "EmnistDataset", "model": "CharacterModel", "network": "mlp",  '
            '"train_args": {"batch_size": 256}}',
        ]
    )
    assert saved.saves
    assert (saved.data_class, saved.model_class) == ("EMNIST", "mlp")
    assert saved.data[0].batch_size == 256
    assert saved.trainer["max_epochs"] == "16"
    assert saved.loss == ExperimentLossOptions(optimizer="RMSprop")
    deep = parse_flags(['{"network": "mlp", "network_args": {"num_layers": 8}}'])
    assert deep.network == MLP2019Options(num_layers=8)
    short = parse_flags(['{"network": "lenet", "train_args": {"epochs": 1}}', "--lr=0.01"])
    assert (short.model_class, short.trainer["max_epochs"], short.loss.lr) == ("lenet", "1", 0.01)
    tenth = parse_flags(
        ['{"dataset_args": {"subsample_fraction": 0.1}, "experiment_group": "tenths"}']
    )
    assert tenth.data == (EMNISTOptions(subsample_fraction=0.1, batch_size=64, mapping=2019),)
    assert tenth.group == "tenths"
    lines = parse_flags(
        ['{"dataset": "EmnistLinesDataset", "model": "LineModelCtc", "network": "line_lstm_ctc"}']
    )
    assert lines.loss.loss == "ctc"
    assert lines.network == LineLSTMCTCOptions(window_width=12, window_stride=5)
    assert lines.data == (
        EMNISTLinesOptions(max_length=34, num_test=1000, batch_size=64, mapping=2019),
    )
    assert parse_flags(["{}", "--mapping=2021"]).data[0] == EMNISTOptions(batch_size=64)


def test_parts_of_the_json_as_flags() -> None:
    """As a sweep of 2019 gives them; flags of 2021 beside them go first."""
    given = parse_flags(
        "--dataset=EmnistDataset --network=mlp --network_args.num_layers=6 "
        "--train_args.batch_size=64 --train_args.epochs=5 --save --max_epochs=2".split()
    )
    text = (
        '{"dataset": "EmnistDataset", "network": "mlp", "network_args": {"num_layers": 6}, '
        '"train_args": {"batch_size": 64, "epochs": 5}}'
    )
    whole = parse_flags([text, "--save", "--max_epochs=2"])
    assert replace(given, command="") == replace(whole, command="")
    assert given.trainer["max_epochs"] == "2"
    with pytest.raises(OptionError, match="train_args: rate unknown"):
        parse_flags(["--train_args.rate=1"])
    with pytest.raises(OptionError, match="unrecognized arguments: --cloud.batch_size=1"):
        parse_flags(["--cloud.batch_size=1"])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "The experiment is not JSON"),
        ('{"data": "x"}', "unknown keys: data; known: dataset"),
        ('{"dataset": "x"}', "No dataset is called 'x'; there are EmnistDataset"),
        ('{"dataset": ["x"]}', "No dataset is called"),
        ('{"model": "x"}', "No model is called 'x'"),
        ('{"dataset": "IamDataset"}', "No dataset is called 'IamDataset'; there are EmnistDataset"),
        ('{"train_args": {"rate": 1}}', "train_args: rate unknown"),
        ('{"train_args": 1}', "train_args holds names and values, not 1"),
        ('{"network": "vgg"}', "no network is called 'vgg'"),
    ],
)
def test_json_that_says_nothing(
    text: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([text]) == 2
    assert sentence in capsys.readouterr().err


def test_weights_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = run([*FAKE, "--max_epochs=1", "--save"], tmp_path)
    weights = load_file(
        tmp_path / "artifacts" / "weights" / "FakeImageData-CNN_weights.safetensors"
    )
    assert outcome.checkpoint is not None
    state = torch.load(outcome.checkpoint, weights_only=True)["state_dict"]
    assert all(torch.equal(state[f"network.{name}"], value) for name, value in weights.items())


@pytest.mark.parametrize("flags", [["--max_steps=2"], ["--limit_val_batches=0", "--max_epochs=1"]])
def test_a_run_without_a_validation_ends_with_a_test(flags: list[str], tmp_path: Path) -> None:
    outcome = run([*FAKE, *flags], tmp_path)
    assert "test_loss" in outcome.figures
    assert "val_loss" not in outcome.figures


def test_sentences_name_flags_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_flags(["--data_class=EMNISTLines", "--model_class=LineCNN", "--help"])
    with pytest.raises(SystemExit):
        parse_choice(["--help"])
    with pytest.raises(SystemExit):
        evaluate_line_predictor(["--data_class=IAMLines", "--help"])
    with pytest.raises(SystemExit):
        evaluate_line_detector(["--help"])
    known = set(re.findall(r"--\w+", capsys.readouterr().out)) | {"--unit", "--model"}
    folder = ROOT / "text_recognizer" / "training" / "experiments"
    texts = [path.read_text(encoding="utf-8") for path in folder.glob("*.py")]
    named = {flag for text in texts for flag in re.findall(r"--[a-z][a-z0-9_]+", text)}
    assert named - known == set()
