"""Files on disk: written whole or not at all, also when the power fails; read with a bound; deleted only if ours."""

import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

MARK = '<meta name="generator" content="ganlib">'  # in the head of every page that we write
STRAYS = {".lock", ".DS_Store", "Thumbs.db", "desktop.ini"}  # a folder with nothing but these counts as empty
_TEMPORARY = re.compile(r"\.ganlib-[0-9a-f]{16}\.tmp")


def write_file(path: str | os.PathLike, content: bytes | memoryview) -> None:
    """Write a file so that after any interruption, power loss included, it is the old one or the new one.

    The content goes to a new file beside it, with a name that nobody can foresee, then to the disk itself, and only
    then gets the name. A link of that name is replaced; nothing is ever written through it.
    Raises FileNotFoundError when the folder does not exist, and OSError when the disk is full or read-only.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"cannot write {path.name}: the folder {path.parent} does not exist")
    temporary = path.with_name(f".ganlib-{secrets.token_hex(8)}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(temporary, flags, 0o666)
    try:
        try:
            _write_all(descriptor, memoryview(content).cast("B"))
            _to_disk(descriptor)
        finally:
            os.close(descriptor)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    _folder_to_disk(path.parent)


def make_folder(path: str | os.PathLike) -> None:
    """Make a folder and those above it, and see that the disk has them. Raises OSError when that cannot be done."""
    path = Path(path)
    if path.is_dir():
        return
    make_folder(path.parent)
    with suppress(FileExistsError):
        os.mkdir(path)
    if not path.is_dir():
        raise NotADirectoryError(20, "Not a directory", str(path))
    _folder_to_disk(path.parent)


def delete(path: str | os.PathLike) -> None:
    """Delete a file or a link, not what it leads to; nothing to do where there is none."""
    with suppress(FileNotFoundError):
        os.unlink(path)


@contextmanager
def open_file(path: str | os.PathLike) -> Iterator[BinaryIO]:
    """An ordinary file to read. Raises OSError for anything else, such as a pipe, which could be waited for forever."""
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    with open(os.open(path, flags), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(22, "not an ordinary file", str(path))
        yield file


def read_file(path: str | os.PathLike, most: int) -> bytes:
    """The content of an ordinary file. Raises OSError when it cannot be read, ValueError beyond `most` bytes."""
    with open_file(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ValueError(f"{path} is larger than the {most:,} bytes that such a file can have")
    return content


def is_inside(folder: Path, name: str) -> bool:
    """True when `folder/name` is a folder that really lies there, and not a link to another place."""
    path = folder / name
    return path.is_dir() and path.resolve() == folder.resolve() / name


def sweep(folder: Path) -> None:
    """Delete the files that a killed process left half-written by `write_file`: ordinary files of its names only."""
    with suppress(OSError):
        for entry in os.scandir(folder):
            if _TEMPORARY.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                delete(entry.path)


def others_files(folder: Path) -> list[str]:
    """The names in a folder that is not a run's: what keeps it from being taken as an empty one. Raises OSError."""
    try:
        return sorted(name for name in os.listdir(folder) if name not in STRAYS and not _TEMPORARY.fullmatch(name))
    except FileNotFoundError:
        return []


def is_replaceable(path: Path) -> bool:
    """True where there is no file, or a page that we wrote: its first 4 KiB hold MARK."""
    if not os.path.lexists(path):
        return True
    try:
        with open_file(path) as file:
            return MARK.encode() in file.read(4096)
    except OSError:
        return False


def _write_all(descriptor: int, content: memoryview) -> None:
    while content:
        content = content[os.write(descriptor, content) :]


def _to_disk(descriptor: int) -> None:
    """Wait until a file's content is on the disk; on macOS, past the disk's own memory too."""
    try:
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
    except (ImportError, AttributeError, OSError):  # only macOS has it, and not on every disk
        os.fsync(descriptor)


def _folder_to_disk(folder: Path) -> None:
    """Wait until a folder's names are on the disk, where the system can do that."""
    if os.name == "nt":  # Windows cannot, and keeps a journal of names
        return
    with suppress(OSError):  # some network disks cannot
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
