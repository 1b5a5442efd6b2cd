"""Build the lessons: execute notebooks/source/NN_name.py and save notebooks/NN_name.ipynb.

    python tools/build.py            build every lesson whose source or ganlib changed since its last build
    python tools/build.py 04 05      build these lessons, changed or not
    python tools/build.py --check    run nothing; list what is out of date (exit 1 if anything is)

A lesson source is jupytext percent format. A code cell tagged "exercise" holds the stub, a line
"# solution", and the answer. The lesson notebook shows the stub. notebooks/solutions/NN_name.ipynb shows
the answer; it exists only for lessons with exercises.

Nothing is saved when a cell raises (a false claim raises), when a cell writes to stderr, in smoke mode, when a
check refuses its solution, or when it does not find the stub of an exercise unanswered.

Solutions are executed for real, like lessons, although that doubles the time of a build. A smoke run would
be quicker, but in smoke mode the checks of quality say "not checked", so nobody would have seen them accept
the answer, and the solutions would show pictures of a cut-down training. Lesson and solutions are saved
together or not at all.

The second half of the file is the static gate: `problems(notebook)` reads a saved notebook and its source and
names, one sentence each, every defect it finds.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import os
import platform
import re
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from html.parser import HTMLParser
from importlib import metadata
from pathlib import Path

import jupytext
import nbformat
from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"

CELL_TIMEOUT = 1800  # seconds; a cell that runs longer is taken to hang
SECONDS_LIMIT = 240  # a lesson's run on two CPU cores
SECONDS_LIMITS = {"04": 360}  # lessons that may take another time
FIGURE_LIMIT = 300_000  # bytes of one picture
NOTEBOOK_LIMIT = 4_000_000  # bytes of one .ipynb
PLAYER_NOTEBOOK_LIMIT = 5_000_000  # the same, when it holds a frame player

# Jupyter and nbval act on tags outside this list (raises-exception, nbval-skip, skip-execution, ...) by not
# testing the cell. "solution" stands in built solutions only, in the place of "exercise".
TAGS = {"setup", "exercise", "hide-input", "nbval-check-output"}

# What a Colab runtime has, and a lesson may import beside the standard library.
MODULES = {
    "ganlib", "numpy", "scipy", "matplotlib", "tensorflow", "keras", "IPython", "ipywidgets", "sklearn",
    "pandas", "tqdm", "PIL",
}  # fmt: skip

NOTEBOOK_METADATA = {
    "kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"},
    "language_info": {
        "name": "python",
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
        "codemirror_mode": {"name": "ipython", "version": 3},
    },
}


class BuildError(Exception):
    """A lesson that cannot be built; the message is one sentence for the author."""


# --- from source to notebook --------------------------------------------------------------------------------


def lesson_sources(folder: Path = NOTEBOOKS) -> list[Path]:
    """Return the lesson sources of a notebooks folder, in order of their numbers."""
    return sorted((folder / "source").glob("[0-9][0-9]_*.py"))


def lesson_path(source: Path, solution: bool = False) -> Path:
    """Return where the notebook (or the solutions notebook) of a source is saved."""
    folder = source.parent.parent
    return (folder / "solutions" if solution else folder) / f"{source.stem}.ipynb"


def read_lesson(source: Path, solution: bool = False) -> NotebookNode:
    """Read a source and return its notebook, not executed.

    An exercise cell becomes its stub, or its answer if `solution` is true. Of cell metadata only tags stay.
    The repository's address, if there is one, goes into the set-up cell and into a badge below the title.
    Cell ids come from the text of the cells, so that a rebuild changes only the cells that changed.
    Raises BuildError for an exercise without a stub or answer, an empty code cell, or a raw cell.
    """
    cells, address = [], repository(source)
    badge = _badge(address, lesson_path(source, solution).relative_to(source.parents[2]).as_posix())
    for number, cell in _numbered(_percent(source)):
        where = f"{source.name}: {number}"
        if cell.cell_type == "markdown":
            text = _one_folder_down(cell.source) if solution else cell.source
            if badge and not cells:
                title, _, rest = text.partition("\n")
                text = f"{title}\n\n{badge}\n{rest}"
            cells.append(new_markdown_cell(text))
        elif cell.cell_type != "code":
            raise BuildError(f"{where} is a raw cell: make it markdown or code.")
        else:
            cells.append(_code_cell(cell, solution, where))
            if "setup" in _tags(cell):
                cells[-1].source = cells[-1].source.replace('repository = ""', f'repository = "{address}"')
    if solution:
        note = f"These are the solutions of [this lesson](../{source.stem}.ipynb). Try its exercises first."
        cells.insert(0, new_markdown_cell(note))
    _name_cells(cells)
    return new_notebook(cells=cells, metadata=nbformat.from_dict(NOTEBOOK_METADATA))


def repository(source: Path) -> str:
    """Return the public address of the course that a source belongs to, from pyproject.toml; "" if it has none."""
    settings = source.parents[2] / "pyproject.toml"
    if not settings.exists():
        return ""
    found = tomllib.loads(settings.read_text(encoding="utf-8")).get("tool", {}).get("ganlib", {}).get("repository", "")
    if found and not re.fullmatch(r"https://[\w./~-]+", found):
        raise BuildError(f"pyproject.toml: the repository {found!r} is no address: write https://… or leave it empty.")
    return found.removesuffix("/").removesuffix(".git")


def _badge(address: str, path: str) -> str:
    # Colab opens notebooks of public GitHub repositories only.
    github, colab = "https://github.com/", "https://colab.research.google.com"
    if not address.startswith(github):
        return ""
    place = f"{colab}/github/{address.removeprefix(github)}/blob/main/{path}"
    return f"[![Open in Colab]({colab}/assets/colab-badge.svg)]({place})"


def has_exercises(source: Path) -> bool:
    """Tell whether a source has a cell tagged "exercise"."""
    return any("exercise" in _tags(cell) for cell in _percent(source).cells)


def split_exercise(text: str) -> tuple[str, str]:
    """Split the text of an exercise cell at its line "# solution" into stub and answer.

    Raises ValueError unless there is exactly one such line with code above and below it.
    """
    lines = text.split("\n")
    marks = [k for k, line in enumerate(lines) if line.rstrip() == "# solution"]
    if len(marks) != 1:
        raise ValueError(f'has {len(marks)} lines "# solution"; it needs exactly one')
    stub, answer = "\n".join(lines[: marks[0]]).strip("\n"), "\n".join(lines[marks[0] + 1 :]).strip("\n")
    if not stub.strip() or not answer.strip():
        raise ValueError('needs a stub above the line "# solution" and an answer below it')
    return stub, answer


def _percent(source: Path) -> NotebookNode:
    # By default jupytext turns a comment like "# cat pictures" into the command "cat pictures".
    fmt = {"extension": ".py", "format_name": "percent", "comment_magics": False}
    return jupytext.reads(source.read_text(encoding="utf-8"), fmt=fmt)


def _code_cell(cell: NotebookNode, solution: bool, where: str) -> NotebookNode:
    text, tags = cell.source, _tags(cell)
    if not text.strip():
        raise BuildError(f"{where} is an empty code cell: delete it.")
    if "exercise" in tags:
        try:
            text = split_exercise(text)[solution]
        except ValueError as error:
            raise BuildError(f"{where} is tagged exercise but {error}.") from None
        tags = ["solution" if solution and tag == "exercise" else tag for tag in tags]
    elif re.search(r"^# solution\s*$", text, re.MULTILINE):
        raise BuildError(f'{where} has a line "# solution" and would show the answer: tag it "exercise".')
    kept = {"tags": tags} if tags else {}
    if "hide-input" in tags:
        kept["jupyter"] = {"source_hidden": True}  # what JupyterLab reads; the tag alone does nothing there
    return new_code_cell(text, metadata=kept)


def _one_folder_down(markdown: str) -> str:
    # Solutions lie one folder deeper than lessons, so a relative link needs one more "../".
    return re.sub(r"""(\]\(|(?:src|href)=["'])(?![a-z]+:|[#/])""", r"\1../", markdown)


def _name_cells(cells: list[NotebookNode]) -> None:
    seen: dict[str, int] = {}
    for cell in cells:
        name = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:8]
        seen[name] = seen.get(name, 0) + 1
        cell.id = name if seen[name] == 1 else f"{name}-{seen[name]}"


