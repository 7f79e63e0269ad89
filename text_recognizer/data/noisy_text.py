"""NoisyText: lines of text as a reader would have read them, and how to mend them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import lightning.pytorch as pl
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from text_recognizer.data.batches import group_by_size
from text_recognizer.data.options import NoisyTextOptions
from text_recognizer.errors import InputError
from text_recognizer.language.confusions import Confusions
from text_recognizer.language.corpus import read_corpus
from text_recognizer.language.edit_tags import EditSymbols, pad_symbols, padded_length, tag_pieces
from text_recognizer.language.ngram_bundle import load_language_model
from text_recognizer.language.ngram_model import NgramModel
from text_recognizer.language.noise import NoiseChannel, Piece
from text_recognizer.language.typo_files import Pair, read_pairs, read_texts
from text_recognizer.text_form import apply_text_form

_AT_ONCE = 64  # lines that are drawn together, for the language model's sake
_LOOK_AHEAD = 12  # characters in which a line's end looks for a word's end


class NoisyBatch(NamedTuple):
    """Lines of one padded length.

    Attributes:
        symbols: what was read, shape (N, L), int64, 0 behind its end.
        own: tag of each place's character, shape (N, L), int64, negative where there is none.
        missing: tag of the gap after each place, shape (N, L), int64, negative where there is none.
        texts: the true texts.
        read: what was read.
    """

    symbols: Tensor
    own: Tensor
    missing: Tensor
    texts: tuple[str, ...]
    read: tuple[str, ...]


@dataclass(frozen=True)
class TaggedLine:
    """A line ready for a batch; the arrays are as those of `NoisyBatch`, of shape (L,)."""

    symbols: np.ndarray[tuple[int], np.dtype[np.int64]]
    own: np.ndarray[tuple[int], np.dtype[np.int64]]
    missing: np.ndarray[tuple[int], np.dtype[np.int64]]
    text: str
    read: str


class NoisyText(pl.LightningDataModule):
    """Training stream of noisy lines, and the pairs that the noise was learnt from to validate on.

    Args:
        options: lines and noise.
        pairs: folder of pairs and transcriptions, as `text-recognizer corrector pairs` writes it.
        text: UTF-8 text, a paragraph a line, or None to learn from the transcriptions alone.
        symbols: characters to learn.
        seed: of all drawing.
    """

    def __init__(
        self,
        options: NoisyTextOptions,
        pairs: Path,
        text: Path | None,
        symbols: Sequence[str],
        *,
        seed: int,
    ) -> None:
        super().__init__()
        self.options = options
        self.symbols = EditSymbols(tuple(symbols))
        self.pairs: list[Pair] = []
        self._folder, self._text, self._seed = pairs, text, seed
        self._passages: list[list[str]] = []
        self._shares: list[float] = []

    def setup(self, stage: str) -> None:
        """Read all text."""
        if self.pairs:
            return
        form = self.options.text_form
        self.pairs = [
            (apply_text_form(true, form), apply_text_form(read, form))
            for true, read in read_pairs(self._folder)
        ]
        if not self.pairs:
            raise InputError(f"{self._folder} holds no pairs of texts to learn the noise from.")
        transcriptions = [apply_text_form(line, form) for line in read_texts(self._folder)]
        text: list[str] = []
        if self._text is not None:
            text = read_corpus([self._text], form, most=self.options.most_characters).train
        found = [(transcriptions, self.options.transcriptions if text else 1.0)]
        found += [(text, 1 - self.options.transcriptions)] if text else []
        kept = [(own, share) for own, share in found if own and share]
        if not kept:
            raise InputError("There is no text to learn from: give some by --text.")
        self._passages = [own for own, _ in kept]
        self._shares = [share for _, share in kept]

    def train_stream(self) -> "NoisyStream":
        """The training batches of this process."""
        trainer = self.trainer
        place = (trainer.global_step, trainer.global_rank) if trainer else (0, 0)
        name = self.options.language_model
        return NoisyStream(
            self._passages,
            self._shares,
            NoiseChannel(Confusions.of(self.pairs)),
            load_language_model(name)[1] if name else None,
            self.symbols,
            self.options,
            seed=(self._seed, *place),
        )

    def train_dataloader(self) -> DataLoader[NoisyBatch]:
        """Endless loader of whole batches."""
        workers = self.options.workers
        return DataLoader(
            self.train_stream(),
            batch_size=None,
            num_workers=workers,
            persistent_workers=workers > 0,
        )

    def val_dataloader(self) -> DataLoader[NoisyBatch]:
        """The pairs, without tags."""
        trainer = self.trainer
        rank, n_ranks = (trainer.global_rank, trainer.world_size) if trainer else (0, 1)
        lines = [untagged_line(pair, self.symbols) for pair in self.pairs[rank::n_ranks]]
        batches = list(batch_by_length(lines, self.options.batch_characters, keep_rest=True))
        return DataLoader(batches, batch_size=None)  # type: ignore[arg-type]  # a list will do


class NoisyStream(IterableDataset[NoisyBatch]):
    """Batches of noisy lines without end.

    Args:
        passages: texts to cut lines from, by source.
        shares: of the sources, of any sum.
        channel: draws the noise.
        model: chooses among several readings of a line; None takes the first.
        symbols: numbers of the characters.
        options: lines and noise.
        seed: of all chance.
    """

    def __init__(
        self,
        passages: Sequence[Sequence[str]],
        shares: Sequence[float],
        channel: NoiseChannel,
        model: NgramModel | None,
        symbols: EditSymbols,
        options: NoisyTextOptions,
        *,
        seed: tuple[int, ...],
    ) -> None:
        self._passages, self._channel, self._model = passages, channel, model
        self._shares = np.array(shares) / sum(shares)
        self._weights = [_summed_lengths(own) for own in passages]
        self._symbols, self._options, self._seed = symbols, options, seed

    def __iter__(self) -> Iterator[NoisyBatch]:
        worker = get_worker_info()
        rng = np.random.default_rng([*self._seed, worker.id if worker else 0])
        return batch_by_length(self.lines(rng), self._options.batch_characters, keep_rest=False)

    def lines(self, rng: np.random.Generator) -> Iterator[TaggedLine]:
        """Lines one by one, without end."""
        while True:
            texts = [self._line(rng) for _ in range(_AT_ONCE)]
            for pieces in self._read(texts, rng):
                yield tagged_line(pieces, self._symbols)

    def _line(self, rng: np.random.Generator) -> str:
        """A piece of a text that begins and ends where words do."""
        options = self._options
        source = int(rng.choice(len(self._shares), p=self._shares))
        summed = self._weights[source]
        passage = self._passages[source][int(np.searchsorted(summed, rng.random()))]
        length = int(rng.integers(options.shortest, options.longest + 1))
        if len(passage) <= length:
            return passage
        start = int(rng.integers(0, len(passage) - length + 1))
        start = passage.rfind(" ", 0, start) + 1
        end = passage.find(" ", start + max(1, length - _LOOK_AHEAD))
        return passage[start : end if 0 < end <= start + options.longest else start + length]

    def _read(self, texts: Sequence[str], rng: np.random.Generator) -> list[list[Piece]]:
        """What is read for each text, in pieces."""
        low, high = np.log(self._options.noise)
        factors = np.exp(rng.uniform(low, high, len(texts)))
        factors[rng.random(len(texts)) < self._options.clean] = 0.0
        n = self._options.proposals if self._model is not None else 1
        drawn = [
            [self._channel.draw(text, rng, factor=factor) for _ in range(n)]
            for text, factor in zip(texts, factors, strict=True)
        ]
        if self._model is None:
            return [own[0] for own in drawn]
        read = ["".join(piece for _, piece in pieces) for own in drawn for pieces in own]
        scores = self._options.weight * self._model.log_probability(read)
        scores += self._options.bonus * np.array([len(text) for text in read])
        scores = scores.reshape(-1, n) + rng.gumbel(size=(len(texts), n))  # as likely as it reads
        return [own[int(best)] for own, best in zip(drawn, scores.argmax(axis=1), strict=True)]


def tagged_line(pieces: Iterable[Piece], symbols: EditSymbols) -> TaggedLine:
    """A line whose true text is known piece by piece."""
    pieces = list(pieces)
    read, own, missing = tag_pieces(pieces)
    length = padded_length(len(read))
    tags = [
        np.append(symbols.encode("".join(c or "\0" for c in tag)), np.full(length - len(tag), -1))
        for tag in (own, missing)
    ]
    for tag in tags:
        tag[tag == symbols.n_tags] = -1  # characters that are not learnt
    for tag, characters in zip(tags, (own, missing), strict=True):
        empty = [place for place, character in enumerate(characters) if not character]
        tag[empty] = 0
    return TaggedLine(
        pad_symbols(symbols.encode(" " + read), length),
        tags[0],
        tags[1],
        "".join(true for true, _ in pieces),
        read,
    )


def untagged_line(pair: Pair, symbols: EditSymbols) -> TaggedLine:
    """A line of which only the texts are known."""
    true, read = pair
    length = padded_length(len(read))
    nothing = np.full(length, -1, np.int64)
    return TaggedLine(pad_symbols(symbols.encode(" " + read), length), nothing, nothing, true, read)


def batch_by_length(
    lines: Iterable[TaggedLine], batch_characters: int, *, keep_rest: bool
) -> Iterator[NoisyBatch]:
    """Batches of equal padded length, each as soon as it is full; the rest at the end if kept."""
    for group in group_by_size(
        lines,
        size_of=lambda line: len(line.symbols),
        most_of=lambda length: max(1, batch_characters // length),
        keep_rest=keep_rest,
    ):
        yield _collate(group)


def _collate(lines: Sequence[TaggedLine]) -> NoisyBatch:
    return NoisyBatch(
        torch.from_numpy(np.stack([line.symbols for line in lines])),
        torch.from_numpy(np.stack([line.own for line in lines])),
        torch.from_numpy(np.stack([line.missing for line in lines])),
        tuple(line.text for line in lines),
        tuple(line.read for line in lines),
    )


def _summed_lengths(passages: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    lengths = np.cumsum(np.array([len(passage) for passage in passages], np.float64))
    return np.asarray(lengths / lengths[-1])
