"""EMNISTLines: lines of text drawn from images of single characters."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from text_recognizer.data.array_cache import ArrayCache
from text_recognizer.data.array_dataset import ArrayDataset, Images, Labels, Samples
from text_recognizer.data.base_data_module import (
    SPLITS,
    BaseDataModule,
    DataModuleOptions,
    run_as_script,
)
from text_recognizer.data.character_mapping import MAPPINGS, CharacterMapping
from text_recognizer.data.emnist import EMNIST, EMNISTOptions, check_mapping
from text_recognizer.data.glyph_lines import GLYPH_PX, GlyphPool, LineCanvas, draw_lines
from text_recognizer.data.glyph_variation import vary_glyphs
from text_recognizer.data.sentence_generator import SentenceGenerator
from text_recognizer.data.text_corpus import BROWN, PROJECT, Corpus, corpus_name, load_corpus
from text_recognizer.data.unipen_characters import UnipenCharacters, UnipenCharactersOptions
from text_recognizer.errors import OptionError

SOURCES = ("EMNIST", "UnipenCharacters")
_N_TOKENS = 2
_CHUNK = 1000
_CACHE_VERSION = 1


@dataclass(frozen=True)
class EMNISTLinesOptions(DataModuleOptions):
    """Options of `EMNISTLines`.

    Attributes:
        max_length: labels of a line; its text is two characters shorter at most (2019: none).
        min_overlap: smallest share of a glyph's width that its neighbour covers.
        max_overlap: largest; each line has its own share in between.
        num_train: training lines.
        num_val: validation lines.
        num_test: test lines.
        with_start_end_tokens: whether labels are `<S> text <E>`.
        source: whose glyphs are drawn: EMNIST or UnipenCharacters.
        source_dir: folder of the glyphs; None is `data_dir`.
        text: what the lines say: `brown`, `project` (sentences written for this project), or the
            path of a text file, a paragraph a line.
        strip_punctuation: whether all punctuation is left out of the text. If not, marks stay that
            the source has glyphs for.
        mapping: year of the label numbers: 2021 (83 symbols) or 2019 (80, no tokens).
        augment_data: whether training lines are varied each time they are loaded.
    """

    max_length: int = 32
    min_overlap: float = 0.0
    max_overlap: float = 0.33
    num_train: int = 10_000
    num_val: int = 2_000
    num_test: int = 2_000
    with_start_end_tokens: bool = False
    source: str = "EMNIST"
    source_dir: Path | None = None
    text: str = BROWN
    strip_punctuation: bool = False
    mapping: int = 2021
    augment_data: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check_mapping(self.mapping)
        if self.mapping == 2019 and self.with_start_end_tokens:
            raise OptionError("The mapping of 2019 has no start and end tokens.")
        if self.max_length <= _N_TOKENS:
            raise OptionError(f"max_length is at least 3, not {self.max_length}.")
        if not 0 <= self.min_overlap <= self.max_overlap < 1:
            raise OptionError(
                "min_overlap and max_overlap are at least 0, under 1, and rise, "
                f"not {self.min_overlap} and {self.max_overlap}."
            )
        for name in ("num_train", "num_val", "num_test"):
            if getattr(self, name) < 1:
                raise OptionError(f"{name} is at least 1, not {getattr(self, name)}.")
        if self.source not in SOURCES:
            raise OptionError(f"source is one of {', '.join(SOURCES)}, not {self.source}.")

    @property
    def text_length(self) -> int:
        """Characters of a line at most; since 2021 there is room for tokens."""
        return self.max_length - (_N_TOKENS if self.mapping == 2021 else 0)

    @property
    def label_length(self) -> int:
        """Labels of a line."""
        return self.max_length

    def canvas(self) -> LineCanvas:
        """Size of a line image."""
        return LineCanvas(GLYPH_PX, GLYPH_PX * self.max_length)


class EMNISTLines(BaseDataModule):
    """Lines of which each split has its own glyphs and its own text.

    Args:
        options: None takes the defaults.
    """

    options_class = EMNISTLinesOptions
    options: EMNISTLinesOptions
    cache_name: ClassVar[str] = "emnist_lines"
    loading_only: ClassVar[tuple[str, ...]] = (
        "batch_size", "num_workers", "data_dir", "source_dir", "text", "augment_data",
    )  # fmt: skip
    """Fields that change nothing in the arrays; glyphs and text are in their key by content."""
    augmentation: Callable[[Images], Images] = staticmethod(vary_glyphs)
    """What varies training images as they are loaded."""

    def __init__(self, options: EMNISTLinesOptions | None = None) -> None:
        super().__init__(options)
        self.characters = MAPPINGS[self.options.mapping]
        self.mapping = self.characters.symbols
        canvas = self.options.canvas()
        self.input_dims = (1, canvas.height, canvas.width)
        self.output_dims = (self.options.label_length, 1)

    def prepare_data(self) -> None:
        """Draw the lines, once for each set of options, glyphs and text."""
        if self.cache().exists():
            return
        corpus = load_corpus(self.options.text, self.options.folder)
        cache = self.cache(corpus.name)
        if not cache.exists():
            pools = self._glyph_pools()
            with cache.writing() as folder:
                for number, split in enumerate(SPLITS):
                    rng = np.random.default_rng([self.options.seed, number])
                    texts = self._texts(corpus, split, pools, rng)
                    self._write_split(folder, split, texts, pools[split], rng)

    def read_splits(self) -> dict[str, Samples]:
        """Map the arrays that `prepare_data` made."""
        self.prepare_data()
        cache = self.cache()
        if not cache.exists():  # Brown was not to be had
            cache = self.cache(corpus_name(PROJECT))
        varied = self.options.augment_data
        return {
            split: ArrayDataset(
                cache.read(f"{split}_images"),
                cache.read(f"{split}_labels"),
                augment=self.augmentation if varied and split == "train" else None,
            )
            for split in SPLITS
        }

    def cache(self, corpus: str | None = None) -> ArrayCache:
        """Where the lines lie that say what a corpus says, by default that of the options."""
        options = {k: v for k, v in vars(self.options).items() if k not in self.loading_only}
        parameters: dict[str, Any] = {
            "version": _CACHE_VERSION,
            **options,
            "glyphs": self._source_fingerprint(),
            "corpus": corpus or corpus_name(self.options.text),
        }
        return ArrayCache(self.options.folder, self.cache_name, parameters)

    def _source(self) -> EMNIST | UnipenCharacters:
        folder, seed = self.options.source_dir or self.options.data_dir, self.options.seed
        if self.options.source == "EMNIST":
            return EMNIST(EMNISTOptions(data_dir=folder, seed=seed))
        return UnipenCharacters(UnipenCharactersOptions(data_dir=folder, seed=seed))

    def _source_fingerprint(self) -> str:
        source = self._source()
        return source.cache.key if isinstance(source, EMNIST) else source.fingerprint()

    def _glyph_pools(self) -> dict[str, GlyphPool]:
        """Glyphs of each split, labelled as in `mapping`; others are left out."""
        source = self._source()
        source.prepare_data()
        source.setup()
        drawn = set(self.characters.characters)
        new_labels = np.array(
            [self.characters.label(s) if s in drawn else -1 for s in source.mapping]
        )
        pools = {}
        for split, samples in source.splits.items():
            assert isinstance(samples, ArrayDataset)
            labels = new_labels[samples.labels]
            known = np.flatnonzero(labels >= 0)
            images = samples.images if len(known) == len(labels) else samples.images[known]
            pools[split] = GlyphPool(images, labels[known], len(self.mapping))
        return pools

    def _texts(
        self, corpus: Corpus, split: str, pools: dict[str, GlyphPool], rng: np.random.Generator
    ) -> list[str]:
        """Texts of a split, of characters that every split has glyphs for."""
        counts = np.min([pool.counts for pool in pools.values()], axis=0)
        options = self.options
        generator = SentenceGenerator(
            corpus.passages[split],
            max_length=options.text_length,
            characters="".join(self.mapping[label] for label in np.flatnonzero(counts)),
            strip_punctuation=options.strip_punctuation,
        )
        sizes = {
            "train": options.num_train,
            "validation": options.num_val,
            "test": options.num_test,
        }
        return generator.generate_many(sizes[split], rng)

    def _write_split(
        self, folder: Path, split: str, texts: list[str], pool: GlyphPool, rng: np.random.Generator
    ) -> None:
        """Draws the lines in chunks straight into the files."""
        options, canvas = self.options, self.options.canvas()
        labels = encode_texts(
            texts,
            options.label_length,
            self.characters,
            with_tokens=options.with_start_end_tokens,
        )
        np.save(folder / f"{split}_labels.npy", labels)
        characters = encode_texts(texts, options.max_length, self.characters, with_tokens=False)
        overlaps = rng.uniform(options.min_overlap, options.max_overlap, len(texts))
        shape = (len(texts), canvas.height, canvas.width)
        images = np.lib.format.open_memmap(folder / f"{split}_images.npy", "w+", np.uint8, shape)
        for start in range(0, len(texts), _CHUNK):
            part = slice(start, start + _CHUNK)
            images[part] = draw_lines(characters[part], overlaps[part], pool, canvas, rng)
        images.flush()


def encode_texts(
    texts: list[str], length: int, mapping: CharacterMapping, *, with_tokens: bool
) -> Labels:
    """Labels of lines, of shape (N, length), uint8, filled up with padding."""
    rows = [mapping.encode_line(text, length, with_tokens=with_tokens) for text in texts]
    return np.array(rows, np.uint8)


if __name__ == "__main__":
    run_as_script(EMNISTLines)
