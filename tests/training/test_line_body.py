"""ResnetTransformer on the convolutions of a model for lines: the same features, or frozen."""

from pathlib import Path

import pytest
import torch
from fake_experiment import EXPERIMENT_WARNINGS, chequered_lines, run
from seed_network_builds import build
from tiny_bundles import write_tiny_bundle

from text_recognizer.bundle import load_bundle
from text_recognizer.errors import OptionError
from text_recognizer.models import ResnetTransformer, ResnetTransformerOptions
from text_recognizer.models.line_resnet_lstm import LineResnetLSTM, LineResnetLSTMOptions
from text_recognizer.training.experiments.experiment import load_line_body
from text_recognizer.training.export import read_base_weights

pytestmark = [pytest.mark.train, *EXPERIMENT_WARNINGS]

SMALL = ["--tf_dim=16", "--tf_fc_dim=16", "--tf_layers=1", "--tf_nhead=2", "--line_body"]


def network(**values: object) -> ResnetTransformer:
    options = {"tf_dim": 16, "tf_fc_dim": 16, "tf_layers": 1, "line_body": True, **values}
    made = build("ResnetTransformer", options, input_dims=(1, 48, 64), output_length=8)
    assert isinstance(made, ResnetTransformer)
    return made.eval()


def test_a_network_for_lines_pools_the_same_cells() -> None:
    line = LineResnetLSTM(LineResnetLSTMOptions(), 5).eval()
    body = network().resnet
    body.load_state_dict({name: line.state_dict()[name] for name in body.state_dict()})
    images = torch.rand(2, 1, 48, 64)
    cells = body.cells(images)  # type: ignore[operator]
    assert cells.shape == (2, 128, 3, 16)
    torch.testing.assert_close(cells.amax(2).permute(2, 0, 1), line.columns(images))


@pytest.mark.parametrize(("stride", "columns"), [(32, 4), (16, 4), (8, 8), (4, 16)])
def test_columns_are_joined_to_cells_of_the_decoder(stride: int, columns: int) -> None:
    made = network(resnet_column_stride=stride)
    assert made.encode(torch.rand(1, 1, 48, 64)).shape == (1, 3 * columns, 16)


def test_the_last_columns_are_seen_where_they_fill_no_cell() -> None:
    made = network()
    images = torch.rand(1, 1, 48, 68)
    features = made.encode(images)
    assert features.shape == (1, 3 * 5, 16)
    images[..., -2:] = 0
    assert (made.encode(images) - features).reshape(3, 5, 16)[:, -1].abs().max() > 1e-3


def test_the_shipped_model_gives_its_convolutions() -> None:
    made = network()
    load_line_body(made, "line-english")
    given = read_base_weights(load_bundle("line-english"))
    own = made.resnet.state_dict()
    assert {name for name in own if not name.endswith("tracked")} <= given.keys()
    for name, value in own.items():
        if not name.endswith("tracked"):
            assert torch.equal(value, given[name])


def test_a_model_of_another_shape_or_network_is_a_sentence(tmp_path: Path) -> None:
    folder = write_tiny_bundle(tmp_path / "tiny").folder
    with pytest.raises(OptionError, match="^--load_line_body: the convolutions of .* have another"):
        load_line_body(network(), str(folder))
    with pytest.raises(OptionError, match="goes with --model_class=ResnetTransformer --line_body"):
        load_line_body(network(line_body=False), "line-english")
    with pytest.raises(OptionError, match="^A line_body reads grey images"):
        build("ResnetTransformer", {"line_body": True}, input_dims=(3, 32, 32), output_length=9)


@pytest.mark.filterwarnings("ignore:Found .* in eval mode at the start of training")  # as asked for
def test_a_frozen_body_stays_as_it_was_given(tmp_path: Path) -> None:
    words = [
        *chequered_lines(tmp_path), "--with_start_end_tokens", "--num_train=8", "--num_val=4",
        "--max_length=6", "--batch_size=4", "--max_epochs=1", "--loss=transformer", "--lr=0.01",
        "--model_class=ResnetTransformer", *SMALL, "--load_line_body=line-english",
    ]  # fmt: skip
    given = read_base_weights(load_bundle("line-english"))
    changed = {}
    for name, flags in (("frozen", ["--freeze_body"]), ("free", [])):
        outcome = run([*words, *flags], tmp_path / name)
        assert outcome.checkpoint is not None
        state = torch.load(outcome.checkpoint, weights_only=True)["state_dict"]
        own = {key.removeprefix("network.resnet."): value for key, value in state.items()}
        changed[name] = {key for key in own.keys() & given.keys() if not own[key].equal(given[key])}
    assert changed["frozen"] == set()
    assert {"stem.0.weight", "stem.1.running_mean", "group3.0.conv2.weight"} <= changed["free"]


def test_a_frozen_body_is_never_in_training_mode() -> None:
    options = ResnetTransformerOptions(tf_dim=16, tf_fc_dim=16, freeze_body=True)
    made = ResnetTransformer(options, input_dims=(1, 32, 32), n_classes=9, output_length=4)
    assert made.training and not made.resnet.training  # Lightning trains without calling `train`
    assert made.train().decoder.training and not made.resnet.training
