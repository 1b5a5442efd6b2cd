"""Grade a folder of submissions: python -m tools.grade FOLDER [--lesson NN]

Writes a new folder with grades.csv, one page of feedback a student, and index.html for the teacher. Every exercise is
judged in a process of its own (tools/grade_worker.py), so an answer that loops, ends Python or asks for too much costs
only itself. It is no sandbox.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import json
import os
import queue
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tools import grade_pages
from tools.assignment import seal
from tools.exercises import Exercise, helpers, needed, of_lesson, source_of
from tools.grade_worker import FORKS, LONGEST, MEGABYTES, SECONDS, verdict
from tools.handed_in import Answer, Submission, answer, shown, submissions
from tools.lessons import ganlib_hash, lesson_sources

ROOT = Path(__file__).resolve().parent.parent
START = 300  # seconds in which a worker must have loaded TensorFlow


class Refused(Exception):
    """Something the teacher can cure; the text is one sentence."""


@dataclass(frozen=True)
class Mark:
    """The verdict on one exercise of one student; `note` is for both, `look` for the teacher."""

    state: str
    text: str
    note: str = ""

    @property
    def points(self) -> int:
        return int(self.state == "right")


@dataclass
class Graded:
    """One student with the marks of all exercises, by the names of their checks."""

    submission: Submission
    marks: dict[str, Mark] = field(default_factory=dict)

    @property
    def points(self) -> int:
        return sum(mark.points for mark in self.marks.values())


class Worker:
    """A process that judges answers, started when it is first asked and anew when it has died."""

    def __init__(self, shared: dict):
        self.shared, self.process, self.offered, self.killed = shared, None, {}, False

    def start(self, job: dict) -> None:
        """Start the process; one that is for a single job loads no more of the lesson than that job needs."""
        self.folder = tempfile.TemporaryDirectory(prefix="grade-", ignore_cleanup_errors=True)
        shared = {**self.shared, "folder": self.folder.name}
        if not shared["fork"]:
            shared["helpers"] = needed(shared["helpers"], "\n".join([job["code"], *job["helpers"]]))
        self.log = tempfile.TemporaryFile()
        command = [sys.executable, "-P", "-m", "tools.grade_worker"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": self.log}
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment(), **pipes)
        self._write(shared)
        line = self._read(START)
        if not line:
            self.log.seek(0)
            said = self.log.read().decode("utf-8", "replace").strip().splitlines() or ["it said nothing"]
            raise Refused(f"No answer can be judged here ({said[-1][:200]}): look with  course.py doctor")
        self.offered = json.loads(line)

    def judge(self, job: dict) -> dict:
        """Return state and text of an answer; whatever it does, there is one."""
        token, text, status = secrets.token_hex(16), b"", 0
        try:
            if self.process is None:
                self.start(job)
            self._write({**job, "token": token})
            while token.encode() not in text and len(text) < LONGEST:
                line = self._read(self.shared["patience"] + 30)
                text += line
                if not line:
                    break
        except OSError:  # the process has ended
            pass
        if token.encode() not in text or not self.shared["fork"]:
            status = self.stop()
        return verdict(text, token, self.killed, status, self.shared["seconds"])

    def stop(self) -> int:
        """End the process, if there is one; return how it ended by itself (0 if it did not)."""
        process, self.process = self.process, None
        if process is None:
            return 0
        try:
            with contextlib.suppress(OSError):
                process.stdin.close()
            return process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return 0
        finally:
            process.stdout.close()
            self.log.close()
            self.folder.cleanup()

    def _write(self, value: dict) -> None:
        self.process.stdin.write(json.dumps(value).encode() + b"\n")
        self.process.stdin.flush()

    def _read(self, seconds: float) -> bytes:
        self.killed = False
        timer = threading.Timer(seconds, self._too_late)
        timer.start()
        try:
            return self.process.stdout.readline()
        finally:
            timer.cancel()

    def _too_late(self) -> None:
        self.killed = True
        self.process.kill()


def environment() -> dict[str, str]:
    """The variables of a worker: one thread, no GPU, no smoke mode, this course first."""
    kept = {name: value for name, value in os.environ.items() if name not in ("GANLIB_SMOKE", "MPLBACKEND")}
    one = dict.fromkeys(("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1")
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", "KERAS_BACKEND": "tensorflow"}
    path = os.pathsep.join(filter(None, [str(ROOT), kept.get("PYTHONPATH")]))
    return kept | one | quiet | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "MPLBACKEND": "Agg"}


# ---------------------------------------------------------------- a batch


def choose_lesson(found: list[Submission], asked: str) -> Path:
    """Return the source of the lesson to grade: the one asked for, or that of most notebooks."""
    known = ", ".join(s.stem[:2] for s in lesson_sources() if of_lesson(s))
    if asked:
        number = asked.zfill(2)
    else:
        votes = Counter(one.lesson for one in found if one.lesson)
        if not votes:
            raise Refused(f"No notebook here says which lesson it is of: add  --lesson NN  with one of {known}.")
        number = votes.most_common(1)[0][0]
    source = source_of(number)
    if source is None:
        raise Refused(f"There is no lesson {number} with exercises; there are {known}.")
    return source


def grade(found: list[Submission], source: Path, options: argparse.Namespace) -> tuple[list[Graded], dict[str, str]]:
    """Judge all exercises of all students; return the marks, and what the system offered."""
    exercises = [exercise for exercise in of_lesson(source) if exercise.alone]
    graded = [Graded(one) for one in found]
    jobs: queue.SimpleQueue = queue.SimpleQueue()
    for student in graded:
        for exercise in exercises:
            mark, found = _without_running(student.submission, exercise)
            student.marks[exercise.check] = mark
            if found is not None:
                jobs.put((student, exercise, found))
    shared = {"module": exercises[0].module, "helpers": helpers(source), "megabytes": options.memory,
              "seconds": options.seconds, "patience": 3 * options.seconds,
              "fork": FORKS and not options.spawn}  # fmt: skip
    workers = [Worker(shared) for _ in range(max(1, min(options.jobs, jobs.qsize())))]
    _work(jobs, workers, _Progress(jobs.qsize()))
    offered = next((worker.offered for worker in workers if worker.offered), {})
    return graded, offered


def _without_running(one: Submission, exercise: Exercise) -> tuple[Mark, Answer | None]:
    """The mark of an exercise before anything runs, and the answer to run, if there is one."""
    if one.trouble:
        return Mark("missing", f"The file {one.trouble}"), None
    if one.lesson and one.lesson != exercise.lesson:
        return Mark("missing", f"The notebook is of lesson {one.lesson}, and lesson {exercise.lesson} is graded."), None
    try:
        found = answer(one.code, exercise)
    except Exception as error:  # no notebook may stop the batch
        return Mark("error", f"The notebook cannot be read here ({type(error).__name__}): ask your teacher."), None
    if found is None:
        return Mark("missing", "There is no cell for this exercise in the notebook."), None
    return Mark("stopped", "It was not judged."), found


class _Progress:
    """One line that counts, where somebody looks."""

    def __init__(self, total: int):
        self.total, self.done, self.live = total, 0, sys.stderr.isatty()

    def step(self) -> None:
        self.done += 1
        if self.live:
            print(f"\r{self.done} of {self.total} answers judged", end="", file=sys.stderr, flush=True)
            if self.done == self.total:
                print(file=sys.stderr)


def _work(jobs: queue.SimpleQueue, workers: list[Worker], progress: _Progress) -> None:
    troubles: list[Exception] = []

    def serve(worker: Worker) -> None:
        try:
            while not troubles:
                student, exercise, found = jobs.get_nowait()
                job = {"check": exercise.check, "answer": exercise.answer, "code": found.code, "helpers": found.helpers}
                said = worker.judge(job)
                student.marks[exercise.check] = Mark(said["state"], said["text"], found.note)
                progress.step()
        except queue.Empty:
            pass
        except Exception as error:
            troubles.append(error)
        finally:
            worker.stop()

    threads = [threading.Thread(target=serve, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if troubles:
        raise troubles[0]


# ---------------------------------------------------------------- what is written


def table(graded: list[Graded], exercises: list[Exercise]) -> str:
    """Return the grades as CSV, one row a student."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["student", "id", *(e.check for e in exercises), "points", "of", "file", "remarks"])
    for one in graded:
        marks = [one.marks[e.check] for e in exercises]
        remarks = list(one.submission.notes)
        remarks += [f"{e.check}: {m.note}" for e, m in zip(exercises, marks, strict=True) if m.note]
        if one.submission.trouble:
            remarks.append(one.submission.trouble)
        name = shown(one.submission.notebook.name) if one.submission.notebook else ""
        row = [_safe(one.submission.name), one.submission.number, *(m.points for m in marks), one.points, len(marks)]
        rows.writerow([*row, _safe(name), _safe(" ".join(remarks))])
    return text.getvalue()


