"""Characters are varied within bounds, by the seed, and in training only."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from character_files import write_emnist_idx, write_unipen

from text_recognizer.data import EMNIST, BaseDataModule, UnipenCharacters
from text_recognizer.data.character_variation import vary_characters


def bars() -> np.ndarray:
    """Twenty upright strokes in the middle, of shape (20, 28, 28)."""
    images = np.zeros((20, 28, 28), np.uint8)
    images[:, 6:22, 12:16] = 255
    return images


def test_each_is_varied_by_its_own_chance() -> None:
    torch.manual_seed(0)
    varied = vary_characters(bars())
    assert varied.dtype == np.uint8
    assert len({image.tobytes() for image in varied}) == 20


def test_the_seed_decides() -> None:
    results = []
    for _ in range(2):
        torch.manual_seed(1)
        results.append(vary_characters(bars()))
    np.testing.assert_array_equal(*results)


def test_strokes_stay_upright_whole_and_in_the_middle() -> None:
    torch.manual_seed(2)
    for image in vary_characters(np.repeat(bars(), 10, axis=0)):
        rows, columns = np.nonzero(image > 60)
        assert 12 <= np.ptp(rows) + 1 <= 24
        assert np.ptp(columns) + 1 < np.ptp(rows) + 1
        assert abs(rows.mean() - 13.5) < 3 and abs(columns.mean() - 13.5) < 3
        assert not image[[0, -1]].any()


@pytest.mark.parametrize(
    ("kind", "write"), [(UnipenCharacters, write_unipen), (EMNIST, write_emnist_idx)]
)
def test_only_training_characters_are_varied(
    tmp_path: Path, kind: type[BaseDataModule], write: Callable[[Path], None]
) -> None:
    write(tmp_path)
    for augments in (False, True):
        data = kind(kind.options_class(data_dir=tmp_path, augment_data=augments))
        data.prepare_data()
        data.setup()
        for name, samples in data.splits.items():
            first, second = (samples[0][0] for _ in range(2))
            assert torch.equal(first, second) is not (augments and name == "train")
