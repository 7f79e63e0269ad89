"""HandwritingLines: lines of real scans, pen strokes and fonts, mixed by share, for Lightning."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import lightning.pytorch as pl
import numpy as np
from torch.utils.data import DataLoader

from text_recognizer.alphabet import Alphabet
from text_recognizer.data.alignments import LineAlignment, line_key, load_alignments
from text_recognizer.data.batches import EncodedLine, LineBatch, LineEncoder, batch_by_width
from text_recognizer.data.found_lines import read_found_lines
from text_recognizer.data.line_sources import (
    Alternating,
    Drawing,
    FontLines,
    LineSource,
    Sample,
    cut_words,
    joined_images,
    joined_strokes,
    scanned_lines,
    stroke_lines,
)
from text_recognizer.data.line_stream import LineStream, StreamOptions
from text_recognizer.data.options import HandwritingLinesOptions
from text_recognizer.data.papers import read_papers
from text_recognizer.errors import InputError
from text_recognizer.ground_truth import (
    LineSample,
    StrokeSample,
    find_sources,
    read_lines,
    read_strokes,
    read_unseen_ids,
)
from text_recognizer.ground_truth.strokes import find_stroke_files
from text_recognizer.layout import load_finder
from text_recognizer.synthesis.fonts import load_faces
from text_recognizer.synthesis.sentences import load_passages
from text_recognizer.text_form import apply_text_form

_LOG = logging.getLogger(__name__)
_ALL_SOURCES = "--set data.shares={} --set data.validation_sources=[] --set data.criterion={}"
FONTS = "fonts"
_SURE_CER = 0.25  # of a line whose words are cut out; above, the cuts are not trusted


@dataclass(frozen=True)
class DataPaths:
    """Where the training data lies.

    Attributes:
        data: what is learnt: lines and pen strokes in any layout that `read_lines` knows, or pages.
        fonts: folder of font files, or None to train without.
        text: plain text for sentences set in fonts, or None.
        pages: pages with PAGE XML, or None: their empty places give paper to draw on, and the
            line finder finds lines on them.
        alignments: file of `tasks/align_lines.py`, or None to believe every line.
    """

    data: Path
    fonts: Path | None = None
    text: Path | None = None
    pages: Path | None = None
    alignments: Path | None = None


class HandwritingLines(pl.LightningDataModule):
    """Training stream and validation batches of text lines.

    Args:
        options: mixture, drawing and batching.
        paths: where the data lies.
        alphabet: symbols to learn.
        height: rows of a line image.
        seed: of all drawing.
        validation_lines: lines validated at most, spread over the sources.
    """

    def __init__(
        self,
        options: HandwritingLinesOptions,
        paths: DataPaths,
        alphabet: Alphabet,
        *,
        height: int,
        seed: int,
        validation_lines: int = 600,
    ) -> None:
        super().__init__()
        self.options = options
        self._paths = paths
        self._seed = seed
        self._n_validation = validation_lines
        self.encoder = LineEncoder(alphabet, options.text_form, height, options.max_width)
        self.sources: dict[str, LineSource] = {}
        self.validation_sources: tuple[str, ...] = ()
        self.validation_lines: list[EncodedLine] = []

    def setup(self, stage: str) -> None:
        """Read the ground truth; images are read when they are drawn."""
        if not self.sources:
            self.sources = self._find_sources()
            self.validation_lines = self._read_validation()

    def shares(self) -> dict[str, float]:
        """Share of each source at hand, of any sum."""
        if self.options.shares:
            return {name: self.options.shares[name] for name in self.sources}
        return {name: float(min(len(source), 10_000)) for name, source in self.sources.items()}

    def train_stream(self) -> LineStream:
        """The training batches of this process."""
        trainer = self.trainer  # None outside of a run
        options = StreamOptions(
            seed=self._seed,
            batch_columns=self.options.batch_columns,
            max_batch=self.options.max_batch,
            max_draws=self.options.max_draws,
            short_lines_first=0
            if trainer and trainer.global_step
            else self.options.short_lines_first,
            start=trainer.global_step if trainer else 0,
            rank=trainer.global_rank if trainer else 0,
            n_ranks=trainer.world_size if trainer else 1,
        )
        return LineStream(self.sources, self.shares(), self.encoder, options)

    def train_dataloader(self) -> DataLoader[LineBatch]:
        """Endless loader of whole batches."""
        return DataLoader(
            self.train_stream(),
            batch_size=None,
            num_workers=self.options.workers,
            persistent_workers=self.options.workers > 0,
            pin_memory=bool(self.trainer and self.trainer.strategy.root_device.type == "cuda"),
        )

    def val_dataloader(self) -> DataLoader[LineBatch]:
        """Loader of this process's part of the validation lines."""
        rank, n_ranks = (
            (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)
        )
        batches = batch_by_width(
            self.validation_lines[rank::n_ranks] or self.validation_lines,  # no rank may idle
            batch_columns=self.options.batch_columns,
            max_batch=self.options.max_batch,
            keep_rest=True,
        )
        return DataLoader(list(batches), batch_size=None)  # type: ignore[arg-type]

    def _find_sources(self) -> dict[str, LineSource]:
        paths = self._paths
        papers = read_papers(paths.pages, seed=self._seed) if paths.pages else ()
        drawing = Drawing(self.options.strength, papers)
        alignments = load_alignments(paths.alignments) if paths.alignments else {}
        found = {
            **self._with_found_lines(self._scanned(alignments, drawing), drawing),
            **self._strokes(alignments, drawing),
            **self._fonts(drawing),
        }
        missing = sorted(n for n, share in self.options.shares.items() if share and n not in found)
        if missing:
            _LOG.warning("Training goes on without %s: not found.", ", ".join(missing))
        if not found:
            raise InputError(
                f"{paths.data} holds no training lines of the recipe's sources. To train on what "
                f"it holds, add: {_ALL_SOURCES}"
            )
        return {name: found[name] for name in sorted(found)}

    def _scanned(
        self, alignments: Mapping[str, LineAlignment], drawing: Drawing
    ) -> dict[str, LineSource]:
        strokes = {path.stem for path in find_stroke_files(self._paths.data)}
        names = [n for n in find_sources(self._paths.data) if self._is_wanted(n)]
        samples = read_lines(self._paths.data, split="train", sources=set(names) - strokes)
        return {
            name: self._scanned_source(lines, alignments, drawing)
            for name, lines in _by_source(samples).items()
        }

    def _scanned_source(
        self,
        samples: list[LineSample],
        alignments: Mapping[str, LineAlignment],
        drawing: Drawing,
    ) -> LineSource:
        name = samples[0].source
        believed = _believed(samples, alignments)
        if name in self.options.joined:
            return joined_images(believed, drawing)
        source = scanned_lines(believed, drawing)
        share = self.options.shuffled.get(name, 0.0)
        words = _sure_words(believed, alignments, self.options.text_form) if share else []
        return Alternating(source, joined_images(words, drawing), share) if words else source

    def _with_found_lines(
        self, sources: dict[str, LineSource], drawing: Drawing
    ) -> dict[str, LineSource]:
        """Sources that draw a share of their lines as the program cuts them out of pages."""
        pages, share = self._paths.pages, self.options.found_lines
        if not pages or not share:
            return sources
        lines = read_found_lines(pages, load_finder(n_threads=1).find, sources=sources)
        by_source = _by_source(lines)
        return {
            name: Alternating(source, scanned_lines(by_source[name], drawing), share)
            if name in by_source
            else source
            for name, source in sources.items()
        }

    def _strokes(
        self, alignments: Mapping[str, LineAlignment], drawing: Drawing
    ) -> dict[str, LineSource]:
        found: dict[str, LineSource] = {}
        for path in find_stroke_files(self._paths.data):
            if self._is_wanted(path.stem):
                make = joined_strokes if path.stem in self.options.joined else stroke_lines
                samples = _believed(read_strokes(path, split="train"), alignments)
                found[path.stem] = make(samples, drawing)
        return found

    def _fonts(self, drawing: Drawing) -> dict[str, LineSource]:
        if not self._paths.fonts or not self._paths.text or not self._is_wanted(FONTS):
            return {}
        faces, passages = load_faces(self._paths.fonts), load_passages(self._paths.text)
        return {FONTS: FontLines(faces, passages, drawing)}

    def _is_wanted(self, name: str) -> bool:
        return not self.options.shares or self.options.shares.get(name, 0) > 0

    def _read_validation(self) -> list[EncodedLine]:
        """Encoded validation lines: at most `validation_lines`, shared out among the sources."""
        by_source = self._validation_samples()
        self.validation_sources = tuple(by_source)
        rng = np.random.default_rng(self._seed)
        lines = []
        for index, samples in enumerate(
            _thin_out(list(by_source.values()), self._n_validation, rng)
        ):
            for sample in samples:
                image = sample.read_image()
                lines.append(self.encoder.encode_to_score(image, sample.text, source=index))
        return lines

    def _validation_samples(self) -> dict[str, list[LineSample]]:
        present, wanted = find_sources(self._paths.data), self.options.validation_sources
        names = [name for name in present if not wanted or name in wanted]
        by_source = _by_source(read_lines(self._paths.data, split="validation", sources=names))
        for path in find_stroke_files(self._paths.data):
            unseen = read_unseen_ids(path)
            if path.stem in by_source and unseen:
                kept = [s for s in by_source[path.stem] if s.id in unseen]
                by_source[path.stem] = kept or by_source[path.stem]
        return by_source


