"""Lessons in Colab: the set-up cell, the bundles, and a real run of lessons 01 to 03 under Colab's versions.

The run needs a second environment, .venv-colab, made once from constraints-colab.txt (half a gigabyte to download).
GANLIB_NO_COLAB=1 leaves it out.
"""

import hashlib
import io
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import nbformat
import pytest
from ipykernel.kernelspec import RESOURCES
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

import ganlib
from ganlib import models
from tools import build, colab, lessons

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv-colab"
WINDOWS = os.name == "nt"
LESSONS = [source for source in lessons.lesson_sources() if source.stem[:2] in ("01", "02", "03")]


def code_cells(nb):
    return [cell for cell in nb.cells if cell.cell_type == "code"]


def set_up_cell(repository: str = "") -> str:
    source = lessons.lesson_sources()[0]
    (cell,) = [cell for cell in lessons.percent(source).cells if "setup" in cell.metadata.get("tags", [])]
    assert 'repository = ""' in cell.source
    return cell.source.replace('repository = ""', f"repository = {repository!r}")


# --- the set-up cell ----------------------------------------------------------------------------------------


@pytest.fixture
def tiny_course(tmp_path):
    """A folder of a course whose ganlib only says where it is."""
    course = tmp_path / "a course"
    (course / "notebooks" / "solutions").mkdir(parents=True)
    (course / "ganlib").mkdir()
    (course / "ganlib" / "gan.py").touch()
    (course / "ganlib" / "__init__.py").write_text("def start():\n    return __file__\n", encoding="utf-8")
    return course


# Before the set-up cell: a Python into which nobody has installed ganlib.
WITHOUT_GANLIB = """
import os, sys
sys.path[:] = [folder for folder in sys.path if folder and not os.path.exists(os.path.join(folder, "ganlib"))]
sys.path[:0] = {installed!r}
"""


def run_set_up(folder: Path, repository: str = "", installed: tuple[Path, ...] = ()) -> tuple[str, str]:
    """Run the set-up cell in a folder, as a kernel there would; returns what it wrote to stdout and to stderr."""
    folder.mkdir(exist_ok=True)
    here = [str(path) for path in installed]
    program = WITHOUT_GANLIB.format(installed=[*here, ""]) + set_up_cell(repository)
    env = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    env |= {"PYTHONIOENCODING": "utf-8", "LC_ALL": "C"}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", env=env)
    return done.stdout.strip(), done.stderr.strip()


def where(said: str, errors: str) -> Path:
    """The folder that holds the ganlib which a set-up cell has found."""
    assert not errors
    return Path(said).parents[1].resolve()


def refused(said: str, errors: str) -> bool:
    one_line = "Traceback" not in errors and "\n" not in errors
    return not said and errors.startswith("There is no ganlib here.") and "course.py colab" in errors and one_line


def test_the_set_up_cell_has_at_most_eight_lines_and_no_blank_one():
    lines = set_up_cell().splitlines()
    assert len(lines) <= 8 and all(line.strip() for line in lines)


@pytest.mark.parametrize("place", ["notebooks", "notebooks/solutions", ".", "notebooks/mine", "notebooks/mine/week 1"])
def test_the_set_up_cell_finds_ganlib_beside_the_notebook(tiny_course, place):
    (tiny_course / place).mkdir(parents=True, exist_ok=True)
    assert where(*run_set_up(tiny_course / place)) == tiny_course.resolve()


@pytest.mark.parametrize("repository", ["", "https://example.org/never/asked"])
def test_the_set_up_cell_finds_an_installed_ganlib_from_any_folder(tiny_course, tmp_path, repository):
    assert where(*run_set_up(tmp_path / "elsewhere", repository, (tiny_course,))) == tiny_course.resolve()


def test_in_its_folder_a_lesson_uses_the_ganlib_of_the_course_before_an_installed_one(tiny_course, tmp_path):
    older = tmp_path / "site-packages"
    shutil.copytree(tiny_course / "ganlib", older / "ganlib")
    assert where(*run_set_up(tiny_course / "notebooks", "", (older,))) == tiny_course.resolve()