def _tags(cell: NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def _numbered(nb: NotebookNode) -> Iterator[tuple[str, NotebookNode]]:
    """Pair every cell with its name in messages: "cell [3]", or "the text after cell [3]"."""
    number = 0
    for cell in nb.cells:
        number += cell.cell_type == "code"
        text = f"the text after cell [{number}]" if number else "the text before cell [1]"
        yield f"cell [{number}]" if cell.cell_type == "code" else text, cell


# --- execution ----------------------------------------------------------------------------------------------


class ThisPython(AsyncKernelManager):
    """Start a kernel with the running interpreter, whatever kernels the user has installed."""

    @property
    def kernel_spec(self) -> KernelSpec:
        return KernelSpec(resource_dir=RESOURCES, **get_kernel_dict(["--log-level=ERROR"]))


def execute(nb: NotebookNode, name: str, folder: Path) -> float:
    """Execute a notebook in place, in a fresh kernel working in `folder`; return the seconds its cells took.

    Code cells are numbered 1..n. `name` stands in messages. Raises BuildError when a cell raises, writes to
    stderr, runs in smoke mode, hangs, or ends the kernel, and when a check of an exercise says something else than
    "Right" in the folder of solutions and "Not answered yet" in that of lessons.
    """
    client = NotebookClient(
        nb,
        kernel_manager_class=ThisPython,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        timeout=CELL_TIMEOUT,
        record_timing=False,
        store_widget_state=False,
    )
    code = [(k, cell) for k, cell in enumerate(nb.cells) if cell.cell_type == "code"]
    total = 0.0
    scratch = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)  # Windows may hold its files too long
    with scratch as settings, client.setup_kernel(env=_kernel_environment(settings)):
        for number, (k, cell) in enumerate(code, start=1):
            print(f"  {name}: cell {number}/{len(code)}", end=" ", flush=True)
            start = time.perf_counter()
            where = f"{name}, cell [{number}] of {len(code)},"
            _execute_cell(client, cell, k, number, where)
            for problem in _answer_problems(cell, solution=folder.name == "solutions"):
                raise BuildError(f"{where} {problem}")
            total += time.perf_counter() - start
            print(f"{time.perf_counter() - start:.1f} s", flush=True)
    return round(total, 1)


