"""Raw data as published: where it comes from, where it lies, and whether it is whole.

`data/raw/NAME/metadata.toml` describes the files of one data set: `filename`, `url` (one address
or a list of mirrors), `sha256`, and any keys beside them; several files are `[[files]]` tables of
the same keys. A file that is at hand is taken; a missing one is fetched from the first mirror that
gives what the checksum promises. Knows nothing about what is inside the files.
"""

import hashlib
import logging
import re
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from text_recognizer.cache_folder import default_data_folder
from text_recognizer.errors import InputError, MissingExtraError

_LOG = logging.getLogger(__name__)
_CHUNK = 1 << 20
_TIMEOUT_S = 30.0
_NOTHING_BEYOND = "416"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PACKAGE = Path(__file__).resolve().parent
METADATA = "metadata.toml"
DOWNLOADED = "downloaded"


@dataclass(frozen=True)
class RawFile:
    """One file of a data set, as its publisher gives it.

    Attributes:
        data_set: name of the folder of `metadata.toml`.
        filename: of the file.
        urls: addresses, tried in order; none if the file cannot be had without its owner.
        sha256: of the whole file, in small hexadecimal digits; empty if nobody wrote it down.
        extra: the other keys of the file's table.
    """

    data_set: str
    filename: str
    urls: tuple[str, ...] = ()
    sha256: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.filename or Path(self.filename).name != self.filename:
            raise InputError(f"{METADATA} of {self.data_set}: {self.filename!r} is no file name.")
        if self.sha256 and not _SHA256.fullmatch(self.sha256):
            raise InputError(
                f"{METADATA} of {self.data_set}: sha256 has 64 hexadecimal digits, "
                f"not {self.sha256!r}."
            )


def metadata_path(data_set: str) -> Path:
    """The data set's `metadata.toml`: in the source tree, or in the installed package."""
    in_tree = _PACKAGE.parents[1] / "data" / "raw" / data_set / METADATA
    return in_tree if in_tree.is_file() else _PACKAGE / "raw" / data_set / METADATA


def read_metadata(path: Path) -> tuple[RawFile, ...]:
    """The files that a `metadata.toml` describes; the data set has the name of its folder.

    Raises:
        InputError: the file cannot be read, or a key is missing or of another type.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}.") from error
    tables = content.pop("files", None)
    if tables is None:
        tables, content = [content], {}
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise InputError(f"{path}: files is a list of tables.")
    return tuple(_raw_file({**content, **table}, path) for table in tables)


def find_raw_file(file: RawFile, data_dir: Path) -> Path:
    """The file on this machine, fetched if it is not there yet.

    Looked for in `data_dir`, in its folder of the data set, and where downloads go:
    `downloaded/NAME/`.

    Raises:
        InputError: the file is at hand with another checksum, or it is not and cannot be fetched;
            the message names the file, the folder it belongs into, and its checksum.
        MissingExtraError: pooch, which downloads, is not installed.
    """
    target = data_dir / DOWNLOADED / file.data_set / file.filename
    places = (target, data_dir / file.data_set / file.filename, data_dir / file.filename)
    at_hand = [path for path in places if path.is_file()]
    for path in at_hand:
        if not file.sha256 or sha256_of(path) == file.sha256:
            return path
    if at_hand:
        raise InputError(
            f"{at_hand[0]} is not the file that {file.data_set} needs, or is damaged: its SHA-256 "
            f"is not {file.sha256}; remove it, or put the right one in its place."
        )
    return _download(file, target)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file in hexadecimal digits; the file is never in memory as a whole."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def update_metadata(path: Path, data_dir: Path | None = None) -> str:
    """Writes the checksums of the files at hand into a `metadata.toml`; says what was done.

    Args:
        path: the `metadata.toml`.
        data_dir: where the files are looked for, after the folder of `path` itself; by default
            the user's cache folder.

    Raises:
        InputError: a file is not at hand, or its `sha256` stands nowhere in the text.
    """
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    changed = []
    for file in read_metadata(path):
        folder = data_dir or default_data_folder()
        places = (path.parent, folder / DOWNLOADED / file.data_set, folder / file.data_set, folder)
        found = next((p / file.filename for p in places if (p / file.filename).is_file()), None)
        if found is None:
            raise InputError(f"{file.filename} is not at hand; put it into {path.parent}.")
        sha256 = sha256_of(found)
        if sha256 != file.sha256:
            text = _with_checksum(text, file, sha256)
            changed.append(file.filename)
    if not changed:
        return f"{path}: nothing to update."
    path.write_text(text, encoding="utf-8")
    return f"{path}: wrote the SHA-256 of {', '.join(changed)}."


def _raw_file(table: dict[str, Any], path: Path) -> RawFile:
    known = {"url": table.pop("url", ()), "filename": table.pop("filename", "")}
    sha256 = table.pop("sha256", "")
    urls = (known["url"],) if isinstance(known["url"], str) else known["url"]
    texts = [known["filename"], sha256, *urls] if isinstance(urls, list | tuple) else [None]
    if not all(isinstance(text, str) for text in texts):
        raise InputError(f"{path}: filename, sha256 and url are texts, or url a list of them.")
    return RawFile(path.parent.name, known["filename"], tuple(urls), sha256, table)


def _with_checksum(text: str, file: RawFile, sha256: str) -> str:
    """Text of a `metadata.toml` with another checksum; comments and order stay as they are."""
    if file.sha256:
        return text.replace(file.sha256, sha256)
    name = re.compile(rf"^(\s*filename\s*=\s*[\"']{re.escape(file.filename)}[\"'].*)$", re.M)
    with_key, n_places = name.subn(rf'\1\nsha256 = "{sha256}"', text, count=1)
    if not n_places:
        raise InputError(f"{METADATA} of {file.data_set} has no line for {file.filename}.")
    return re.sub(r'^sha256\s*=\s*""[^\n]*\n', "", with_key, flags=re.M)


def _download(file: RawFile, target: Path) -> Path:
    """Fetches the file from its mirrors in order; it appears under its name when it is whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    problems = []
    for url in file.urls:
        _LOG.info("Fetching %s from %s", file.filename, url)
        problem = _try_mirror(url, part, file.sha256)
        if problem is None:
            part.replace(target)
            return target
        problems.append(f"{url}: {problem}")
        if part.is_file() and not part.stat().st_size:
            part.unlink()
    tried = "could not be fetched" if problems else "cannot be fetched without its owner"
    reasons = f" ({'; '.join(problems)})" if problems else ""
    checksum = f"its SHA-256 is {file.sha256}" if file.sha256 else "its SHA-256 is not known"
    raise InputError(
        f"{file.data_set} needs {file.filename}, which {tried}{reasons}: "
        f"put it into {target.parent} ({checksum})."
    )


