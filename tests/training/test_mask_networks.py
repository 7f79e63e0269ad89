"""Networks that name a class for each pixel: published sizes, any image, and that they learn."""

from typing import Any

import pytest
import torch
from seed_network_builds import MASKS, build, count_parameters
from torch.nn import functional as F

from text_recognizer.errors import OptionError
from text_recognizer.models import SEED_NETWORKS, FCNOptions, MaskNetwork

pytestmark = pytest.mark.train

DIMS = (1, 256, 256)
VARIANTS: list[tuple[str, dict[str, Any]]] = [
    ("FCN", {"conv_dim": 4, "n_blocks": 3}),
    ("FCN", {"conv_dim": 4, "n_blocks": 3, "batch_norm": True}),
    ("UNet", {"conv_dim": 4, "n_levels": 3}),
    ("UNet", {"conv_dim": 2, "n_levels": 6}),
]


def test_published_size() -> None:
    network = build("fcn", {}, input_dims=DIMS, n_classes=3)
    assert count_parameters(network) == 165_795
    assert network.options.receptive_field == 493
    assert network.options.dilations == (3, 3, 7, 7, 7, 7, 7)


def test_a_pixel_sees_493_pixels() -> None:
    """One row of weights that are all the same, so that nothing cancels."""
    network = build("fcn", {}, input_dims=DIMS, n_classes=3)
    for parameter in network.parameters():
        torch.nn.init.constant_(parameter, 0.05)
    image = torch.rand(1, 1, 1, 601, requires_grad=True)
    network(image)[0, 0, 0, 300].backward()
    assert image.grad is not None
    seen = image.grad[0, 0, 0].nonzero().flatten()
    assert (int(seen.min()), int(seen.max())) == (300 - 246, 300 + 246)


def test_batch_norm_adds_two_numbers_a_channel() -> None:
    network = build("fcn", {"batch_norm": True}, input_dims=DIMS, n_classes=3)
    assert count_parameters(network) == 165_795 + 7 * 2 * 2 * 16


def test_the_other_network_is_small() -> None:
    assert count_parameters(build("UNet", {}, input_dims=DIMS, n_classes=3)) < 250_000


@pytest.mark.parametrize("name", MASKS)
def test_they_are_mask_networks(name: str) -> None:
    assert issubclass(SEED_NETWORKS[name].network, MaskNetwork)


@pytest.mark.parametrize(("name", "values"), VARIANTS)
@pytest.mark.parametrize("size", [(64, 64), (37, 90), (1, 1), (101, 3)])
def test_output_is_as_large_as_the_image(
    name: str, values: dict[str, Any], size: tuple[int, int]
) -> None:
    network = build(name, values, input_dims=DIMS, n_classes=3).eval()
    with torch.inference_mode():
        assert network(torch.rand(2, 1, *size)).shape == (2, 3, *size)


@pytest.mark.parametrize(("name", "values"), VARIANTS)
def test_batch_mates_change_nothing(name: str, values: dict[str, Any]) -> None:
    torch.manual_seed(0)
    network = build(name, values, input_dims=DIMS, n_classes=3).eval()
    images = torch.rand(2, 1, 40, 50)
    with torch.inference_mode():
        torch.testing.assert_close(network(images[1:])[0], network(images)[1])


@pytest.mark.parametrize(("name", "values"), VARIANTS)
def test_bars_are_learnt(name: str, values: dict[str, Any]) -> None:
    """Two bars, the upper one of class 1 and the lower one of class 2."""
    torch.manual_seed(0)
    network = build(name, values, input_dims=DIMS, n_classes=3)
    labels = torch.zeros(2, 48, 48, dtype=torch.long)
    for i, top in enumerate((6, 14)):
        labels[i, top : top + 8] = 1
        labels[i, top + 18 : top + 26] = 2
    images = (labels > 0).float()[:, None]
    optimiser = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(150):
        optimiser.zero_grad()
        logits = network(images)
        F.cross_entropy(logits, labels).backward()
        optimiser.step()
        if (logits.argmax(1) == labels).float().mean() > 0.97:
            return
    raise AssertionError("The bars were not learnt.")


def test_receptive_field_of_fewer_blocks() -> None:
    assert FCNOptions(n_blocks=1).receptive_field == 1 + 12 * 3


def test_colour_is_refused() -> None:
    with pytest.raises(OptionError, match="^UNet takes grey images, not 3 channels.$"):
        build("UNet", {}, input_dims=(3, 64, 64), n_classes=3)
