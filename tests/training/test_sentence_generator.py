"""Texts of drawn lines: windows of words, corpora with their splits, the Brown corpus."""

import re
import string
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from text_recognizer.data import MAPPING_2021, SentenceGenerator, text_corpus
from text_recognizer.data.raw_data import RawFile
from text_recognizer.data.text_corpus import corpus_name, load_corpus
from text_recognizer.errors import InputError, OptionError

pytestmark = pytest.mark.train

TEXT = ["It's a dog, isn't it?", "Yes -- and 2 cats!"]


def pieces_by_hand(text: str, longest: int) -> Counter[str]:
    """Every window of whole words within the limit, by brute force."""
    words = text.split(" ")
    windows = (
        " ".join(words[i:j]) for i in range(len(words)) for j in range(i + 1, len(words) + 1)
    )
    return Counter(window for window in windows if len(window) <= longest)


@pytest.mark.parametrize("longest", [3, 6, 10, 100])
def test_pieces_are_all_windows_of_words(longest: int) -> None:
    generator = SentenceGenerator(TEXT, max_length=longest)
    drawn = generator.generate_many(3000, np.random.default_rng(0))
    assert set(drawn) == set(pieces_by_hand(" ".join(TEXT), longest))


def test_start_is_even_and_end_is_even_given_the_start() -> None:
    generator = SentenceGenerator(["a b ccccccccc"], max_length=3)
    drawn = Counter(generator.generate_many(8000, np.random.default_rng(0)))
    assert set(drawn) == {"a", "a b", "b"}
    assert drawn["b"] == pytest.approx(4000, rel=0.1)
    assert drawn["a"] == pytest.approx(2000, rel=0.1)


def test_punctuation_is_kept_unless_stripped() -> None:
    assert SentenceGenerator(TEXT, max_length=99).text == "It's a dog, isn't it? Yes -- and 2 cats!"
    stripped = SentenceGenerator(TEXT, max_length=99, strip_punctuation=True).text
    assert stripped == "Its a dog isnt it Yes and 2 cats"
    letters = SentenceGenerator(TEXT, max_length=99, characters=string.ascii_letters).text
    assert letters == "Its a dog isnt it Yes and cats"


def test_equal_generators_give_equal_pieces() -> None:
    generator = SentenceGenerator(TEXT, max_length=20)
    first, second = (generator.generate_many(50, np.random.default_rng(5)) for _ in range(2))
    assert first == second != generator.generate_many(50, np.random.default_rng(6))
    assert generator.generate(np.random.default_rng(5)) in pieces_by_hand(" ".join(TEXT), 20)


def test_texts_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match=r"^No word of the text has at most 3 characters\.$"):
        SentenceGenerator(["absolutely nothing"], max_length=3)
    with pytest.raises(InputError, match="No word of the text"):
        SentenceGenerator([], max_length=3)
    with pytest.raises(OptionError, match="max_length is at least 1, not 0."):
        SentenceGenerator(TEXT, max_length=0)


def test_project_sentences_are_split_without_repeats(tmp_path: Path) -> None:
    corpus = load_corpus("project", tmp_path)
    sizes = {split: len(passages) for split, passages in corpus.passages.items()}
    assert sizes["train"] > 100 and sizes["validation"] >= 12 and sizes["test"] >= 12
    everything = [text for passages in corpus.passages.values() for text in passages]
    assert len(set(everything)) == len(everything)
    assert set("".join(corpus.passages["train"])) <= set(MAPPING_2021.characters)
    assert corpus.name == corpus_name("project")


def test_own_text_is_split_and_named_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "own.txt"
    path.write_text("\n".join(f"paragraph {i % 15}" for i in range(30)))
    corpus = load_corpus(str(path), tmp_path)
    assert sum(len(passages) for passages in corpus.passages.values()) == 15
    assert corpus.passages["validation"] == ["paragraph 8"]
    assert corpus.passages["test"] == ["paragraph 9"]
    first = corpus_name(str(path))
    path.write_text("other")
    assert corpus_name(str(path)) != first
    with pytest.raises(InputError) as caught:
        load_corpus(str(path), tmp_path)
    assert str(caught.value) == f"{path} holds fewer than 10 different paragraphs."


def test_missing_text_is_one_sentence(tmp_path: Path) -> None:
    for read in (corpus_name, lambda text: load_corpus(text, tmp_path)):
        with pytest.raises(InputError, match="none.txt is not a UTF-8 text file: "):
            read("none.txt")


@pytest.fixture
def no_nltk_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """NLTK has no data on this machine, and Brown cannot be fetched."""
    from nltk import data

    monkeypatch.setattr(data, "path", [])
    monkeypatch.setattr(text_corpus, "read_metadata", lambda _: (RawFile("brown", "brown.zip"),))


def write_brown(path: Path) -> None:
    """A zip in Brown's layout: documents of tagged words, a sentence a line."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("brown/README", "not a document")
        archive.writestr("brown/cats.txt", "ca01 news")
        for number in range(1, 21):
            lines = (
                f"\n\n\tThe/at jury/nn {number}/cd said/vbd ``/`` We/ppss ca/md n't/* ,/, "
                "no/at ''/'' ;/. ;/.\n\n\tWhy/wrb ?/. ?/.\n"
            )
            archive.writestr(f"brown/c{'a' if number < 11 else 'r'}{number:02}", lines)


@pytest.mark.usefixtures("no_nltk_data")
@pytest.mark.parametrize("place", ["ours", "nltk", "nltk, unpacked"])
def test_brown_is_read_with_its_marks_where_they_belong(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nltk import data

    folder = tmp_path / ("brown" if place == "ours" else "corpora")
    folder.mkdir()
    write_brown(folder / "brown.zip")
    if place != "ours":
        monkeypatch.setattr(data, "path", [str(tmp_path)])
    if place == "nltk, unpacked":
        with zipfile.ZipFile(folder / "brown.zip") as archive:
            archive.extractall(folder)
        (folder / "brown.zip").unlink()
    corpus = load_corpus("brown", tmp_path)
    assert corpus.name == corpus_name("brown") == "brown"
    assert corpus.passages["train"][0] == 'The jury 1 said "We can\'t, no"; Why?'
    numbers = {
        split: [int(re.findall(r"\d+", text)[0]) for text in passages]
        for split, passages in corpus.passages.items()
    }
    assert numbers["validation"] == [9, 19] and numbers["test"] == [10, 20]
    assert numbers["train"] == [1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 14, 15, 16, 17, 18]


@pytest.mark.usefixtures("no_nltk_data")
def test_without_brown_the_project_sentences_serve(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    corpus = load_corpus("brown", tmp_path)
    assert corpus == load_corpus("project", tmp_path)
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert record.getMessage() == (
        "Lines are made of the sentences written for this project: brown needs brown.zip, which "
        f"cannot be fetched without its owner: put it into {tmp_path / 'downloaded' / 'brown'} "
        "(its SHA-256 is not known)."
    )


@pytest.mark.usefixtures("no_nltk_data")
def test_a_damaged_brown_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "brown.zip"
    path.write_bytes(b"no zip")
    load_corpus("brown", tmp_path)
    assert (
        caplog.records[0]
        .getMessage()
        .endswith(f": {path} does not hold the Brown corpus: File is not a zip file.")
    )
