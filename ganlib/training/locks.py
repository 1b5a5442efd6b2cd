"""One training at a time in a folder."""

import errno
import os
import tempfile
from pathlib import Path


class FolderLock:
    """The right to train in a folder, until it is closed or the process ends, however it ends.

    The folder itself is locked, so that no file is there whose loss would undo the lock. Where folders cannot be locked
    (Windows, some network disks) it is the file .lock in it, which Windows does not let anybody delete meanwhile.
    Raises BlockingIOError while another process has the lock, and OSError when the folder cannot be used.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        try:
            tempfile.TemporaryFile(dir=folder).close()
        except OSError as error:
            if error.errno != errno.ENOSPC:  # what finds no room says so when it is written
                raise
        self.files = []
        try:
            if os.name == "nt":
                self._lock_file()
            else:
                self._lock_folder()
            self.stat = os.stat(folder)
        except BaseException:
            self.__exit__()
            raise

    def holds(self) -> bool:
        """False when the folder was moved, or deleted, or another is now in its place."""
        try:
            return os.path.samestat(self.stat, os.stat(self.folder))
        except OSError:
            return False

    def __enter__(self) -> "FolderLock":
        return self

    def __exit__(self, *_) -> None:
        while self.files:
            os.close(self.files.pop())  # which gives the lock back

    def _lock_folder(self) -> None:
        import fcntl

        self.files.append(os.open(self.folder, os.O_RDONLY))
        try:
            fcntl.flock(self.files[-1], fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError:
            self.files.append(os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666))
            try:
                fcntl.flock(self.files[-1], fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise
            except OSError:
                pass  # a disk without locks

    def _lock_file(self) -> None:
        import msvcrt

        self.files.append(os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_BINARY | os.O_NOINHERIT))
        try:
            msvcrt.locking(self.files[-1], msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError(*error.args) from error
        except OSError:
            pass  # a disk without locks
