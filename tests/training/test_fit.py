"""Training is proved: it memorises, repeats exactly, resumes, and its export gives its scores."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import lightning.pytorch as pl
import numpy as np
import onnx
import pytest
import torch
from lightning.pytorch.utilities.exceptions import SIGTERMException
from tiny_run import LIBRARY_WARNINGS, draw_line, tiny_options, tiny_record, with_trainer

from text_recognizer.bundle import load_bundle
from text_recognizer.data import DataPaths
from text_recognizer.errors import InputError, OptionError, StoppedError, TextRecognizerError
from text_recognizer.line_reader import LineReader
from text_recognizer.training.export import (
    check_parity,
    export_checkpoint,
    export_onnx,
    load_checkpoint,
    read_base_weights,
)
from text_recognizer.training.fit import RunFolder, Start, fit, load_base
from text_recognizer.training.options import TrainingOptions
from text_recognizer.training.tasks import task_of

pytestmark = [
    pytest.mark.train,
    *LIBRARY_WARNINGS,
    pytest.mark.filterwarnings("ignore:The dirpath has changed"),
    pytest.mark.filterwarnings("ignore:.*exists and is not empty"),
]


@pytest.fixture(scope="module")
def trained(line_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run long enough to learn the ten drawn texts by heart."""
    options = _options()
    folder = tmp_path_factory.mktemp("run")
    return fit(options, DataPaths(line_folder), tiny_record(options), folder / "tiny")


def _options(**trainer: object) -> TrainingOptions:
    return with_trainer(tiny_options(), **({"max_steps": 250} | trainer))


def _losses(folder: Path) -> list[float]:
    with (folder / "csv" / "metrics.csv").open() as file:
        return [float(row["train_loss"]) for row in csv.DictReader(file) if row["train_loss"]]


def test_a_network_memorises_its_lines(trained: RunFolder) -> None:
    losses = _losses(trained.path)
    assert losses[0] > 3
    assert losses[-1] < 0.2
    assert (trained.path / "samples" / "step-0000250.png").stat().st_size > 1000


def test_the_best_checkpoint_reads_in_the_runtime(trained: RunFolder, tmp_path: Path) -> None:
    bundle = export_checkpoint(trained.best_checkpoint(), tmp_path / "tiny-model")
    readings = LineReader(load_bundle(tmp_path / "tiny-model")).read(
        [draw_line("had a cab"), draw_line("bed")]
    )
    assert [reading.text for reading in readings] == ["had a cab", "bed"]
    assert json.loads((bundle.folder / "config.json").read_text())["name"] == "tiny"
    assert (bundle.folder / "run_command.txt").read_text() == "text-recognizer train tiny.toml\n"
    assert [figure.split for figure in bundle.manifest.cer] == ["validation"]
    assert bundle.manifest.cer[0].cer < 0.2


def test_weights_are_stored_once_in_half_precision_under_their_names(
    trained: RunFolder, tmp_path: Path
) -> None:
    bundle = export_checkpoint(trained.best_checkpoint(), tmp_path / "tiny-model")
    content = onnx.load(bundle.network_path)
    stored = {t.name: t.data_type for t in content.graph.initializer if len(t.dims)}
    state = load_checkpoint(trained.best_checkpoint()).network.state_dict()
    wanted = {n for n, v in state.items() if v.ndim and not n.startswith("shortcut.")}
    assert wanted <= stored.keys()
    assert {stored[name] for name in wanted} == {onnx.TensorProto.FLOAT16}


def test_a_bundle_trains_further_from_equal_scores(trained: RunFolder, tmp_path: Path) -> None:
    bundle = export_checkpoint(trained.best_checkpoint(), tmp_path / "tiny-model")
    network = load_checkpoint(trained.best_checkpoint()).network
    image = torch.rand(2, 1, 32, 128)
    with torch.inference_mode():
        expected = network(image)
    fresh = type(network)(network.options, network.n_labels).eval()
    load_base(fresh, read_base_weights(bundle), optional=("shortcut.",))
    with torch.inference_mode():
        assert torch.equal(fresh(image), expected)


def test_base_weights_of_another_network_are_refused(trained: RunFolder) -> None:
    network = load_checkpoint(trained.best_checkpoint()).network
    other = type(network)(replace(network.options, lstm_dim=48), network.n_labels)
    with pytest.raises(OptionError, match="The base model does not fit the recipe's network"):
        load_base(other, network.state_dict())


