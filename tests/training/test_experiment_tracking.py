"""What an experiment leaves in its records: MLflow always, W&B if asked for, online or not."""

import importlib.util
import json
import logging
import shlex
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import lightning.pytorch as pl
import numpy as np
import pytest
import torch
from lightning.pytorch.loggers import WandbLogger
from mlflow.tracking import MlflowClient
from PIL import Image
from tiny_run import LIBRARY_WARNINGS

from text_recognizer.training.callbacks import Samples
from text_recognizer.training.experiments import tracking, wandb_access
from text_recognizer.training.experiments.checkpoint_record import RECORD_KEY, load_network
from text_recognizer.training.experiments.experiment import PROJECT
from text_recognizer.training.experiments.flags import parse_flags
from text_recognizer.training.experiments.run import Outcome, run_experiment
from text_recognizer.training.experiments.tracking import recording
from text_recognizer.training.experiments.wandb_access import wandb_logger, why_not_online

wandb = pytest.importorskip("wandb")

pytestmark = [
    pytest.mark.train,
    *LIBRARY_WARNINGS,
    pytest.mark.filterwarnings("ignore:.*smaller than the logging interval.*"),
]

WORDS = [
    "--data_class=FakeImageData", "--num_samples=128", "--batch_size=32",
    "--model_class=CNN", "--conv_dim=8", "--fc_dim=64", "--max_epochs=5", "--lr=0.01",
    "--experiment_group=tiny ones", "--gpus=0", "--progress_bar_refresh_rate=0",
    "--weights_summary=none",
]  # fmt: skip


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="module")
def outcome(logs: Path) -> Outcome:
    """Of a run on noise, in which nothing can be learnt: later epochs are worse."""
    return run_experiment(parse_flags(WORDS), logs)


@pytest.fixture
def client(logs: Path, outcome: Outcome) -> MlflowClient:
    return MlflowClient(f"sqlite:///{logs / 'mlflow.db'}")


@pytest.fixture
def recorded(client: MlflowClient) -> Any:
    experiment = client.get_experiment_by_name(PROJECT)
    (run,) = client.search_runs([experiment.experiment_id])
    return run


def test_a_run_that_goes_on_elsewhere_keeps_its_best(
    outcome: Outcome, recorded: Any, tmp_path: Path
) -> None:
    """Records of each call lie in a folder of their own; the epochs to come are worse."""
    assert outcome.checkpoint is not None
    last = outcome.checkpoint.with_name("last.ckpt")
    words = [*WORDS, "--max_epochs=6", f"--resume_from_checkpoint={last}"]
    again = run_experiment(parse_flags(words), tmp_path)
    assert again.checkpoint == outcome.checkpoint and outcome.checkpoint.is_file()
    assert again.figures["test_loss"] == pytest.approx(outcome.figures["test_loss"])
    client = MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}")
    experiment = client.get_experiment_by_name(PROJECT)
    (run,) = client.search_runs([experiment.experiment_id])
    names = ("best_val_loss", "best_val_acc")
    assert [run.data.metrics[name] for name in names] == pytest.approx(
        [recorded.data.metrics[name] for name in names]
    )
    assert run.data.tags["best_checkpoint"] == outcome.checkpoint.resolve().as_posix()


def test_the_next_checkpoint_is_the_best_where_the_best_is_gone(
    outcome: Outcome, tmp_path: Path
) -> None:
    assert outcome.checkpoint is not None
    content = torch.load(outcome.checkpoint.with_name("last.ckpt"), weights_only=True)
    (state,) = (own for own in content["callbacks"].values() if "best_model_path" in own)
    state["best_model_path"] = str(tmp_path / "gone.ckpt")
    torch.save(content, tmp_path / "last.ckpt")
    words = [*WORDS, "--max_epochs=6", f"--resume_from_checkpoint={tmp_path / 'last.ckpt'}"]
    again = run_experiment(parse_flags(words), tmp_path)
    assert again.checkpoint is not None and again.checkpoint.name.startswith("epoch=5-")


def test_mlflow_has_what_makes_the_run_again(
    recorded: Any, client: MlflowClient, logs: Path, tmp_path: Path
) -> None:
    tags = recorded.data.tags
    assert shlex.split(tags["command"]) == ["python", "training/run_experiment.py", *WORDS]
    assert parse_flags(shlex.split(tags["command"])[2:]) == parse_flags(WORDS)
    assert (tags["data_class"], tags["model_class"]) == ("FakeImageData", "CNN")
    assert tags["experiment_group"] == "tiny ones"
    assert len(tags["git_commit"].removesuffix("-dirty")) == 40
    assert (recorded.data.params["lr"], recorded.data.params["max_epochs"]) == ("0.01", "5")
    config = json.loads(
        Path(client.download_artifacts(recorded.info.run_id, "config.json", str(tmp_path)))
        .read_text(encoding="utf-8")
    )  # fmt: skip
    assert config == parse_flags(WORDS).config()
    assert recorded.info.status == "FINISHED"


