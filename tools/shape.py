"""The shape of a lesson: its core path, its size, and the limits that keep it within a class of 90 minutes.

A heading tagged "further" begins an optional part, down to the next heading of the same or a higher level that is not
tagged so. All else is the core path: 45 minutes of reading, running and exercises. It must run without the rest.

Words of prose are those of the markdown, folded answers in <details> included: whoever predicts opens the answer, and
text that is folded to get below a limit would still be text to read. Code and HTML tags do not count, a link counts as
its text, a formula as one word.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from nbformat import NotebookNode

from tools.lessons import numbered, tags_of

# What the core path of a lesson may have at most, and the seconds that all its cells may take on two CPU cores.
CORE_LIMITS = {"cells": 45, "words": 2000, "exercises": 3}
SLOWER = 1.3  # machines differ: the same epoch took 1.45 s on one and 1.95 s on another, both of two cores
SECONDS_LIMITS = {"01": 60, "02": 60, "03": 60, "04": 300, "05": 150, "06": 240, "07": 300, "10": 120}
SECONDS_LIMIT = 240  # of any other lesson

FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^(#{1,6})\s", re.MULTILINE)


@dataclass(frozen=True)
class Size:
    """The size of some cells of a lesson; `lines` is the median number of lines of its code cells."""

    cells: int
    words: int
    exercises: int
    lines: float

    def __str__(self) -> str:
        counts = f"{self.cells} cells, {self.words} words, {self.exercises} exercises"
        return f"{counts}, median {self.lines:g} lines of code"


def sizes(nb: NotebookNode) -> tuple[Size, Size]:
    """Return the size of a lesson's core path and of the whole lesson."""
    core = [cell for cell, further in zip(nb.cells, further_cells(nb), strict=True) if not further]
    return _size(core), _size(nb.cells)


def further_cells(nb: NotebookNode) -> list[bool]:
    """Tell for every cell whether it belongs to an optional part."""
    inside, found = 7, []  # the level of the heading that began the part; 7: not in one
    for cell in nb.cells:
        level = min(levels(cell), default=7)
        if "further" in tags_of(cell):
            inside = min(inside, level)
        elif level <= inside:
            inside = 7
        found.append(inside < 7)
    return found


def levels(cell: NotebookNode) -> list[int]:
    """Return the levels of the headings in a cell, 1 for the highest."""
    if cell.cell_type != "markdown":
        return []
    return [len(marks) for marks in HEADING.findall(FENCE.sub("", cell.source))]


def words(markdown: str) -> int:
    """Count the words of prose in a text in markdown."""
    text = FENCE.sub(" ", markdown)
    text = re.sub(r"\$\$.+?\$\$|(?<!\\)\$[^$\n]+(?:\n[^$\n]+)?\$", " x ", text, flags=re.DOTALL)
    text = re.sub(r"<[^<>]*>", " ", text)
    text = re.sub(r"\]\([^()]*\)", " ", text)
    return len(re.findall(r"\w[\w’'.,:/^-]*", text))


def _size(cells: list[NotebookNode]) -> Size:
    code = [sum(bool(line.strip()) for line in cell.source.splitlines()) for cell in cells if cell.cell_type == "code"]
    return Size(
        cells=len(cells),
        words=sum(words(cell.source) for cell in cells if cell.cell_type == "markdown"),
        exercises=sum(not {"exercise", "solution"}.isdisjoint(tags_of(cell)) for cell in cells),
        lines=median(code or [0]),
    )


def problems(path: Path, nb: NotebookNode) -> Iterator[str]:
    """Yield what is wrong with the shape of a saved lesson: too long, too slow, or a part that is not marked well."""
    yield from _further_problems(nb)
    course = nb.metadata.get("course", {})
    if course.get("seconds") is None:
        yield "the time of the run is not stamped: build the lesson again."
    if path.parent.name == "solutions":  # the same text and the same work again: no reader waits for it
        return
    core, _ = sizes(nb)
    for what, limit in CORE_LIMITS.items():
        if getattr(core, what) > limit:
            yield f"its core path has {getattr(core, what)} {what}, the limit is {limit}: move some to Further."
    limit = round(SLOWER * SECONDS_LIMITS.get(path.stem[:2], SECONDS_LIMIT))
    if course.get("seconds", 0) > limit:
        yield f"the run took {course['seconds']} s, the limit is {limit} s: train less, or build on an idle machine."


def _further_problems(nb: NotebookNode) -> Iterator[str]:
    further, inside = further_cells(nb), False
    for (where, cell), now in zip(numbered(nb), further, strict=True):
        begins, ends = "further" in tags_of(cell), inside and not now
        if begins and not levels(cell):
            yield f'{where} has the tag "further" but no heading: tag the heading that begins the part.'
        elif (begins or ends) and not HEADING.match(cell.source):
            part = "begins" if begins else "ends"
            yield f"{where} {part} an optional part below its first line: begin a new cell with the heading."
        elif begins and levels(cell)[0] > min(levels(cell)) or (begins and levels(cell).count(levels(cell)[0]) > 1):
            yield f"{where} begins an optional part and has a second heading of its rank: give that a cell of its own."
        if now and "setup" in tags_of(cell):
            yield f"{where} is the set-up and stands in an optional part: move it out."
        inside = now
    yield from _needed_from_further(nb, further)


def _needed_from_further(nb: NotebookNode, further: list[bool]) -> Iterator[str]:
    """Yield each cell of the core path that needs a name which only an optional part has made."""
    core, optional = set(dir(builtins)), {}
    for (where, cell), is_further in zip(numbered(nb), further, strict=True):
        if cell.cell_type != "code":
            continue
        try:
            made, used = names(ast.parse(cell.source))
        except SyntaxError:
            continue
        if is_further:
            optional |= dict.fromkeys(made, where)
            continue
        for name in sorted((used - core - made) & set(optional)):
            yield f"{where} uses {name} from the optional part ({optional[name]}): make it in the core path."
        core |= made


def names(tree: ast.AST) -> tuple[set[str], set[str]]:
    """Return the names that a piece of code makes (anywhere in it), and those that it reads."""
    made, used = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else made).add(node.id)
        elif isinstance(node, ast.arg):
            made.add(node.arg)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            made.add(node.name)
        elif isinstance(node, ast.alias):
            made.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.ExceptHandler) and node.name:
            made.add(node.name)
    return made, used
