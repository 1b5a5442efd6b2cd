"""What a code cell of a lesson shows: the titles of its pictures, and the names of its films."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

FILMS = ("film", "player")  # functions whose value is a film


def pictures(code: str) -> list[str]:
    """The titles of the pictures and sounds that a cell shows; where one has none, what its alt text says it is."""
    tree = ast.parse(code)
    titles = [_constant(call.args[-1]) for call in _calls(tree) if _name(call) == "add_title" and call.args]
    found: list[str] = []
    for call in _calls(tree):
        if _name(call) == "show":
            named, placed = _title(call)
            found += [named] if named else titles or [placed or _drawing(call) or _sentence(_alt(tree))]
        elif _name(call) in ("listen", "before_and_after"):
            found += [text for text in map(_constant, call.args) if len(text.split()) > 1][:1]
    return [title for title in dict.fromkeys(found) if title]


def films(code: str) -> list[str]:
    """The films that a cell shows, each as the first sentence that says what is seen in it; "" where none says so."""
    tree = ast.parse(code)
    last = tree.body[-1] if tree.body else None
    call = last.value if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call) else None
    if call is None or _name(call) not in FILMS:
        return []
    own = [text for text in map(_constant, call.args) if re.match(r"[A-Z].*\.$", text)]
    return [_sentence((own or [_alt(tree)])[-1])]


def _calls(tree: ast.Module) -> Iterator[ast.Call]:
    """The calls that stand alone, outside of functions, and those inside of these."""
    for node in tree.body:
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield from (part for part in ast.walk(node) if isinstance(part, ast.Call))


def _name(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def _constant(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _title(call: ast.Call) -> tuple[str, str]:
    """The title inside a call of `show`, if it is a keyword, and if it is a sentence handed over by its place."""
    parts = [part for argument in call.args for part in ast.walk(argument)]
    named = [_constant(part.value) for part in parts if isinstance(part, ast.keyword) and part.arg == "title"]
    placed = [_constant(one) for part in parts if isinstance(part, ast.Call) for one in part.args]
    placed = [text for text in placed if re.match(r"[A-Z].{11,}", text) and " " in text]
    return next(filter(None, named), ""), next(iter(placed), "")


def _drawing(call: ast.Call) -> str:
    """The name of a drawing that is always the same: "the two phases" for `pictures.two_phases()`."""
    inner = call.args[0] if call.args else None
    return f"the {_name(inner).replace('_', ' ')}" if isinstance(inner, ast.Call) and not inner.args else ""


def _alt(tree: ast.Module) -> str:
    """The alt text of a cell: a keyword or a variable of that name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "alt" and _constant(node.value):
            return _constant(node.value)
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "alt":
            return _constant(node.value)
    return ""


def _sentence(text: str) -> str:
    return re.split(r"(?<=[.?!])\s", text)[0].rstrip(".")
