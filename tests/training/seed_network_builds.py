"""The networks of the lessons of 2019 and 2021, as published and small enough to learn at once."""

from typing import Any

from torch import nn

from text_recognizer.models import SEED_NETWORKS

TINY_DIMS = (1, 12, 48)
TINY: dict[str, dict[str, Any]] = {
    "MLP": {"fc1": 32, "fc2": 16},
    "CNN": {"conv_dim": 6, "fc_dim": 16},
    "CharacterCNN": {"conv_dim": 6, "fc_dim": 16},
    "LineCNNSimple": {"conv_dim": 6, "fc_dim": 16, "window_width": 12, "window_stride": 12},
    "LineCNN": {"conv_dim": 6, "fc_dim": 16, "window_width": 12, "window_stride": 12},
    "LineCNNDeep": {"conv_dim": 6, "fc_dim": 24},
    "LineResnetLSTM": {"conv_dim": 4, "lstm_dim": 8},
    "LineCNNLSTM": {
        "conv_dim": 6,
        "fc_dim": 16,
        "window_width": 12,
        "window_stride": 12,
        "lstm_dim": 16,
    },
    "LineCNNTransformer": {"conv_dim": 4, "fc_dim": 16, "tf_dim": 16, "tf_fc_dim": 24},
    "ResnetTransformer": {"tf_dim": 16, "tf_fc_dim": 24},
    "CNNBiLSTM": {"rnn_hidden_states": 12, "max_seq_len": 8},
    "mlp": {"layer_size": 32},
    "lenet": {},
    "line_cnn_all_conv": {"window_width": 12, "window_stride": 12},
    "line_lstm_ctc": {"window_width": 12, "window_stride": 12},
}
DECODERS = ("LineCNNTransformer", "ResnetTransformer")
CHARACTERS = ("MLP", "CNN", "CharacterCNN", "mlp", "lenet")
MASKS = ("FCN", "UNet", "fcn")
VARIANTS: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in SEED_NETWORKS if name not in (*DECODERS, *MASKS)),
    ("LineCNN", {"batch_norm": True}),
    ("LineCNN", {"stem": "lenet"}),
    ("LineCNN", {"stem": "lenet", "batch_norm": True}),
    ("LineCNNDeep", {"batch_norm": True}),
    ("LineCNNLSTM", {"bidirectional": False}),
    ("LineCNNLSTM", {"attention": True, "batch_norm": True}),
    ("LineCNNLSTM", {"stem": "lenet"}),
    ("LineCNNLSTM", {"encoder": "LineCNNDeep", "window_width": 16, "window_stride": 8}),
]


def build(
    name: str,
    values: dict[str, Any],
    *,
    input_dims: tuple[int, int, int],
    n_classes: int = 83,
    output_length: int | None = None,
) -> Any:
    kind = SEED_NETWORKS[name]
    dims = {"input_dims": input_dims, "n_classes": n_classes}
    if output_length is not None:
        dims["output_length"] = output_length
    return kind.network(kind.options(**values), **dims)


def build_tiny(name: str, values: dict[str, Any]) -> Any:
    """A network for 5 classes and images of 12 x 48 pixels; lines have 4 labels."""
    output_length = 4 if name in ("line_cnn_all_conv", *DECODERS) else None
    return build(
        name,
        {**TINY[name], **values},
        input_dims=TINY_DIMS,
        n_classes=5,
        output_length=output_length,
    )


def count_parameters(network: nn.Module) -> int:
    """Parameters that training changes."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad)
