"""The static gate: what is wrong with the saved lessons. Nothing is executed.

    python -m tools.lint        list what is out of date (exit 1 if anything is)

`problems(notebook)` reads a saved notebook and its source and names, one sentence each, every defect it finds.
`check(folder)` looks at what lies between lessons: set-up cells, missing and left-over notebooks.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import jupytext
from nbformat import NotebookNode

from tools import shape
from tools.lessons import (
    NOTEBOOK_METADATA,
    NOTEBOOKS,
    BuildError,
    ganlib_hash,
    has_exercises,
    lesson_path,
    lesson_sources,
    notebooks,
    numbered,
    percent,
    read_lesson,
    read_saved,
    repository,
    short_name,
    source_hash,
    tags_of,
)

FIGURE_LIMIT = 300_000  # bytes of one picture
NOTEBOOK_LIMIT = 4_000_000  # bytes of one .ipynb
PLAYER_NOTEBOOK_LIMIT = 5_000_000  # the same, when it holds a frame player
# Jupyter and nbval act on tags outside this list (raises-exception, nbval-skip, skip-execution, ...) by not
# testing the cell. "solution" stands in built solutions only, in the place of "exercise".
TAGS = {"setup", "exercise", "hide-input", "nbval-check-output"}
TEXT_TAGS = {"further"}  # of a markdown cell
# What a Colab runtime has, and a lesson may import beside the standard library.
MODULES = {
    "ganlib", "numpy", "scipy", "matplotlib", "tensorflow", "keras", "IPython", "ipywidgets", "sklearn",
    "pandas", "tqdm", "PIL",
}  # fmt: skip
SMOKE_TEXT = "not checked in smoke mode"  # what ganlib.lessons.claims prints instead of a result
ABSOLUTE_PATH = re.compile(
    r"(?<![\w.~:/-])/(?:home|root|tmp|Users|usr|opt|var|private|mnt)\b|file:///|\b[A-Za-z]:\\+Users\b|\bC:\\"
)
MEMORY_ADDRESS = re.compile(r"<[^<>\n]* at 0x[0-9a-fA-F]+>")
NBVAL_COMMENT = re.compile(r"^\s*#+\s*(NBVAL_\w+|PYTEST_VALIDATE_IGNORE_OUTPUT)\s*$", re.MULTILINE)
BASE64 = re.compile(r"[A-Za-z0-9+/=]{200,}")
DATA_URI = re.compile(r"data:image/[\w.+-]+;base64,([A-Za-z0-9+/=]+)")


def problems(path: Path) -> list[str]:
    """Return every defect of a saved lesson or solutions notebook, one sentence each: file, cell, what, cure.

    Nothing is executed. An empty list means that the notebook may be published.
    """
    try:
        nb = read_saved(path)
    except BuildError as error:
        return [f"{short_name(path)}: {error}"]
    found = [*stale(path, nb), *_unlike_a_build(nb), *_size_problems(path, nb)]
    found += [*shape.problems(path, nb), *_claim_problems(path, nb)]
    for where, cell in numbered(nb):
        checks = [_path_problems(cell, path), _alt_problems(cell), _tag_problems(cell, path)]
        if cell.cell_type == "code":
            checks += [_import_problems(cell), _comparison_problems(cell), _output_problems(cell)]
            checks += [answer_problems(cell, solution=path.parent.name == "solutions")]
        found += [f"{where} {problem}" for check in checks for problem in check]
    return [f"{short_name(path)}: {problem}" for problem in found]


def stale(path: Path, nb: NotebookNode) -> Iterator[str]:
    """Yield why a notebook is not what its source gives: out of date, edited by hand, or without a source."""
    solution = path.parent.name == "solutions"
    folder = path.parent.parent if solution else path.parent
    source = folder / "source" / f"{path.stem}.py"
    if not source.exists() or (solution and not has_exercises(source)):
        yield f"no source gives this notebook (source/{source.name}): delete it."
        return
    try:
        wanted = read_lesson(source, solution)
    except BuildError as error:
        yield f"cannot be built: {error}"
        return
    course = nb.metadata.get("course", {})
    if course.get("source_sha256") != source_hash(source):
        yield f"source/{source.name} has changed since the build: build lesson {path.stem[:2]} again."
    elif course.get("repository", "") != repository(source):
        yield f"the repository in pyproject.toml has changed since the build: build lesson {path.stem[:2]} again."
    elif [_essence(cell) for cell in nb.cells] != [_essence(cell) for cell in wanted.cells]:
        where = _first_difference(nb, wanted)
        yield f"{where} was edited by hand: edit source/{source.name} and build lesson {path.stem[:2]} again."


def _essence(cell: NotebookNode) -> tuple:
    return cell.cell_type, cell.source, cell.metadata, cell.get("id")


def _first_difference(nb: NotebookNode, wanted: NotebookNode) -> str:
    for (where, cell), other in zip(numbered(nb), wanted.cells, strict=False):
        if _essence(cell) != _essence(other):
            return where
    return f"the number of cells ({len(nb.cells)}, not {len(wanted.cells)})"


def _unlike_a_build(nb: NotebookNode) -> Iterator[str]:
    counts = [cell.execution_count for cell in nb.cells if cell.cell_type == "code"]
    if not counts:
        yield "has no code cell: a lesson needs one."
    if counts != list(range(1, len(counts) + 1)):
        yield f"execution counts are {counts}, not 1..{len(counts)}: build the lesson again."
    extra = set(nb.metadata) - {*NOTEBOOK_METADATA, "course", "colab"}
    if extra or "version" in nb.metadata.get("language_info", {}):
        what = ", ".join(sorted(extra)) or "language_info.version"
        yield f"the notebook carries metadata of a run by hand ({what}): build the lesson again."


def _claim_problems(path: Path, nb: NotebookNode) -> Iterator[str]:
    course = nb.metadata.get("course", {})
    if course and path.parent.name != "solutions" and "unbreakable" not in course:
        yield "its claims were not put to the test (tools/probe.py): build the lesson again."
    for row in course.get("unbreakable", []):
        cure = "compare computed numbers, within a factor of two, or write it as prose"
        yield f"cell [{row['cell']}] claims “{row['claim']}”, and nothing breaks that: {cure}."


def _size_problems(path: Path, nb: NotebookNode) -> Iterator[str]:
    html = [text for cell in nb.cells for text in _texts(cell, "text/html")]
    limit = PLAYER_NOTEBOOK_LIMIT if any('type="range"' in text for text in html) else NOTEBOOK_LIMIT
    size = path.stat().st_size
    if size > limit:
        yield f"has {size / 1e6:.1f} MB, the limit is {limit / 1e6:.0f} MB: show fewer or smaller figures."


def _tag_problems(cell: NotebookNode, path: Path) -> Iterator[str]:
    known = TAGS - {"exercise"} | {"solution"} if path.parent.name == "solutions" else TAGS
    if cell.cell_type == "markdown":
        known = TEXT_TAGS
    for tag in tags_of(cell):
        if tag not in known:
            yield f'has the tag "{tag}", known tags are {", ".join(sorted(known))}: remove it.'


def _comparison_problems(cell: NotebookNode) -> Iterator[str]:
    for comment in NBVAL_COMMENT.findall(cell.source):
        yield f"has the comment {comment}: remove it, or use the tag nbval-check-output."
    if "nbval-check-output" in tags_of(cell) and not (set(_texts(cell)) - {""}):
        yield "is tagged nbval-check-output but shows no text, so nothing is compared: remove the tag."


def _import_problems(cell: NotebookNode) -> Iterator[str]:
    try:
        tree = ast.parse(cell.source)
    except SyntaxError:
        yield "is not plain Python (a % or ! command?): write it in Python, nbval and ruff read it too."
        return
    for module in sorted({name for node in ast.walk(tree) for name in _imported(node)}):
        if module not in MODULES and module not in sys.stdlib_module_names:
            yield f"imports {module}, which Colab or the course does not have: use another library."


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name.split(".")[0] for alias in node.names]
    return [(node.module or ".").split(".")[0]] if isinstance(node, ast.ImportFrom) else []


def _output_problems(cell: NotebookNode) -> Iterator[str]:
    for output in cell.outputs:
        if output.output_type == "error":
            yield f"stores the error {output.ename}: repair the source and build again."
        for kind, data in output.get("data", {}).items():
            pictures = [data] if kind.startswith("image/") else DATA_URI.findall(str(data))
            size = max((len(picture) * 3 // 4 for picture in pictures), default=0)  # base64: 4 for 3
            if size > FIGURE_LIMIT:
                limit = FIGURE_LIMIT // 1000
                yield f"has a picture of {size // 1000} kB, the limit is {limit} kB: make it smaller."
    for text in streams(cell, "stderr"):
        yield f"stores stderr output ({text.strip()[:60]}): repair the source and build again."
    for text in streams(cell, "stdout"):  # where TensorFlow's logger writes in a notebook
        if "WARNING:" in text:
            yield "stores a warning: repair its cause and build again."
    for text in _texts(cell):
        if SMOKE_TEXT in text:
            yield "was run in smoke mode: build the lesson again without GANLIB_SMOKE."
        for address in MEMORY_ADDRESS.findall(text):
            yield f"shows {address}, which changes with every run: print something a reader can use."


def answer_problems(cell: NotebookNode, solution: bool) -> Iterator[str]:
    # What ganlib.lessons.exercises.check prints.
    for line in "".join(streams(cell, "stdout")).splitlines():
        if solution and line.startswith(("✗ Not yet", "– Not answered yet")):
            yield f"refuses the solution ({line}): mend the solution or the check."
        if not solution and line.startswith(("✗ Not yet", "✓ Right")):
            yield f"takes the stub for an answer ({line}): leave the three dots in the stub."


def _path_problems(cell: NotebookNode, path: Path) -> Iterator[str]:
    folder = path.resolve().parent.parent if path.parent.name == "solutions" else path.resolve().parent
    checkout = str(folder.parent)
    texts = [("source", cell.source)] + [("output", text) for text in _texts(cell)]
    for place, text in texts:
        text = BASE64.sub("", text)
        match = ABSOLUTE_PATH.search(text)
        if match or (len(checkout) > 3 and checkout in text):
            what = text[match.start() :].split("\n")[0][:60] if match else checkout
            yield f"has an absolute path in its {place} ({what}): use a relative path."


def _alt_problems(cell: NotebookNode) -> Iterator[str]:
    for output in cell.get("outputs", []):
        for kind in output.get("data", {}):
            if kind.startswith("image/") and not str(output.metadata.get(kind, {}).get("alt", "")).strip():
                yield "shows a picture without alt text: show it with ganlib.pictures.show(figure, alt=...)."
    texts = [cell.source] if cell.cell_type == "markdown" else _texts(cell, "text/html", "text/markdown")
    for text in texts:
        text = BASE64.sub("", text)
        if re.search(r"!\[\s*\]\(", text) or _ImagesWithoutAlt.count(text):
            yield "has an <img> or ![]() without alt text: write a sentence that says what it shows."


class _ImagesWithoutAlt(HTMLParser):
    found = 0

    @classmethod
    def count(cls, html: str) -> int:
        parser = cls()
        parser.feed(html)
        return parser.found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img" and not (dict(attrs).get("alt") or "").strip():
            self.found += 1


def streams(cell: NotebookNode, name: str) -> list[str]:
    return [output.text for output in cell.outputs if output.get("name") == name]


def _texts(cell: NotebookNode, *kinds: str) -> list[str]:
    """Return the texts a cell shows; only of the given MIME types, if any are given."""
    texts = []
    for output in cell.get("outputs", []):
        if output.output_type == "stream" and not kinds:
            texts.append(output.text)
        for kind, data in output.get("data", {}).items():
            if kind in kinds or (not kinds and not kind.startswith("image/")):
                texts.append(str(data))
    return texts


def setup_problems(folder: Path = NOTEBOOKS) -> list[str]:
    """Return what is wrong with set-up cells: each lesson's first code cell, the same to the byte in all."""
    found, first = [], None
    for source in lesson_sources(folder):
        code = [cell for cell in percent(source).cells if cell.cell_type == "code"]
        tagged = [k for k, cell in enumerate(code) if "setup" in tags_of(cell)]
        if tagged != [0]:
            found.append(f'{source.name}: its first code cell, and no other, must carry the tag "setup".')
            continue
        first = first or (source.name, code[0].source)
        if code[0].source != first[1]:
            found.append(f"{source.name}: its set-up cell differs from that of {first[0]}: make them equal.")
    return found


