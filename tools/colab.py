"""Write dist/colab/NN_name.ipynb: lessons that run in Colab by upload alone.

    python -m tools.colab            every lesson
    python -m tools.colab 01 04      these lessons

A bundle is the lesson without outputs. Above its set-up cell stand hidden cells that carry ganlib and the data of
the lesson as text and unpack them into the folder gan-course, where the set-up cell looks for them.
"""

from __future__ import annotations

import argparse
import base64
import io
import sys
import zipfile
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from ganlib.files import write_file
from tools import lessons

LIMIT = 20_000_000  # bytes; Colab takes no larger notebook
PIECE = 4_000_000  # characters in one cell: a Jupyter server takes no message above 10 MiB
LINE = 1000
LOADERS = {  # large ones, and those that one lesson needs: only where they are named
    "mnist.npz": "load_mnist", "generator.npz": "load_generator", "lesson04.npz": "lesson04.npz",
    "lesson07.npz": "lesson07.npz", "lesson08.npz": "lesson08.npz", "lesson09.npz": "lesson09.npz",
    "outlook.csv": "outlook.csv", "explorer.npz": "explorer.npz",
}  # fmt: skip

UNPACK = """\
# @title The course's files: unpack them into the folder gan-course
import base64
import io
import zipfile

zipfile.ZipFile(io.BytesIO(base64.b64decode(files))).extractall("gan-course")
del files"""


def bundle(source: Path) -> NotebookNode:
    """Return the self-contained notebook of a lesson source, not executed."""
    nb = lessons.read_lesson(source)
    text = base64.b64encode(pack(source)).decode()
    pieces = [text[start : start + PIECE] for start in range(0, len(text), PIECE)]
    cells = []
    for number, piece in enumerate(pieces, start=1):
        lines = "\n".join(piece[start : start + LINE] for start in range(0, len(piece), LINE))
        title = f"# @title The course's files: part {number} of {len(pieces)}"
        cells.append(f'{title}\nfiles {"=" if number == 1 else "+="} """\n{lines}\n"""')
    hidden = {"cellView": "form", "jupyter": {"source_hidden": True}}  # for Colab and for JupyterLab
    setup = next(k for k, cell in enumerate(nb.cells) if "setup" in cell.metadata.get("tags", []))
    nb.cells[setup:setup] = [
        new_code_cell(cell, id=f"files-{number}", metadata=hidden) for number, cell in enumerate([*cells, UNPACK], 1)
    ]
    nbformat.validate(nb)
    return nb


def pack(source: Path) -> bytes:
    """Return a zip file with ganlib, the licences, and the data that a lesson needs. Equal files give equal bytes.

    The data are the very files of the manifest, so that ganlib can verify them.
    """
    root, lesson = source.parents[2], source.read_text(encoding="utf-8")
    found = [path for path in sorted((root / "data").iterdir()) if path.suffix in (".csv", ".npz")]
    data = [path for path in found if LOADERS.get(path.name, "") in lesson]
    texts = [*sorted(root.glob("LICENSE*")), root / "data" / "manifest.json", root / "data" / "README.md"]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for path in [*sorted((root / "ganlib").rglob("*.py")), *texts, *data]:
            file.writestr(zipfile.ZipInfo(path.relative_to(root).as_posix()), path.read_bytes(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def main(arguments: list[str] | None = None, folder: Path = lessons.NOTEBOOKS) -> int:
    """Write the bundles that the command line names; return the exit status."""
    parser = argparse.ArgumentParser(description="Write lessons that run in Colab by upload alone.")
    parser.add_argument("lessons", nargs="*", metavar="NN", help="lesson numbers (default: all)")
    sources = lessons.choose(parser, parser.parse_args(arguments).lessons, folder)
    target = folder.parent / "dist" / "colab"
    target.mkdir(parents=True, exist_ok=True)
    for source in sources:
        content = (nbformat.writes(bundle(source)) + "\n").encode()
        if len(content) > LIMIT:
            print(f"{source.stem}: {len(content) / 1e6:.1f} MB is more than Colab's 20 MB.", file=sys.stderr)
            return 1
        write_file(target / f"{source.stem}.ipynb", content)
        print(f"dist/colab/{source.stem}.ipynb  {len(content) / 1e6:.1f} MB")
    print("To use one: colab.research.google.com → File → Upload notebook → Runtime → Run all.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
