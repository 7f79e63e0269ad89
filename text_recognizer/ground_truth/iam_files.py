"""Finds the files of a user's copy of IAM, unpacked or in archives.

A copy is a folder of the original layout (`forms/`, `lines/`, `words/`, `xml/`, `ascii/`) or of the
course's (`forms/`, `xml/`, `task/`), also as `iamdb/` in a folder; a folder with the original
archives (`formsA-D.tgz`, `lines.tgz`, `xml.tgz`, ...); or `iamdb.zip`. Archives are gone through
once: members of the names that IAM gives its files are written into a cache folder, flat, aside
first and then put in place; no other member is touched.
"""

import gzip
import hashlib
import logging
import re
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, cast
from uuid import uuid4

from text_recognizer.cache_folder import default_data_folder
from text_recognizer.errors import InputError
from text_recognizer.ground_truth.zip_members import ZIP_DAMAGE

_LOG = logging.getLogger(__name__)

FORM_ID = r"[a-z]\d{2}-\d{3}[a-z]?"
TASK_FILES = ("trainset", "validationset1", "validationset2", "testset")
TASK_ARCHIVE = "largeWriterIndependentTextLineRecognitionTask"

_IMAGE = r"\.(?:png|jpg|jpeg|tif)"
_NAMES = {
    "forms": re.compile(rf"{FORM_ID}{_IMAGE}"),
    "lines": re.compile(rf"{FORM_ID}-\d{{2}}{_IMAGE}"),
    "words": re.compile(rf"{FORM_ID}-\d{{2}}-\d{{2}}{_IMAGE}"),
    "xml": re.compile(rf"{FORM_ID}\.xml"),
    "ascii": re.compile(r"(?:forms|lines|words)\.txt"),
    "task": re.compile(rf"(?:{'|'.join(TASK_FILES)})\.txt"),
}
_FOLDERS = {
    "forms": ("forms*",),
    "lines": ("lines",),
    "words": ("words",),
    "xml": ("xml",),
    "ascii": ("ascii",),
    "task": ("task", TASK_ARCHIVE),
}
_ZIP = "iamdb.zip"
_PACKED = (".tgz", ".tar.gz", ".tar", ".zip")
_COURSE_KINDS = ("forms", "xml", "task")
_VERSION = 1
_MAX_MEMBERS = 300_000
_MAX_MEMBER_BYTES = 1 << 27
_MAX_BYTES = 1 << 35
_CHUNK = 1 << 20
_DAMAGE = (*ZIP_DAMAGE, tarfile.TarError)


@dataclass(frozen=True)
class IamFiles:
    """Files of one copy of IAM.

    Attributes:
        path: the user's folder, or `iamdb.zip`.
        cache: folder for what is taken out of archives; None is one in the user's cache folder.
    """

    path: Path
    cache: Path | None = None

    def find(self, kind: str) -> dict[str, Path]:
        """Files by their names without suffix, sorted; empty if the copy has none.

        Args:
            kind: `forms`, `lines`, `words`, `xml`, `ascii` or `task`.

        Raises:
            InputError: an archive is damaged or breaks a limit.
        """
        found: dict[str, Path] = {}
        for folder in self._folders(kind):
            for path in folder.rglob("*"):
                if _NAMES[kind].fullmatch(path.name):
                    found.setdefault(path.stem, path)
        return dict(sorted(found.items()))

    def shown(self, kind: str, path: Path) -> str:
        """What users call a file that `find` gave: its path, or its name and its archive's path."""
        archives = (a for a in self._archives(kind) if self._target(a, kind) == path.parent)
        archive = next(archives, None)
        return str(path) if archive is None else f"{path.name} in {archive}"

    def has(self, kind: str) -> bool:
        """Whether there is a place for such files; nothing is unpacked."""
        return bool(self._plain(kind) or self._archives(kind))

    def _folders(self, kind: str) -> list[Path]:
        plain = self._plain(kind)
        return plain or [self._unpacked(archive, kind) for archive in self._archives(kind)]

    def _plain(self, kind: str) -> list[Path]:
        """Folders of unpacked files."""
        folders = [
            folder
            for root in self._roots()
            for pattern in _FOLDERS[kind]
            for folder in sorted(root.glob(pattern))
            if folder.is_dir()
        ]
        if kind in ("ascii", "task"):  # some copies hold these lists without a folder
            folders += [
                root
                for root in self._roots()
                if any(_NAMES[kind].fullmatch(path.name) for path in root.glob("*.txt"))
            ]
        return folders

    def _archives(self, kind: str) -> list[Path]:
        patterns = [f"{name}{suffix}" for name in _FOLDERS[kind] for suffix in _PACKED]
        own = {p for root in self._roots() for pattern in patterns for p in root.glob(pattern)}
        if own or kind not in _COURSE_KINDS:
            return sorted(own)
        zips = [self.path] if self.path.is_file() else [r / _ZIP for r in self._roots()]
        return [path for path in zips if path.is_file()]

    def _roots(self) -> list[Path]:
        return [root for root in (self.path, self.path / "iamdb") if root.is_dir()]

    def _unpacked(self, archive: Path, kind: str) -> Path:
        """Folder of the members of one kind, written if it is not there yet."""
        target = self._target(archive, kind)
        if not target.is_dir():
            _LOG.info("Taking %s out of %s once, into %s.", kind, archive, target)
            with new_folder(target) as folder:
                _unpack(archive, kind, folder)
        return target

    def _target(self, archive: Path, kind: str) -> Path:
        state = archive.stat()
        facts = (_VERSION, kind, archive.name, state.st_size, state.st_mtime_ns)
        key = hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
        return self.cache_folder / f"{kind}-{key}"

    @property
    def cache_folder(self) -> Path:
        """Where files out of archives are kept."""
        return self.cache if self.cache is not None else default_data_folder() / "processed" / "iam"


