"""python -m ganlib doctor: what is here, and what to do about each problem."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version

from ganlib import start
from ganlib.data import DataError, load_arrays


def doctor() -> int:
    """Say what is here, a line each, and what to do about each problem."""
    good = True
    for name in ("tensorflow", "keras", "numpy", "matplotlib"):
        packages = (name, "tensorflow-cpu") if name == "tensorflow" else (name,)
        for package in packages:
            try:
                print(f"{name:<12} {version(package)}")
                break
            except PackageNotFoundError:
                continue
        else:
            good = False
            print(f"{name:<12} missing: run  python course.py doctor  so that it is installed")
    print(f"system       {platform.system()} {platform.machine()}, {os.cpu_count()} cores, {_memory()}")
    for name in ("mnist.npz", "judge.npz"):
        try:
            load_arrays(name)
            print(f"{name:<12} as listed in the manifest")
        except DataError as error:
            good = False
            print(f"{name:<12} {error}")
    try:
        print(f"all of it    {start()}")
    except Exception as error:  # a broken installation fails in many ways
        good = False
        print(f"device       TensorFlow does not load ({error}): delete the folder .venv and run this again")
    return 0 if good else 1


def _memory() -> str:
    try:
        gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    except (AttributeError, ValueError, OSError):  # Windows
        return "memory unknown"
    return f"{gigabytes:.0f} GB memory" + (": close other programs; training needs 1.5 GB" if gigabytes < 3 else "")
