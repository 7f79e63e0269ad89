"""Command-line flags made from the fields of an options dataclass: `--max_length 32`."""

import argparse
import types
from collections.abc import Collection, Sequence
from dataclasses import fields
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from text_recognizer.errors import OptionError

Options = TypeVar("Options")
_WORDS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def add_flags(
    parser: argparse._ActionsContainer,
    options_class: type[Any],
    *,
    but: Collection[str] = (),
) -> None:
    """Adds a flag for each field; flags that are not given leave the field's default.

    A bool is switched on by its flag alone, and set by `--flag true` or `--flag false`.

    Args:
        parser: or a group of one.
        options_class: a dataclass.
        but: fields that have a flag already, or are to have none.
    """
    hints = get_type_hints(options_class)
    for field in fields(options_class):
        if field.name in but:
            continue
        kind = _plain_type(hints[field.name])
        flag = f"--{field.name}"
        if kind is bool:
            parser.add_argument(
                flag, type=_to_bool, nargs="?", const=True, default=argparse.SUPPRESS
            )
        else:
            parser.add_argument(flag, type=kind, default=argparse.SUPPRESS)


def parse_options(options_class: type[Options], arguments: Sequence[str], prog: str) -> Options:
    """Options from flags.

    Raises:
        OptionError: a value is not allowed.
    """
    parser = argparse.ArgumentParser(prog=prog)
    add_flags(parser, options_class)
    return options_class(**vars(parser.parse_args(arguments)))


def _plain_type(hint: Any) -> Any:
    """The type of a field, without `| None`."""
    if get_origin(hint) in (Union, types.UnionType):
        (kind,) = [part for part in get_args(hint) if part is not type(None)]
        return kind
    return hint


def _to_bool(word: str) -> bool:
    if word.lower() not in _WORDS:
        raise OptionError(f"Say true or false, not {word!r}.")
    return _WORDS[word.lower()]
