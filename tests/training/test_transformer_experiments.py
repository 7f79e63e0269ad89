"""--loss=transformer: networks with a decoder in experiments."""

from pathlib import Path

import pytest
import torch
from drawn_paragraphs import TEST, TRAIN, write_pages
from fake_experiment import EXPERIMENT_WARNINGS, FAKE, chequered_lines, run
from torch.nn import functional as F

from text_recognizer.data.character_mapping import MAPPING_2021
from text_recognizer.errors import InputError, OptionError
from text_recognizer.lit_models.experiment_transformer import ExperimentTransformerLitModel
from text_recognizer.models import LineCNNTransformer, LineCNNTransformerOptions
from text_recognizer.training.experiments.command import main
from text_recognizer.training.experiments.options import ExperimentLossOptions

pytestmark = [pytest.mark.train, *EXPERIMENT_WARNINGS]

TINY = [
    "--model_class=LineCNNTransformer", "--loss=transformer", "--conv_dim=4", "--fc_dim=16",
    "--tf_dim=16", "--tf_fc_dim=16", "--tf_layers=1", "--tf_nhead=2",
]  # fmt: skip
TOKENS = "--with_start_end_tokens"


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return [*chequered_lines(tmp_path_factory.mktemp("data")), "--max_length=8"]


def test_lines_are_learnt_and_read_by_the_network_itself(lines: list[str], tmp_path: Path) -> None:
    """Of lines that it has not seen, many characters; what is most likely gets none of them."""
    words = [
        *lines, TOKENS, *TINY, "--num_train=512", "--num_test=48", "--conv_dim=8", "--fc_dim=64",
        "--tf_dim=64", "--tf_fc_dim=64", "--tf_nhead=4", "--tf_dropout=0", "--window_width=24",
        "--max_epochs=12", "--check_val_every_n_epoch=6", "--lr=0.003", "--batch_size=32",
    ]  # fmt: skip
    figures = run(words, tmp_path).figures
    assert figures["test_cer"] < 0.6
    assert figures["test_acc"] > 0.55
    assert "test_acc_no_padding" not in figures


def test_without_validation_pages_nothing_is_trained(tmp_path: Path) -> None:
    write_pages(tmp_path, [*TRAIN, *TEST])
    words = ["--data_class=OpenParagraphs", f"--data_dir={tmp_path}", "--model_class=LineCNN"]
    with pytest.raises(InputError, match="^OpenParagraphs has no validation samples, and valid"):
        run([*words, "--loss=ctc"], tmp_path / "run")


def test_texts_that_ctc_cannot_learn_are_refused(tmp_path: Path) -> None:
    """Windows of 28 columns side by side give two steps, and the texts have up to six labels."""
    words = [
        *chequered_lines(tmp_path), "--max_length=6", "--num_train=16", "--loss=ctc",
        "--model_class=LineCNN", "--conv_dim=4", "--fc_dim=8", "--window_width=84",
        "--window_stride=84",
    ]  # fmt: skip
    with pytest.raises(OptionError, match="^LineCNN gives 2 steps for an image, and half of the"):
        run(words, tmp_path / "run")


@pytest.mark.parametrize("model", ["LineCNNTransformer", "ResnetTransformer"])
def test_both_networks_train_on_lines_of_the_second_kind(
    model: str, lines: list[str], tmp_path: Path
) -> None:
    words = [word for word in lines if word.split("=")[0] not in ("--max_length", "--max_overlap")]
    flags = TINY if model == "LineCNNTransformer" else [*TINY[:2], *TINY[4:]]
    flags = [f"--model_class={model}", *flags[1:], "--num_train=4", "--num_val=2", "--num_test=2"]
    words = [*words, *flags, "--batch_size=2", "--max_epochs=1", "--label_smoothing=0.1"]
    words[words.index("--data_class=EMNISTLines")] = "--data_class=EMNISTLines2"
    outcome = run(words, tmp_path)
    assert {"val_loss", "val_cer", "test_loss", "test_cer", "test_acc"} <= outcome.figures.keys()
    assert outcome.checkpoint is not None


