"""Feeds damaged files to everything that reads files, and names what goes wrong.

    python tasks/fuzz_readers.py [--cases 20000] [--seed 0] [--target images] [--failures DIR]

A case is one sound file, drawn here, with bytes changed, cut, doubled, or swapped with those of
another. A reader may refuse it with an error of `text_recognizer.errors` or read it. It fails by
any other exception, by a crash, by more than five seconds, or by more than a gigabyte of memory.
Prints each failure; its input goes to DIR, and from there to tests/fuzz/kept, which the tests read.
"""

import argparse
import gzip
import hashlib
import io
import json
import multiprocessing
import resource
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from text_recognizer.bundle import MANIFEST_FILE, NETWORK_FILE, Bundle, find_bundle, load_bundle
from text_recognizer.errors import TextRecognizerError
from text_recognizer.ground_truth import read_lines, read_pages
from text_recognizer.language.confusions import CONFUSIONS_FILE, Confusions, load_confusions
from text_recognizer.language.corpus import read_corpus
from text_recognizer.language.kneser_ney import estimate
from text_recognizer.language.lexicon import read_words
from text_recognizer.language.ngram_bundle import load_language_model, write_ngram_bundle
from text_recognizer.language.noise import NoiseChannel
from text_recognizer.language.typo_files import (
    PAIRS_FILE,
    TEXT_FILE,
    read_pairs,
    read_texts,
    write_typo_files,
)
from text_recognizer.language.vocabulary import WORDS_FILE, load_words, words_to_bytes
from text_recognizer.line_reader import LineReader
from text_recognizer.loading import Limits, open_pages
from text_recognizer.manifest import Manifest

MAX_SECONDS = 5.0
MAX_BYTES = 1 << 30
_START_SECONDS = 60.0  # until a process is ready
_LIMITS = Limits(max_pixels=4_000_000)
_MOST_CHANGES = 8
_ODD_VALUES = (0, 1, 0x7F, 0x80, 0xFF)
_ODD_WORDS = (b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"\x7f\xff\xff\xff", b"\x80\x00\x00\x00")

Seeds = dict[str, bytes]
"""Sound files by name; the suffix tells what they are."""


@dataclass(frozen=True)
class Target:
    """One kind of input: sound files, and what reads a damaged one."""

    make_seeds: Callable[[], Seeds]
    read: Callable[[str, bytes, Path], None]


