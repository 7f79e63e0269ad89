"""The line network: shapes, one frame every 4 columns, scores that batch mates cannot change."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from text_recognizer.alphabet import Alphabet
from text_recognizer.errors import OptionError
from text_recognizer.models import LineResnetLSTM, LineResnetLSTMOptions
from text_recognizer.training.options import load_recipe

_TINY = LineResnetLSTMOptions(
    height=32, stem=4, groups=((1, 4), (2, 8), (1, 12)), lstm_dim=8, lstm_layers=2, dropout=0.2
)


@pytest.mark.parametrize("stack", [1, 2, 4])
@pytest.mark.parametrize("column", ["max", "linear"])
@pytest.mark.parametrize("height", [32, 48, 64])
def test_a_frame_every_four_columns(stack: int, column: str, height: int) -> None:
    options = replace(_TINY, stack=stack, column=column, height=height)
    network = LineResnetLSTM(options, n_labels=7)
    logits, shortcut = network.forward_with_shortcut(torch.rand(3, 1, height, 192))
    assert logits.shape == (3, 48, 7)
    assert shortcut.shape == (3, 48, 7)


@pytest.mark.parametrize("stack", [1, 2])
def test_scores_do_not_depend_on_batch_mates(stack: int) -> None:
    torch.manual_seed(1)
    network = LineResnetLSTM(replace(_TINY, stack=stack), n_labels=7).eval()
    lines = torch.rand(5, 1, 32, 256)
    with torch.inference_mode():
        together = network(lines)
        for i in range(5):
            torch.testing.assert_close(network(lines[i : i + 1])[0], together[i], atol=1e-5, rtol=0)


def test_stacked_frames_come_out_in_order() -> None:
    """With the recurrent part replaced by the identity, frame t sees column t only."""

    class Identity(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, None]:
            return x, None

    network = LineResnetLSTM(replace(_TINY, stack=2, dropout=0.0), n_labels=12).eval()
    network.lstm = Identity()  # type: ignore[assignment]
    network.output = torch.nn.Identity()  # type: ignore[assignment]
    columns = torch.rand(10, 3, 12)  # (T, N, C3), and as many labels as features
    torch.testing.assert_close(network._recurrent(columns), columns.transpose(0, 1))


def test_spans_are_hidden_in_training_only() -> None:
    torch.manual_seed(0)
    network = LineResnetLSTM(replace(_TINY, span_mask=0.3, span_frames=4), n_labels=7)
    features = torch.ones(400, 8, 12)
    hidden = (network.train()._hide_spans(features) == 0).float().mean().item()
    assert 0.2 < hidden < 0.35  # spans overlap, so a little less than 0.3
    assert torch.equal(network.eval()._hide_spans(features), features)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("height", 50, "network.height must be a multiple of 16, not 50."),
        ("groups", ((1, 8),), "network.groups needs three"),
        ("column", "mean", "network.column is max or linear, not 'mean'."),
        ("span_mask", 0.95, "network.span_mask is at least 0 and below 0.9: 0.95."),
    ],
)
def test_options_are_checked(field: str, value: object, message: str) -> None:
    with pytest.raises(OptionError) as caught:
        replace(_TINY, **{field: value})  # type: ignore[arg-type]
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("name", "n_parameters"), [("line-cpu", 3_095_728), ("line-gpu", 5_760_816)]
)
def test_parameters_of_the_recipes(name: str, n_parameters: int) -> None:
    """The numbers that docs/training.md rounds; a change of the network changes them."""
    recipes = Path(__file__).parents[2] / "recipes"
    options = load_recipe(recipes / f"{name}.toml")
    alphabet = Alphabet.load(recipes / options.data.alphabet)
    network = LineResnetLSTM(options.network, len(alphabet))
    assert sum(p.numel() for p in network.parameters()) == n_parameters
