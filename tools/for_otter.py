"""An assignment as the notebook that `otter assign` reads: cell by cell what students get is what `grade` knows.

Tried with Otter-Grader 5.7.1. Students need no Otter: their notebook has neither its first cell nor its check cells.
"""

from __future__ import annotations

import copy
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_raw_cell

from tools.exercises import Exercise

POINTS = 1  # of an exercise
RULES = """\
* Keep the names of the functions.
* What an answer needs (imports, functions of your own) may stand in any cell above it.
* All cells are run from top to bottom when this is graded. Try that before you hand in: restart the kernel and run
  all cells."""
CONFIG = "# ASSIGNMENT CONFIG\ninit_cell: false\nexport_cell: false\ngenerate: true"


def notebook(students: NotebookNode, exercises: list[Exercise]) -> NotebookNode:
    """Return Otter's notebook of the students' one: raw cells say where questions, answers and tests begin and end."""
    nb = copy.deepcopy(students)
    by_name, cells = {exercise.check: exercise for exercise in exercises}, [new_raw_cell(CONFIG)]
    for cell in nb.cells:
        exercise = by_name.get(cell.metadata.get("ganlib", {}).get("exercise"))
        if exercise is None:
            cells.append(cell)
            continue
        cell.source = with_answer(cell.source, exercise)
        asked = cells.pop()
        cells += [new_raw_cell(f"# BEGIN QUESTION\nname: {exercise.check}\npoints: {POINTS}\ncheck_cell: false"), asked]
        cells += _between("SOLUTION", cell) + _between("TESTS", new_code_cell(exercise.graded))
        cells.append(new_raw_cell("# END QUESTION"))
    for k, cell in enumerate(cells):
        cell.id = f"cell-{k}"
    nb.cells = cells
    return nb


def _between(what: str, cell: NotebookNode) -> list[NotebookNode]:
    return [new_raw_cell(f"# BEGIN {what}"), cell, new_raw_cell(f"# END {what}")]


def with_answer(source: str, exercise: Exercise) -> str:
    """The students' cell with its stub as Otter's prompt, which students see, and the answer, which they do not."""
    prompt = f'""" # BEGIN PROMPT\n{exercise.stub}\n""" # END PROMPT'
    answer = f"# BEGIN SOLUTION NO PROMPT\n{exercise.solution}\n# END SOLUTION"
    return source.replace(exercise.stub, f"{prompt}\n{answer}", 1)


def write(nb: NotebookNode, name: str, target: Path) -> list[str]:
    """Write the notebook for `otter assign` into a new folder; return lines that say what was done.

    Raises FileExistsError if the folder is there already.
    """
    nbformat.validate(nb)
    target.mkdir(parents=True)
    path = target / f"{name}.ipynb"
    path.write_text(nbformat.writes(nb) + "\n", encoding="utf-8", newline="\n")
    return [f"Written: {path}", f"In {target}:  otter assign {name}.ipynb dist"]
