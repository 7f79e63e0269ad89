"""Raw data: descriptions, checksums, downloads from whole and broken mirrors, idx files."""

import gzip
import hashlib
import http.server
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from character_files import idx_bytes, write_idx

from text_recognizer.cache_folder import default_data_folder
from text_recognizer.data import raw_data
from text_recognizer.data.idx_files import find_idx, read_idx, read_images_and_labels
from text_recognizer.data.raw_data import (
    RawFile,
    find_raw_file,
    read_metadata,
    sha256_of,
    update_metadata,
)
from text_recognizer.errors import InputError

pytestmark = pytest.mark.train

ROOT = Path(__file__).parents[2]
CONTENT = np.random.default_rng(0).bytes(3_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Mirror(http.server.BaseHTTPRequestHandler):
    """Paths say how the server fails; `asked` keeps path and range of each request."""

    asked: list[tuple[str, str | None]] = []
    broken_off = False

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        Mirror.asked.append((self.path, wanted))
        if self.path == "/missing":
            self.send_error(403, "Forbidden")
            return
        content = b"a page that asks to log in" if self.path == "/other" else CONTENT
        start = int(re.findall(r"\d+", wanted)[0]) if wanted else 0
        if self.path == "/without-ranges":
            start, wanted = 0, None
        if wanted and start >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if self.path == "/breaks-off" and not Mirror.broken_off:
            Mirror.broken_off = True
            self.wfile.write(content[start : start + 2_200_000])
            self.close_connection = True
            return
        self.wfile.write(content[start:])

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def mirror() -> Iterator[str]:
    Mirror.asked, Mirror.broken_off = [], False
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def described(*urls: str, sha256: str = SHA256) -> RawFile:
    return RawFile("things", "things.zip", urls, sha256)


def part_of(folder: Path) -> Path:
    return folder / "downloaded" / "things" / "things.zip.part"


def test_first_mirror_that_works_is_taken(mirror: str, tmp_path: Path) -> None:
    file = described(f"{mirror}/missing", f"{mirror}/other", f"{mirror}/whole", f"{mirror}/never")
    path = find_raw_file(file, tmp_path)
    assert path == tmp_path / "downloaded" / "things" / "things.zip"
    assert path.read_bytes() == CONTENT
    assert [place for place, _ in Mirror.asked] == ["/missing", "/other", "/whole"]
    assert not part_of(tmp_path).exists()


def test_a_second_call_asks_nobody(mirror: str, tmp_path: Path) -> None:
    find_raw_file(described(f"{mirror}/whole"), tmp_path)
    find_raw_file(described(f"{mirror}/whole"), tmp_path)
    assert len(Mirror.asked) == 1


def test_a_broken_download_goes_on_where_it_stopped(mirror: str, tmp_path: Path) -> None:
    file = described(f"{mirror}/breaks-off")
    with pytest.raises(InputError, match="the connection broke"):
        find_raw_file(file, tmp_path)
    n_bytes = part_of(tmp_path).stat().st_size
    assert 0 < n_bytes < len(CONTENT)
    assert not (tmp_path / "downloaded" / "things" / "things.zip").exists()
    assert find_raw_file(file, tmp_path).read_bytes() == CONTENT
    assert Mirror.asked == [("/breaks-off", None), ("/breaks-off", f"bytes={n_bytes}-")]


def test_the_next_mirror_goes_on_with_the_part(mirror: str, tmp_path: Path) -> None:
    file = described(f"{mirror}/breaks-off", f"{mirror}/whole")
    assert find_raw_file(file, tmp_path).read_bytes() == CONTENT
    assert Mirror.asked[1][0] == "/whole" and Mirror.asked[1][1] is not None


def test_a_server_without_ranges_sends_everything_again(mirror: str, tmp_path: Path) -> None:
    part_of(tmp_path).parent.mkdir(parents=True)
    part_of(tmp_path).write_bytes(CONTENT[:1000])
    path = find_raw_file(described(f"{mirror}/without-ranges"), tmp_path)
    assert path.read_bytes() == CONTENT
    assert len(Mirror.asked) == 1


@pytest.mark.parametrize("left", [b"something else", CONTENT + b"too much"])
def test_a_part_of_another_file_is_dropped(left: bytes, mirror: str, tmp_path: Path) -> None:
    part_of(tmp_path).parent.mkdir(parents=True)
    part_of(tmp_path).write_bytes(left)
    path = find_raw_file(described(f"{mirror}/whole"), tmp_path)
    assert path.read_bytes() == CONTENT
    assert [wanted for _, wanted in Mirror.asked] == [f"bytes={len(left)}-", None]


def test_nothing_works_is_one_sentence(mirror: str, tmp_path: Path) -> None:
    wrong = hashlib.sha256(b"a page that asks to log in").hexdigest()
    with pytest.raises(InputError) as caught:
        find_raw_file(described(f"{mirror}/missing", f"{mirror}/other"), tmp_path)
    folder = tmp_path / "downloaded" / "things"
    assert str(caught.value) == (
        f"things needs things.zip, which could not be fetched ({mirror}/missing: 403 Forbidden; "
        f"{mirror}/other: what it gives has the SHA-256 {wrong}): put it into {folder} "
        f"(its SHA-256 is {SHA256})."
    )
    assert list(folder.iterdir()) == []


def test_no_mirror_and_no_checksum_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        find_raw_file(described(sha256=""), tmp_path)
    assert str(caught.value) == (
        "things needs things.zip, which cannot be fetched without its owner: "
        f"put it into {tmp_path / 'downloaded' / 'things'} (its SHA-256 is not known)."
    )


def test_a_mirror_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"http://127.0.0.1:9/x: no connection\)"):
        find_raw_file(described("http://127.0.0.1:9/x"), tmp_path)


