"""Write the teacher's pages, teaching/NN_name.md, from the lessons and their checks: python -m tools.teaching

Nothing on them is kept by hand: objectives, sections and questions come from the lesson's source, minutes from its
words, exercises and saved run, and what learners get wrong from the sentences of the checks.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from nbformat import NotebookNode

from tools import shape
from tools.exercises import Exercise, of_lesson
from tools.lessons import NOTEBOOKS, lesson_sources, percent, tags_of

CLASS, ENDS = 90, 10  # minutes of a class; those for coming in, the objectives, and the last questions
SPOKEN, QUESTION, EXERCISE, TASK = 150, 2, 7, 1  # words a minute; minutes for a question, an exercise, its discussion
QUESTIONS = re.compile(r"<details><summary><b>Predict before you run:</b>(.*?)</summary>(.*?)</details>", re.DOTALL)


@dataclass
class Section:
    """A part of a lesson from one heading of rank two to the next."""

    title: str
    further: bool
    words: int = 0
    questions: list[tuple[str, str]] = field(default_factory=list)
    exercises: list[Exercise] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)

    @property
    def minutes(self) -> list[float]:
        """Minutes to talk, to discuss and for exercises, before they are fitted to the class."""
        asked = sum(map(given_minutes, self.exercises))
        return [self.words / SPOKEN, QUESTION * len(self.questions) + TASK * len(self.exercises), asked]


def given_minutes(exercise: Exercise) -> int:
    """The minutes that a lesson gives to an exercise in its heading, or the usual ones."""
    found = re.search(r"\((\d+) minutes?\)", exercise.text)
    return int(found[1]) if found else EXERCISE


def sections(source: Path) -> list[Section]:
    """Return the sections of a lesson, in order; what stands before the first one belongs to none."""
    nb, found = percent(source), [Section("", False)]
    todo = iter(of_lesson(source))
    for cell, further in zip(nb.cells, shape.further_cells(nb), strict=True):
        if cell.cell_type == "markdown":
            for title, text in split(cell.source):
                if title:
                    found.append(Section(title, further))
                _read(found[-1], text)
        elif "exercise" in tags_of(cell):
            found[-1].exercises.append(next(todo))
        else:
            found[-1].pictures += _pictures(cell.source)
    return [one for one in found[1:] if not one.title.startswith("Where this comes from")]


def split(text: str) -> Iterator[tuple[str, str]]:
    """Split a text at its headings of rank two: title ("" before the first) and what follows."""
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    yield "", parts[0]
    yield from zip(parts[1::2], parts[2::2], strict=True)


def _read(section: Section, text: str) -> None:
    section.words += shape.words(QUESTIONS.sub("", text))
    for question, answer in QUESTIONS.findall(text):
        section.questions.append((_line(question), _line(answer)))


def _line(text: str) -> str:
    return " ".join(re.sub(r"</?b>", "", text).split())


def _pictures(code: str) -> list[str]:
    """The titles of the pictures and films that a cell shows."""
    if "pictures.show" not in code and "player" not in code and "film" not in code:
        return []
    return re.findall(r"""(?<!sub)title="([^"{}]{12,})\"""", code)


# ---------------------------------------------------------------- what learners get wrong


def mistakes(exercise: Exercise, folder: Path) -> list[str]:
    """Return the sentences of an exercise's check, in the order of its module; "…" stands for what varies."""
    path = folder.parent / "ganlib" / "lessons" / "exercises" / f"lesson{exercise.lesson}.py"
    if not path.exists():
        return []
    tree = ast.parse(path.read_text(encoding="utf-8"))
    made = {name: node for node in tree.body for name in _names(node)}
    wanted, todo = set(), [exercise.check]
    while todo:
        name = todo.pop()
        if name in made and name not in wanted and (name == exercise.check or not _is_check(made[name])):
            wanted.add(name)
            todo += [part.id for part in ast.walk(made[name]) if isinstance(part, ast.Name)]
    nodes = [node for node in tree.body if wanted & set(_names(node))]
    return list(dict.fromkeys(sentence for node in nodes for sentence in _sentences(node)))


def _is_check(node: ast.stmt) -> bool:
    decorators = getattr(node, "decorator_list", [])
    return any(isinstance(one, ast.Name) and one.id == "check" for one in decorators)


def _names(node: ast.stmt) -> list[str]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]


