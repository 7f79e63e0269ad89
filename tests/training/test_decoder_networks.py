"""Networks with decoders: published sizes, places, and one step after the other as all at once."""

import math
from typing import Any

import pytest
import torch
from seed_network_builds import DECODERS, build, build_tiny, count_parameters
from torch import Tensor, nn

from text_recognizer.errors import OptionError
from text_recognizer.models import (
    LineCNNTransformerOptions,
    PositionalEncodingImage,
    ResnetTransformerOptions,
)
from text_recognizer.models.positional_encoding import PositionalEncoding, sinusoids
from text_recognizer.models.resnet import ResNetBody
from text_recognizer.models.text_decoder import (
    DecoderLayer,
    DecoderOptions,
    DistanceBias,
    TextDecoder,
)
from text_recognizer.models.transformer_decoding import KeptPast

pytestmark = pytest.mark.train

_PARAGRAPH, _LINE = (1, 576, 640), (1, 56, 2048)
POSITIONS = ("absolute", "relative")


@pytest.mark.parametrize(
    ("name", "values", "input_dims", "n_classes", "output_length", "n_parameters"),
    [
        ("ResnetTransformer", {}, _PARAGRAPH, 84, 682, 13_988_756),
        ("ResnetTransformer", {"tf_fc_dim": 1024}, _PARAGRAPH, 84, 682, 15_564_692),
        ("LineCNNTransformer", {}, _LINE, 83, 89, 4_297_331),
        ("LineCNNTransformer", {"tf_positions": "relative"}, _LINE, 83, 89, 4_297_331 + 32 * 4),
    ],
)
def test_published_parameters(
    name: str,
    values: dict[str, Any],
    input_dims: tuple[int, int, int],
    n_classes: int,
    output_length: int,
    n_parameters: int,
) -> None:
    network = build(
        name, values, input_dims=input_dims, n_classes=n_classes, output_length=output_length
    )
    assert count_parameters(network) == n_parameters
    n_stored = sum(value.numel() for value in network.state_dict().values())
    statistics = sum(2 * m.num_features + 1 for m in network.modules() if is_norm(m))
    assert n_stored == n_parameters + statistics  # no table of positions


def is_norm(module: Any) -> bool:
    return isinstance(module, nn.BatchNorm2d)


def test_resnets_have_the_published_parameters() -> None:
    assert count_parameters(ResNetBody(18)) == 11_689_512 - 513_000  # without the 1000 classes
    assert count_parameters(ResNetBody(34)) == 21_797_672 - 513_000
    assert ResNetBody(18, channels=1).eval()(torch.rand(2, 1, 64, 33)).shape == (2, 512, 2, 2)
    assert ResNetBody(34, n_stages=1).eval()(torch.rand(1, 3, 60, 80)).shape == (1, 64, 15, 20)
    narrow = ResNetBody(18, n_stages=3, width=24).eval()
    assert narrow(torch.rand(1, 3, 64, 96)).shape == (1, narrow.out_channels, 4, 6)
    assert narrow.out_channels == 4 * 24
    tall = ResNetBody(18, n_stages=3, width=4, column_stride=8).eval()
    assert tall(torch.rand(1, 3, 64, 96)).shape == (1, 16, 4, 12)
    assert ResNetBody(18, width=4, column_stride=4)(torch.rand(2, 3, 64, 96)).shape[2:] == (2, 24)


def test_features_of_images_of_any_size() -> None:
    resnet = build_tiny("ResnetTransformer", {}).eval()
    assert resnet.encode(torch.rand(1, 1, 576, 640)).shape == (1, 18 * 20, 16)
    assert resnet.encode(torch.rand(2, 1, 28, 896)).shape == (2, 28, 16)
    assert resnet.encode(torch.rand(2, 3, 33, 40)).shape == (2, 4, 16)
    fine = build_tiny("ResnetTransformer", {"resnet_stages": 3, "resnet_channels": 8}).eval()
    assert fine.encode(torch.rand(2, 1, 64, 96)).shape == (2, 4 * 6, 16)
    assert count_parameters(fine.resnet) < count_parameters(resnet.resnet) / 64
    line = build_tiny("LineCNNTransformer", {}).eval()
    assert line.encode(torch.rand(2, 1, 12, 48)).shape == (2, 5, 16)
    assert line.encode(torch.rand(2, 1, 12, 480)).shape == (2, 59, 16)


