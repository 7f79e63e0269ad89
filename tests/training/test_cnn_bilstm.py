"""The network of the notebook: names, sizes, and steps that are places along the line."""

import pytest
import torch
from seed_network_builds import build, count_parameters

from text_recognizer.errors import OptionError
from text_recognizer.models import CNNBiLSTM, CNNBiLSTMOptions
from text_recognizer.models.cnn_bilstm import sample_columns

pytestmark = pytest.mark.train


def test_the_names_of_the_notebook() -> None:
    network = CNNBiLSTM(
        num_downsamples=2,
        resnet_layer_id=4,
        rnn_hidden_states=512,
        rnn_layers=2,
        max_seq_len=160,
        ctx="cpu",
    )
    assert network.eval()(torch.rand(1, 1, 60, 800)).shape == (1, 81, 160)
    assert network.stride == 5
    lstms = 2 * (2 * 4 * 512 * (960 + 448 + 2 * (512 + 2) + 2 * (1024 + 512 + 2)) // 2)
    rest = 225_216 + 74_112 + 2 * 2 * 512 * 81 + 81  # ResNet, downsampler, classes
    assert count_parameters(network) == 23_042_449 == lstms + rest


def test_defaults_are_those_of_the_original_class() -> None:
    network = CNNBiLSTM()
    assert network.options == CNNBiLSTMOptions(2, 4, 200, 1, 100)
    assert network.n_steps == 100


def test_steps_of_any_width() -> None:
    network = build(
        "CNNBiLSTM", {"rnn_hidden_states": 8, "max_seq_len": 100}, input_dims=(1, 56, 1024)
    ).eval()
    assert (network.stride, network.n_steps) == (11, 94)
    for width in (8, 11, 12, 500, 2048):
        assert network(torch.rand(1, 1, 56, width)).shape == (1, 83, network.count_steps(width))


def test_lines_without_a_column_are_refused() -> None:
    with pytest.raises(OptionError, match="7 pixels wide is too narrow for one step of CNNBiLSTM"):
        build("CNNBiLSTM", {"rnn_hidden_states": 8}, input_dims=(1, 56, 7))


def test_columns_between_two_are_mixtures_of_both() -> None:
    columns = torch.tensor([[[0.0, 1.0, 3.0]]])
    places = torch.tensor([0.0, 0.5, 1.0, 1.75, 2.5, 9.0])
    expected = torch.tensor([[[0.0, 0.0, 0.5, 1.5, 3.0, 3.0]]])
    torch.testing.assert_close(sample_columns(columns, places), expected)


@pytest.mark.parametrize("layer_id", [1, 2, 3, 4])
def test_a_step_sees_its_place_at_every_scale(layer_id: int) -> None:
    torch.manual_seed(0)
    values = {"resnet_layer_id": layer_id, "rnn_hidden_states": 4, "max_seq_len": 40}
    network = build("CNNBiLSTM", values, input_dims=(1, 64, 640)).eval()
    seen: list[torch.Tensor] = []
    for encoder in network.encoders:
        encoder.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    images = torch.zeros(1, 1, 64, 640)
    with torch.inference_mode():
        network(images)
        images[..., 300:340] = 1
        network(images)
    for before, after in ((seen[0], seen[2]), (seen[1], seen[3])):
        changed = (before - after).abs().amax((1, 2))
        middle = (changed * torch.arange(len(changed))).sum() / changed.sum()
        assert middle == pytest.approx(320 / 16 - 0.5, abs=2)


def test_what_cannot_be_built_is_a_sentence() -> None:
    with pytest.raises(OptionError, match="resnet_layer_id must be 1 to 4, not 5."):
        CNNBiLSTM(resnet_layer_id=5)
    with pytest.raises(OptionError, match="rnn_layers must be 1 or more, not 0."):
        CNNBiLSTMOptions(rnn_layers=0)
    with pytest.raises(OptionError) as caught:
        CNNBiLSTM(num_downsamples=5)
    assert str(caught.value) == (
        "Images 60 pixels high leave no row for 5 scales: give fewer num_downsamples, or a larger "
        "resnet_layer_id."
    )
    with pytest.raises(OptionError, match="has options already: leave out max_seq_len"):
        CNNBiLSTM(CNNBiLSTMOptions(), max_seq_len=5)
