"""The process in which answers are judged: one answer in one fresh process, with limits.

    python -m tools.grade_worker            reads one job a line (JSON) and writes one verdict a line

The first line read says what all jobs share; the first line written says what the system offered. Starting TensorFlow
takes seconds, so under Linux a server loads it once and forks for every job. It never runs an answer itself, and
TensorFlow has computed nothing in it: no thread of it is lost by a fork. Elsewhere (Windows has no fork, and Apple's
libraries do not bear one) the grader starts a new process for every job.

The checks are loaded before the answer runs and hidden from it. What an answer imports as ganlib is a second copy, from
which the course's own solutions are taken. An answer that overwrites a check overwrites that copy.

This is no sandbox: an answer runs with the rights of this process and can read what it can read.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import ctypes
import importlib
import json
import os
import re
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
from types import ModuleType
from typing import Any

CELL = "<answer>"  # the file name of an answer's code, to find its lines in a traceback
FORKS = sys.platform.startswith("linux")
NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000  # of Linux' unshare
STRANGER = 64_999  # a user id that no account has
STRANGERS = {"none": "without any of root's rights", "read": "who may read all files (Python lies in root's folder)"}
SECONDS, MEGABYTES = 20, 2048  # of one answer, if nothing else is said
LONGEST = 100_000  # characters of a verdict that are read
PATCHED = ("builtins", "math", "cmath", "functools", "json", "os", "time", "numpy", "numpy.linalg", "numpy.random",
           "scipy.special", "tensorflow", "tensorflow.math", "tensorflow.nn")  # fmt: skip


# ---------------------------------------------------------------- one answer


def judge(job: dict, shared: dict, checks: dict[str, ModuleType]) -> dict:
    """Run an answer and ask its check; return the state and a sentence. `checks` are the modules it must not see."""
    loaded = dict(sys.modules)
    before = [(sys.modules[name], dict(vars(sys.modules[name]))) for name in PATCHED if name in sys.modules]
    _take_out(checks)
    space = {"__name__": "__main__", "__builtins__": builtins}
    _prepare(space, [f"import {shared['module']}", *shared["helpers"]])
    _without_solutions(sys.modules.get(shared["module"]))
    _prepare(space, job["helpers"])
    trouble = _run(job["code"], space)
    _repair(before)
    for name in [name for name in sys.modules if name.partition(".")[0] == "ganlib"]:
        del sys.modules[name]
    sys.modules.update(loaded | checks)
    if trouble:
        return trouble
    if job["answer"] not in space:
        return {"state": "missing", "text": f"The cell makes nothing of the name {job['answer']}: keep that name."}
    return _ask(checks[shared["module"]], job["check"], space[job["answer"]])


def _take_out(checks: dict[str, ModuleType]) -> None:
    for name in checks:
        sys.modules.pop(name, None)


def _prepare(space: dict[str, Any], pieces: list[str]) -> None:
    """Run what stands around an answer: imports, functions. What does not work is left out: the answer may not ask."""
    for piece in pieces:
        with contextlib.suppress(Exception):
            exec(compile(piece, "<lesson>", "exec"), space)


def _without_solutions(public: ModuleType | None) -> None:
    """Take the course's own solutions out of the copy of the checks that an answer can import."""
    for name, value in list(vars(public).items()) if public else ():
        own = getattr(value, "__module__", "") == public.__name__ and not name.startswith("_")
        if own and not hasattr(value, "__wrapped__"):
            delattr(public, name)


def _run(code: str, space: dict[str, Any]) -> dict | None:
    """Run the code of an answer; return the verdict if it does not get to its end."""
    try:
        exec(compile(code, CELL, "exec"), space)
    except SyntaxError as error:
        where = f"line {error.lineno}" if error.lineno else "a line"
        return {"state": "error", "text": f"Python cannot read the cell: {error.msg} ({where})."}
    except BaseException as error:  # an answer may raise anything
        return _raised(error)
    return None


def _raised(error: BaseException) -> dict:
    if isinstance(error, SystemExit):
        return {"state": "error", "text": "The code calls exit(): leave that out."}
    if isinstance(error, MemoryError):
        return {"state": "error", "text": "The code asks for more memory than an exercise may have."}
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == CELL]
    where = f"Line {lines[-1]} of the cell" if lines else "The code"
    said = " ".join(str(error).split())[:300]
    return {"state": "error", "text": f"{where} raises {type(error).__name__}{': ' if said else ''}{said}"}


