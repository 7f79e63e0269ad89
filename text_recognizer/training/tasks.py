"""What differs between the networks that can be trained: data, loss, what is exported.

`fit`, `export` and the command know runs; a `Task` knows one kind of network.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import lightning.pytorch as pl
import torch
from PIL import Image
from torch import Tensor, nn

from text_recognizer.alphabet import Alphabet
from text_recognizer.data.handwriting_lines import DataPaths, HandwritingLines
from text_recognizer.data.handwriting_pages import HandwritingPages
from text_recognizer.data.noisy_text import NoisyText
from text_recognizer.language.edit_tags import EDIT_INPUT, LENGTH_MULTIPLE, EditSymbols
from text_recognizer.layout.page_input import PAGE_NORMALISATION
from text_recognizer.line_input import INPUT_NORMALISATION, WIDTH_MULTIPLE
from text_recognizer.lit_models import (
    BaseLitModel,
    CorrectorLitModel,
    CTCLitModel,
    LineFinderLitModel,
)
from text_recognizer.models import EditTagger, LineFinderUNet, LineResnetLSTM
from text_recognizer.models.line_finder_unet import as_runtime_maps
from text_recognizer.models.line_resnet_lstm import FRAME_STRIDE
from text_recognizer.training.options import (
    CorrectorTrainingOptions,
    FinderTrainingOptions,
    LineTrainingOptions,
    TrainingOptions,
)
from text_recognizer.training.samples import draw_found_lines, draw_predictions, draw_texts


@dataclass(frozen=True)
class ExportForm:
    """How a network is stored as ONNX.

    Attributes:
        network: what is stored, around the trained network, which is in evaluation mode.
        output: name of the output.
        open_sizes: names of the axes of input and output whose size is open.
        examples: shapes of inputs on which the stored network is compared with the trained one;
            the first is traced.
        input: name of the input.
        n_symbols: of inputs that are symbols, int64; None for images, float32, 0 to 1.
    """

    network: nn.Module
    output: str
    open_sizes: Mapping[str, Mapping[int, str]]
    examples: Sequence[tuple[int, ...]]
    input: str = "image"
    n_symbols: int | None = None

    def example(self, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
        """A random input."""
        if self.n_symbols is None:
            return torch.rand(shape, generator=generator)
        return torch.randint(0, self.n_symbols, shape, generator=generator)


class Task(Protocol):
    """One kind of network.

    Attributes:
        name: task of the bundles.
        monitor: the validation figure, lower is better, that chooses checkpoints.
        optional_heads: first parts of the names of weights that a base model need not have.
    """

    name: str
    monitor: str
    optional_heads: tuple[str, ...]

    def symbols(self, options: Any, recipes: Path) -> tuple[str, ...]:
        """Symbols that are learnt; a file of them is looked for in the folder of the recipes."""

    def make_data(
        self, options: Any, paths: DataPaths, symbols: Sequence[str]
    ) -> pl.LightningDataModule:
        """The data module."""

    def sources(self, data: Any) -> list[str]:
        """Names of the data that is trained on, once it is set up."""

    def make_network(self, options: Any, symbols: Sequence[str]) -> nn.Module:
        """A new network."""

    def make_model(
        self, network: Any, options: Any, symbols: Sequence[str], data: Any
    ) -> BaseLitModel:
        """The network with its loss."""

    def draw_samples(self, model: Any) -> Image.Image | None:
        """What the last validation showed, to be looked at; None without any."""

    def export_form(self, network: Any) -> ExportForm:
        """How the network is stored."""

    def manifest_values(self, options: Any) -> dict[str, Any]:
        """Values of the manifest that follow from the options."""


class LineTask:
    """Line networks."""

    name = "line"
    monitor = "val_cer"
    optional_heads: tuple[str, ...] = ("shortcut.",)

    def symbols(self, options: LineTrainingOptions, recipes: Path) -> tuple[str, ...]:
        """See `Task`."""
        return Alphabet.load(recipes / options.data.alphabet).symbols

    def make_data(
        self, options: LineTrainingOptions, paths: DataPaths, symbols: Sequence[str]
    ) -> HandwritingLines:
        """See `Task`."""
        return HandwritingLines(
            options.data,
            paths,
            Alphabet(tuple(symbols)),
            height=options.network.height,
            seed=options.trainer.seed,
            validation_lines=options.trainer.validation_lines,
        )

    def sources(self, data: HandwritingLines) -> list[str]:
        """See `Task`."""
        return list(data.sources)

    def make_network(self, options: LineTrainingOptions, symbols: Sequence[str]) -> LineResnetLSTM:
        """See `Task`."""
        return LineResnetLSTM(options.network, len(symbols) + 1)

    def make_model(
        self,
        network: LineResnetLSTM,
        options: LineTrainingOptions,
        symbols: Sequence[str],
        data: HandwritingLines,
    ) -> CTCLitModel:
        """See `Task`."""
        return CTCLitModel(
            network,
            Alphabet(tuple(symbols)),
            options.loss,
            sources=data.validation_sources,
            criterion=options.data.criterion,
        )

    def draw_samples(self, model: CTCLitModel) -> Image.Image | None:
        """See `Task`."""
        return draw_predictions(model.predictions) if model.predictions else None

    def export_form(self, network: LineResnetLSTM) -> ExportForm:
        """See `Task`."""
        height = network.options.height
        return ExportForm(
            _Scores(network),
            "scores",
            {"image": {0: "N", 3: "W"}, "scores": {0: "N", 1: "T"}},
            [(n, 1, height, k * WIDTH_MULTIPLE) for n, k in ((2, 4), (1, 1), (2, 11), (5, 16))],
        )

    def manifest_values(self, options: LineTrainingOptions) -> dict[str, Any]:
        """See `Task`."""
        return {
            "input_normalisation": INPUT_NORMALISATION,
            "text_form": options.data.text_form,
            "line_height": options.network.height,
            "frame_stride": FRAME_STRIDE,
        }


class FinderTask:
    """Line finders."""

    name = "finder"
    monitor = "val_error"
    optional_heads: tuple[str, ...] = ()

    def symbols(self, options: FinderTrainingOptions, recipes: Path) -> tuple[str, ...]:
        """See `Task`."""
        return ()

    def make_data(
        self, options: FinderTrainingOptions, paths: DataPaths, symbols: Sequence[str]
    ) -> HandwritingPages:
        """See `Task`."""
        return HandwritingPages(options.data, paths.data, seed=options.trainer.seed)

    def sources(self, data: HandwritingPages) -> list[str]:
        """See `Task`."""
        return data.sources

    def make_network(
        self, options: FinderTrainingOptions, symbols: Sequence[str]
    ) -> LineFinderUNet:
        """See `Task`."""
        return LineFinderUNet(options.network)

    def make_model(
        self,
        network: LineFinderUNet,
        options: FinderTrainingOptions,
        symbols: Sequence[str],
        data: HandwritingPages,
    ) -> LineFinderLitModel:
        """See `Task`."""
        return LineFinderLitModel(network, options.loss)

    def draw_samples(self, model: LineFinderLitModel) -> Image.Image | None:
        """See `Task`."""
        return draw_found_lines(model.samples) if model.samples else None

    def export_form(self, network: LineFinderUNet) -> ExportForm:
        """See `Task`."""
        step = network.options.multiple
        return ExportForm(
            _Maps(network),
            "maps",
            {"image": {0: "N", 2: "H", 3: "W"}, "maps": {0: "N", 2: "H/2", 3: "W/2"}},
            [(n, 1, h * step, w * step) for n, h, w in ((1, 8, 6), (2, 3, 5), (1, 20, 16))],
        )

    def manifest_values(self, options: FinderTrainingOptions) -> dict[str, Any]:
        """See `Task`."""
        return {"input_normalisation": PAGE_NORMALISATION, "text_form": ""}


class CorrectorTask:
    """Correctors."""

    name = "corrector"
    monitor = "val_cer"
    optional_heads: tuple[str, ...] = ("next.", "previous.")

    def symbols(self, options: CorrectorTrainingOptions, recipes: Path) -> tuple[str, ...]:
        """See `Task`."""
        return Alphabet.load(recipes / options.data.alphabet).symbols

    def make_data(
        self, options: CorrectorTrainingOptions, paths: DataPaths, symbols: Sequence[str]
    ) -> NoisyText:
        """See `Task`."""
        return NoisyText(options.data, paths.data, paths.text, symbols, seed=options.trainer.seed)

    def sources(self, data: NoisyText) -> list[str]:
        """See `Task`."""
        return []

    def make_network(self, options: CorrectorTrainingOptions, symbols: Sequence[str]) -> EditTagger:
        """See `Task`."""
        numbers = EditSymbols(tuple(symbols))
        return EditTagger(options.network, n_symbols=numbers.n_symbols, n_tags=numbers.n_tags)

    def make_model(
        self,
        network: EditTagger,
        options: CorrectorTrainingOptions,
        symbols: Sequence[str],
        data: NoisyText,
    ) -> CorrectorLitModel:
        """See `Task`."""
        return CorrectorLitModel(network, EditSymbols(tuple(symbols)), options.loss)

    def draw_samples(self, model: CorrectorLitModel) -> Image.Image | None:
        """See `Task`."""
        return draw_texts(model.corrections) if model.corrections else None

    def export_form(self, network: EditTagger) -> ExportForm:
        """See `Task`."""
        return ExportForm(
            _Tags(network),
            "tags",
            {"symbols": {0: "N", 1: "L"}, "tags": {0: "N", 1: "L"}},
            [(n, k * LENGTH_MULTIPLE) for n, k in ((2, 2), (1, 1), (3, 5))],
            input="symbols",
            n_symbols=network.embedding.num_embeddings,
        )

    def manifest_values(self, options: CorrectorTrainingOptions) -> dict[str, Any]:
        """See `Task`."""
        return {"input_normalisation": EDIT_INPUT, "text_form": options.data.text_form}


class _Scores(nn.Module):
    """Log-probabilities instead of logits, as the runtime wants them."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        scores: Tensor = self.network(image).log_softmax(-1)
        return scores


class _Maps(nn.Module):
    """Probabilities and heights instead of logits and logarithms."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        return as_runtime_maps(self.network(image))


class _Tags(nn.Module):
    """The tags alone."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, symbols: Tensor) -> Tensor:
        tags: Tensor = self.network(symbols)
        return tags


TASKS: dict[str, Task] = {
    "LineResnetLSTM": LineTask(),
    "LineFinderUNet": FinderTask(),
    "EditTagger": CorrectorTask(),
}
"""By the name of the network's class, which recipes give."""


def task_of(options: TrainingOptions) -> Task:
    """The task of a recipe's network."""
    return TASKS[options.network_class]
