"""How much faster a paragraph is written with kept keys and values than without.

    python benchmarks/paragraph_decoding.py [--labels 682] [--model_class ResnetTransformer]

Writes a text as long as paragraphs of IAM may be, 682 labels with start and end, greedily, with an
untrained network of the published size that never ends: as the original did, which computed all
places anew for each label; by torch with the keys and values of the places before kept, as training
does to validate; and by the exported model, as `text-recognizer read` does, also with its weights
rounded to 8 bits. All have the same weights and the same image, and all but the last must write the
same text. One thread, one run; seconds are of the processor, so that other programs on the machine
change little, and those of the image's encoder are among them.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from text_recognizer.bundle import DECODER_FILE, ENCODER_FILE, Bundle, write_bundle
from text_recognizer.data import PARAGRAPH_MAPPING_2021
from text_recognizer.manifest import Manifest
from text_recognizer.models import SEED_NETWORKS, DecoderNetwork
from text_recognizer.models.transformer_decoding import read_images, special_labels
from text_recognizer.paragraph_input import PARAGRAPH_NORMALISATION, paragraph_input
from text_recognizer.paragraph_reader import ParagraphReader
from text_recognizer.quantisation import quantise_bundle
from text_recognizer.sequence_search import SearchOptions
from text_recognizer.training.experiments.checkpoint_record import CheckpointRecord, SavedNetwork
from text_recognizer.training.experiments.paragraph_export import (
    characters_of,
    paragraph_networks,
)
from text_recognizer.training.export import round_to_half

_DIMS = {"ResnetTransformer": (1, 576, 640), "LineCNNTransformer": (1, 56, 2048)}
_SPECIAL = special_labels(PARAGRAPH_MAPPING_2021.symbols)
_SPREAD = 0.5  # of the classifier's weights, so that no two labels are equally likely
_NEVER = -1e4  # a logit that is never the largest


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--labels", type=int, default=682, help="with start and end")
    parser.add_argument("--model_class", choices=_DIMS, default="ResnetTransformer")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    network = _network(options.model_class, options.labels)
    dims = _DIMS[options.model_class]
    image = np.random.default_rng(0).integers(0, 256, dims[1:]).astype(np.uint8)
    ink = torch.from_numpy(paragraph_input(image, dims[1:]))[None, None].float() / 255
    n_labels = options.labels
    rows = {
        "all places anew for each label": _timed(partial(_read_anew, network, ink, n_labels)),
        "keys and values kept": _timed(partial(_read, network, ink, n_labels)),
    }
    with tempfile.TemporaryDirectory() as folder:
        bundle = _exported(network, options, Path(folder) / "model")
        twin = quantise_bundle(bundle, Path(folder) / "twin").bundle
        for name, model in (("exported", bundle), ("exported, 8 bits", twin)):
            reader = ParagraphReader(model, guarded=False, n_threads=1)
            rows[f"{name}, {_n_bytes(model) / 1e6:.1f} MB"] = _timed(
                partial(_read_with, reader, image)
            )
    texts = [_lines(text) for text, _ in rows.values()]
    if not texts[0] == texts[1] == texts[2]:
        print("The texts differ: this is a defect.", file=sys.stderr)
        return 1
    slowest = next(iter(rows.values()))[1]
    print(f"| {options.model_class}, {options.labels} labels | seconds | times as fast |")
    print("| --- | ---: | ---: |")
    for name, (_, seconds) in rows.items():
        print(f"| {name} | {seconds:.2f} | {slowest / seconds:.1f} |")
    return 0


def _network(name: str, n_labels: int) -> DecoderNetwork:
    """A network whose text has no end, with the same weights every time."""
    torch.manual_seed(0)
    kind = SEED_NETWORKS[name]
    made = kind.network(
        kind.options(),
        input_dims=_DIMS[name],
        n_classes=len(PARAGRAPH_MAPPING_2021),
        output_length=n_labels,
    )
    assert isinstance(made, DecoderNetwork)
    output = made.decoder.output
    with torch.no_grad():
        output.weight.normal_(std=_SPREAD)
        output.bias[[_SPECIAL.start, _SPECIAL.end, *_SPECIAL.never]] = _NEVER
    round_to_half(made)
    return made.eval()


def _exported(network: DecoderNetwork, options: argparse.Namespace, folder: Path) -> Bundle:
    mapping = PARAGRAPH_MAPPING_2021.symbols
    record = CheckpointRecord(
        config={"model_class": options.model_class},
        command="",
        network={},
        mapping=mapping,
        input_dims=_DIMS[options.model_class],
        output_length=options.labels,
        normalisation=(0.0, 1.0),
    )
    networks = paragraph_networks(SavedNetwork(network, record))
    manifest = Manifest(
        name="untrained",
        version="1",
        task="paragraph",
        input_normalisation=PARAGRAPH_NORMALISATION,
        symbols=characters_of(mapping),
        text_form="latin-ascii-1",
        max_length=options.labels,
    )
    files = {ENCODER_FILE: networks.encoder, DECODER_FILE: networks.decoder_step}
    return write_bundle(folder, manifest, files)


def _n_bytes(bundle: Bundle) -> int:
    return sum(bundle.file(name).stat().st_size for name in (ENCODER_FILE, DECODER_FILE))


def _read_with(reader: ParagraphReader, image: np.ndarray) -> str:
    (reading,) = reader.read([image])
    return reading.text


def _read(network: DecoderNetwork, image: Tensor, n_labels: int) -> str:
    (text,) = read_images(network, image, _SPECIAL, options=SearchOptions(max_length=n_labels))
    return _text(text.labels)


def _read_anew(network: DecoderNetwork, image: Tensor, n_labels: int) -> str:
    with torch.inference_mode():
        features = network.encode(image)
        labels = torch.full((1, 1), _SPECIAL.start)
        while labels.shape[1] < n_labels:
            best = network.decoder(labels, features)[:, :, -1].argmax(1, keepdim=True)
            labels = torch.cat([labels, best], 1)
    return _text(labels[0, 1:-1].tolist())  # there is room for an end


def _text(labels: Sequence[int]) -> str:
    return "".join(PARAGRAPH_MAPPING_2021.symbols[label] for label in labels)


def _lines(text: str) -> list[str]:
    """A text as the program gives it: blank lines and spaces around lines are left out."""
    return [line.strip() for line in text.split("\n") if line.strip()]


def _timed(run: Callable[[], str]) -> tuple[str, float]:
    start = time.process_time()
    return run(), time.process_time() - start


if __name__ == "__main__":
    sys.exit(main())
