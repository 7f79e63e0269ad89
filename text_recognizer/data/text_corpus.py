"""What drawn lines say: prose in three parts, so that no split shares a text with another.

The Brown corpus is found and put together through NLTK; a text file of the user's or the
sentences that were written for this project can take its place.
"""

import hashlib
import logging
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from text_recognizer.data.raw_data import find_raw_file, metadata_path, read_metadata
from text_recognizer.errors import InputError, TextRecognizerError
from text_recognizer.synthesis.sentences import load_passages, to_ascii

_LOG = logging.getLogger(__name__)
BROWN, PROJECT = "brown", "project"
_SENTENCES_FILE = Path(__file__).with_name("sentences.txt")
_MIN_PASSAGES = 10
_BROWN_DOCUMENT = re.compile(r"c[a-r]\d\d")
_MAX_DOCUMENT_BYTES = 1 << 20
_DOUBLED_MARK = re.compile(r"([;?!])\1+")


@dataclass(frozen=True)
class Corpus:
    """Prose of each split.

    Attributes:
        name: changes with the text.
        passages: by split: `train`, `validation`, `test`; printable ASCII.
    """

    name: str
    passages: Mapping[str, Sequence[str]]


def load_corpus(text: str, data_dir: Path) -> Corpus:
    """The corpus called `brown` or `project`, or that of a text file, a paragraph a line.

    Where Brown can neither be found nor fetched, the sentences written for the project take its
    place, and a warning says so.

    Raises:
        InputError: a text file cannot be read, or holds too little for three splits.
    """
    if text != BROWN:
        path = _SENTENCES_FILE if text == PROJECT else Path(text)
        return Corpus(corpus_name(text), _split(load_passages(path), str(path)))
    try:
        return Corpus(BROWN, _split(_brown_documents(data_dir), "The Brown corpus"))
    except (TextRecognizerError, ImportError) as error:
        _LOG.warning("Lines are made of the sentences written for this project: %s", error)
        return load_corpus(PROJECT, data_dir)


def corpus_name(text: str) -> str:
    """Name of the corpus that `load_corpus` gives if it finds it.

    Raises:
        InputError: a text file cannot be read.
    """
    if text == BROWN:
        return BROWN
    path = _SENTENCES_FILE if text == PROJECT else Path(text)
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    except OSError as error:
        raise InputError(f"{path} is not a UTF-8 text file: {error}.") from error
    return f"{'project' if text == PROJECT else 'file'}-{digest}"


def _split(passages: Iterable[str], source: str) -> dict[str, list[str]]:
    """Every tenth passage is for validation, the one after it for testing; none occurs twice."""
    different = list(dict.fromkeys(passages))
    if len(different) < _MIN_PASSAGES:
        raise InputError(f"{source} holds fewer than {_MIN_PASSAGES} different paragraphs.")
    return {
        "train": [text for i, text in enumerate(different) if i % 10 < 8],
        "validation": different[8::10],
        "test": different[9::10],
    }


def _brown_documents(data_dir: Path) -> list[str]:
    """The 500 documents of the Brown corpus, each as one text with its marks where they belong."""
    from nltk.tokenize.treebank import TreebankWordDetokenizer

    join = TreebankWordDetokenizer().detokenize
    documents = []
    for tagged in _read_brown(_find_brown(data_dir)):
        sentences = (
            join([token.rpartition("/")[0] for token in line.split()])
            for line in tagged.splitlines()
        )
        documents.append(_DOUBLED_MARK.sub(r"\1", to_ascii(" ".join(sentences))))
    return documents


def _find_brown(data_dir: Path) -> Path:
    """Folder or zip file of Brown: in NLTK's own data folders, or ours, fetched if need be."""
    from nltk import data

    for folder in data.path:
        for path in (Path(folder, "corpora", "brown"), Path(folder, "corpora", "brown.zip")):
            if path.exists():
                return path
    (file,) = read_metadata(metadata_path(BROWN))
    return find_raw_file(file, data_dir)


def _read_brown(path: Path) -> list[str]:
    """Texts of Brown's documents, in the order of their names: `word/tag`, a sentence a line."""
    try:
        if path.is_dir():
            files = sorted(f for f in path.iterdir() if _BROWN_DOCUMENT.fullmatch(f.name))
            return [file.read_text(encoding="ascii") for file in files]
        with zipfile.ZipFile(path) as archive:
            members = sorted(
                (member.filename, member)
                for member in archive.infolist()
                if member.filename.startswith("brown/")
                and _BROWN_DOCUMENT.fullmatch(member.filename.removeprefix("brown/"))
                and member.file_size <= _MAX_DOCUMENT_BYTES
            )
            return [archive.read(member).decode("ascii") for _, member in members]
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} does not hold the Brown corpus: {error}.") from error
