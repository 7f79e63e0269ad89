"""Modules of single characters: mappings, splits, balance, loaders, what is said without data."""

import gc
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import numpy as np
import pytest
import torch
from character_files import (
    UNIPEN_CHARACTERS,
    emnist_arrays,
    emnist_mat,
    marked_glyphs,
    matlab_zip,
    run_script,
    write_emnist_idx,
    write_idx,
    write_unipen,
)
from numpy.typing import NDArray

from text_recognizer.data import (
    EMNIST,
    MAPPING_2019,
    MAPPING_2021,
    MNIST,
    PARAGRAPH_MAPPING_2021,
    CombinedData,
    DataModuleOptions,
    EMNISTOptions,
    FakeImageData,
    FakeImageDataOptions,
    MNISTOptions,
    UnipenCharacters,
    UnipenCharactersOptions,
)
from text_recognizer.data import emnist as emnist_module
from text_recognizer.data.array_cache import ArrayCache
from text_recognizer.data.array_dataset import ArrayDataset, Batch, collate
from text_recognizer.data.base_data_module import BaseDataModule
from text_recognizer.data.character_mapping import (
    CharacterMapping,
    Essentials,
    read_essentials,
    write_essentials,
)
from text_recognizer.data.class_sampling import (
    balanced_indices,
    split_by_owner,
    split_indices,
    stratified_indices,
)
from text_recognizer.data.option_flags import parse_options
from text_recognizer.data.raw_data import RawFile, read_metadata
from text_recognizer.errors import AlphabetError, InputError, OptionError

pytestmark = pytest.mark.train

ROOT = Path(__file__).parents[2]


# Mappings


def test_mapping_of_2021() -> None:
    marks = [" ", *"!\"#&'()*+,-./:;?"]
    assert len(MAPPING_2021) == 83
    assert MAPPING_2021.symbols[:4] == ("<B>", "<S>", "<E>", "<P>")
    assert "".join(MAPPING_2021.symbols[4:14]) == "0123456789"
    assert MAPPING_2021.label("A") == 14 and MAPPING_2021.label("z") == 65
    assert list(MAPPING_2021.symbols[66:]) == marks
    assert PARAGRAPH_MAPPING_2021.symbols == (*MAPPING_2021.symbols, "\n")
    assert PARAGRAPH_MAPPING_2021.label("\n") == 83


def test_mapping_of_2019() -> None:
    assert len(MAPPING_2019) == 80
    assert MAPPING_2019.label("0") == 0 and MAPPING_2019.label("z") == 61
    assert MAPPING_2019.label(" ") == 62 and MAPPING_2019.label("?") == 78
    assert MAPPING_2019.symbols[79] == "_"
    assert MAPPING_2019.decode([10, 79, 11]) == "AB"


@pytest.mark.parametrize("mapping", [MAPPING_2019, MAPPING_2021, PARAGRAPH_MAPPING_2021])
def test_decode_gives_back_what_was_encoded(mapping: CharacterMapping) -> None:
    assert mapping.decode(mapping.encode(mapping.characters)) == mapping.characters


def test_unknown_characters_are_listed() -> None:
    with pytest.raises(AlphabetError) as caught:
        MAPPING_2021.encode("5 % of é\n")
    assert str(caught.value) == (
        "The mapping does not hold '\\n' (U+000A), '%' (U+0025), 'é' (U+00E9) of '5 % of é\\n'."
    )
    with pytest.raises(AlphabetError, match=re.escape("'_' (U+005F) of 'a_b'")):
        MAPPING_2019.encode("a_b")


def test_labels_out_of_range_are_refused() -> None:
    with pytest.raises(AlphabetError, match=re.escape("Labels [83, -1] are outside 0 to 82.")):
        MAPPING_2021.decode([4, 83, -1])


def test_symbols_that_are_not_there_or_twice() -> None:
    with pytest.raises(AlphabetError, match=re.escape("The mapping does not hold '<U>'.")):
        MAPPING_2021.label("<U>")
    with pytest.raises(
        AlphabetError, match=re.escape("Symbols occur twice in the mapping: ['a'].")
    ):
        CharacterMapping(("a", "b", "a"))


