"""What a manifest may say, and how it is written and read."""

import json
from dataclasses import replace
from typing import Any

import pytest
from tiny_bundles import MANIFEST

from text_recognizer.errors import BundleError
from text_recognizer.manifest import LanguageSettings, Manifest, MeasuredCer, TrainingData

FULL = replace(
    MANIFEST,
    symbols=("a", "é", " "),
    temperature=1.5,
    word_calibration=((0.0, 0.0), (0.5, 0.4), (1.0, 0.9)),
    language=LanguageSettings("english", 0.4, 1.2, ((0.0, 0.1), (1.0, 0.9))),
    files={"model.onnx": "00"},
    git_commit="abc",
    seed=7,
    libraries={"torch": "2.13.0"},
    training_data=(TrainingData("notes", "CC-BY-4.0", "by a friend"),),
    cer=(MeasuredCer("notes", "test", 0.07, 0.06, 0.08, 1200, "drawn"),),
    licence="CC-BY-SA-4.0",
    created="2025-01-01T00:00:00+00:00",
    derived_from="tiny 0",
)


def changed(**changes: object) -> dict[str, Any]:
    return json.loads(json.dumps(FULL.to_json())) | changes  # type: ignore[no-any-return]


@pytest.mark.parametrize("manifest", [MANIFEST, FULL])
def test_a_manifest_survives_json(manifest: Manifest) -> None:
    assert Manifest.from_json(json.loads(json.dumps(manifest.to_json()))) == manifest


def test_a_manifest_from_before_there_were_languages_is_read() -> None:
    content = changed()
    del content["language"]
    assert Manifest.from_json(content) == replace(FULL, language=None)


@pytest.mark.parametrize(
    "language",
    [
        {"name": "english", "weight": -0.1, "bonus": 0.0},
        {"name": "english", "weight": 0.1, "bonus": float("nan")},
        {"name": "../english", "weight": 0.1, "bonus": 0.0},
        {"name": "english", "weight": "much", "bonus": 0.0},
        {"name": "english", "weight": 0.1},
        {"name": "english", "weight": 0.1, "bonus": 0.0, "more": 1},
        {"name": "english", "weight": 0.1, "bonus": 0.0, "word_calibration": [[0.5, 0.5]]},
        {"name": 7, "weight": 0.1, "bonus": 0.0},
    ],
)
def test_wrong_language_settings(language: dict[str, Any]) -> None:
    with pytest.raises(BundleError):
        Manifest.from_json(changed(language=language))


def test_the_alphabet_has_the_blank_as_label_zero() -> None:
    assert FULL.to_json()["alphabet"] == {"blank": 0, "symbols": ["a", "é", " "]}
    assert FULL.alphabet.decode([0, 2, 1]) == "éa"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "it has no key 'schema'"),
        ({}, "it has no key 'schema'"),
        (changed(schema=2), "its schema is 2 and this program reads schema 1: install"),
        (changed(pages=3), "it has the unknown keys pages"),
        (changed(alphabet=["a"]), "alphabet must hold 'symbols' and 'blank': 0"),
        (changed(alphabet={"blank": 1, "symbols": ["a"]}), "alphabet must hold"),
        (changed(alphabet={"blank": 0}), "symbols must be list, not None"),
        (changed(alphabet={"blank": 0, "symbols": ["a", "a"]}), "symbols are not an alphabet"),
        (changed(alphabet={"blank": 0, "symbols": [1]}), "symbols are not an alphabet"),
        (changed(line_height="48"), "line_height must be int, not '48'"),
        (changed(line_height=True), "line_height must be int, not True"),
        (changed(seed=1.5), "seed must be int or null, not 1.5"),
        (changed(cer=[{"split": "test"}]), "another form than this program knows"),
        (changed(word_calibration=[[0.1]]), "another form than this program knows"),
    ],
)
def test_content_that_is_no_manifest_is_refused(content: object, message: str) -> None:
    with pytest.raises(BundleError, match=message):
        Manifest.from_json(content)


def test_a_missing_key_is_named() -> None:
    content = changed()
    del content["licence"]
    with pytest.raises(BundleError, match="it lacks the keys licence"):
        Manifest.from_json(content)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"task": "poem"},
            "task must be one of line, character, paragraph, finder, language, corrector, not",
        ),
        ({"temperature": 0.0}, "temperature must be over 0, not 0.0"),
        ({"temperature": float("nan")}, "temperature must be over 0, not nan"),
        ({"symbols": ()}, "symbols must be the model's characters"),
        ({"line_height": 0}, "line_height must be at least 1, not 0"),
        ({"frame_stride": -4}, "frame_stride must be at least 1, not -4"),
        ({"name": ""}, "name must be a name without folders, not ''"),
        ({"name": "../line"}, "name must be a name without folders"),
        ({"files": {"../../etc/passwd": "00"}}, "files must be a name without folders"),
        ({"files": {"C:\\x": "00"}}, "files must be a name without folders"),
        ({"word_calibration": ((0.0, 0.0),)}, "word_calibration must be two or more points"),
        ({"word_calibration": ((0.5, 0.1), (0.4, 0.2))}, "word_calibration must be"),
        ({"word_calibration": ((0.0, 0.5), (1.0, 0.4))}, "word_calibration must be"),
        ({"word_calibration": ((0.0, 0.5), (1.0, 1.1))}, "word_calibration must be"),
        ({"word_calibration": ((0.0, 0.5), (0.6, 0.4), (1, 0.9))}, "word_calibration must be"),
    ],
)
def test_values_that_make_no_sense_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(BundleError, match=message):
        replace(MANIFEST, **changes)


def test_a_finder_needs_no_alphabet() -> None:
    finder = Manifest(name="lines", version="1", task="finder", input_normalisation="none")
    assert Manifest.from_json(json.loads(json.dumps(finder.to_json()))) == finder
