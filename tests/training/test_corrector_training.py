"""A corrector learns a reader's confusions and a language, is stored, and mends texts in use."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_run import LIBRARY_WARNINGS
from typer.testing import CliRunner

from text_recognizer.bundle import Bundle, load_bundle
from text_recognizer.cli import app
from text_recognizer.data import DataPaths, NoisyText, NoisyTextOptions
from text_recognizer.errors import BundleError, InputError, OptionError
from text_recognizer.language.corrector import load_corrector
from text_recognizer.language.edit_tags import EditSymbols
from text_recognizer.language.mending import Edit
from text_recognizer.language.typo_files import write_typo_files
from text_recognizer.line_reader import LineReader
from text_recognizer.models import EditTagger, EditTaggerOptions
from text_recognizer.training.export import export_checkpoint, read_base_weights
from text_recognizer.training.fit import RunFolder, fit, make_model
from text_recognizer.training.options import (
    CorrectorLossOptions,
    CorrectorTrainingOptions,
    TrackingOptions,
    TrainerOptions,
    load_recipe,
)
from text_recognizer.training.record import RunRecord
from text_recognizer.training.sheet import make_sheet
from text_recognizer.training.tasks import task_of

pytestmark = [
    pytest.mark.train,
    *LIBRARY_WARNINGS,
    pytest.mark.filterwarnings("ignore:.*trace.*"),
    pytest.mark.filterwarnings("ignore:.*exists and is not empty.*"),
    pytest.mark.filterwarnings("ignore:The dirpath has changed"),
]

SYMBOLS = tuple(" abcdefghijklmnopqrstuvwxyz.,")
SENTENCES = (
    "the cat sat on the mat.",
    "a hat and a cap hang there.",
    "that man has a map at hand.",
    "cats can catch rats at last.",
)


def _read(text: str) -> str:
    """What the reader makes of every other text: each `at` is `ot`."""
    return text.replace("at", "ot")


@pytest.fixture(scope="module")
def typo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("typo")
    pairs = [(text, read) for text in SENTENCES for read in (text, _read(text))]
    write_typo_files(folder, pairs, SENTENCES * 3)
    return folder


def _options(max_steps: int) -> CorrectorTrainingOptions:
    return CorrectorTrainingOptions(
        name="tiny-corrector",
        network_class="EditTagger",
        data=NoisyTextOptions(noise=(0.8, 2.0), batch_characters=512, shortest=10, longest=40),
        network=EditTaggerOptions(embedding=16, lstm_dim=32, lstm_layers=1, joint_dim=32),
        loss=CorrectorLossOptions(learning_rate=1.5e-2, ema=0.9),
        trainer=TrainerOptions(
            max_time="",
            max_steps=max_steps,
            warm_up_steps=5,
            processes=1,
            validate_every_steps=max_steps,
        ),
        tracking=TrackingOptions(logger="none"),
    )


def _record(options: CorrectorTrainingOptions) -> RunRecord:
    return RunRecord(options.to_dict(), SYMBOLS, "text-recognizer train tiny-corrector.toml\n")


@pytest.fixture(scope="module")
def trained(typo: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    options = _options(150)
    folder = tmp_path_factory.mktemp("run") / "tiny"
    return fit(options, DataPaths(typo), _record(options), folder)


@pytest.fixture(scope="module")
def bundle(trained: RunFolder, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    folder = tmp_path_factory.mktemp("bundles") / "tiny-corrector"
    return export_checkpoint(trained.best_checkpoint(), folder)


def test_a_corrector_learns_what_is_mixed_up(bundle: Bundle) -> None:
    corrector = load_corrector(bundle.folder, n_threads=1)
    wrong, right = corrector.propose(["the cot sat on the mat.", "the cat sat on the mat."])
    assert wrong[0].edits == (Edit(5, 6, "a"),)
    assert wrong[0].log_odds > 2
    assert all(proposal.log_odds < 0 for proposal in right)


def test_validation_tells_what_is_left(trained: RunFolder) -> None:
    content = torch.load(trained.best_checkpoint(), map_location="cpu", weights_only=True)
    figures = content["text_recognizer"]["figures"]
    assert figures["val_cer"] < 0.5 * figures["val_cer_read"]
    assert figures["val_cer_read"] == pytest.approx(10 / 210, abs=0.002)
    assert list((trained.path / "samples").glob("step-*.png"))


def test_proposals_do_not_depend_on_the_texts_beside(bundle: Bundle) -> None:
    corrector = load_corrector(bundle.folder, n_threads=1)
    texts = ["the cot", "", "a hot and a cop hang there, \u00e9 too", "the cot"]
    together = corrector.tags(texts)
    for text, tags in zip(texts, together, strict=True):
        assert np.allclose(corrector.tags([text])[0], tags, atol=1e-5)
    assert all(
        edit.text != "\u00e9" and text[edit.start : edit.end] != "\u00e9"
        for text, proposals in zip(texts, corrector.propose(texts), strict=True)
        for proposal in proposals
        for edit in proposal.edits
    )


def test_training_goes_on_from_a_bundle_and_from_a_run(
    bundle: Bundle, trained: RunFolder, typo: Path, tmp_path: Path
) -> None:
    from text_recognizer.training.fit import Start

    options = _options(160)
    data = task_of(options).make_data(options, DataPaths(typo), SYMBOLS)
    data.setup("fit")
    model = make_model(options, SYMBOLS, data, read_base_weights(bundle))
    assert torch.equal(
        model.network.own.weight,
        read_base_weights(bundle)["own.weight"],  # type: ignore[union-attr]
    )
    folder = shutil.copytree(trained.path, tmp_path / "tiny")
    resumed = fit(options, DataPaths(typo), _record(options), folder, Start(folder))
    content = torch.load(resumed.last_checkpoint, map_location="cpu", weights_only=True)
    assert content["global_step"] == 160


def test_the_sheet_shows_noise_beside_pairs(typo: Path) -> None:
    sheet = np.asarray(make_sheet(_options(1), DataPaths(typo), SYMBOLS, n_lines=4))
    assert (sheet[:, : sheet.shape[1] // 2] < 128).any()
    assert (sheet[:, sheet.shape[1] // 2 :] < 128).any()


def test_lines_are_cut_where_words_are(typo: Path) -> None:
    data = NoisyText(_options(1).data, typo, None, SYMBOLS, seed=1)
    data.setup("fit")
    lines = data.train_stream().lines(np.random.default_rng(0))
    words = {word for sentence in SENTENCES for word in sentence.split()}
    for line, _ in zip(lines, range(200), strict=False):
        assert set(line.text.split()) <= words
        assert 0 < len(line.text) <= 40
        assert len(line.symbols) == len(line.own) == len(line.missing)


def test_the_language_model_chooses_among_readings(typo: Path, tmp_path: Path) -> None:
    """Readings that a language model likes are taken more often than chance would."""
    from text_recognizer.language.kneser_ney import estimate
    from text_recognizer.language.ngram_bundle import write_ngram_bundle

    values = {"version": "1", "text_form": "latin-ascii-1"}
    likes = estimate(["the cot sot on the mot. " * 40], order=4).model()
    language = write_ngram_bundle(tmp_path / "likes-ot", likes, values, {})

    def n_errors(**changes: object) -> int:
        options = NoisyTextOptions(noise=(1.0, 1.0), clean=0.0, **changes)  # type: ignore[arg-type]
        data = NoisyText(options, typo, None, SYMBOLS, seed=1)
        data.setup("fit")
        lines = data.train_stream().lines(np.random.default_rng(0))
        return sum(line.read.count("ot") for line, _ in zip(lines, range(300), strict=False))

    chosen = n_errors(language_model=str(language.folder), weight=3.0, bonus=0.0, proposals=6)
    assert chosen > 1.3 * n_errors()


def test_data_that_cannot_be_learnt_from(typo: Path, tmp_path: Path) -> None:
    write_typo_files(tmp_path / "none", [], ["some text"])
    with pytest.raises(InputError, match="holds no pairs"):
        NoisyText(NoisyTextOptions(), tmp_path / "none", None, SYMBOLS, seed=1).setup("fit")
    write_typo_files(tmp_path / "no-text", [("a", "b")], [])
    with pytest.raises(InputError, match="no text to learn from"):
        NoisyText(NoisyTextOptions(), tmp_path / "no-text", None, SYMBOLS, seed=1).setup("fit")
    for changes, sentence in (
        ({"clean": 2.0}, "data.clean is between 0 and 1"),
        ({"shortest": 50, "longest": 20}, "rise, from 1"),
        ({"noise": (2.0, 1.0)}, "data.noise is two numbers"),
        ({"proposals": 0}, "data.proposals is at least 1"),
        ({"text_form": "x"}, "data.text_form is one of"),
    ):
        with pytest.raises(OptionError, match=sentence):
            NoisyTextOptions(**changes)  # type: ignore[arg-type]
    for size in ({"lstm_dim": 0}, {"dropout": 1.0}):
        with pytest.raises(OptionError, match="network"):
            EditTaggerOptions(**size)  # type: ignore[arg-type]


def test_a_corrector_is_no_line_model(bundle: Bundle) -> None:
    with pytest.raises(BundleError, match="is a corrector model and a line model is needed"):
        load_bundle(bundle.folder, task="line")
    with pytest.raises(BundleError, match="is a corrector model"):
        LineReader(bundle)
    result = CliRunner().invoke(app, ["read", "x.png", "--corrector", "line-english"])
    assert result.exit_code == 1
    assert "is a line model and a corrector model is needed" in result.stderr


def test_the_recipe_fits_the_size_that_is_shipped() -> None:
    path = Path(__file__).parents[2] / "recipes" / "corrector.toml"
    options = load_recipe(path)
    assert isinstance(options, CorrectorTrainingOptions)
    symbols = EditSymbols(task_of(options).symbols(options, path.parent))
    network = EditTagger(options.network, n_symbols=symbols.n_symbols, n_tags=symbols.n_tags)
    heads = task_of(options).optional_heads
    n = sum(p.numel() for name, p in network.named_parameters() if not name.startswith(heads))
    assert 2 * n <= 3_000_000  # bytes in fp16
