"""Reads images with a `DecoderNetwork`: greedily or by beams, a label at a time, nothing twice.

What searches is `text_recognizer.sequence_search`; this lets a network of torch give the scores.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from text_recognizer.data.character_mapping import BLANK, END, PADDING, START
from text_recognizer.errors import OptionError
from text_recognizer.guarded_search import FloatArray, Labels, search_without_repeats
from text_recognizer.models.decoder_network import DecoderNetwork
from text_recognizer.models.text_decoder import Memory, TextDecoder
from text_recognizer.repeat_guard import RepeatGuard
from text_recognizer.sequence_search import (
    Hypothesis,
    SearchOptions,
    SpecialLabels,
    search_texts,
)

_ROOM = 64  # places of the first cache; it doubles when it is full


def special_labels(mapping: Sequence[str]) -> SpecialLabels:
    """Labels of start, end, padding and blank in a mapping.

    Raises:
        OptionError: the mapping lacks start, end or padding.
    """
    missing = [name for name in (START, END, PADDING) if name not in mapping]
    if missing:
        raise OptionError(
            f"Networks with a decoder need labels with {START}, {END} and {PADDING}: the data have "
            f"no {missing[0]}."
        )
    never = tuple(mapping.index(name) for name in (BLANK, PADDING) if name in mapping)
    return SpecialLabels(mapping.index(START), mapping.index(END), never)


def read_images(
    network: DecoderNetwork,
    images: Tensor,
    special: SpecialLabels,
    *,
    options: SearchOptions | None = None,
    guard: RepeatGuard | None = None,
) -> list[Hypothesis]:
    """The best text of each of the images (N, C, H, W).

    Args:
        network: in evaluation mode.
        images: float, 0 to 1, on the network's device.
        special: labels that stand for no character.
        options: how to search; None is greedy, up to the network's output length.
        guard: what counts as a repetition, in whose place another way is tried; None lets texts
            repeat themselves.
    """
    options = options or SearchOptions(max_length=network.output_length)
    with torch.inference_mode():
        memory = network.decoder.read_memory(network.encode(images))
        n_images = len(images)
        if guard is None:
            steps = NetworkSteps(network.decoder, memory)
            return [own[0] for own in search_texts(steps, n_images, special, options)]
        return search_without_repeats(
            lambda numbers: NetworkSteps(network.decoder, _rows(memory, numbers)),
            n_images,
            special,
            options,
            guard,
        )


class NetworkSteps:
    """A decoder of torch as `DecoderSteps`.

    Args:
        decoder: in evaluation mode.
        memory: of the images, as `TextDecoder.read_memory` gives it.
    """

    def __init__(self, decoder: TextDecoder, memory: list[Memory]) -> None:
        self._decoder = decoder
        self._all = self._memory = memory
        n_images = len(memory[0][0])
        self._images = np.arange(n_images)
        self._place = 0
        self._past = KeptPast(decoder, n_images)

    def step(self, labels: Labels, parents: Labels) -> tuple[FloatArray, FloatArray]:
        """See `DecoderSteps`."""
        self._choose(parents)
        given = torch.from_numpy(labels).to(self._all[0][0].device)
        step = self._decoder.step(given, self._place, self._past, self._memory)
        self._place += 1
        scores = step.logits.float().log_softmax(1)
        return scores.cpu().numpy(), step.attention.float().cpu().numpy()

    def _choose(self, parents: Labels) -> None:
        if np.array_equal(parents, np.arange(len(self._images))):
            return
        images = self._images[parents]
        if not np.array_equal(images, self._images):
            self._memory = _rows(self._all, images)
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

    def distances(self, place: int) -> Tensor:
        """See `Past`."""
        return torch.arange(place, -1, -1, device=self._kept.device)

    def attend(
        self, layer: int, query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None
    ) -> Tensor:
        """See `Past`."""
        if self._length == self._kept.shape[4]:
            self._kept = torch.cat([self._kept, torch.empty_like(self._kept)], 4)
        place = self._length
        kept = self._kept[layer, :, :, :, : place + 1]
        kept[0, :, :, place], kept[1, :, :, place] = key[:, :, 0], value[:, :, 0]
        if layer == self._n_layers - 1:
            self._length += 1
        keys, values = kept.to(key.dtype)
        return F.scaled_dot_product_attention(query, keys, values, attn_mask=bias)

    def choose(self, texts: Labels) -> None:
        """Keep the rows of these texts, in this order."""
        self._kept = self._kept[:, :, texts]


def _rows(memory: list[Memory], images: Labels) -> list[Memory]:
    return [(keys[images], values[images]) for keys, values in memory]
