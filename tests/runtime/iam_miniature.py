"""A miniature of IAM in every layout that people have it in, with text drawn by OpenCV.

Ids are real ones, so that each of the three splits takes some of the forms; texts, writers and
images are made up. `write_iam` writes it.
"""

import io
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 1240, 900  # of the full scan
_PRINTED = 150  # rows above the writing
_LEFT = 60
_ROOM = 120  # rows around a baseline

Boxes = tuple[int, int, int, int]
"""x, y, width, height."""


@dataclass(frozen=True)
class Line:
    """A line: words and marks as IAM separates them, and the text as one writes it."""

    tokens: tuple[str, ...]
    text: str
    is_ok: bool = True
    top: int = 0


@dataclass(frozen=True)
class Form:
    """A form and where the three splits put it; None for nowhere."""

    id: str
    writer: str
    aachen: str | None
    official: str | None
    is_fsdl_test: bool
    lines: tuple[Line, ...]

    def line_id(self, index: int) -> str:
        return f"{self.id}-{index:02d}"


def _line(tokens: str, text: str = "", *, is_ok: bool = True) -> Line:
    """A line of tokens separated by `|`; without a text, blanks stand between all of them."""
    own = tuple(tokens.split("|"))
    return Line(own, text or " ".join(own), is_ok)


_FERRY = (
    _line("The|ferry|left|at|nine|,|not|ten|.", "The ferry left at nine, not ten."),
    _line('"|Wait|!|"|called|Anna|(|the|cook|)|:', '"Wait!" called Anna (the cook):'),
    _line("we|didn't|hear|her|over|the|wind", is_ok=False),
)
_GARDEN = (
    _line("Salt|&|pepper|;|bread|and|oil", "Salt & pepper; bread and oil"),
    _line("for|the|B B C|crew|of|1961"),
)
_WALK = (
    _line("Is|this|the|way|?", "Is this the way?"),
    _line("Past|the|mill|,|over|two|stiles", "Past the mill, over two stiles"),
    _line("and|down|to|the|old|well|."[:-2], "and down to the old well"),
)
FORMS = (
    Form("a01-000u", "000", "train", "train", False, _FERRY),
    Form("a01-000x", "001", "train", "train", False, _FERRY),
    Form("a01-003", "002", "train", None, False, _GARDEN),
    Form("a01-003u", "000", "train", "train", False, _GARDEN),
    Form("c04-110", "020", "test", "test", False, _WALK),
    Form("c04-156", "010", "validation", "validation", False, _GARDEN),
    Form("g06-037p", "030", None, None, False, _FERRY[:2]),
    Form("m01-049", "021", "test", "test", True, _FERRY),
    Form("m01-090", "011", "validation", "validation", True, _WALK[:2]),
)
"""Two of them share the prompt a01-000, two a01-003; n02-082 of the course is not among them."""
LAYOUTS = ("course", "course-zip", "archives", "unpacked", "parquet")
_TASK = {
    "trainset": ("a01-000u", "a01-000x", "a01-003u"),
    "validationset1": ("c04-156",),
    "validationset2": ("m01-090",),
    "testset": ("c04-110", "m01-049"),
}
_ARCHIVES = {"formsA-D": "abcd", "formsE-H": "efgh", "formsI-Z": "ijklmnopqrstuvwxyz"}
TASK_ZIP = "largeWriterIndependentTextLineRecognitionTask.zip"