def _repair(before: list[tuple[ModuleType, dict[str, Any]]]) -> None:
    """Put back what an answer has changed in modules that the checks use."""
    for module, values in before:
        now = vars(module)
        for key, value in values.items():
            if now.get(key) is not value and key != "__warningregistry__":
                now[key] = value


def _ask(module: ModuleType, check: str, answer: Any) -> dict:
    """Ask the test behind a check about an answer."""
    shared = sys.modules[module.__name__.rpartition(".")[0]]
    try:
        if not shared.answered(answer):
            raise shared.Unanswered
        return {"state": "right", "text": f"Right: {getattr(module, check).__wrapped__(answer)}"}
    except shared.Unanswered:
        return {"state": "blank", "text": "Not answered."}
    except shared.Wrong as wrong:
        return {"state": "wrong", "text": str(wrong)}
    except BaseException as error:
        return _raised(error)


# ---------------------------------------------------------------- the server


def warm(shared: dict) -> dict[str, ModuleType]:
    """Load the checks and what the lesson imports, and return all modules of ganlib; nothing is computed."""
    importlib.import_module(shared["module"])
    checks = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "ganlib"}
    space: dict[str, Any] = {"__name__": "__main__"}
    for piece in shared["helpers"]:
        if isinstance(ast.parse(piece).body[0], (ast.Import, ast.ImportFrom)):
            exec(compile(piece, "<lesson>", "exec"), space)  # where it fails, no answer can be judged
    checks |= {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "ganlib"}
    return checks


def shut_off() -> dict[str, str]:
    """Give up the network where the system allows it (Linux); return what was done, in words."""
    if not sys.platform.startswith("linux"):
        return {"network": "open: this system has no way to close it that the grader knows"}
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(36, 1, 0, 0, 0)  # orphans of an answer become children of this process, which ends them
    root = os.geteuid() == 0
    if libc.unshare(NEW_NETWORK if root else NEW_USER | NEW_NETWORK) == 0:
        return {"network": "closed"}
    return {"network": f"open: the system refused to close it ({os.strerror(ctypes.get_errno())})"}


def another_user(shared: dict) -> dict[str, str]:
    """Find out as which user answers can run: only root can choose one, and that user must be able to read Python."""
    shared["rights"] = "own"
    if not FORKS or not shared["fork"] or os.geteuid() != 0:
        return {"user": "answers run as the user who grades"}
    for rights, words in STRANGERS.items():
        if _can_read(rights):
            shared["rights"] = rights
            return {"user": f"answers run as a user of their own (id {STRANGER}), {words}"}
    return {"user": "answers run as root, for no other user can read Python or the course here: grade as another user"}


def _can_read(rights: str) -> bool:
    """Whether a process with these rights can read Python's modules, the packages and the course."""
    files = [module.__file__ for name, module in list(sys.modules.items())
             if name in ("statistics", "json", "numpy", "ganlib") and module.__file__]  # fmt: skip
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            _become_stranger(rights)
            for file in files:
                open(file, "rb").close()
            os._exit(0)
        os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def _become_stranger(rights: str) -> None:
    """Give up root for good; with the rights "read", keep the one to read all files (CAP_DAC_READ_SEARCH)."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(8, int(rights == "read"), 0, 0, 0)  # PR_SET_KEEPCAPS
    os.setgroups([])
    os.setgid(STRANGER)
    os.setuid(STRANGER)
    if rights == "read":
        header, kept = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)(4, 4, 0, 0, 0, 0)
        if libc.capset(header, kept) != 0:
            raise OSError(ctypes.get_errno(), "capset")
    libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS


def _limit(megabytes: int, seconds: int) -> None:
    """Limit memory, computing time and files of this process, as far as the system knows such limits."""
    import resource

    with contextlib.suppress(OSError, ValueError):
        taken = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        _lower(resource.RLIMIT_AS, taken + megabytes * 2**20)
    _lower(resource.RLIMIT_CPU, seconds, seconds + 2)
    _lower(resource.RLIMIT_FSIZE, 50 * 2**20)
    _lower(resource.RLIMIT_CORE, 0)


def _lower(which: int, value: int, hard: int = 0) -> None:
    import resource

    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(which, (value, hard or value))


def _silence() -> None:
    """Lead the three standard streams nowhere: an answer may print without end."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nowhere, number)
    sys.stdin = open(0, encoding="utf-8", closefd=False)
    sys.stdout, sys.stderr = (open(k, "w", encoding="utf-8", closefd=False) for k in (1, 2))


