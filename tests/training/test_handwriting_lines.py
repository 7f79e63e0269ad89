"""The data module: finds sources, leaves out what is not there, thins out validation."""

import logging
from dataclasses import replace

import pytest
from tiny_run import ALPHABET

from text_recognizer.data import DataPaths, HandwritingLines, HandwritingLinesOptions
from text_recognizer.errors import InputError
from text_recognizer.training.options import TrainingOptions


def _module(
    options: HandwritingLinesOptions, paths: DataPaths, n_validation: int = 600
) -> HandwritingLines:
    data = HandwritingLines(
        options, paths, ALPHABET, height=32, seed=1, validation_lines=n_validation
    )
    data.setup("fit")
    return data


def test_a_plain_folder_trains_without_naming_its_source(
    options: TrainingOptions, data_paths: DataPaths
) -> None:
    data = _module(options.data, data_paths)
    assert list(data.sources) == [data_paths.data.name]
    assert len(data.sources[data_paths.data.name]) == 20
    assert sorted(line.text for line in data.validation_lines)[:2] == ["a bad egg", "abba"]
    assert sum(len(batch.texts) for batch in data.val_dataloader()) == 10


def test_training_lines_never_come_from_validation(
    options: TrainingOptions, data_paths: DataPaths
) -> None:
    data = _module(replace(options.data, validation_sources=(data_paths.data.name,)), data_paths)
    assert len(data.validation_lines) == 10
    assert data.validation_sources == (data_paths.data.name,)


def test_no_validation_line_is_left_out(options: TrainingOptions, data_paths: DataPaths) -> None:
    """Not one over the width limit of training either: it would flatter the error rate."""
    narrow = replace(options.data, max_width=64, batch_columns=64)
    assert len(_module(narrow, data_paths).validation_lines) == 10


def test_validation_is_thinned_out(options: TrainingOptions, data_paths: DataPaths) -> None:
    assert len(_module(options.data, data_paths, n_validation=4).validation_lines) == 4


def test_missing_sources_are_named_and_training_goes_on(
    options: TrainingOptions, data_paths: DataPaths, caplog: pytest.LogCaptureFixture
) -> None:
    shares = {data_paths.data.name: 0.5, "elsewhere": 0.5}
    with caplog.at_level(logging.WARNING):
        data = _module(replace(options.data, shares=shares), data_paths)
    assert list(data.sources) == [data_paths.data.name]
    assert "Training goes on without elsewhere: not found." in caplog.text


def test_no_source_at_all_is_an_error(options: TrainingOptions, data_paths: DataPaths) -> None:
    with pytest.raises(InputError, match="recipe's sources. To train on what .* add: --set d"):
        _module(replace(options.data, shares={"elsewhere": 1.0}), data_paths)
