"""What learners get wrong, read from the sentences of the checks: those that name one certain mistake come first."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tools.exercises import Exercise

# Of the sentences that name a mistake, the first one and these lead: nearly everybody makes them once.
USUAL = re.compile(r"\b(swapped|sign|exchanged|upside down|(?:other|wrong) way)\b", re.IGNORECASE)


def mistakes(exercise: Exercise, folder: Path) -> list[str]:
    """Return the sentences of an exercise's check, the most specific first; "…" stands for what varies.

    A sentence in a table of mistakes stands for one mistake that was tried; one that is raised anywhere else may stand
    for many. `folder` is that of the notebooks.
    """
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
    found: dict[str, bool] = {}
    for sentence, certain in (pair for node in nodes for pair in _sentences(node)):
        found[sentence] = found.get(sentence, False) or certain
    ranks = {one: (not found[one], "…" in one) for one in found}
    first = min(ranks, key=ranks.__getitem__, default="")
    return sorted(found, key=lambda one: (*ranks[one], one != first and not USUAL.search(one)))


def _is_check(node: ast.stmt) -> bool:
    decorators = getattr(node, "decorator_list", [])
    return any(isinstance(one, ast.Name) and one.id == "check" for one in decorators)


def _names(node: ast.stmt) -> list[str]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]


def _sentences(node: ast.AST) -> Iterator[tuple[str, bool]]:
    """The sentences in a piece of code, and whether each names one mistake: those are the keys of tables."""
    for part in ast.walk(node):
        found: list[ast.AST] = []
        table = isinstance(part, ast.Dict)
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id == "Wrong":
            found = [piece for argument in part.args for piece in _texts(argument)]
        elif table:
            found = [piece for key in part.keys if key is not None for piece in _texts(key)]
        for text in map(_text, found):
            if len(text.split()) >= 4 and text[-1:] in ".?!":
                yield " ".join(text.split()), table


def _texts(node: ast.AST) -> list[ast.AST]:
    """The outermost texts in an expression: "a" and f"b {x}" in  "a" if c else f"b {x}"."""
    if isinstance(node, (ast.JoinedStr, ast.Constant)):
        return [node]
    return [text for child in ast.iter_child_nodes(node) for text in _texts(child)]


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
