"""Submissions as teaching platforms hand them out: whose each file is, and which cells answer which exercise.

Moodle puts each student's files into a folder `Name_123_assignsubmission_file`, or, unfolded, that text before each
file's name. Canvas names files `namewithoutspaces_123_456_file.ipynb`, with `_LATE` after the name. In Google
Classroom's folder a copy is called `Title - Name` or `Name - Title`. Anything else: the folder is the name, or file.
"""

from __future__ import annotations

import ast
import json
import os
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tools.exercises import CHECKS, Exercise, needed, without_check
from tools.grade_worker import readable

LARGEST = 60_000_000  # bytes of a notebook that is read
MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)_?(?P<rest>.*)")
CANVAS = re.compile(r"(?P<name>[^_]+?)(?P<late>_LATE)?_(?P<id>\d+)_\d+_(?P<rest>.+)")
COPY = re.compile(r"\s*\((\d+)\)$|-(\d+)$")


@dataclass
class Submission:
    """What one student has handed in: `code` are the code cells of the notebook; `trouble` says why there is none.

    `place` begins the path of what goes back to Moodle: the folder or the beginning of the name that it gave out.
    """

    name: str
    number: str
    place: str = ""
    files: list[Path] = field(default_factory=list)
    notebook: Path | None = None
    code: list[dict] = field(default_factory=list)
    lesson: str = ""
    seal: str = ""
    trouble: str = ""
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Answer:
    """The cell that answers an exercise: its code without the call of the check, and what it needs of other cells."""

    code: str
    helpers: list[str]
    note: str = ""


# ---------------------------------------------------------------- names


def submissions(folder: Path) -> list[Submission]:
    """Return what lies in a folder, one entry a student, in order of their names."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and not _ignored(path.relative_to(folder))]
    titles = _titles(shown(path.name) for path in files if path.parent == folder)
    found: dict[tuple[str, str], Submission] = {}
    for path in files:
        inside = path.relative_to(folder)
        name, number = owner(inside, titles)
        found.setdefault((name.casefold(), number), Submission(name, number, place(inside))).files.append(path)
    for one in found.values():
        _choose(one)
    return [found[key] for key in sorted(found)]


def _ignored(path: Path) -> bool:
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
    return hidden or path.name in ("Thumbs.db", "desktop.ini")


def owner(path: Path, titles: Iterable[str] = ()) -> tuple[str, str]:
    """Return name and number ("" if none) of the student whose file this is; `path` begins in the folder graded."""
    path = Path(*map(shown, path.parts))
    for part in path.parts:
        if found := MOODLE.fullmatch(part):
            return _spaced(found["name"]), found["id"]
    if found := CANVAS.fullmatch(path.name):
        return found["name"], found["id"]
    if len(path.parts) > 1:
        return _spaced(path.parts[0]), ""
    stem = COPY.sub("", path.stem) if path.suffix else path.name
    for part in stem.split(" - "):
        rest = [other for other in stem.split(" - ") if other != part]
        if part in titles and rest:
            return " - ".join(rest), ""
    return _spaced(stem), ""


def place(path: Path) -> str:
    """Where Moodle looks for a student's feedback: "Ann Lee_12_assignsubmission_file/"; "" if it is not from Moodle."""
    for part in map(shown, path.parts):
        if found := MOODLE.fullmatch(part):
            return f"{part}/" if part != shown(path.name) else part.removesuffix(found["rest"])
    return ""


def shown(name: str) -> str:
    """A file's name as its writer saw it: also of a zip file from a Windows with another code page."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        name = os.fsencode(name).decode("cp1252", "replace")
    return unicodedata.normalize("NFC", name)


def _spaced(name: str) -> str:
    return " ".join(name.replace("_", " ").split())


def _titles(names: Iterable[str]) -> set[str]:
    """The parts of "Title - Name" that are titles: shared by several files, or named like a lesson."""
    parts = [part for name in names for part in set(COPY.sub("", Path(name).stem).split(" - "))]
    return {part for part in parts if parts.count(part) > 1 or re.match(r"\d\d_\w", part)}


# ---------------------------------------------------------------- notebooks


def _choose(one: Submission) -> None:
    """Find a student's notebook among the files: the last copy of those that can be read."""
    troubles, good = [], []
    for path in sorted(one.files, key=lambda path: (path.suffix == ".ipynb", _copy(path), path.name)):
        try:
            good.append((path, read_notebook(path)))
        except ValueError as error:
            troubles.append(f"{shown(path.name)} {error}")
    if not good:
        one.trouble = troubles[-1]
        return
    one.notebook, nb = good[-1]
    if len(good) > 1:
        one.notes.append(f"{len(good)} notebooks were handed in; {shown(one.notebook.name)} was graded.")
    one.code = [cell for cell in nb["cells"] if cell["cell_type"] == "code"]
    ours = nb.get("metadata", {}).get("ganlib", {}) if isinstance(nb.get("metadata"), dict) else {}
    ours = ours if isinstance(ours, dict) else {}
    one.seal = str(ours.get("seal", ""))
    one.lesson = str(ours.get("lesson", "")) or _lesson(one.code)


