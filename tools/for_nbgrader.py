"""An assignment as nbgrader's source: what students get of it is, cell by cell, the notebook that `grade` knows.

Tried with nbgrader 0.9.6. Answers stand between nbgrader's marks under the stub; a graded cell follows each of them.
"""

from __future__ import annotations

import copy
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from tools.exercises import Exercise

POINTS, SECONDS = 1, 60  # of an exercise; of a cell, whose first one loads TensorFlow
RULES = f"""\
* Keep the names of the functions, and leave the cells that begin with `# Graded` as they are.
* What an answer needs (imports, functions of your own) may stand in any cell above it.
* All cells are run from top to bottom when this is graded, {SECONDS} seconds each at most. Try that before you hand in:
  restart the kernel and run all cells."""
STUB = 'c.ClearSolutions.code_stub = {"python": ""}'
CONFIG = f"""\
# Settings of nbgrader for assignments of the course, in the folder in which nbgrader is run.
c = get_config()  # noqa: F821

c.CourseDirectory.course_id = "gan"
{STUB}  # students see the three dots, and nothing below them
c.ExecutePreprocessor.timeout = {SECONDS}  # seconds that a cell may take
"""


def notebook(students: NotebookNode, exercises: list[Exercise]) -> NotebookNode:
    """Return the source notebook of the students' one: with answers, and with a graded cell behind each exercise."""
    nb = copy.deepcopy(students)
    by_name, cells = {exercise.check: exercise for exercise in exercises}, []
    for cell in nb.cells:
        cells.append(cell)
        exercise = by_name.get(cell.metadata.get("ganlib", {}).get("exercise"))
        if exercise:
            cell.source = with_answer(cell.source, exercise)
            cell.metadata["nbgrader"] = _marks(f"answer-{exercise.check}", solution=True)
            text = f"# Graded, {POINTS} point: leave this cell as it is.\n{exercise.graded}"
            marks = _marks(f"test-{exercise.check}", grade=True, locked=True, points=POINTS)
            cells.append(new_code_cell(text, metadata={"nbgrader": marks}, id=f"test-{len(cells)}"))
    nb.cells = cells
    return nb


def with_answer(source: str, exercise: Exercise) -> str:
    """The students' cell with the answer below its stub: nbgrader leaves one empty line in the answer's place."""
    answer = f"### BEGIN SOLUTION\n{exercise.solution}\n### END SOLUTION\n"
    return source.replace(f"{exercise.stub}\n\n", f"{exercise.stub}\n{answer}", 1)


def _marks(name: str, **settings: bool | int) -> NotebookNode:
    plain = {"schema_version": 3, "grade_id": name, "grade": False, "solution": False, "locked": False, "task": False}
    return nbformat.from_dict(plain | settings)


def write(nb: NotebookNode, name: str, target: Path) -> list[str]:
    """Write the source of an assignment into a course of nbgrader; return lines that say what was done.

    Settings that are there stay as they are. Raises FileExistsError for an assignment of that name.
    """
    nbformat.validate(nb)
    folder, settings = target / "source" / name, target / "nbgrader_config.py"
    folder.mkdir(parents=True)
    (folder / f"{name}.ipynb").write_text(nbformat.writes(nb) + "\n", encoding="utf-8", newline="\n")
    said = [f"Written: {folder / f'{name}.ipynb'}"]
    if settings.exists():
        said.append(f"{settings} stays as it is. It needs the line  {STUB}")
    else:
        settings.write_text(CONFIG, encoding="utf-8", newline="\n")
        said.append(f"Written: {settings}")
    return [*said, f"In {target}:  nbgrader generate_assignment {name}"]