def test_codes_of_places() -> None:
    codes = sinusoids(torch.tensor([0, 1, 7000]), 6)
    for place, code in zip((0, 1, 7000), codes.double().tolist(), strict=True):
        for channel in range(3):
            angle = place / 10_000 ** (2 * channel / 6)
            found = code[2 * channel : 2 * channel + 2]
            assert found == pytest.approx([math.sin(angle), math.cos(angle)], abs=2e-3)
    positions = PositionalEncoding().eval()
    assert not positions.state_dict()
    whole = positions(torch.zeros(1, 9, 8))
    torch.testing.assert_close(positions(torch.zeros(1, 2, 8), 5), whole[:, 5:7])


def test_half_of_the_channels_tells_the_row_and_half_the_column() -> None:
    encoding = PositionalEncodingImage()
    assert not encoding.state_dict()
    codes = encoding(torch.zeros(1, 8, 5, 3))[0]
    torch.testing.assert_close(codes[:4, :, 1].T, sinusoids(torch.arange(5), 4))
    torch.testing.assert_close(codes[4:, 2, :].T, sinusoids(torch.arange(3), 4))


def test_a_layer_gives_what_that_of_torch_gives() -> None:
    torch.manual_seed(0)
    ours = DecoderLayer(DecoderOptions(tf_dim=16, tf_fc_dim=24, tf_nhead=4)).eval()
    theirs = nn.TransformerDecoderLayer(16, 4, 24, batch_first=True).eval()
    with torch.no_grad():
        for parameter in ours.parameters():
            nn.init.normal_(parameter, std=0.3)
        theirs.self_attn.in_proj_weight.copy_(ours.text_input.weight)
        theirs.self_attn.in_proj_bias.copy_(ours.text_input.bias)
        theirs.self_attn.out_proj.load_state_dict(ours.text_output.state_dict())
        cross = theirs.multihead_attn
        cross.in_proj_weight.copy_(torch.cat([ours.image_query.weight, ours.image_input.weight]))
        cross.in_proj_bias.copy_(torch.cat([ours.image_query.bias, ours.image_input.bias]))
        cross.out_proj.load_state_dict(ours.image_output.state_dict())
    theirs.linear1.load_state_dict(ours.hidden.state_dict())
    theirs.linear2.load_state_dict(ours.hidden_output.state_dict())
    for number, norm in enumerate((theirs.norm1, theirs.norm2, theirs.norm3)):
        norm.load_state_dict(ours.norms[number].state_dict())
    x, features = torch.rand(2, 5, 16), torch.rand(2, 7, 16)
    later = nn.Transformer.generate_square_subsequent_mask(5)
    expected = theirs(x, features, tgt_mask=later)
    torch.testing.assert_close(ours(x, ours.read_memory(features), None), expected)


@pytest.mark.parametrize("positions", POSITIONS)
def test_steps_give_what_all_places_at_once_give(positions: str) -> None:
    torch.manual_seed(0)
    decoder = TextDecoder(tiny_options(positions), n_classes=7).eval()
    scatter_weights(decoder)
    labels, features = torch.randint(0, 7, (3, 140)), torch.rand(3, 6, 16)
    with torch.inference_mode():
        expected = decoder(labels, features)
        memory = decoder.read_memory(features)
        past = KeptPast(decoder, 3, 16)  # less room than places
        for place in range(labels.shape[1]):
            step = decoder.step(labels[:, place], place, past, memory)
            torch.testing.assert_close(step.logits, expected[:, :, place], atol=1e-5, rtol=1e-5)
            torch.testing.assert_close(step.attention.sum(1), torch.ones(3))


@pytest.mark.parametrize("positions", POSITIONS)
def test_what_comes_later_changes_nothing_and_what_came_before_does(positions: str) -> None:
    torch.manual_seed(0)
    decoder = TextDecoder(tiny_options(positions), n_classes=7).eval()
    labels, features = torch.randint(0, 7, (1, 6)), torch.rand(1, 4, 16)
    other = labels.clone()
    other[0, 3] = (other[0, 3] + 1) % 7
    before, after = decoder(labels, features), decoder(other, features)
    torch.testing.assert_close(before[:, :, :3], after[:, :, :3])
    assert ((before - after).abs().amax(1)[0, 3:] > 1e-6).all()


@pytest.mark.parametrize("positions", POSITIONS)
def test_equal_labels_at_different_places_are_told_apart(positions: str) -> None:
    """Without positions, attention could not tell `ab` from `ba`."""
    torch.manual_seed(0)
    decoder = TextDecoder(tiny_options(positions), n_classes=7).eval()
    scatter_weights(decoder)
    features = torch.rand(1, 4, 16)
    one, other = (decoder(torch.tensor([pair]), features) for pair in ([1, 2, 3], [2, 1, 3]))
    assert (one - other)[0, :, 2].abs().max() > 1e-4