def _execute_cell(client: NotebookClient, cell: NotebookNode, k: int, number: int, where: str) -> None:
    try:
        client.execute_cell(cell, k, execution_count=number)
    except CellExecutionError as error:
        raise BuildError(f"{where} raised {error.ename}: {' '.join(error.evalue.split())}") from None
    except CellTimeoutError:
        raise BuildError(f"{where} ran longer than {CELL_TIMEOUT} s: make it finish sooner.") from None
    except DeadKernelError:
        raise BuildError(f"{where} ended the kernel: it may have run out of memory.") from None
    cell.outputs = tidy_outputs(cell.outputs)
    for text in _stream(cell, "stderr"):
        raise BuildError(f"{where} wrote to stderr: {text.strip()}")
    for text in _stream(cell, "stdout"):
        if "WARNING:" in text:
            raise BuildError(f"{where} printed a warning: {text.strip()[:200]}")
        if SMOKE_TEXT in text:
            raise BuildError(f"{where} ran in smoke mode: take GANLIB_SMOKE out of the lesson.")


def _answer_problems(cell: NotebookNode, solution: bool) -> Iterator[str]:
    # What ganlib.lessons.exercises.check prints.
    for line in "".join(_stream(cell, "stdout")).splitlines():
        if solution and line.startswith(("✗ Not yet", "– Not answered yet")):
            yield f"refuses the solution ({line}): mend the solution or the check."
        if not solution and line.startswith(("✗ Not yet", "✓ Right")):
            yield f"takes the stub for an answer ({line}): leave the three dots in the stub."


def _kernel_environment(settings: str) -> dict[str, str]:
    # A reader's kernel, not the author's: no smoke mode, no other plotting backend, no IPython start-up file.
    env = {k: v for k, v in os.environ.items() if k not in ("GANLIB_SMOKE", "MPLBACKEND")}
    return env | {"TF_CPP_MIN_LOG_LEVEL": "2", "IPYTHONDIR": settings}


