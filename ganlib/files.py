"""Files on disk, written whole or not at all."""

import os
from pathlib import Path


def write_file(path: str | os.PathLike, content: bytes) -> None:
    """Write a file under a temporary name and rename it: an interrupted write leaves the old file as it was.

    Raises FileNotFoundError when the folder does not exist, and OSError when the disk is full or read-only.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"cannot write {path.name}: the folder {path.parent} does not exist")
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
