"""Times the loader alone, the step alone and both, so that the slower one can be mended."""

import logging
import time
from dataclasses import replace
from itertools import islice

import torch

from text_recognizer.alphabet import Alphabet
from text_recognizer.data import DataPaths
from text_recognizer.data.batches import LineBatch
from text_recognizer.lit_models import CTCLitModel
from text_recognizer.training.fit import make_data, make_model
from text_recognizer.training.options import TrainingOptions

_LOG = logging.getLogger(__name__)
_N_BATCHES = 12


def run_benchmark(options: TrainingOptions, paths: DataPaths, alphabet: Alphabet) -> None:
    """Log lines and columns per second of one process: loader, step, both.

    Uses one process and as many threads as torch was given (`OMP_NUM_THREADS`).
    """
    options = replace(options, data=replace(options.data, short_lines_first=0))
    data = make_data(options, paths, alphabet)
    data.setup("fit")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = make_model(options, alphabet, data).to(device).train()
    loader = iter(data.train_dataloader())
    n_waiting = 1 + 2 * options.data.workers  # drawn ahead of the first one that is asked for
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
    def __init__(self, model: CTCLitModel, device: torch.device) -> None:
        self._model, self._device = model, device
        self._optimizer = model.configure_optimizers()
        model.log = lambda *_, **__: None  # type: ignore[method-assign]

    def __call__(self, batch: LineBatch) -> None:
        moved = self._model.transfer_batch_to_device(batch, self._device, 0)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._device.type == "cuda"):
            loss = self._model.training_step(moved, 0)
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        if self._device.type == "cuda":
            torch.cuda.synchronize()


def _report(name: str, batches: list[LineBatch], seconds: float) -> None:
    n_lines = sum(len(batch.texts) for batch in batches)
    n_columns = sum(batch.images.shape[0] * batch.images.shape[3] for batch in batches)
    _LOG.info(
        "%s: %.0f lines/s, %.0f thousand columns/s, %.3f s a batch",
        name.ljust(6),
        n_lines / seconds,
        n_columns / seconds / 1000,
        seconds / len(batches),
    )
