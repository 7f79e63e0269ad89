"""Networks of the lessons of 2019 and 2021: the published numbers of parameters and steps."""

from typing import Any

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from seed_network_builds import CHARACTERS, build, count_parameters
from torch import nn

from text_recognizer.errors import OptionError
from text_recognizer.models import (
    LineCNN,
    LineCNNAllConv,
    LineCNNAllConvOptions,
    LineCNNDeep,
    LineCNNDeepOptions,
    LineCNNLSTM,
    LineCNNLSTMOptions,
    LineCNNOptions,
    LineCNNSimple,
    LineCNNSimpleOptions,
    LineLSTMCTC,
    LineLSTMCTCOptions,
    LineNetwork,
)
from text_recognizer.models.line_cnn_all_conv import same_padding

pytestmark = pytest.mark.train

_CHARACTER = (1, 28, 28)
_LINE = (1, 28, 896)


@pytest.mark.parametrize(
    ("name", "values", "input_dims", "n_classes", "n_parameters"),
    [
        ("MLP", {}, _CHARACTER, 10, 936_330),
        ("MLP", {}, _CHARACTER, 83, 945_747),
        ("CNN", {}, _CHARACTER, 83, 1_654_035),
        ("LineCNNSimple", {}, _LINE, 83, 1_654_035),
        ("LineCNN", {}, _LINE, 83, 1_707_475),
        ("LineCNN", {"window_stride": 18}, _LINE, 83, 1_707_475),
        ("LineCNNDeep", {}, (1, 56, 1024), 83, 1_528_179),
        ("LineCNNDeep", {}, (1, 56, 2048), 83, 1_528_179),
        ("LineCNNLSTM", {}, _LINE, 83, 2_331_558),
        ("mlp", {}, _CHARACTER, 80, 143_824),
        ("lenet", {}, _CHARACTER, 80, 1_208_912),
    ],
)
def test_published_parameters(
    name: str,
    values: dict[str, Any],
    input_dims: tuple[int, int, int],
    n_classes: int,
    n_parameters: int,
) -> None:
    network = build(name, values, input_dims=input_dims, n_classes=n_classes)
    assert count_parameters(network) == n_parameters


@pytest.mark.parametrize(
    ("window_width", "window_stride", "real_width", "real_stride", "n_steps", "n_parameters"),
    [
        (28, 28, 24, 24, 37, 1_200_499),
        (28, 20, 24, 16, 55, 1_200_499),
        (28, 18, 24, 16, 55, 1_200_499),
        (20, 12, 16, 8, 111, 1_003_891),
    ],
)
def test_published_sizes_of_windows_that_were_rounded(
    window_width: int,
    window_stride: int,
    real_width: int,
    real_stride: int,
    n_steps: int,
    n_parameters: int,
) -> None:
    """The published flags are refused; what they were rounded to has the published sizes."""
    with pytest.raises(OptionError, match=f"not {window_width}; .*nearest are {real_width} and"):
        LineCNNDeepOptions(window_width=window_width, window_stride=real_stride)
    with pytest.raises(OptionError, match=f"not {window_stride}; .*nearest are {real_stride} and"):
        LineCNNDeepOptions(window_width=real_width, window_stride=window_stride)
    options = LineCNNDeepOptions(window_width=real_width, window_stride=real_stride)
    network = LineCNNDeep(options, input_dims=_LINE, n_classes=83)
    assert network.n_steps == n_steps
    assert count_parameters(network) == n_parameters


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("MLP", "flatten fc1024 relu drop0.5 fc128 relu drop0.5 fc83"),
        ("CNN", "conv64 relu conv64 relu pool drop0.25 flatten fc128 relu fc83"),
        ("LineCNN", f"{'conv64 relu ' * 3}conv128 relu fc128 relu drop0.25 fc83"),
        (
            "LineCNNDeep",
            f"{'conv32 relu ' * 4}{'conv64 relu ' * 2}{'conv128 relu ' * 2}conv512 relu "
            "fc512 relu drop0.2 fc83",
        ),
        ("mlp", f"flatten {'fc128 relu drop0.2 ' * 3}fc83"),
        (
            "lenet",
            "conv32 relu conv64 relu pool drop0.2 flatten fc128 relu drop0.2 fc83",
        ),
        (
            "line_cnn_all_conv",
            "conv32 relu conv64 relu pool drop0.2 pad conv128 relu drop0.2 conv83",
        ),
        (
            "line_lstm_ctc",
            "conv32 relu conv64 relu pool drop0.2 flatten fc128 relu drop0.2 lstm128 fc83",
        ),
    ],
)
def test_published_layers(name: str, layers: str) -> None:
    input_dims = _CHARACTER if name in CHARACTERS else _LINE
    output_length = 32 if name == "line_cnn_all_conv" else None
    network = build(name, {}, input_dims=input_dims, output_length=output_length)
    assert " ".join(describe(m) for m in network.modules() if not [*m.children()]) == layers


