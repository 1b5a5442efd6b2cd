"""What a class may leave out of a lesson's core path: parts without an exercise that no later cell needs."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from pathlib import Path

from tools import prose, shape
from tools.lessons import percent, tags_of


@dataclass
class Part:
    """The cells below one heading of rank two or three, which is "" for what stands right below the section's."""

    section: str
    heading: str
    exercise: bool = False
    code: list[str] = field(default_factory=list)


def parts(source: Path) -> list[Part]:
    """Return the parts of a lesson's core path, in order."""
    nb, found = percent(source), [Part("", "")]
    for cell, further in zip(nb.cells, shape.further_cells(nb), strict=True):
        if further:
            continue
        if cell.cell_type == "code":
            found[-1].code.append(cell.source)
            found[-1].exercise |= "exercise" in tags_of(cell)
            continue
        for block in prose.blocks(cell.source):
            if block.kind == "section":
                found.append(Part(block.title, ""))
            elif block.kind == "part":
                found.append(Part(found[-1].section, block.title))
    return found


def spare(source: Path) -> list[tuple[str, str]]:
    """Return what no later cell needs, as section and heading; the heading is "" for a whole section."""
    found, all_parts = [], parts(source)
    sections = list(dict.fromkeys(one.section for one in all_parts if one.section[:1].isdigit()))
    known = _fixed("\n".join(code for one in all_parts for code in one.code))
    for section in sections:
        own = [one for one in all_parts if one.section == section]
        if _is_spare(own, all_parts, known):
            found.append((section, ""))
        else:
            found += [(section, one.heading) for one in own if one.heading and _is_spare([one], all_parts, known)]
    return found


def _is_spare(own: list[Part], everything: list[Part], known: set[str]) -> bool:
    code = [text for one in own for text in one.code]
    if not code or any(one.exercise for one in own):
        return False
    later = [text for one in everything[everything.index(own[-1]) + 1 :] for text in one.code]
    touched = set().union(*(made(text) | (_worked_on(text) - known) for text in code))
    for text in later:
        if touched & reads(text):
            return False
        touched -= made(text)
    return True


def made(code: str) -> set[str]:
    """The names that a cell makes."""
    return shape.names(ast.parse(code))[0]


def reads(code: str) -> set[str]:
    """The names that a cell reads before it has made them."""
    found, made_before = set(), set()
    for node in ast.parse(code).body:
        makes, uses = shape.names(node)
        targets = getattr(node, "targets", None) or ([node.target] if isinstance(node, ast.AnnAssign) else [])
        own = {part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)}
        found |= uses - (makes - own) - made_before
        made_before |= makes
    return found


def _worked_on(code: str) -> set[str]:
    """Names of things that a cell may change without making them: methods are called on them, or they stand alone."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            found |= {part.id for part in ast.walk(node.func) if isinstance(part, ast.Name)}
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            found |= {one.id for one in node.value.args if isinstance(one, ast.Name)}
    return found


def _fixed(code: str) -> set[str]:
    """Names that nothing changes: imports, functions, classes."""
    kinds = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
    return set().union(*(shape.names(node)[0] if isinstance(node, (ast.Import, ast.ImportFrom)) else {node.name}
                         for node in ast.parse(code).body if isinstance(node, kinds)))  # fmt: skip
