"""Many small files fetched at once."""

import logging
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from uuid import uuid4

from text_recognizer.errors import InputError
from text_recognizer.fetch import fetch

_LOG = logging.getLogger(__name__)
_N_THREADS = 8


def fetch_missing(urls: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Fetches the files that a folder does not hold yet, several at once, with a progress bar.

    A file appears under its name when it is whole. The bar is drawn on a terminal only.

    Args:
        urls: addresses by the names that files get.
        folder: where they lie; made if need be.

    Returns:
        What went wrong, by the names of the files that are still missing.
    """
    missing = {name: url for name, url in urls.items() if not (folder / name).is_file()}
    if not missing:
        return {}
    folder.mkdir(parents=True, exist_ok=True)
    problems: dict[str, str] = {}
    with ThreadPoolExecutor(_N_THREADS) as pool:
        jobs = {pool.submit(_fetch, url, folder / name): name for name, url in missing.items()}
        for number, job in enumerate(as_completed(jobs), start=1):
            error = job.exception()
            if isinstance(error, InputError):
                problems[jobs[job]] = str(error)
            elif error is not None:
                raise error
            _show(number, len(jobs))
    _LOG.info("Fetched %d files, %d could not be had.", len(jobs) - len(problems), len(problems))
    return problems


def _fetch(url: str, target: Path) -> None:
    content = fetch(url)
    part = target.with_name(f"{target.name}.{uuid4().hex}.part")
    try:
        part.write_bytes(content)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _show(number: int, total: int) -> None:
    if sys.stderr.isatty():
        end = "\n" if number == total else ""
        sys.stderr.write(f"\rfetched {number} of {total} files{end}")
        sys.stderr.flush()
