"""python -m ganlib doctor: what is here, and what to do about each problem."""

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ganlib import SMOKE, start
from ganlib.streams import say

FILES = ("mnist.npz", "judge.npz", "generator.npz")

# What another project may have set, and what it does here; course.py takes most of it away from what it starts.
SETTINGS = {
    "GANLIB_SMOKE": SMOKE,
    "TF_USE_LEGACY_KERAS": "asks TensorFlow for an older Keras: unset it if a lesson fails in tf.keras",
    "PYTHONOPTIMIZE": "leaves out checks of many packages: unset it",
    "PYTHONWARNINGS": "may turn warnings into errors: unset it if something fails",
    "PYTHONSTARTUP": "runs that file at the start of every notebook: unset it if a lesson fails",
}


def doctor() -> int:
    """Say what is here, a line each, and what to do about each problem; returns 0, or 1 if there is a problem."""
    packages = list(_packages())
    places = [("system", f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {_memory()}", True)]
    places += [("temporary", *_temporary())]
    missing = {name for name, _, good in packages if not good}
    good = _report([*packages, *places, *_settings()])
    if "numpy" not in missing:
        good = _report(_files()) and good
    if not missing & {"tensorflow", "keras"}:
        good = _report([("all of it", *_device())]) and good
    return 0 if good else 1


def _report(lines) -> bool:
    """Print lines (name, what was found, whether that is good) as they come; returns whether all are good."""
    good = True
    for name, text, fine in lines:
        say(f"{name:<13} {text}")
        good = good and fine
    return good


def _packages() -> Iterator[tuple[str, str, bool]]:
    for name in ("tensorflow", "keras", "numpy", "matplotlib"):
        for package in (name, f"{name}-cpu"):
            try:
                yield name, version(package), True
                break
            except PackageNotFoundError:
                continue
        else:
            yield name, f"missing: {_install_again()}", False


def _files() -> Iterator[tuple[str, str, bool]]:
    from ganlib.data import DATA, DataError, load_arrays

    for name in FILES:
        try:
            load_arrays(name)
            yield name, "as listed in the manifest", True
        except DataError as error:
            if name == "mnist.npz" and DATA.name == "shipped" and not (DATA / name).exists():
                yield name, "not part of the installed package: Keras downloads it when it is first needed", True
            else:
                yield name, str(error), False


def _settings() -> Iterator[tuple[str, str, bool]]:
    for name, what in SETTINGS.items():
        if os.environ.get(name, "") not in ("", "0"):
            text = what if what.startswith(name) else f"{name}={os.environ[name]} {what}"
            yield "setting", text, name != "GANLIB_SMOKE"


def _temporary() -> tuple[str, bool]:
    """Whether the folder for temporary files takes one: TensorFlow, pip and Jupyter cannot work without."""
    cure = "free some space there, or let TMPDIR name another folder"
    try:
        folder = tempfile.gettempdir()
        with tempfile.TemporaryFile() as file:
            file.write(bytes(2**20))
        return f"{shutil.disk_usage(folder).free / 1e9:.1f} GB free in {folder}", True
    except OSError as error:
        return f"no temporary file can be written ({error.strerror or error}): {cure}", False


def _device() -> tuple[str, bool]:
    try:
        return start().splitlines()[0], True
    except RuntimeError as error:
        return str(error), False
    except MemoryError:
        return "TensorFlow does not load, there is too little memory: close other programs", False
    except OSError as error:
        return f"TensorFlow does not load ({error}): see the lines above", False
    except Exception as error:  # a broken installation fails in many ways
        return f"TensorFlow does not load ({type(error).__name__}: {error}): {_install_again()}", False


def _install_again() -> str:
    """How to mend the packages: course.py's own .venv is made anew, another environment is the reader's."""
    if (Path(sys.prefix) / "course-stamp.json").exists():
        return f"delete the folder {sys.prefix} and run this again"
    return "install the packages again in this Python: pip install --force-reinstall tensorflow keras numpy matplotlib"


def _memory() -> str:
    try:
        gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    except (AttributeError, ValueError, OSError):  # Windows
        return "memory unknown"
    return f"{gigabytes:.0f} GB memory" + (": close other programs; training needs 1.5 GB" if gigabytes < 3 else "")