def test_mlflow_has_curves_pictures_and_figures(
    recorded: Any, client: MlflowClient, outcome: Outcome
) -> None:
    metrics = recorded.data.metrics
    for name in ("val_loss", "val_acc", "test_loss", "test_acc"):
        assert metrics[name] == pytest.approx(outcome.figures[name], rel=1e-6)
    curve = client.get_metric_history(recorded.info.run_id, "val_loss")
    assert [point.step for point in curve] == sorted({point.step for point in curve})
    assert len(curve) == 5
    names = [file.path for file in client.list_artifacts(recorded.info.run_id, "samples")]
    assert len(names) == 6
    assert "samples/test.png" in names


def test_the_best_checkpoint_is_recorded_and_not_the_last(
    recorded: Any, client: MlflowClient, outcome: Outcome, logs: Path
) -> None:
    curve = [p.value for p in client.get_metric_history(recorded.info.run_id, "val_loss")]
    assert min(curve) < curve[-1], "this run is to get worse"
    assert recorded.data.metrics["best_val_loss"] == pytest.approx(min(curve))
    assert outcome.checkpoint is not None
    assert logs / recorded.data.tags["best_checkpoint"] == outcome.checkpoint


def test_a_checkpoint_gives_its_network_back(outcome: Outcome, recorded: Any) -> None:
    assert outcome.checkpoint is not None
    saved = load_network(outcome.checkpoint)
    assert saved.record.config == parse_flags(WORDS).config()
    assert shlex.split(saved.record.command)[2:] == WORDS
    assert saved.record.figures["val_loss"] == pytest.approx(recorded.data.metrics["best_val_loss"])
    assert saved.record.unit == "character"
    assert not saved.network.training
    state = torch.load(outcome.checkpoint, weights_only=True)
    assert isinstance(state[RECORD_KEY], dict)
    weights = saved.weights()
    assert all(
        torch.equal(weights[name.removeprefix("network.")], value)
        for name, value in state["state_dict"].items()
    )


def test_config_has_plain_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["--data_class=FakeImageData+EMNIST", f"--data_dir={tmp_path / 'my data'}"]
    experiment = parse_flags([*words, "--deterministic", "--gpus=0,1", "--accelerator=ddp"])
    config = experiment.config()
    assert json.loads(json.dumps(config)) == config
    assert config["data_dir"] == "my data"
    assert config["one_cycle_max_lr"] is None
    assert (config["deterministic"], config["gpus"], config["accelerator"]) == (True, "0,1", "ddp")
    assert config["EMNIST.subsample_fraction"] == 1.0
    assert "EMNIST.data_dir" not in config
    assert experiment.command == (
        "python training/run_experiment.py --data_class=FakeImageData+EMNIST "
        "'--data_dir=my data' --deterministic --gpus=0,1 --accelerator=ddp"
    )


def test_w_and_b_is_asked_for_by_a_flag() -> None:
    assert not parse_flags([]).wandb
    assert parse_flags(["--wandb"]).wandb
    assert not parse_flags(["--wandb", "--nowandb"]).wandb
    assert not parse_flags(["--nowandb", '{"network": "mlp"}', "--wandb"]).wandb
    named = parse_flags(["--wandb", "--entity=us", "--project=ours"])
    assert (named.entity, named.project) == ("us", "ours")


class FakeRun:
    """What is told to a run of W&B."""

    def __init__(self, **arguments: Any) -> None:
        self.arguments = arguments
        self.id = "abc12345"
        self.offline = arguments["mode"] == "offline"
        self.config: Any = SimpleNamespace(update=self._update)
        self.summary: dict[str, Any] = {}
        self.values: dict[str, Any] = {}
        self.logged: list[dict[str, Any]] = []
        self.artifacts: list[tuple[Any, ...]] = []
        self.exit_code: int | None = None

    def _update(self, values: dict[str, Any], **_: Any) -> None:
        self.values |= values

    def define_metric(self, *_: Any, **__: Any) -> None:
        pass

    def log(self, values: dict[str, Any], **_: Any) -> None:
        self.logged.append(values)

    def log_artifact(self, *arguments: Any, **named: Any) -> None:
        self.artifacts.append((*arguments, named))

    def finish(self, exit_code: int) -> None:
        self.exit_code = exit_code


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[FakeRun]]:
    """W&B with an account, whose runs are collected."""
    started: list[FakeRun] = []

    def init(**arguments: Any) -> FakeRun:
        started.append(FakeRun(**arguments))
        return started[-1]

    monkeypatch.delenv("WANDB_MODE", raising=False)
    monkeypatch.setattr(wandb, "init", init)
    monkeypatch.setattr(wandb, "login", lambda **_: True)
    yield started


