"""N-gram models on disk: a bundle of four small arrays, read where they lie.

    symbols.npy      last symbol of each n-gram, shorter n-grams first
    children.npy     number of n-grams that go on from each n-gram but the longest
    log_probs.npy    number of each n-gram's log-probability in the codebook of its length, uint8
    codebooks.npy    log-probabilities, of shape (order, 256), float32

Characters, text form and origin are in the manifest. Parents, suffixes and back-off weights follow
from these, so an n-gram takes two or three bytes.
"""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from text_recognizer.bundle import Bundle, load_bundle, write_bundle
from text_recognizer.errors import BundleError
from text_recognizer.language.ngram_model import Floats, NgramModel, NgramTrie
from text_recognizer.manifest import Manifest

TASK = "language"
DEFAULT_LANGUAGE_MODEL = "language-english"
_CODES = 256
_NO_ARRAYS = (  # what numpy raises for the headers of damaged files, and ours for their content
    OSError,
    EOFError,
    ValueError,
    TypeError,
    IndexError,
    SyntaxError,
    MemoryError,
    TokenError,
)
_FILES = ("symbols.npy", "children.npy", "log_probs.npy", "codebooks.npy")


def write_ngram_bundle(
    folder: Path, model: NgramModel, values: Mapping[str, Any], extra: Mapping[str, bytes]
) -> Bundle:
    """Write a model as a bundle; probabilities are rounded to 256 values for each length.

    Args:
        folder: the new bundle.
        model: the n-grams.
        values: of the manifest, beside name, task and characters.
        extra: further files, by name.

    Raises:
        BundleError: the folder holds a bundle already.
    """
    arrays = dict(zip(_FILES, _arrays(model.trie), strict=True))
    manifest = Manifest(
        name=folder.name,
        task=TASK,
        symbols=model.characters,
        input_normalisation="",
        **values,
    )
    files = {name: _as_bytes(array) for name, array in arrays.items()}
    return write_bundle(folder, manifest, {**files, **extra})


def bundle_size(levels: Sequence[int], n_symbols: int) -> int:
    """Bytes of the arrays of a model with so many n-grams of each length, at most."""
    width = np.min_scalar_type(n_symbols).itemsize
    codebooks = len(levels) * _CODES * np.dtype(np.float32).itemsize
    return sum(levels) * (width + 1) + sum(levels[:-1]) * width + codebooks


def load_language_model(model: str | Path) -> tuple[Bundle, NgramModel]:
    """The n-gram model of a bundle, by name or folder.

    Raises:
        BundleError: it is missing, damaged or no language model.
    """
    bundle = load_bundle(model, task=TASK)
    try:
        symbols, children, codes, codebooks = (
            np.load(bundle.folder / name, mmap_mode="r", allow_pickle=False) for name in _FILES
        )
        trie = _trie(len(bundle.manifest.symbols) + 1, symbols, children, codes, codebooks)
        return bundle, NgramModel(bundle.manifest.symbols, trie)
    except _NO_ARRAYS as error:
        raise BundleError(
            f"{bundle.folder} holds no n-grams that can be used: {error}. Train it again with "
            "'text-recognizer language-model train'."
        ) from error


def _arrays(trie: NgramTrie) -> tuple[NDArray[Any], ...]:
    parents, symbols = np.divmod(trie.keys, trie.n_symbols)
    n_shorter = len(trie.keys) - trie.levels[-1] if len(trie.levels) > 1 else 0
    children = np.bincount(parents, minlength=1 + n_shorter)[1 : 1 + n_shorter]
    codes = np.zeros(len(trie.keys), np.uint8)
    codebooks = np.zeros((len(trie.levels), _CODES), np.float32)
    first = 0
    for codebook, size in zip(codebooks, trie.levels, strict=True):
        codes[first : first + size], codebook[:] = _round(trie.log_probs[first : first + size])
        first += size
    return _small(symbols), _small(children), codes, codebooks


def _round(values: Floats) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Codes of values and their codebook: the means of groups of neighbours."""
    different, counts = np.unique(values, return_counts=True)
    groups = ((np.cumsum(counts) - counts / 2) * _CODES / len(values)).astype(np.int64)
    if len(different) <= _CODES:
        groups = np.arange(len(different))
    weights = np.bincount(groups, counts, minlength=_CODES)
    sums = np.bincount(groups, counts * different, minlength=_CODES)
    codebook = np.divide(sums, weights, out=np.zeros(_CODES), where=weights > 0)
    return groups[np.searchsorted(different, values)].astype(np.uint8), codebook.astype(np.float32)


def _trie(
    n_symbols: int,
    symbols: NDArray[Any],
    children: NDArray[Any],
    codes: NDArray[Any],
    codebooks: NDArray[Any],
) -> NgramTrie:
    """The trie of the stored arrays.

    Raises:
        ValueError: they do not fit together.
    """
    if any(array.ndim != 1 for array in (symbols, children, codes)) or codebooks.ndim != 2:
        raise ValueError("an array has another shape")
    if codes.dtype != np.uint8 or codebooks.shape[1:] != (_CODES,) or not len(codebooks):
        raise ValueError("the probabilities have another form")
    counts = np.append(n_symbols, children.astype(np.int64))
    if counts.sum() != len(symbols) or len(codes) != len(symbols) or (counts < 0).any():
        raise ValueError("the arrays differ in length")
    ends = np.cumsum(counts)
    levels = [n_symbols]
    for _ in range(len(codebooks) - 1):
        last = sum(levels)
        levels.append(int(ends[min(last, len(ends) - 1)]) - last)
    keys = np.repeat(np.arange(len(counts)), counts) * n_symbols + symbols.astype(np.int64)
    lengths = np.repeat(np.arange(len(levels)), levels)
    with np.errstate(invalid="ignore"):  # what is no number is found by the trie
        log_probs = codebooks.astype(np.float64)[lengths, codes]
    return NgramTrie(n_symbols, tuple(levels), keys, log_probs)


def _small(values: NDArray[np.int64]) -> NDArray[Any]:
    """The same numbers in the smallest kind that holds them."""
    return values.astype(np.min_scalar_type(int(values.max(initial=0))))


def _as_bytes(array: NDArray[Any]) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()