def source_problems(source: Path) -> list[str]:
    """Return what keeps a source from opening in JupyterLab as the notebook that the build makes of it."""
    opened = jupytext.read(source)
    if opened.metadata.get("jupytext", {}).get("text_representation", {}).get("format_name") != "percent":
        return [f"{source.name}: is not in percent format: start it with a jupytext header."]
    for (where, cell), built in zip(numbered(opened), percent(source).cells, strict=False):
        if (cell.cell_type, cell.source) != (built.cell_type, built.source):
            why = "jupytext takes a comment for a command"
            return [f"{source.name}: {where} opens differently in JupyterLab ({why}): reword the comment."]
    return []


def check(folder: Path = NOTEBOOKS) -> tuple[list[str], list[str]]:
    """Return what is out of date in a notebooks folder, and notes that are no fault; nothing is executed.

    A changed ganlib is only a note: most changes leave outputs as they are, and the real run of nbval tells.
    """
    found, old = setup_problems(folder), []
    for source in lesson_sources(folder):
        found += source_problems(source)
        missing = [path for path in wanted(source) if not path.exists()]
        found += [f"{short_name(path)}: not built yet: build lesson {path.stem[:2]}." for path in missing]
        if not missing and _ganlib_changed(source):
            old.append(source.stem[:2])
    found += [f"{short_name(path)}: {reason}" for path in notebooks(folder) for reason in stale_reasons(path)]
    note = f"Note: ganlib has changed since these lessons were built: {' '.join(old)}."
    return found, [note] if old else []