@pytest.fixture
def no_mlflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Records in CSV, which are quicker."""
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "mlflow" else find(name, *a)
    )


def test_an_account_gets_the_whole_run(
    runs: list[FakeRun], no_mlflow: None, tmp_path: Path
) -> None:
    words = [*WORDS, "--wandb", "--max_epochs=1", "--entity=us"]
    outcome = run_experiment(parse_flags(words), tmp_path)
    (run,) = runs
    assert (run.arguments["project"], run.arguments["entity"]) == (PROJECT, "us")
    assert (run.arguments["group"], run.arguments["mode"]) == ("tiny ones", None)
    assert run.values.items() >= parse_flags(words).config().items()
    assert run.values["command"].endswith("--wandb --max_epochs=1 --entity=us")
    names = {name for values in run.logged for name in values}
    assert {"val_loss", "best_val_loss", "test_acc", "samples"} <= names
    assert outcome.checkpoint is not None
    assert run.artifacts == [
        (outcome.checkpoint, "checkpoint-abc12345", {"type": "model", "aliases": ["best"]})
    ]
    assert tmp_path / run.summary["best_checkpoint"] == outcome.checkpoint
    assert run.exit_code == 0


def test_a_run_that_fails_is_ended_as_failed(
    runs: list[FakeRun], no_mlflow: None, tmp_path: Path
) -> None:
    experiment = parse_flags([*WORDS, "--wandb"])
    with pytest.raises(RuntimeError), recording(experiment, tmp_path, is_on=True):
        raise RuntimeError
    assert [run.exit_code for run in runs] == [1]


def test_without_an_account_the_run_is_kept_offline(
    runs: list[FakeRun],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(wandb, "login", lambda **_: False)
    assert isinstance(wandb_logger(parse_flags(WORDS), tmp_path), WandbLogger)
    assert [run.arguments["mode"] for run in runs] == ["offline"]
    assert caplog.messages == [
        "--wandb: W&B has no account here (wandb login); the run is kept in "
        f"{tmp_path / 'wandb'}, and wandb sync uploads it."
    ]


def test_without_a_network_the_run_is_kept_offline(
    runs: list[FakeRun],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    init = wandb.init

    def fail_online(**arguments: Any) -> FakeRun:
        if arguments["mode"] is None:
            raise wandb.errors.CommError("no such host\nmore")
        return init(**arguments)  # type: ignore[no-any-return]

    monkeypatch.setattr(wandb, "init", fail_online)
    assert wandb_logger(parse_flags(WORDS), tmp_path) is not None
    assert [run.offline for run in runs] == [True]
    assert "W&B does not answer (no such host); the run is kept in" in caplog.text


def test_what_the_machine_says_of_w_and_b_counts(
    runs: list[FakeRun],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert why_not_online() is None
    monkeypatch.setenv("WANDB_MODE", "offline")
    assert wandb_logger(parse_flags(WORDS), tmp_path) is not None
    assert [run.offline for run in runs] == [True]
    monkeypatch.setenv("WANDB_MODE", "disabled")
    assert wandb_logger(parse_flags(WORDS), tmp_path) is None
    assert caplog.messages[1] == (
        f"--wandb: WANDB_MODE is disabled; the run is recorded in {tmp_path} only."
    )
    monkeypatch.delenv("WANDB_MODE")

    def refuse(**_: Any) -> bool:
        raise wandb.errors.AuthenticationError("the key is short")

    monkeypatch.setattr(wandb, "login", refuse)
    assert why_not_online() == "W&B does not take the account (the key is short)"


def test_without_the_package_mlflow_is_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(wandb_access.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(tracking, "_local_logger", lambda *_: SimpleNamespace(log_hyperparams=id))
    with recording(parse_flags([*WORDS, "--wandb"]), tmp_path, is_on=True) as records:
        assert len(records.loggers) == 1
    assert caplog.messages == [
        f"--wandb: W&B is not installed (pip install wandb); the run is recorded in {tmp_path} "
        "only."
    ]


def test_nothing_is_recorded_without_a_logger(tmp_path: Path, caplog: Any) -> None:
    caplog.set_level(logging.INFO)
    with recording(parse_flags(WORDS), tmp_path / "logs", is_on=False) as records:
        assert records.loggers == []
    assert not (tmp_path / "logs").exists()
    assert caplog.messages == []


def test_pictures_go_to_w_and_b(runs: list[FakeRun], tmp_path: Path) -> None:
    logger = wandb_logger(parse_flags(WORDS), tmp_path)
    trainer: Any = SimpleNamespace(is_global_zero=True, loggers=[logger], global_step=7)
    picture = Image.fromarray(np.zeros((4, 4), np.uint8))
    Samples(tmp_path, lambda model: picture).on_test_end(trainer, pl.LightningModule())
    ((logged,),) = [run.logged for run in runs]
    assert logged["trainer/global_step"] == 7
    assert isinstance(logged["samples"][0], wandb.Image)
