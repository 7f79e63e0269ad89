"""Forms of IAM with their lines and words: what its XML says, or else its ASCII files.

Source: the XML that comes with IAM 3.0 (`form`, `handwritten-part`, `line`, `word`, `cmp`) and the
comments at the head of its ASCII files. Boxes are in pixels of the full scan.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from text_recognizer.errors import InputError
from text_recognizer.ground_truth.iam_files import FORM_ID, IamFiles
from text_recognizer.ground_truth.iam_text import join_tokens, unescape
from text_recognizer.ground_truth.xml_files import parse_xml

if TYPE_CHECKING:
    from lxml.etree import _Element

_MAX_XML_BYTES = 1 << 24
_MAX_TABLE_BYTES = 1 << 26
_OK = "ok"
_N_LINE_FIELDS = 9
_LINE_ID = re.compile(rf"{FORM_ID}-\d{{2}}", re.ASCII)
_MAX_SHOWN = 40
_MAX_PX = 1 << 20


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels of the full scan; `right` and `bottom` are the first beyond it."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class IamWord:
    """A word, or a punctuation mark, of a line; `box` is None if the XML has none."""

    id: str
    text: str
    box: Box | None


@dataclass(frozen=True)
class IamLine:
    """One written line.

    Attributes:
        id: such as `a01-000u-00`.
        text: the transcription.
        is_ok: whether IAM's own segmentation into words is right; where it is not (`err`), text
            and image of the line are good all the same.
        box: of all its ink, None if the files say nothing.
        words: in order; none where only ASCII files are there.
    """

    id: str
    text: str
    is_ok: bool
    box: Box | None
    words: tuple[IamWord, ...] = ()


@dataclass(frozen=True)
class IamForm:
    """One page: printed text above, the same text by hand below.

    Attributes:
        id: such as `a01-000u`.
        writer: such as `000`.
        width: of the full scan in pixels, 0 if the files do not say.
        height: likewise.
        lines: in order, with ids of their own that begin with that of the form.
        left_out: ids of other lines that the files say it has; shortened, for messages.
    """

    id: str
    writer: str
    width: int
    height: int
    lines: tuple[IamLine, ...]
    left_out: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether it has lines, and the places of all of them are known."""
        return bool(self.lines) and not self.left_out and all(line.box for line in self.lines)

    @property
    def prompt(self) -> str:
        """What was to be written: forms of several writers share it, as a01-000u and a01-000x."""
        return self.id[: len("a01-000")]


def read_forms(files: IamFiles) -> list[IamForm]:
    """All forms, by their ids; what `lines.txt` says of ok and err counts where it is there.

    Raises:
        InputError: there is neither XML nor ASCII files, or one of them is damaged.
    """
    xml, ascii_files = files.find("xml"), files.find("ascii")
    if xml:
        forms = [read_form(path) for path in xml.values()]
        if "lines" in ascii_files:
            states = {line.id: line.is_ok for line in read_lines_txt(ascii_files["lines"])}
            forms = [_with_states(form, states) for form in forms]
        return forms
    if {"lines", "forms"} <= ascii_files.keys():
        return _forms_of_tables(ascii_files["forms"], ascii_files["lines"])
    raise InputError(
        f"{files.path} holds no transcriptions of IAM: xml or xml.tgz, or ascii or ascii.tgz with "
        "forms.txt and lines.txt, must be there."
    )


def read_form(path: Path) -> IamForm:
    """Form of an XML file.

    Raises:
        InputError: it is not well formed, declares entities, or is no form of IAM.
    """
    root = parse_xml(path, max_bytes=_MAX_XML_BYTES)
    document_type: Any = root.getroottree().docinfo.internalDTD
    if document_type is not None and any(document_type.iterentities()):
        raise InputError(f"{path} declares entities, which is refused; IAM needs none.")
    if root.tag != "form":
        raise InputError(f"{path} is no form of IAM: its root is {root.tag}.")
    try:
        lines, left_out = _own_lines(path.stem, map(_line, root.iterfind("handwritten-part/line")))
        return IamForm(
            id=path.stem,
            writer=root.get("writer-id", ""),
            width=int(root.get("width", "0")),
            height=int(root.get("height", "0")),
            lines=lines,
            left_out=left_out,
        )
    except ValueError as error:
        raise InputError(f"{path} has a number that is none: {error}.") from error


