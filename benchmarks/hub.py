"""A class on a real JupyterHub: students run a lesson cell by cell, with time to think; their waits, memory, kernels.

    python3 course.py bench hub                                        lesson 02 with 1, 3 and 10 students
    .venv/bin/python benchmarks/hub.py --lesson 04 --smoke --students 1 3
    .venv/bin/python benchmarks/hub.py --show                          the table of all rows in hub.csv, nothing run

It needs JupyterHub in an environment of its own (`--hub`); where that is missing, it says how to make it. Students come
within `--spread` seconds and think between cells: times of a lognormal law (σ = 1) with the mean `--think`, from a
seed. A real class of 45 minutes thinks about 70 seconds a cell, so a shorter mean is a harder test.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import nbformat

sys.path.insert(0, str(Path(__file__).resolve().parent))
from _rows import add, stored  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
TABLE = Path(__file__).with_suffix(".csv")
COLUMNS = ("run", "lesson", "students", "student", "what", "value")
TEXTS = ("run", "lesson", "student", "what")
SYSTEM = 1024  # MiB for the system and the web server, of the 8 GB that a small server has
CLASS = 45 * 60  # seconds of a lesson's core path
SIGMA = 1.0
LONG = 0.5  # seconds: shorter cells are not compared

Rows = list[dict]


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lesson", default="02", help="its number, or the path of a notebook (default: 02)")
    parser.add_argument("--smoke", action="store_true", help="with data and training cut short (GANLIB_SMOKE=1)")
    parser.add_argument("--students", type=int, nargs="+", default=[1, 3, 10], help="so many at once (default: 1 3 10)")
    parser.add_argument("--think", type=float, default=10.0, help="mean seconds between two cells (default: 10)")
    parser.add_argument("--spread", type=float, default=60.0, help="seconds within which all come (default: 60)")
    parser.add_argument("--seed", type=int, default=0, help="of the times (default: 0)")
    parser.add_argument("--hub", type=Path, default=ROOT / ".venv-hub", help="environment of JupyterHub")
    parser.add_argument("--accounts", action="store_true", help="as root: students are accounts, made and removed")
    parser.add_argument("--table", type=Path, default=TABLE, help="where rows are added (default: hub.csv beside)")
    parser.add_argument("--show", action="store_true", help="print the table of all rows and run nothing")
    chosen = parser.parse_args(arguments)
    if min(chosen.students) < 1 or chosen.think < 0 or chosen.spread < 0:
        parser.error("--students must be at least 1, --think and --spread not negative.")
    if chosen.accounts != (hasattr(os, "geteuid") and os.geteuid() == 0) and not chosen.show:
        parser.error("as root, give --accounts (accounts gan-hub-1 … are made and removed); as anybody else, do not.")
    return chosen


def notebook(lesson: str) -> Path:
    """The notebook of a lesson's number, or the one at a path. Ends the program if there is none."""
    numbered = sorted((ROOT / "notebooks").glob(f"{lesson.zfill(2)}_*.ipynb")) if lesson.isdigit() else []
    found = numbered or [Path(lesson)]
    if not found[0].is_file():
        sys.exit(f"There is no lesson {lesson}.")
    return found[0]


def called(path: Path) -> str:
    """What a notebook is called in the table: "02" for a lesson."""
    return path.stem[:2] if path.stem[:2].isdigit() else path.stem