def test_parity_fails_on_other_scores(trained: RunFolder) -> None:
    loaded = load_checkpoint(trained.best_checkpoint())
    form = task_of(loaded.options).export_form(loaded.network)
    model = export_onnx(form)
    check_parity(form, model)
    with torch.no_grad():
        loaded.network.output.bias[1] += 0.5
    with pytest.raises(TextRecognizerError, match="differs from the trained one by 0"):
        check_parity(form, model)


def test_the_same_seed_gives_the_same_losses(line_folder: Path, tmp_path: Path) -> None:
    """The reproducibility that the recipes promise: 60 steps, one process, no workers."""
    losses = []
    for name in ("first", "second"):
        options = _options(max_steps=60)
        fit(options, DataPaths(line_folder), tiny_record(options), tmp_path / name)
        losses.append(_losses(tmp_path / name))
    assert len(losses[0]) == 60
    np.testing.assert_allclose(losses[0], losses[1], atol=1e-4, rtol=0)


def test_a_run_resumes_where_it_stopped(line_folder: Path, tmp_path: Path) -> None:
    options = _options(max_steps=80, cooldown=0.0)
    fit(options, DataPaths(line_folder), tiny_record(options), tmp_path / "run")
    before = _losses(tmp_path / "run")
    resumed = _options(max_steps=100, cooldown=0.0)
    start = Start(resume=tmp_path / "run")
    fit(resumed, DataPaths(line_folder), tiny_record(resumed), tmp_path / "resumed", start)
    after = _losses(tmp_path / "resumed")
    assert len(after) == 20
    assert np.mean(after) < np.mean(before[:20]) / 2
    checkpoint = torch.load(RunFolder(tmp_path / "resumed").last_checkpoint, weights_only=True)
    assert checkpoint["global_step"] == 100
    optimizer_steps = {
        int(state["step"]) for state in checkpoint["optimizer_states"][0]["state"].values()
    }
    assert optimizer_steps == {100}
    first = torch.load(RunFolder(tmp_path / "run").last_checkpoint, weights_only=True)
    used = [c["callbacks"]["RunClock"]["used_seconds"] for c in (first, checkpoint)]
    assert 0 < used[0] < used[1]


