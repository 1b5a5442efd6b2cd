"""Eleven made submissions of lesson 02, graded by course.py grade, nbgrader and Otter: the table of docs/grading.md.

GANLIB_NBGRADER and GANLIB_OTTER name the Pythons in which they and this course are installed: see docs/grading.md.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "tools")]

import ten_students  # noqa: E402

from tools import assignment  # noqa: E402

PAGE = ROOT / "docs" / "grading.md"
NAME, NOBODY = ten_students.SOURCE.stem, "Kim"
WAIT = {"nbgrader": 400, "otter": 150}  # seconds for one student: Otter knows no limit by itself
STUDENTS = {  # what each of them has handed in, and why the graders differ
    "Anna": ("all right", ""),
    "Bob": ("nothing begun", ""),
    "Carla": ("five kinds of mistakes", ""),
    "Eve": (
        "checks overwritten, the course's own solutions called, verdicts forged",
        "the others' runs of her notebook did not end by themselves: no grade",
    ),
    "Frank": ("one loop without an end, the rest right", "Otter has no limit of time; it was stopped"),
    "Grace": ("`exit()`, a crash of Python, too much memory", "a crash costs everything with the others"),
    "Hal": (
        "a syntax error, a missing cell, a renamed function, endless output; two right",
        "nbgrader refuses a cell that was copied with its metadata",
    ),
    "Ida": (
        "right, in the opposite order, metadata lost, the set-up cell deleted",
        "nbgrader knows cells by their metadata",
    ),
    "Kim": ("a PDF", ""),
    "Lea": ("the lesson's own notebook, solved", "it has none of nbgrader's metadata"),
    "Mia": ("nothing right, and a check overwritten in a cell of hers", "only ours imports the checks anew"),
}


def stamp() -> str:
    """Return a hash of what the table depends on: exercises, checks, submissions, and the forms of the notebooks."""
    files = [ten_students.__file__, *(ROOT / "tools" / f"for_{name}.py" for name in assignment.FRAMEWORKS)]
    texts = [assignment.seal(ten_students.SOURCE), *(Path(file).read_text(encoding="utf-8") for file in files)]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


def command(python: str, folder: Path, *arguments: str) -> str:
    """Run a module of another Python in a folder; return what it printed, whatever came of it."""
    path = os.pathsep.join([str(Path(python).parent), os.environ["PATH"]])  # nbgrader calls alembic by its name
    env = os.environ | {"PATH": path, "PYTHONPATH": str(ROOT), "JUPYTER_CONFIG_DIR": str(folder / "no-settings")}
    made = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "encoding": "utf-8", "errors": "replace"}
    process = subprocess.Popen([python, "-m", *arguments], cwd=folder, env=env, **made)
    try:
        return process.communicate(timeout=WAIT[arguments[0]])[0]
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)  # so that it ends its kernel too
        return f"{process.communicate()[0]}\nended after {WAIT[arguments[0]]} s"


def notebooks(handed_out: nbformat.NotebookNode | None = None) -> dict[str, nbformat.NotebookNode]:
    """What ten students make of the notebook handed out; the eleventh, Kim, hands in none."""
    handed_out = handed_out or assignment.notebook(ten_students.SOURCE, ten_students.EXERCISES)
    one_more = ten_students.filled(handed_out, ten_students.OVERWRITING)
    return {**ten_students.notebooks(handed_out), "Mia": one_more}


def hand_in(folder: Path, nb: nbformat.NotebookNode, name: str = NAME) -> Path:
    """Write a notebook into a new folder of a student."""
    folder.mkdir(parents=True)
    (folder / f"{name}.ipynb").write_text(nbformat.writes(nb), encoding="utf-8")
    return folder / f"{name}.ipynb"


def by_grade(folder: Path) -> dict[str, str]:
    """Grade a folder of submissions with course.py grade; return the points by the students' names."""
    target = folder.parent / f"{folder.name}-graded"
    arguments = [sys.executable, "-m", "tools.grade", folder, "--out", target, "--lesson", "02"]
    subprocess.run(arguments, cwd=ROOT, check=True)
    rows = csv.DictReader((target / "grades.csv").read_text(encoding="utf-8-sig").splitlines())
    return {row["student"]: row["points"] for row in rows}


