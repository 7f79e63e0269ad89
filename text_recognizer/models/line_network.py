"""LineNetwork: what the networks for whole lines share, their steps.

A step is one place along the line for which a network gives a score per class. Knows nothing about
text, labels or losses.
"""

import torch
from torch import Tensor, nn

from text_recognizer.errors import OptionError


class LineNetwork(nn.Module):
    """Base of networks that give logits of shape (N, n_classes, S) for line images.

    Args:
        limit: steps kept at most, the first ones; None keeps all.

    Attributes:
        limit: as given.
    """

    def __init__(self, *, limit: int | None = None) -> None:
        super().__init__()
        self.limit = limit

    def count_steps(self, width: int) -> int:
        """Steps S that the network gives for line images of a width in pixels.

        Raises:
            OptionError: the image is too narrow for one step.
        """
        n_windows = self._count_windows(width)
        if n_windows < 1:
            raise OptionError(
                f"A line image {width} pixels wide is too narrow for one step of "
                f"{type(self).__name__}: take wider images or a smaller window_width."
            )
        return n_windows if self.limit is None else min(n_windows, self.limit)

    def _count_windows(self, width: int) -> int:
        """Windows that a line image of a width holds, before any limit; 0 if none."""
        raise NotImplementedError


def count_windows(n_columns: int, *, window: int, stride: int) -> int:
    """Windows that lie wholly within a number of columns, the first at the left; 0 if none."""
    return max(0, (n_columns - window) // stride + 1)


def cut_windows(images: Tensor, *, window: int, stride: int) -> Tensor:
    """Windows of shape (N, S, C, H, window) of images of shape (N, C, H, W), from the left."""
    # Columns are looked up, not unfolded: so the exported graph keeps sizes free.
    starts = torch.arange(0, images.shape[3] - window + 1, stride, device=images.device)
    columns = starts[:, None] + torch.arange(window, device=images.device)  # (S, window)
    return images[:, :, :, columns].permute(0, 3, 1, 2, 4)


def steps_kept(limit_output_length: bool, output_length: int | None) -> int | None:
    """Steps that a line network keeps; None: all.

    Args:
        limit_output_length: whether steps beyond the labels are dropped.
        output_length: labels of a line; None: not known.

    Raises:
        OptionError: steps are to be dropped, but the number of labels is not known.
    """
    if not limit_output_length:
        return None
    if output_length is None or output_length < 1:
        raise OptionError(
            "limit_output_length keeps as many steps as a line has labels, 1 or more: "
            f"give output_length, not {output_length}."
        )
    return output_length


def check_output_length(n_steps: int, output_length: int) -> None:
    """Refuses steps that cannot be compared with labels one by one, as all losses but CTC do.

    Args:
        n_steps: of the network, as `LineNetwork.count_steps` gives them.
        output_length: labels of a line, padding included.

    Raises:
        OptionError: the numbers differ.
    """
    if n_steps == output_length:
        return
    if n_steps > output_length:
        advice = f"keep the first {output_length} with --limit_output_length"
    else:
        advice = "take a smaller --window_stride"
    raise OptionError(
        f"The network gives {n_steps} steps for a line, but its labels have {output_length}: "
        f"{advice}, or train with --loss=ctc, which needs no equal lengths."
    )