@dataclass(frozen=True)
class Failure:
    """What went wrong, with the input that did it."""

    target: str
    name: str
    reason: str
    data: bytes


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; 1 if anything failed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--cases", type=int, default=20_000, help="of all targets together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--target", choices=sorted(TARGETS), action="append")
    parser.add_argument("--failures", type=Path, metavar="DIR", help="gets the inputs that fail")
    options = parser.parse_args(arguments)
    names = options.target or sorted(TARGETS)
    n_failures = 0
    for name in names:
        for failure in fuzz(name, options.cases // len(names), seed=options.seed):
            n_failures += 1
            print(f"{failure.target}: {failure.name}: {failure.reason}")
            if options.failures:
                keep(failure, options.failures)
        print(f"{name}: {options.cases // len(names)} cases done", flush=True)
    return 1 if n_failures else 0


def keep(failure: Failure, folder: Path) -> Path:
    """Write the input of a failure to the folder of its target."""
    digest = hashlib.sha256(failure.data).hexdigest()[:12]
    path = folder / failure.target / f"{digest}-{failure.name}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(failure.data)
    return path


def fuzz(target: str, n_cases: int, *, seed: int) -> Iterator[Failure]:
    """Failures among the cases of a target; equal seeds make equal cases."""
    seeds = TARGETS[target].make_seeds()
    with Reader(target) as reader:
        for number in range(n_cases):
            rng = np.random.default_rng([seed, number])
            name, data = make_case(seeds, rng)
            reason = reader.read(name, data)
            if reason:
                yield Failure(target, name, reason, data)


def make_case(seeds: Seeds, rng: np.random.Generator) -> tuple[str, bytes]:
    """A damaged file: one of the sound ones with some changes."""
    names = sorted(seeds)
    name = names[int(rng.integers(len(names)))]
    data = bytearray(seeds[name])
    for _ in range(int(rng.integers(1, _MOST_CHANGES + 1))):
        other = seeds[names[int(rng.integers(len(names)))]]
        _CHANGES[int(rng.integers(len(_CHANGES)))](data, other, rng)
    return name, bytes(data)


class Reader:
    """A process that reads cases, started anew when one of them breaks it."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def read(self, name: str, data: bytes) -> str | None:
        """Why the case failed, or None."""
        pipe = self._pipe or self._start()
        pipe.send((name, data))
        if not pipe.poll(MAX_SECONDS):
            self._stop()
            return f"no answer within {MAX_SECONDS:.0f} s"
        try:
            reason: str | None = pipe.recv()
        except EOFError:
            code = self._stop()
            return f"the process ended with {code}"
        if reason:
            self._stop()  # memory is not given back; the next case starts afresh
        return reason

    def _start(self) -> Connection:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(self._target, theirs), daemon=True)
        process.start()
        theirs.close()
        self._process = process
        if not self._pipe.poll(_START_SECONDS):
            raise RuntimeError("The reading process does not start.")
        self._pipe.recv()
        return self._pipe

    def _stop(self) -> int | None:
        if self._process is None:
            return None
        if self._pipe:
            self._pipe.close()
        self._process.join(1.0)
        self._process.kill()
        self._process.join()
        code = self._process.exitcode
        self._process = self._pipe = None
        return code


def _serve(target: str, pipe: Connection) -> None:
    """Answer cases until the other end closes.

    The sound files are read first, so that no case has to wait for libraries to be loaded.
    """
    read = TARGETS[target].read
    with tempfile.TemporaryDirectory() as folder:
        for name, data in TARGETS[target].make_seeds().items():
            try_case(read, name, data, Path(folder))
        pipe.send("ready")
        while True:
            try:
                name, data = pipe.recv()
            except EOFError:
                return
            pipe.send(try_case(read, name, data, Path(folder)))


def try_case(
    read: Callable[[str, bytes, Path], None], name: str, data: bytes, folder: Path
) -> str | None:
    """Read one case in this process: None if it was read or refused, else what it raised."""
    before = _peak_bytes()
    try:
        read(name, data, folder)
    except TextRecognizerError:
        pass
    except Exception as error:  # that is what is looked for
        return f"{type(error).__name__}: {error}"
    taken = _peak_bytes() - before
    return f"{taken >> 20} MiB of memory" if taken > MAX_BYTES else None


def _peak_bytes() -> int:
    """The most memory that this process had at a time.

    What `getrusage` says is inherited on Linux: a process begins with its parent's peak.
    """
    status = Path("/proc/self/status")
    if status.exists():
        (peak,) = (row for row in status.read_text().splitlines() if row.startswith("VmHWM:"))
        return 1024 * int(peak.split()[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on a Mac


def _change_bytes(data: bytearray, other: bytes, rng: np.random.Generator) -> None:
    for _ in range(int(rng.integers(1, 5))):
        if data:
            value = rng.integers(256) if rng.random() < 0.5 else rng.choice(_ODD_VALUES)
            data[_place(data, rng)] = int(value)


def _change_words(data: bytearray, other: bytes, rng: np.random.Generator) -> None:
    """Sizes and offsets are stored in words: make one huge, or nothing."""
    at = _place(data, rng)
    data[at : at + 4] = _ODD_WORDS[int(rng.integers(len(_ODD_WORDS)))]


def _cut_off(data: bytearray, other: bytes, rng: np.random.Generator) -> None:
    del data[_place(data, rng) :]


def _cut_out(data: bytearray, other: bytes, rng: np.random.Generator) -> None:
    at = _place(data, rng)
    del data[at : at + int(rng.integers(1, 64))]


def _repeat(data: bytearray, other: bytes, rng: np.random.Generator) -> None:
    at = _place(data, rng)
    part = data[at : at + int(rng.integers(1, 256))]
    data[at:at] = part * int(rng.integers(1, 4))


def _splice(data: bytearray, other: bytes, rng: np.random.Generator) -> None:
    at, start = _place(data, rng), _place(other, rng)
    data[at : at + int(rng.integers(0, 64))] = other[start : start + int(rng.integers(1, 512))]


def _place(data: bytes | bytearray, rng: np.random.Generator) -> int:
    """Headers decide more than pixels: half of the places are in the first 200 bytes."""
    length = min(len(data), 200) if rng.random() < 0.5 else len(data)
    return int(rng.integers(length)) if length else 0


_CHANGES = (_change_bytes, _change_words, _cut_off, _cut_out, _repeat, _splice)


def _drawing() -> Image.Image:
    page = np.full((60, 90), 235, np.uint8)
    cv2.putText(page, "abc", (8, 40), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 40, 2, cv2.LINE_AA)
    return Image.fromarray(page)


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def _image_seeds() -> Seeds:
    grey = _drawing()
    colour, deep = grey.convert("RGB"), Image.fromarray(np.asarray(grey).astype(np.uint16) << 8)
    with_orientation = Image.Exif()
    with_orientation[274] = 6
    pages = [grey, grey.convert("1")]
    return {
        "grey.png": _saved(grey, "PNG"),
        "palette.png": _saved(colour.quantize(8), "PNG"),
        "deep.png": _saved(deep, "PNG"),
        "alpha.png": _saved(colour.convert("RGBA"), "PNG"),
        "turned.jpg": _saved(colour, "JPEG", exif=with_orientation),
        "progressive.jpg": _saved(grey, "JPEG", progressive=True),
        "print.jpg": _saved(colour.convert("CMYK"), "JPEG"),
        "pages.tif": _saved(grey, "TIFF", save_all=True, append_images=pages),
        "fax.tif": _saved(grey.convert("1"), "TIFF", compression="group4"),
        "lzw.tif": _saved(colour, "TIFF", compression="tiff_lzw"),
        "still.webp": _saved(colour, "WEBP"),
        "moving.webp": _saved(colour, "WEBP", save_all=True, append_images=[colour.rotate(90)]),
        "plain.bmp": _saved(colour, "BMP"),
    }


def _pdf_seeds() -> Seeds:
    pages = [_drawing(), _drawing().convert("RGB")]
    return {
        "one.pdf": _saved(_drawing(), "PDF"),
        "two.pdf": _saved(pages[0], "PDF", save_all=True, append_images=pages),
    }


def _read_images(name: str, data: bytes, folder: Path) -> None:
    for page in open_pages(data, name=name, limits=_LIMITS):
        try:
            page.read()
        except TextRecognizerError:
            continue  # the other pages are read all the same


def _table() -> bytes:
    rows = ["id\tsplit\twriter_or_document\ttext\tlanguage"]
    rows += [f"line-{i}\ttrain\tdocument\tabc {i}\teng" for i in range(3)]
    return ("\n".join(rows) + "\n").encode()


def _line_seeds() -> Seeds:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("lines.tsv", _table())
        for i in range(3):
            archive.writestr(f"line-{i}.png", _saved(_drawing(), "PNG"))
    return {"lines.tsv": _table(), "lines.zip": stream.getvalue()}


def _read_lines(name: str, data: bytes, folder: Path) -> None:
    (folder / "lines.tsv").unlink(missing_ok=True)
    path = folder / name
    path.write_bytes(data)
    if name == "lines.tsv":
        for i in range(3):
            _drawing().save(folder / f"line-{i}.png")
        path = folder
    for sample in read_lines(path):
        try:
            sample.read_image()
        except TextRecognizerError:
            continue


def _page_seeds() -> Seeds:
    lines = "".join(
        f'<TextLine id="l{i}"><Coords points="10,{10 + 20 * i} 80,{10 + 20 * i} 80,{28 + 20 * i}"/>'
        f'<Baseline points="10,{25 + 20 * i} 80,{26 + 20 * i}"/>'
        f"<TextEquiv><Unicode>abc {i}</Unicode></TextEquiv></TextLine>"
        for i in range(2)
    )
    page = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15">'
        '<Page imageFilename="page.png" imageWidth="90" imageHeight="60">'
        '<TextRegion id="r1"><Coords points="0,0 90,0 90,60"/>'
        f"{lines}</TextRegion></Page></PcGts>"
    )
    return {"page.xml": page.encode()}


def _read_page(name: str, data: bytes, folder: Path) -> None:
    _drawing().save(folder / "page.png")
    (folder / name).write_bytes(data)
    for page in read_pages(folder / name):
        assert page.image_path.parent == folder, "a page's image lies outside of its folder"
    for sample in read_lines(folder / name):
        sample.read_image()


def _bundle_seeds() -> Seeds:
    folder = find_bundle("line-english")
    manifest = json.loads((folder / MANIFEST_FILE).read_text())
    return {
        MANIFEST_FILE: json.dumps(manifest, indent=1).encode(),
        NETWORK_FILE: (folder / NETWORK_FILE).read_bytes()[:200_000],
    }


def _read_bundle(name: str, data: bytes, folder: Path) -> None:
    """A stranger's bundle has hashes that fit its damage; so have these."""
    source = find_bundle("line-english")
    manifest = json.loads((source / MANIFEST_FILE).read_text())
    network = data if name == NETWORK_FILE else b"no network"
    manifest["files"] = {NETWORK_FILE: hashlib.sha256(network).hexdigest()}
    (folder / NETWORK_FILE).write_bytes(network)
    is_manifest = name == MANIFEST_FILE
    (folder / MANIFEST_FILE).write_bytes(data if is_manifest else json.dumps(manifest).encode())
    LineReader(load_bundle(folder, task="line"), n_threads=1)


@cache
def _language_seeds() -> Seeds:
    model = estimate(["the quick brown fox jumps over the lazy dog and runs away " * 4], order=4)
    with tempfile.TemporaryDirectory() as folder:
        values = {"version": "1", "text_form": "latin-ascii-1"}
        words = {WORDS_FILE: words_to_bytes(["the", "quick", "fox"])}
        bundle = write_ngram_bundle(Path(folder) / "small", model.model(), values, words)
        files = (MANIFEST_FILE, *bundle.manifest.files)
        return {name: (bundle.folder / name).read_bytes() for name in files}


def _read_language(name: str, data: bytes, folder: Path) -> None:
    """As with other bundles, the hashes fit the damage."""
    files = {**_language_seeds(), name: data}
    if name != MANIFEST_FILE:
        manifest = json.loads(files[MANIFEST_FILE])
        manifest["files"][name] = hashlib.sha256(data).hexdigest()
        files[MANIFEST_FILE] = json.dumps(manifest).encode()
    for file, content in files.items():
        (folder / file).write_bytes(content)
    bundle, model = load_language_model(folder)
    load_words(bundle)
    total = model.probabilities("the ").sum()
    assert abs(total - 1) < 1e-6, f"probabilities sum to {total}"


def _text_seeds() -> Seeds:
    text = "Kew Gardens, le caf\u00e9, \u201cHooker\u201d\n".encode() * 5
    return {"words.txt": text, "words.txt.gz": gzip.compress(text)}


def _read_text(name: str, data: bytes, folder: Path) -> None:
    path = folder / name
    path.write_bytes(data)
    read_corpus([path], "latin-ascii-1", most=1_000)
    read_words(path, "latin-ascii-1")


def _typo_seeds() -> Seeds:
    pairs = [("the caf\u00e9 in Kew", "tho cafe m Kew"), ("a, b", "a b"), ("", "x")]
    with tempfile.TemporaryDirectory() as folder:
        write_typo_files(Path(folder), pairs * 3, ["the quick fox", "in Kew"])
        files = {name: (Path(folder) / name).read_bytes() for name in (PAIRS_FILE, TEXT_FILE)}
    return {**files, CONFUSIONS_FILE: Confusions.of(pairs).to_json().encode()}


def _read_typo(name: str, data: bytes, folder: Path) -> None:
    for file, content in {**_typo_seeds(), name: data}.items():
        (folder / file).write_bytes(content)
    NoiseChannel(Confusions.of(read_pairs(folder)))
    read_texts(folder)
    manifest = Manifest("x", "1", "finder", "x", files={CONFUSIONS_FILE: ""})
    confusions = load_confusions(Bundle(folder, manifest))
    assert confusions is not None
    confusions.costs()


TARGETS = {
    "images": Target(_image_seeds, _read_images),
    "pdf": Target(_pdf_seeds, _read_images),
    "lines": Target(_line_seeds, _read_lines),
    "pages": Target(_page_seeds, _read_page),
    "bundles": Target(_bundle_seeds, _read_bundle),
    "language": Target(_language_seeds, _read_language),
    "text": Target(_text_seeds, _read_text),
    "typo": Target(_typo_seeds, _read_typo),
}

if __name__ == "__main__":
    sys.exit(main())
