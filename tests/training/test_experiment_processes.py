"""Trainer flags that change how an experiment is computed: processes, precision, batches, rate."""

from pathlib import Path

import pytest
import torch
from fake_experiment import EXPERIMENT_WARNINGS, FAKE, Child, run

from text_recognizer.data.sample_order import SampleOrder
from text_recognizer.errors import OptionError
from text_recognizer.training.experiments.experiment import make_data, make_model
from text_recognizer.training.experiments.flags import parse_flags

pytestmark = [pytest.mark.train, *EXPERIMENT_WARNINGS]


def last(folder: Path) -> dict[str, object]:
    content: dict[str, object] = torch.load(next(folder.rglob("last.ckpt")), weights_only=True)
    return content


def test_processes_share_samples() -> None:
    """Of 10 samples, 3 processes train on 4 each and validate on 4, 3 and 3."""
    parts = [SampleOrder(10, seed=1, process=n, n_processes=3) for n in range(3)]
    drawn = [list(part) for part in parts]
    assert [len(own) for own in drawn] == [len(part) for part in parts] == [4, 4, 4]
    assert set().union(*drawn) == set(range(10))
    fixed = [SampleOrder(10, seed=None, process=n, n_processes=3) for n in range(3)]
    assert [list(part) for part in fixed] == [[0, 3, 6, 9], [1, 4, 7], [2, 5, 8]]
    assert [len(part) for part in fixed] == [4, 3, 3]


def test_more_processes_than_samples() -> None:
    drawn = [list(SampleOrder(2, seed=1, process=n, n_processes=5)) for n in range(5)]
    assert [len(own) for own in drawn] == [1] * 5
    assert {own[0] for own in drawn} == {0, 1}


def test_the_order_is_of_seed_and_epoch() -> None:
    order, again = SampleOrder(50, seed=1), SampleOrder(50, seed=1)
    first = list(order)
    assert first == list(again) and sorted(first) == list(range(50)) != first
    order.set_epoch(1)
    second = list(order)
    assert second != first != list(SampleOrder(50, seed=2))
    again.set_epoch(1)
    assert list(again) == second


@pytest.mark.slow
def test_two_processes_train_and_count_as_one(tmp_path: Path) -> None:
    """61 samples to validate, which two processes cannot share evenly."""
    words = [*FAKE, "--num_samples=246", "--lr=0.003"]
    ddp = ["--accelerator=ddp", "--num_processes=2", "--max_epochs=2", "--num_sanity_val_steps=0"]
    child = Child([*words, *ddp], tmp_path)
    exit_code, out, err = child.end()
    assert exit_code == 0, err
    assert out.count("val_loss: ") == 1  # one of them speaks
    assert last(tmp_path)["global_step"] == 2 * 2  # 123 samples, 62 a process, 32 a batch
    reported = child.rows()[-1]
    data = make_data(parse_flags(words))
    model = make_model(parse_flags([*words, f"--load_checkpoint={child.last_checkpoint}"]), data)
    model.eval()
    total = right = loss = 0.0
    with torch.no_grad():
        for images, labels in data.val_dataloader():
            logits = model(images)
            right += float((logits.argmax(1) == labels).sum())
            loss += float(torch.nn.functional.cross_entropy(logits, labels, reduction="sum"))
            total += len(labels)
    assert total == 61
    assert reported["val_acc"] == pytest.approx(right / total, abs=1e-6)
    assert reported["val_loss"] == pytest.approx(loss / total, rel=1e-5)


def test_gradients_are_added_up(tmp_path: Path) -> None:
    run([*FAKE, "--max_epochs=1", "--accumulate_grad_batches=2"], tmp_path)
    assert last(tmp_path)["global_step"] == 2  # of 4 batches


def test_a_cpu_computes_in_bf16(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    outcome = run([*FAKE, "--max_epochs=1", "--precision=16"], tmp_path / "half")
    assert "--precision=16: the CPU computes in bf16." in caplog.messages
    whole = run([*FAKE, "--max_epochs=1"], tmp_path / "whole").figures["val_loss"]
    assert outcome.figures["val_loss"] == pytest.approx(whole, rel=0.02)
    assert outcome.figures["val_loss"] != whole


@pytest.mark.parametrize(("value", "n_steps"), [("2", 2), ("0.5", 2), ("1.0", 4)])
def test_few_batches_are_learnt_by_heart(value: str, n_steps: int, tmp_path: Path) -> None:
    run([*FAKE, "--max_epochs=1", f"--overfit_batches={value}"], tmp_path)
    assert last(tmp_path)["global_step"] == n_steps


def test_a_share_of_batches_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="Lightning does not take these flags: You requested"):
        run([*FAKE, "--max_epochs=1", "--overfit_batches=0.01"], tmp_path)


def test_a_rate_is_looked_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """More steps than the run has; and then the run has all of its own."""
    caplog.set_level("INFO")
    words = [*FAKE, "--batch_size=8", "--max_epochs=1", "--auto_lr_find", "--lr=0.00001"]
    run(words, tmp_path)
    (found,) = [text for text in caplog.messages if text.startswith("--auto_lr_find found a rate")]
    content = last(tmp_path)
    (group,) = content["optimizer_states"][0]["param_groups"]  # type: ignore[index]
    assert 1e-4 < group["lr"] < 1
    assert found == f"--auto_lr_find found a rate: --lr={group['lr']:g}."
    assert content["global_step"] == 16