def test_a_run_goes_on(lines: list[str], tmp_path: Path) -> None:
    words = [*lines, TOKENS, *TINY, "--deterministic"]
    whole = run([*words, "--max_epochs=2"], tmp_path / "whole")
    run([*words, "--max_epochs=1"], tmp_path / "half")
    last = next((tmp_path / "half").rglob("last.ckpt"))
    rest = run([*words, "--max_epochs=2", f"--resume_from_checkpoint={last}"], tmp_path / "rest")
    assert rest.figures["val_loss"] == pytest.approx(whole.figures["val_loss"], rel=1e-4)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            TINY,
            "--loss=transformer needs labels between <S> and <E>, and those of EMNISTLines stand "
            "alone: EMNISTLines has them with --with_start_end_tokens, EMNISTLines2 always.",
        ),
        (
            [TOKENS, "--model_class=LineCNN", "--loss=transformer"],
            "--loss=transformer trains networks with a decoder, and LineCNN has none: give "
            "--model_class=LineCNNTransformer or ResnetTransformer, or --loss=ctc.",
        ),
        (
            [TOKENS, *TINY, "--loss=ctc"],
            "LineCNNTransformer has a decoder, which --loss=ctc does not train: give "
            "--loss=transformer.",
        ),
        (
            [TOKENS, "--model_class=LineCNNTransformer"],
            "LineCNNTransformer has a decoder, which --loss=cross_entropy does not train: give "
            "--loss=transformer.",
        ),
        (
            [TOKENS, *TINY, "--mapping=2019"],
            "start",  # the 80 classes of 2019 have no tokens, says the data set
        ),
        (
            ["--model_class=LineCNN", "--loss=ctc", "--label_smoothing=0.1"],
            "--label_smoothing is at least 0 and below 1, and goes with --loss=transformer, not "
            "0.1 with --loss=ctc.",
        ),
    ],
)
def test_what_does_not_fit_together_is_a_sentence(
    words: list[str], sentence: str, lines: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*lines, *words]) == 2
    assert sentence in capsys.readouterr().err


def test_single_characters_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    words = [word for word in FAKE if not word.startswith(("--model", "--conv", "--fc"))]
    assert main([*words, *TINY]) == 2
    assert "LineCNNTransformer reads lines, and FakeImageData holds single characters" in (
        capsys.readouterr().err
    )


def tiny_model(**values: float) -> ExperimentTransformerLitModel:
    options = LineCNNTransformerOptions(tf_dim=16, tf_fc_dim=16, tf_layers=1, conv_dim=4, fc_dim=8)
    network = LineCNNTransformer(options, input_dims=(1, 28, 56), n_classes=83, output_length=6)
    loss = ExperimentLossOptions(loss="transformer", **values)  # type: ignore[arg-type]
    return ExperimentTransformerLitModel(network, loss, mapping=MAPPING_2021.symbols)


def test_padding_is_not_learnt_and_the_start_is_not_asked_for() -> None:
    model = tiny_model().eval()
    short = torch.tensor([[1, 40, 41, 2, 3, 3], [1, 42, 2, 3, 3, 3]])
    images = torch.rand(2, 1, 28, 56)
    logits, places = model.predict_places((images, short))
    assert logits.shape == (2, 83, 5)
    assert places.tolist() == short[:, 1:].tolist()
    written = torch.tensor([[40, 41, 2], [42, 2, -100]])
    expected = F.cross_entropy(logits[:, :, :3], written)
    torch.testing.assert_close(model.loss(logits, places), expected)
    smooth = tiny_model(label_smoothing=0.2)
    expected = F.cross_entropy(logits[:, :, :3], written, label_smoothing=0.2)
    torch.testing.assert_close(smooth.loss(logits, places), expected)
    best = F.one_hot(torch.tensor([[40, 41, 5, 9, 9], [42, 2, 3, 3, 3]]), 83).float().mT
    assert model.accuracy(best, places) == pytest.approx(4 / 5)


def test_a_mapping_without_tokens_is_a_sentence() -> None:
    network = tiny_model().network
    with pytest.raises(OptionError, match="need labels with <S>, <E> and <P>"):
        ExperimentTransformerLitModel(
            network, ExperimentLossOptions(loss="transformer"), mapping=("a", "b")
        )