def _sentences(node: ast.AST) -> Iterator[str]:
    """The sentences of mistakes in a piece of code: what Wrong is raised with, and the keys of tables of mistakes."""
    for part in ast.walk(node):
        found: list[ast.AST] = []
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id == "Wrong":
            found = [piece for argument in part.args for piece in _texts(argument)]
        elif isinstance(part, ast.Dict):
            found = [piece for key in part.keys if key is not None for piece in _texts(key)]
        for text in map(_text, found):
            if len(text.split()) >= 4 and text[-1:] in ".?!":
                yield " ".join(text.split())


def _texts(node: ast.AST) -> list[ast.AST]:
    """The outermost texts in an expression: "a" and f"b {x}" in  "a" if c else f"b {x}"."""
    if isinstance(node, (ast.JoinedStr, ast.Constant)):
        return [node]
    return [text for child in ast.iter_child_nodes(node) for text in _texts(child)]


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


# ---------------------------------------------------------------- the page


def page(source: Path) -> str:
    """Return the teacher's page of a lesson."""
    nb, parts = percent(source), sections(source)
    core, further = [one for one in parts if not one.further], [one for one in parts if one.further]
    title = re.search(r"^# (.+)$", nb.cells[0].source, re.MULTILINE)
    name = source.stem
    blocks = [
        "<!-- Generated by course.py teaching: do not edit. -->",
        f"# {title[1] if title else name}: for the teacher",
        f"[The lesson](../notebooks/{name}.ipynb) · [solutions](../notebooks/solutions/{name}.ipynb) · "
        f"[plans and grading](README.md)",
        _objectives(nb.cells[0].source),
        _plan(core, source),
        _questions(core),
        _wrong(parts, source.parent.parent),
        _stated(parts, nb),
        _projector(core),
        _skip(further),
    ]
    return "\n\n".join(filter(None, blocks)) + "\n"


def _objectives(text: str) -> str:
    found = re.search(r"^After this lesson you can\n\n((?:\*.*\n?(?:  .*\n?)*)+)", text, re.MULTILINE)
    return f"## Objectives\n\nAfter it, learners can\n\n{found[1].strip()}" if found else ""


def timed(core: list[Section]) -> tuple[float, list[tuple[Section, float, float, float, float]]]:
    """Fit sections to the class: the factor, and for each where it begins, talk, discussion, exercise in minutes."""
    core = [one for one in core if re.match(r"\d", one.title)]
    fixed = sum(one.minutes[2] for one in core)
    free = sum(sum(one.minutes[:2]) for one in core)
    factor = max(0.0, CLASS - ENDS - fixed) / free if free else 0
    begin, found = ENDS / 2, []
    for one in core:
        talk, discuss, exercise = one.minutes[0] * factor, one.minutes[1] * factor, one.minutes[2]
        found.append((one, begin, talk, discuss, exercise))
        begin += talk + discuss + exercise
    return factor, found


def clock(source: Path) -> dict[str, str]:
    """When each section of a lesson is on, as words for its title."""
    _, found = timed([one for one in sections(source) if not one.further])
    return {one.title: f"Minutes {begin:.0f} to {begin + sum(rest):.0f}." for one, begin, *rest in found}


def _plan(core: list[Section], source: Path) -> str:
    """The table of minutes: exercises keep theirs, talk and discussion are fitted to the class."""
    factor, found = timed(core)
    rows = ["| minutes | section | talk | discuss | exercise |", "|---|---|---|---|---|"]
    end = ENDS / 2
    rows.append(f"| 0–{end:.0f} | start the notebook, objectives | {end:.0f} | | |")
    for one, begin, *parts in found:
        cells = " | ".join(f"{value:.0f}" if value >= 0.5 else "" for value in parts)
        end = begin + sum(parts)
        rows.append(f"| {begin:.0f}–{end:.0f} | {_escape(one.title)} | {cells} |")
    rows.append(f"| {end:.0f}–{CLASS} | what you now know, questions | | {CLASS - end:.0f} | |")
    words = (
        f"Exercises have the lesson's minutes ({EXERCISE} where it gives none); the rest is shared out by words "
        f"({SPOKEN} a minute) and questions ({QUESTION} minutes each), times {factor:.1f} to fill the class."
    )
    return f"## {CLASS} minutes\n\n" + "\n".join(rows) + f"\n\n{words} {_computing(source)}"


