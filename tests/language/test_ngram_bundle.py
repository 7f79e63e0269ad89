"""Language models on disk: what is stored comes back, what is damaged is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from language_data import PROSE

from text_recognizer.bundle import write_bundle
from text_recognizer.errors import BundleError
from text_recognizer.language.kneser_ney import estimate
from text_recognizer.language.ngram_bundle import (
    bundle_size,
    load_language_model,
    write_ngram_bundle,
)
from text_recognizer.language.ngram_model import NgramModel

VALUES = {"version": "1", "text_form": "latin-ascii-1"}


@pytest.fixture(scope="module")
def model() -> NgramModel:
    return estimate(PROSE, order=5).model(least_gain=0.3)


def test_a_stored_model_says_the_same(model: NgramModel, tmp_path: Path) -> None:
    write_ngram_bundle(tmp_path / "small", model, VALUES, {"run_command.txt": b"x\n"})
    bundle, loaded = load_language_model(tmp_path / "small")
    assert bundle.manifest.task == "language"
    assert loaded.characters == model.characters == bundle.manifest.symbols
    assert loaded.trie.levels == model.trie.levels
    assert np.array_equal(loaded.trie.keys, model.trie.keys)
    for context in ("", " t", "the r", "xyz"):
        probabilities = loaded.probabilities(context)
        assert np.allclose(probabilities, model.probabilities(context), rtol=0.05)
        assert probabilities.sum() == pytest.approx(1.0, abs=1e-9)


def test_size_on_disk_is_what_was_promised(model: NgramModel, tmp_path: Path) -> None:
    bundle = write_ngram_bundle(tmp_path / "small", model, VALUES, {})
    size = sum(file.stat().st_size for file in bundle.folder.glob("*.npy"))
    promised = bundle_size(model.trie.levels, model.n_symbols)
    assert promised - 300 < size - 4 * 128 <= promised  # 128 bytes of header each


def _with_array(folder: Path, model: NgramModel, name: str, array: object) -> Path:
    """A bundle whose hashes are right and one of whose arrays is another."""
    bundle = write_ngram_bundle(folder, model, VALUES, {})
    np.save(folder / name, np.asarray(array), allow_pickle=True)
    files = {file: folder / file for file in bundle.manifest.files}
    return write_bundle(folder, bundle.manifest, files, overwrite=True).folder


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("symbols.npy", np.zeros(5, np.uint8)),
        ("symbols.npy", np.zeros((2, 2), np.uint8)),
        ("children.npy", np.full(10**6, 200, np.uint8)),
        ("children.npy", np.zeros(0, np.uint8)),
        ("log_probs.npy", np.zeros(3, np.float64)),
        ("codebooks.npy", np.full((5, 256), np.nan, np.float32)),
        ("codebooks.npy", np.full((5, 256), 3.0, np.float32)),
        ("codebooks.npy", np.zeros((0, 256), np.float32)),
        ("symbols.npy", [{"a": 1}]),
    ],
)
def test_arrays_that_do_not_fit(
    model: NgramModel, tmp_path: Path, name: str, array: object
) -> None:
    folder = _with_array(tmp_path / "odd", model, name, array)
    with pytest.raises(BundleError, match="holds no n-grams that can be used"):
        load_language_model(folder)


def test_no_array_at_all(model: NgramModel, tmp_path: Path) -> None:
    bundle = write_ngram_bundle(tmp_path / "odd", model, VALUES, {})
    (bundle.folder / "symbols.npy").write_bytes(b"not an array")
    with pytest.raises(BundleError, match=r"symbols\.npy is damaged"):
        load_language_model(bundle.folder)


@pytest.mark.parametrize("header", [b"{'descr': (", b"  x\n y\n", b"", b"{'a': 1}"])
def test_a_header_that_numpy_cannot_read(model: NgramModel, tmp_path: Path, header: bytes) -> None:
    bundle = write_ngram_bundle(tmp_path / "odd", model, VALUES, {})
    size = len(header).to_bytes(2, "little")
    (bundle.folder / "symbols.npy").write_bytes(b"\x93NUMPY\x01\x00" + size + header)
    files = {name: bundle.folder / name for name in bundle.manifest.files}
    write_bundle(bundle.folder, bundle.manifest, files, overwrite=True)
    with pytest.raises(BundleError, match="holds no n-grams that can be used"):
        load_language_model(bundle.folder)


def test_another_kind_of_model() -> None:
    with pytest.raises(BundleError, match="is a line model and a language model is needed"):
        load_language_model("line-english")


def test_manifest_is_plain_json(model: NgramModel, tmp_path: Path) -> None:
    bundle = write_ngram_bundle(tmp_path / "small", model, VALUES, {})
    content = json.loads((bundle.folder / "manifest.json").read_text(encoding="utf-8"))
    assert content["task"] == "language"
    assert content["text_form"] == "latin-ascii-1"
