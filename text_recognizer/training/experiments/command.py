"""The command `python training/run_experiment.py`: flags to an experiment, its figures printed."""

import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from text_recognizer.errors import TextRecognizerError
from text_recognizer.training.allocator import keep_freed_memory
from text_recognizer.training.experiments.experiment import Experiment
from text_recognizer.training.experiments.failures import disk_failure
from text_recognizer.training.experiments.flags import parse_flags
from text_recognizer.training.experiments.run import render_outcome, run_experiment
from text_recognizer.training.fit import is_first_process
from text_recognizer.training.gpus import held_gpu

_LOG = logging.getLogger(__name__)


def main(words: Sequence[str] | None = None) -> int:
    """Run the command; 0, 1 after a sentence on what failed, 2 after one on wrong usage.

    130 and 143 say that the run was ended from outside. Of several processes the first one speaks.
    """
    level = logging.INFO if is_first_process() else logging.ERROR
    logging.basicConfig(level=level, format="%(message)s")
    keep_freed_memory()
    try:
        experiment = parse_flags(sys.argv[1:] if words is None else words)
        with on_held_gpu(experiment) as placed:
            outcome = run_experiment(placed)
    except KeyboardInterrupt:
        return _tell("Stopped by Ctrl-C.", 130)
    except TextRecognizerError as error:
        return _tell(str(error), error.exit_code)
    except Exception as error:
        sentence = disk_failure(error)
        if sentence is None and is_first_process():
            raise
        return _tell(sentence or "", 1)
    if is_first_process():
        sys.stdout.write(f"{render_outcome(outcome)}\n")
    return 0


@contextmanager
def on_held_gpu(experiment: Experiment) -> Iterator[Experiment]:
    """The experiment on the GPU of `--gpu`, held while it runs; on the CPU where there is none.

    Raises:
        OptionError: there are GPUs, but not the one that was asked for.
    """
    if experiment.gpu is None or "gpus" in experiment.trainer:
        yield experiment
        return
    with held_gpu(experiment.gpu) as number:
        if number is None:
            _LOG.warning("--gpu=%d: nvidia-smi finds no GPU: the CPU is used.", experiment.gpu)
        gpus = "0" if number is None else "1"  # the one that is held is the only one in sight
        yield replace(experiment, trainer={**experiment.trainer, "gpus": gpus})


def _tell(sentence: str, exit_code: int) -> int:
    if is_first_process():
        sys.stderr.write(f"{sentence}\n")
    return exit_code