def test_the_set_up_cell_is_not_misled_by_a_folder_named_ganlib(tiny_course, tmp_path):
    data = tmp_path / "ganlib"  # somebody's data, no package
    data.mkdir()
    assert refused(*run_set_up(tmp_path / "content"))
    assert refused(*run_set_up(tmp_path))
    assert where(*run_set_up(tmp_path, "", (tiny_course,))) == tiny_course.resolve()
    (data / "__init__.py").touch()  # somebody else's package
    assert refused(*run_set_up(tmp_path))


def test_the_set_up_cell_finds_the_files_of_a_bundle(tiny_course, tmp_path):
    shutil.copytree(tiny_course, tmp_path / "content" / "gan-course")
    assert where(*run_set_up(tmp_path / "content")) == (tmp_path / "content" / "gan-course").resolve()


def test_without_an_address_the_set_up_cell_says_how_to_make_a_bundle(tmp_path):
    assert refused(*run_set_up(tmp_path / "content"))


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def test_with_an_address_the_set_up_cell_fetches_the_course_once(tiny_course, tmp_path):
    git(tiny_course, "init", "--quiet")
    git(tiny_course, "add", ".")
    git(tiny_course, "commit", "--quiet", "-m", "all")
    content = tmp_path / "content"
    for _ in range(2):
        fetched = (content / "gan-course").resolve()
        assert where(*run_set_up(content, tiny_course.as_uri())) == fetched
        shutil.rmtree(tiny_course, ignore_errors=True)  # the second time nothing can be fetched


def test_beside_the_course_nothing_is_fetched(tiny_course):
    assert where(*run_set_up(tiny_course / "notebooks", "https://example.org/never/asked")) == tiny_course.resolve()
    assert not (tiny_course / "notebooks" / "gan-course").exists()


def test_when_the_course_cannot_be_fetched_the_set_up_cell_says_so(tmp_path):
    said, errors = run_set_up(tmp_path / "content", (tmp_path / "nowhere").as_uri())
    assert not said and "There is no ganlib here." in errors and "Traceback" not in errors
    assert not (tmp_path / "content" / "gan-course").exists()


def test_without_git_the_set_up_cell_says_that_there_is_no_ganlib(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    said, errors = run_set_up(tmp_path / "content", "https://example.org/course")
    assert not said and errors.splitlines()[-1].startswith("There is no ganlib here.") and "Traceback" not in errors


def test_without_tensorflow_start_says_what_to_choose(monkeypatch):
    monkeypatch.setattr(ganlib, "find_spec", lambda name: None)
    with pytest.raises(RuntimeError, match="Change runtime type → CPU or a GPU"):
        ganlib.start()


# --- the bundles --------------------------------------------------------------------------------------------

LESSON = """# %% [markdown]
# # A lesson

# %% tags=["setup"]
repository = ""

# %%
print("hello")
"""


@pytest.fixture
def lesson(tiny_course):
    """The source of a lesson in the tiny course, which has data."""
    source = tiny_course / "notebooks" / "source" / "01_a.py"
    source.parent.mkdir()
    source.write_text(LESSON, encoding="utf-8")
    (tiny_course / "LICENSE").write_text("free\n", encoding="utf-8")
    (tiny_course / "data").mkdir()
    for name in ("manifest.json", "README.md", "judge.npz", "generator.npz", "mnist.npz"):
        (tiny_course / "data" / name).write_bytes(name.encode() + bytes(1000))
    return source


def packed(source: Path) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(colab.pack(source))).namelist()


def test_large_data_travel_only_with_lessons_that_load_them(lesson):
    assert ganlib.load_mnist and models.load_generator  # the names that the bundle looks for
    always = {"LICENSE", "ganlib/__init__.py", "ganlib/gan.py"}
    always |= {"data/manifest.json", "data/README.md", "data/judge.npz"}
    assert set(packed(lesson)) == always
    lesson.write_text(LESSON + "from ganlib import load_mnist\n", encoding="utf-8")
    assert set(packed(lesson)) == always | {"data/mnist.npz"}
    lesson.write_text(LESSON + "generator = models.load_generator()\n", encoding="utf-8")
    assert set(packed(lesson)) == always | {"data/generator.npz"}
    assert colab.pack(lesson) == colab.pack(lesson)


