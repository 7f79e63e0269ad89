"""Times the loader alone, the step alone and both, so that the slower one can be mended."""

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import torch

from text_recognizer.data import DataPaths
from text_recognizer.lit_models import BaseLitModel
from text_recognizer.training.fit import make_model
from text_recognizer.training.options import LineTrainingOptions, TrainingOptions
from text_recognizer.training.tasks import task_of

_LOG = logging.getLogger(__name__)
_N_BATCHES = 12


def run_benchmark(options: TrainingOptions, paths: DataPaths, symbols: Sequence[str]) -> None:
    """Log samples and columns per second of one process: loader, step, both.

    Uses one process and as many threads as torch was given (`OMP_NUM_THREADS`).
    """
    if isinstance(options, LineTrainingOptions):
        options = replace(options, data=replace(options.data, short_lines_first=0))
    data = task_of(options).make_data(options, paths, symbols)
    data.setup("fit")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = make_model(options, symbols, data).to(device).train()
    train_loader = data.train_dataloader()
    loader = iter(train_loader)
    n_waiting = 1 + 2 * train_loader.num_workers  # drawn ahead of the first one that is asked for
    list(islice(loader, n_waiting))
    started = time.perf_counter()
    batches = list(islice(loader, max(_N_BATCHES, 3 * n_waiting)))
    _report("loader", batches, time.perf_counter() - started)
    step = _Step(model, device)
    step(batches[0])  # memory is allocated, kernels are chosen
    started = time.perf_counter()
    for batch in batches:
        step(batch)
    _report("step", batches, time.perf_counter() - started)
    list(islice(loader, n_waiting))
    started, both = time.perf_counter(), []
    for batch in islice(loader, max(_N_BATCHES, 3 * n_waiting)):
        step(batch)
        both.append(batch)
    _report("both", both, time.perf_counter() - started)


class _Step:
    def __init__(self, model: BaseLitModel, device: torch.device) -> None:
        self._model, self._device = model, device
        self._optimizer = model.configure_optimizers()
        model.log = lambda *_, **__: None  # type: ignore[method-assign]

    def __call__(self, batch: Any) -> None:
        moved = self._model.transfer_batch_to_device(batch, self._device, 0)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._device.type == "cuda"):
            loss = self._model.training_step(moved, 0)
        assert isinstance(loss, torch.Tensor)
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        if self._device.type == "cuda":
            torch.cuda.synchronize()


def _report(name: str, batches: list[Any], seconds: float) -> None:
    n_samples = sum(len(batch[0]) for batch in batches)  # images, or texts
    n_columns = sum(batch[0].shape[0] * batch[0].shape[-1] for batch in batches)
    _LOG.info(
        "%s: %.0f samples/s, %.0f thousand columns/s, %.3f s a batch",
        name.ljust(6),
        n_samples / seconds,
        n_columns / seconds / 1000,
        seconds / len(batches),
    )