def by_nbgrader(folder: Path) -> dict[str, str]:
    """Let nbgrader release the assignment and grade submissions of it; return the points of whom it graded."""
    python = os.environ["GANLIB_NBGRADER"]
    assignment.export(ten_students.SOURCE, ten_students.EXERCISES, folder, "nbgrader")
    print(command(python, folder, "nbgrader", "generate_assignment", NAME)[-300:])
    released = nbformat.read(folder / "release" / NAME / f"{NAME}.ipynb", as_version=4)
    for student, nb in notebooks(released).items():
        hand_in(folder / "submitted" / student / NAME, nb)
    (folder / "submitted" / NOBODY / NAME).mkdir(parents=True)
    (folder / "submitted" / NOBODY / NAME / "essay.pdf").write_bytes(b"%PDF-1.4")
    for student in STUDENTS:  # one by one: some of them end nbgrader
        start = time.monotonic()
        said = command(python, folder, "nbgrader", "autograde", NAME, "--student", student)
        troubles = re.findall(r"^.*(?:Error|ERROR|WARNING).*$", said, re.MULTILINE)
        print(student, f"{time.monotonic() - start:.0f} s", *troubles[-4:], sep="\n  ")
    command(python, folder, "nbgrader", "export")
    rows = csv.DictReader((folder / "grades.csv").read_text(encoding="utf-8").splitlines())
    there = {path.parts[-3] for path in folder.glob("autograded/*/*/*.ipynb")}
    return {row["student_id"]: f"{float(row['raw_score']):g}" for row in rows if row["student_id"] in there}


def by_otter(folder: Path) -> dict[str, str]:
    """Let Otter assign the notebook and grade what was handed in; return the points of whom it graded."""
    python = os.environ["GANLIB_OTTER"]
    assignment.export(ten_students.SOURCE, ten_students.EXERCISES, folder, "otter")
    print(command(python, folder, "otter", "assign", f"{NAME}.ipynb", "dist")[-300:])
    (zipped,) = (folder / "dist" / "autograder").glob("*.zip")
    assigned, found = nbformat.read(folder / "dist" / "student" / f"{NAME}.ipynb", as_version=4), {}
    for student, nb in notebooks(assigned).items():
        path = hand_in(folder / "handed-in" / student, nb)
        start = time.monotonic()
        said = command(python, path.parent, "otter", "run", path.name, "-a", str(zipped), "--no-logo")
        result = path.parent / "results.json"
        print(student, f"{time.monotonic() - start:.0f} s", said[-200:] if not result.exists() else "")
        if result.exists():
            tests = json.loads(result.read_text(encoding="utf-8"))["tests"]
            found[student] = f"{sum(test.get('score', 0) for test in tests):g}"
    return found


def table(columns: list[dict[str, str]]) -> str:
    """Return the table of points, one column a grader; – where a grader gave none."""
    rows = ["| handed in | ours | nbgrader | Otter | why they differ |", "|---|---|---|---|---|"]
    for student, (what, why) in STUDENTS.items():
        points = " | ".join(column.get(student, "–") for column in columns)
        rows.append(f"| {student}: {what} | {points} | {why} |")
    return "\n".join([f"<!-- graders {stamp()} -->", *rows, "<!-- end of graders -->"])


def main() -> int:
    """Grade, and write the table into the page; return the exit status."""
    missing = [name for name in ("GANLIB_NBGRADER", "GANLIB_OTTER") if not os.environ.get(name)]
    if missing:
        print(f"Set {' and '.join(missing)} to a Python with it, as docs/grading.md says.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for student, nb in notebooks().items():
            hand_in(folder / "class" / student, nb)
        (folder / "class" / NOBODY).mkdir()
        (folder / "class" / NOBODY / "essay.pdf").write_bytes(b"%PDF-1.4")
        columns = [by_grade(folder / "class"), by_nbgrader(folder / "nbgrader"), by_otter(folder / "otter")]
        again = by_grade(folder / "nbgrader" / "submitted")
    text = table(columns)
    print(text, f"nbgrader's submissions graded by course.py grade: {again}", sep="\n")
    page = PAGE.read_text(encoding="utf-8")
    made = re.sub(r"<!-- graders .*<!-- end of graders -->", lambda _: text, page, flags=re.DOTALL)
    PAGE.write_text(made, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