def test_checkpoints_are_written_aside_first(
    line_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So a full disk leaves the last one whole."""
    written: list[Path] = []
    monkeypatch.setattr("os.replace", lambda aside, final: written.append(Path(final)))
    options = with_trainer(tiny_options(), max_steps=2)
    fit(options, DataPaths(line_folder), tiny_record(options), tmp_path)
    assert tmp_path / "checkpoints" / "last.ckpt" in written


def test_a_run_resumes_in_its_folder_beside_the_records_of_the_first_call(
    line_folder: Path, tmp_path: Path
) -> None:
    """The first call has written columns that the second does not know yet."""
    folder = tmp_path / "run"
    options = _options(max_steps=20, cooldown=0.0)
    fit(options, DataPaths(line_folder), tiny_record(options), folder)
    longer = _options(max_steps=30, cooldown=0.0)
    fit(longer, DataPaths(line_folder), tiny_record(longer), folder, Start(resume=folder))
    assert len(_losses(folder)) == 20
    with (folder / "csv-2" / "metrics.csv").open() as file:
        assert sum(1 for row in csv.DictReader(file) if row["train_loss"]) == 10


def test_a_run_goes_on_with_its_own_network_only(line_folder: Path, tmp_path: Path) -> None:
    options = _options(max_steps=2)
    record = replace(tiny_record(options), training_data=[])
    licences = {line_folder.name: {"name": "drawn", "licence": "MIT", "attribution": "none"}}
    paths, start = DataPaths(line_folder), Start(resume=tmp_path / "run")
    fit(options, paths, record, tmp_path / "run", licences=licences)
    wider = replace(options, network=replace(options.network, lstm_dim=48))
    with pytest.raises(OptionError, match="run trains a network of another shape"):
        fit(wider, paths, tiny_record(wider), tmp_path / "wider", start)
    swapped = replace(record, symbols=list(record.symbols)[::-1])
    with pytest.raises(OptionError, match="run learns other symbols"):
        fit(options, paths, swapped, tmp_path / "swapped", start)
    # Resumed without the licences: the sources drawn before are not forgotten.
    longer = _options(max_steps=4)
    run = fit(longer, paths, record, tmp_path / "longer", start)
    assert load_checkpoint(run.last_checkpoint).record.training_data == [licences[line_folder.name]]


def test_cooldown_ends_a_run_at_rate_zero(line_folder: Path, tmp_path: Path) -> None:
    options = _options(max_steps=40, cooldown=0.0)
    fit(options, DataPaths(line_folder), tiny_record(options), tmp_path / "run")
    options = _options(max_steps=60)
    start = Start(resume=tmp_path / "run", only_cooldown=True)
    fit(options, DataPaths(line_folder), tiny_record(options), tmp_path / "end", start)
    with (tmp_path / "end" / "csv" / "metrics.csv").open() as file:
        rates = [float(row["rate"]) for row in csv.DictReader(file) if row["rate"]]
    assert rates[0] == pytest.approx(options.loss.learning_rate, rel=0.06)
    assert rates[-1] == pytest.approx(options.loss.learning_rate / 20, rel=0.06)
    assert all(a > b for a, b in zip(rates, rates[1:], strict=False))


def test_cooldown_takes_a_fifth_of_the_time_used(line_folder: Path, tmp_path: Path) -> None:
    options = _options(max_steps=40, cooldown=0.0)
    fit(options, DataPaths(line_folder), tiny_record(options), tmp_path / "run")
    last = RunFolder(tmp_path / "run").last_checkpoint
    before = torch.load(last, weights_only=True)["callbacks"]["RunClock"]["used_seconds"]
    start = Start(resume=tmp_path / "run", only_cooldown=True, cooldown_of_used=True)
    options = _options(max_steps=0, max_time="02:00:00", validate_every_steps=10_000)
    fit(options, DataPaths(line_folder), tiny_record(options), tmp_path / "end", start)
    last = RunFolder(tmp_path / "end").last_checkpoint
    after = torch.load(last, weights_only=True)["callbacks"]["RunClock"]["used_seconds"]
    assert after - before >= 0.2 * before
    assert after < 10 * before + 60  # not the two hours of the options


@pytest.mark.parametrize(
    ("ending", "sentence", "code"),
    [
        (KeyboardInterrupt(), "Stopped by Ctrl-C.", 130),
        (SystemExit(1), "Stopped by Ctrl-C.", 130),  # what Lightning makes of it
        (SIGTERMException(), "Asked to end.", 143),
    ],
)
@pytest.mark.parametrize("has_checkpoint", [False, True])
def test_a_run_that_is_stopped_says_how_to_go_on(
    ending: BaseException,
    sentence: str,
    code: int,
    has_checkpoint: bool,
    line_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "run"

    def stop(*_: object, **__: object) -> None:
        if has_checkpoint:
            RunFolder(folder).last_checkpoint.parent.mkdir(parents=True)
            RunFolder(folder).last_checkpoint.write_bytes(b"")
        raise ending

    monkeypatch.setattr(pl.Trainer, "fit", stop)
    with pytest.raises(StoppedError) as caught:
        fit(_options(), DataPaths(line_folder), tiny_record(_options()), folder)
    way = f"Go on with the same command and --resume {folder}."
    told = way if has_checkpoint else "No checkpoint was written yet."
    assert (str(caught.value), caught.value.exit_code) == (f"{sentence} {told}", code)


def test_a_new_run_does_not_overwrite_another(line_folder: Path, tmp_path: Path) -> None:
    options = _options(max_steps=2)
    fit(options, DataPaths(line_folder), tiny_record(options), tmp_path / "run")
    with pytest.raises(InputError, match="holds a run already: go on with it by --resume"):
        fit(options, DataPaths(line_folder), tiny_record(options), tmp_path / "run")


def test_cooldown_needs_a_run() -> None:
    with pytest.raises(OptionError, match="--cooldown needs --resume DIR"):
        Start(only_cooldown=True)


def test_a_folder_without_checkpoint_is_named(line_folder: Path, tmp_path: Path) -> None:
    options = _options(max_steps=2)
    with pytest.raises(InputError, match=f"{tmp_path} holds no checkpoint to resume from."):
        fit(options, DataPaths(line_folder), tiny_record(options), tmp_path, Start(resume=tmp_path))


def test_a_file_that_is_no_checkpoint_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.ckpt"
    path.write_bytes(b"")
    with pytest.raises(InputError, match=f"{path} is not a checkpoint of a training run"):
        load_checkpoint(path)
    torch.save({"state_dict": {}}, path)
    with pytest.raises(InputError, match=f"{path} is not a checkpoint of a training run"):
        load_checkpoint(path)
