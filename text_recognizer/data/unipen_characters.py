"""UnipenCharacters: printable ASCII characters drawn from pen strokes, split by writer."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from text_recognizer.data.array_dataset import Samples
from text_recognizer.data.base_data_module import BaseDataModule, run_as_script
from text_recognizer.data.character_samples import CharacterOptions, character_samples
from text_recognizer.data.idx_files import find_idx, read_images_and_labels
from text_recognizer.data.raw_data import sha256_of
from text_recognizer.errors import InputError

_PREFIX = "unipen-chars"
_FILE_SPLITS = {"train": "train", "validation": "val", "test": "test"}
# What the files hold: all printable ASCII characters but the blank and the backslash.
_CHARACTERS = "".join(chr(code) for code in range(33, 127) if chr(code) != "\\")


@dataclass(frozen=True)
class UnipenCharactersOptions(CharacterOptions):
    """Options of `UnipenCharacters`; it has none of its own."""


class UnipenCharacters(BaseDataModule):
    """Characters in 93 classes, upright, 28 x 28; no writer is in two splits.

    Reads `unipen-chars-{train,val,test}-{images-idx3,labels-idx1}-ubyte`, packed or not, in
    `data_dir`, and `unipen-chars-mapping.txt` beside them, lines of a label and a code point.

    Args:
        options: None takes the defaults.
    """

    options_class = UnipenCharactersOptions
    options: UnipenCharactersOptions
    input_dims = (1, 28, 28)
    output_dims = (1,)
    mapping = tuple(_CHARACTERS)

    def prepare_data(self) -> None:
        """See that the files are there.

        Raises:
            InputError: a file is missing, or the labels stand for other characters.
        """
        self._check_mapping()
        for split in _FILE_SPLITS:
            self._files(split)

    def read_splits(self) -> dict[str, Samples]:
        """Read the files."""
        self._check_mapping()
        rng = np.random.default_rng(self.options.seed)
        splits: dict[str, Samples] = {}
        for split in _FILE_SPLITS:
            images, labels = read_images_and_labels(*self._files(split))
            if labels.max(initial=0) >= len(self.mapping):
                raise InputError(
                    f"The {split} labels of {self.options.folder} go up to {labels.max()}, but "
                    f"there are {len(self.mapping)} classes."
                )
            splits[split] = character_samples(images, labels, self.options, split=split, rng=rng)
        return splits

    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits that change with the files."""
        digest = hashlib.sha256()
        for split in _FILE_SPLITS:
            for path in self._files(split):
                digest.update(sha256_of(path).encode())
        return digest.hexdigest()[:16]

    def _files(self, split: str) -> tuple[Path, Path]:
        names = [
            f"{_PREFIX}-{_FILE_SPLITS[split]}-{kind}-ubyte"
            for kind in ("images-idx3", "labels-idx1")
        ]
        images, labels = (find_idx(self.options.folder, name) for name in names)
        if images is None or labels is None:
            missing = names[0] if images is None else names[1]
            raise InputError(
                f"UnipenCharacters needs {missing}.gz, which is not in {self.options.folder}: "
                "give the folder that holds it by --data_dir."
            )
        return images, labels

    def _check_mapping(self) -> None:
        path = self.options.folder / f"{_PREFIX}-mapping.txt"
        if not path.is_file():
            return
        try:
            rows = [line.split() for line in path.read_text(encoding="ascii").splitlines()]
            symbols = {int(label): chr(int(code)) for label, code in rows}
        except (OSError, ValueError) as error:
            raise InputError(f"{path} does not hold lines of a label and a code point.") from error
        if symbols != dict(enumerate(self.mapping)):
            raise InputError(f"{path} gives the labels to other characters than the program does.")


if __name__ == "__main__":
    run_as_script(UnipenCharacters)
