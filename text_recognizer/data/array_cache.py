"""Arrays that took a while to make, kept on disk under a name made of all that they depend on."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from text_recognizer.errors import InputError

PROCESSED = "processed"
_PARAMETERS = "parameters.json"


@dataclass(frozen=True)
class ArrayCache:
    """Folder of `.npy` files that is there as a whole or not at all.

    Attributes:
        data_dir: folder of all data.
        name: of the data set.
        parameters: everything that the arrays depend on: other parameters, another folder.
    """

    data_dir: Path
    name: str
    parameters: Mapping[str, Any]

    @cached_property
    def key(self) -> str:
        """Sixteen hexadecimal digits that differ where a parameter differs."""
        text = json.dumps(dict(self.parameters), sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def folder(self) -> Path:
        """Where the arrays lie."""
        return self.data_dir / PROCESSED / self.name / self.key

    def exists(self) -> bool:
        """Whether the arrays are there."""
        return (self.folder / _PARAMETERS).is_file()

    @contextmanager
    def writing(self) -> Iterator[Path]:
        """A new folder to write the arrays into, put in place if nothing went wrong.

        If another process was faster, its arrays stay and these are dropped: they are equal.
        """
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        aside = self.folder.with_name(f".{self.key}-{uuid4().hex}")
        aside.mkdir()
        try:
            yield aside
            text = json.dumps(dict(self.parameters), sort_keys=True, default=str, indent=1)
            (aside / _PARAMETERS).write_text(text + "\n", encoding="utf-8")
            if not self.exists():
                shutil.rmtree(self.folder, ignore_errors=True)  # left by somebody else, unfinished
                os.replace(aside, self.folder)
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def read(self, name: str) -> NDArray[Any]:
        """The array `name`, mapped into memory.

        Raises:
            InputError: the file is missing or damaged.
        """
        path = self.folder / f"{name}.npy"
        try:
            array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise InputError(f"{path} cannot be read: remove the folder {self.folder}.") from error
        return array