def out_of_date(source: Path) -> bool:
    """Tell whether a lesson or its solutions must be built again, for its source or for ganlib."""
    paths = wanted(source)
    return not all(path.exists() for path in paths) or any(map(stale_reasons, paths)) or _ganlib_changed(source)


def wanted(source: Path) -> list[Path]:
    return [lesson_path(source)] + [lesson_path(source, solution=True)] * has_exercises(source)


def _ganlib_changed(source: Path) -> bool:
    try:
        stamp = read_saved(lesson_path(source)).metadata.get("course", {})
    except BuildError:
        return True
    return stamp.get("ganlib_sha256") != ganlib_hash(source)


def stale_reasons(path: Path) -> list[str]:
    """Return why a saved notebook is not what its source gives; [] when it is."""
    try:
        return list(stale(path, read_saved(path)))
    except BuildError as error:
        return [str(error)]


def main(arguments: list[str] | None = None, folder: Path = NOTEBOOKS) -> int:
    """Print what is out of date; return 1 if anything is."""
    parser = argparse.ArgumentParser(description="List which lessons are out of date; nothing is executed.")
    parser.parse_args(arguments)
    if not lesson_sources(folder):
        parser.error(f"{folder.name}/source holds no lesson: write NN_name.py there first.")
    found, notes = check(folder)
    print("\n".join([*found, *notes]) or "Every lesson is up to date.")
    return int(bool(found))


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(main())
