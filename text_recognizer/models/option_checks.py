"""Checks of options that several networks share; each message names field, value and choice."""

from collections.abc import Mapping

from text_recognizer.errors import OptionError


def check_positive(counts: Mapping[str, int]) -> None:
    """Refuses counts below 1.

    Args:
        counts: values by the names of their fields.

    Raises:
        OptionError: a count is below 1.
    """
    for name, value in counts.items():
        if value < 1:
            raise OptionError(f"{name} must be 1 or more, not {value}.")


def check_dropout(name: str, value: float) -> None:
    """Refuses what is no share of values to drop.

    Raises:
        OptionError: the value is below 0, or 1 or above.
    """
    if not 0 <= value < 1:
        raise OptionError(f"{name} must be at least 0 and below 1, not {value}.")


def check_multiple(name: str, value: int, *, of: int, least: int | None = None) -> None:
    """Refuses a value that a network could only use after rounding it without a word.

    Args:
        name: of the field, or words for what is measured.
        value: in pixels of the image.
        of: pixels that the network joins into one.
        least: smallest value allowed, a multiple of `of`; None: `of` itself.

    Raises:
        OptionError: the value is no multiple, or too small; the message names the nearest ones.
    """
    smallest = of if least is None else least
    if value >= smallest and value % of == 0:
        return
    around = (value // of * of, -(-value // of) * of)
    near = [number for number in around if number >= smallest] or [smallest]
    nearest = f"nearest is {near[0]}" if len(near) == 1 else f"nearest are {near[0]} and {near[1]}"
    raise OptionError(
        f"{name} must be a multiple of {of} and at least {smallest}, not {value}; the {nearest}."
    )


def check_side(name: str, value: int, *, least: int, network: str) -> None:
    """Refuses images with fewer rows or columns than a network's convolutions need.

    Raises:
        OptionError: the side is shorter than `least` pixels.
    """
    if value < least:
        raise OptionError(f"{network} needs images with a {name} of {least} or more, not {value}.")


def check_one_character(output_length: int, *, network: str) -> None:
    """Refuses labels of whole lines for a network that reads one character.

    Raises:
        OptionError: the output length is not 1.
    """
    if output_length != 1:
        raise OptionError(
            f"{network} reads one character per image, but the labels have {output_length}: "
            "choose a network for lines, such as LineCNN, or data of characters, such as EMNIST."
        )
