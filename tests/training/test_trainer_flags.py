"""The Trainer flags of 2021: mapped to what Lightning has today, or refused in a sentence."""

from argparse import ArgumentParser
from pathlib import Path

import lightning.pytorch as pl
import pytest
import torch
from lightning.pytorch.callbacks import StochasticWeightAveraging, TQDMProgressBar
from tiny_run import LIBRARY_WARNINGS

from text_recognizer.errors import OptionError, TextRecognizerError
from text_recognizer.training.experiments.trainer_callbacks import GradientNorm, StopOnNaN
from text_recognizer.training.experiments.trainer_flags import (
    FLAGS,
    add_trainer_flags,
    make_trainer,
    trainer_settings,
)

pytestmark = [pytest.mark.train, *LIBRARY_WARNINGS]

# The flags that the artifact's config.json of 2021 shows as accepted.
OF_2021 = """
accelerator accumulate_grad_batches amp_backend amp_level auto_lr_find auto_scale_batch_size
auto_select_gpus benchmark check_val_every_n_epoch checkpoint_callback default_root_dir
deterministic fast_dev_run flush_logs_every_n_steps gpus gradient_clip_val limit_train_batches
limit_val_batches limit_test_batches limit_predict_batches log_every_n_steps log_gpu_memory logger
max_epochs min_epochs max_steps min_steps move_metrics_to_cpu multiple_trainloader_mode num_nodes
num_processes num_sanity_val_steps overfit_batches plugins precision prepare_data_per_node
process_position profiler progress_bar_refresh_rate reload_dataloaders_every_epoch
replace_sampler_ddp resume_from_checkpoint stochastic_weight_avg sync_batchnorm terminate_on_nan
tpu_cores track_grad_norm truncated_bptt_steps val_check_interval weights_save_path weights_summary
""".split()


def parse(*words: str) -> dict[str, str]:
    parser = ArgumentParser()
    add_trainer_flags(parser)
    return vars(parser.parse_args(words))


def test_every_flag_of_2021_is_known() -> None:
    assert set(OF_2021) <= FLAGS.keys()


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        ("", {}),
        ("--max_epochs=10 --num_nodes 1", {"max_epochs": 10, "num_nodes": 1}),
        ("--overfit_batches=0.01", {"overfit_batches": 0.01}),
        ("--overfit_batches=2", {"overfit_batches": 2}),
        ("--limit_train_batches=1.0", {"limit_train_batches": 1.0}),
        ("--precision=64", {"precision": "64-true"}),
        ("--precision=16 --gpus=0", {"accelerator": "cpu", "precision": "bf16-mixed"}),
        ("--precision=bf16", {"precision": "bf16-mixed"}),
        ("--deterministic", {"deterministic": True}),
        ("--deterministic=false", {"deterministic": False}),
        ("--fast_dev_run", {"fast_dev_run": True}),
        ("--fast_dev_run=3", {"fast_dev_run": 3}),
        ("--gpus=0", {"accelerator": "cpu"}),
        ("--accelerator=ddp", {"strategy": "ddp"}),
        ("--accelerator=gpu", {"accelerator": "gpu"}),
        ("--accelerator=ddp_cpu", {"accelerator": "cpu", "strategy": "ddp"}),
        ("--num_processes=2", {"accelerator": "cpu", "devices": 2}),
        ("--num_processes=1", {"devices": 1}),
        ("--reload_dataloaders_every_epoch", {"reload_dataloaders_every_n_epochs": 1}),
        ("--progress_bar_refresh_rate=0", {"enable_progress_bar": False}),
        ("--weights_summary=none", {"enable_model_summary": False}),
    ],
)  # fmt: skip
def test_flags_become_arguments(words: str, arguments: dict[str, object]) -> None:
    assert trainer_settings(parse(*words.split())).arguments == arguments


def test_times() -> None:
    for text, seconds in (("00:10:00", 600), ("01:00:00:05", 86_405)):
        arguments = trainer_settings(parse("--max_time", text)).arguments
        assert arguments["max_time"].total_seconds() == seconds


def test_all_gpus_are_the_cpu_where_there_is_none() -> None:
    settings = trainer_settings(parse("--gpus=-1"))
    if torch.cuda.is_available():
        assert settings.arguments == {"accelerator": "cuda", "devices": -1}
    else:
        assert settings.arguments == {"accelerator": "cpu"}
        assert settings.notes == ["There is no GPU here: the CPU is used."]


