"""The exercises of a lesson as data: what is asked, stub, answer, check, and what its code needs of the lesson.

An exercise is graded by itself if its check takes the answer and nothing else, as `exercises.ring_modes(ring_modes)`
does. A check that needs what the lesson has made before, such as drawn images, stays in the lesson.
"""

from __future__ import annotations

import ast
import re
import symtable
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from tools import prose, shape
from tools.lessons import NOTEBOOKS, lesson_sources, percent, split_exercise, tags_of

CHECKS = "ganlib.lessons.exercises"


@dataclass(frozen=True)
class Exercise:
    """One exercise of a lesson. `check` is a name in its module of checks; `answer` names what is handed to it.

    `before` is what stands directly before `text` in its section, and is often needed to understand it.
    """

    lesson: str
    check: str
    answer: str
    before: str
    text: str
    stub: str
    solution: str
    alias: str
    optional: bool
    alone: bool

    @property
    def module(self) -> str:
        return f"{CHECKS}.lesson{self.lesson}"

    @property
    def graded(self) -> str:
        """The cell with which other graders ask the check: an assert whose message is the check's sentence."""
        module = f"lesson{self.lesson}"
        asked = f"said = mistake({module}.{self.check}, {self.answer})\nassert said is None, said"
        return f"from {CHECKS} import {module}, mistake\n\n{asked}"

    @property
    def title(self) -> str:
        """How the exercise is called, without its minutes: "Exercise 1: where the clouds are"."""
        heading = re.search(r"^#+\s*([^\n]*\bExercise\b[^\n]*)$", self.text, re.MULTILINE)
        bold = re.search(r"^\*\*(Exercise\b[^*\n]*?)[.:]?\*\*", self.text, re.MULTILINE)
        if heading:
            return re.sub(r"\s*\(\d+ minutes?\)\s*$", "", heading[1])
        name = self.check.replace("_", " ")
        return bold[1] if bold and ":" in bold[1] else f"{bold[1]}: {name}" if bold else name


def of_lesson(source: Path) -> list[Exercise]:
    """Return the exercises of a lesson's source, in order."""
    nb, lesson = percent(source), source.stem[:2]
    further, alias = shape.further_cells(nb), _alias(nb, lesson)
    found = []
    for k, cell in enumerate(nb.cells):
        if "exercise" in tags_of(cell):
            stub, solution = split_exercise(cell.source)
            check, answer, alone = _call(solution, alias)
            parts = (without_check(stub, check), without_check(solution, check))
            found.append(Exercise(lesson, check, answer, *_text(nb, k), *parts, alias, further[k], alone))
    return found


def source_of(number: str, folder: Path = NOTEBOOKS) -> Path | None:
    """Return the source of a lesson with exercises, by its number ("2" or "02"); None if there is none."""
    found = [source for source in lesson_sources(folder) if source.stem[:2] == number.zfill(2)]
    return next((source for source in found if of_lesson(source)), None)


def _alias(nb: NotebookNode, lesson: str) -> str:
    """The name by which a lesson calls its module of checks."""
    code = "\n".join(cell.source for cell in nb.cells if cell.cell_type == "code")
    found = re.search(rf"^from {re.escape(CHECKS)} import [^\n]*\blesson{lesson}\b(?: as (\w+))?", code, re.MULTILINE)
    return (found and found[1]) or f"lesson{lesson}"


def _call(solution: str, alias: str) -> tuple[str, str, bool]:
    """Name of the check, name of the answer, and whether the check takes the answer alone."""
    last = ast.parse(solution).body[-1]
    call = last.value if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call) else None
    names = [argument.id for argument in call.args if isinstance(argument, ast.Name)] if call else []
    function = call.func if call else None
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id == alias:
        return function.attr, names[-1] if names else "", len(call.args) == 1 and bool(names)
    return getattr(function, "id", ""), names[-1] if names else "", False


def _text(nb: NotebookNode, k: int) -> tuple[str, str]:
    """What stands before the exercise in its section, and what is asked: the text from the word "Exercise" on.

    Of what stands above an earlier cell, below the same heading, the paragraphs with formulas count.
    """
    above = [cell.source for cell in nb.cells[:k] if cell.cell_type == "markdown"]
    text = above[-1] if above else ""
    begins = [found.start() for found in re.finditer(rf"^(?:{prose.EXERCISE.pattern})", text, re.MULTILINE)]
    start = begins[-1] if begins else 0
    lead = prose.before(prose.blocks(text[:start]), passed=("question", "hint"))
    heading = r"^##+ (?!.*\bExercise\b).*$"
    if not re.search(heading, text[:start], re.MULTILINE):
        section = re.split(heading, "\n\n".join(above[:-1]), flags=re.MULTILINE)[-1]
        lead = [*(block for block in prose.blocks(section) if block.kind == "prose" and "$" in block.text), *lead]
    return "\n\n".join(block.text for block in lead), text[start:]


def without_check(code: str, check: str) -> str:
    """The code without the lines that call the check."""
    return re.sub(rf"^[\w.]+\.{re.escape(check)}\(.*\)[ \t]*(?:#.*)?$\n?", "", code, flags=re.MULTILINE).strip("\n")


def helpers(source: Path) -> list[str]:
    """What answers may use of a lesson: its imports, functions, classes and plain names, as pieces of code.

    Nothing that computes is among them: to run them takes no time.
    """
    found = []
    for cell in percent(source).cells:
        if cell.cell_type == "code" and not {"exercise", "setup"} & set(tags_of(cell)):
            found += [ast.unparse(node) for node in ast.parse(cell.source).body if _is_plain(node)]
    return found


def _is_plain(node: ast.stmt) -> bool:
    if isinstance(node, ast.Assign):
        heavy = (ast.Call, ast.ListComp, ast.DictComp, ast.SetComp, ast.GeneratorExp, ast.BinOp, ast.Lambda)
        names = (ast.Name, ast.Tuple)
        targets = all(isinstance(target, names) for target in node.targets)
        return targets and not any(isinstance(part, heavy) for part in ast.walk(node.value))
    return isinstance(node, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef))


def needed(pieces: list[str], code: str) -> list[str]:
    """Those of the pieces that make a name which the code needs, directly or through another piece."""
    trees = [ast.parse(piece) for piece in pieces]
    made = [_made(tree) for tree in trees]
    wanted, chosen = _used(code), set()
    while more := {k for k, names in enumerate(made) if names & wanted} - chosen:
        chosen |= more
        wanted |= set().union(*(_used(pieces[k]) for k in more))
    return [pieces[k] for k in sorted(chosen)]


def _made(tree: ast.Module) -> set[str]:
    names = set()
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        else:
            stored = [part for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)]
            names |= {part.id for part in stored}
    return names


def _used(code: str) -> set[str]:
    """The names that code takes from outside of its functions: a parameter is none of them."""
    try:
        return set(_free(symtable.symtable(code, "<code>", "exec")))
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # the last two: brackets in brackets in brackets
        return set(re.findall(r"[A-Za-z_]\w*", code))


def _free(table: symtable.SymbolTable) -> Iterator[str]:
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (table.get_type() == "module" or symbol.is_global()):
            yield symbol.get_name()
    for inner in table.get_children():
        yield from _free(inner)
