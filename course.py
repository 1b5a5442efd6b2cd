#!/usr/bin/env python3
"""The one entry point of the course: python3 course.py COMMAND (Windows: py course.py COMMAND).

The first command makes the folder .venv with everything the course needs, at the versions in
constraints.txt. Every later command starts at once. To use an environment of your own (Colab, conda,
Binder), set GANLIB_NO_VENV=1: then nothing is installed and the running Python is used.

This file needs only the standard library. It must parse in Python 3.8, so that an old Python gets a
sentence and not a traceback.
"""

from __future__ import annotations

import contextlib
import difflib
import errno
import hashlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Callable

ROOT = Path(__file__).absolute().parent
VENV = ROOT / ".venv"
OLD_VENV = ROOT / ".venv.course-old"  # a discarded .venv while it is being deleted
LOCK = ROOT / ".venv.course-lock"
LOG = VENV / "set-up.log"
SCRATCH = VENV / "tmp"  # pip's temporary files: on this disk, whose free space is looked at before
STAMP = VENV / "course-stamp.json"  # written last: without it .venv is half-made

PYTHONS = ((3, 11), (3, 12), (3, 13))  # those TensorFlow 2.21 and Keras 3.15 have packages for
WINDOWS = os.name == "nt"


def quoted(words: list[str]) -> str:
    """A command ready to be typed: each word in quotes where the reader's shell needs them."""
    if not WINDOWS:
        return " ".join(map(shlex.quote, words))
    # Double quotes are what cmd and PowerShell share; a file name cannot hold one.
    plain = re.compile(r"[\w.:\\/+=-]+")
    return " ".join(word if plain.fullmatch(word) else '"' + word.replace('"', r"\"") + '"' for word in words)


# course.py as the reader has called it, from whatever folder.
CALLED = sys.argv[0] if os.path.basename(sys.argv[0]) == "course.py" else "course.py"
ME = quoted(["py" if WINDOWS else "python3", CALLED])

# extra of pyproject.toml: what it is for, GB of free disk it needs, GB to download
BUILDS = {"cpu": ("the CPU", 4, "0.5"), "gpu": ("the NVIDIA GPU", 12, "3.7")}

# What pip says when it fails, and the cure. {purge} stands for the command that empties pip's cache.
CURES = (
    (
        r"DO NOT MATCH THE HASHES|BadZipFile|Bad CRC-32|CRC check failed|[Ww]heel .* is invalid|[Ii]nvalid wheel|"
        r"zlib\.error",
        "A package is damaged, probably in pip's cache: empty that with  {purge}",
    ),
    (
        r"No space left on device|Errno 28|not enough space on the disk",
        "The disk is full: free some space (also where pip has its cache)",
    ),
    (
        r"Long Path|WinError 206",
        "A file name got too long for Windows: move the course to a short path such as C:\\gan",
    ),
    (
        r"Permission denied|Access is denied|WinError (5|32)\b",
        "A file could not be written: close other programs that use .venv",
    ),
    (
        r"ConnectionError|ConnectTimeout|Failed to establish|Max retries|name resolution|getaddrinfo|"
        r"timed out|ProxyError|SSLError|CERTIFICATE_VERIFY|Connection (refused|reset|broken)|IncompleteRead",
        "The packages could not be downloaded: check the network (behind a proxy, set HTTPS_PROXY)",
    ),
    (
        r"No matching distribution|ResolutionImpossible",
        "A package does not exist for this Python or system: use 64-bit Python 3.12 from python.org",
    ),
)


class Problem(Exception):
    """Something the reader can cure; its text is one sentence that says how. The exit code is 2."""


# ---------------------------------------------------------------- which Python, which machine


def check_python() -> None:
    """Raise Problem when the running Python is not one that TensorFlow has packages for."""
    if sys.version_info[:2] in PYTHONS:
        return
    this = "This is Python {}.{}, but TensorFlow needs 3.11, 3.12 or 3.13".format(*sys.version_info[:2])
    other = other_python()
    if other:
        raise Problem(f"{this}: type  {command_line(other)}")
    raise Problem(f"{this}: install Python 3.12 and run this command with it.")


