"""Several data modules as one: what `--data_class=A+B` means.

Training samples of all parts are put together. Validation and test samples are those of the first
part, whose figures then mean the same with and without the others, unless all are asked for.
Labels are joined by symbol: the first part's mapping stays as it is, symbols that it lacks follow
in the order of the other parts, and every label is renumbered to match. Images must have the same
size and normalisation, and labels must be of one kind, single or lines; shorter lines are filled
up with padding.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from text_recognizer.data.array_dataset import JoinedDataset, Samples
from text_recognizer.data.base_data_module import SPLITS, BaseDataModule
from text_recognizer.data.character_mapping import padding_label
from text_recognizer.errors import OptionError

FIRST, ALL = "first", "all"


class CombinedData(BaseDataModule):
    """Data modules put together.

    Args:
        parts: set-up-able modules, the most important first; its options are the loaders'.
        validation: whose validation samples there are: `first` or `all`.
        test: whose test samples there are: `first` or `all`.

    Raises:
        OptionError: the parts do not fit together.
    """

    def __init__(
        self, parts: Sequence[BaseDataModule], *, validation: str = FIRST, test: str = FIRST
    ) -> None:
        _check_parts(parts)
        for name, value in (("validation", validation), ("test", test)):
            if value not in (FIRST, ALL):
                raise OptionError(f"{name} is {FIRST} or {ALL}, not {value}.")
        super().__init__(parts[0].options)
        self.parts = tuple(parts)
        self._whose = {"train": ALL, "validation": validation, "test": test}
        self.input_dims = parts[0].input_dims
        self.output_dims = max(part.output_dims for part in parts)
        self.mapping = tuple(dict.fromkeys(symbol for part in parts for symbol in part.mapping))
        self.normalisation = parts[0].normalisation

    @property
    def data_name(self) -> str:
        """`A+B` of the parts' names."""
        return "+".join(part.data_name for part in self.parts)

    def prepare_data(self) -> None:
        """Prepare all parts."""
        for part in self.parts:
            part.prepare_data()

    def read_splits(self) -> dict[str, Samples]:
        """Set up all parts and put them together; an empty split of a part adds nothing."""
        for part in self.parts:
            part.setup()
        return {split: self._join(split) for split in SPLITS}

    def _join(self, split: str) -> Samples:
        parts = self.parts if self._whose[split] == ALL else self.parts[:1]
        kept = [part for part in parts if len(part.splits.get(split, ()))]
        has_lines = self.output_dims != (1,)
        padding = padding_label(self.mapping) if has_lines else None
        return JoinedDataset(
            [part.splits[split] for part in kept],
            [self._table(part) for part in kept],
            n_labels=self.output_dims[0] if has_lines else None,
            padding=padding or 0,
        )

    def _table(self, part: BaseDataModule) -> Tensor | None:
        """New label of each of the part's labels; None if they stay."""
        table = [self.mapping.index(symbol) for symbol in part.mapping]
        return None if table == list(range(len(table))) else torch.tensor(table)


def _check_parts(parts: Sequence[BaseDataModule]) -> None:
    if not parts:
        raise OptionError("At least one data module is needed.")
    first = parts[0]
    for part in parts[1:]:
        for what in ("input_dims", "normalisation"):
            if getattr(part, what) != getattr(first, what):
                raise OptionError(
                    f"{first.data_name} and {part.data_name} do not go together: {what} "
                    f"is {getattr(first, what)} and {getattr(part, what)}."
                )
        if (part.output_dims == (1,)) != (first.output_dims == (1,)):
            raise OptionError(
                f"{first.data_name} and {part.data_name} do not go together: "
                "one has characters, the other lines."
            )
    if first.output_dims != (1,) and all(padding_label(part.mapping) is None for part in parts):
        raise OptionError(f"{first.data_name} has lines, but its mapping lacks a padding.")
