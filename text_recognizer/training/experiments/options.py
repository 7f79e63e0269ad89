"""Options of an experiment that are neither the data's nor the network's nor the Trainer's."""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import optim
from torch.nn import functional as F

from text_recognizer.errors import OptionError

CTC = "ctc"
TRANSFORMER = "transformer"


@dataclass(frozen=True)
class ExperimentLossOptions:
    """Loss and optimiser, by the flags of 2021.

    Attributes:
        optimizer: a class of `torch.optim`.
        lr: its rate.
        weight_decay: likewise.
        loss: a function of `torch.nn.functional`, or `ctc`, or `transformer`.
        label_smoothing: share of each label's probability that the loss `transformer` spreads over
            all classes.
        one_cycle_max_lr: peak of a rate that rises and falls once; None keeps it constant.
        one_cycle_total_steps: optimiser steps of that; 0 takes those of the whole run.

    Raises:
        OptionError: a value is not allowed.
    """

    optimizer: str = "Adam"
    lr: float = 1e-3
    weight_decay: float = 0.0
    loss: str = "cross_entropy"
    label_smoothing: float = 0.0
    one_cycle_max_lr: float | None = None
    one_cycle_total_steps: int = 0

    def __post_init__(self) -> None:
        self._check_optimizer()
        if self.loss not in (CTC, TRANSFORMER) and not callable(getattr(F, self.loss, None)):
            raise OptionError(
                f"--loss is {CTC}, {TRANSFORMER} or a function of torch.nn.functional, "
                f"not {self.loss!r}."
            )
        if not 0 <= self.label_smoothing < 1 or (self.label_smoothing and self.loss != TRANSFORMER):
            raise OptionError(
                f"--label_smoothing is at least 0 and below 1, and goes with --loss={TRANSFORMER}, "
                f"not {self.label_smoothing} with --loss={self.loss}."
            )
        if self.one_cycle_max_lr is not None and not self.one_cycle_max_lr > 0:
            raise OptionError(f"--one_cycle_max_lr is over 0, not {self.one_cycle_max_lr}.")
        if self.one_cycle_total_steps < 0:
            raise OptionError("--one_cycle_total_steps is 0 (the whole run) or more.")

    def _check_optimizer(self) -> None:
        if not (0 < self.lr < math.inf and 0 <= self.weight_decay < math.inf):
            raise OptionError("--lr is over 0, and --weight_decay not under it.")
        kind = getattr(optim, self.optimizer, None)
        if not (isinstance(kind, type) and issubclass(kind, optim.Optimizer)):
            raise OptionError(f"--optimizer: torch.optim has no {self.optimizer!r}; Adam is one.")
        make: Any = kind
        try:
            make([torch.nn.Parameter(torch.zeros(1))], lr=self.lr, weight_decay=self.weight_decay)
        except (TypeError, ValueError) as error:
            raise OptionError(
                f"--optimizer: {self.optimizer} takes no --lr and --weight_decay: {error}."
            ) from None
