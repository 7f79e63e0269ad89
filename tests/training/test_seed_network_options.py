"""Networks of the lessons of 2019 and 2021: what they refuse, with which advice; their names."""

from typing import Any

import pytest
from seed_network_builds import CHARACTERS, DECODERS, MASKS, build

from text_recognizer import models
from text_recognizer.errors import OptionError
from text_recognizer.models import SEED_NETWORKS, LineNetwork, check_output_length

pytestmark = pytest.mark.train


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("MLP", {"fc1": 0}, "fc1 must be 1 or more, not 0."),
        ("MLP", {"fc2": -3}, "fc2 must be 1 or more, not -3."),
        ("CNN", {"conv_dim": 0}, "conv_dim must be 1 or more, not 0."),
        ("CNN", {"fc_dim": 0}, "fc_dim must be 1 or more, not 0."),
        (
            "LineCNNSimple",
            {"window_width": 27},
            "window_width must be a multiple of 2 and at least 2, not 27; the nearest are 26 and "
            "28.",
        ),
        ("LineCNNSimple", {"window_stride": 0}, "window_stride must be 1 or more, not 0."),
        (
            "LineCNN",
            {"window_stride": 19},
            "window_stride must be a multiple of 2 and at least 2, not 19; the nearest are 18 and "
            "20.",
        ),
        (
            "LineCNN",
            {"window_width": 1},
            "window_width must be a multiple of 2 and at least 2, not 1; the nearest is 2.",
        ),
        (
            "LineCNN",
            {"window_width": 4, "stem": "lenet"},
            "window_width must be a multiple of 2 and at least 6, not 4; the nearest is 6.",
        ),
        (
            "LineCNN",
            {"conv_dim": 5, "stem": "lenet"},
            "conv_dim with the stem lenet must be a multiple of 2 and at least 2, not 5; the "
            "nearest are 4 and 6.",
        ),
        ("LineCNN", {"stem": "resnet"}, "stem must be conv or lenet, not 'resnet'."),
        (
            "LineCNNDeep",
            {"window_stride": 20},
            "window_stride must be a multiple of 8 and at least 8, not 20; the nearest are 16 and "
            "24.",
        ),
        (
            "LineCNNDeep",
            {"window_width": 0},
            "window_width must be a multiple of 8 and at least 8, not 0; the nearest is 8.",
        ),
        (
            "LineCNNLSTM",
            {"window_stride": 19},
            "window_stride must be a multiple of 2 and at least 2, not 19; the nearest are 18 and "
            "20.",
        ),
        (
            "LineCNNLSTM",
            {"encoder": "LineCNNDeep", "window_width": 28},
            "window_width must be a multiple of 8 and at least 8, not 28; the nearest are 24 and "
            "32.",
        ),
        (
            "LineCNNLSTM",
            {"encoder": "CNN"},
            "encoder must be LineCNN or LineCNNDeep, not 'CNN'.",
        ),
        (
            "LineCNNLSTM",
            {"encoder": "LineCNNDeep", "stem": "lenet"},
            "stem must be conv with LineCNNDeep, not 'lenet'.",
        ),
        ("LineCNNLSTM", {"lstm_dim": 0}, "lstm_dim must be 1 or more, not 0."),
        ("LineCNNLSTM", {"lstm_layers": 0}, "lstm_layers must be 1 or more, not 0."),
        (
            "LineCNNLSTM",
            {"lstm_dropout": 1.0},
            "lstm_dropout must be at least 0 and below 1, not 1.0.",
        ),
        (
            "LineCNNLSTM",
            {"attention": True, "lstm_dim": 130},
            "lstm_dim with attention must be a multiple of 4 and at least 4, not 130; the nearest "
            "are 128 and 132.",
        ),
        ("mlp", {"num_layers": 0}, "num_layers must be 1 or more, not 0."),
        ("mlp", {"layer_size": 0}, "layer_size must be 1 or more, not 0."),
        (
            "mlp",
            {"dropout_amount": -0.1},
            "dropout_amount must be at least 0 and below 1, not -0.1.",
        ),
        (
            "line_cnn_all_conv",
            {"window_stride": 7},
            "window_stride must be a multiple of 2 and at least 2, not 7; the nearest are 6 and 8.",
        ),
        (
            "line_lstm_ctc",
            {"window_width": 13},
            "window_width must be a multiple of 2 and at least 6, not 13; the nearest are 12 and "
            "14.",
        ),
        ("line_lstm_ctc", {"window_stride": 0}, "window_stride must be 1 or more, not 0."),
        ("fcn", {"n_blocks": 0}, "n_blocks must be 1 or more, not 0."),
        ("FCN", {"conv_dim": 0}, "conv_dim must be 1 or more, not 0."),
        ("UNet", {"conv_dim": 0}, "conv_dim must be 1 or more, not 0."),
        ("UNet", {"n_levels": 1}, "n_levels must be 2 or more, not 1."),
    ],
)
def test_options_are_checked(name: str, values: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError) as caught:
        SEED_NETWORKS[name].options(**values)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("name", "values", "input_dims", "output_length", "message"),
    [
        (
            "CNN",
            {},
            (1, 27, 28),
            None,
            "The height of images for CNN must be a multiple of 2 and at least 2, not 27; the "
            "nearest are 26 and 28.",
        ),
        (
            "CNN",
            {},
            (1, 28, 1),
            None,
            "The width of images for CNN must be a multiple of 2 and at least 2, not 1; the "
            "nearest is 2.",
        ),
        ("lenet", {}, (1, 5, 28), None, "LeNet needs images with a height of 6 or more, not 5."),
        ("lenet", {}, (1, 28, 5), None, "LeNet needs images with a width of 6 or more, not 5."),
        (
            "LineCNN",
            {"stem": "lenet"},
            (1, 5, 90),
            None,
            "LineCNN needs images with a height of 6 or more, not 5.",
        ),
        (
            "LineCNNDeep",
            {},
            (1, 7, 90),
            None,
            "LineCNNDeep needs images with a height of 8 or more, not 7.",
        ),
        (
            "LineCNNLSTM",
            {},
            (1, 28, 20),
            None,
            "A line image 20 pixels wide is too narrow for one step of LineCNN: take wider images "
            "or a smaller window_width.",
        ),
        (
            "LineCNNSimple",
            {"limit_output_length": True},
            (1, 28, 90),
            None,
            "limit_output_length keeps as many steps as a line has labels, 1 or more: give "
            "output_length, not None.",
        ),
        (
            "line_cnn_all_conv",
            {},
            (1, 28, 952),
            None,
            "LineCNNAllConv gives one step per label of a line, 1 or more: give output_length, not "
            "None.",
        ),
        (
            "line_cnn_all_conv",
            {},
            (1, 28, 952),
            97,
            "LineCNNAllConv cannot join 68 windows into 97 steps, one per label: take a "
            "window_stride that gives a multiple of that number, or a few more.",
        ),
        (
            "line_lstm_ctc",
            {},
            (1, 28, 952),
            97,
            "LineLSTMCTC has 67 windows in a line of 952 pixels, fewer than its 97 labels: take a "
            "smaller window_stride.",
        ),
        *(
            (
                name,
                {},
                (1, 28, 896),
                32,
                f"{SEED_NETWORKS[name].network.__name__} reads one character per image, but the "
                "labels have 32: choose a network for lines, such as LineCNN, or data of "
                "characters, such as EMNIST.",
            )
            for name in CHARACTERS
        ),
    ],
)
def test_images_and_labels_are_checked(
    name: str,
    values: dict[str, Any],
    input_dims: tuple[int, int, int],
    output_length: int | None,
    message: str,
) -> None:
    with pytest.raises(OptionError) as caught:
        build(name, values, input_dims=input_dims, output_length=output_length)
    assert str(caught.value) == message


