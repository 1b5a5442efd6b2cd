"""In the kernel of a lesson: note its claims while it runs, and look afterwards for what makes each of them false.

A claim that nothing makes false says nothing. So every computed part of a claim (a name, a call, an element) is
replaced in turn by a wrong value (tools/mutations.py: twice it, half, the other sign, nothing, swapped, an untrained
net, another net of the same shapes; and operands the other way round), and the claim is evaluated again. If that
breaks nothing, the quick statements that made the parts run again too, in a copy of the lesson's names, with *their*
parts replaced: `middle = np.mean(trained(noise) < 0.6)` breaks with an untrained net.

Why so: it happens after the last cell, in the live kernel of a build. So it costs seconds instead of a second run, it
cannot change what the lesson prints, and it needs no smoke mode, in which claims of quality are not checked. A factor
of two and a swap are rivals that a reader would want excluded; a thousandfold would break any bound.
"""

from __future__ import annotations

import ast
import copy
import io
import json
import numbers
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import numpy as np

from tools import flow
from tools.mutations import LABELS, UNCHANGED, mutate

QUICK = 0.3  # seconds: slower statements are not run again
CLAIM_SECONDS = 6.0  # for each claim
MARK = "claims that nothing breaks: "


@dataclass
class Site:
    """A call of `claim` in the source: the call, the statements that ran before it, and the computed names there."""

    call: ast.Call
    cell: int
    before: int
    computed: set[str]


@dataclass
class Seen:
    """One claim as it was made: its site, its statement, and the lesson's names at that moment."""

    site: Site
    statement: str
    names: dict[str, Any]
    claim: Any


class Probe(ast.NodeTransformer):
    """An AST transformer for IPython that notes the statements and the claims of every cell that runs."""

    def __init__(self) -> None:
        self.cell, self.statements, self.seconds, self.seen, self.computed = 0, [], [], [], set()
        self.sites: list[Site] = []
        self._start = 0.0

    def visit_Module(self, tree: ast.Module) -> ast.Module:
        self.cell += 1
        body = []
        for statement in tree.body:
            number = len(self.statements)
            flow.follow(statement, self.computed)
            self.statements.append(copy.deepcopy(statement))
            self.seconds.append(float("inf"))
            lap = ast.parse(f"__probe__.lap({number})").body[0]
            body += [ast.copy_location(lap, statement), self.visit(statement)]
        tree.body = body
        return ast.fix_missing_locations(tree)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        before, self.computed = self.computed, self.computed | flow.made_by(ast.Module(node.body, []))
        self.computed |= {part.arg for part in ast.walk(node.args) if isinstance(part, ast.arg)}
        self.generic_visit(node)
        self.computed = before
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if getattr(node.func, "id", getattr(node.func, "attr", "")) == "claim":
            plain = copy.deepcopy(node)
            self.sites.append(Site(plain, self.cell, len(self.statements) - 1, set(self.computed)))
            watch = ast.parse(f"__probe__.watch(claim, {len(self.sites) - 1})", mode="eval").body
            watch.args[0] = node.func
            node.func = ast.copy_location(watch, node.func)
            return node
        return self.generic_visit(node)

    def lap(self, number: int) -> None:
        """Note that a statement begins, and so that the one before it has ended."""
        now = time.perf_counter()
        if number and self.seconds[number - 1] == float("inf"):
            self.seconds[number - 1] = now - self._start
        self._start = now

    def watch(self, claim: Any, number: int) -> Any:
        """Return a `claim` that also notes the names of the place where it is called."""

        def watched(*args: Any, **options: Any) -> None:
            claim(*args, **options)
            frame = sys._getframe(1)
            statement = str(args[0] if args else options.get("statement"))
            self.seen.append(Seen(self.sites[number], statement, {**frame.f_globals, **frame.f_locals}, claim))

        return watched

    def report(self) -> list[dict[str, Any]]:
        """Return for every claim its cell, its statement and what breaks it ("" if nothing does)."""
        found = []
        for seen in self.seen:
            with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                found.append({"cell": seen.site.cell, "claim": seen.statement, "broken_by": self.breaker(seen)})
        return found

    def breaker(self, seen: Seen) -> str:
        """Return the first wrong value found that makes a claim false, such as "half good.mean()"; "" if none does."""
        end = time.perf_counter() + CLAIM_SECONDS
        steps: list[ast.stmt] = []
        for some in ([], self.makers(seen)):
            if some or not steps:
                steps = some
                broken = Trial(seen, steps).breaker(end)
                if broken:
                    return broken
        return ""

    def makers(self, seen: Seen) -> list[ast.stmt]:
        """Return the quick statements that made what a claim compares, in the order in which they ran."""
        needed, picked, left = flow.read_by(seen.site.call), [], QUICK
        for number in range(seen.site.before - 1, -1, -1):
            statement = self.statements[number]
            made = flow.made_by(statement)
            if not made & needed or isinstance(statement, (ast.Import, ast.ImportFrom, ast.ClassDef)):
                continue
            if self.seconds[number] > left or not all(_is_data(seen.names.get(name)) for name in made & needed):
                needed -= made  # too slow to run again, or changed in place since: what it made stays as it is
                continue
            left -= self.seconds[number]
            picked.insert(0, statement)
            needed = (needed - made if isinstance(statement, (ast.Assign, ast.FunctionDef)) else needed)
            needed |= flow.read_by(statement)
        return picked


