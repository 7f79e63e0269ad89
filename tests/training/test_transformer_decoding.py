"""Reading with a decoder of torch: kept keys and values, beams, images together and apart."""

import numpy as np
import pytest
import torch
from seed_network_builds import build_tiny

from text_recognizer.data.character_mapping import MAPPING_2021, PARAGRAPH_MAPPING_2021
from text_recognizer.errors import OptionError
from text_recognizer.models import DecoderNetwork
from text_recognizer.models.transformer_decoding import (
    NetworkSteps,
    read_images,
    special_labels,
)
from text_recognizer.repeat_guard import guard_of
from text_recognizer.sequence_search import SearchOptions, SpecialLabels

pytestmark = pytest.mark.train

SPECIAL = SpecialLabels(start=1, end=2, never=(0,))
N_LABELS = 30


@pytest.fixture(params=["absolute", "relative"])
def network(request: pytest.FixtureRequest) -> DecoderNetwork:
    torch.manual_seed(2)
    made: DecoderNetwork = build_tiny("LineCNNTransformer", {"tf_positions": request.param})
    with torch.no_grad():
        for parameter in made.decoder.parameters():
            torch.nn.init.normal_(parameter, std=0.4)
        made.decoder.output.bias[2] -= 3
    made.output_length = N_LABELS
    return made.eval()


def read_slowly(network: DecoderNetwork, images: torch.Tensor) -> list[list[int]]:
    """Greedily, all places anew for each label."""
    texts = torch.full((len(images), 1), SPECIAL.start)
    with torch.inference_mode():
        features = network.encode(images)
        while texts.shape[1] < N_LABELS:
            logits = network.decoder(texts, features)[:, :, -1]
            logits[:, [SPECIAL.start, *SPECIAL.never]] = -torch.inf
            texts = torch.cat([texts, logits.argmax(1, keepdim=True)], 1)
    rows = [row[1:] for row in texts.tolist()]
    return [row[: row.index(SPECIAL.end)] if SPECIAL.end in row else row[:-1] for row in rows]


def test_greedy_reading_is_that_without_kept_keys(network: DecoderNetwork) -> None:
    images = torch.rand(6, 1, 12, 48)
    found = read_images(network, images, SPECIAL)
    assert [list(text.labels) for text in found] == read_slowly(network, images)
    assert max(len(text.labels) for text in found) > 5
    for image, text in zip(images, found, strict=True):
        (alone,) = read_images(network, image[None], SPECIAL)
        assert alone.labels == text.labels
        assert alone.log_probabilities == pytest.approx(text.log_probabilities, abs=1e-4)


def test_scores_of_a_text_are_those_without_kept_keys(network: DecoderNetwork) -> None:
    images = torch.rand(3, 1, 12, 48)
    for options in (SearchOptions(max_length=N_LABELS), SearchOptions(5, max_length=N_LABELS)):
        for image, text in zip(
            images, read_images(network, images, SPECIAL, options=options), strict=True
        ):
            end = [SPECIAL.end] if text.is_complete else []
            labels = torch.tensor([[SPECIAL.start, *text.labels, *end]])
            with torch.inference_mode():
                scores = network(image[None], labels[:, :-1]).log_softmax(1)
            own = scores[0].gather(0, labels[:, 1:])[0]
            assert text.log_probabilities == pytest.approx(own.tolist(), abs=1e-5)


def test_rows_may_branch_change_places_and_leave(network: DecoderNetwork) -> None:
    images = torch.rand(2, 1, 12, 48)
    texts = [[1], [1]]
    with torch.inference_mode():
        features = network.encode(images)
        steps = NetworkSteps(network.decoder, network.decoder.read_memory(features))
        owners = [0, 1]
        for parents, labels in (([0, 1], [1, 1]), ([1, 0, 1], [3, 4, 4]), ([2, 2, 1], [3, 4, 3]),
                                ([1], [4])):  # fmt: skip
            if labels != [1, 1]:
                texts = [[*texts[row], label] for row, label in zip(parents, labels, strict=True)]
                owners = [owners[row] for row in parents]
            scores, attention = steps.step(np.array(labels), np.array(parents))
            for row, text in enumerate(texts):
                own = features[owners[row]][None]
                expected = network.decoder(torch.tensor([text]), own)[0, :, -1].log_softmax(0)
                assert scores[row] == pytest.approx(expected.numpy(), abs=1e-5)
            assert attention.sum(1) == pytest.approx(1)


def test_guarded_reading_ends_rounds(network: DecoderNetwork) -> None:
    """Random weights go round and round."""
    images = torch.rand(4, 1, 12, 48)
    mapping = ("<B>", "<S>", "<E>", "a", "b")
    network.output_length = 60
    with torch.no_grad():
        network.decoder.output.bias[2] = -5  # and seldom end
    special = SpecialLabels(start=1, end=2, never=(0,))
    guard = guard_of(mapping)
    plain = read_images(network, images, special)
    assert any(guard.first(text.labels, is_end=True) is not None for text in plain)
    guarded = read_images(network, images, special, guard=guard)
    assert all(guard.first(text.labels, is_end=True) is None for text in guarded)


def test_labels_of_the_mappings() -> None:
    assert special_labels(MAPPING_2021.symbols) == SpecialLabels(start=1, end=2, never=(0, 3))
    guard = guard_of(PARAGRAPH_MAPPING_2021.symbols)
    assert guard.newline == 83 and set(guard.letters) == set(range(4, 66))
    assert guard_of(MAPPING_2021.symbols).newline is None
    with pytest.raises(
        OptionError, match="need labels with <S>, <E> and <P>: the data have no <E>"
    ):
        special_labels(("<S>", "<P>", "a"))
