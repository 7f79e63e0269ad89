"""Line samples as the network takes them: normalised, encoded, batched by equal padded width.

A line is padded by itself and a batch holds lines of one padded width only, so no line's scores
depend on its batch mates.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from text_recognizer.alphabet import Alphabet
from text_recognizer.grey_image import GreyImage
from text_recognizer.line_input import normalise, pad
from text_recognizer.models.line_resnet_lstm import FRAME_STRIDE
from text_recognizer.text_form import apply_text_form

Item = TypeVar("Item")


class LineBatch(NamedTuple):
    """Lines of one padded width.

    Attributes:
        images: shape (N, 1, H, W), uint8, paper 0 and ink 255.
        labels: labels of all lines one after the other, int64.
        n_labels: labels of each line, shape (N,), int64.
        sources: index of each line's source, shape (N,), int64.
        texts: each line's text in the text form.
    """

    images: Tensor
    labels: Tensor
    n_labels: Tensor
    sources: Tensor
    texts: tuple[str, ...]


@dataclass(frozen=True)
class EncodedLine:
    """One line ready for a batch; `image` is normalised and padded, of shape (H, W)."""

    image: GreyImage
    labels: NDArray[np.int64]
    text: str
    source: int


@dataclass(frozen=True)
class LineEncoder:
    """Turns a grey line image and its transcription into an `EncodedLine`."""

    alphabet: Alphabet
    text_form: str
    height: int
    max_width: int

    def encode(self, image: GreyImage, text: str, *, source: int) -> EncodedLine | None:
        """The encoded line, or None if it cannot be learnt.

        That is a line with no text, with characters outside the alphabet, wider than
        `max_width`, or with fewer frames than CTC needs for its text.
        """
        text = apply_text_form(text, self.text_form)
        if not text or self.alphabet.unknown(text):
            return None
        if image.shape[1] * self.height > self.max_width * image.shape[0]:
            return None
        padded = pad(normalise(image, self.height))
        if frames_needed(text) > padded.shape[1] // FRAME_STRIDE:
            return None
        labels = np.asarray(self.alphabet.encode(text), np.int64)
        return EncodedLine(padded, labels, text, source)

    def encode_to_score(self, image: GreyImage, text: str, *, source: int) -> EncodedLine:
        """The line without labels, for validation: no line is left out, however hard it is."""
        padded = pad(normalise(image, self.height))
        text = apply_text_form(text, self.text_form)
        return EncodedLine(padded, np.zeros(0, np.int64), text, source)


def frames_needed(text: str) -> int:
    """Frames of the shortest CTC path: one a character, one more between equal neighbours."""
    return len(text) + sum(a == b for a, b in zip(text, text[1:], strict=False))


def collate(lines: list[EncodedLine]) -> LineBatch:
    """Batch of encoded lines of equal padded width."""
    return LineBatch(
        images=torch.from_numpy(np.stack([line.image for line in lines])[:, None]),
        labels=torch.from_numpy(np.concatenate([line.labels for line in lines])),
        n_labels=torch.tensor([len(line.labels) for line in lines]),
        sources=torch.tensor([line.source for line in lines]),
        texts=tuple(line.text for line in lines),
    )


def batch_size(width: int, *, batch_columns: int, max_batch: int) -> int:
    """Lines of a batch of this width: a fixed budget of columns, so every step costs the same."""
    return max(1, min(max_batch, batch_columns // width))


def batch_by_width(
    lines: Iterable[EncodedLine], *, batch_columns: int, max_batch: int, keep_rest: bool
) -> Iterator[LineBatch]:
    """Batches of equal width, each as soon as it is full; the rest at the end if kept."""
    size = partial(batch_size, batch_columns=batch_columns, max_batch=max_batch)
    for group in group_by_size(
        lines, size_of=lambda line: line.image.shape[1], most_of=size, keep_rest=keep_rest
    ):
        yield collate(group)


def group_by_size(
    items: Iterable[Item],
    *,
    size_of: Callable[[Item], int],
    most_of: Callable[[int], int],
    keep_rest: bool,
) -> Iterator[list[Item]]:
    """Items of one size, as many as go together; the rest at the end if kept, the smallest first.

    Args:
        items: may be without end.
        size_of: an item.
        most_of: items of a size that go together.
        keep_rest: whether groups that are not full are given, too.
    """
    waiting: dict[int, list[Item]] = {}
    for item in items:
        size = size_of(item)
        group = waiting.setdefault(size, [])
        group.append(item)
        if len(group) == most_of(size):
            yield waiting.pop(size)
    if keep_rest:
        for size in sorted(waiting):
            yield waiting[size]
