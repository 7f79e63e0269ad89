"""The 80 symbols of 2019: data sets, CTC whose blank is the padding, and the sizes of networks."""

from pathlib import Path

import numpy as np
import pytest
import torch
from character_files import write_emnist_idx, write_unipen
from fake_experiment import EXPERIMENT_WARNINGS, QUIET, run

from text_recognizer.data import MAPPING_2019, EMNISTLines2Options, EMNISTLinesOptions
from text_recognizer.data.character_mapping import MAPPING_2021, padding_label, special_symbols
from text_recognizer.data.emnist import EMNIST, EMNISTOptions
from text_recognizer.data.emnist_lines import EMNISTLines
from text_recognizer.data.unipen_characters import UnipenCharacters
from text_recognizer.errors import OptionError
from text_recognizer.lit_models.experiment_ctc import ExperimentCTCLitModel
from text_recognizer.training.experiments.experiment import make_data, make_network
from text_recognizer.training.experiments.flags import parse_flags
from text_recognizer.training.experiments.options import ExperimentLossOptions

pytestmark = [pytest.mark.train, *EXPERIMENT_WARNINGS]


def test_what_stands_for_no_character() -> None:
    assert special_symbols(MAPPING_2019.symbols) == ("_",)
    assert padding_label(MAPPING_2019.symbols) == 79
    assert padding_label(MAPPING_2021.symbols) == 3
    assert "_" in UnipenCharacters.mapping  # a character there
    assert padding_label(UnipenCharacters.mapping) is None


def test_characters_have_the_labels_of_2019(tmp_path: Path) -> None:
    write_emnist_idx(tmp_path)
    old = EMNIST(EMNISTOptions(data_dir=tmp_path, mapping=2019))
    new = EMNIST(EMNISTOptions(data_dir=tmp_path))
    assert old.cache.key == new.cache.key  # the same arrays
    for data in (old, new):
        data.prepare_data()
        data.setup()
    assert len(old.mapping) == 80
    for split in ("train", "validation", "test"):
        labels = np.array([int(old.splits[split][i][1]) for i in range(20)])
        others = np.array([int(new.splits[split][i][1]) for i in range(20)])
        assert (labels == others - 4).all()
        assert [old.mapping[label] for label in labels] == [new.mapping[n] for n in others]


@pytest.fixture(scope="module")
def line_flags(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The JSON of 2019 on a few lines of marked glyphs."""
    folder = tmp_path_factory.mktemp("data")
    glyphs = write_unipen(folder / "glyphs")
    return [
        '{"dataset": "EmnistLinesDataset", "model": "LineModelCtc", "network": "line_lstm_ctc"}',
        f"--data_dir={folder}", f"--source_dir={glyphs}", "--source=UnipenCharacters",
        "--text=project", "--num_train=16", "--num_val=8", "--num_test=8", "--batch_size=8",
        "--max_epochs=1", *QUIET,
    ]  # fmt: skip


def test_lines_have_the_labels_and_length_of_2019(line_flags: list[str]) -> None:
    data = make_data(parse_flags([*line_flags, "--num_train=200", "--max_overlap=0"]))
    assert isinstance(data, EMNISTLines)
    assert (data.input_dims, data.output_dims) == ((1, 28, 952), (34, 1))
    longest = 0
    for index in range(200):
        image, labels = data.data_train[index]
        text = data.text_of(labels)
        assert labels.tolist() == [*MAPPING_2019.encode(text), *[79] * (34 - len(text))]
        longest = max(longest, len(text))
        assert image[0, :, 28 * len(text) :].sum() == 0  # padding draws nothing
    assert longest > 32


def test_windows_are_those_of_2019(line_flags: list[str]) -> None:
    experiment = parse_flags(line_flags)
    network = make_network(experiment, make_data(experiment))
    assert network(torch.zeros(1, 1, 28, 952)).shape == (1, 80, 189)  # of the specification


def test_lines_are_trained_by_ctc(line_flags: list[str], tmp_path: Path) -> None:
    figures = run(line_flags, tmp_path).figures
    assert {"val_cer", "test_cer", "val_loss"} <= figures.keys()
    assert np.isfinite(figures["val_loss"])


def test_the_blank_is_the_padding() -> None:
    model = ExperimentCTCLitModel(
        torch.nn.Identity(), ExperimentLossOptions(loss="ctc"), mapping=MAPPING_2019.symbols
    )
    best = torch.tensor([[10, 10, 79, 10, 0, 0, 78, 79]])
    logits = 9.0 * torch.nn.functional.one_hot(best, 80).float().movedim(2, 1)
    assert model.decode(logits) == [[10, 10, 0, 78]]
    assert model.text(model.decode(logits)[0]) == "AA0?"
    labels = torch.tensor([[10, 10, 0, 78, 79, 79]])
    assert model.n_labels(labels).tolist() == [4]
    wrong = torch.tensor([[10, 11, 0, 78, 79, 79]])
    assert float(model.loss(logits, labels)) < 0.1 < float(model.loss(logits, wrong))


def test_options_that_contradict() -> None:
    with pytest.raises(OptionError, match="mapping is 2019 or 2021, not 2020."):
        EMNISTOptions(mapping=2020)
    with pytest.raises(OptionError, match="mapping of 2019 has no start and end tokens"):
        EMNISTLinesOptions(mapping=2019, with_start_end_tokens=True)
    with pytest.raises(OptionError, match="mapping of 2019 has no start and end tokens"):
        EMNISTLines2Options(mapping=2019)
