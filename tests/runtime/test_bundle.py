"""Models on disk: written, found, checked, and refused when they are not whole."""

import json
import shutil
import sys
from pathlib import Path

import pytest
from tiny_bundles import MANIFEST, bar_network, write_tiny_bundle

from text_recognizer import bundle as bundle_module
from text_recognizer.bundle import (
    find_bundle,
    list_bundles,
    load_bundle,
    read_manifest,
    user_data_folder,
    write_bundle,
)
from text_recognizer.errors import BundleError, InputError


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """The three folders in which names are looked up, empty, with the current one in between."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(bundle_module, "PACKAGE_FOLDER", tmp_path / "package")
    monkeypatch.setattr(bundle_module, "user_data_folder", lambda: tmp_path / "home")
    return {
        "current": Path("artifacts"),
        "user": tmp_path / "home" / "artifacts",
        "package": tmp_path / "package",
    }


def test_a_written_bundle_loads(tmp_path: Path) -> None:
    written = write_tiny_bundle(tmp_path / "models" / "tiny")
    loaded = load_bundle(tmp_path / "models" / "tiny", task="line")
    assert loaded == written
    assert loaded.network_path.read_bytes() == bar_network()
    assert sorted(loaded.manifest.files) == ["config.json", "model.onnx"]
    assert sorted(path.name for path in loaded.folder.iterdir()) == [
        "config.json",
        "manifest.json",
        "model.onnx",
    ]


def test_files_are_copied_by_path(tmp_path: Path) -> None:
    (tmp_path / "made.onnx").write_bytes(b"network")
    bundle = write_bundle(tmp_path / "m", MANIFEST, {"model.onnx": tmp_path / "made.onnx"})
    assert load_bundle(bundle.folder).network_path.read_bytes() == b"network"
    with pytest.raises(InputError, match=r"gone\.onnx cannot be read: No such file"):
        write_bundle(tmp_path / "n", MANIFEST, {"model.onnx": tmp_path / "gone.onnx"})
    assert not (tmp_path / "n").exists()


def test_a_bundle_is_not_overwritten_unasked(tmp_path: Path) -> None:
    folder = write_tiny_bundle(tmp_path / "m").folder
    with pytest.raises(BundleError, match=r"m holds a model already: choose another folder\.$"):
        write_bundle(folder, MANIFEST, {"model.onnx": b"new"})
    write_bundle(folder, MANIFEST, {"model.onnx": b"new"}, overwrite=True)
    assert load_bundle(folder).network_path.read_bytes() == b"new"


def test_a_shipped_bundle_is_never_overwritten(places: dict[str, Path]) -> None:
    folder = write_tiny_bundle(places["package"] / "m").folder
    with pytest.raises(BundleError, match=r"m is a shipped model: write the new one elsewhere\.$"):
        write_bundle(folder, MANIFEST, {"model.onnx": b"new"}, overwrite=True)
    assert load_bundle(folder).network_path.read_bytes() == bar_network()


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = write_tiny_bundle(tmp_path / "m").network_path
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)
    with pytest.raises(BundleError) as caught:
        load_bundle(tmp_path / "m")
    assert str(caught.value) == (
        f"{path} is damaged or of another model, its SHA-256 is not that of manifest.json: "
        "copy the whole model folder again."
    )


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = write_tiny_bundle(tmp_path / "m").network_path
    path.unlink()
    with pytest.raises(BundleError) as caught:
        load_bundle(tmp_path / "m")
    assert str(caught.value) == f"{path} is missing: copy the whole model folder again."


def test_a_folder_in_place_of_a_file_is_named(tmp_path: Path) -> None:
    path = write_tiny_bundle(tmp_path / "m").network_path
    path.unlink()
    path.mkdir()
    with pytest.raises(BundleError, match=r"model\.onnx cannot be read: "):
        load_bundle(tmp_path / "m")


def test_swapped_networks_of_two_models_are_refused(tmp_path: Path) -> None:
    one = write_tiny_bundle(tmp_path / "one").network_path
    other = write_tiny_bundle(tmp_path / "other", network=bar_network(sharpness=3.0)).network_path
    keep = one.read_bytes()
    shutil.copyfile(other, one)
    other.write_bytes(keep)
    for name, path in (("one", one), ("other", other)):
        with pytest.raises(BundleError) as caught:
            load_bundle(tmp_path / name)
        assert str(path) in str(caught.value)


def test_swapped_manifests_of_two_models_are_refused(tmp_path: Path) -> None:
    write_tiny_bundle(tmp_path / "one")
    write_tiny_bundle(tmp_path / "other", network=bar_network(sharpness=3.0))
    shutil.copyfile(tmp_path / "other" / "manifest.json", tmp_path / "one" / "manifest.json")
    with pytest.raises(BundleError, match=r"one/model\.onnx is damaged or of another model"):
        load_bundle(tmp_path / "one")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"[" * 100_000])
def test_a_manifest_that_is_not_json_is_named(tmp_path: Path, content: bytes) -> None:
    write_tiny_bundle(tmp_path / "m")
    (tmp_path / "m" / "manifest.json").write_bytes(content)
    with pytest.raises(BundleError) as caught:
        load_bundle(tmp_path / "m")
    assert str(caught.value) == (
        f"{tmp_path}/m/manifest.json is not JSON: copy the whole model folder again, "
        "or export it again."
    )


def test_a_manifest_of_another_schema_is_named(tmp_path: Path) -> None:
    write_tiny_bundle(tmp_path / "m")
    path = tmp_path / "m" / "manifest.json"
    path.write_text(json.dumps(MANIFEST.to_json() | {"schema": 2}))
    with pytest.raises(BundleError) as caught:
        load_bundle(tmp_path / "m")
    assert str(caught.value) == (
        f"{path} is not a manifest that can be used: its schema is 2 and this program reads "
        "schema 1: install the version of text-recognizer that the model was made for."
    )


def test_a_missing_manifest_is_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"manifest\.json cannot be read: No such file"):
        read_manifest(tmp_path)


def test_a_model_for_another_task_is_refused(tmp_path: Path) -> None:
    write_tiny_bundle(tmp_path / "m", task="character")
    with pytest.raises(BundleError, match="m is a character model and a line model is needed"):
        load_bundle(tmp_path / "m", task="line")


def test_a_bundle_without_network_says_so(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "m", MANIFEST, {"config.json": b"{}"})
    with pytest.raises(BundleError, match=r"m lists no model\.onnx: export the model again\.$"):
        _ = bundle.network_path


def test_names_are_looked_up_in_order(places: dict[str, Path]) -> None:
    for place in ("package", "user", "current"):
        write_tiny_bundle(places[place] / "tiny")
        assert find_bundle("tiny") == places[place] / "tiny"
    write_tiny_bundle(Path("tiny"))
    assert find_bundle("tiny") == Path("tiny")


def test_a_path_is_not_looked_up_by_its_last_part(places: dict[str, Path]) -> None:
    write_tiny_bundle(places["package"] / "tiny")
    with pytest.raises(BundleError, match=r"^elsewhere/tiny does not exist: give the folder of"):
        find_bundle("elsewhere/tiny")


def test_an_unknown_name_lists_those_that_are_there(places: dict[str, Path]) -> None:
    with pytest.raises(BundleError, match=r"^No model is called big: there are none\.$"):
        find_bundle("big")
    write_tiny_bundle(places["package"] / "tiny")
    write_tiny_bundle(places["current"] / "mine")
    with pytest.raises(BundleError, match=r"^No model is called big: there are mine, tiny\.$"):
        find_bundle("big")


def test_what_is_no_model_says_what_it_is(places: dict[str, Path]) -> None:
    Path("folder").mkdir()
    Path("model.onnx").write_bytes(b"")
    with pytest.raises(BundleError, match=r"^folder holds no manifest\.json: give the folder of"):
        find_bundle("folder")
    with pytest.raises(BundleError, match=r"^model\.onnx is a file, and a model is a folder with"):
        find_bundle("model.onnx")
    with pytest.raises(BundleError, match=r"^\. holds no manifest\.json"):
        find_bundle("")


@pytest.mark.parametrize("name", ["model.pt", "weights.H5", "handwriting.params", "a.pth"])
def test_models_of_other_programs_are_refused(places: dict[str, Path], name: str) -> None:
    sentence = " is a model of another program and is not read: train one with 'text-recognizer"
    with pytest.raises(BundleError) as caught:
        find_bundle(name)
    assert str(caught.value) == f"{name}{sentence} train'."
    for folder in (Path("given"), places["current"] / "named"):
        folder.mkdir(parents=True)
        (folder / name).write_bytes(b"")
        with pytest.raises(BundleError) as caught:
            find_bundle(folder.name)
        assert str(caught.value) == f"{folder / name}{sentence} train'."


def test_a_checkpoint_is_sent_to_export(places: dict[str, Path]) -> None:
    with pytest.raises(BundleError) as caught:
        find_bundle("runs/last.ckpt")
    assert str(caught.value) == (
        "runs/last.ckpt is a checkpoint of a training run: make a model of it with "
        "'text-recognizer export runs/last.ckpt --output FOLDER'."
    )


def test_the_list_holds_what_names_lead_to(places: dict[str, Path]) -> None:
    assert list_bundles() == []
    write_tiny_bundle(places["package"] / "tiny", version="1")
    write_tiny_bundle(places["current"] / "tiny", version="2")
    write_tiny_bundle(places["user"] / "broken")
    (places["user"] / "broken" / "manifest.json").write_text("{")
    (places["user"] / "no-model").mkdir()
    broken, tiny = list_bundles()
    assert (broken.name, broken.manifest) == ("broken", None)
    assert broken.problem is not None
    assert "is not JSON" in broken.problem
    assert (tiny.name, tiny.folder, tiny.problem) == ("tiny", places["current"] / "tiny", None)
    assert tiny.manifest is not None
    assert tiny.manifest.version == "2"


@pytest.mark.parametrize(
    ("platform", "folder"),
    [
        ("linux", ".local/share/text-recognizer"),
        ("darwin", "Library/Application Support/text-recognizer"),
        ("win32", "AppData/Local/text-recognizer"),
    ],
)
def test_the_users_data_folder_is_that_of_the_platform(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, platform: str, folder: str
) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    assert user_data_folder() == tmp_path / folder


@pytest.mark.parametrize(
    ("platform", "variable"), [("linux", "XDG_DATA_HOME"), ("win32", "LOCALAPPDATA")]
)
def test_the_users_data_folder_follows_the_system_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, platform: str, variable: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv(variable, str(tmp_path))
    assert user_data_folder() == tmp_path / "text-recognizer"
