"""The int8 twin of a small recurrent network, stored as training stores its networks."""

import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from tiny_bundles import MANIFEST, draw_bars, recurrent_network, write_tiny_bundle

from text_recognizer import bundle as bundle_module
from text_recognizer import quantisation
from text_recognizer.bundle import Bundle, load_bundle, write_bundle
from text_recognizer.errors import BundleError, InputError, MissingExtraError
from text_recognizer.line_reader import LineReader
from text_recognizer.manifest import MeasuredCer
from text_recognizer.quantisation import quantise_bundle


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bundle:
    monkeypatch.setattr(quantisation, "user_data_folder", lambda: tmp_path / "home")
    monkeypatch.setattr(bundle_module, "user_data_folder", lambda: tmp_path / "home")
    cer = (MeasuredCer("notes", "test", 0.07),)
    return write_tiny_bundle(tmp_path / "tiny", network=recurrent_network(), cer=cer)


def test_the_twin_is_smaller_and_scores_alike(bundle: Bundle) -> None:
    report = quantise_bundle(bundle, n_threads=1)
    lines = [draw_bars("ab b"), draw_bars("bb")]
    twin = LineReader(report.bundle, n_threads=1).scores(lines)
    for ours, theirs in zip(twin, LineReader(bundle, n_threads=1).scores(lines), strict=True):
        assert np.abs(ours - theirs).max() < 0.02
        assert not np.array_equal(ours, theirs)
    assert report.n_bytes_after == report.bundle.network_path.stat().st_size
    assert report.n_bytes_before == bundle.network_path.stat().st_size
    assert report.n_bytes_after < 0.8 * report.n_bytes_before
    assert min(report.seconds_before, report.seconds_after) > 0


def test_recurrent_and_linear_weights_are_int8(bundle: Bundle) -> None:
    twin = onnx.load(quantise_bundle(bundle, n_threads=1).bundle.network_path)
    operators = {node.op_type for node in twin.graph.node}
    assert {"DynamicQuantizeLSTM", "MatMulInteger"} <= operators
    assert not operators & {"LSTM", "MatMul"}


def test_the_twin_is_found_by_its_name_and_names_its_original(bundle: Bundle) -> None:
    report = quantise_bundle(bundle, n_threads=1)
    twin = load_bundle("tiny-int8", task="line")
    assert twin == report.bundle
    assert twin.manifest.derived_from == "tiny 1"
    assert twin.manifest.cer == ()
    assert twin.manifest.symbols == MANIFEST.symbols
    assert sorted(twin.manifest.files) == ["config.json", "model.onnx"]


def test_the_original_stays_as_it_is(bundle: Bundle) -> None:
    quantise_bundle(bundle, n_threads=1)
    assert load_bundle(bundle.folder) == bundle


def test_a_twin_is_not_rounded_again_nor_overwritten_unasked(
    bundle: Bundle, tmp_path: Path
) -> None:
    twin = quantise_bundle(bundle, tmp_path / "twin", n_threads=1).bundle
    with pytest.raises(BundleError, match=r"twin is rounded already: quantise tiny 1\.$"):
        quantise_bundle(twin)
    with pytest.raises(BundleError, match="twin holds a model already"):
        quantise_bundle(bundle, tmp_path / "twin", n_threads=1)
    again = quantise_bundle(bundle, tmp_path / "twin", n_threads=1, overwrite=True).bundle
    assert again.manifest.files == twin.manifest.files


def test_the_original_is_not_replaced(bundle: Bundle) -> None:
    with pytest.raises(BundleError, match="tiny holds the model itself: give another folder.$"):
        quantise_bundle(bundle, bundle.folder / ".." / "tiny", overwrite=True)
    assert load_bundle(bundle.folder) == bundle


def test_weights_to_train_on_with_are_left_out(tmp_path: Path) -> None:
    original = write_tiny_bundle(tmp_path / "tiny", network=recurrent_network())
    files = {name: original.folder / name for name in original.manifest.files}
    files["weights.safetensors"] = original.network_path
    original = write_bundle(tmp_path / "with", original.manifest, files)
    twin = quantise_bundle(original, tmp_path / "twin", n_threads=1).bundle
    assert sorted(twin.manifest.files) == ["config.json", "model.onnx"]


def test_a_folder_that_cannot_be_made(bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file/twin cannot be written: Not a directory.$"):
        quantise_bundle(bundle, tmp_path / "file" / "twin", n_threads=1)


def test_character_models_have_no_twin(tmp_path: Path) -> None:
    bundle = load_bundle("characters")
    with pytest.raises(BundleError, match="is a character model, which has no int8 twin"):
        quantise_bundle(bundle, tmp_path / "twin")


def test_without_onnx_the_install_command_is_told(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError) as caught:
        quantise_bundle(bundle)
    assert str(caught.value) == (
        "Quantising needs onnx, which is not installed: pip install 'text-recognizer[train]'."
    )


def test_nothing_is_logged(bundle: Bundle, caplog: pytest.LogCaptureFixture) -> None:
    quantise_bundle(bundle, n_threads=1)
    assert caplog.records == []