def test_line_labels() -> None:
    assert MAPPING_2021.encode_line("A b", 6, with_tokens=False).tolist() == [14, 66, 41, 3, 3, 3]
    assert MAPPING_2021.encode_line("A b", 6, with_tokens=True).tolist() == [1, 14, 66, 41, 2, 3]
    with pytest.raises(AlphabetError, match="'A bcd' needs 7 labels, but a line has 6."):
        MAPPING_2021.encode_line("A bcd", 6, with_tokens=True)


def test_essentials_are_those_of_the_mapping() -> None:
    content = json.loads(emnist_module.ESSENTIALS_FILE.read_text(encoding="utf-8"))
    assert content == {"characters": list(MAPPING_2021.symbols), "input_shape": [28, 28]}
    assert read_essentials(emnist_module.ESSENTIALS_FILE) == Essentials(
        MAPPING_2021.symbols, (28, 28)
    )


def test_essentials_are_read_as_written(tmp_path: Path) -> None:
    essentials = Essentials(PARAGRAPH_MAPPING_2021.symbols, (576, 640))
    write_essentials(tmp_path / "essentials.json", essentials)
    assert read_essentials(tmp_path / "essentials.json") == essentials


def test_wrong_essentials_are_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "essentials.json"
    path.write_text('{"characters": 3}')
    with pytest.raises(InputError, match=f"^{re.escape(str(path))} is not an essentials file: "):
        read_essentials(path)


# Sampling


def test_balanced_samples_are_about_the_mean_of_each_class() -> None:
    rng = np.random.default_rng(0)
    labels = rng.permutation(np.repeat([0, 1, 2, 3], [10_000, 4_000, 2_000, 400]))
    kept = balanced_indices(labels, np.random.default_rng(1))
    counts = np.bincount(labels[kept])
    mean = len(labels) // 4
    assert len(np.unique(kept)) == len(kept)
    assert (np.diff(labels[kept]) >= 0).all()
    sizes = np.array([10_000, 4_000, 2_000, 400])
    expected = sizes * (1 - (1 - 1 / sizes) ** mean)
    assert np.allclose(counts, expected, rtol=0.05)


def test_empty_classes_lower_the_mean() -> None:
    labels = np.repeat(np.arange(2), 3_000)
    all_classes = balanced_indices(labels, np.random.default_rng(1), n_empty_classes=2)
    assert 0 < len(all_classes) < len(balanced_indices(labels, np.random.default_rng(1)))
    expected = 6_000 * (1 - (1 - 1 / 3_000) ** 1_500)
    assert len(all_classes) == pytest.approx(expected, rel=0.05)


def test_fraction_is_taken_of_every_class() -> None:
    labels = np.repeat([0, 1, 2, 5], [1000, 100, 10, 2])  # sorted by class, as EMNIST is
    kept = stratified_indices(labels, 0.1, np.random.default_rng(0))
    assert np.bincount(labels[kept]).tolist() == [100, 10, 1, 0, 0, 1]
    assert len(np.unique(kept)) == len(kept)


def test_parts_are_complete_and_share_nothing() -> None:
    first, second = split_indices(100, 20, np.random.default_rng(0))
    assert len(first) == 20 and sorted([*first, *second]) == list(range(100))
    owners = np.random.default_rng(0).integers(50, 70, 1000)
    first, second = split_by_owner(owners, 0.2, np.random.default_rng(0))
    assert sorted([*first, *second]) == list(range(1000))
    assert not set(owners[first]) & set(owners[second])
    assert 200 <= len(first) <= 300


# EMNIST


