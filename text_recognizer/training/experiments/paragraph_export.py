"""A network with a decoder in the form that `ParagraphReader` runs: two networks, see there.

The runtime has one label for start and end and the characters behind it; the special symbols of a
data set stay here.
"""

from dataclasses import dataclass

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
_N, _T = {0: "N"}, {0: "N", 3: "T"}
_N_EXAMPLES = ((2, 3), (1, 0), (3, 1), (2, 90))  # texts, and labels before; the first is traced


@dataclass(frozen=True)
class ParagraphNetworks:
    """Both networks as ONNX."""

    encoder: bytes
    decoder_step: bytes


class EncoderForm(nn.Module):
    """Keys and values (N, layers, heads, M, d) of images (N, 1, H, W), paper 0, ink 1.

    Args:
        network: whose encoder it is.
        normalisation: mean and deviation of the network's data.
    """

    def __init__(self, network: DecoderNetwork, normalisation: tuple[float, float]) -> None:
        super().__init__()
        self.network = network
        self.mean, self.deviation = normalisation

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Keys, and values."""
        features = self.network.encode((image - self.mean) / self.deviation)
        memory = self.network.decoder.read_memory(features)  # (layers, 2, N, heads, M, d)
        keys, values = memory.permute(1, 2, 0, 3, 4, 5).unbind(0)
        return keys, values


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
        self,
        label: Tensor,
        keys: Tensor,
        values: Tensor,
        memory_keys: Tensor,
        memory_values: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Scores (N, 1 + characters), attention (N, M), and key and value of the label."""
        past = _GivenPast(keys, values)
        memory = list(zip(memory_keys.unbind(1), memory_values.unbind(1), strict=True))
        step = self.network.decoder.step(self.labels_in[label], keys.shape[3], past, memory)
        scores = step.logits.log_softmax(1)[:, self.labels_out]
        return scores, step.attention, torch.stack(past.keys, 1), torch.stack(past.values, 1)


class _GivenPast:
    """Keys and values of earlier labels as inputs, those of the new one as outputs."""

    def __init__(self, keys: Tensor, values: Tensor) -> None:
        self._before = (keys, values)
        self.keys: list[Tensor] = []
        self.values: list[Tensor] = []

    def extend(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """See `Past`."""
        self.keys.append(keys)
        self.values.append(values)
        before = (kept[:, layer] for kept in self._before)
        both = [torch.cat(pair, 2) for pair in zip(before, (keys, values), strict=True)]
        return both[0], both[1]


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
    images = [torch.rand((n, *record.input_dims), generator=generator) for n, _ in _N_EXAMPLES]
    axes = dict.fromkeys(("image", *_ENCODER_OUTPUTS), _N)
    first = trace_onnx(encoder, {"image": images[0]}, _ENCODER_OUTPUTS, axes)
    compare_outputs(encoder, first, [{"image": own} for own in images], _ENCODER_OUTPUTS)
    with torch.inference_mode():
        memories = [encoder(own) for own in images]
    inputs = [
        _step_inputs(step, n_before, memory, generator)
        for (_, n_before), memory in zip(_N_EXAMPLES, memories, strict=True)
    ]
    places = {0: "N", 3: "M"}
    axes = dict.fromkeys(("label", "scores", "key", "value"), _N)
    axes |= {"keys": _T, "values": _T, "attention": {0: "N", 1: "M"}}
    axes |= dict.fromkeys(_ENCODER_OUTPUTS, places)
    second = trace_onnx(step, inputs[0], _STEP_OUTPUTS, axes)
    compare_outputs(step, second, inputs, _STEP_OUTPUTS)
    return ParagraphNetworks(first, second)


def _step_inputs(
    step: StepForm, n_before: int, memory: tuple[Tensor, Tensor], generator: torch.Generator
) -> dict[str, Tensor]:
    """Some label behind some others."""
    n_texts, n_layers, n_heads, _, d = memory[0].shape
    labels = torch.randint(len(step.labels_in), (n_texts,), generator=generator)
    past = (n_texts, n_layers, n_heads, n_before, d)
    return {
        "label": labels,
        "keys": torch.randn(past, generator=generator),
        "values": torch.randn(past, generator=generator),
        "memory_keys": memory[0].clone(),
        "memory_values": memory[1].clone(),
    }
