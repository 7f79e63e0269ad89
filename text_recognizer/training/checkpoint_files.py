"""Checkpoints on disk: written beside their place and then put there, so that none is half."""

import io
import os
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins.io.torch_io import TorchCheckpointIO


class WholeCheckpoints(TorchCheckpointIO):
    """Checkpoints that replace an older one only when they are complete.

    Lightning's own are put together in the folder for temporary files, and copied from there, which
    a full disk cuts short.
    """

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | os.PathLike[str], storage_options: Any = None
    ) -> None:
        """Write a checkpoint; what stood in its place stays until it is there.

        Raises:
            OSError: it could not be written, with its path; nothing of it is left.
        """
        final = Path(path)
        content = io.BytesIO()
        torch.save(checkpoint, content)
        aside = final.with_name(f".{final.name}.{os.getpid()}")
        try:
            final.parent.mkdir(parents=True, exist_ok=True)
            with aside.open("wb") as file:
                file.write(content.getbuffer())
                file.flush()
                os.fsync(file.fileno())
            os.replace(aside, final)
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(final)) from error
        finally:
            aside.unlink(missing_ok=True)
