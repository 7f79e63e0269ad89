"""The manifest of a model: what it reads, how its input is made, where it comes from.

A manifest is the file `manifest.json` of a bundle. It knows nothing about folders and hashes;
`bundle` does.
"""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from text_recognizer.alphabet import BLANK, Alphabet
from text_recognizer.errors import AlphabetError, BundleError

SCHEMA = 1
TASKS = ("line", "character", "paragraph", "finder", "language", "corrector")
_TASKS_WITH_TEXT = ("line", "character", "paragraph", "language", "corrector")


@dataclass(frozen=True)
class TrainingData:
    """One data set that the weights were trained on.

    Attributes:
        name: as its source calls it.
        licence: SPDX identifier where there is one.
        attribution: the words that the licence asks for; empty if it asks for none.
    """

    name: str
    licence: str
    attribution: str = ""


@dataclass(frozen=True)
class MeasuredCer:
    """A character error rate of this very file of weights.

    Attributes:
        data: data set or source that was read.
        split: train, validation or test.
        cer: edits summed over characters summed, in the manifest's text form; 0.07 is 7 %.
        low: lower end of the 95 % interval; None if it was not computed.
        high: upper end of it.
        n_characters: characters of the references, summed; None if unknown.
        note: which lines were taken, or how they were drawn; empty if all as stored.
    """

    data: str
    split: str
    cer: float
    low: float | None = None
    high: float | None = None
    n_characters: int | None = None
    note: str = ""


@dataclass(frozen=True)
class LanguageSettings:
    """The language model that a line model reads with, and how much is given on it.

    Attributes:
        name: of the language model, as `--language-model` takes it.
        weight: of its log-probabilities beside those of the line model.
        bonus: added to the score for each character.
        word_calibration: as `Manifest.word_calibration`, of what is read with it.
        word_bonus: added for each letter of a word that the language model lists.

    Raises:
        BundleError: a value is not allowed; the message names the field.
    """

    name: str
    weight: float
    bonus: float
    word_calibration: tuple[tuple[float, float], ...] | None = None
    word_bonus: float = 0.0

    def __post_init__(self) -> None:
        _check_name(self.name, "language.name")
        _require(0 <= self.weight < math.inf, "language.weight", self.weight, "0 or more")
        _require(math.isfinite(self.bonus), "language.bonus", self.bonus, "a number")
        is_bonus = 0 <= self.word_bonus < math.inf
        _require(is_bonus, "language.word_bonus", self.word_bonus, "0 or more")
        _check_calibration(self.word_calibration)


@dataclass(frozen=True)
class CorrectionSettings:
    """How much is given on a corrector beside the reader.

    Attributes:
        weight: of the logarithm of the odds that the corrector gives an edit.
        margin: by which the weighted logarithm must be over what the reader's score loses; under 0
            where a corrector holds edits for too unlikely.

    Raises:
        BundleError: a value is not allowed; the message names the field.
    """

    weight: float
    margin: float

    def __post_init__(self) -> None:
        _require(0 <= self.weight < math.inf, "correction.weight", self.weight, "0 or more")
        _require(math.isfinite(self.margin), "correction.margin", self.margin, "a number")


@dataclass(frozen=True)
class Manifest:
    """Everything a program must know to use a model, and a person to judge it.

    Attributes:
        name: the name that `--model` takes.
        version: of the weights, not of the program.
        task: one of `TASKS`.
        symbols: characters of labels 1, 2, ...; label 0 is the blank. Empty for a finder.
        text_form: name of the form that the model writes; empty for a finder.
        input_normalisation: name of the function that makes the network's input.
        line_height: rows of the network's input; 0 if it takes any.
        frame_stride: input columns a frame, the last of which may reach over the end; 0 if the
            output has no frames.
        max_length: labels of a paragraph's text at most, start and end among them; 0 for others.
        temperature: divides the scores before the softmax that gives confidences.
        word_calibration: points (product of character confidences, share of such words right),
            rising in both; between them straight lines. None: the product is taken as it is.
        language: the language model that it reads with; None if it reads without.
        correction: of a corrector, how much is given on it; None if that was not tuned.
        files: SHA-256 of every file, in hexadecimal, by name; `write_bundle` fills it.
        git_commit: of the program that trained; None if not known.
        seed: of the training run; None if not known.
        libraries: version of each library that took part, by name.
        training_data: what the weights were trained on.
        cer: what they were measured on.
        licence: of the weights, as an SPDX identifier.
        created: date and time in ISO 8601.
        derived_from: name and version of the model that these weights were computed from by
            rounding, such as int8; None for weights as trained. Such a model only reads: training
            starts from the other.

    Raises:
        BundleError: a value is not allowed; the message names the field.
    """

    name: str
    version: str
    task: str
    input_normalisation: str
    symbols: tuple[str, ...] = ()
    text_form: str = ""
    line_height: int = 0
    frame_stride: int = 0
    max_length: int = 0
    temperature: float = 1.0
    word_calibration: tuple[tuple[float, float], ...] | None = None
    language: LanguageSettings | None = None
    correction: CorrectionSettings | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    git_commit: str | None = None
    seed: int | None = None
    libraries: Mapping[str, str] = field(default_factory=dict)
    training_data: tuple[TrainingData, ...] = ()
    cer: tuple[MeasuredCer, ...] = ()
    licence: str = ""
    created: str = ""
    derived_from: str | None = None

    def __post_init__(self) -> None:
        _check_name(self.name, "name")
        for name in self.files:
            _check_name(name, "files")
        _require(self.task in TASKS, "task", self.task, f"one of {', '.join(TASKS)}")
        _require(self.temperature > 0, "temperature", self.temperature, "over 0")
        reads_text, reads_lines = self.task in _TASKS_WITH_TEXT, self.task == "line"
        _require(bool(self.symbols) or not reads_text, "symbols", [], "the model's characters")
        for name in ("line_height", "frame_stride"):
            value, least = getattr(self, name), int(reads_lines)
            _require(value >= least, name, value, f"at least {least}")
        least = 2 * (self.task == "paragraph")
        _require(self.max_length >= least, "max_length", self.max_length, f"at least {least}")
        _check_calibration(self.word_calibration)
        _check_symbols(self.symbols)

    @property
    def alphabet(self) -> Alphabet:
        """The symbols as an alphabet; label 0 is the blank."""
        return Alphabet(self.symbols)

    def to_json(self) -> dict[str, Any]:
        """Content of `manifest.json`, ready for `json.dumps`."""
        content = {"schema": SCHEMA} | dataclasses.asdict(self)
        symbols = list(content.pop("symbols"))
        return content | {"alphabet": {"blank": BLANK, "symbols": symbols}}

    @classmethod
    def from_json(cls, content: object) -> Self:
        """Manifest of what `json.loads` made of `manifest.json`.

        Raises:
            BundleError: the schema is not 1, a key is missing or unknown, or a value is not
                allowed; the message names it.
        """
        if not isinstance(content, dict) or "schema" not in content:
            raise BundleError("it has no key 'schema'")
        if content["schema"] != SCHEMA:
            raise BundleError(
                f"its schema is {content['schema']!r} and this program reads schema {SCHEMA}: "
                "install the version of text-recognizer that the model was made for"
            )
        values = {key: value for key, value in content.items() if key != "schema"}
        alphabet = values.pop("alphabet", None)
        if not isinstance(alphabet, dict) or alphabet.get("blank") != BLANK:
            raise BundleError(f"alphabet must hold 'symbols' and 'blank': {BLANK}")
        return cls(**_checked(values | {"symbols": alphabet.get("symbols")}))


