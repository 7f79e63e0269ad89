"""What the networks of 2019 and 2021 see, how they start, and that they learn."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from seed_network_builds import TINY, TINY_DIMS, VARIANTS, build, build_tiny
from torch import Tensor, nn
from torch.nn import functional as F

from text_recognizer.models import LineCNN, LineCNNOptions, LineNetwork
from text_recognizer.models.line_cnn_lstm import SelfAttention
from text_recognizer.training.export import check_parity, export_onnx
from text_recognizer.training.tasks import ExportForm

pytestmark = pytest.mark.train


def test_the_limit_keeps_the_first_steps() -> None:
    images = torch.rand(2, *TINY_DIMS)
    for name in ("LineCNNSimple", "LineCNN", "LineCNNDeep", "LineCNNLSTM"):
        values = {**TINY[name], "limit_output_length": True}
        network = build(name, values, input_dims=TINY_DIMS, n_classes=5, output_length=2).eval()
        logits = network(images)
        assert logits.shape == (2, 5, 2)
        assert network.n_steps == 2
        if name != "LineCNNLSTM":  # its LSTMs see no steps beyond the limit
            network.limit = None
            torch.testing.assert_close(network(images)[:, :, :2], logits)


def test_the_stem_lenet_gives_what_a_sliding_network_gives() -> None:
    torch.manual_seed(0)
    options = LineCNNOptions(4, 6, window_width=14, window_stride=10, stem="lenet")
    network = LineCNN(options, input_dims=(1, 12, 64), n_classes=5).eval()
    images = torch.rand(2, 1, 12, 64)
    logits = network(images)
    assert logits.shape == (2, 5, 6)
    for i in range(6):
        alone = network(images[:, :, :, 10 * i : 10 * i + 14])
        torch.testing.assert_close(alone[:, :, 0], logits[:, :, i])


def test_the_window_of_line_cnn_sees_the_bottom_row() -> None:
    torch.manual_seed(0)
    options = LineCNNOptions(4, 6, window_width=14, window_stride=14)
    network = LineCNN(options, input_dims=(1, 12, 56), n_classes=5).eval()
    cells = torch.rand(1, 4, 6, 28, requires_grad=True)
    network.windows(cells).sum().backward()
    assert cells.grad is not None
    assert cells.grad.abs().sum((0, 1, 3)).gt(0).all()


@pytest.mark.parametrize(
    ("values", "sees_the_end"),
    [
        ({"bidirectional": False}, False),
        ({"bidirectional": True}, True),
        ({"bidirectional": False, "attention": True}, True),
    ],
)
def test_what_the_first_step_knows_of_the_last(values: dict[str, Any], sees_the_end: bool) -> None:
    torch.manual_seed(0)
    network = build_tiny("LineCNNLSTM", values).eval()
    images = torch.rand(1, *TINY_DIMS)
    other = images.clone()
    other[:, :, :, -4:] = 1 - other[:, :, :, -4:]
    before, after = network(images), network(other)
    assert not torch.equal(before[:, :, -1], after[:, :, -1])
    assert torch.equal(before[:, :, 0], after[:, :, 0]) is not sees_the_end


def test_both_directions_are_summed() -> None:
    torch.manual_seed(0)
    network = build_tiny("LineCNNLSTM", {}).eval()
    images = torch.rand(2, *TINY_DIMS)
    states, _ = network.lstm(network.encoder(images).permute(2, 0, 1))
    forwards, backwards = states.split(16, dim=2)
    expected = network.output(forwards + backwards).permute(1, 2, 0)
    torch.testing.assert_close(network(images), expected)


def test_attention_is_that_of_the_library() -> None:
    torch.manual_seed(0)
    ours = SelfAttention(12, n_heads=3)
    theirs = nn.MultiheadAttention(12, 3)
    theirs.in_proj_weight, theirs.in_proj_bias = ours.input.weight, ours.input.bias
    theirs.out_proj.weight, theirs.out_proj.bias = ours.output.weight, ours.output.bias
    states = torch.rand(5, 2, 12)
    found, _ = theirs(states, states, states)
    expected = F.layer_norm(states + found, (12,))
    torch.testing.assert_close(ours(states), expected)


@pytest.mark.parametrize(("name", "values"), VARIANTS)
def test_batch_mates_change_nothing(name: str, values: dict[str, Any]) -> None:
    torch.manual_seed(0)
    network = build_tiny(name, values).eval()
    images = torch.rand(3, *TINY_DIMS)
    with torch.inference_mode():
        together = network(images)
        for i in range(3):
            torch.testing.assert_close(network(images[i : i + 1])[0], together[i])


@pytest.mark.parametrize(("name", "values"), VARIANTS)
def test_gradients_reach_all_parameters(name: str, values: dict[str, Any]) -> None:
    torch.manual_seed(0)
    network = build_tiny(name, values)
    network(torch.rand(4, *TINY_DIMS)).square().sum().backward()
    for key, values_of_key in network.named_parameters():
        if values_of_key.requires_grad:
            assert values_of_key.grad is not None and values_of_key.grad.any(), key


def measure_ctc(logits: Tensor, texts: Tensor) -> Tensor:
    """CTC loss of logits (N, C, S) and texts (N, L), label 0 the blank."""
    n_lines, _, n_steps = logits.shape
    return F.ctc_loss(
        logits.permute(2, 0, 1).log_softmax(2),
        texts,
        torch.full((n_lines,), n_steps),
        torch.full((n_lines,), texts.shape[1]),
    )


@pytest.mark.parametrize(("name", "values"), VARIANTS)
def test_one_batch_is_memorised(name: str, values: dict[str, Any]) -> None:
    torch.manual_seed(0)
    network = build_tiny(name, values)
    texts = torch.tensor([[1, 2], [2, 3], [3, 1], [4, 2]])
    images = draw_lines(texts)
    measure: Callable[[Tensor, Tensor], Tensor] = F.cross_entropy
    labels = torch.arange(4)
    if name in ("LineCNNLSTM", "CNNBiLSTM", "line_lstm_ctc"):
        measure, labels = measure_ctc, texts
    elif isinstance(network, LineNetwork):
        labels = texts[:, torch.arange(network.n_steps) * 2 // network.n_steps]
    before = measure_without_dropout(network, images, labels, measure)
    optimiser = torch.optim.Adam(network.parameters(), lr=0.005)
    for step in range(160):
        if step % 10 == 9:
            after = measure_without_dropout(network, images, labels, measure)
            if after < 0.2 * before:
                return
        optimiser.zero_grad()
        measure(network(images), labels).backward()
        optimiser.step()
    raise AssertionError(f"The loss fell from {before} to {after} only.")


def measure_without_dropout(
    network: nn.Module, images: Tensor, labels: Tensor, measure: Callable[[Tensor, Tensor], Tensor]
) -> float:
    with torch.inference_mode():
        loss = measure(network.eval()(images), labels).item()
    network.train()
    return loss


def draw_lines(texts: Tensor) -> Tensor:
    """Images of shape (N, 1, 12, 48) of texts (N, 2): each symbol a random tile, drawn twice."""
    tiles = (torch.rand(5, 12, 12) > 0.5).float()
    lines = tiles[texts.repeat_interleave(2, dim=1)]  # (N, 4, 12, 12)
    return lines.permute(0, 2, 1, 3).flatten(2).unsqueeze(1)


@pytest.mark.parametrize("name", ["LineCNN", "LineCNNDeep"])
def test_weights_start_as_kaiming_says(name: str) -> None:
    torch.manual_seed(0)
    network = build(name, {}, input_dims=(1, 28, 896))
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            fan_out = module.weight.shape[0] * module.weight[0, 0].numel()
            wanted = (2 / fan_out) ** 0.5
            assert module.weight.std().item() == pytest.approx(wanted, rel=0.15)
            bound = fan_out**-0.5
            assert module.bias.abs().max() <= bound
            assert module.bias.max() > 0.6 * bound and module.bias.min() < -0.6 * bound


class Stored(nn.Module):
    """What is exported: a network in evaluation mode, within a module that is not."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network.half().float().eval()

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.network(images)
        return logits


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("CNN", {}),
        ("LineCNNSimple", {}),
        ("LineCNN", {"stem": "lenet"}),
        ("LineCNNDeep", {"batch_norm": True}),
        ("LineCNNLSTM", {"attention": True}),
        ("CNNBiLSTM", {}),
        ("line_cnn_all_conv", {}),
        ("line_lstm_ctc", {}),
    ],
)
def test_exports_give_the_same_logits(name: str, values: dict[str, Any]) -> None:
    """For any number of images, and lines of any width."""
    torch.manual_seed(0)
    network = build_tiny(name, values)
    is_line = isinstance(network, LineNetwork)
    axes = {"image": {0: "N"}, "logits": {0: "N"}}
    if is_line:
        axes = {"image": {0: "N", 3: "W"}, "logits": {0: "N", 2: "S"}}
    widths = (48, 96, 50) if is_line else (48, 48, 48)
    shapes = [(n, 1, 12, width) for n, width in zip((2, 1, 3), widths, strict=True)]
    form = ExportForm(Stored(network), "logits", axes, shapes)
    check_parity(form, export_onnx(form))


def test_weights_start_as_in_keras() -> None:
    torch.manual_seed(0)
    network = build("line_lstm_ctc", {}, input_dims=(1, 28, 952))
    bound = (6 / (83 + 128)) ** 0.5
    assert 0.95 * bound < network.output.weight.abs().max() <= bound
    assert not network.output.bias.any()
    assert network.lstm.bias_ih_l0.tolist() == [0.0] * 128 + [1.0] * 128 + [0.0] * 256
    between = network.lstm.weight_hh_l0
    torch.testing.assert_close(between.T @ between, torch.eye(128), atol=1e-4, rtol=0)
