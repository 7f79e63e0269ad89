"""Reads images with a `DecoderNetwork`: greedily or by beams, a label at a time, nothing twice.

What searches is `text_recognizer.sequence_search`; this lets a network of torch give the scores.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from text_recognizer.data.character_mapping import BLANK, END, PADDING, START
from text_recognizer.errors import OptionError
from text_recognizer.models.decoder_network import DecoderNetwork
from text_recognizer.models.text_decoder import TextDecoder
from text_recognizer.repeat_guard import RepeatGuard
from text_recognizer.sequence_search import (
    FloatArray,
    FoundText,
    Labels,
    SearchOptions,
    SequenceSymbols,
    search_texts,
)

_ROOM = 64  # places of the first cache; it doubles when it is full


def sequence_symbols(mapping: Sequence[str]) -> SequenceSymbols:
    """Labels of start, end and padding in a mapping; a padding ends a text, too.

    Raises:
        OptionError: the mapping lacks one of them.
    """
    missing = [name for name in (START, END, PADDING) if name not in mapping]
    if missing:
        raise OptionError(
            f"Networks with a decoder need labels with {START}, {END} and {PADDING}: the data have "
            f"no {missing[0]}."
        )
    start, end, padding = (mapping.index(name) for name in (START, END, PADDING))
    blank = (mapping.index(BLANK),) if BLANK in mapping else ()
    return SequenceSymbols(start, (end, padding), (start, *blank))


def repeat_guard(mapping: Sequence[str]) -> RepeatGuard:
    """The guard against repeated lines for the texts of a mapping."""
    newline = mapping.index("\n") if "\n" in mapping else None
    letters = {label for label, name in enumerate(mapping) if len(name) == 1 and name.isalnum()}
    return RepeatGuard(newline, letters)


def read_images(
    network: DecoderNetwork,
    images: Tensor,
    symbols: SequenceSymbols,
    *,
    options: SearchOptions | None = None,
    guard: RepeatGuard | None = None,
) -> list[FoundText]:
    """The texts of images (N, C, H, W).

    Args:
        network: in evaluation mode.
        images: float, 0 to 1, on the network's device.
        symbols: of its labels.
        options: how to search; None is greedy, up to the network's output length.
        guard: see `search_texts`.
    """
    options = options or SearchOptions(max_length=network.output_length - 1)
    with torch.inference_mode():
        return search_texts(NetworkSteps(network, images), symbols, options, guard)


class NetworkSteps:
    """A network as `DecoderSteps`.

    Args:
        network: in evaluation mode.
        images: of shape (N, C, H, W).
    """

    def __init__(self, network: DecoderNetwork, images: Tensor) -> None:
        self.n_images = len(images)
        self._decoder = network.decoder
        self._all = network.decoder.read_memory(network.encode(images))
        self._memory = self._all
        self._images = np.arange(self.n_images)
        self._place = 0
        self._past = KeptPast(self._decoder, 0)

    def start(self, images: Labels) -> None:
        """See `DecoderSteps`."""
        self._images, self._place = images, 0
        self._memory = self._all[:, :, images]
        self._past = KeptPast(self._decoder, len(images))

    def step(self, labels: Labels, parents: Labels) -> tuple[FloatArray, FloatArray]:
        """See `DecoderSteps`."""
        self._choose(parents)
        given = torch.from_numpy(labels).to(self._all.device)
        step = self._decoder.step(given, self._place, self._past, self._memory)
        self._place += 1
        scores = step.logits.float().log_softmax(1)
        return scores.cpu().numpy(), step.attention.float().cpu().numpy()

    def _choose(self, parents: Labels) -> None:
        if len(parents) == len(self._images) and (parents == np.arange(len(parents))).all():
            return
        images = self._images[parents]
        if not np.array_equal(images, self._images):
            self._memory = self._all[:, :, images]
        self._images = images
        self._past.choose(parents)


class KeptPast:
    """Keys and values of the places before, in memory that is written in place.

    Args:
        decoder: that they are of.
        n_texts: rows.
        room: places that there is room for at first.
    """

    def __init__(self, decoder: TextDecoder, n_texts: int, room: int = _ROOM) -> None:
        options = decoder.options
        d = options.tf_dim // options.tf_nhead
        shape = (options.tf_layers, 2, n_texts, options.tf_nhead, room, d)
        self._kept = torch.empty(shape, device=decoder.output.weight.device)
        self._n_layers = options.tf_layers
        self._length = 0

    def extend(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """See `Past`."""
        if self._length == self._kept.shape[4]:
            self._kept = torch.cat([self._kept, torch.empty_like(self._kept)], 4)
        place = self._length
        self._kept[layer, 0, :, :, place], self._kept[layer, 1, :, :, place] = (
            keys[:, :, 0],
            values[:, :, 0],
        )
        if layer == self._n_layers - 1:
            self._length += 1
        kept = self._kept[layer, :, :, :, : place + 1]
        return kept[0].to(keys.dtype), kept[1].to(keys.dtype)

    def choose(self, texts: Labels) -> None:
        """Keep the rows of these texts, in this order."""
        self._kept = self._kept[:, :, texts]
