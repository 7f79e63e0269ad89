"""Recipes: every shipped file loads; unknown keys and wrong values are errors that name them."""

from pathlib import Path

import pytest

from text_recognizer.alphabet import Alphabet
from text_recognizer.errors import InputError, OptionError
from text_recognizer.training.options import (
    CorrectorTrainingOptions,
    LineTrainingOptions,
    load_recipe,
    options_from_dict,
    parse_time,
)
from text_recognizer.training.tasks import task_of

_LINE_RECIPE = Path(__file__).parents[2] / "recipes" / "line-cpu.toml"
_RECIPES = sorted(
    p for p in (Path(__file__).parents[2] / "recipes").glob("*.toml") if p.name != "sources.toml"
)


@pytest.mark.parametrize("path", _RECIPES, ids=lambda p: p.stem)
def test_every_recipe_loads_and_its_symbols_too(path: Path) -> None:
    options = load_recipe(path)
    assert options.name == path.stem
    symbols = task_of(options).symbols(options, path.parent)
    if isinstance(options, LineTrainingOptions):
        assert not Alphabet(symbols).unknown('The quick brown fox, 1234567890 "x" (y) é?')
        assert "peraire" not in options.data.shares  # the unseen hand
    elif isinstance(options, CorrectorTrainingOptions):
        assert symbols == Alphabet.load(path.parent / "latin.json").symbols
    else:
        assert symbols == ()


def test_resolved_options_survive_the_way_through_plain_values() -> None:
    options = load_recipe(_LINE_RECIPE, ["loss.learning_rate=0.002"])
    assert options.loss.learning_rate == 0.002
    assert options_from_dict(options.to_dict()) == options


def test_settings_override_the_recipe() -> None:
    options = load_recipe(
        _LINE_RECIPE,
        ["trainer.max_time=00:01:00", "network.stack=4", "data.shares.fonts=0.5", "name=other"],
    )
    assert options.trainer.max_time == "00:01:00"
    assert options.network.stack == 4
    assert options.data.shares["fonts"] == 0.5
    assert options.name == "other"


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("loss.rate=1", "Unknown option loss.rate; known are betas, clip, ema"),
        ("network.stack=3", "network.stack is 1, 2 or 4, not 3."),
        ("network.lstm_dim=wide", "Option network.lstm_dim takes a value of type int, not 'wide'"),
        ("network.lstm_dim=true", "Option network.lstm_dim takes a value of type int, not True"),
        ("trainer.max_time=soon", "trainer.max_time is a time as HH:MM:SS, not 'soon'."),
        ("network_class=Transformer", "No network is called 'Transformer'"),
        ("stack", "A setting is written key=value, not 'stack'."),
        ("name.first=x", "The setting 'name.first' goes into 'name', which holds no keys."),
        ("data.max_width=100", "data.max_width is a multiple of 64"),
    ],
)
def test_wrong_settings_are_named(setting: str, message: str) -> None:
    with pytest.raises(OptionError) as caught:
        load_recipe(_LINE_RECIPE, [setting])
    assert message in str(caught.value)


def test_missing_and_broken_recipes_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"The recipe .*none.toml cannot be read"):
        load_recipe(tmp_path / "none.toml")
    (tmp_path / "broken.toml").write_text("a = = 1")
    with pytest.raises(InputError, match=r"The recipe .*broken.toml is not TOML"):
        load_recipe(tmp_path / "broken.toml")


def test_parse_time() -> None:
    assert parse_time("01:02:03", name="x") == 3723
