"""What a lesson computes and what it only writes down: which names hold computed values, which statements made them.

A value is computed when a function of the lesson or of the course had a hand in it, or random numbers, or a file. A
claim about literals, and about the arithmetic of literals, can never be false.
"""

from __future__ import annotations

import ast

# What these modules compute from literals is arithmetic,
PURE = {"math", "numpy", "tensorflow", "scipy", "statistics", "itertools", "functools", "operator", "collections"}
SEARCHES = {"random", "argmax", "argmin", "minimize", "gradient"}  # but random numbers, and what is found by looking
FILLING = {"append", "extend", "add", "insert", "update", "setdefault"}
BLOCKS = (ast.For, ast.While, ast.If, ast.With, ast.Try)


def is_computed(node: ast.AST, names: set[str]) -> bool:
    """Tell whether an expression depends on a computed value; `names` are the names that hold such values."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load) and part.id in names:
            return True
        if isinstance(part, ast.Attribute) and part.attr in SEARCHES:
            return True
    return False


def follow(statement: ast.stmt, names: set[str]) -> None:
    """Bring the set of names that hold computed values up to date for a statement that is about to run."""
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        _import(statement, names)
    elif isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        names.add(statement.name)
        names |= _filled_by(statement)
    elif isinstance(statement, ast.Assign):
        for target in statement.targets:
            _assign(target, is_computed(statement.value, names), names)
    elif isinstance(statement, (ast.AugAssign, ast.AnnAssign)) and statement.value:
        grows = isinstance(statement, ast.AugAssign) and is_computed(statement.target, names)
        _assign(statement.target, grows or is_computed(statement.value, names), names)
    elif isinstance(statement, ast.Expr):
        _method(statement.value, names)
    elif isinstance(statement, BLOCKS):
        _block(statement, names)


def _import(statement: ast.Import | ast.ImportFrom, names: set[str]) -> None:
    for alias in statement.names:
        module = alias.name if isinstance(statement, ast.Import) else statement.module or ""
        (names.discard if module.split(".")[0] in PURE else names.add)((alias.asname or alias.name).split(".")[0])


def _assign(target: ast.expr, computed: bool, names: set[str]) -> None:
    if isinstance(target, (ast.Tuple, ast.List)):
        for part in target.elts:
            _assign(part, computed, names)
    elif isinstance(target, ast.Starred):
        _assign(target.value, computed, names)
    elif isinstance(target, ast.Name):
        (names.add if computed else names.discard)(target.id)
    elif computed:  # one element or attribute of a value that has others
        names |= {part.id for part in ast.walk(target) if isinstance(part, ast.Name)}


def _method(call: ast.expr, names: set[str]) -> None:
    # found.append(x) and found[name].append(x) put a computed value into found
    if isinstance(call, ast.Tuple):
        for part in call.elts:
            _method(part, names)
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
        filled = call.func.value
        while isinstance(filled, ast.Subscript):
            filled = filled.value
        if isinstance(filled, ast.Name) and any(is_computed(part, names) for part in [*call.args, *call.keywords]):
            names.add(filled.id)


def _filled_by(function: ast.stmt) -> set[str]:
    """The lesson's own lists and dictionaries that a function puts values into, as in scores[name] = distance."""
    found = set()
    for part in ast.walk(function):
        if isinstance(part, ast.Attribute) and part.attr in FILLING and isinstance(part.value, ast.Name):
            found.add(part.value.id)
        elif isinstance(part, ast.Subscript) and isinstance(part.ctx, ast.Store):
            while isinstance(part, ast.Subscript):
                part = part.value
            found |= {part.id} if isinstance(part, ast.Name) else set()
    own = {name for statement in function.body for name in made_by(statement)}
    return found - own - {part.arg for part in ast.walk(function) if isinstance(part, ast.arg)}


def _block(block: ast.stmt, names: set[str]) -> None:
    if isinstance(block, ast.For):
        _assign(block.target, is_computed(block.iter, names), names)
    for item in getattr(block, "items", []):
        if item.optional_vars:
            _assign(item.optional_vars, True, names)
    for _ in range(2):  # twice, because what a loop makes at its end may be used at its beginning
        for part in (*block.body, *getattr(block, "orelse", []), *getattr(block, "finalbody", [])):
            before = set(names)
            follow(part, names)
            names |= before  # it need not have run


def made_by(statement: ast.stmt) -> set[str]:
    """Return the names that a statement binds, not looking into functions."""
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return {statement.name}
    return {part.id for part in ast.walk(statement) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}


def read_by(node: ast.AST) -> set[str]:
    """Return the names that a statement or an expression reads, functions in it included."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)}
