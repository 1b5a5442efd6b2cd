"""One writer: whole or not at all, never through a link, and deleting nothing that is not ours."""

import os
import stat

import pytest

from ganlib.files import MARK, is_replaceable, make_folder, open_file, others_files, read_file, sweep, write_file

POSIX = pytest.mark.skipif(os.name == "nt", reason="links and pipes as POSIX has them")


def test_a_file_is_written_and_replaced(tmp_path):
    for content in (b"old", b"", memoryview(b"new and longer")):
        write_file(tmp_path / "a", content)
        assert (tmp_path / "a").read_bytes() == content
    assert os.listdir(tmp_path) == ["a"]


@POSIX
def test_the_file_has_the_rights_that_any_new_file_gets(tmp_path):
    write_file(tmp_path / "a", b"x")
    (tmp_path / "b").write_bytes(b"x")
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == stat.S_IMODE((tmp_path / "b").stat().st_mode)


@POSIX
def test_a_link_is_replaced_and_never_written_through(tmp_path):
    (tmp_path / "letter").write_bytes(b"theirs")
    (tmp_path / "a").symlink_to(tmp_path / "letter")
    write_file(tmp_path / "a", b"ours")
    assert (tmp_path / "letter").read_bytes() == b"theirs"
    assert not (tmp_path / "a").is_symlink() and (tmp_path / "a").read_bytes() == b"ours"


@POSIX
def test_a_name_that_is_laid_in_wait_is_not_opened(tmp_path, monkeypatch):
    """Even if somebody could guess the temporary name: what is there is neither written nor deleted."""
    monkeypatch.setattr("secrets.token_hex", lambda n: "0" * 2 * n)
    (tmp_path / "letter").write_bytes(b"theirs")
    (tmp_path / f".ganlib-{'0' * 16}.tmp").symlink_to(tmp_path / "letter")
    with pytest.raises(FileExistsError):
        write_file(tmp_path / "a", b"ours")
    assert (tmp_path / "letter").read_bytes() == b"theirs" and len(os.listdir(tmp_path)) == 2


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    write_file(tmp_path / "a", b"old")
    for name in ("write", "fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
            with pytest.raises(OSError, match="No space left"):
                write_file(tmp_path / "a", b"new")
        assert os.listdir(tmp_path) == ["a"] and (tmp_path / "a").read_bytes() == b"old"


def test_a_write_in_pieces_is_finished(tmp_path, monkeypatch):
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, content: write(file, content[:3]))
    write_file(tmp_path / "a", b"longer than three")
    assert (tmp_path / "a").read_bytes() == b"longer than three"


def test_a_name_as_long_as_names_may_be(tmp_path):
    write_file(tmp_path / ("a" * 250), b"x")
    assert os.listdir(tmp_path) == ["a" * 250]


def test_a_folder_that_does_not_exist(tmp_path):
    with pytest.raises(FileNotFoundError, match="the folder .* does not exist"):
        write_file(tmp_path / "none" / "a", b"x")


def test_folders_are_made_but_not_in_place_of_a_file(tmp_path):
    make_folder(tmp_path / "a/b/c")
    make_folder(tmp_path / "a/b/c")
    assert (tmp_path / "a/b/c").is_dir()
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError):
        make_folder(tmp_path / "file/b")


def test_only_what_we_left_is_swept(tmp_path):
    theirs = ["log.2024.tmp", "a.1234.tmp", ".ganlib-old.tmp", ".ganlib-0123456789abcdef.tmp.bak", "part-A"]
    for name in (*theirs, ".ganlib-0123456789abcdef.tmp"):
        (tmp_path / name).write_text("")
    (tmp_path / ".ganlib-1123456789abcdef.tmp").mkdir()
    sweep(tmp_path)
    assert sorted(os.listdir(tmp_path)) == sorted([*theirs, ".ganlib-1123456789abcdef.tmp"])
    sweep(tmp_path / "none")


def test_a_folder_counts_as_empty_without_others_files(tmp_path):
    assert others_files(tmp_path / "none") == []
    for name in (".lock", ".DS_Store", ".ganlib-0123456789abcdef.tmp"):
        (tmp_path / name).write_text("")
    assert others_files(tmp_path) == []
    (tmp_path / "history.csv").write_text("")
    (tmp_path / "checkpoints").mkdir()
    assert others_files(tmp_path) == ["checkpoints", "history.csv"]


@POSIX
def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not an ordinary file"), open_file(tmp_path / "pipe"):
        pass
    assert not is_replaceable(tmp_path / "pipe")


def test_reading_has_a_bound(tmp_path):
    (tmp_path / "a").write_bytes(b"12345")
    assert read_file(tmp_path / "a", 5) == b"12345"
    with pytest.raises(ValueError, match="larger than the 4 bytes"):
        read_file(tmp_path / "a", 4)


def test_a_page_is_ours_when_it_says_so(tmp_path):
    assert is_replaceable(tmp_path / "report.html")
    (tmp_path / "report.html").write_text(f"<head>{MARK}")
    assert is_replaceable(tmp_path / "report.html")
    for theirs in ("<html>", "", " " * 5000 + MARK):
        (tmp_path / "report.html").write_text(theirs)
        assert not is_replaceable(tmp_path / "report.html")
    (tmp_path / "folder").mkdir()
    assert not is_replaceable(tmp_path / "folder")