def describe(layer: Any) -> str:
    """A layer's kind and its size, or its rate of dropout."""
    if isinstance(layer, nn.Conv1d | nn.Conv2d):
        return f"conv{layer.out_channels}"
    if isinstance(layer, nn.Linear):
        return f"fc{layer.out_features}"
    if isinstance(layer, nn.LSTM):
        return f"lstm{layer.hidden_size}"
    if isinstance(layer, nn.Dropout):
        return f"drop{layer.p}"
    names = {nn.Flatten: "flatten", nn.ReLU: "relu", nn.MaxPool2d: "pool", nn.ZeroPad2d: "pad"}
    return names[type(layer)]


def test_published_parameters_of_the_deep_network_with_one_lstm() -> None:
    """3,688,390 was said of a window of 28 columns, which was rounded to 24."""
    options = LineCNNLSTMOptions(
        encoder="LineCNNDeep", window_width=24, lstm_dim=512, lstm_layers=1, lstm_dropout=0.2
    )
    network = LineCNNLSTM(options, input_dims=_LINE, n_classes=83)
    assert count_parameters(network) == 3_688_390


def test_published_parameters_of_the_all_convolutional_network() -> None:
    options = LineCNNAllConvOptions(window_stride=28)
    network = LineCNNAllConv(options, input_dims=(1, 28, 224), n_classes=80, output_length=8)
    assert count_parameters(network) == 1_634_896


def test_parameters_of_the_sliding_lenet() -> None:
    """No number was published: this is LeNet's without its classifier, and what Keras counts.

    An LSTM of Keras has one bias; torch has two, of which one is kept at zero and not counted.
    """
    network = LineLSTMCTC(LineLSTMCTCOptions(), input_dims=(1, 28, 952), n_classes=80)
    lenet = 1_208_912 - (128 * 80 + 80)
    lstm = 4 * (128 * (128 + 128) + 128)
    assert count_parameters(network) == lenet + lstm + 128 * 80 + 80
    assert sum(p.numel() for p in network.parameters()) - count_parameters(network) == 4 * 128
    assert not network.lstm.bias_hh_l0.any()


@pytest.mark.parametrize(
    ("values", "n_more"),
    [
        ({"bidirectional": False}, -(109_056 + 197_632 + 4 * 128 * 128)),
        ({"attention": True}, 4 * 128 * 128 + 4 * 128 + 2 * 128),
        ({"batch_norm": True}, 3 * 64 + 128),
        ({"stem": "lenet"}, (288 + 32 + 18_432 + 64) - (640 + 2 * 36_928) - 64 * 128 * (196 - 144)),
    ],
)
def test_wishes_change_the_parameters(values: dict[str, Any], n_more: int) -> None:
    """One direction: no reverse LSTMs, and half the input of the second layer."""
    network = build("LineCNNLSTM", values, input_dims=_LINE)
    assert count_parameters(network) == 2_331_558 + n_more


@pytest.mark.parametrize(
    ("name", "values", "input_dims", "n_steps"),
    [
        ("LineCNNSimple", {}, _LINE, 32),
        ("LineCNNSimple", {"window_stride": 20}, _LINE, 44),
        ("LineCNNSimple", {"window_stride": 18}, _LINE, 49),
        ("LineCNN", {}, _LINE, 32),
        ("LineCNN", {"window_stride": 20}, _LINE, 44),
        ("LineCNN", {"window_stride": 18}, _LINE, 49),
        ("LineCNNLSTM", {"window_stride": 20}, _LINE, 44),
        ("LineCNNDeep", {"window_width": 24, "window_stride": 24}, _LINE, 37),
        ("LineCNNDeep", {}, _LINE, 111),
        ("LineCNNDeep", {}, (1, 56, 1024), 127),
        ("LineCNNDeep", {}, (1, 56, 2048), 255),
        ("line_lstm_ctc", {"window_width": 12, "window_stride": 5}, (1, 28, 952), 189),
    ],
)
def test_published_steps(
    name: str, values: dict[str, Any], input_dims: tuple[int, int, int], n_steps: int
) -> None:
    """The numbers of steps do not hang on the channels, so narrow networks show them fast."""
    if name != "line_lstm_ctc":
        values = {**values, "conv_dim": 2, "fc_dim": 3}
    network = build(name, values, input_dims=input_dims, n_classes=4)
    assert network.n_steps == n_steps
    with torch.inference_mode():
        assert network(torch.rand(2, *input_dims)).shape == (2, 4, n_steps)


def test_the_all_convolutional_network_gives_a_step_per_label() -> None:
    """68 windows with the default stride, for 34 labels: two windows make a step."""
    options = LineCNNAllConvOptions()
    network = LineCNNAllConv(options, input_dims=(1, 28, 952), n_classes=80, output_length=34)
    assert network.n_steps == 34
    assert network.output.kernel_size == (2,)