@pytest.fixture
def emnist_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Data folder with a tiny `matlab.zip`, whose checksum is not looked at."""
    _without_checksum(monkeypatch)
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "matlab.zip").write_bytes(matlab_zip())
    return folder


def _without_checksum(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(path: Path) -> tuple[RawFile, ...]:
        return tuple(RawFile(f.data_set, f.filename) for f in read_metadata(path))

    monkeypatch.setattr(emnist_module, "read_metadata", read)


def ready(module: BaseDataModule) -> Any:
    module.prepare_data()
    module.setup()
    return module


def arrays(module: BaseDataModule, split: str) -> ArrayDataset:
    samples = module.splits[split]
    assert isinstance(samples, ArrayDataset)
    return samples


def test_emnist_images_are_upright_and_labelled(emnist_folder: Path) -> None:
    module = ready(EMNIST(EMNISTOptions(data_dir=emnist_folder)))
    assert module.input_dims == (1, 28, 28) and module.output_dims == (1,)
    assert module.mapping == MAPPING_2021.symbols
    for split, mark in (("train", 10), ("validation", 10), ("test", 30)):
        samples = arrays(module, split)
        labels = np.asarray(samples.labels, np.int64)
        assert np.array_equal(samples.images, marked_glyphs(labels - 4, mark))


def test_emnist_is_balanced_and_split_in_four_to_one(emnist_folder: Path) -> None:
    module = ready(EMNIST(EMNISTOptions(data_dir=emnist_folder)))
    n_train, n_validation = len(module.data_train), len(module.data_val)
    assert n_train == int(0.8 * (n_train + n_validation))
    true = emnist_arrays()["train_labels"]
    mean = len(true) // 62
    counts = np.bincount(
        np.concatenate([arrays(module, s).labels for s in ("train", "validation")])
    )[4:]
    assert counts.max() <= mean < np.bincount(true).max()
    assert counts.min() >= 1
    everything = ready(EMNIST(EMNISTOptions(data_dir=emnist_folder, balance=False)))
    assert len(everything.data_train) + len(everything.data_val) == len(true)


def test_special_symbols_lower_the_mean_only_if_asked(emnist_folder: Path) -> None:
    as_2021 = EMNISTOptions(data_dir=emnist_folder, count_special_symbols=True)
    fewer, more = ready(EMNIST(as_2021)), ready(EMNIST(EMNISTOptions(data_dir=emnist_folder)))
    assert len(fewer.data_train) < len(more.data_train)


def test_writers_can_be_kept_apart(emnist_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[NDArray[np.int64]] = []

    def spy(owners: Any, fraction: float, rng: np.random.Generator) -> Any:
        first, second = split_by_owner(owners, fraction, rng)
        seen.extend([owners[first], owners[second]])
        return first, second

    monkeypatch.setattr(emnist_module, "split_by_owner", spy)
    module = ready(EMNIST(EMNISTOptions(data_dir=emnist_folder, split_by_writer=True)))
    validation, train = seen
    assert not set(validation) & set(train)
    assert len(validation) == len(module.data_val) and len(train) == len(module.data_train)


def test_subsample_keeps_every_class(emnist_folder: Path) -> None:
    options = EMNISTOptions(data_dir=emnist_folder, balance=False)
    whole = ready(EMNIST(options))
    tenth = ready(
        EMNIST(EMNISTOptions(data_dir=emnist_folder, balance=False, subsample_fraction=0.1))
    )
    for split in ("train", "validation", "test"):
        before = np.bincount(arrays(whole, split).labels, minlength=66)
        after = np.bincount(arrays(tenth, split).labels, minlength=66)
        assert ((before > 0) == (after > 0)).all()
        assert (after == np.where(before > 0, np.maximum(1, np.round(before * 0.1)), 0)).all()


@pytest.mark.parametrize("layout", ["mat", "idx"])
def test_other_layouts_give_the_same(layout: str, emnist_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / layout
    if layout == "mat":
        (folder / "emnist").mkdir(parents=True)
        (folder / "emnist" / "emnist-byclass.mat").write_bytes(emnist_mat())
    else:
        write_emnist_idx(folder)
    first = ready(EMNIST(EMNISTOptions(data_dir=emnist_folder)))
    second = ready(EMNIST(EMNISTOptions(data_dir=folder)))
    for split in ("train", "validation", "test"):
        assert np.array_equal(arrays(first, split).images, arrays(second, split).images)
        assert np.array_equal(arrays(first, split).labels, arrays(second, split).labels)


def test_idx_files_name_no_writers(tmp_path: Path) -> None:
    write_emnist_idx(tmp_path)
    with pytest.raises(OptionError, match="split_by_writer needs the MATLAB file: idx files"):
        EMNIST(EMNISTOptions(data_dir=tmp_path, split_by_writer=True)).prepare_data()


def test_emnist_needs_its_file_once_only(emnist_folder: Path) -> None:
    EMNIST(EMNISTOptions(data_dir=emnist_folder)).prepare_data()
    (emnist_folder / "matlab.zip").unlink()
    assert len(ready(EMNIST(EMNISTOptions(data_dir=emnist_folder, batch_size=3))).data_test)


def test_damaged_emnist_files_are_one_sentence(emnist_folder: Path) -> None:
    path = emnist_folder / "matlab.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("matlab/emnist-byclass.mat", b"\0" * 300)
    module = EMNIST(EMNISTOptions(data_dir=emnist_folder))
    with pytest.raises(InputError) as caught:
        module.prepare_data()
    assert str(caught.value) == f"{path} does not hold EMNIST ByClass."
    path.write_bytes(b"no zip")
    with pytest.raises(InputError) as caught:
        module.prepare_data()
    assert str(caught.value) == f"{path} is no zip file with matlab/emnist-byclass.mat in it."
    assert not module.cache.exists()


def test_emnist_cache_depends_on_every_option_of_its_making(tmp_path: Path) -> None:
    def key(**changed: Any) -> str:
        return EMNIST(EMNISTOptions(data_dir=tmp_path, **changed)).cache.key

    changes: list[dict[str, Any]] = [
        {"seed": 1}, {"balance": False}, {"count_special_symbols": True}, {"split_by_writer": True}
    ]  # fmt: skip
    assert len({key(), *(key(**change) for change in changes)}) == len(changes) + 1
    changed = key(batch_size=1, num_workers=2, subsample_fraction=0.5, augment_data=True)
    assert changed == key()


# The other modules


def write_mnist(folder: Path, *, packed: bool) -> Path:
    rng = np.random.default_rng(0)
    ending = ".gz" if packed else ""
    for stem, n_images in (("train", 120), ("t10k", 20)):
        images = rng.integers(0, 256, (n_images, 28, 28), dtype=np.uint8)
        write_idx(folder / f"{stem}-images-idx3-ubyte{ending}", images)
        labels = np.arange(n_images) % 10
        write_idx(folder / f"{stem}-labels-idx1-ubyte{ending}", labels.astype(np.uint8))
    return folder


@pytest.mark.parametrize("packed", [True, False])
def test_mnist_splits_and_normalisation(packed: bool, tmp_path: Path) -> None:
    write_mnist(tmp_path / "mnist", packed=packed)
    module = ready(MNIST(MNISTOptions(data_dir=tmp_path)))
    sizes = [len(module.splits[split]) for split in ("train", "validation", "test")]
    assert sizes == [110, 10, 20]  # 55,000, 5,000 and 10,000 of the whole
    plain = ready(MNIST(MNISTOptions(data_dir=tmp_path, normalise=False)))
    images, labels = next(iter(module.test_dataloader()))
    values, same_labels = next(iter(plain.test_dataloader()))
    assert torch.allclose(images, (values - 0.1307) / 0.3081, atol=1e-6)
    assert torch.equal(labels, same_labels) and labels.tolist() == [i % 10 for i in range(20)]
    assert values.min() >= 0 and 0.9 < values.max() <= 1
    assert module.mapping == tuple("0123456789")


def test_mnist_splits_share_no_image(tmp_path: Path) -> None:
    module = ready(MNIST(MNISTOptions(data_dir=write_mnist(tmp_path, packed=False))))
    seen = [image.tobytes() for split in module.splits for image in arrays(module, split).images]
    assert len(set(seen)) == len(seen) == 140


def test_unipen_characters(tmp_path: Path) -> None:
    module = ready(UnipenCharacters(UnipenCharactersOptions(data_dir=write_unipen(tmp_path))))
    assert "".join(module.mapping) == UNIPEN_CHARACTERS and len(module.mapping) == 93
    for split, mark in (("train", 10), ("validation", 20), ("test", 30)):
        samples = arrays(module, split)
        assert np.array_equal(samples.images, marked_glyphs(np.asarray(samples.labels), mark))
    third = UnipenCharactersOptions(data_dir=tmp_path, subsample_fraction=0.34)
    assert np.bincount(arrays(ready(UnipenCharacters(third)), "train").labels).tolist() == [1] * 93


def test_unipen_errors_are_one_sentence(tmp_path: Path) -> None:
    module = UnipenCharacters(UnipenCharactersOptions(data_dir=tmp_path))
    with pytest.raises(InputError) as caught:
        module.prepare_data()
    assert str(caught.value) == (
        "UnipenCharacters needs unipen-chars-train-images-idx3-ubyte.gz, which is not in "
        f"{tmp_path}: give the folder that holds it by --data_dir."
    )
    write_unipen(tmp_path)
    path = tmp_path / "unipen-chars-mapping.txt"
    path.write_text(path.read_text().replace("0 33\n", "0 92\n"))
    with pytest.raises(InputError) as caught:
        module.setup()
    assert (
        str(caught.value) == f"{path} gives the labels to other characters than the program does."
    )
    path.write_text("0\n")
    with pytest.raises(InputError) as caught:
        module.setup()
    assert str(caught.value) == f"{path} does not hold lines of a label and a code point."
    path.unlink()
    write_idx(tmp_path / "unipen-chars-train-labels-idx1-ubyte.gz", np.full(279, 93, np.uint8))
    with pytest.raises(InputError) as caught:
        module.setup()
    assert str(caught.value) == (
        f"The train labels of {tmp_path} go up to 93, but there are 93 classes."
    )


def test_fake_images() -> None:
    module = ready(FakeImageData())
    assert [len(module.splits[s]) for s in ("train", "validation", "test")] == [256, 128, 128]
    again, other = ready(FakeImageData()), ready(FakeImageData(FakeImageDataOptions(seed=1)))
    assert np.array_equal(arrays(module, "test").images, arrays(again, "test").images)
    assert not np.array_equal(arrays(module, "test").images, arrays(other, "test").images)
    assert set(arrays(module, "train").labels) == set(range(10))


def nearest_mean_accuracy(module: BaseDataModule) -> float:
    train, test = arrays(module, "train"), arrays(module, "test")
    labels = np.asarray(train.labels)
    means = np.stack([train.images[labels == label].mean(0) for label in range(10)])
    distances = ((test.images[:, None] - means[None]) ** 2).mean((2, 3))
    return float((distances.argmin(1) == test.labels).mean())


def test_fake_images_can_be_learnt_only_if_asked() -> None:
    assert nearest_mean_accuracy(ready(FakeImageData())) < 0.3
    learnable = FakeImageDataOptions(learnable=True)
    assert nearest_mean_accuracy(ready(FakeImageData(learnable))) == 1.0


# What all share


@pytest.mark.parametrize("num_workers", [0, 1])
def test_batches(num_workers: int) -> None:
    options = FakeImageDataOptions(batch_size=100, num_workers=num_workers)
    module = ready(FakeImageData(options))
    batches = list(module.train_dataloader())
    assert [len(labels) for _, labels in batches] == [100, 100, 56]
    images, labels = batches[0]
    assert images.dtype == torch.float32 and images.shape == (100, 1, 28, 28)
    assert images.min() == 0 and images.max() == 1
    assert labels.dtype == torch.int64 and labels.shape == (100,)
    val_labels = torch.cat([labels for _, labels in module.val_dataloader()])
    assert val_labels.tolist() == arrays(module, "validation").labels.tolist()
    del batches, images, labels, val_labels, module  # the workers' memory, before torch is gone
    gc.collect()


def test_training_order_depends_on_the_seed_alone() -> None:
    def order(seed: int) -> list[int]:
        module = ready(FakeImageData())
        module.options = FakeImageDataOptions(seed=seed)
        return [int(n) for _, labels in module.train_dataloader() for n in labels]

    assert order(3) == order(3)
    assert order(3) != order(4)


def test_samples_and_batches_agree() -> None:
    samples = arrays(ready(FakeImageData()), "test")
    batch = samples.__getitems__([5, 2])
    assert torch.equal(batch[0][1], samples[2][0]) and batch[1][1] == samples[2][1]
    one_by_one = collate([samples[5], samples[2]])
    assert torch.equal(batch[0], one_by_one[0]) and torch.equal(batch[1], one_by_one[1])


def test_describe_and_sheet() -> None:
    module = ready(FakeImageData(FakeImageDataOptions(batch_size=16)))
    assert module.describe().splitlines()[:3] == [
        "FakeImageData",
        "input (1, 28, 28), output (1,), 10 symbols",
        "samples: train 256, validation 128, test 128",
    ]
    assert re.fullmatch(
        r"images of a batch: shape \(16, 1, 28, 28\), float32, min 0, mean 0\.\d+, max 1",
        module.describe().splitlines()[3],
    )
    sheet = module.sample_sheet()
    assert sheet.size == (16 * 32 + 4, 44 + 4)


@pytest.mark.parametrize(
    ("options_class", "values", "message"),
    [
        (DataModuleOptions, {"batch_size": 0}, "batch_size is at least 1, not 0."),
        (DataModuleOptions, {"num_workers": -1}, "num_workers is at least 0, not -1."),
        (DataModuleOptions, {"seed": -1}, "seed is at least 0, not -1."),
        (FakeImageDataOptions, {"num_samples": 3}, "num_samples is at least 4, not 3."),
        (
            EMNISTOptions,
            {"subsample_fraction": 0.0},
            "subsample_fraction is over 0 and up to 1, not 0.0.",
        ),
        (
            UnipenCharactersOptions,
            {"subsample_fraction": 1.5},
            "subsample_fraction is over 0 and up to 1, not 1.5.",
        ),
    ],
)
def test_wrong_options_are_one_sentence(
    options_class: type, values: dict[str, Any], message: str
) -> None:
    with pytest.raises(OptionError) as caught:
        options_class(**values)
    assert str(caught.value) == message


def test_options_from_flags() -> None:
    flags = ["--data_dir", "x", "--normalise", "false", "--batch_size=7"]
    options = parse_options(MNISTOptions, flags, "MNIST")
    assert options == MNISTOptions(data_dir=Path("x"), normalise=False, batch_size=7)
    assert parse_options(FakeImageDataOptions, ["--learnable"], "x").learnable
    with pytest.raises(OptionError, match="Say true or false, not 'maybe'."):
        parse_options(MNISTOptions, ["--normalise", "maybe"], "MNIST")


def test_cache_is_there_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    cache = ArrayCache(tmp_path, "things", {"a": 1})
    with pytest.raises(RuntimeError), cache.writing() as folder:
        np.save(folder / "x.npy", np.zeros(3))
        raise RuntimeError
    assert not cache.exists() and list(cache.folder.parent.iterdir()) == []
    cache.folder.mkdir()  # half a cache of another program
    with cache.writing() as folder:
        np.save(folder / "x.npy", np.ones(3))
    assert cache.exists() and cache.read("x").tolist() == [1, 1, 1]
    with cache.writing() as folder:
        np.save(folder / "x.npy", np.zeros(3))
    assert cache.read("x").tolist() == [1, 1, 1], "the first to finish stays"
    assert list(cache.folder.parent.iterdir()) == [cache.folder]
    (cache.folder / "x.npy").write_bytes(b"no array")
    with pytest.raises(InputError) as caught:
        cache.read("x")
    path = cache.folder / "x.npy"
    assert str(caught.value) == f"{path} cannot be read: remove the folder {cache.folder}."


# Several together


def test_combined_characters_are_joined_by_symbol(tmp_path: Path, emnist_folder: Path) -> None:
    write_mnist(tmp_path / "m", packed=True)
    mnist = MNIST(MNISTOptions(data_dir=tmp_path / "m", normalise=False, batch_size=10_000))
    emnist = EMNIST(EMNISTOptions(data_dir=emnist_folder))
    module = ready(CombinedData([mnist, emnist]))
    assert module.data_name == "MNIST+EMNIST"
    assert module.mapping[:10] == tuple("0123456789") and set(module.mapping) == set(
        MAPPING_2021.symbols
    )
    assert len(module.data_train) == 110 + len(emnist.data_train)
    assert len(module.data_val) == 10 and len(module.data_test) == 20
    ((images, labels),) = module.train_dataloader()
    is_emnist = images[:, 0, 24, 10] * 255 == 200
    marked = (images[:, 0, 4, 5] * 255).round()[is_emnist].long() - 1
    expected = [module.mapping.index(emnist.mapping[int(n) + 4]) for n in marked]
    assert len(expected) >= len(emnist.data_train)
    agree = (labels[is_emnist] == torch.tensor(expected)).float().mean()
    assert agree > 0.99  # a noise digit may look like a marked glyph


def test_combined_samples_keep_their_order() -> None:
    first, second = FakeImageData(), FakeImageData(FakeImageDataOptions(seed=7))
    module = ready(CombinedData([first, second], validation="all", test="all"))
    assert len(module.data_test) == 256
    wanted = [200, 3, 128, 127, 5]
    images, labels = module.data_test.__getitems__(wanted)
    for place, index in enumerate(wanted):
        source = first if index < 128 else second
        image, label = arrays(source, "test")[index % 128]
        assert torch.equal(images[place], image) and labels[place] == label


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (
            MNIST(),
            "FakeImageData and MNIST do not go together: normalisation is (0.0, 1.0) and "
            "(0.1307, 0.3081).",
        ),
    ],
)
def test_parts_that_do_not_fit_are_refused(second: BaseDataModule, message: str) -> None:
    with pytest.raises(OptionError) as caught:
        CombinedData([FakeImageData(), second])
    assert str(caught.value) == message


def test_other_wrong_combinations_are_refused() -> None:
    with pytest.raises(OptionError, match="At least one data module is needed."):
        CombinedData([])
    with pytest.raises(OptionError, match="test is first or all, not second."):
        CombinedData([FakeImageData()], test="second")


class Linear(pl.LightningModule):
    """The smallest classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(784, 10)

    def training_step(self, batch: Batch, index: int) -> torch.Tensor:
        return torch.nn.functional.cross_entropy(self.layer(batch[0].flatten(1)), batch[1])

    def validation_step(self, batch: Batch, index: int) -> None:
        found = self.layer(batch[0].flatten(1)).argmax(1)
        self.log("accuracy", (found == batch[1]).float().mean())

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), lr=1e-2)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.filterwarnings("ignore:.*does not have many workers.*")
@pytest.mark.filterwarnings("ignore:.*isinstance.treespec.*")
def test_lightning_learns_from_the_modules() -> None:
    torch.manual_seed(0)
    parts = [FakeImageData(FakeImageDataOptions(learnable=True, seed=seed)) for seed in (1, 2)]
    trainer = pl.Trainer(
        max_epochs=8, accelerator="cpu", logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, log_every_n_steps=1,
    )  # fmt: skip
    trainer.fit(Linear(), datamodule=CombinedData(parts))
    assert trainer.callback_metrics["accuracy"] > 0.95


