"""Set the course's public address everywhere: in pyproject.toml, every saved notebook and the links of docs/hub.md.

Nothing is executed.

    python -m tools.address                                  say the address
    python -m tools.address https://github.com/OWNER/NAME    set it
    python -m tools.address none                             take it out

The address changes the text of two cells, the title with its badge and the set-up cell, and no output. So saved
notebooks get it without an hour of building; one that is out of date for another reason is left alone, and named.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from ganlib.files import write_file
from tools import hub
from tools.lessons import (
    NOTEBOOKS,
    BuildError,
    check_address,
    lesson_sources,
    read_lesson,
    read_saved,
    repository,
    short_name,
)
from tools.lint import stale_reasons, wanted

LINE = re.compile(r'^repository = ".*"$', re.MULTILINE)


def write_setting(root: Path, address: str) -> None:
    """Write the address into pyproject.toml. Raises BuildError for what is no address, and changes nothing then."""
    check_address(address)
    file = root / "pyproject.toml"
    before = file.read_text(encoding="utf-8")
    if len(LINE.findall(before)) != 1:
        raise BuildError(f'{file.name} must have one line  repository = "…"  under [tool.ganlib].')
    write_file(file, LINE.sub(lambda _: f'repository = "{address}"', before).encode())


def readdressed(saved: NotebookNode, fresh: NotebookNode) -> NotebookNode:
    """Return a saved notebook with the texts, tags and ids of a fresh one, and its own outputs and numbers."""
    for cell, new in zip(saved.cells, fresh.cells, strict=True):
        cell.source, cell.metadata, cell.id = new.source, new.metadata, new.id
    saved.metadata = {**saved.metadata, **fresh.metadata}
    return nbformat.from_dict(saved)


def set_address(root: Path, address: str) -> tuple[list[Path], list[str]]:
    """Set the address of the course in `root`; return the notebooks changed, and sentences about those left alone."""
    sources = lesson_sources(root / NOTEBOOKS.name)
    paths = [(source, path) for source in sources for path in wanted(source) if path.exists()]
    left = [f"{short_name(path)}: {reason}" for _, path in paths for reason in stale_reasons(path)]
    current = [(source, path) for source, path in paths if not stale_reasons(path)]
    write_setting(root, address)
    hub.renew(root)
    for source, path in current:
        nb = readdressed(read_saved(path), read_lesson(source, solution=path.parent.name == "solutions"))
        nb.metadata.course["repository"] = repository(source)
        write_file(path, (nbformat.writes(nb) + "\n").encode())
    return [path for _, path in current], left


def main(arguments: list[str] | None = None, root: Path = NOTEBOOKS.parent) -> int:
    """Set or say the address; return the exit status."""
    parser = argparse.ArgumentParser(description="Set the course's public address everywhere.")
    parser.add_argument("address", nargs="?", help="such as https://github.com/OWNER/NAME, or none")
    address = parser.parse_args(arguments).address
    try:
        if address is None:
            print(repository(root / "notebooks" / "source" / "any.py") or "The course has no public address yet.")
            return 0
        changed, left = set_address(root, "" if address == "none" else address)
    except BuildError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"pyproject.toml and {len(changed)} notebooks now have {address}.")
    print("".join(f"{reason}\n" for reason in left), end="", file=sys.stderr)
    return int(bool(left))


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(main())