def code(path: Path) -> list[str]:
    """The code cells of a notebook."""
    return [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def pauses(count: int, mean: float, rng: random.Random) -> list[float]:
    """Seconds of thinking, lognormal with this mean: half of them are below 0.6 of it, one in 20 above three of it."""
    return [mean * rng.lognormvariate(-(SIGMA**2) / 2, SIGMA) for _ in range(count)]


# ---------------------------------------------------------------- a class


def attend(student, path: Path, late: float, thinks: list[float], note) -> None:
    """What one student does. `note(what, value)` is told each wait; "killed" and "failed" cells by their number."""
    from _classroom import Killed

    time.sleep(late)
    try:
        server, kernel = student.sit_down(f"gan-lessons/notebooks/{path.name}")
        note("server s", server)
        note("kernel s", kernel)
        for number, (cell, pause) in enumerate(zip(code(path), thinks, strict=True), 1):
            student.think(pause)
            seconds, error = student.run(cell)
            note(f"cell {number} s", seconds)
            if error:
                note("failed", number)
    except Killed:
        note("killed", 1)
    except Exception as error:  # whatever a server under load answers: the class goes on, and the row tells
        print(f"{student.name}: {type(error).__name__}: {error}", file=sys.stderr)
        note("broken off", 1)


def hold(chosen: argparse.Namespace, students: int, path: Path, found: dict[str, str]) -> Rows:
    """Hold one class; returns its rows."""
    from _classroom import Student, Watch, accounts, hub

    names = [f"gan-hub-{k}" for k in range(1, students + 1)]
    run, rng, rows = time.strftime("%Y-%m-%d %H:%M:%S"), random.Random(chosen.seed), []
    base = {"run": run, "lesson": called(path) + " smoke" * chosen.smoke, "students": float(students)}

    def note(student: str, what: str, value: float) -> None:
        rows.append({**base, "student": student, "what": what, "value": round(value, 3)})

    note("", "load", os.getloadavg()[0])
    note("", "think s", chosen.think)
    note("", "spread s", chosen.spread)
    with tempfile.TemporaryDirectory(prefix="gan-hub-") as folder:
        os.chmod(folder, 0o755)
        with (
            accounts(names) if chosen.accounts else nullcontext(),
            hub(Path(folder), found, chosen.smoke, chosen.accounts) as (address, process),
            Watch(process) as watch,
        ):
            _teach([Student(address, name) for name in names], path, chosen, rng, note)
    for name in names:
        note(name, "peak MiB", watch.memory.get(name, 0))
        note(name, "CPU s", watch.seconds.get(name, 0))
    note("", "hub MiB", watch.memory.get("", 0))
    note("", "all MiB", watch.all)
    return rows


def _teach(students: list, path: Path, chosen: argparse.Namespace, rng: random.Random, note) -> None:
    count, threads = len(code(path)), []
    for student in students:
        late = rng.uniform(0, chosen.spread) if len(students) > 1 else 0
        thinks = pauses(count, chosen.think, rng)
        told = (lambda name: lambda what, value: note(name, what, value))(student.name)
        threads.append(threading.Thread(target=attend, args=(student, path, late, thinks, told), daemon=True))
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    for student in students:  # only now: a kernel that waits keeps its memory, in a real class too
        try:
            student.leave()
        except Exception as error:  # its server may be gone
            print(f"{student.name}: {type(error).__name__}: {error}", file=sys.stderr)


# ---------------------------------------------------------------- what the rows say


def values(rows: Rows, what: str) -> list[float]:
    """The values of all rows with this name; "cell" for all cells."""
    return [row["value"] for row in rows if row["what"] == what or what == "cell" and row["what"].startswith("cell ")]


def alone(rows: Rows, lesson: str) -> dict[str, float]:
    """The seconds of each cell with one student, in the quickest of the runs of a lesson; {} if there is none."""
    found: dict[str, float] = {}
    for row in rows:
        if row["lesson"] == lesson and row["students"] == 1 and row["what"].startswith("cell "):
            found[row["what"]] = min(row["value"], found.get(row["what"], float("inf")))
    return found


def summary(rows: Rows, by_itself: dict[str, float]) -> dict[str, float]:
    """What one run says, as numbers. `by_itself`: the seconds of each cell alone; those from 0.5 s are compared."""
    students = int(rows[0]["students"])
    compared = [row for row in rows if by_itself.get(row["what"], 0) >= LONG]
    ratios = [row["value"] / by_itself[row["what"]] for row in compared]
    (shared,), (everybody,) = values(rows, "hub MiB"), values(rows, "all MiB")
    each = (everybody - shared) / students
    computing = statistics.mean(values(rows, "CPU s"))
    return {
        "server": max(values(rows, "server s"), default=float("nan")),
        "kernel": max(values(rows, "kernel s"), default=float("nan")),
        "slower": statistics.median(ratios) if ratios else float("nan"),
        "worst": max(values(rows, "cell"), default=float("nan")),
        "peak": max(values(rows, "peak MiB")),
        "each": each,
        "cpu": computing,
        "killed": sum(values(rows, "killed")) + sum(values(rows, "broken off")),
        "failed": len(values(rows, "failed")),
        "per 8 GB": (8192 - SYSTEM - shared) // each,
        "per core": CLASS / 2 // computing,
    }


HEAD = (
    "| lesson | students | think, mean | load before | server, worst | kernel, worst | a cell beside alone, median "
    "| worst cell | peak MiB, worst | MiB each, all at once | CPU s each | killed | failed cells | per 8 GB | a core |"
)


def table(rows: Rows) -> str:
    """All runs as a table."""
    lines = [HEAD, "|---" * (HEAD.count("|") - 1) + "|"]
    for _, _, run in sorted({(row["lesson"], row["students"], row["run"]) for row in rows}):
        own = [row for row in rows if row["run"] == run]
        lesson, found = own[0]["lesson"], summary(own, alone(rows, own[0]["lesson"]))
        (load,), (think,) = values(own, "load"), values(own, "think s")
        lines.append(
            f"| {lesson} | {own[0]['students']:.0f} | {think:.0f} s | {load:.1f} | {found['server']:.0f} s "
            f"| {found['kernel']:.0f} s | {found['slower']:.1f} | {found['worst']:.0f} s | {found['peak']:.0f} "
            f"| {found['each']:.0f} | {found['cpu']:.0f} | {found['killed']:.0f} | {found['failed']} "
            f"| {found['per 8 GB']:.0f} | {found['per core']:.0f} |"
        )
    return "\n".join(lines)


def told(chosen: argparse.Namespace) -> str:
    """What was measured, and how."""
    return (
        f"Waits are seconds of a student's browser; memory is PSS of server and kernel; per 8 GB: {SYSTEM} MiB go to "
        f"the system, the hub's own off; per core: CPU seconds spread over 45 minutes, the core busy half of the time. "
        f"Cells that take {LONG} s alone or longer are compared. Times of thinking: lognormal, seed {chosen.seed}; all "
        f"come within {chosen.spread:g} s. {os.cpu_count()} cores."
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Hold the classes, add their rows to the table, print it; return the exit status."""
    chosen = options(arguments)
    if not chosen.show:
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # hub and accounts go too
        from _classroom import NoHub, programs

        path = notebook(chosen.lesson)
        try:
            found = programs(chosen.hub.absolute())
            for students in chosen.students:
                print(f"{time.strftime('%H:%M')}: {students} in {path.stem}", file=sys.stderr, flush=True)
                rows = hold(chosen, students, path, found)
                for row in rows:
                    add(chosen.table, COLUMNS, row)
        except NoHub as problem:
            print(problem, file=sys.stderr)
            return 2
    print(table(stored(chosen.table, TEXTS)))
    print(told(chosen))
    return 0


if __name__ == "__main__":
    sys.exit(main())
