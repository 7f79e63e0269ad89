"""Which models a recipe can go on from."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_bundles import MANIFEST
from tiny_run import tiny_options

from text_recognizer.bundle import PACKAGE_FOLDER, load_bundle
from text_recognizer.errors import OptionError
from text_recognizer.line_input import INPUT_NORMALISATION
from text_recognizer.training.command import check_base
from text_recognizer.training.export import read_base_weights
from text_recognizer.training.fit import load_base
from text_recognizer.training.options import load_recipe
from text_recognizer.training.tasks import task_of

pytestmark = pytest.mark.train

RECIPES = Path(__file__).parents[2] / "recipes"

NEW = replace(MANIFEST, input_normalisation=INPUT_NORMALISATION)


def test_a_model_of_the_same_shape_is_taken() -> None:
    check_base(NEW, tiny_options(), NEW.symbols)


def test_a_model_for_another_input_is_taken_and_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    check_base(MANIFEST, tiny_options(), MANIFEST.symbols)
    assert "tiny was made for paper-division-2, and learns paper-division-3 now." in caplog.text


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"line_height": 64}, "line height"),
        ({"text_form": "other"}, "text form"),
        ({"symbols": ("a", "x")}, "symbols"),
        ({"derived_from": "tiny 1"}, "weights rounded from tiny 1"),
    ],
)
def test_what_does_not_fit_is_named(change: dict[str, object], word: str) -> None:
    with pytest.raises(OptionError, match=f"tiny does not fit the recipe: {word}"):
        check_base(replace(NEW, **change), tiny_options(), NEW.symbols)


@pytest.mark.parametrize(
    ("model", "recipe"), [("line-english", "line-cpu"), ("line-finder", "line-finder")]
)
def test_shipped_models_can_be_trained_further(model: str, recipe: str) -> None:
    options = load_recipe(RECIPES / f"{recipe}.toml")
    task = task_of(options)
    bundle = load_bundle(PACKAGE_FOLDER / model, task=task.name)
    symbols = task.symbols(options, RECIPES)
    check_base(bundle.manifest, options, symbols)
    weights = read_base_weights(bundle)
    load_base(task.make_network(options, symbols), weights, optional=task.optional_heads)