def is_iam(path: Path) -> bool:
    """Whether a path holds a copy of IAM in one of the layouts above; nothing is unpacked."""
    if path.is_file():
        return path.suffix.lower() == ".zip" and _is_course_zip(path)
    files = IamFiles(path)
    if any((root / _ZIP).is_file() for root in files._roots()):
        return True
    has_images = any(files.has(kind) for kind in ("forms", "lines"))
    return has_images and (_has_xml(files) or files.has("ascii"))


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A folder to write into, put in place of `target` if nothing went wrong.

    If another process was faster, its folder stays: they are equal.
    """
    aside = target.with_name(f".{target.name}-{uuid4().hex}")
    aside.mkdir(parents=True)
    try:
        yield aside
        try:
            aside.rename(target)
        except OSError:
            if not target.is_dir():
                raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _has_xml(files: IamFiles) -> bool:
    """Whether the XML is IAM's, to go by the first file."""
    for folder in files._plain("xml"):
        first = min((p for p in folder.glob("*.xml") if _NAMES["xml"].fullmatch(p.name)), default=0)
        if isinstance(first, Path):
            return b"<form" in first.read_bytes()[:_CHUNK]
    return bool(files._archives("xml"))


def _is_course_zip(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [PurePosixPath(name) for name in archive.namelist()]
    except _DAMAGE:
        return False
    return any(n.parent.name == "xml" and _NAMES["xml"].fullmatch(n.name) for n in names)


def _unpack(archive: Path, kind: str, folder: Path) -> None:
    """Write the members that are named as files of this kind; a name that comes again is an error.

    Raises:
        InputError: the archive is damaged or breaks a limit.
    """
    members = _zip_members if zipfile.is_zipfile(archive) else _tar_members
    total = 0
    try:
        for number, (name, size, open_member) in enumerate(members(archive)):
            total += size
            if number >= _MAX_MEMBERS or size > _MAX_MEMBER_BYTES or total > _MAX_BYTES:
                raise InputError(f"{archive} holds more, or more bytes, than IAM can.")
            base = PurePosixPath(name).name
            if _NAMES[kind].fullmatch(base):
                with open_member() as stream, (folder / base).open("xb") as file:
                    _copy(stream, file, size)
    except _DAMAGE as error:
        raise InputError(f"{archive} cannot be read: {error}.") from error


def _copy(stream: IO[bytes], file: IO[bytes], size: int) -> None:
    """Copy a member of the size that its header says, no more and no less."""
    left = size
    while chunk := stream.read(_CHUNK):
        left -= len(chunk)
        if left < 0:
            raise ValueError("a member is longer than its header says")
        file.write(chunk)
    if left:
        raise EOFError("a member is shorter than its header says")


_Member = tuple[str, int, Callable[[], IO[bytes]]]


def _zip_members(path: Path) -> Iterator[_Member]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if not info.is_dir():
                yield info.filename, info.file_size, partial(archive.open, info)


def _tar_members(path: Path) -> Iterator[_Member]:
    """Members in order; an archive that was cut off raises EOFError, which tarfile overlooks."""
    with _plain_stream(path) as plain, tarfile.open(fileobj=plain, mode="r|") as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.isreg() else None
            if stream is not None:
                yield member.name, member.size, partial(_same, stream)
        while plain.read(_CHUNK):
            pass


def _plain_stream(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        is_packed = file.read(2) == b"\x1f\x8b"
    return cast(IO[bytes], gzip.open(path)) if is_packed else path.open("rb")


def _same(stream: IO[bytes]) -> IO[bytes]:
    return stream