def _safe(text: str) -> str:
    """A text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def new_folder(asked: str, graded: Path) -> Path:
    """Return the folder to write into, which is not there yet: the one asked for, or one beside that of submissions."""
    if asked:
        target = Path(asked).absolute()
        if target.exists():
            raise Refused(f"{target} is there already, and nothing is overwritten: name a new folder.")
        return target
    base = graded.parent / f"{graded.name}-graded"
    names = [base, *(base.with_name(f"{base.name}-{k}") for k in range(2, 1000))]
    return next(path for path in names if not path.exists())


def write(target: Path, graded: list[Graded], exercises: list[Exercise], report: dict[str, str]) -> None:
    """Write the CSV, the pages of feedback and the teacher's page into a new folder."""
    pages = grade_pages.names([one.submission for one in graded])
    (target / "feedback").mkdir(parents=True)
    (target / "grades.csv").write_text(table(graded, exercises), encoding="utf-8-sig", newline="")
    for one, name in zip(graded, pages, strict=True):
        path = target / "feedback" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(grade_pages.feedback(one, exercises), encoding="utf-8")
    overview = grade_pages.overview(graded, exercises, pages, report)
    (target / "index.html").write_text(overview, encoding="utf-8")


def parser() -> argparse.ArgumentParser:
    cores = os.cpu_count() or 1
    parser = argparse.ArgumentParser(prog="course.py grade", description="Grade a folder of submitted notebooks.")
    parser.add_argument("folder", help="the submissions, as Moodle, Canvas or Classroom hand them out, unpacked")
    parser.add_argument("--lesson", default="", metavar="NN", help="the lesson (default: what most notebooks are of)")
    parser.add_argument("--out", default="", metavar="NEW", help="a new folder for the grades (default: FOLDER-graded)")
    parser.add_argument("--seconds", type=int, default=SECONDS, help=f"computing time of an exercise ({SECONDS})")
    parser.add_argument("--memory", type=int, default=MEGABYTES, help=f"megabytes of an exercise ({MEGABYTES})")
    parser.add_argument("--jobs", type=int, default=min(2, cores), help="answers judged at the same time (2)")
    parser.add_argument("--spawn", action="store_true", help="a new Python for every answer, as under Windows (slow)")
    return parser


