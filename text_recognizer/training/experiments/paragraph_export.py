"""A network with a decoder in the form that `ParagraphReader` runs: two networks, see there.

The runtime has one label for start and end and the characters behind it; the special symbols of a
data set stay here.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from text_recognizer.data.character_mapping import special_symbols
from text_recognizer.errors import OptionError
from text_recognizer.models.decoder_network import DecoderNetwork
from text_recognizer.models.transformer_decoding import special_labels
from text_recognizer.training.experiments.checkpoint_record import SavedNetwork
from text_recognizer.training.export import compare_outputs, trace_onnx

_ENCODER_OUTPUTS = ("memory_keys", "memory_values")
_STEP_OUTPUTS = ("scores", "attention", "key", "value")
_N = {0: "N"}
_OPEN = {
    "keys": {0: "N", 3: "R"},
    "values": {0: "N", 2: "R"},
    "memory_keys": {0: "N", 3: "M"},
    "memory_values": {0: "N", 2: "M"},
}  # axes of what a layer is given
_EXAMPLES = ((2, 3, 5), (1, 0, 4), (3, 1, 1), (2, 90, 128))  # texts, labels before, room for them


@dataclass(frozen=True)
class ParagraphNetworks:
    """Both networks as ONNX."""

    encoder: bytes
    decoder_step: bytes


class EncoderForm(nn.Module):
    """What the decoder looks at in images (N, 1, H, W), paper 0, ink 1.

    Args:
        network: whose encoder it is.
        normalisation: mean and deviation of the network's data.
    """

    def __init__(self, network: DecoderNetwork, normalisation: tuple[float, float]) -> None:
        super().__init__()
        self.network = network
        self.mean, self.deviation = normalisation

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Keys (layers, N, heads, d, M) and values (layers, N, heads, M, d)."""
        features = self.network.encode((image - self.mean) / self.deviation)
        keys, values = zip(*self.network.decoder.read_memory(features), strict=True)
        return torch.stack(keys), torch.stack(values)