def read_lines_txt(path: Path) -> list[IamLine]:
    """Lines of `ascii/lines.txt`; their transcriptions may hold spaces.

    Raises:
        InputError: a row is damaged.
    """
    lines = []
    for number, row in _rows(path):
        cells = row.split(" ", _N_LINE_FIELDS - 1)
        try:
            name, state, _, _, x, y, width, height, text = cells
            box = _box(int(x), int(y), int(width), int(height))
        except ValueError as error:
            raise InputError(f"Row {number} of {path} is no line of IAM: {row!r}.") from error
        tokens = [unescape(token) for token in text.split("|")]
        joined = join_tokens([token for token in tokens if token])
        lines.append(IamLine(name, joined, state == _OK, box))
    return lines


def _forms_of_tables(forms_txt: Path, lines_txt: Path) -> list[IamForm]:
    """Forms without sizes and words."""
    writers = {cells[0]: cells[1] for _, row in _rows(forms_txt) if len(cells := row.split()) > 1}
    lines: dict[str, list[IamLine]] = defaultdict(list)
    for line in read_lines_txt(lines_txt):
        lines[form_of(line.id)].append(line)
    missing = sorted(lines.keys() - writers.keys())
    if missing:
        raise InputError(f"{forms_txt} has no form {missing[0]!r}, of which {lines_txt} has lines.")
    return [
        IamForm(name, writers[name], 0, 0, *_own_lines(name, own))
        for name, own in sorted(lines.items())
    ]


def _own_lines(
    form_id: str, lines: Iterable[IamLine]
) -> tuple[tuple[IamLine, ...], tuple[str, ...]]:
    """Lines whose ids are those of lines of a form, the first of each, and ids of the others.

    Ids become names of files, so that nothing else may stand in them.
    """
    own: dict[str, IamLine] = {}
    left_out = []
    for line in lines:
        is_own = _LINE_ID.fullmatch(line.id) and line.id.startswith(f"{form_id}-")
        if not is_own or own.setdefault(line.id, line) is not line:
            left_out.append(line.id[:_MAX_SHOWN])
    return tuple(own.values()), tuple(left_out)


def form_of(line_id: str) -> str:
    """Id of the form of a line or word: its first two parts."""
    return "-".join(line_id.split("-")[:2])


def _rows(path: Path) -> list[tuple[int, str]]:
    """Numbered rows of an ASCII file, without comments."""
    try:
        if path.stat().st_size > _MAX_TABLE_BYTES:
            raise InputError(f"{path} is larger than {_MAX_TABLE_BYTES >> 20} MiB.")
        rows = path.read_text(encoding="latin-1").splitlines()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    numbered = enumerate(rows, start=1)
    return [(number, row) for number, row in numbered if row.strip() and not row.startswith("#")]


def _with_states(form: IamForm, states: dict[str, bool]) -> IamForm:
    lines = (replace(line, is_ok=states.get(line.id, line.is_ok)) for line in form.lines)
    return replace(form, lines=tuple(lines))


def _line(line: "_Element") -> IamLine:
    words = tuple(_word(word) for word in line.iterfind("word"))
    text = unescape(line.get("text", ""))
    is_ok = line.get("segmentation", _OK) == _OK
    return IamLine(line.get("id", ""), text, is_ok, union([word.box for word in words]), words)


def _word(word: "_Element") -> IamWord:
    parts = [
        _box(*(int(part.get(name, "")) for name in ("x", "y", "width", "height")))
        for part in word.iterfind("cmp")
    ]
    return IamWord(word.get("id", ""), unescape(word.get("text", "")), union(parts))


def _box(x: int, y: int, width: int, height: int) -> Box:
    if any(abs(value) > _MAX_PX for value in (x, y, width, height)):
        raise ValueError("a box is larger than a scan can be")
    return Box(x, y, x + width, y + height)


def union(boxes: Sequence[Box | None]) -> Box | None:
    """The least box around others; None without any."""
    known = [box for box in boxes if box is not None]
    if not known:
        return None
    return Box(
        min(box.left for box in known),
        min(box.top for box in known),
        max(box.right for box in known),
        max(box.bottom for box in known),
    )