def write_iam(folder: Path, layout: str = "course") -> Path:
    """Writes the miniature into a folder; the path that a user would name.

    `course` is FSDL's `iamdb/` with half-size JPEG forms, `course-zip` that as `iamdb.zip`,
    `archives` the original archives, `unpacked` the same unpacked, `parquet` Teklia/IAM-line.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if layout == "course":
        return _write(folder / "iamdb", dict(course_files()))
    if layout == "course-zip":
        (folder / "iamdb.zip").write_bytes(_zip({f"iamdb/{k}": v for k, v in course_files()}))
        return folder / "iamdb.zip"
    if layout == "unpacked":
        task = Path(TASK_ZIP).stem
        lists = {f"{task}/{name}": data for name, data in task_files()}
        return _write(folder, {**dict(original_files()), **lists})
    if layout == "archives":
        return _write_archives(folder)
    return _write_parquet(folder)


def course_files() -> Iterator[tuple[str, bytes]]:
    for form in FORMS:
        half = draw(form)[0].reshape(HEIGHT // 2, 2, WIDTH // 2, 2).mean((1, 3)).astype(np.uint8)
        yield f"forms/{form.id}.jpg", _encoded(half, ".jpg")
        yield f"xml/{form.id}.xml", form_xml(form).encode("iso-8859-1")
    yield from ((f"task/{name}", data) for name, data in task_files())


def task_files() -> Iterator[tuple[str, bytes]]:
    """Lists of line ids, no header; the err lines are in none, as in IAM."""
    for name, ids in _TASK.items():
        forms = [form for form in FORMS if form.id in ids]
        rows = [f.line_id(i) for f in forms for i, line in enumerate(f.lines) if line.is_ok]
        yield f"{name}.txt", ("\n".join(rows) + "\n").encode()


def original_files() -> Iterator[tuple[str, bytes]]:
    for form in FORMS:
        page, boxes = draw(form)
        yield f"forms/{form.id}.png", _encoded(page, ".png")
        yield f"xml/{form.id}.xml", form_xml(form).encode("iso-8859-1")
        place = f"{form.id[:3]}/{form.id}"
        for index, words in enumerate(boxes):
            name = form.line_id(index)
            yield f"lines/{place}/{name}.png", _encoded(_cut(page, union(words)), ".png")
            for number, box in enumerate(words):
                image = _encoded(_cut(page, box), ".png")
                yield f"words/{place}/{name}-{number:02d}.png", image
    yield from ((f"ascii/{name}", data) for name, data in ascii_files())


def ascii_files() -> Iterator[tuple[str, bytes]]:
    forms, lines, words = ["#--- forms.txt ---#"], ["#--- lines.txt ---#"], ["#--- words.txt"]
    for form in FORMS:
        boxes = draw(form)[1]
        n_words = sum(map(len, boxes))
        n_lines = len(form.lines)
        n_ok = sum(line.is_ok for line in form.lines)
        forms.append(f"{form.id} {form.writer} 2 prt {n_lines} {n_ok} {n_words} {n_words}")
        for index, (line, own) in enumerate(zip(form.lines, boxes, strict=True)):
            state = "ok" if line.is_ok else "err"
            x, y, w, h = union(own)
            name = form.line_id(index)
            lines.append(f"{name} {state} 154 19 {x} {y} {w} {h} {'|'.join(line.tokens)}")
            for number, (token, box) in enumerate(zip(line.tokens, own, strict=True)):
                place = " ".join(map(str, box))
                words.append(f"{name}-{number:02d} {state} 154 {place} NN {token}")
    for name, rows in (("forms", forms), ("lines", lines), ("words", words)):
        yield f"{name}.txt", ("\n".join(rows) + "\n").encode()


def form_xml(form: Form) -> str:
    """XML of a form; quotation marks, apostrophes and ampersands are escaped twice."""
    lines = []
    for index, (line, boxes) in enumerate(zip(form.lines, draw(form)[1], strict=True)):
        name = form.line_id(index)
        words = "".join(
            f'<word id="{name}-{number:02d}" tag="NN" text="{_twice(token)}">{_parts(box)}</word>'
            for number, (token, box) in enumerate(zip(line.tokens, boxes, strict=True))
        )
        state = "ok" if line.is_ok else "err"
        lines.append(
            f'<line id="{name}" text="{_twice(line.text)}" segmentation="{state}" threshold="154">'
            f"{words}</line>"
        )
    printed = f'<machine-print-line text="{_twice(form.lines[0].text)}"/>'
    return (
        '<?xml version="1.0" encoding="ISO-8859-1"?>\n'
        '<!DOCTYPE form SYSTEM "form-metadata.dtd">\n'
        f'<form id="{form.id}" writer-id="{form.writer}" width="{WIDTH}" height="{HEIGHT}">'
        f"<machine-printed-part>{printed}</machine-printed-part>"
        f"<handwritten-part>{''.join(lines)}</handwritten-part></form>\n"
    )


@cache
def draw(form: Form) -> tuple[NDArray[np.uint8], list[list[Boxes]]]:
    """The full scan of a form, and the boxes of the ink of each token of each line."""
    page = np.full((HEIGHT, WIDTH), 245, np.uint8)
    cv2.putText(page, form.lines[0].text, (_LEFT, 80), cv2.FONT_HERSHEY_COMPLEX, 0.8, 0, 2)
    slant = int(form.writer) % 7
    boxes = []
    for index, line in enumerate(form.lines):
        x, y = _LEFT + 10 * index, _PRINTED + 60 + index * (60 + 10 * slant)
        own = []
        for token in line.tokens:
            own.append(_draw_token(page, token, (x, y)))
            x = own[-1][0] + own[-1][2] + 14
        boxes.append(own)
    return page, boxes


def union(boxes: list[Boxes]) -> Boxes:
    left, top = min(b[0] for b in boxes), min(b[1] for b in boxes)
    right, bottom = max(b[0] + b[2] for b in boxes), max(b[1] + b[3] for b in boxes)
    return left, top, right - left, bottom - top


def _draw_token(page: NDArray[np.uint8], token: str, at: tuple[int, int]) -> Boxes:
    x, y = at
    ink = np.zeros((_ROOM, WIDTH), np.uint8)
    cv2.putText(ink, token, (x, _ROOM // 2), cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, 1.2, 255, 2)
    page[y - _ROOM // 2 : y + _ROOM // 2][ink > 0] = 50
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    left, top = int(columns[0]), y - _ROOM // 2 + int(rows[0])
    return left, top, int(columns[-1]) - left + 1, int(rows[-1] - rows[0]) + 1


def _parts(box: Boxes) -> str:
    """The box as two components side by side."""
    x, y, w, h = box
    half = w // 2
    return "".join(
        f'<cmp x="{left}" y="{y}" width="{width}" height="{h}"/>'
        for left, width in ((x, half), (x + half, w - half))
    )


def _twice(text: str) -> str:
    once = text.replace("&", "&amp;").replace('"', "&quot;").replace("'", "&apos;")
    return once.replace("&", "&amp;")


def _cut(page: NDArray[np.uint8], box: Boxes) -> NDArray[np.uint8]:
    x, y, w, h = box
    return page[y - 3 : y + h + 3, x - 3 : x + w + 3]


def _encoded(image: NDArray[np.uint8], suffix: str) -> bytes:
    return bytes(cv2.imencode(suffix, image)[1].tobytes())


def _write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def _write_archives(folder: Path) -> Path:
    """The archives as IAM's site gives them: their members lie right at their roots."""
    files = dict(original_files())
    for kind in ("lines", "words", "xml", "ascii"):
        own = {k.removeprefix(f"{kind}/"): v for k, v in files.items() if k.startswith(f"{kind}/")}
        (folder / f"{kind}.tgz").write_bytes(tgz(own))
    for name, letters in _ARCHIVES.items():
        forms = {k.removeprefix("forms/"): v for k, v in files.items() if k.startswith("forms/")}
        own = {k: v for k, v in forms.items() if k[0] in letters}
        (folder / f"{name}.tgz").write_bytes(tgz(own))
    (folder / TASK_ZIP).write_bytes(_zip(dict(task_files())))
    return folder


def _write_parquet(folder: Path) -> Path:
    import pyarrow as pa
    from pyarrow import parquet

    (folder / "data").mkdir()
    images = dict(original_files())
    for split in ("train", "validation", "test"):
        rows = [
            {
                "image": {"bytes": images[_line_path(form, index)], "path": None},
                "text": " ".join(line.tokens),
            }
            for form in FORMS
            if form.aachen == split
            for index, line in enumerate(form.lines)
        ]
        path = folder / "data" / f"{split}-00000-of-00001.parquet"
        parquet.write_table(pa.Table.from_pylist(rows), path)
    return folder


def _line_path(form: Form, index: int) -> str:
    return f"lines/{form.id[:3]}/{form.id}/{form.line_id(index)}.png"


def _zip(files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def tgz(files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return file.getvalue()