def _by_source(samples: Sequence[LineSample]) -> dict[str, list[LineSample]]:
    groups: dict[str, list[LineSample]] = {}
    for sample in samples:
        groups.setdefault(sample.source, []).append(sample)
    return groups


def _believed(samples: list[Sample], alignments: Mapping[str, LineAlignment]) -> list[Sample]:
    """Samples of one source whose transcription the aligning model did not doubt."""
    believed = [s for s in samples if not _is_doubtful(s, alignments)]
    if len(believed) < len(samples):
        n_doubtful = len(samples) - len(believed)
        _LOG.info("%s: %d doubtful lines left out.", samples[0].source, n_doubtful)
    return believed


def _is_doubtful(
    sample: LineSample | StrokeSample, alignments: Mapping[str, LineAlignment]
) -> bool:
    alignment = alignments.get(line_key(sample))
    return alignment is not None and alignment.is_doubtful(sample.text)


def _sure_words(
    samples: Sequence[LineSample], alignments: Mapping[str, LineAlignment], text_form: str
) -> list[LineSample]:
    """Words whose places are known; those of lines that the model reads badly are left out."""
    found: list[LineSample] = []
    for sample in samples:
        alignment = alignments.get(line_key(sample))
        words = apply_text_form(sample.text, text_form).split()
        if alignment and alignment.cer <= _SURE_CER and len(words) == len(alignment.words):
            found += cut_words(sample, words, alignment.words)
    return found


def _thin_out(
    groups: Sequence[list[LineSample]], n_lines: int, rng: np.random.Generator
) -> list[list[LineSample]]:
    """Groups cut to the same largest size, so that they hold `n_lines` together at most."""
    size = max((len(group) for group in groups), default=0)
    while size and sum(min(size, len(group)) for group in groups) > n_lines:
        size -= 1
    return [[group[i] for i in sorted(rng.permutation(len(group))[:size])] for group in groups]