@pytest.mark.parametrize("place", [".", "things", "downloaded/things"])
def test_a_file_that_the_user_has_is_taken(place: str, tmp_path: Path) -> None:
    path = tmp_path / place / "things.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(CONTENT)
    assert find_raw_file(described(), tmp_path).samefile(path)


def test_another_file_under_the_name_is_refused_and_kept(mirror: str, tmp_path: Path) -> None:
    path = tmp_path / "things.zip"
    path.write_bytes(b"other")
    with pytest.raises(InputError) as caught:
        find_raw_file(described(f"{mirror}/whole"), tmp_path)
    assert str(caught.value) == (
        f"{path} is not the file that things needs, or is damaged: its SHA-256 is not {SHA256}; "
        "remove it, or put the right one in its place."
    )
    assert path.read_bytes() == b"other" and not Mirror.asked


def test_checksum_is_that_of_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    assert sha256_of(path) == SHA256


def write_metadata(folder: Path, text: str) -> Path:
    path = folder / "things" / "metadata.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_metadata_of_one_file(tmp_path: Path) -> None:
    text = f'url = "http://x/y"\nfilename = "things.zip"\nsha256 = "{SHA256}"\ntest_ids = ["a"]\n'
    (file,) = read_metadata(write_metadata(tmp_path, text))
    assert file == RawFile("things", "things.zip", ("http://x/y",), SHA256, {"test_ids": ["a"]})


def test_metadata_of_several_files_with_mirrors(tmp_path: Path) -> None:
    text = 'note = 1\n[[files]]\nfilename = "a"\nurl = ["u", "v"]\n[[files]]\nfilename = "b"\n'
    assert read_metadata(write_metadata(tmp_path, text)) == (
        RawFile("things", "a", ("u", "v"), "", {"note": 1}),
        RawFile("things", "b", (), "", {"note": 1}),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = = 1", "metadata.toml cannot be read: "),
        ('filename = "../a"', "metadata.toml of things: '../a' is no file name."),
        ('url = "u"', "metadata.toml of things: '' is no file name."),
        ('filename = "a"\nsha256 = "12"', "sha256 has 64 hexadecimal digits, not '12'."),
        ('filename = "a"\nurl = 3', "filename, sha256 and url are texts, or url a list of them."),
        ('files = "a"', "files is a list of tables."),
    ],
)
def test_wrong_metadata_is_one_sentence(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        read_metadata(write_metadata(tmp_path, text))


@pytest.mark.parametrize("path", sorted(ROOT.glob("data/raw/*/metadata.toml")), ids=str)
def test_own_metadata_can_be_read(path: Path) -> None:
    for file in read_metadata(path):
        addresses = file.urls or [file.extra["site"]]  # where its users have to register
        assert all(url.startswith("https://") for url in addresses)
        assert bool(file.urls) is (path.parent.name != "iam")
        assert file.sha256 or path.parent.name == "brown" or file.filename == "iam_lines.h5"
    assert raw_data.metadata_path(path.parent.name) == path


def test_update_writes_the_checksum_once(tmp_path: Path) -> None:
    text = f'# a note\nfilename = "things.zip"  # kept\nsha256 = "{"0" * 64}"\nkey = 1\n'
    path = write_metadata(tmp_path, text)
    (path.parent / "things.zip").write_bytes(CONTENT)
    assert update_metadata(path, tmp_path) == f"{path}: wrote the SHA-256 of things.zip."
    assert path.read_text(encoding="utf-8") == text.replace("0" * 64, SHA256)
    assert update_metadata(path, tmp_path) == f"{path}: nothing to update."


@pytest.mark.parametrize("old", ["", 'sha256 = ""\n'])
def test_update_adds_a_missing_checksum(old: str, tmp_path: Path) -> None:
    path = write_metadata(tmp_path, f'filename = "things.zip"\n{old}key = 1\n')
    (tmp_path / "things.zip").write_bytes(CONTENT)
    update_metadata(path, tmp_path)
    assert path.read_text(encoding="utf-8") == (
        f'filename = "things.zip"\nsha256 = "{SHA256}"\nkey = 1\n'
    )


def test_update_without_the_file_is_refused(tmp_path: Path) -> None:
    path = write_metadata(tmp_path, 'filename = "things.zip"\n')
    with pytest.raises(InputError) as caught:
        update_metadata(path, tmp_path)
    assert str(caught.value) == f"things.zip is not at hand; put it into {path.parent}."


def test_door_to_update_metadata(tmp_path: Path) -> None:
    door = ROOT / "training" / "update_metadata.py"
    assert len(door.read_text(encoding="utf-8").splitlines()) <= 20
    path = write_metadata(tmp_path, 'filename = "things.zip"\n')
    command = [sys.executable, str(door), str(path)]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path)}
    run = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == f"things.zip is not at hand; put it into {path.parent}.\n"
    (path.parent / "things.zip").write_bytes(CONTENT)
    run = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (0, f"{path}: wrote the SHA-256 of things.zip.\n")


