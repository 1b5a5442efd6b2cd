"""Make an assignment of a lesson's exercises: python -m tools.assignment NN [--core] [--for nbgrader|otter] [--out NEW]

Writes a new folder with the students' notebook and, in a folder of its own, the answers; or what nbgrader or Otter make
the students' notebook of. All carry a seal: a hash of the exercises and of their checks. The grader says so when a
notebook was handed out with others.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools import for_nbgrader, for_otter
from tools.exercises import Exercise, helpers, needed, of_lesson, source_of
from tools.grade_worker import SECONDS
from tools.lessons import NOTEBOOK_METADATA, NOTEBOOKS, lesson_sources, percent, tags_of

INTRODUCTION = """\
# {title}: exercises

Hand in this file. In every exercise put your own code where the three dots are, and run the cell: the line below it
says whether the answer is right, or names the mistake. Try as often as you like.

* Put this file into the folder of the course and open it there: `python3 course.py lab`.
{rules}
* The same checks are asked again when this is graded. A line printed here counts for nothing."""
RULES = f"""\
* Keep the names of the functions. What an answer needs (imports, functions of your own) may stand in any cell.
* Each exercise is graded by itself, in a fresh Python, within {SECONDS} seconds."""
FRAMEWORKS = {"nbgrader": for_nbgrader, "otter": for_otter}

# In a lesson an exercise may say what its answer is for: "The next cell uses it."
WHO = r"The next cells?|The rest of the lesson|All reports of this lesson|[Ss]ection \d+|the training step below|D will"
LATER = rf"(?:{WHO}) (?:uses?|lets?|compares?|measures?|trains?|be trained) [^.?!]*"


def seal(source: Path) -> str:
    """Return a hash of a lesson's exercises and of the module that checks them."""
    texts = [f"{e.check}\n{e.answer}\n{e.stub}\n{e.solution}" for e in of_lesson(source)]
    module = source.parents[2] / "ganlib" / "lessons" / "exercises" / f"lesson{source.stem[:2]}.py"
    texts.append(module.read_text(encoding="utf-8") if module.exists() else "")
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


def notebook(source: Path, exercises: list[Exercise], solved: bool = False, rules: str = RULES) -> NotebookNode:
    """Return the students' notebook, or the one with the answers; `rules` tell students how it is graded."""
    lesson = percent(source)
    title = re.search(r"^# (.+)$", lesson.cells[0].source, re.MULTILINE)
    setup = [cell.source for cell in lesson.cells if "setup" in tags_of(cell)]
    words = INTRODUCTION.format(title=title[1] if title else source.stem, rules=rules)
    code = "\n".join(f"{e.stub}\n{e.solution}\n{e.alias}" for e in exercises)
    cells = [new_markdown_cell(words), *(new_code_cell(text) for text in setup)]
    cells.append(new_code_cell("\n".join(needed(helpers(source), code))))
    for exercise in exercises:
        answer = exercise.solution if solved else exercise.stub
        text = f"{answer}\n\n\n{exercise.alias}.{exercise.check}({exercise.answer})"
        cells.append(new_markdown_cell(_asked(exercise)))
        cells.append(new_code_cell(text, metadata={"ganlib": {"exercise": exercise.check}}))
    for k, cell in enumerate(cells):
        cell.id = f"cell-{k}"
    ours = {"lesson": source.stem[:2], "seal": seal(source), "answers": solved}
    return new_notebook(cells=cells, metadata=nbformat.from_dict({**NOTEBOOK_METADATA, "ganlib": ours}))


def _asked(exercise: Exercise) -> str:
    """The text of an exercise and what it builds on, under a heading, without minutes and without what comes after."""
    text = re.sub(r"\A#+ [^\n]*\bExercise\b[^\n]*\n?", "", exercise.text)
    words = "\n\n".join(filter(None, [exercise.before, _alone(text).strip()]))
    words = re.sub(r"\]\((?!https?:|#)[^)]*\)", "](#)", words)  # the lesson's own links lead nowhere from here
    return f"## {exercise.title}\n\n{words}"


def _alone(text: str) -> str:
    """The text without what it says about the use of the answer in the lesson: sentences, or words after a colon."""
    text = re.sub(rf":\s{LATER}\.", ".", text)
    return re.sub(rf"(?:(?<=[.?!])\s|^){LATER}\.", "", text, flags=re.MULTILINE)


def write(source: Path, exercises: list[Exercise], target: Path) -> list[str]:
    """Write both notebooks into a new folder; return lines that say what was done.

    Raises FileExistsError if the folder is there already.
    """
    target.mkdir(parents=True)
    paths = [target / f"{source.stem}.ipynb", target / "answers" / f"{source.stem}-answers.ipynb"]
    for path, solved in zip(paths, (False, True), strict=True):
        path.parent.mkdir(exist_ok=True)
        nb = notebook(source, exercises, solved)
        nbformat.validate(nb)
        path.write_text(nbformat.writes(nb) + "\n", encoding="utf-8", newline="\n")
    return [*(f"Written: {path}" for path in paths),
            "Students get the first file. When they have handed in:  course.py grade FOLDER"]  # fmt: skip


def export(source: Path, exercises: list[Exercise], target: Path, framework: str) -> list[str]:
    """Write an assignment for nbgrader or Otter; return lines that say what was done.

    Raises FileExistsError if it, or for Otter its folder, is there already.
    """
    form = FRAMEWORKS[framework]
    nb = form.notebook(notebook(source, exercises, rules=form.RULES), exercises)
    return form.write(nb, source.stem, target)


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="course.py assignment", description="Make a notebook to hand in.")
    parser.add_argument("lesson", metavar="NN", help="the lesson's number")
    parser.add_argument("--core", action="store_true", help="leave out exercises of optional parts")
    parser.add_argument("--for", dest="framework", choices=FRAMEWORKS, help="write the source that this grader reads")
    parser.add_argument("--out", default="", metavar="NEW", help="a new folder (default: assignment-NN), or for "
                        "nbgrader the folder of your course")  # fmt: skip
    return parser


def main(arguments: list[str] | None = None, folder: Path = NOTEBOOKS) -> int:
    """Make an assignment as the command line says; return the exit status: 2 for what the teacher can cure."""
    command = parser()
    options = command.parse_args(arguments)
    source = source_of(options.lesson, folder)
    if source is None:
        known = ", ".join(one.stem[:2] for one in lesson_sources(folder) if of_lesson(one))
        command.error(f"there is no lesson {options.lesson} with exercises; there are {known}.")
    base = f"assignment-{source.stem[:2]}"
    target = Path(options.out or (f"{base}-{options.framework}" if options.framework else base)).absolute()
    everything = [e for e in of_lesson(source) if not (options.core and e.optional)]
    chosen = [exercise for exercise in everything if exercise.alone]
    try:
        made = export(source, chosen, target, options.framework) if options.framework else write(source, chosen, target)
    except FileExistsError as error:
        command.error(f"{error.filename} is there already, and nothing is overwritten: add  --out NEW.")
    for exercise in everything:
        if not exercise.alone:
            print(f"Left in the lesson, whose data it needs: {exercise.title}")
    print("\n".join(made))
    return 0


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(main())