def test_far_distances_share_numbers() -> None:
    bias = DistanceBias(2)(torch.arange(400)[None])[:, 0]
    assert bias[0, :17].unique().numel() == 17
    assert bias[0, 128:].unique().numel() == 1
    assert bias.unique(dim=1).shape[1] == 32


def tiny_options(positions: str) -> DecoderOptions:
    return DecoderOptions(tf_dim=16, tf_fc_dim=24, tf_layers=2, tf_nhead=4, tf_positions=positions)


def scatter_weights(network: nn.Module) -> None:
    """Weights as large as trained ones, so that places and labels matter."""
    with torch.no_grad():
        for parameter in network.parameters():
            nn.init.normal_(parameter, std=0.3)


@pytest.mark.parametrize("name", DECODERS)
@pytest.mark.parametrize("positions", POSITIONS)
def test_gradients_reach_all_parameters(name: str, positions: str) -> None:
    torch.manual_seed(0)
    network = build_tiny(name, {"tf_positions": positions})
    logits = network(torch.rand(3, 1, 12, 48), torch.randint(0, 5, (3, 4)))
    torch.autograd.backward(logits.square().sum())
    for key, parameter in network.named_parameters():
        assert parameter.grad is not None and parameter.grad.any(), key


@pytest.mark.parametrize("positions", POSITIONS)
def test_one_batch_is_memorised(positions: str) -> None:
    """Beyond what can be known of the texts without the images."""
    torch.manual_seed(0)
    values = {"tf_dropout": 0.0, "tf_layers": 1, "tf_positions": positions}
    network = build_tiny("LineCNNTransformer", values)
    texts = torch.tensor([[1, 3, 4, 2], [1, 4, 4, 2], [1, 4, 3, 2]])
    images = torch.rand(3, 1, 12, 48).round()
    optimiser = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(120):
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(network(images, texts[:, :-1]), texts[:, 1:])
        if loss.item() < 0.25:
            return
        torch.autograd.backward(loss)
        optimiser.step()
    raise AssertionError(f"The loss is {loss.item()} still.")


def test_weights_start_as_published() -> None:
    network = build_tiny("LineCNNTransformer", {})
    for weight in (network.decoder.embedding.weight, network.decoder.output.weight):
        assert 0.08 < weight.abs().max() <= 0.1
    assert not network.decoder.output.bias.any()


def test_channels_of_a_grey_image_are_equal() -> None:
    network = build_tiny("ResnetTransformer", {}).eval()
    image: Tensor = torch.rand(1, 1, 40, 40)
    torch.testing.assert_close(network.encode(image), network.encode(image.repeat(1, 3, 1, 1)))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"tf_nhead": 0}, "tf_nhead must be 1 or more, not 0."),
        ({"tf_layers": 0}, "tf_layers must be 1 or more, not 0."),
        ({"tf_fc_dim": 0}, "tf_fc_dim must be 1 or more, not 0."),
        ({"tf_dropout": 1.0}, "tf_dropout must be at least 0 and below 1, not 1.0."),
        (
            {"tf_dim": 100, "tf_nhead": 8},
            "tf_dim must be a multiple of 8 and at least 8, not 100; the nearest are 96 and 104.",
        ),
        ({"tf_positions": "none"}, "tf_positions must be absolute or relative, not 'none'."),
        ({"resnet_layers": 50}, "resnet_layers must be 18 or 34, not 50."),
        ({"resnet_channels": 0}, "resnet_channels must be 1 or more, not 0."),
        ({"resnet_stages": 0}, "resnet_stages must be 1 to 4, not 0."),
        (
            {"resnet_column_stride": 12},
            "resnet_column_stride must be 4, 8, 16 or 32, not 12.",
        ),
        ({"resnet_stages": 5}, "resnet_stages must be 1 to 4, not 5."),
    ],
)
def test_options_are_checked(values: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError) as caught:
        ResnetTransformerOptions(**values)
    assert str(caught.value) == message


def test_what_cannot_be_built_is_a_sentence() -> None:
    with pytest.raises(OptionError, match="window_stride must be a multiple of 8"):
        LineCNNTransformerOptions(window_stride=4)
    with pytest.raises(OptionError) as caught:
        build("LineCNNTransformer", {}, input_dims=_LINE)
    assert str(caught.value) == (
        "LineCNNTransformer writes texts between a start and an end: give output_length, 2 or "
        "more, not None."
    )
    with pytest.raises(OptionError, match="ResnetTransformer reads 1 or 3 channels, not 2."):
        build("ResnetTransformer", {}, input_dims=(2, 32, 32), output_length=9)
