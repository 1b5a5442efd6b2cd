"""Make a folder of the reader's own from a course that is installed for everybody: lessons copied, the rest linked.

    python -m tools.own_folder [FOLDER]    FOLDER: gan-lessons in the working folder, if none is given

On a server the course is installed once, and nobody but the administrator can write to it. In the folder made here
the lessons can be changed and saved, `runs` has a place, and course.py works as in the course itself. Called again, it
adds what is new and renews lessons that are still as they were copied; a lesson that its reader has changed stays.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

from ganlib.files import write_file

COURSE = Path(__file__).resolve().parent.parent
COPIED = ".copied.json"  # the lessons by name: SHA-256 of what was copied
NOT_LINKED = {"notebooks", "runs", "dist", "build"}  # folders that the reader has, or makes, on his own


class Refused(Exception):
    """A folder that cannot be made; the message is one sentence for the reader."""


def own_folder(target: Path, course: Path = COURSE) -> tuple[list[str], list[str]]:
    """Make or renew the folder; return the names of the lessons copied, and of those left as their reader changed them.

    Raises Refused for a folder inside the course, or one that cannot be written or given links.
    """
    target = Path(os.path.abspath(target))
    if target.resolve().is_relative_to(course.resolve()):
        raise Refused(f"{target} lies in the course itself: name a folder elsewhere, such as one in your home.")
    try:
        (target / "notebooks").mkdir(parents=True, exist_ok=True)
        for entry in sorted(course.iterdir()):
            if entry.name == ".venv" or not (entry.name in NOT_LINKED or entry.name.startswith((".", "assignment-"))):
                _link(target / entry.name, entry)
        for entry in sorted((course / "notebooks").iterdir()):
            if entry.is_dir() and not entry.name.startswith("."):
                _link(target / "notebooks" / entry.name, entry)
        return _copy(target, course)
    except OSError as error:
        raise Refused(f"{target} cannot be made ({error.strerror or error}): name another folder.") from None


def _link(path: Path, to: Path) -> None:
    """Let `path` lead to a part of the course; what is there and is no link belongs to the reader."""
    if path.is_symlink() and os.readlink(path) != str(to):
        path.unlink()
    if not os.path.lexists(path):
        path.symlink_to(to, target_is_directory=to.is_dir())


def _copy(target: Path, course: Path) -> tuple[list[str], list[str]]:
    copied, new, kept = _copied(target), [], []
    for lesson in sorted((course / "notebooks").glob("[0-9][0-9]_*.ipynb")):
        content, path = lesson.read_bytes(), target / "notebooks" / lesson.name
        wanted, here = _hash(content), _hash(path.read_bytes()) if path.exists() else ""
        if here not in ("", wanted, copied.get(lesson.name)):
            kept.append(lesson.name)
            continue
        if here != wanted:
            write_file(path, content)
            new.append(lesson.name)
        copied[lesson.name] = wanted
    write_file(target / COPIED, json.dumps(copied, indent=1).encode())
    return new, kept


def _copied(target: Path) -> dict[str, str]:
    try:
        found = json.loads((target / COPIED).read_text(encoding="utf-8"))
        return found if isinstance(found, dict) else {}
    except (OSError, ValueError):  # none yet, or damaged: then no lesson counts as unchanged
        return {}


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def main(arguments: list[str] | None = None) -> int:
    """Make the folder named on the command line; return the exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    if len(given) > 1 or any(word.startswith("-") for word in given):
        print("course.py copy: give it one folder, or none for gan-lessons.", file=sys.stderr)
        return 2
    target = Path(given[0] if given else "gan-lessons").expanduser()
    try:
        new, kept = own_folder(target)
    except Refused as refused:
        print(f"course.py copy: {refused}", file=sys.stderr)
        return 2
    print(f"{target}: {len(new)} lessons copied" + (f", yours kept: {', '.join(kept)}" if kept else ""))
    return 0


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(main())