def _copy(path: Path) -> int:
    found = COPY.search(path.stem)
    return int(found[1] or found[2]) if found else 0


def read_notebook(path: Path) -> dict:
    """Read a notebook, whatever its name; cells get `cell_type` and a `source` of one text.

    Raises ValueError, with the end of a sentence, for anything else.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError(f"has more than {LARGEST // 10**6} MB: clear its outputs and save it again.")
        nb = json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror}).") from None
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise ValueError("is not a notebook: hand in the file whose name ends in .ipynb.") from None
    if not isinstance(nb, dict) or not isinstance(nb.get("cells"), list):
        raise ValueError("is not a notebook: hand in the file whose name ends in .ipynb.")
    nb["cells"] = [_cell(cell) for cell in nb["cells"] if isinstance(cell, dict)]
    return nb


def _cell(cell: dict) -> dict:
    source, metadata = cell.get("source", ""), cell.get("metadata")
    text = "".join(map(str, source)) if isinstance(source, list) else str(source)
    metadata = metadata if isinstance(metadata, dict) else {}
    return {"cell_type": cell.get("cell_type"), "source": text, "metadata": metadata}


def _lesson(code: list[dict]) -> str:
    """The lesson whose checks a notebook imports; "" if none."""
    found = re.findall(rf"{re.escape(CHECKS)}\S* import [^\n]*\blesson(\d\d)\b", "\n".join(c["source"] for c in code))
    return found[0] if found else ""


# ---------------------------------------------------------------- answers


def answer(code: list[dict], exercise: Exercise) -> Answer | None:
    """Find the answer to an exercise among a notebook's code cells, wherever they stand; None if there is none.

    An answer cell is one that makes the answer's name, is marked as the exercise's, or calls its check. Of several the
    last one counts that is not the untouched stub.
    """
    marked = [k for k, cell in enumerate(code) if _mark(cell) == exercise.check]
    making = [k for k, cell in enumerate(code) if _makes(cell["source"], exercise.answer)]
    calling = [k for k, cell in enumerate(code) if f".{exercise.check}(" in cell["source"]]
    cells = making or marked or calling
    if not cells:
        return None
    begun = [k for k in cells if _bare(code[k]["source"], exercise) != _bare(exercise.stub, exercise)]
    chosen = (begun or cells)[-1]
    text = without_check(readable(code[chosen]["source"]), exercise.check)
    others = [piece for k, cell in enumerate(code) if k != chosen for piece in _pieces(cell["source"])]
    note = f"{len(cells)} cells answer this; the last one was graded." if len(begun) > 1 else ""
    return Answer(text, needed(others, text), note)


def _mark(cell: dict) -> str:
    ours = cell["metadata"].get("ganlib")
    return str(ours.get("exercise", "")) if isinstance(ours, dict) else ""


def _makes(code: str, name: str) -> bool:
    return bool(re.search(rf"^(?:def|class) {name}\b|^{name}\s*(?::[^=\n]+)?=(?!=)", code, re.MULTILINE))


def _bare(code: str, exercise: Exercise) -> str:
    """Code without comments' and blanks' share, to compare it with the stub."""
    return re.sub(r"\s+|#[^\n]*", "", without_check(code, exercise.check))


def _pieces(code: str) -> list[str]:
    """The imports, functions and constants of a cell, each as a piece of code; none if Python cannot read it."""
    try:
        tree = ast.parse(readable(code))
        kinds = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
        return [ast.unparse(node) for node in tree.body if isinstance(node, kinds) or _is_constant(node)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def _is_constant(node: ast.stmt) -> bool:
    plain = isinstance(node, ast.Assign) and all(isinstance(target, ast.Name) for target in node.targets)
    heavy = (ast.Call, ast.BinOp, ast.ListComp, ast.DictComp, ast.SetComp, ast.GeneratorExp)
    return plain and not any(isinstance(part, heavy) for part in ast.walk(node.value))