def test_a_bundle_is_the_lesson_with_hidden_cells_that_unpack_the_files(lesson, tmp_path, monkeypatch):
    monkeypatch.setattr(colab, "PIECE", 500)
    nb, plain = colab.bundle(lesson), lessons.read_lesson(lesson)
    *parts, unpack = [cell for cell in nb.cells if cell.id.startswith("files-")]
    assert len(parts) > 1 and nb.cells[1 : len(parts) + 2] == [*parts, unpack]
    assert [cell for cell in nb.cells if cell not in (*parts, unpack)] == plain.cells
    for cell in (*parts, unpack):
        assert cell.source.startswith("# @title ") and cell.metadata.cellView == "form" and not cell.outputs
    monkeypatch.chdir(tmp_path)
    exec("\n".join(cell.source for cell in (*parts, unpack)), {})
    for name in packed(lesson):
        assert (tmp_path / "gan-course" / name).read_bytes() == (lesson.parents[2] / name).read_bytes()


def test_the_command_writes_bundles_and_says_their_size(lesson, capsys, monkeypatch):
    assert colab.main(["1"], lesson.parents[1]) == 0
    assert "dist/colab/01_a.ipynb  0.0 MB\n" in capsys.readouterr().out
    nbformat.read(lesson.parents[2] / "dist" / "colab" / "01_a.ipynb", as_version=4)
    monkeypatch.setattr(colab, "LIMIT", 1000)
    assert colab.main([], lesson.parents[1]) == 1
    assert "is more than Colab's 20 MB" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        colab.main(["7"], lesson.parents[1])


@pytest.mark.parametrize("source", lessons.lesson_sources(), ids=lambda source: source.stem)
def test_colab_takes_the_bundle_of_every_lesson(source):
    nb = colab.bundle(source)
    assert len(nbformat.writes(nb).encode()) < 20_000_000
    # A Jupyter server closes the connection at a message of 10 MiB.
    assert all(len(cell.source) < 8_000_000 for cell in nb.cells)


# --- the run under Colab's versions -------------------------------------------------------------------------


def colab_requirements() -> list[str]:
    lines = (ROOT / "constraints-colab.txt").read_text(encoding="utf-8").splitlines()
    # nb*: this process executes the notebooks, only the kernel is Colab's. ipywidgets brings all of JupyterLab.
    unused = ("nbclient", "nbconvert", "nbformat", "ipywidgets")
    wanted = [line for line in lines if line and not line.startswith(("#", *unused))]
    if WINDOWS or (sys.platform == "linux" and platform.machine() == "x86_64"):
        wanted = [line.replace("tensorflow==", "tensorflow-cpu==") for line in wanted]  # half the download
    return wanted


def colab_stamp() -> str:
    return hashlib.sha256(json.dumps([colab_requirements(), sys.version_info[:2]]).encode()).hexdigest()


def interpreter(venv: Path) -> Path:
    return venv / "Scripts" / "python.exe" if WINDOWS else venv / "bin" / "python"


def make_colab_environment() -> None:
    """Make .venv-colab under another name and rename it: what is there is complete."""
    new = Path(tempfile.mkdtemp(prefix=".venv-colab-", dir=VENV.parent))
    try:
        base = getattr(sys, "_base_executable", sys.executable)
        pip = ["-m", "pip", "install", "--no-compile", "--no-input", "--disable-pip-version-check", "--quiet"]
        for command in ([base, "-I", "-m", "venv", new], [interpreter(new), *pip, *colab_requirements()]):
            done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace")
            if done.returncode:
                errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
                pytest.fail(
                    "The environment with Colab's versions could not be made (GANLIB_NO_COLAB=1 leaves its tests "
                    f"out): {(errors or done.stderr.splitlines() or ['no message'])[-1]}",
                    pytrace=False,
                )
        (new / "course-stamp.txt").write_text(colab_stamp(), encoding="utf-8")
        shutil.rmtree(VENV, ignore_errors=True)
        new.rename(VENV)
    finally:
        shutil.rmtree(new, ignore_errors=True)