class StepForm(nn.Module):
    """What follows one more label, with the labels of the runtime.

    Args:
        network: whose decoder it is.
        mapping: names of its classes.
    """

    labels_in: Tensor
    labels_out: Tensor

    def __init__(self, network: DecoderNetwork, mapping: tuple[str, ...]) -> None:
        super().__init__()
        self.network = network
        special = special_labels(mapping)
        characters = [mapping.index(name) for name in characters_of(mapping)]
        self.register_buffer("labels_in", torch.tensor([special.start, *characters]))
        self.register_buffer("labels_out", torch.tensor([special.end, *characters]))

    def forward(
        self, label: Tensor, place: Tensor, *of_layers: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Scores (N, 1 + characters), attention (N, M), key and value of the label.

        Args:
            label: of shape (N,).
            place: labels before, of shape ().
            of_layers: keys, values, memory's keys and memory's values of the first layer, then of
                the next.
        """
        n_parts = len(_OPEN)
        layers = [of_layers[i : i + n_parts] for i in range(0, len(of_layers), n_parts)]
        past = _GivenPast([(keys, values) for keys, values, *_ in layers], place)
        memory = [(keys, values) for *_, keys, values in layers]
        step = self.network.decoder.step(self.labels_in[label], cast(int, place), past, memory)
        scores = step.logits.log_softmax(1)[:, self.labels_out]
        return scores, step.attention, torch.cat(past.keys, 2), torch.cat(past.values, 2)


class _GivenPast:
    """Keys (N, heads, d, R) and values (N, heads, R, d) of earlier labels as inputs.

    Only the first of the R places are taken, as many as there are labels before. So whoever keeps
    them writes into the same memory, and nothing is copied from step to step.

    Args:
        before: of each layer.
        place: labels before.
    """

    def __init__(self, before: Sequence[tuple[Tensor, Tensor]], place: Tensor) -> None:
        self._before = before
        self._place = place
        self.keys: list[Tensor] = []
        self.values: list[Tensor] = []

    def distances(self, place: int) -> Tensor:
        """See `Past`."""
        back = (place - self._places()).clamp(min=0)
        return torch.cat([back, torch.zeros(1, dtype=back.dtype)])

    def attend(
        self, layer: int, query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None
    ) -> Tensor:
        """See `Past`."""
        self.keys.append(key)
        self.values.append(value)
        keys, values = self._before[layer]
        query = query / math.sqrt(query.shape[3])
        own = (query * key).sum(3, keepdim=True)  # (N, heads, 1, 1)
        scores = torch.cat([query @ keys, own], 3)  # (N, heads, 1, R + 1)
        if bias is not None:
            scores = scores + bias
        is_past = torch.cat([self._places() < self._place, torch.ones(1, dtype=torch.bool)])
        shares = scores.masked_fill(~is_past, -math.inf).softmax(3)
        return shares[:, :, :, :-1] @ values + shares[:, :, :, -1:] * value

    def _places(self) -> Tensor:
        return torch.arange(self._before[0][0].shape[3])


def characters_of(mapping: tuple[str, ...]) -> tuple[str, ...]:
    """Symbols of the runtime, in order: those of a mapping that stand for characters."""
    special = special_symbols(mapping)
    return tuple(name for name in mapping if name not in special)


def paragraph_networks(saved: SavedNetwork) -> ParagraphNetworks:
    """ONNX of a network with a decoder; the encoder takes images of the size it was trained on.

    Raises:
        OptionError: the network has no decoder.
        TextRecognizerError: the stored networks give other scores.
    """
    network, record = saved.network, saved.record
    if not isinstance(network, DecoderNetwork):
        raise OptionError(f"{record.config['model_class']} has no decoder to write texts with.")
    encoder = EncoderForm(network, record.normalisation)
    step = StepForm(network, record.mapping)
    generator = torch.Generator().manual_seed(0)
    images = [torch.rand((n, *record.input_dims), generator=generator) for n, *_ in _EXAMPLES]
    axes = {"image": _N, **dict.fromkeys(_ENCODER_OUTPUTS, {1: "N"})}
    first = trace_onnx(encoder, {"image": images[0]}, _ENCODER_OUTPUTS, axes)
    compare_outputs(encoder, first, [{"image": own} for own in images], _ENCODER_OUTPUTS)
    with torch.inference_mode():
        memories = [encoder(own) for own in images]
    inputs = [
        step_inputs(step, before, room, memory, generator)
        for (_, before, room), memory in zip(_EXAMPLES, memories, strict=True)
    ]
    axes = dict.fromkeys(("label", "scores", "key", "value"), _N)
    axes["attention"] = {0: "N", 1: "M"}
    for layer in range(len(memories[0][0])):
        axes |= {f"{part}_{layer}": own for part, own in _OPEN.items()}
    second = trace_onnx(step, inputs[0], _STEP_OUTPUTS, axes)
    compare_outputs(step, second, inputs, _STEP_OUTPUTS)
    return ParagraphNetworks(first, second)


def step_inputs(
    step: StepForm,
    n_before: int,
    room: int,
    memory: tuple[Tensor, Tensor],
    generator: torch.Generator,
) -> dict[str, Tensor]:
    """Some label behind some others, as inputs by name.

    Args:
        step: the network.
        n_before: labels before.
        room: places for what is kept of them.
        memory: as `EncoderForm` gives it.
        generator: of what is drawn.
    """
    n_layers, n_texts, n_heads, d, _ = memory[0].shape
    inputs = {
        "label": torch.randint(len(step.labels_in), (n_texts,), generator=generator),
        "place": torch.tensor(n_before),
    }
    for layer in range(n_layers):
        inputs |= {
            f"keys_{layer}": torch.randn((n_texts, n_heads, d, room), generator=generator),
            f"values_{layer}": torch.randn((n_texts, n_heads, room, d), generator=generator),
            f"memory_keys_{layer}": memory[0][layer].clone(),
            f"memory_values_{layer}": memory[1][layer].clone(),
        }
    return inputs
