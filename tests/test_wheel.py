"""The wheel: built from the course, unpacked elsewhere as pip would, and used from a folder that is not the course."""

import json
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

USE = """
import sys
assert not any(folder and __import__("os").path.exists(folder + "/course.py") for folder in sys.path), sys.path
import ganlib
from pathlib import Path
from ganlib.evaluation.judge import load_judge
from ganlib.models import load_generator
import importlib, pkgutil
for module in pkgutil.walk_packages(ganlib.__path__, "ganlib."):
    if module.name.rpartition(".")[2] != "__main__":
        importlib.import_module(module.name)
(x_train, _), (x_test, y_test) = ganlib.load_mnist()
print(x_train.shape, (load_judge().predict(x_test[:200]) == y_test[:200]).mean() > 0.9)
print(load_generator().count_params() > 0, Path(ganlib.__file__).parent)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of a copy of the course: setuptools leaves its own folders where it builds."""
    folder = tmp_path_factory.mktemp("wheel")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    names = listed.stdout.splitlines() or ["pyproject.toml", "README.md", "LICENSE", "LICENSE-text.md"]
    wanted = [name for name in names if name.count("/") == 0 or name.startswith("data/")]
    wanted += [path.relative_to(ROOT).as_posix() for path in ROOT.glob("ganlib/**/*.py")]
    wanted += [path.relative_to(ROOT).as_posix() for path in ROOT.glob("data/*")]
    for name in set(wanted):
        if (ROOT / name).is_file():
            (folder / "course" / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "course" / name).write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "--quiet"]
    done = subprocess.run(
        [*command, "--wheel-dir", folder, folder / "course"], cwd=folder, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    (found,) = folder.glob("ganlib-*.whl")
    return found


def test_the_wheel_holds_every_module_and_the_small_weights(wheel):
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    modules = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("ganlib/**/*.py")}
    listed = json.loads((ROOT / "data" / "manifest.json").read_text(encoding="utf-8"))
    left_out = {"mnist.npz", "explorer.npz"}  # too large; for a web page only
    weights = {f"ganlib/shipped/{name}" for name in {"manifest.json", "outlook.csv", *listed} - left_out}
    assert names == modules | weights
    assert wheel.stat().st_size < 3_000_000


def test_every_folder_of_modules_is_listed_as_a_package():
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    folders = {".".join(path.parent.relative_to(ROOT).parts) for path in ROOT.glob("ganlib/**/__init__.py")}
    assert {*listed} == {*folders, "ganlib.shipped"}
    assert {path.parent for path in ROOT.glob("ganlib/**/*.py")} == {ROOT / name.replace(".", "/") for name in folders}


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A folder into which pip has installed the wheel."""
    site = tmp_path_factory.mktemp("installed")
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--quiet", "--target", site, wheel]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return site


def environment(home: Path) -> dict[str, str]:
    """The environment of somebody who has installed the wheel and nothing of the course."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GANLIB_"))}
    none = dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9")  # nothing is downloaded here
    # The .venv of the course names its folder in course.pth: WITHOUT takes it out.
    return env | none | {"KERAS_HOME": str(home), "PYTHONUTF8": "1", "TF_CPP_MIN_LOG_LEVEL": "2"}


def run(program: str, installed: Path, cwd: Path, home: Path) -> subprocess.CompletedProcess:
    without = (
        "import os, sys\n"
        'sys.path[:] = [f for f in sys.path if f and not os.path.exists(os.path.join(f, "course.py"))]\n'
        f"sys.path.insert(0, {str(installed)!r})\n"
    )
    command = [sys.executable, "-c", without + program]
    return subprocess.run(command, cwd=cwd, env=environment(home), capture_output=True, text=True, timeout=300)


@pytest.fixture
def keras_home(tmp_path):
    """Keras' folder with MNIST in its cache, as after an earlier download."""
    (tmp_path / "keras" / "datasets").mkdir(parents=True)
    (tmp_path / "keras" / "datasets" / "mnist.npz").write_bytes((ROOT / "data" / "mnist.npz").read_bytes())
    return tmp_path / "keras"


def test_the_installed_package_works_from_any_folder(installed, tmp_path, keras_home):
    elsewhere = tmp_path / "any folder"
    elsewhere.mkdir()
    done = run(USE, installed, elsewhere, keras_home)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines()[-2:] == ["(60000, 28, 28) True", f"True {installed / 'ganlib'}"]
    assert not list(elsewhere.iterdir())


def test_without_mnist_anywhere_one_sentence_says_what_is_missing(installed, tmp_path):
    program = "import ganlib\ntry:\n    ganlib.load_mnist()\nexcept RuntimeError as error:\n    print(error)"
    said = run(program, installed, tmp_path, tmp_path / "keras").stdout.splitlines()[-1]
    assert "Keras could not download MNIST" in said and "the network can be reached" in said and ".git" not in said


def test_the_doctor_of_an_installed_package_does_not_miss_mnist(installed, tmp_path):
    program = "from ganlib.doctor import doctor\nprint(doctor())"
    said = run(program, installed, tmp_path, tmp_path / "keras").stdout
    assert "Keras downloads it when it is first needed" in said and said.splitlines()[-1] == "0"