# TensorFlow 2.21 writes these when it is imported, at any TF_CPP_MIN_LOG_LEVEL: a note of its log library and
# INFO lines of its C++ code ("I0000 00:00:1795344814.041787 8963 port.cc:153] oneDNN ..."). No faults.
NATIVE_INFO = re.compile(
    r"WARNING: All log messages before absl::InitializeLog\(\).*\n?|I\d{4} [\d:.]+ +\d+ \S+:\d+\] .*\n?"
)


def tidy_outputs(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join neighbouring pieces of a stream, keep the last state of a progress line, drop native INFO lines.

    Only neighbours are joined (nbclient's own option joins all), so text stays above or below its figure.
    """
    joined: list[NotebookNode] = []
    for output in outputs:
        last = joined[-1] if joined else {}
        if output.output_type == "stream" and output.name == last.get("name"):
            last.text += output.text
        else:
            joined.append(output)
    for output in joined:
        if output.output_type == "stream":
            output.text = re.sub(r".*\r(?=[^\n])", "", output.text)
            if output.name == "stderr":
                output.text = NATIVE_INFO.sub("", output.text)
    return [output for output in joined if output.get("text") != ""]


# --- building -----------------------------------------------------------------------------------------------


def build(source: Path) -> list[Path]:
    """Execute a lesson (and its solutions) and save it; return the paths of the saved notebooks.

    Raises BuildError, and leaves the old notebooks as they are, when anything forbids saving.
    """
    if os.environ.get("GANLIB_SMOKE") == "1":
        raise BuildError(f"{source.stem}: GANLIB_SMOKE is set and a smoke run is never saved: unset it.")
    kinds = [False, True] if has_exercises(source) else [False]
    built = {lesson_path(source, solution): read_lesson(source, solution) for solution in kinds}
    stamp = {"source_sha256": source_hash(source), "ganlib_sha256": ganlib_hash(source)}
    stamp["repository"] = repository(source)
    for path, nb in built.items():
        path.parent.mkdir(exist_ok=True)
        name = _name(path).removesuffix(".ipynb")
        nb.metadata.course = {**stamp, "versions": versions(), "seconds": execute(nb, name, path.parent)}
        nbformat.validate(nb)
    for path, nb in built.items():
        _save(nb, path)
    if len(kinds) == 1:
        lesson_path(source, solution=True).unlink(missing_ok=True)  # of exercises now gone
    return list(built)


def source_hash(source: Path) -> str:
    """Return the SHA-256 of a text file, the same whatever its line ends."""
    return hashlib.sha256(source.read_text(encoding="utf-8").encode()).hexdigest()


def ganlib_hash(source: Path) -> str:
    """Return one SHA-256 of all modules of the ganlib that lies beside the notebooks folder of a source."""
    modules = sorted((source.parents[2] / "ganlib").rglob("*.py"))
    return hashlib.sha256("".join(f"{m.name} {source_hash(m)}\n" for m in modules).encode()).hexdigest()


def versions() -> dict[str, str | None]:
    """Return the versions of Python and of the libraries the lessons stand on; None if not installed."""
    names = {"tensorflow": ("tensorflow", "tensorflow-cpu"), "keras": ("keras",), "numpy": ("numpy",)}
    names["matplotlib"] = ("matplotlib",)
    return {"python": platform.python_version()} | {name: _version(*of) for name, of in names.items()}


def _version(*distributions: str) -> str | None:
    for name in distributions:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            pass
    return None


def _save(nb: NotebookNode, path: Path) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(nbformat.writes(nb) + "\n", encoding="utf-8", newline="\n")
    os.replace(temporary, path)


# --- the static gate ----------------------------------------------------------------------------------------

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
        nb = _read(path)
    except BuildError as error:
        return [f"{_name(path)}: {error}"]
    found = [*stale(path, nb), *_unlike_a_build(nb), *_size_problems(path, nb), *_time_problems(path, nb)]
    for where, cell in _numbered(nb):
        checks = [_path_problems(cell, path), _alt_problems(cell)]
        if cell.cell_type == "code":
            checks += [_tag_problems(cell, path), _import_problems(cell), _output_problems(cell)]
            checks += [_answer_problems(cell, solution=path.parent.name == "solutions")]
        found += [f"{where} {problem}" for check in checks for problem in check]
    return [f"{_name(path)}: {problem}" for problem in found]


def _read(path: Path) -> NotebookNode:
    try:
        nb = nbformat.read(path, as_version=4)
        nbformat.validate(nb)
    except Exception as error:  # nbformat lets through errors of several libraries
        line = str(error).strip().split("\n")[0][:100]
        raise BuildError(f"is not a valid notebook ({line}): build it again.") from None
    return nb


def _name(path: Path) -> str:
    return f"solutions/{path.name}" if path.parent.name == "solutions" else path.name


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
    for (where, cell), other in zip(_numbered(nb), wanted.cells, strict=False):
        if _essence(cell) != _essence(other):
            return where
    return f"the number of cells ({len(nb.cells)}, not {len(wanted.cells)})"


def _unlike_a_build(nb: NotebookNode) -> Iterator[str]:
    counts = [cell.execution_count for cell in nb.cells if cell.cell_type == "code"]
    if not counts:
        yield "has no code cell: a lesson needs one."
    if counts != list(range(1, len(counts) + 1)):
        yield f"execution counts are {counts}, not 1..{len(counts)}: build the lesson again."
    extra = set(nb.metadata) - {*NOTEBOOK_METADATA, "course"}
    if extra or "version" in nb.metadata.get("language_info", {}):
        what = ", ".join(sorted(extra)) or "language_info.version"
        yield f"the notebook carries metadata of a run by hand ({what}): build the lesson again."


def _time_problems(path: Path, nb: NotebookNode) -> Iterator[str]:
    seconds = nb.metadata.get("course", {}).get("seconds")
    limit = SECONDS_LIMITS.get(path.stem[:2], SECONDS_LIMIT)
    if seconds is None:
        yield "the time of the run is not stamped: build the lesson again."
    elif seconds > limit and path.parent.name != "solutions":  # the same work again: no reader waits for it
        yield f"the run took {seconds} s, the limit is {limit} s: train less, or build on an idle machine."


def _size_problems(path: Path, nb: NotebookNode) -> Iterator[str]:
    html = [text for cell in nb.cells for text in _texts(cell, "text/html")]
    limit = PLAYER_NOTEBOOK_LIMIT if any('type="range"' in text for text in html) else NOTEBOOK_LIMIT
    size = path.stat().st_size
    if size > limit:
        yield f"has {size / 1e6:.1f} MB, the limit is {limit / 1e6:.0f} MB: show fewer or smaller figures."


def _tag_problems(cell: NotebookNode, path: Path) -> Iterator[str]:
    known = TAGS - {"exercise"} | {"solution"} if path.parent.name == "solutions" else TAGS
    for tag in _tags(cell):
        if tag not in known:
            yield f'has the tag "{tag}", known tags are {", ".join(sorted(known))}: remove it.'
    for comment in NBVAL_COMMENT.findall(cell.source):
        yield f"has the comment {comment}: remove it, or use the tag nbval-check-output."
    if "nbval-check-output" in _tags(cell) and not (set(_texts(cell)) - {""}):
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
    for text in _stream(cell, "stderr"):
        yield f"stores stderr output ({text.strip()[:60]}): repair the source and build again."
    for text in _stream(cell, "stdout"):  # where TensorFlow's logger writes in a notebook
        if "WARNING:" in text:
            yield "stores a warning: repair its cause and build again."
    for text in _texts(cell):
        if SMOKE_TEXT in text:
            yield "was run in smoke mode: build the lesson again without GANLIB_SMOKE."
        for address in MEMORY_ADDRESS.findall(text):
            yield f"shows {address}, which changes with every run: print something a reader can use."


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


def _stream(cell: NotebookNode, name: str) -> list[str]:
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


# --- checks across lessons ----------------------------------------------------------------------------------


def setup_problems(folder: Path = NOTEBOOKS) -> list[str]:
    """Return what is wrong with set-up cells: each lesson's first code cell, the same to the byte in all."""
    found, first = [], None
    for source in lesson_sources(folder):
        code = [cell for cell in _percent(source).cells if cell.cell_type == "code"]
        tagged = [k for k, cell in enumerate(code) if "setup" in _tags(cell)]
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
    for (where, cell), built in zip(_numbered(opened), _percent(source).cells, strict=False):
        if (cell.cell_type, cell.source) != (built.cell_type, built.source):
            why = "jupytext takes a comment for a command"
            return [f"{source.name}: {where} opens differently in JupyterLab ({why}): reword the comment."]
    return []


def notebooks(folder: Path = NOTEBOOKS) -> list[Path]:
    """Return the saved lessons and solutions of a notebooks folder."""
    return sorted(folder.glob("[0-9][0-9]_*.ipynb")) + sorted((folder / "solutions").glob("*.ipynb"))


def check(folder: Path = NOTEBOOKS) -> tuple[list[str], list[str]]:
    """Return what is out of date in a notebooks folder, and notes that are no fault; nothing is executed.

    A changed ganlib is only a note: most changes leave outputs as they are, and the real run of nbval tells.
    """
    found, old = setup_problems(folder), []
    for source in lesson_sources(folder):
        found += source_problems(source)
        missing = [path for path in _wanted(source) if not path.exists()]
        found += [f"{_name(path)}: not built yet: build lesson {path.stem[:2]}." for path in missing]
        if not missing and _ganlib_changed(source):
            old.append(source.stem[:2])
    found += [f"{_name(path)}: {reason}" for path in notebooks(folder) for reason in stale_reasons(path)]
    note = f"Note: ganlib has changed since these lessons were built: {' '.join(old)}."
    return found, [note] if old else []


def out_of_date(source: Path) -> bool:
    """Tell whether a lesson or its solutions must be built again, for its source or for ganlib."""
    wanted = _wanted(source)
    return not all(p.exists() for p in wanted) or any(map(stale_reasons, wanted)) or _ganlib_changed(source)


def _wanted(source: Path) -> list[Path]:
    return [lesson_path(source)] + [lesson_path(source, solution=True)] * has_exercises(source)


def _ganlib_changed(source: Path) -> bool:
    try:
        stamp = _read(lesson_path(source)).metadata.get("course", {})
    except BuildError:
        return True
    return stamp.get("ganlib_sha256") != ganlib_hash(source)


def stale_reasons(path: Path) -> list[str]:
    """Return why a saved notebook is not what its source gives; [] when it is."""
    try:
        return list(stale(path, _read(path)))
    except BuildError as error:
        return [str(error)]


# --- the command --------------------------------------------------------------------------------------------


def choose(parser: argparse.ArgumentParser, numbers: list[str], folder: Path) -> list[Path]:
    """Return the sources with these lesson numbers, all for none; end the program if one does not exist."""
    sources = {source.stem[:2]: source for source in lesson_sources(folder)}
    if not sources:
        parser.error(f"{folder.name}/source holds no lesson: write NN_name.py there first.")
    unknown = [number for number in numbers if number.zfill(2) not in sources]
    if unknown:
        parser.error(f"there is no lesson {unknown[0]}; there are {' '.join(sources)}.")
    return [sources[number.zfill(2)] for number in numbers] or list(sources.values())


def main(arguments: list[str] | None = None, folder: Path = NOTEBOOKS) -> int:
    """Build or check lessons as the command line says; return the exit status."""
    parser = argparse.ArgumentParser(description="Execute lesson sources and save them as notebooks.")
    parser.add_argument("lessons", nargs="*", metavar="NN", help="lesson numbers (default: all out of date)")
    parser.add_argument("--check", action="store_true", help="run nothing; list what is out of date")
    options = parser.parse_args(arguments)
    if options.check and options.lessons:
        parser.error("--check looks at all lessons: leave the numbers out.")
    chosen = choose(parser, options.lessons, folder)
    if options.check:
        return _report_check(folder)
    if not options.lessons:
        chosen = [source for source in chosen if out_of_date(source)]
    if not chosen:
        print("Every lesson is up to date.")
    return max([_report_build(source) for source in chosen], default=0)


def _report_build(source: Path) -> int:
    try:
        saved = build(source)
    except BuildError as error:
        print(f"\nNot saved: {error}", file=sys.stderr)
        return 1
    found = [problem for path in saved for problem in problems(path)]
    print("\n".join(f"Saved {path.relative_to(source.parents[2]).as_posix()}" for path in saved))
    print("".join(f"{problem}\n" for problem in found), end="", file=sys.stderr)
    return int(bool(found))


def _report_check(folder: Path) -> int:
    found, notes = check(folder)
    print("\n".join([*found, *notes]) or "Every lesson is up to date.")
    return int(bool(found))


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="replace")  # a Windows console may not know the sign of a failed claim
    sys.stderr.reconfigure(errors="replace")
    sys.exit(main())