def run(options: argparse.Namespace) -> str:
    """Grade as the command line says; return what to print."""
    folder = Path(options.folder).absolute()
    if folder.suffix == ".zip" and folder.is_file():
        raise Refused(f"{folder.name} is packed: unpack it, and name the folder.")
    if not folder.is_dir():
        raise Refused(f"There is no folder {options.folder}.")
    if min(options.seconds, options.memory, options.jobs) < 1:
        raise Refused("--seconds, --memory and --jobs need a number from 1 on.")
    target, found = new_folder(options.out, folder), submissions(folder)
    if not found:
        raise Refused(f"The folder {options.folder} holds no files to grade.")
    source, start = choose_lesson(found, options.lesson), time.monotonic()
    exercises, before = [e for e in of_lesson(source) if e.alone], ganlib_hash(source)
    graded, offered = grade(found, source, options)
    report = {"lesson": source.stem, "seconds": f"{time.monotonic() - start:.0f}", **offered}
    other = [one.submission.name for one in graded if one.submission.seal not in ("", seal(source))]
    if other:
        report["version"] = f"handed out with another version of the lesson or its checks: {', '.join(other)}"
    if ganlib_hash(source) != before:
        report["ALARM"] = "the course's own files were changed while answers ran: restore them and grade again"
    write(target, graded, exercises, report)
    lines = [f"{len(graded)} students, {len(exercises)} exercises of lesson {source.stem[:2]}, {report['seconds']} s"]
    lines += [f"{name}: {text}" for name, text in report.items() if name not in ("lesson", "seconds")]
    lines += ["This is no sandbox: answers can read what their user can read.", f"See {target / 'index.html'}"]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Grade a folder; return the exit status: 2 for what the teacher can cure."""
    options = parser().parse_args(arguments)
    try:
        print(run(options))
        return 0
    except Refused as refused:
        print(f"course.py grade: {refused}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"course.py grade: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(main())
