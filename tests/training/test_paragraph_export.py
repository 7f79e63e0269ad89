"""Networks with a decoder as models of two networks, which the runtime reads with."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from fake_experiment import EXPERIMENT_WARNINGS, chequered_lines, run
from seed_network_builds import build

from text_recognizer.bundle import DECODER_FILE, ENCODER_FILE, load_bundle
from text_recognizer.data.character_mapping import MAPPING_2021, PARAGRAPH_MAPPING_2021
from text_recognizer.errors import OptionError, TextRecognizerError
from text_recognizer.models import DecoderNetwork
from text_recognizer.models.transformer_decoding import read_images, special_labels
from text_recognizer.paragraph_reader import ParagraphReader
from text_recognizer.quantisation import quantise_bundle
from text_recognizer.training.experiments.artifact import write_artifact
from text_recognizer.training.experiments.best_model import Choice, SavedRun
from text_recognizer.training.experiments.best_model_command import render_saved
from text_recognizer.training.experiments.checkpoint_record import (
    CheckpointRecord,
    SavedNetwork,
    load_network,
)
from text_recognizer.training.experiments.found_runs import FoundRun
from text_recognizer.training.experiments.paragraph_export import (
    StepForm,
    characters_of,
    paragraph_networks,
    step_inputs,
)
from text_recognizer.training.export import compare_outputs, round_to_half

pytestmark = [pytest.mark.train, *EXPERIMENT_WARNINGS]

_DIMS, _LENGTH = (1, 40, 64), 24
_MAPPING = PARAGRAPH_MAPPING_2021.symbols
_TINY = {"tf_dim": 16, "tf_fc_dim": 16, "tf_layers": 2}


def saved(name: str, **values: object) -> SavedNetwork:
    """A network of random weights that writes texts of some length."""
    torch.manual_seed(0)
    network = build(
        name, {**_TINY, **values}, input_dims=_DIMS, n_classes=len(_MAPPING), output_length=_LENGTH
    ).eval()
    with torch.no_grad():
        network.decoder.output.weight.normal_(std=0.5)
    record = CheckpointRecord(
        config={"model_class": name, "data_class": "Drawn", "loss": "transformer", "seed": 0},
        command="python training/run_experiment.py",
        network={},
        mapping=_MAPPING,
        input_dims=_DIMS,
        output_length=_LENGTH,
        normalisation=(0.0, 1.0),
    )
    return SavedNetwork(network, record)


RUN = FoundRun("0123456789", "run", "MLflow", "Drawn", {"val_cer": 0.25}, lambda: Path("none"))


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("LineCNNTransformer", {"conv_dim": 4, "fc_dim": 8}),
        ("LineCNNTransformer", {"conv_dim": 4, "fc_dim": 8, "tf_positions": "relative"}),
        ("ResnetTransformer", {}),
        ("ResnetTransformer", {"tf_image_layers": 2}),
        ("ResnetTransformer", {"resnet_channels": 8, "resnet_stages": 3}),
        ("ResnetTransformer", {"resnet_column_stride": 8, "tf_image_layers": 1}),
        ("ResnetTransformer", {"line_body": True, "freeze_body": True}),
    ],
)
def test_the_runtime_reads_what_torch_reads(
    name: str, values: dict[str, object], tmp_path: Path
) -> None:
    """The comparison of all outputs, of several sizes, is made by the export itself."""
    model = saved(name, **values)
    artifact = write_artifact(model, RUN, tmp_path)
    assert (artifact.unit, artifact.has_bundle) == ("paragraph", True)
    shown = render_saved(SavedRun(RUN, 1, artifact), Choice("Drawn"))
    assert "text-recognizer read --unit paragraph --model " in shown.splitlines()[-1]
    bundle = load_bundle(artifact.folder, task="paragraph")
    assert bundle.manifest.max_length == _LENGTH
    assert bundle.manifest.symbols == (*MAPPING_2021.symbols[4:], "\n")
    assert {"encoder.onnx", "decoder_step.onnx", "weights.safetensors"} <= set(
        bundle.manifest.files
    )
    reader = ParagraphReader(bundle, guarded=False)
    ink = np.random.default_rng(1).integers(0, 256, (3, *_DIMS[1:])).astype(np.uint8)
    images = torch.from_numpy(ink[:, None]).float() / 255
    network = model.network
    assert isinstance(network, DecoderNetwork)
    special = special_labels(_MAPPING)
    theirs = reader._write(list(ink))
    symbols = bundle.manifest.symbols
    for found, text in zip(theirs, read_images(network, images, special), strict=True):
        read = [symbols[label - 1] for label in found.labels]
        assert read == [_MAPPING[label] for label in text.labels]
        assert found.log_probabilities == pytest.approx(text.log_probabilities, abs=1e-3)
    assert any(text.labels for text in theirs)


def test_the_twin_of_8_bits_is_smaller_and_scores_alike(tmp_path: Path) -> None:
    bundle = load_bundle(write_artifact(saved("ResnetTransformer"), RUN, tmp_path).folder)
    report = quantise_bundle(bundle, tmp_path / "twin", n_threads=1)
    assert report.n_bytes_after < 0.55 * report.n_bytes_before
    assert report.probe == "a paragraph of 100 characters"
    stored = onnx.load(report.bundle.file(ENCODER_FILE)).graph.initializer
    most = max(stored, key=lambda tensor: len(tensor.raw_data))
    assert most.data_type == onnx.TensorProto.INT8
    ink = np.random.default_rng(1).integers(0, 256, (1, *_DIMS[1:])).astype(np.uint8)
    scores = []
    for own in (bundle, report.bundle):
        reader = ParagraphReader(own, n_threads=1)
        steps = reader.begin(reader.encode(list(ink)))
        scores.append([steps.step(np.array([label]), np.array([0]))[0] for label in (0, 5, 9)])
    difference = np.abs(np.array(scores[0]) - scores[1])
    assert 0 < difference.mean() < 0.1 * np.std(scores[0])
    multiplied = _multiplied_in_8_bits(report.bundle.file(DECODER_FILE))
    assert max(int(np.abs(weights).max()) for weights in multiplied) == 64


def _multiplied_in_8_bits(path: Path) -> list[np.ndarray]:
    """Weights that go into products of whole numbers; two of 128 * 255 do not fit in 16 bits."""
    graph = onnx.load(path).graph
    names = {node.input[1] for node in graph.node if node.op_type == "MatMulInteger"}
    found = [tensor for tensor in graph.initializer if tensor.name in names]
    return [onnx.numpy_helper.to_array(tensor).astype(np.int16) for tensor in found]


def test_another_network_is_noticed() -> None:
    model = saved("LineCNNTransformer", conv_dim=4, fc_dim=8)
    round_to_half(model.network)
    networks = paragraph_networks(model)
    assert isinstance(model.network, DecoderNetwork)
    step = StepForm(model.network, _MAPPING)
    with torch.no_grad():
        model.network.decoder.output.bias.add_(torch.arange(len(_MAPPING)) * 0.01)
    memory = torch.zeros(2, 1, 4, 4, 3), torch.zeros(2, 1, 4, 3, 4)
    inputs = step_inputs(step, 0, 1, memory, torch.Generator())
    outputs = ("scores", "attention", "key", "value")
    with pytest.raises(TextRecognizerError, match="differs from the trained one by"):
        compare_outputs(step, networks.decoder_step, [inputs], outputs)


def test_networks_without_a_decoder_are_refused() -> None:
    model = saved("LineCNNTransformer", conv_dim=4, fc_dim=8)
    other = build("LineCNN", {"conv_dim": 4, "fc_dim": 8}, input_dims=(1, 28, 56), n_classes=84)
    record = replace(model.record, config={"model_class": "LineCNN"})
    with pytest.raises(OptionError, match="LineCNN has no decoder to write texts with."):
        paragraph_networks(SavedNetwork(other, record))


def test_characters_are_all_but_the_special_symbols() -> None:
    assert characters_of(("<B>", "<S>", "<E>", "<P>", "a", "\n")) == ("a", "\n")


def test_a_run_on_lines_becomes_a_model(tmp_path: Path) -> None:
    words = [
        *chequered_lines(tmp_path), "--max_length=6", "--with_start_end_tokens", "--num_train=16",
        "--model_class=LineCNNTransformer", "--loss=transformer", "--conv_dim=4", "--fc_dim=8",
        "--tf_dim=16", "--tf_fc_dim=16", "--tf_layers=1", "--max_epochs=1",
    ]  # fmt: skip
    outcome = run(words, tmp_path / "run")
    assert outcome.checkpoint is not None
    artifact = write_artifact(load_network(outcome.checkpoint), RUN, tmp_path)
    assert artifact.folder.name == "line_text_recognizer" and artifact.has_bundle
    reader = ParagraphReader(load_bundle(artifact.folder))
    (reading,) = reader.read([np.tile(np.array([[255, 0]], np.uint8), (28, 60))])
    assert len(reading.text) <= 6