def _computing(source: Path) -> str:
    minutes = round(shape.SECONDS_LIMITS.get(source.stem[:2], shape.SECONDS_LIMIT) / 60, 1)
    apart = [exercise.title for exercise in of_lesson(source) if not (exercise.alone or exercise.optional)]
    but = f" ({'; '.join(apart)}: the cells above it too)" if apart else ""
    return (
        f"All cells take about {minutes:g} min on two cores. Let everybody run them at the start and read meanwhile. "
        "On a slow laptop do not run at all: the saved outputs are those of a real run, and an exercise needs only the "
        f"set-up cell, the imports and its own cell{but}."
    )


def _escape(text: str) -> str:
    return text.replace("|", "\\|")


def _questions(core: list[Section]) -> str:
    rows = [f"**{q[:1].upper()}{q[1:]}** {answer}" for one in core for q, answer in one.questions]
    head = "## Questions to ask, and answers\n\nLet them commit to an answer first.\n\n"
    return head + _list(rows) if rows else ""


def _wrong(parts: list[Section], folder: Path) -> str:
    blocks = ["## What learners usually get wrong", "What the checks say, in their order; “…” stands for what varies."]
    for exercise in (exercise for one in parts for exercise in one.exercises):
        found = mistakes(exercise, folder)
        if found:
            blocks += [f"**{exercise.title}**" + (" (Further)" if exercise.optional else ""), _list(found)]
    return "\n\n".join(blocks) if len(blocks) > 2 else ""


def _list(lines: list[str]) -> str:
    return "\n".join(f"* {line}" for line in lines)


def _stated(parts: list[Section], nb: NotebookNode) -> str:
    text = "\n\n".join(cell.source for cell in nb.cells if cell.cell_type == "markdown")
    found = re.search(r"^## What usually goes wrong here\n+((?:[^#\n].*\n?|\n)+)", text, re.MULTILINE)
    return f"## What goes wrong in programs\n\n{found[1].strip()}" if found else ""


def _projector(core: list[Section]) -> str:
    rows = [f"{_plain(one.title)}: {'; '.join(f'“{title}”' for title in one.pictures)}" for one in core if one.pictures]
    return "## On the projector\n\n" + _list(rows) if rows else ""


def _plain(title: str) -> str:
    return title.split(" · ")[0] if " · " in title else title


def _skip(further: list[Section]) -> str:
    rows = [one.title.removeprefix("Further: ") for one in further]
    return "## What to skip\n\nThe class needs none of the optional parts:\n\n" + _list(rows) if rows else ""


def table(folder: Path = NOTEBOOKS) -> str:
    """Return the table of all lessons in teaching/README.md."""
    rows = ["| lesson | for the teacher | exercises | of them graded |", "|---|---|---|---|"]
    for source in lesson_sources(folder):
        title = re.search(r"^# (.+)$", percent(source).cells[0].source, re.MULTILINE)
        exercises = of_lesson(source)
        graded = sum(exercise.alone for exercise in exercises)
        link = f"[page]({source.stem}.md)"
        rows.append(f"| {_escape(title[1] if title else source.stem)} | {link} | {len(exercises)} | {graded} |")
    return "\n".join(rows)


def pages(folder: Path = NOTEBOOKS) -> dict[Path, str]:
    """Return the pages of all lessons by their paths, and README.md with its table of lessons renewed."""
    target = folder.parent / "teaching"
    found = {target / f"{source.stem}.md": page(source) for source in lesson_sources(folder)}
    readme = target / "README.md"
    if readme.exists():
        between = re.compile(r"(?<=<!-- lessons -->\n).*?(?=<!-- end of lessons -->)", re.DOTALL)
        found[readme] = between.sub(lambda _: f"{table(folder)}\n", readme.read_text(encoding="utf-8"))
    return found


def main(folder: Path = NOTEBOOKS) -> int:
    """Write all pages and remove those of lessons that are gone; return the exit status."""
    if sys.argv[1:]:
        print("course.py teaching: it takes no arguments and writes the pages of all lessons.", file=sys.stderr)
        return 2
    found = pages(folder)
    for path, text in found.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        print(f"Written: teaching/{path.name}")
    for path in (folder.parent / "teaching").glob("[0-9][0-9]_*.md"):
        if path not in found:
            path.unlink()
    return 0


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(main())
