"""The house: which module may import which, and how large its parts may be. CONTRIBUTING.md tells why."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CORE = ("data", "models", "losses", "feed", "gan")  # in the order in which they are read
FLOORS = (
    {"files", "streams", "console"}, {"weights", "guards"}, set(CORE), {"vae"}, {"pictures"}, {"evaluation"},
    {"training"}, {"lessons"}, {"cli", "doctor", "__main__"},
)  # fmt: skip
CORE_LINES, GAN_LINES, FILE_LINES, BODY_LINES = 650, 250, 400, 30
TABLES = {"ganlib/cli.py": {"parser", "_parser", "build_parser"}}  # tables of options may be longer


def modules(package: str) -> dict[str, Path]:
    """The modules of a package by their dotted names; a package's __init__ goes by the name of the package."""
    found = {}
    for path in sorted((ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


GANLIB = modules("ganlib")
TOOLS = modules("tools")


def imports(name: str, known: dict[str, Path]) -> set[str]:
    """The modules among `known` that a module imports, at any depth of its code and for type checking too."""
    found = set()
    for node in ast.walk(ast.parse(known[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {_nearest(alias.name, known) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                own = name.split(".") if known[name].stem == "__init__" else name.split(".")[:-1]
                base = ".".join([*own[: len(own) - node.level + 1], *filter(None, [node.module])])
            found |= {_nearest(f"{base}.{alias.name}", known) for alias in node.names}
    return found - {"", name}


def _nearest(dotted: str, known: dict[str, Path]) -> str:
    # "from ganlib.data import smoke" is an import of ganlib.data, "from ganlib import data" one of the same
    while dotted and dotted not in known:
        dotted = dotted.rpartition(".")[0]
    return dotted


def room(name: str) -> str:
    return name.split(".")[1] if "." in name else ""


def floor(name: str) -> int:
    return next(k for k, rooms in enumerate(FLOORS) if room(name) in rooms)


def circle(graph: dict[str, set[str]]) -> list[str]:
    """One circle of imports; [] if there is none."""
    done: set[str] = set()

    def walk(name: str, path: list[str]) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        for other in sorted(graph[name]):
            if found := walk(other, [*path, name]):
                return found
        done.add(name)
        return []

    return next((found for name in graph if (found := walk(name, []))), [])


def test_every_module_has_a_floor():
    known = set().union(*FLOORS)
    assert {room(name) for name in GANLIB} - {""} <= known


def test_no_import_runs_up():
    up = [
        f"{name} imports {other}"
        for name in GANLIB
        if room(name)
        for other in sorted(imports(name, GANLIB))
        if room(other) and floor(other) > floor(name)
    ]
    assert not up, "\n".join(up)


def test_rooms_do_not_lean_on_each_other_in_a_circle():
    graph = {name: imports(name, GANLIB) - {"ganlib"} for name in GANLIB if name != "ganlib"}
    assert not circle(graph), " -> ".join(circle(graph))


@pytest.mark.parametrize("known", [TOOLS], ids=["tools"])
def test_tools_import_one_another_one_way(known):
    assert not circle({name: imports(name, known) - {"tools"} for name in known if name != "tools"})
    assert "tools.build" not in imports("tools.lint", known)


def test_the_package_itself_imports_no_module_when_it_is_imported():
    tree = ast.parse(GANLIB["ganlib"].read_text(encoding="utf-8"))
    imported = [node.module or "" for node in tree.body if isinstance(node, ast.ImportFrom)]
    assert not [module for module in imported if module.startswith("ganlib")]


def code_lines(path: Path) -> int:
    """Lines of code: no blank lines, comments, docstrings."""
    text = path.read_text(encoding="utf-8")
    lines = {k for k, line in enumerate(text.splitlines(), 1) if line.strip() and not line.strip().startswith("#")}
    for node in ast.walk(ast.parse(text)):
        if _docstring(node):
            lines -= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return len(lines)


def _docstring(node: ast.AST) -> bool:
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return isinstance(node, kinds) and ast.get_docstring(node) is not None


def test_the_core_is_small():
    lines = {name: code_lines(ROOT / "ganlib" / f"{name}.py") for name in CORE}
    assert sum(lines.values()) <= CORE_LINES, lines
    assert len((ROOT / "ganlib" / "gan.py").read_text(encoding="utf-8").splitlines()) <= GAN_LINES


@pytest.mark.parametrize("path", [*GANLIB.values(), *TOOLS.values()], ids=lambda p: p.relative_to(ROOT).as_posix())
def test_files_and_functions_are_short(path):
    text, name = path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix()
    assert len(text.splitlines()) <= FILE_LINES
    long = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name not in TABLES.get(name, ()):
            body = node.body[_docstring(node) :]
            lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
            if lines > BODY_LINES:
                long.append(f"{node.name}: {lines} lines")
    assert not long, long


@pytest.mark.parametrize("name", CORE)
def test_a_core_file_names_its_lessons_and_each_of_them_the_file(name):
    first = (ROOT / "ganlib" / f"{name}.py").read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith(('"""Lesson ', '"""Lessons '))
    numbers = [word for word in first.partition(".")[0].replace(",", " ").split() if word.isdigit()]
    assert numbers
    for number in numbers:
        (source,) = (ROOT / "notebooks" / "source").glob(f"{number}_*.py")
        prose = [line for line in source.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
        assert f"ganlib/{name}.py" in "\n".join(prose), f"{source.name} does not name ganlib/{name}.py in its text"


# --- the checks themselves can fail -------------------------------------------------------------------------


def test_a_circle_is_found_through_a_function_and_through_type_checking(tmp_path):
    sources = {
        "ganlib.a": "def f():\n    from ganlib import b\n",
        "ganlib.b": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from ganlib.c import x\n",
        "ganlib.c": "from . import a\n",
    }
    known = {}
    for name, text in sources.items():
        known[name] = tmp_path / f"{name}.py"
        known[name].write_text(text, encoding="utf-8")
    graph = {name: imports(name, known) for name in known}
    assert circle(graph) == ["ganlib.a", "ganlib.b", "ganlib.c", "ganlib.a"]
    assert circle({"a": {"b"}, "b": set(), "c": {"a", "b"}}) == []


def test_code_lines_leave_out_what_is_no_code(tmp_path):
    path = tmp_path / "x.py"
    text = '"""Doc.\n\nMore."""\n\n# why\nx = 1\n\n\ndef f():\n    """Doc."""\n    return x\n'
    path.write_text(text, encoding="utf-8")
    assert code_lines(path) == 3
