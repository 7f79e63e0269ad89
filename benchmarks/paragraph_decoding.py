"""How much faster a paragraph is written with kept keys and values than without.

    python benchmarks/paragraph_decoding.py [--labels 682] [--model_class ResnetTransformer]

Writes a text as long as paragraphs of IAM may be, 682 labels with start and end, greedily, with an
untrained network of the published size that never ends: once with the keys and values of the places
before kept, once as the original did, which computed all places anew for each label. Both have the
same weights and the same image, and must write the same text. One thread, one run; seconds are of
the processor, so that other programs on the machine change little.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from text_recognizer.data import PARAGRAPH_MAPPING_2021
from text_recognizer.models import SEED_NETWORKS, DecoderNetwork
from text_recognizer.models.transformer_decoding import read_images, special_labels
from text_recognizer.sequence_search import SearchOptions

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
    image = torch.rand(1, *_DIMS[options.model_class])
    kept, seconds_kept = _timed(lambda: _read(network, image, options.labels))
    anew, seconds_anew = _timed(lambda: _read_anew(network, image, options.labels))
    if kept != anew:
        print("The two wrote different texts: this is a defect.", file=sys.stderr)
        return 1
    print(f"| {options.model_class}, {len(kept)} labels | seconds |\n| --- | ---: |")
    print(f"| all places anew for each label | {seconds_anew:.2f} |")
    print(f"| keys and values kept | {seconds_kept:.2f} |")
    print(f"\n{seconds_anew / seconds_kept:.1f} times as fast")
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
    return made.eval()


def _read(network: DecoderNetwork, image: Tensor, n_labels: int) -> list[int]:
    (text,) = read_images(network, image, _SPECIAL, options=SearchOptions(max_length=n_labels))
    return list(text.labels)


def _read_anew(network: DecoderNetwork, image: Tensor, n_labels: int) -> list[int]:
    with torch.inference_mode():
        features = network.encode(image)
        labels = torch.full((1, 1), _SPECIAL.start)
        while labels.shape[1] < n_labels:
            best = network.decoder(labels, features)[:, :, -1].argmax(1, keepdim=True)
            labels = torch.cat([labels, best], 1)
    return labels[0, 1:].tolist()


def _timed(run: Callable[[], list[int]]) -> tuple[list[int], float]:
    start = time.process_time()
    return run(), time.process_time() - start


if __name__ == "__main__":
    sys.exit(main())