def test_steps_that_differ_from_the_labels() -> None:
    """The network itself raises nothing: CTC has a use for the steps."""
    network = build(
        "LineCNN",
        {"conv_dim": 2, "fc_dim": 3, "window_stride": 20},
        input_dims=(1, 28, 896),
        output_length=32,
    )
    with pytest.raises(OptionError) as caught:
        check_output_length(network.n_steps, 32)
    assert str(caught.value) == (
        "The network gives 44 steps for a line, but its labels have 32: keep the first 32 with "
        "--limit_output_length, or train with --loss=ctc, which needs no equal lengths."
    )


def test_fewer_steps_than_labels() -> None:
    """A limit adds no steps, so it is not advised."""
    with pytest.raises(OptionError) as caught:
        check_output_length(20, 32)
    assert str(caught.value) == (
        "The network gives 20 steps for a line, but its labels have 32: take a smaller "
        "--window_stride, or train with --loss=ctc, which needs no equal lengths."
    )


def test_as_many_steps_as_labels() -> None:
    check_output_length(32, 32)


def test_seeds_names() -> None:
    kinds = SEED_NETWORKS.items()
    line_networks = {name for name, kind in kinds if issubclass(kind.network, LineNetwork)}
    assert line_networks == set(SEED_NETWORKS) - {*CHARACTERS, *DECODERS, *MASKS}
    for kind in SEED_NETWORKS.values():
        assert kind.options.__name__ == f"{kind.network.__name__}Options"
        assert getattr(models, kind.network.__name__) is kind.network
        with pytest.raises(AttributeError):
            kind.options().anything = 1


def test_public_names() -> None:
    names = [n for n, thing in vars(models).items() if not n.startswith("_")]
    modules = {n for n in names if isinstance(getattr(models, n), type(models))}
    assert sorted(set(names) - modules) == models.__all__
