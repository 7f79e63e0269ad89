"""What ends a run before its time, as sentences that say how to go on."""

import errno
import shlex
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.utilities.exceptions import (  # type: ignore[attr-defined]
    MisconfigurationException,
)

from text_recognizer.errors import InputError, OptionError, TextRecognizerError
from text_recognizer.training.experiments.run_command import relative_path
from text_recognizer.training.stops import stops_told

RESUME = "--resume_from_checkpoint"
_OF_THIS_RUN = (f"{RESUME}=", "--parent=")
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def run_failures(trainer: pl.Trainer, command: str) -> Iterator[None]:
    """Turns what may end a run into sentences.

    Args:
        trainer: of the run.
        command: that asked for it.

    Raises:
        StoppedError: the user or the machine ended it.
        OptionError: Lightning does not take a flag with these data.
        InputError: a file could not be written.
    """
    try:
        with stops_told(lambda: _how_to_go_on(trainer, command)):
            yield
    except TextRecognizerError:
        raise
    except MisconfigurationException as error:
        raise OptionError(f"Lightning does not take these flags: {error}") from error
    except torch.OutOfMemoryError as error:
        raise TextRecognizerError(
            f"The GPU has too little memory: lower --batch_size. {_how_to_go_on(trainer, command)}"
        ) from error
    except Exception as error:
        sentence = disk_failure(error)
        if sentence is None:
            raise
        raise InputError(f"{sentence} {_how_to_go_on(trainer, command)}") from error


def disk_failure(error: BaseException) -> str | None:
    """What could not be written, in a sentence; None if something else went wrong."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in _NO_ROOM:
            return f"The disk is full: {cause.filename or 'a file'} could not be written."
        if isinstance(cause, OSError) and cause.filename and cause.errno is not None:
            return f"{cause.filename} cannot be read or written: {cause.strerror}."
        if isinstance(cause, OSError) and cause.errno == errno.EFBIG:
            return f"A file could not be written: {cause.strerror}."
        if isinstance(cause, sqlite3.OperationalError) and "full" in str(cause):
            return "The disk is full: the records could not be written."
        hidden = cause.__suppress_context__
        cause = cause.__cause__ or (None if hidden else cause.__context__)
    return None


def _how_to_go_on(trainer: pl.Trainer, command: str) -> str:
    checkpoint = _last_checkpoint(trainer)
    if checkpoint is None:
        return "No checkpoint was written yet."
    words = [word for word in shlex.split(command) if not word.startswith(_OF_THIS_RUN)]
    return f"Go on with: {shlex.join([*words, f'{RESUME}={relative_path(checkpoint)}'])}"


def _last_checkpoint(trainer: pl.Trainer) -> Path | None:
    for own in trainer.checkpoint_callbacks:
        if isinstance(own, ModelCheckpoint) and own.last_model_path:
            path = Path(own.last_model_path)
            return path if path.is_file() else None
    return None