def fork_for(job: dict, shared: dict, checks: dict[str, ModuleType]) -> dict:
    """Judge an answer in a process of its own, and end that process and all that it started."""
    folder = tempfile.mkdtemp(prefix="grade-")
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            _close_all_but(write)
            os.setsid()
            _silence()
            if shared["rights"] != "own":
                os.chown(folder, STRANGER, STRANGER)
                _become_stranger(shared["rights"])
            os.chdir(folder)
            os.environ.update(HOME=folder, TMPDIR=folder, MPLCONFIGDIR=folder)
            _limit(shared["megabytes"], shared["seconds"])
            os.write(write, line(judge(job, shared, checks), job["token"]))
        finally:
            os._exit(0)
    os.close(write)
    text, late = _read_until(read, job["token"].encode(), shared["patience"])
    status = _end(child)
    os.close(read)
    shutil.rmtree(folder, ignore_errors=True)
    return verdict(text, job["token"], late, status, shared["seconds"])


def line(found: dict, token: str) -> bytes:
    """A verdict as one line of JSON, with the job's token: what an answer writes into the pipe has none.

    A sentence may quote an answer, so it is cut.
    """
    text = found["text"] if len(found["text"]) <= 1000 else found["text"][:1000] + " …"
    return json.dumps({"state": found["state"], "text": text, "token": token}).encode() + b"\n"


def _close_all_but(pipe: int) -> None:
    os.closerange(3, pipe)
    os.closerange(pipe + 1, 4096)


def _read_until(pipe: int, token: bytes, patience: float) -> tuple[bytes, bool]:
    """Read up to the line with the token or the end of the stream; also tell whether that took too long."""
    text, end = b"", time.monotonic() + patience
    while not (text.endswith(b"\n") and token in text) and len(text) <= LONGEST:
        ready, _, _ = select.select([pipe], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            return text, True
        more = os.read(pipe, 65536)
        if not more:
            break
        text += more
    return text, False


def _end(child: int) -> int:
    """End a process, its group, and what it has started and left behind; return how it ended by itself, or -9."""
    deadline, status, done = time.monotonic() + 0.5, 0, 0
    while not done and time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if not done:
            time.sleep(0.005)
    with contextlib.suppress(OSError):
        os.killpg(child, signal.SIGKILL)
    if not done:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    with contextlib.suppress(OSError, ValueError):
        for _ in range(100):  # its orphans, and those of its orphans
            left = open(f"/proc/self/task/{os.getpid()}/children").read().split()
            for orphan in left:
                os.kill(int(orphan), signal.SIGKILL)
                os.waitpid(int(orphan), 0)
            if not left:
                break
    return os.waitstatus_to_exitcode(status) if done else -signal.SIGKILL


def verdict(text: bytes, token: str, late: bool, status: int, seconds: int) -> dict:
    """What a process has written about its answer; if it has not, what its end says."""
    for written in text.splitlines():
        with contextlib.suppress(ValueError, AttributeError, TypeError):
            found = json.loads(written)
            if found.get("token") == token:
                return found
    too_long = f"It ran longer than {seconds} seconds and was stopped: is there a loop without an end?"
    if late or (status < 0 and -status in (getattr(signal, "SIGXCPU", 0), getattr(signal, "SIGKILL", 0))):
        return {"state": "stopped", "text": too_long}
    if status < 0:
        name = signal.Signals(-status).name
        return {"state": "crashed", "text": f"Python itself crashed ({name}): was more memory asked for than allowed?"}
    return {"state": "crashed", "text": "The code ended Python before the check could look at the answer."}


def main() -> int:
    """Serve: one line of what is shared, then one job a line. Without fork, judge one job and end."""
    shared = json.loads(sys.stdin.buffer.readline())
    offered = shut_off()
    checks = warm(shared)
    offered |= another_user(shared)
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is no verdict
    out.write(json.dumps(offered).encode() + b"\n")
    out.flush()
    for read in iter(sys.stdin.buffer.readline, b""):
        job = json.loads(read)
        if FORKS and shared["fork"]:
            found = fork_for(job, shared, checks)
        else:
            _silence()
            with contextlib.suppress(ImportError):  # Windows
                _limit(shared["megabytes"], shared["seconds"])
            os.chdir(shared["folder"])
            found = judge(job, shared, checks)
        out.write(line(found, job["token"]))
        out.flush()
        if not (FORKS and shared["fork"]):
            os._exit(0)
    return 0


def readable(code: str) -> str:
    """The code of a cell without Jupyter's own commands (%time, !pip), which Python cannot read."""
    try:
        ast.parse(code)
        return code
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return re.sub(r"^([ \t]*)[%!][^\n]*$", r"\1pass", code, flags=re.MULTILINE)


if __name__ == "__main__":
    sys.exit(main())