@pytest.mark.parametrize("name", CHARACTERS)
@pytest.mark.parametrize("input_dims", [(1, 28, 28), (3, 12, 20)])
def test_characters_have_one_row_of_logits(name: str, input_dims: tuple[int, int, int]) -> None:
    network = build(name, {}, input_dims=input_dims, n_classes=7)
    assert network(torch.rand(2, *input_dims)).shape == (2, 7)


_SIZES = st.integers(1, 40)


def assert_steps_as_counted(network: LineNetwork, *, height: int, width: int) -> None:
    with torch.inference_mode():
        logits = network(torch.rand(1, 1, height, width))
    assert logits.shape == (1, 3, network.count_steps(width))


@settings(max_examples=40, deadline=None)
@given(
    width=st.integers(1, 120),
    height=st.integers(6, 20),
    window=_SIZES,
    stride=_SIZES,
    stem=st.sampled_from(["conv", "lenet"]),
    limit=st.none() | st.integers(1, 9),
)
def test_steps_of_line_cnn(
    width: int, height: int, window: int, stride: int, stem: str, limit: int | None
) -> None:
    assume(stem == "conv" or window >= 3)
    options = LineCNNOptions(2, 3, 2 * window, 2 * stride, limit is not None, stem)
    dims = (1, height, 200)
    network = LineCNN(options, input_dims=dims, n_classes=3, output_length=limit).eval()
    cells = (width + 1) // 2 + 2 if stem == "conv" else width // 2
    if cells < window:
        with pytest.raises(OptionError, match=f"{width} pixels wide is too narrow"):
            network.count_steps(width)
    else:
        assert_steps_as_counted(network, height=height, width=width)


@settings(max_examples=40, deadline=None)
@given(width=st.integers(1, 200), height=st.integers(8, 30), window=_SIZES, stride=_SIZES)
def test_steps_of_line_cnn_deep(width: int, height: int, window: int, stride: int) -> None:
    window, stride = window % 5 + 1, stride % 5 + 1
    options = LineCNNDeepOptions(1, 2, 8 * window, 8 * stride)
    network = LineCNNDeep(options, input_dims=(1, height, 200), n_classes=3).eval()
    if (width + 7) // 8 < window:
        with pytest.raises(OptionError, match="too narrow"):
            network.count_steps(width)
    else:
        assert_steps_as_counted(network, height=height, width=width)


@settings(max_examples=40, deadline=None)
@given(width=st.integers(1, 90), window=_SIZES, stride=_SIZES, limit=st.none() | st.integers(1, 9))
def test_steps_of_sliding_networks(width: int, window: int, stride: int, limit: int | None) -> None:
    window = 2 * window
    options = LineCNNSimpleOptions(2, 3, window, stride, limit is not None)
    dims = (1, 8, 80)
    simple = LineCNNSimple(options, input_dims=dims, n_classes=3, output_length=limit).eval()
    networks: list[LineNetwork] = [simple]
    if window >= 6:
        networks += [
            LineLSTMCTC(LineLSTMCTCOptions(window, stride), input_dims=dims, n_classes=3).eval()
        ]
    for network in networks:
        if width < window:
            with pytest.raises(OptionError, match="too narrow"):
                network.count_steps(width)
        else:
            assert_steps_as_counted(network, height=8, width=width)


@settings(max_examples=40, deadline=None)
@given(
    width=st.integers(2, 120),
    other_width=st.integers(2, 120),
    window=_SIZES,
    stride=_SIZES,
    output_length=st.integers(1, 20),
)
def test_steps_of_the_all_convolutional_network(
    width: int, other_width: int, window: int, stride: int, output_length: int
) -> None:
    """There is a window for each stride begun; they are joined evenly or refused."""
    options = LineCNNAllConvOptions(2 * window, 2 * stride)
    dims = (1, 6, width)
    n_windows = -(-(width // 2) // stride)
    could = [n for n in range(1, n_windows + 1) if n_windows // n == output_length]
    if not could:
        with pytest.raises(OptionError, match=f"join {n_windows} windows into {output_length} "):
            LineCNNAllConv(options, input_dims=dims, n_classes=3, output_length=output_length)
        return
    network = LineCNNAllConv(options, input_dims=dims, n_classes=3, output_length=output_length)
    network.eval()
    assert network.n_steps == output_length
    assert_steps_as_counted(network, height=6, width=width)
    if network._count_windows(other_width):
        assert_steps_as_counted(network, height=6, width=other_width)


@pytest.mark.parametrize(
    ("n_columns", "window", "stride", "zeros"),
    [(476, 14, 7, (3, 4)), (112, 14, 14, (0, 0)), (10, 3, 1, (1, 1)), (5, 2, 4, (0, 1))],
)
def test_zeros_as_keras_lays_them(
    n_columns: int, window: int, stride: int, zeros: tuple[int, int]
) -> None:
    """(5, 2, 4): windows at columns 0 and 4, of which the second ends one column outside."""
    assert same_padding(n_columns, window=window, stride=stride) == zeros
