r"""Makes a character model ready to be published: fits its temperature and measures it.

    python tasks/publish_characters.py artifacts/character_text_recognizer --data_dir DIR \
        --output DIR [--version V]

Reads UnipenCharacters as `CharacterPredictor` reads any image. The temperature is fitted on
validation characters; error rates of single characters, as they are and with look-alikes folded,
are measured on validation and test and stand in the manifest. Prints them.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from text_recognizer.bundle import Bundle, load_bundle, write_bundle
from text_recognizer.character_input import normalise_character
from text_recognizer.character_predictor import CharacterPredictor, Scores, softmax
from text_recognizer.data import UnipenCharacters, UnipenCharactersOptions
from text_recognizer.data.array_dataset import ArrayDataset
from text_recognizer.errors import TextRecognizerError
from text_recognizer.evaluation.character_evaluation import CharacterReport
from text_recognizer.grey_image import grey_from_array
from text_recognizer.manifest import MeasuredCer, TrainingData

_DATA = TrainingData(
    "Unipen train_r01_v07 (characters)",
    "CC-BY-4.0",
    "Unipen data set of on-line (vectorial) handwriting, train_r01_v07 (1999), International "
    "Unipen Foundation, doi:10.5281/zenodo.1195803, CC BY 4.0; changed: drawn as images. Guyon, "
    "Schomaker, Plamondon, Liberman, Janet, UNIPEN project of on-line data exchange and recognizer "
    "benchmarks, ICPR 1994.",
)
_LICENCE = "CC-BY-4.0"
_TEMPERATURES = np.geomspace(0.25, 8, 101)
_SPLITS = ("validation", "test")
_FOLDERS = re.compile(r"""(?<![\w.])/(?:[^/\s"']+/)*(?=[^/\s"'])""")
"""Of absolute paths: all but the last part."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit, measure and write; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--data_dir", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--version", default="1")
    options = parser.parse_args(arguments)
    try:
        publish(load_bundle(options.bundle, task="character"), options)
    except TextRecognizerError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def publish(bundle: Bundle, options: argparse.Namespace) -> None:
    """Write the copy and print its figures."""
    data = UnipenCharacters(UnipenCharactersOptions(data_dir=options.data_dir))
    data.prepare_data()
    data.setup()
    predictor = CharacterPredictor(bundle.folder)
    temperature = fit_temperature(*score(data, predictor, bundle.manifest.symbols))
    cer: list[MeasuredCer] = []
    for split in _SPLITS:
        report = predictor.evaluate(
            (image, data.mapping[label]) for image, label in samples(data, split)
        )
        cer += _rows(report, split)
        print(f"{split}: {report.n_characters} characters, {report.accuracy:.4f} right, ", end="")
        print(f"{report.accuracy_folded:.4f} with look-alikes folded")
    print(f"temperature {temperature:.3f}")
    manifest = replace(
        bundle.manifest,
        name=options.output.name,
        version=options.version,
        temperature=round(temperature, 4),
        training_data=(_DATA,),
        cer=tuple(cer),
        licence=_LICENCE,
    )
    write_bundle(options.output, manifest, published_files(bundle))


def published_files(bundle: Bundle) -> dict[str, bytes | Path]:
    """Files of the copy: no second copy of the weights, and no folders of this machine."""
    files: dict[str, bytes | Path] = {}
    for name in bundle.manifest.files:
        path = bundle.folder / name
        if path.suffix in (".json", ".txt"):
            files[name] = _FOLDERS.sub("", path.read_text(encoding="utf-8")).encode()
        elif "weights" not in name:
            files[name] = path
    return files


def samples(data: UnipenCharacters, split: str) -> list[tuple[NDArray[np.uint8], int]]:
    """Images, as they are stored, with their labels."""
    own = data.splits[split]
    assert isinstance(own, ArrayDataset)
    return list(zip(own.images, own.labels.tolist(), strict=True))


def score(
    data: UnipenCharacters, predictor: CharacterPredictor, symbols: Sequence[str]
) -> tuple[Scores, NDArray[np.int64]]:
    """Scores of validation characters, and the places of the true ones among the symbols."""
    rows, places = [], []
    for image, label in samples(data, "validation"):
        ink = normalise_character(grey_from_array(image))
        if ink is not None:
            rows.append(predictor.score([ink])[0])
            places.append(symbols.index(data.mapping[label]))
    return np.stack(rows), np.array(places)


def fit_temperature(scores: Scores, places: NDArray[np.int64]) -> float:
    """The temperature under which the true characters are likeliest."""
    losses = []
    for temperature in _TEMPERATURES:
        likely = softmax(scores / np.float32(temperature))[np.arange(len(places)), places]
        losses.append(-float(np.log(np.maximum(likely, 1e-9)).mean()))
    return float(_TEMPERATURES[int(np.argmin(losses))])


def _rows(report: CharacterReport, split: str) -> list[MeasuredCer]:
    notes = {"single characters": report.n_right, "look-alikes folded": report.n_right_folded}
    n_characters = report.n_characters
    return [
        MeasuredCer(
            "unipen-chars",
            split,
            round(1 - n_right / n_characters, 5),
            n_characters=n_characters,
            note=note,
        )
        for note, n_right in notes.items()
    ]


if __name__ == "__main__":
    sys.exit(main())
