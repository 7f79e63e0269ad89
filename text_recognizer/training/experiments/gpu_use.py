"""How busy the GPU is while an experiment runs, sampled now and then."""

import logging
import random
import statistics
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Callback

from text_recognizer.training.gpus import find_gpus

_LOG = logging.getLogger(__name__)
_SHARE = 0.01


class GPUUtilizationSampler(Callback):
    """Tells mean and deviation of the GPU's use, of about one batch in a hundred.

    Args:
        was_asked_for: whether to say so where there is no GPU.
        share: of the batches.
        seed: of the choice of batches.
    """

    def __init__(
        self, *, was_asked_for: bool = False, share: float = _SHARE, seed: int = 42
    ) -> None:
        self._was_asked_for = was_asked_for
        self._share = share
        self._chance = random.Random(seed)
        self._samples: list[float] = []

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Begin anew."""
        self._samples = []

    def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        """Take a sample, by chance."""
        if self._identity(trainer) is None or self._chance.random() >= self._share:
            return
        uses = {gpu.identity: gpu.busy for gpu in find_gpus()}
        use = uses.get(str(self._identity(trainer)))
        if use is not None:
            self._samples.append(use)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Tell what was found."""
        if self._identity(trainer) is None:
            if self._was_asked_for and trainer.is_global_zero:
                _LOG.warning("GPU utilisation: there is no GPU in use.")
        elif not self._samples:
            _LOG.info("GPU utilisation: no batch was sampled.")
        else:
            mean, deviation = statistics.fmean(self._samples), statistics.pstdev(self._samples)
            text = "GPU utilisation: %.0f %% +- %.0f %% of %d samples"
            _LOG.info(text, 100 * mean, 100 * deviation, len(self._samples))

    @staticmethod
    def _identity(trainer: pl.Trainer) -> str | None:
        """The GPU of this process as `nvidia-smi` names it; None on the CPU."""
        device = trainer.strategy.root_device
        if device.type != "cuda":
            return None
        return f"GPU-{torch.cuda.get_device_properties(device).uuid}"
