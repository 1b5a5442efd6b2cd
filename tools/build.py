"""Build the lessons: execute notebooks/source/NN_name.py and save notebooks/NN_name.ipynb.

    python -m tools.build            build every lesson whose source or ganlib changed since its last build
    python -m tools.build 04 05      build these lessons, changed or not

Nothing is saved when a cell raises (a false claim raises), when a cell writes to stderr, in smoke mode, when a
check refuses its solution, or when it does not find the stub of an exercise unanswered.

Solutions are executed for real, like lessons, although that doubles the time of a build. A smoke run would
be quicker, but in smoke mode the checks of quality say "not checked", so nobody would have seen them accept
the answer, and the solutions would show pictures of a cut-down training. Lesson and solutions are saved
together or not at all.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path

import nbformat
from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from tools import probe
from tools.lessons import (
    NOTEBOOKS,
    BuildError,
    choose,
    ganlib_hash,
    has_exercises,
    lesson_path,
    read_lesson,
    repository,
    short_name,
    source_hash,
)
from tools.lint import SMOKE_TEXT, answer_problems, out_of_date, problems, streams

ROOT = Path(__file__).resolve().parent.parent
CELL_TIMEOUT = 1800  # seconds; a cell that runs longer is taken to hang


class ThisPython(AsyncKernelManager):
    """Start a kernel with the running interpreter, whatever kernels the user has installed."""

    @property
    def kernel_spec(self) -> KernelSpec:
        return KernelSpec(resource_dir=RESOURCES, **get_kernel_dict(["--log-level=ERROR"]))


def execute(nb: NotebookNode, name: str, folder: Path, probed: bool = False) -> tuple[float, list[dict]]:
    """Execute a notebook in place, in a fresh kernel working in `folder`; return the seconds its cells took.

    If `probed`, also return what tools.probe found about its claims: cell, claim, what breaks it.

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
        if probed:
            _ask(client, "probe.start()")
        for number, (k, cell) in enumerate(code, start=1):
            print(f"  {name}: cell {number}/{len(code)}", end=" ", flush=True)
            start = time.perf_counter()
            where = f"{name}, cell [{number}] of {len(code)},"
            _execute_cell(client, cell, k, number, where)
            for problem in answer_problems(cell, solution=folder.name == "solutions"):
                raise BuildError(f"{where} {problem}")
            total += time.perf_counter() - start
            print(f"{time.perf_counter() - start:.1f} s", flush=True)
        report = _ask(client, "probe.finish()") if probed else ""
    return round(total, 1), json.loads(report.partition(probe.MARK)[2] or "[]")


def _ask(client: NotebookClient, command: str) -> str:
    """Run a command of tools.probe in the kernel, outside the notebook; return what it prints."""
    line = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from tools import probe; sys.path.pop(0); {command}"
    cell, first = new_code_cell(line), client.nb.cells[0]
    client.execute_cell(cell, 0, store_history=False)
    client.nb.cells[0] = first  # where nbclient has put the cell
    return "".join(streams(cell, "stdout"))


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
    for text in streams(cell, "stderr"):
        raise BuildError(f"{where} wrote to stderr: {text.strip()}")
    for text in streams(cell, "stdout"):
        if "WARNING:" in text:
            raise BuildError(f"{where} printed a warning: {text.strip()[:200]}")
        if SMOKE_TEXT in text:
            raise BuildError(f"{where} ran in smoke mode: take GANLIB_SMOKE out of the lesson.")


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
        name = short_name(path).removesuffix(".ipynb")
        probed = path.parent.name != "solutions"
        seconds, found = execute(nb, name, path.parent, probed)
        nb.metadata.course = {**stamp, "versions": versions(), "seconds": seconds}
        if probed:
            broken = [{"cell": row["cell"], "claim": row["claim"]} for row in found if not row["broken_by"]]
            nb.metadata.course["unbreakable"] = broken
        nbformat.validate(nb)
    for path, nb in built.items():
        _save(nb, path)
    if len(kinds) == 1:
        lesson_path(source, solution=True).unlink(missing_ok=True)  # of exercises now gone
    return list(built)


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


def main(arguments: list[str] | None = None, folder: Path = NOTEBOOKS) -> int:
    """Build lessons as the command line says; return the exit status."""
    parser = argparse.ArgumentParser(description="Execute lesson sources and save them as notebooks.")
    parser.add_argument("lessons", nargs="*", metavar="NN", help="lesson numbers (default: all out of date)")
    options = parser.parse_args(arguments)
    chosen = choose(parser, options.lessons, folder)
    if not options.lessons:
        chosen = [source for source in chosen if out_of_date(source)]
    if not chosen:
        print("Every lesson is up to date.")
    return max([_report_build(source) for source in chosen], default=0)


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")  # a Windows console may not know the sign of a claim
    sys.exit(main())
