"""Parameters of a sweep file as distributions of Optuna, and the points of a grid."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalChoiceType,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from text_recognizer.errors import OptionError

Number = int | float
Values = Mapping[str, CategoricalChoiceType]

_KEYS = ("value", "values", "distribution", "min", "max", "q")
_PLAIN = (str, int, float, bool, type(None))


def read_parameter(name: str, content: Any) -> BaseDistribution | CategoricalChoiceType:
    """A distribution, or the one value that a parameter has.

    Args:
        name: of the parameter, for messages.
        content: what the sweep file says of it.

    Raises:
        OptionError: it says nothing, or something that there is no way to draw.
    """
    if not isinstance(content, dict):
        raise OptionError(f"{name} holds value, values, or min and max, not {content!r}.")
    if "parameters" in content:
        raise OptionError(f"{name} is nested: write its parts with a dot, as {name}.part.")
    unknown = sorted(str(key) for key in content if key not in _KEYS)
    if unknown:
        raise OptionError(f"{name}: {', '.join(unknown)} is not known; {', '.join(_KEYS)} are.")
    if "value" in content:
        return _plain(name, content["value"])
    if "values" in content:
        return _choices(name, content["values"])
    return _range(name, content)


def grid_size(space: Mapping[str, BaseDistribution]) -> int:
    """Points of a grid.

    Raises:
        OptionError: a parameter has no end of values.
    """
    return math.prod(len(_listed(name, kind)) for name, kind in space.items())


def grid_point(space: Mapping[str, BaseDistribution], index: int) -> dict[str, Any]:
    """The values of a point; the last parameter changes fastest."""
    point: dict[str, Any] = {}
    for name, kind in reversed(list(space.items())):
        choices = _listed(name, kind)
        index, place = divmod(index, len(choices))
        point[name] = choices[place]
    return {name: point[name] for name in space}


def first_values(space: Mapping[str, BaseDistribution]) -> dict[str, Any]:
    """One value of each parameter."""
    return {
        name: kind.choices[0] if isinstance(kind, CategoricalDistribution) else _low(kind)
        for name, kind in space.items()
    }


def _low(kind: BaseDistribution) -> Number:
    assert isinstance(kind, IntDistribution | FloatDistribution)
    return kind.low


def _listed(name: str, kind: BaseDistribution) -> Sequence[Any]:
    if isinstance(kind, CategoricalDistribution):
        return kind.choices
    if isinstance(kind, IntDistribution) and not kind.log:
        return range(kind.low, kind.high + 1, kind.step)
    raise OptionError(f"method: grid needs the values of {name} one by one: give values.")


def _plain(name: str, value: Any) -> CategoricalChoiceType:
    if not isinstance(value, _PLAIN):
        raise OptionError(f"{name}: a value is text, a number, true or false, not {value!r}.")
    return value


def _choices(name: str, values: Any) -> CategoricalDistribution:
    if not isinstance(values, list) or not values:
        raise OptionError(f"{name}: values is a list, not {values!r}.")
    return CategoricalDistribution([_plain(name, value) for value in values])


def _range(name: str, content: Mapping[str, Any]) -> BaseDistribution:
    low, high = (_number(name, content.get(key), key) for key in ("min", "max"))
    is_whole = isinstance(low, int) and isinstance(high, int)
    kind = content.get("distribution", "int_uniform" if is_whole else "uniform")
    if not isinstance(kind, str) or kind not in _MAKERS:
        raise OptionError(f"{name}: no distribution {kind!r}; there are {', '.join(_MAKERS)}.")
    step = _number(name, content.get("q", 1), "q")
    try:
        return _MAKERS[kind](low, high, step)
    except (ValueError, ZeroDivisionError, OverflowError) as error:
        raise OptionError(f"{name}: min {low} and max {high} do not go: {error}") from None


def _number(name: str, value: Any, key: str) -> Number:
    """A number; 1e-3 without a point is text in YAML, and taken, too."""
    try:
        number = value if isinstance(value, int | float) else float(value)
    except (TypeError, ValueError):
        raise OptionError(f"{name}: {key} is a number, not {value!r}.") from None
    if not math.isfinite(number):
        raise OptionError(f"{name}: {key} is a number with an end, not {value!r}.")
    return number


def _whole(low: Number, high: Number, step: Number) -> BaseDistribution:
    return IntDistribution(int(low), int(high))


def _uniform(low: Number, high: Number, step: Number) -> BaseDistribution:
    return FloatDistribution(low, high)


def _steps(low: Number, high: Number, step: Number) -> BaseDistribution:
    """Multiples of the step."""
    first, last = round(low / step), round(high / step)
    if isinstance(step, int):
        return IntDistribution(first * step, last * step, step=step)
    return FloatDistribution(first * step, last * step, step=step)


def _logarithmic(low: Number, high: Number, step: Number) -> BaseDistribution:
    return FloatDistribution(low, high, log=True)


def _of_exponents(low: Number, high: Number, step: Number) -> BaseDistribution:
    return FloatDistribution(math.exp(low), math.exp(high), log=True)


_MAKERS: Mapping[str, Callable[[Number, Number, Number], BaseDistribution]] = {
    "int_uniform": _whole,
    "uniform": _uniform,
    "q_uniform": _steps,
    "log_uniform_values": _logarithmic,
    "log_uniform": _of_exponents,
}