def _try_mirror(url: str, part: Path, sha256: str) -> str | None:
    """Fills the part file from one mirror; what went wrong, or None.

    A part that an earlier attempt left is gone on with. If the server knows nothing beyond it, or
    the whole has another checksum, the part may be to blame: the mirror is asked for everything.
    """
    if not sha256:
        part.unlink(missing_ok=True)
    problem = None
    for _ in range(2):
        resumed = part.is_file() and part.stat().st_size > 0
        problem = _fetch_rest(url, part)
        if problem and not problem.startswith(_NOTHING_BEYOND):
            return problem
        problem = problem or _other_checksum(part, sha256)
        if problem is None:
            return None
        part.unlink()
        if not resumed:
            break
    return problem


def _other_checksum(part: Path, sha256: str) -> str | None:
    found = sha256_of(part) if sha256 else sha256
    return None if found == sha256 else f"what it gives has the SHA-256 {found}"


def _fetch_rest(url: str, part: Path) -> str | None:
    """Appends to the part file what the server has beyond it; what went wrong, or None."""
    try:
        from pooch import HTTPDownloader
    except ImportError as error:
        raise MissingExtraError(
            'Downloading needs pooch; run: pip install "text-recognizer[train]".'
        ) from error
    with part.open("ab") as output:
        start = output.tell()

        def begin_again(response: Any, *args: Any, **kwargs: Any) -> None:
            if response.status_code == 200:  # the server sends everything, not the rest
                output.truncate(0)

        downloader = HTTPDownloader(
            progressbar=sys.stderr.isatty(),
            chunk_size=_CHUNK,
            timeout=_TIMEOUT_S,
            headers={"Range": f"bytes={start}-"} if start else {},
            hooks={"response": begin_again},
        )
        try:
            downloader(url, output, None)
        except (OSError, ValueError) as error:  # requests derives its errors from OSError
            return _reason(error)
    return None


def _reason(error: Exception) -> str:
    """The short reason of a failed request."""
    response = getattr(error, "response", None)
    if response is not None:
        return f"{response.status_code} {response.reason}"
    return {"ConnectionError": "no connection", "ConnectTimeout": "no answer"}.get(
        type(error).__name__, "the connection broke"
    )
