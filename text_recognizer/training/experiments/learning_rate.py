"""The learning rate that `--auto_lr_find` looks for."""

import logging

import lightning.pytorch as pl
from lightning.pytorch.tuner.tuning import Tuner

from text_recognizer.lit_models.experiment import ExperimentLitModel

_LOG = logging.getLogger(__name__)


def find_rate(trainer: pl.Trainer, model: ExperimentLitModel, data: pl.LightningDataModule) -> None:
    """Try rising rates on a few batches, and take the one at which the loss falls fastest.

    Smith, "Cyclical Learning Rates for Training Neural Networks", 2017, section 3.3. A short run
    does not cut the search short: epochs are not counted while it lasts.
    """
    given, n_epochs = model.lr, trainer.fit_loop.max_epochs
    trainer.fit_loop.max_epochs = -1
    try:
        found = Tuner(trainer).lr_find(model, datamodule=data)
    finally:
        trainer.fit_loop.max_epochs = n_epochs
    if found is None or found.suggestion() is None:
        model.lr = given
        _LOG.warning("--auto_lr_find found no rate: --lr=%g stays.", given)
    else:
        _LOG.info("--auto_lr_find found a rate: --lr=%g.", model.lr)