# As programs


def test_script_prints_and_draws(tmp_path: Path) -> None:
    run = run_script("fake_images", tmp_path, "--num_samples", "40")
    assert (run.returncode, run.stderr) == (0, "")
    lines = run.stdout.splitlines()
    assert lines[0] == "FakeImageData"
    assert lines[2] == "samples: train 20, validation 10, test 10"
    assert lines[-1] == "A sheet of samples is in FakeImageData.png."
    assert (tmp_path / "FakeImageData.png").stat().st_size > 1000


def test_script_without_data_is_one_sentence(tmp_path: Path) -> None:
    run = run_script("unipen_characters", tmp_path)
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == (
        "UnipenCharacters needs unipen-chars-train-images-idx3-ubyte.gz, which is not in "
        f"{tmp_path / 'cache' / 'text-recognizer'}: give the folder that holds it by --data_dir.\n"
    )


def test_importing_loads_no_reader_of_raw_data() -> None:
    code = (
        "import sys, text_recognizer.data\n"
        "print([n for n in ('nltk', 'pooch', 'scipy.io') if n in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == "[]\n"


@pytest.mark.shared
def test_real_characters(shared_folder: Path) -> None:
    options = UnipenCharactersOptions(data_dir=shared_folder / "emnist")
    module = ready(UnipenCharacters(options))
    sizes = [len(module.splits[split]) for split in ("train", "validation", "test")]
    assert sizes == [41_929, 3_977, 4_916]
    for split in module.splits:
        assert set(arrays(module, split).labels) == set(range(93))
    train = arrays(module, "train")
    ink = train.images[np.asarray(train.labels) == UNIPEN_CHARACTERS.index("-")].mean(0)
    assert ink.sum(1).max() > 2 * ink.sum(0).max(), "a dash lies: images are upright"