class Trial(ast.NodeTransformer):
    """A claim and some statements before it, made ready to be run again with one part replaced by a wrong value."""

    def __init__(self, seen: Seen, steps: list[ast.stmt]) -> None:
        self.seen, self.parts, self.names = seen, [], set(seen.site.computed)
        body = [self._step(copy.deepcopy(step)) for step in steps]
        call = copy.deepcopy(seen.site.call)
        call.func = ast.Name("__claim__", ast.Load())
        call.args[1:] = [self.visit(part) for part in call.args[1:]]
        for keyword in call.keywords:
            if keyword.arg in ("value", "equals", "above", "below"):
                keyword.value = self.visit(keyword.value)
        tree = ast.fix_missing_locations(ast.Module([*body, ast.Expr(call)], []))
        self.code = compile(tree, "<a claim again>", "exec")
        self.exact = any(keyword.arg == "equals" for keyword in call.keywords)
        self.active, self.label, self.hit = -1, "", False

    def breaker(self, end: float) -> str:
        if self.run() is not True:  # what it compares has changed since, or cannot be made again
            return ""
        for label in (*LABELS, "the operands swapped in"):
            for number in range(len(self.parts)):
                if time.perf_counter() > end:
                    return ""
                self.active, self.label, self.hit = number, label, False
                if self.run() is False and self.hit:
                    return f"{label} {ast.unparse(self.parts[number])}"
        return ""

    def run(self) -> bool | None:
        """Tell whether the claim holds; None if it cannot be evaluated."""
        scratch = self.seen.names | {"__part__": self.part, "__swap__": self.swap, "__claim__": self.seen.claim}
        try:
            exec(self.code, scratch)
        except AssertionError:
            return False
        except Exception:  # a wrong value that the code cannot take is no sign that the claim looks at it
            return None
        return True

    def part(self, number: int, value: Any) -> Any:
        if number != self.active or (self.label == "one more than" and not self.exact and not isinstance(value, int)):
            return value
        wrong = mutate(self.label, value, self.seen.names)
        self.hit |= wrong is not UNCHANGED
        return value if wrong is UNCHANGED else wrong

    def swap(self, number: int, left: Any, right: Any, operation: Any) -> Any:
        swapped = number == self.active and self.label == "the operands swapped in"
        self.hit |= swapped
        return operation(right, left) if swapped else operation(left, right)

    def _step(self, step: ast.stmt) -> ast.stmt:
        return step if isinstance(step, ast.FunctionDef) else self.visit(step)

    def generic_visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, (ast.Lambda, ast.JoinedStr)):
            return node
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            for loop in node.generators:
                if flow.is_computed(loop.iter, self.names):
                    self.names |= flow.made_by(loop.target)
        plain = copy.deepcopy(node)
        wanted = isinstance(node, (ast.Name, ast.Call, ast.Subscript, ast.Attribute, ast.BinOp))
        wanted = wanted and isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
        wanted = wanted and flow.is_computed(node, self.names)
        node = super().generic_visit(node)
        return self._wrap(node, plain) if wanted else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        # The function stays what it is; the object of a method may change.
        if isinstance(node.func, ast.Name):
            function, node.func = node.func, ast.Constant(None)
            called = flow.is_computed(function, self.names)
        else:
            function, called = None, False
        plain = copy.deepcopy(node)
        computed = called or flow.is_computed(node, self.names)
        if isinstance(node.func, ast.Attribute):
            node.func.value = self.visit(node.func.value)
        node.args = [self.visit(part) for part in node.args]
        for keyword in node.keywords:
            keyword.value = self.visit(keyword.value)
        if function is not None:
            node.func = plain.func = function
        return self._wrap(node, plain) if computed else node

    def _wrap(self, node: ast.AST, plain: ast.AST) -> ast.AST:
        self.parts.append(plain)
        number = ast.Constant(len(self.parts) - 1)
        if not isinstance(node, ast.BinOp):
            return ast.Call(ast.Name("__part__", ast.Load()), [number, node], [])
        operation = ast.parse("lambda left, right: left + right", mode="eval").body
        operation.body.op = node.op
        return ast.Call(ast.Name("__swap__", ast.Load()), [number, node.left, node.right, operation], [])


def _is_data(value: Any) -> bool:
    # Not a net or a run: whoever made it once more would have it without what it has learnt since.
    plain = isinstance(value, (numbers.Number, np.bool_, str, bytes, list, tuple, dict, set, FunctionType))
    return plain or (hasattr(value, "shape") and hasattr(value, "dtype"))


def start() -> None:
    """Watch the cells that this kernel runs from now on."""
    from IPython import get_ipython

    shell = get_ipython()
    probe = shell.user_ns["__probe__"] = Probe()
    shell.ast_transformers.append(probe)


def finish() -> None:
    """Print the report as one line of JSON after MARK."""
    from IPython import get_ipython

    shell = get_ipython()
    shell.ast_transformers.clear()
    print(MARK + json.dumps(shell.user_ns["__probe__"].report()))