_TEXT, _COUNT, _NUMBER = (str,), (int,), (int, float)
_KINDS: dict[str, tuple[type, ...]] = {
    "name": _TEXT,
    "version": _TEXT,
    "task": _TEXT,
    "symbols": (list,),
    "text_form": _TEXT,
    "input_normalisation": _TEXT,
    "line_height": _COUNT,
    "frame_stride": _COUNT,
    "max_length": _COUNT,
    "temperature": _NUMBER,
    "word_calibration": (list, type(None)),
    "language": (dict, type(None)),
    "correction": (dict, type(None)),
    "files": (dict,),
    "git_commit": (str, type(None)),
    "seed": (int, type(None)),
    "libraries": (dict,),
    "training_data": (list,),
    "cer": (list,),
    "licence": _TEXT,
    "created": _TEXT,
    "derived_from": (str, type(None)),
}

_DEFAULTS: dict[str, Any] = {
    "language": None,
    "correction": None,
    "max_length": 0,
}  # of keys that older manifests do not have


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    """Arguments of `Manifest` made of JSON values, each of the right kind."""
    values = _DEFAULTS | values
    unknown = sorted(values.keys() - _KINDS.keys())
    missing = sorted(_KINDS.keys() - values.keys())
    if missing:
        raise BundleError(f"it lacks the keys {', '.join(missing)}")
    if unknown:
        raise BundleError(f"it has the unknown keys {', '.join(unknown)}")
    for key, kinds in _KINDS.items():
        value = values[key]
        # JSON's true is an int to Python, and no field here is a flag.
        if not isinstance(value, kinds) or isinstance(value, bool):
            names = " or ".join("null" if k is type(None) else k.__name__ for k in kinds)
            raise BundleError(f"{key} must be {names}, not {value!r}")
    try:
        return values | {
            "symbols": tuple(values["symbols"]),
            "word_calibration": _points(values["word_calibration"]),
            "language": _language(values["language"]),
            "correction": _correction(values["correction"]),
            "training_data": tuple(TrainingData(**item) for item in values["training_data"]),
            "cer": tuple(MeasuredCer(**item) for item in values["cer"]),
        }
    except (TypeError, ValueError) as error:
        raise BundleError(
            f"a value in it has another form than this program knows: {error}"
        ) from None


def _language(values: dict[str, Any] | None) -> LanguageSettings | None:
    if values is None:
        return None
    points = _points(values.get("word_calibration"))
    return LanguageSettings(**(values | {"word_calibration": points}))


def _correction(values: dict[str, Any] | None) -> CorrectionSettings | None:
    return None if values is None else CorrectionSettings(**values)


def _points(values: list[Any] | None) -> tuple[tuple[float, float], ...] | None:
    if values is None:
        return None
    return tuple((float(product), float(share)) for product, share in values)


def _require(is_allowed: bool, name: str, value: object, allowed: str) -> None:
    if not is_allowed:
        raise BundleError(f"{name} must be {allowed}, not {value!r}")


def _check_name(name: str, field_name: str) -> None:
    """Names become parts of paths, and a manifest can come from a stranger."""
    is_plain = name not in ("", ".", "..") and not set(name) & set('/\\:*?"<>|\0')
    _require(is_plain, field_name, name, "a name without folders")


def _check_symbols(symbols: tuple[str, ...]) -> None:
    try:
        Alphabet(symbols)
    except (AlphabetError, TypeError) as error:
        raise BundleError(f"symbols are not an alphabet: {error}") from None


def _check_calibration(points: tuple[tuple[float, float], ...] | None) -> None:
    if points is None:
        return
    inside = all(0 <= value <= 1 for point in points for value in point)
    rising = all(a[0] < b[0] and a[1] <= b[1] for a, b in zip(points, points[1:], strict=False))
    _require(
        inside and rising and len(points) >= 2,
        "word_calibration",
        points,
        "two or more points between 0 and 1 that rise",
    )