def test_task_names_the_door_and_a_description() -> None:
    text = (ROOT / "tasks" / "update_fsdl_paragraphs_metadata.sh").read_text(encoding="utf-8")
    _, door, description = text.splitlines()[-1].split()
    assert (ROOT / door).is_file() and (ROOT / description).is_file()


def test_default_data_folder_is_in_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert default_data_folder() == Path("/somewhere/text-recognizer")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert default_data_folder() == Path.home() / ".cache" / "text-recognizer"


@pytest.mark.parametrize("shape", [(5,), (2, 3), (2, 3, 4)])
@pytest.mark.parametrize("name", ["a-idx", "a-idx.gz", "packed-without-the-name"])
def test_idx_files_are_read(shape: tuple[int, ...], name: str, tmp_path: Path) -> None:
    array = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    path = tmp_path / name
    write_idx(path, array)
    if name.startswith("packed"):
        path.write_bytes(gzip.compress(path.read_bytes()))
    assert np.array_equal(read_idx(path), array)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is not an idx file of bytes."),
        (b"\0\0\x0d\x01" + bytes(8), "is not an idx file of bytes."),
        (bytes([0, 0, 8, 3]) + bytes(4), "has a header that makes no sense."),
        (bytes([0, 0, 8, 2]) + b"\xff" * 8, "has a header that makes no sense."),
        (idx_bytes(np.zeros(4, np.uint8))[:-1], "ends too early: its header says 4 values."),
        (
            idx_bytes(np.zeros(4, np.uint8)) + b"0",
            "goes on after the last value: its header says 4 values.",
        ),
        (gzip.compress(idx_bytes(np.zeros(999, np.uint8)))[:-9], "cannot be read: "),
    ],
)
def test_damaged_idx_files_are_refused(data: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    with pytest.raises(InputError, match=f"^{re.escape(str(path))} {re.escape(message)}"):
        read_idx(path)


def test_idx_files_are_found_by_their_spellings(tmp_path: Path) -> None:
    assert find_idx(tmp_path, "train-images-idx3-ubyte") is None
    for name in ("train-images.idx3-ubyte.gz", "train-images-idx3-ubyte"):
        (tmp_path / name).touch()
        assert find_idx(tmp_path, "train-images-idx3-ubyte") == tmp_path / name


def test_images_and_labels_must_belong_together(tmp_path: Path) -> None:
    write_idx(tmp_path / "images", np.zeros((3, 2, 2), np.uint8))
    write_idx(tmp_path / "labels", np.zeros(4, np.uint8))
    with pytest.raises(InputError) as caught:
        read_images_and_labels(tmp_path / "images", tmp_path / "labels")
    assert str(caught.value) == (
        "images holds an array of shape (3, 2, 2) and labels one of shape (4,): "
        "images and labels do not belong together."
    )