@pytest.fixture(scope="session")
def colab_python() -> Path:
    """The Python of the environment with Colab's versions."""
    if os.environ.get("GANLIB_NO_COLAB") == "1":
        pytest.skip("GANLIB_NO_COLAB=1")
    stamp = VENV / "course-stamp.txt"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != colab_stamp():
        make_colab_environment()
    return interpreter(VENV)


def run_as_colab(nb: nbformat.NotebookNode, python: Path, folder: Path, **variables: str) -> None:
    """Execute a bundle in an empty folder, in a kernel of another Python that looks like Colab's."""

    class Kernel(AsyncKernelManager):
        @property
        def kernel_spec(self) -> KernelSpec:
            argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}", "--log-level=ERROR"]
            return KernelSpec(resource_dir=RESOURCES, argv=argv, display_name="Colab", language="python")

    site, content = folder / "site", folder / "content"
    content.mkdir(parents=True)
    # google has no __init__.py: with one, it would hide google.protobuf, and TensorFlow needs that.
    (site / "google" / "colab").mkdir(parents=True)
    (site / "google" / "colab" / "__init__.py").write_text("", encoding="utf-8")
    (site / "pip.py").write_text("raise SystemExit('pip would replace what Colab has loaded')\n", encoding="utf-8")
    env = {k: v for k, v in os.environ.items() if k not in ("GANLIB_SMOKE", "MPLBACKEND", "PYTHONHOME", "VIRTUAL_ENV")}
    env |= {"PYTHONPATH": str(site), "IPYTHONDIR": str(folder / "ipython"), "KERAS_HOME": str(folder / "keras")}
    env |= {"COLAB_RELEASE_TAG": "test", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    env |= dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9")  # no download: all is in the bundle
    lesson = [cell for cell in code_cells(nb) if not cell.id.startswith("files-")]
    resources = {"metadata": {"path": str(content)}}
    client = NotebookClient(nb, kernel_manager_class=Kernel, resources=resources, timeout=600)
    try:
        client.execute(env=env | variables)
    except CellExecutionError as error:
        number = len([cell for cell in lesson if cell.execution_count])
        pytest.fail(f"cell [{number}] of the lesson raised {error.ename}: {error.evalue}", pytrace=False)
    for number, cell in enumerate(lesson, start=1):
        for output in build.tidy_outputs(cell.outputs):
            assert output.get("name") != "stderr", f"cell [{number}] of the lesson wrote to stderr: {output.text}"


def said(cell: nbformat.NotebookNode) -> str:
    return "".join(output.text for output in cell.outputs if output.get("name") == "stdout")


def test_there_is_a_lesson_to_try_in_colab():
    assert LESSONS, "none of lessons 01 to 03 exists, so nothing would be tried under Colab's versions."


@pytest.mark.parametrize("source", LESSONS, ids=lambda source: source.stem)
def test_a_bundle_runs_under_the_versions_of_colab(source, colab_python, tmp_path):
    nb = colab.bundle(source)
    run_as_colab(nb, colab_python, tmp_path, GANLIB_SMOKE="1")
    (setup,) = [cell for cell in nb.cells if "setup" in cell.metadata.get("tags", [])]
    constraints = (ROOT / "constraints-colab.txt").read_text(encoding="utf-8")
    pins = dict(re.findall(r"^(\w+)==(.+)$", constraints, re.MULTILINE))
    assert f"TensorFlow {pins['tensorflow']}, Keras {pins['keras']}, Python 3." in said(setup)
    assert re.search(r"^✓ ", "\n".join(map(said, code_cells(nb))), re.MULTILINE)
    assert (tmp_path / "content" / "gan-course" / "ganlib" / "gan.py").exists()
