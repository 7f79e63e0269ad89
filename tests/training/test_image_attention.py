"""Cells of a feature map look at each other: by what they show, and by how far apart they are."""

import pytest
import torch
from seed_network_builds import build
from torch import nn

from text_recognizer.errors import OptionError
from text_recognizer.models import ResnetTransformerOptions
from text_recognizer.models.image_attention import ImageLayer

pytestmark = pytest.mark.train

_DIM = 16


@pytest.fixture
def layer() -> ImageLayer:
    torch.manual_seed(0)
    made = ImageLayer(_DIM, n_heads=4, hidden_dim=24, dropout=0.0).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            nn.init.normal_(parameter, std=0.3)
    return made


def test_numbers_depend_on_the_steps_between_cells(layer: ImageLayer) -> None:
    """Down two rows and one column to the right is the same number anywhere, and like no other."""
    bias = layer.bias(5, 7).detach().reshape(4, 5, 7, 5, 7)
    assert torch.equal(bias[:, 0, 0, 2, 1], bias[:, 2, 5, 4, 6])
    others = [bias[:, 2, 3, row, column] for row in range(5) for column in range(7)]
    assert torch.stack(others).unique(dim=0).shape[0] == 35
    far = layer.bias(80, 1).detach()
    assert torch.equal(far[:, 0, 31], far[:, 0, 79]) and not torch.equal(
        far[:, 0, 30], far[:, 0, 31]
    )


def test_without_the_numbers_it_is_the_layer_of_torch(layer: ImageLayer) -> None:
    theirs = nn.TransformerEncoderLayer(_DIM, 4, 24, dropout=0.0, batch_first=True).eval()
    with torch.no_grad():
        layer.rows.weight.zero_()
        layer.columns.weight.zero_()
        theirs.self_attn.in_proj_weight.copy_(layer.input.weight)
        theirs.self_attn.in_proj_bias.copy_(layer.input.bias)
    theirs.self_attn.out_proj.load_state_dict(layer.output.state_dict())
    theirs.linear1.load_state_dict(layer.hidden.state_dict())
    theirs.linear2.load_state_dict(layer.hidden_output.state_dict())
    theirs.norm1.load_state_dict(layer.norms[0].state_dict())
    theirs.norm2.load_state_dict(layer.norms[1].state_dict())
    maps = torch.rand(2, _DIM, 3, 5)
    expected = theirs(maps.flatten(2).transpose(1, 2)).transpose(1, 2).reshape(maps.shape)
    torch.testing.assert_close(layer(maps), expected)


def test_equal_cells_are_told_apart_by_where_they_stand(layer: ImageLayer) -> None:
    maps = torch.rand(1, _DIM, 4, 6)
    maps[:, :, 1, 1] = maps[:, :, 3, 4]
    found = layer(maps)
    assert (found[:, :, 1, 1] - found[:, :, 3, 4]).abs().max() > 1e-3


def test_gradients_reach_all_parameters_of_a_network() -> None:
    torch.manual_seed(0)
    values = {"tf_dim": 16, "tf_fc_dim": 24, "tf_image_layers": 2}
    network = build("ResnetTransformer", values, input_dims=(1, 64, 96), output_length=9)
    logits = network(torch.rand(2, 1, 64, 96), torch.randint(0, 5, (2, 4)))
    torch.autograd.backward(logits.square().sum())
    for key, parameter in network.named_parameters():
        assert parameter.grad is not None and parameter.grad.any(), key


def test_a_number_of_layers_that_cannot_be() -> None:
    with pytest.raises(OptionError, match="^tf_image_layers must be at least 0, not -1.$"):
        ResnetTransformerOptions(tf_image_layers=-1)
