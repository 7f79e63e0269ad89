"""Which models a recipe can go on from."""

import logging
from dataclasses import replace

import pytest
from tiny_bundles import MANIFEST
from tiny_run import tiny_options

from text_recognizer.errors import OptionError
from text_recognizer.line_input import INPUT_NORMALISATION
from text_recognizer.training.command import check_base

pytestmark = pytest.mark.train

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