def test_flags_that_are_callbacks_today() -> None:
    settings = trainer_settings(
        parse(
            "--terminate_on_nan=1",
            "--stochastic_weight_avg",
            "--track_grad_norm=2",
            "--progress_bar_refresh_rate=20",
        )
    )
    kinds = {type(callback) for callback in settings.callbacks}
    assert kinds == {
        StopOnNaN, StochasticWeightAveraging, GradientNorm, TQDMProgressBar
    }  # fmt: skip
    assert trainer_settings(parse("--terminate_on_nan=0")).callbacks == []


def test_what_is_not_the_trainers(tmp_path: Path) -> None:
    checkpoint = tmp_path / "last.ckpt"
    checkpoint.touch()
    settings = trainer_settings(
        parse(
            "--auto_lr_find", "--checkpoint_callback=False", "--logger=False",
            "--resume_from_checkpoint", str(checkpoint), "--amp_backend=native",
        )
    )  # fmt: skip
    assert settings.finds_rate
    assert not settings.keeps_checkpoints
    assert not settings.logs
    assert settings.checkpoint == checkpoint
    assert len(settings.notes) == 1
    assert settings.arguments == {}


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("--max_epochs=many", "--max_epochs does not take 'many'"),
        ("--deterministic=perhaps", "'perhaps' is neither true nor false"),
        ("--tpu_cores=8", "TPUs are not supported"),
        ("--plugins=ddp_sharded", "give --strategy"),
        ("--amp_level=O2", "give --precision=16"),
        ("--log_gpu_memory=all", "look with nvidia-smi"),
        ("--multiple_trainloader_mode=x", "join data sets"),
        ("--process_position=1", "terminals apart"),
        ("--truncated_bptt_steps=2", "is gone from Lightning"),
        ("--weights_save_path=x", "give --default_root_dir"),
        ("--accelerator=horovod", "give --accelerator=ddp"),
        ("--accelerator=abacus", "--accelerator is one of cpu"),
        ("--weights_summary=all", "top, full or none"),
        ("--auto_scale_batch_size", "give --batch_size"),
        ("--resume_from_checkpoint=nowhere.ckpt", "nowhere.ckpt does not exist"),
    ],
)
def test_flags_that_cannot_be_honoured(word: str, sentence: str) -> None:
    with pytest.raises(OptionError, match=sentence):
        trainer_settings(parse(word))


def test_lightning_takes_them(tmp_path: Path) -> None:
    settings = trainer_settings(
        parse("--max_epochs=2", "--gpus=0", "--overfit_batches=2", "--logger=0")
    )
    trainer = make_trainer(settings, max_epochs=9, default_root_dir=tmp_path, logger=False)
    assert trainer.max_epochs == 2
    with pytest.raises(OptionError, match="Lightning does not take these flags"):
        make_trainer(trainer_settings(parse("--precision=7")), logger=False)


class _Model(pl.LightningModule):
    def __init__(self, scale: float) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(2))
        self.scale = scale

    def training_step(self, batch: torch.Tensor, index: int) -> torch.Tensor:
        return (self.weight * batch * self.scale).sum()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


def _fit(scale: float, *words: str, folder: Path) -> pl.Trainer:
    settings = trainer_settings(parse(*words, "--max_steps=2", "--gpus=0"))
    trainer = make_trainer(
        settings,
        default_root_dir=folder,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(_Model(scale), torch.utils.data.DataLoader(torch.ones(4, 2)))
    return trainer


def test_a_loss_that_is_no_number_ends_the_run(tmp_path: Path) -> None:
    with pytest.raises(TextRecognizerError, match="The loss of step 1 is no number: lower --lr"):
        _fit(float("nan"), "--terminate_on_nan", folder=tmp_path)
    _fit(float("nan"), folder=tmp_path)


def test_the_gradients_norm_is_recorded(tmp_path: Path) -> None:
    trainer = _fit(3.0, "--track_grad_norm=2", folder=tmp_path)
    assert float(trainer.callback_metrics["grad_norm"]) == pytest.approx(3.0 * 2**0.5)