def other_python() -> list[str]:
    """The command of a suitable Python here, such as ["python3.12"] or ["py", "-3.12"]; [] if none."""
    names = [["py", "-3.12"], ["py", "-3.13"], ["py", "-3.11"]] if WINDOWS else []
    names += [["python3.12"], ["python3.13"], ["python3.11"], ["python3"], ["python"]]
    for command in names:
        path = shutil.which(command[0])
        if path and ask_version([path, *command[1:]]) in PYTHONS:
            return command
    return []


def ask_version(command: list[str]) -> tuple[int, ...]:
    """The version of another Python, such as (3, 12); () when it does not run (pyenv has such stand-ins)."""
    command = [*command, "-I", "-c", "import sys; print(*sys.version_info[:2])"]
    try:
        done = subprocess.run(command, timeout=10, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return tuple(int(part) for part in done.stdout.split()) if done.returncode == 0 else ()
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return ()


def command_line(python: list[str]) -> str:
    """The command the reader typed, with another Python, ready to be typed."""
    return quoted([*python, *sys.argv])


def check_machine() -> None:
    """Raise Problem when no set-up can succeed here: no TensorFlow for the machine, or no venv in Python."""
    from importlib.util import find_spec
    from platform import machine

    if sys.platform == "darwin" and machine() == "x86_64":
        raise Problem(
            "TensorFlow 2.21 has no package for Intel Macs (nor for an Intel Python on Apple silicon): "
            "open the notebooks in Colab, or install an arm64 Python if your Mac has an M chip."
        )
    if sys.maxsize < 2**32:
        raise Problem("This Python has 32 bits and TensorFlow needs 64: install 64-bit Python 3.12.")
    if WINDOWS and machine() == "ARM64":
        raise Problem("TensorFlow has no package for ARM64 Python: install Python 3.12 for x86-64.")
    if find_spec("venv") is None or find_spec("ensurepip") is None:
        version = "{}.{}".format(*sys.version_info[:2])
        raise Problem(
            f"This Python lacks its modules venv and ensurepip: install them (Debian and Ubuntu: "
            f"sudo apt install python{version}-venv) and type the same command again."
        )


def choose_build() -> str:
    """The extra of pyproject.toml to install: "gpu" on Linux with an NVIDIA driver (WSL too), else "cpu".

    Plain `tensorflow` without CUDA libraries cannot use a GPU, so a driver calls for tensorflow[and-cuda].
    That is 3.7 GB to download instead of 0.5: GANLIB_CPU=1, or too little disk, keeps the CPU build.
    """
    driver = sys.platform == "linux" and (os.path.exists("/proc/driver/nvidia") or shutil.which("nvidia-smi"))
    if not driver or os.environ.get("GANLIB_CPU") == "1" or free_gigabytes() < BUILDS["gpu"][1]:
        return "cpu"
    return "gpu"


def free_gigabytes() -> float:
    """Free space on the disk of this folder."""
    return shutil.disk_usage(ROOT).free / 1e9


# ---------------------------------------------------------------- .venv


def venv_python() -> Path:
    """The interpreter inside .venv."""
    return VENV / "Scripts" / "python.exe" if WINDOWS else VENV / "bin" / "python"


def requirements() -> dict[str, list[str]]:
    """The packages that pyproject.toml names: "base" and each extra."""
    import tomllib  # new in Python 3.11: not at the top, so that an older Python gets its sentence

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {"base": project["dependencies"], **project["optional-dependencies"]}


def wanted_stamp() -> dict[str, str]:
    """What the stamp of a .venv says if it was made by this Python from today's package lists."""
    constraints = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    packages = json.dumps(requirements(), sort_keys=True) + constraints
    version = "{}.{}".format(*sys.version_info[:2])
    return {"python": version, "packages": hashlib.sha256(packages.encode("utf-8")).hexdigest()}


def read_stamp() -> dict[str, str]:
    """The stamp of .venv; {} when there is none or it cannot be read."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
        return stamp if isinstance(stamp, dict) else {}
    except (OSError, ValueError):
        return {}


def why_make_venv() -> str:
    """Why .venv must be made, as the start of a sentence; "" when it is ready."""
    if not os.path.lexists(VENV):
        return "There is no .venv yet"
    stamp, wanted = read_stamp(), wanted_stamp()
    if not stamp:
        return "The set-up of .venv was not finished"
    if not venv_python().exists():
        return "The Python of .venv is gone"
    if stamp.get("python") != wanted["python"]:
        return "The .venv is for Python {}, this is {}".format(stamp.get("python"), wanted["python"])
    if stamp.get("packages") != wanted["packages"]:
        return "The .venv is out of date (the list of packages has changed)"
    lost = [file for file in stamp.get("files", []) if not (site_folder() / file).exists()]
    if lost:
        return f"The .venv has lost packages ({lost[0]} is missing)"
    return ""


def package_files() -> list[str]:
    """One file of every package in .venv, as paths in its folder of packages: there as long as the package is."""
    entries = sorted(site_folder().iterdir())
    files = [entry / "__init__.py" if entry.is_dir() else entry for entry in entries]
    return [file.relative_to(site_folder()).as_posix() for file in files if file.suffix == ".py" and file.exists()]


def ready_python() -> str:
    """The interpreter that runs the course; makes .venv first if it is missing, half-made or outdated."""
    if os.environ.get("GANLIB_NO_VENV") == "1":
        return sys.executable
    if why_make_venv():
        with set_up_lock() as lock:
            reason = why_make_venv()  # another call may have made it while this one waited
            if reason:
                make_venv(reason, lock)
    return str(venv_python())


def make_venv(reason: str, lock: int) -> None:
    """Make .venv anew; a call that is stopped half-way leaves no stamp, and the next call starts over."""
    check_machine()
    discard_venv()
    build = choose_build()
    purpose, needed, download = BUILDS[build]
    if free_gigabytes() < needed:
        raise Problem(
            f"Only {free_gigabytes():.1f} GB is free on the disk of {ROOT} and the set-up needs {needed} GB: "
            "free some space and type the same command again."
        )
    hint = " (GANLIB_CPU=1: for the CPU, 0.5 GB)" if build == "gpu" else ""
    say(f"{reason}: making it, for {purpose}, with about {download} GB to download{hint}.")
    VENV.mkdir()
    LOG.write_text(f"course.py set-up, Python {sys.version}, {sys.platform}\n", encoding="utf-8")
    SCRATCH.mkdir()
    packages = requirements()
    wanted = [requirement for part in ("base", build, "course", "test", "site") for requirement in packages[part]]
    python = str(venv_python())
    pip = [python, "-P", "-m", "pip", "install", "--no-compile", "--no-input", "--progress-bar", "off"]
    site_packages = site_folder()
    # The base interpreter, because the running one may be that of the .venv just discarded; -I, because
    # nothing in this folder or in PYTHONPATH may stand in for a standard module.
    base_python = getattr(sys, "_base_executable", sys.executable)
    with stop_on_sigterm():
        step("1/3 create environment", [base_python, "-I", "-m", "venv", str(VENV)], lock)
        step("2/3 download and install", [*pip, "-c", str(ROOT / "constraints.txt"), *wanted], lock)
        missing = not_installed(packages["base"])
        if missing:
            raise Problem(
                f"pip has put {missing[0]} elsewhere than in .venv: look at  "
                f"{quoted([python, '-m', 'pip', 'config', 'list'])}  and take out what names another place."
            )
        # pip compiles on one core; this uses all. Packages' own tests are left out, and a file that does not
        # compile is no matter.
        compile_all = [python, "-P", "-m", "compileall", "-q", "-j", "0", "-x", r"[\\/]tests?[\\/]", str(site_packages)]
        step("3/3 byte-compile", compile_all, lock, must_succeed=False)
    shutil.rmtree(SCRATCH, ignore_errors=True)
    # A path file in place of an editable install, which would download build tools. The path is relative: so
    # it is ASCII (Python reads it in the locale's encoding) and stays right when the folder is moved.
    (site_packages / "course.pth").write_text(os.path.relpath(ROOT, site_packages) + "\n", encoding="ascii")
    new_stamp = STAMP.with_name(STAMP.name + ".tmp")
    new_stamp.write_text(json.dumps({**wanted_stamp(), "build": build, "files": package_files()}), encoding="utf-8")
    os.replace(new_stamp, STAMP)


def not_installed(wanted: list[str]) -> list[str]:
    """Which of these requirements (without markers) have no record of their installation in .venv."""
    records = [re.sub(r"[-_.]+", "_", entry.name.lower()) for entry in site_folder().glob("*.dist-info")]
    names = [re.split(r"[^\w.-]", requirement)[0] for requirement in wanted]
    known = [re.sub(r"[-_.]+", "_", name.lower()) + "_" for name in names]
    return [name for name, start in zip(names, known) if not any(record.startswith(start) for record in records)]


def site_folder() -> Path:
    """The folder of .venv where packages go."""
    version = "python{}.{}".format(*sys.version_info[:2])
    return VENV / "Lib" / "site-packages" if WINDOWS else VENV / "lib" / version / "site-packages"


def discard_venv() -> None:
    """Delete the .venv that a set-up has made or begun; raise Problem for any other: it belongs to the reader."""
    shutil.rmtree(OLD_VENV, ignore_errors=True)
    if not os.path.lexists(VENV):
        return
    is_folder = VENV.is_dir() and not VENV.is_symlink()
    if not (is_folder and (LOG.exists() or STAMP.exists() or not any(VENV.iterdir()))):
        raise Problem(
            f"{VENV} was not made by course.py and is left as it is: move it away and type the same command again, "
            "or run the course in an environment of your own with GANLIB_NO_VENV=1."
        )
    try:
        # Renaming first: a deletion that is cut short must not leave a .venv that looks like somebody's own.
        os.rename(VENV, OLD_VENV)
    except PermissionError:
        raise Problem(
            f"{VENV} is in use: close JupyterLab and whatever else uses it, and type the same command again."
        ) from None
    shutil.rmtree(OLD_VENV, ignore_errors=True)


def step(label: str, command: list[str], lock: int, must_succeed: bool = True) -> None:
    """Run one step of the set-up with its output in the log; one line with the seconds it took."""
    start = time.monotonic()
    live = sys.stdout is not None and sys.stdout.isatty()
    # Settings of pip that put packages elsewhere; where they come from (index, proxy) is the reader's to say.
    elsewhere = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_PYTHON", "PIP_NO_DEPS", "PIP_DRY_RUN", "PIP_CONSTRAINT")
    env = {name: value for name, value in child_environment().items() if name not in elsewhere}
    env.update({"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_USER": "0"})
    env.update(dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(SCRATCH)))
    # The step holds the lock too: if this process is killed, the next call waits until pip has gone.
    inherit = {} if WINDOWS or lock < 0 else {"pass_fds": (lock,)}
    say(f"  {label:<25}", end="")
    with LOG.open("ab") as log:
        log.write((f"\n== {label}\n").encode())
        log.flush()
        streams = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": subprocess.STDOUT}
        process = subprocess.Popen(command, env=env, cwd=str(ROOT), **streams, **inherit)
        try:
            while process.poll() is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=1)
                if live:
                    say(f"\r  {label:<25}{time.monotonic() - start:5.0f} s", end="")
        except BaseException:
            say("")
            process.kill()
            process.wait()
            raise
    start_of_line = "\r" + f"  {label:<25}" if live else ""
    say(f"{start_of_line}{time.monotonic() - start:5.0f} s")
    if process.returncode and must_succeed:
        line, cure = explain_log(LOG.read_text(encoding="utf-8", errors="replace"))
        say(f"    {line}")
        raise Problem(f"{cure}, then type the same command again (log: {LOG}).")


def explain_log(text: str) -> tuple[str, str]:
    """The telling line in the log of a set-up that failed, and the cure."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith("error")] or lines
    for pattern, cure in CURES:
        matching = [line for line in lines if re.search(pattern, line)]
        if matching:
            return matching[-1][:300], cure.format(purge=quoted([str(venv_python()), "-m", "pip", "cache", "purge"]))
    return errors[-1][:300], "The set-up failed: read its log"


@contextlib.contextmanager
def stop_on_sigterm():
    """While it lasts, SIGTERM stops the set-up like Ctrl-C, so that pip does not live on alone."""

    def stop(number, frame):
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def set_up_lock():
    """Let only one set-up run at a time; gives the lock file's descriptor. The system frees it at any end."""
    try:
        lock = os.open(str(LOCK), os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        cure = "free some space" if error.errno == errno.ENOSPC else "copy the course to a folder of yours"
        raise Problem(f"No file can be made in {ROOT} ({error.strerror}): {cure}.") from None
    try:
        said = False
        while not try_lock(lock):
            if not said:
                say("Another set-up of .venv is running: waiting for it.")
            said = True
            time.sleep(0.5)
        yield lock
    finally:
        os.close(lock)


def try_lock(lock: int) -> bool:
    """Take the lock; False while another process has it, True also on a disk that has no locks."""
    try:
        if WINDOWS:
            import msvcrt

            msvcrt.locking(lock, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return not isinstance(error, PermissionError if WINDOWS else BlockingIOError)
    return True


# ---------------------------------------------------------------- starting things in .venv


# Of Python's own variables these do no harm. The others belong to another project: PYTHONPATH and PYTHONSTARTUP run
# its files, PYTHONWARNINGS=error and PYTHONOPTIMIZE=2 break packages, PYTHONIOENCODING cannot write our signs.
HARMLESS = {"PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "PYTHONUNBUFFERED", "PYTHONFAULTHANDLER"}
# What an environment of the reader's own may need to find its packages.
OF_AN_OWN_PYTHON = {"PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE", "PYTHONNOUSERSITE", "PYTHONPLATLIBDIR"}


def child_environment() -> dict[str, str]:
    """The environment variables for everything that course.py starts."""
    own = os.environ.get("GANLIB_NO_VENV") == "1"
    kept = HARMLESS | OF_AN_OWN_PYTHON if own else HARMLESS
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON") or name in kept}
    env.pop("__PYVENV_LAUNCHER__", None)
    env.pop("MPLBACKEND", None)  # of a program with windows, or of one that matplotlib here does not know
    env["PYTHONUTF8"] = "1"
    env["KERAS_BACKEND"] = "tensorflow"  # whatever another project has set
    env["GANLIB_ENTRY"] = ME  # what ganlib puts in front of a command that it proposes
    env.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if own:
        # A relative entry means the folder in which the reader happens to be.
        paths = filter(os.path.isabs, env.get("PYTHONPATH", "").split(os.pathsep))
        env["PYTHONPATH"] = os.pathsep.join([str(ROOT), *paths])
        return env
    # So that !python and !pip in a notebook are those of .venv.
    env["VIRTUAL_ENV"] = str(VENV)
    env["PATH"] = os.pathsep.join(filter(None, [str(venv_python().parent), env.get("PATH")]))
    return env


def python_command(arguments: list[str]) -> list[str]:
    """The course's Python with these arguments. -P: no file of the working folder stands in for a module."""
    return [ready_python(), "-P", *arguments]


def call(arguments: list[str], folder: str | Path = ROOT, **variables: str) -> int:
    """Run the course's Python with these arguments in a folder; return its exit code."""
    command = python_command(arguments)
    process = subprocess.Popen(command, env={**child_environment(), **variables}, cwd=str(folder))
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # the child got it too: let it end in its own way
            continue


def hand_over(arguments: list[str], folder: str | Path = ROOT, **variables: str) -> int:
    """Like call, as the last thing course.py does: where the system allows it, the child takes its place."""
    if WINDOWS:
        return call(arguments, folder, **variables)
    command = python_command(arguments)
    os.chdir(folder)
    os.execve(command[0], command, {**child_environment(), **variables})


def say(text: str, end: str = "\n") -> None:
    """Print at once, also into a pipe: the next line may come from a child. Where nobody reads on, go on silently."""
    try:
        print(text, end=end, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def open_streams() -> None:
    """Give the standard streams UTF-8; those that are closed lead nowhere, or the next file would take their place."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")


# ---------------------------------------------------------------- the commands


def ganlib(command: str) -> Callable[[list[str]], int]:
    """A command of the package, run in the reader's folder."""
    return lambda args: hand_over(["-m", "ganlib", command, *args], os.getcwd())


def module(name: str) -> Callable[[list[str]], int]:
    """A command of the folder tools."""
    return lambda args: hand_over(["-m", f"tools.{name}", *args])


def for_teachers(name: str) -> Callable[[list[str]], int]:
    """A command of the folder tools that reads and writes files in the reader's folder."""
    return lambda args: hand_over(["-m", f"tools.{name}", *args], os.getcwd())


def play(args: list[str]) -> int:
    """Open the playground in the reader's browser, at an experiment if one is named; it needs no set-up."""
    import webbrowser

    if len(args) > 1 or not all(arg.isdecimal() and 1 <= int(arg) <= EXPERIMENTS for arg in args):
        raise Problem(f"Name one experiment of the playground, from 1 to {EXPERIMENTS}:  {ME} play 4")
    page = (ROOT / "web" / "playground" / "index.html").as_uri() + "".join(f"#experiment={int(arg)}" for arg in args)
    say(f"The playground is at  {page}")
    with contextlib.suppress(webbrowser.Error):  # no browser here: the address is enough
        webbrowser.open(page)
    return 0


def lint(args: list[str]) -> int:
    return call(["-m", "ruff", "check", *args]) or hand_over(["-m", "tools.lint"])


def smoke(args: list[str]) -> int:
    numbers = tuple(number.zfill(2) for number in args) or ("",)
    lessons = notebooks("notebooks", "notebooks/solutions")
    chosen = [path for path in lessons if Path(path).name.startswith(numbers)]
    if not chosen:
        raise Problem(f"There is no such notebook in the folder notebooks: type  {ME} build")
    if not os.access(str(ROOT / "notebooks"), os.W_OK):
        raise Problem(f"This course is read-only here: type  {ME} copy  and run smoke in the folder that it makes.")
    return hand_over([*PYTEST, *TWO_AT_A_TIME, *chosen], GANLIB_SMOKE="1")


def test(args: list[str]) -> int:
    everything = [*PYTEST, *TWO_AT_A_TIME, "tests", *notebooks("notebooks"), *args]
    # A left-over GANLIB_SMOKE=1 would cut short what is to be run for real.
    return call(["-m", "ruff", "check"]) or hand_over(everything, GANLIB_SMOKE="0")


def bench(args: list[str]) -> int:
    scripts = {path.stem: path for path in sorted((ROOT / "benchmarks").glob("[a-z]*.py"))}
    for name in args:
        if name not in scripts:
            raise Problem(f"There is no benchmark {name!r}; there are: {', '.join(scripts) or 'none yet'}.")
    if not args:
        listed = [f"{name:<20} {first_line(path)}" for name, path in scripts.items()]
        say("\n".join(listed) or "There are no benchmarks yet.")
    return max([call([str(scripts[name])]) for name in args], default=0)


def doctor(args: list[str]) -> int:
    free = free_gigabytes()
    cure = "" if free >= BUILDS["cpu"][1] else f": free some; a set-up needs {BUILDS['cpu'][1]} GB"
    say("python        {}.{}.{}, {}".format(*sys.version_info[:3], sys.executable))
    say(f"disk          {free:.0f} GB free{cure}")
    if os.environ.get("GANLIB_NO_VENV") == "1":
        say("environment   this Python as it is (GANLIB_NO_VENV=1)")
    elif why_make_venv():
        say(f"environment   {why_make_venv()}: it will be made now")
    else:
        built = read_stamp().get("build", "cpu")
        unused = built == "cpu" and choose_build() == "gpu"
        cure = ", which leaves the NVIDIA GPU unused: delete .venv to have it made anew" if unused else ""
        say(f"environment   .venv is ready, for {BUILDS[built][0]}{cure}")
    return hand_over(["-m", "ganlib", "doctor", *args], os.getcwd())


def notebooks(*folders: str) -> list[str]:
    """The lessons in these folders, as paths from the course's folder."""
    found = [path for folder in folders for path in sorted((ROOT / folder).glob("[0-9]*.ipynb"))]
    return [path.relative_to(ROOT).as_posix() for path in found]


def first_line(script: Path) -> str:
    """The first line of a script's docstring."""
    import ast

    return (ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) or "").split("\n")[0]


# --nbval-current-env: the notebooks run in this environment, whatever kernels the reader has installed.
PYTEST = ["-m", "pytest", "--nbval-lax", "--nbval-current-env"]
# Two processes, each of which takes the next file when it has done one: for the shortest total on two cores.
TWO_AT_A_TIME = ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]

EXPERIMENTS = 12  # of web/playground/experiments.js

COMMANDS = {
    "lab": (module("lab"), "open the lessons in JupyterLab"),
    "play": (play, "open the playground in a browser, at once: play [EXPERIMENT]"),
    "train": (ganlib("train"), "train a GAN from the command line; train --help lists what can be set"),
    "resume": (ganlib("resume"), "go on with a training run that was stopped: resume RUN"),
    "evaluate": (ganlib("evaluate"), "measure generated images, and write a report: evaluate FILE.npz|RUN"),
    "copy": (for_teachers("own_folder"), "where the course is read-only: make a folder of your own: copy [FOLDER]"),
    "doctor": (doctor, "look over Python, disk, device and data, and say what to do"),
    "bench": (bench, "run benchmarks: bench NAME ...; list them: bench"),
    "build": (module("build"), "for authors: execute lesson sources, save the notebooks: build [NN ...]"),
    "claims": (module("claims"), "list what the lessons claim, and the figures found: claims [NN ...]"),
    "mutate": (module("mutate"), "for authors: run lessons and list what makes each claim false: mutate [NN ...]"),
    "site": (module("site"), "write the lessons as web pages, for reading without an installation: dist/site"),
    "colab": (module("colab"), "write notebooks that run in Colab by upload alone: colab [NN ...]"),
    "assignment": (for_teachers("assignment"), "for teachers: make a notebook of exercises to hand in: assignment NN"),
    "grade": (for_teachers("grade"), "for teachers: grade a folder of notebooks handed in: grade FOLDER"),
    "slides": (module("slides"), "for teachers: make slides of lessons, one offline page each: slides [NN ...]"),
    "teaching": (module("teaching"), "for authors: write the teacher's pages from the lessons and their checks"),
    "hub": (module("hub"), "for teachers: links that open the lessons on a JupyterHub: hub https://…"),
    "address": (module("address"), "for authors: set the course's public address everywhere: address https://…"),
    "smoke": (smoke, "for authors: run the notebooks cut short, in minutes: smoke [NN ...]"),
    "lint": (lint, "for authors: check the code's style and that the notebooks are up to date"),
    "test": (test, "for authors: all checks, every notebook for real included"),
}


def usage() -> str:
    """The help text."""
    lines = [f"  {name:<10} {text}" for name, (_, text) in COMMANDS.items()]
    return "\n".join(
        [
            f"Usage: {ME} COMMAND [arguments]",
            "",
            *lines,
            "",
            "The first command makes the folder .venv (about 0.5 GB to download).",
            "GANLIB_NO_VENV=1 uses the Python that runs this file, with the packages it has.",
            "GANLIB_CPU=1 at set-up leaves out the 3 GB for an NVIDIA GPU.",
            "GANLIB_NO_COLAB=1 leaves out of test what needs a second TensorFlow, of Colab's version.",
        ]
    )


def main(argv: list[str]) -> int:
    """Run one command; return the exit code: 2 for a problem the reader can cure, 130 after Ctrl-C."""
    open_streams()
    if not argv or argv[0] in ("-h", "--help", "help"):
        say(usage())
        return 0
    try:
        if argv[0] not in COMMANDS:
            near = difflib.get_close_matches(argv[0], COMMANDS, 1)
            cure = f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(COMMANDS)}."
            raise Problem(f"There is no command {argv[0]!r}: {cure}")
        check_python()
        return COMMANDS[argv[0]][0](argv[1:])
    except Problem as problem:
        print(f"course.py: {problem}", file=sys.stderr)
        return 2
    except OSError as error:
        full = "; free some space and type the same command again" if error.errno == errno.ENOSPC else ""
        print(f"course.py: {error}{full}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. The same command starts over.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
