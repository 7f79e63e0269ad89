import multiprocessing
import zipfile

import pytest
from drawn_data import grey_ramp, png

from text_recognizer.errors import InputError
from text_recognizer.ground_truth import zip_members
from text_recognizer.ground_truth.zip_members import list_members, read_member, read_member_image


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "lines.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("zeros", bytes(100_000))
        file.writestr("line.png", png(grey_ramp()))
    return path


def test_members_are_listed_and_read(archive):
    assert list_members(archive) == {"zeros", "line.png"}
    assert read_member(archive, "zeros", max_bytes=100_000) == bytes(100_000)
    assert (read_member_image(archive, "line.png") == grey_ramp()).all()


def test_a_member_over_the_limit_is_refused(archive):
    with pytest.raises(InputError, match="'zeros' in .*lines.zip is larger than 99999 bytes"):
        read_member(archive, "zeros", max_bytes=99_999)


def test_a_missing_member_is_named(archive):
    with pytest.raises(InputError, match=r"lines\.zip has no member '\.\./zeros'"):
        read_member(archive, "../zeros", max_bytes=10)


def test_too_many_members_are_refused(archive, monkeypatch):
    monkeypatch.setattr(zip_members, "_MAX_MEMBERS", 1)
    with pytest.raises(InputError, match="holds 2 members, over the limit of 1"):
        list_members(archive)


@pytest.mark.parametrize("content", [b"", b"no zip file at all"])
def test_what_is_no_zip_file_is_named(tmp_path, content):
    path = tmp_path / "broken.zip"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"broken\.zip is not a zip file that can be read"):
        list_members(path)


def test_a_damaged_member_is_named(archive):
    data = bytearray(archive.read_bytes())
    start = data.index(b"zeros") + len("zeros")
    data[start : start + 8] = b"\xff" * 8
    archive.write_bytes(bytes(data))
    with pytest.raises(InputError, match="'zeros' in .* cannot be read"):
        read_member(archive, "zeros", max_bytes=100_000)


def test_a_changed_file_is_opened_again(archive):
    assert "zeros" in list_members(archive)
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("other", b"1")
    assert list_members(archive) == {"other"}


def test_processes_read_the_same_archive_at_once(archive):
    read_member_image(archive, "line.png")  # open here first, as a loader's parent process does
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        images = pool.starmap(read_member_image, [(archive, "line.png")] * 20)
    assert all((image == grey_ramp()).all() for image in images)
