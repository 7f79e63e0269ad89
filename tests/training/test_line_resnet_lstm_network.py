"""The network of the shipped line models, in experiments."""

import pytest
import torch

from text_recognizer.errors import OptionError
from text_recognizer.models.line_resnet_lstm_network import (
    LineResnetLSTMNetwork,
    LineResnetLSTMNetworkOptions,
)

pytestmark = pytest.mark.train


@pytest.mark.parametrize(("stack", "n_steps"), [(1, 25), (2, 26), (4, 28)])
def test_steps_of_images_of_any_size(stack: int, n_steps: int) -> None:
    options = LineResnetLSTMNetworkOptions(conv_dim=4, lstm_dim=8, stack=stack)
    network = LineResnetLSTMNetwork(options, input_dims=(1, 28, 97), n_classes=11).eval()
    logits = network(torch.rand(2, 1, 28, 97))
    assert logits.shape == (2, 11, n_steps) and network.n_steps == n_steps
    assert network.rows == 32


def test_a_line_is_read_as_the_shipped_network_reads_it() -> None:
    options = LineResnetLSTMNetworkOptions(conv_dim=4, lstm_dim=8)
    network = LineResnetLSTMNetwork(options, input_dims=(1, 32, 64), n_classes=11).eval()
    images = torch.rand(2, 1, 32, 64)
    torch.testing.assert_close(network(images), network.network(images).transpose(1, 2))
    assert not any(p.requires_grad for p in network.network.shortcut.parameters())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"conv_dim": 0}, "conv_dim must be 1 or more, not 0."),
        ({"stack": 3}, "network.stack is 1, 2 or 4, not 3."),
        ({"dropout": 1.0}, "dropout must be at least 0 and below 1, not 1.0."),
    ],
)
def test_wrong_options(values: dict[str, float], message: str) -> None:
    with pytest.raises(OptionError, match=f"^{message}$"):
        LineResnetLSTMNetworkOptions(**values)  # type: ignore[arg-type]
