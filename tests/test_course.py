"""The entry point course.py: its sentences, and when and how it makes .venv. No test needs a network."""

import ast
import importlib.util
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tomllib
import urllib.request
import zipfile
from pathlib import Path

import pytest
import yaml
from jupyter_client import BlockingKernelClient
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]

PYPROJECT = """
[project]
dependencies = ["alpha"]
[project.optional-dependencies]
cpu = ["beta>=1; python_version >= '3.11'"]
gpu = ["beta-for-gpu"]
course = ["gamma"]
test = ["delta", "absent; python_version < '3.0'"]
site = ["delta"]
"""

GANLIB = """
import json, os, sys
names = ["PYTHONPATH", "PYTHONHOME", "PYTHONUTF8", "TF_CPP_MIN_LOG_LEVEL", "VIRTUAL_ENV"]
print(json.dumps([sys.argv[1:], os.getcwd(), sys.prefix, {name: os.environ.get(name) for name in names}]))
sys.exit(7)
"""


@pytest.fixture
def folder(tmp_path):
    """A folder like a fresh clone, with tiny packages and a ganlib that tells how it was called."""
    folder = tmp_path / "the course é"
    (folder / "ganlib").mkdir(parents=True)
    shutil.copy(ROOT / "course.py", folder)
    (folder / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    (folder / "constraints.txt").write_text("alpha==1\nbeta==1\n", encoding="utf-8")
    (folder / "ganlib" / "__init__.py").touch()
    (folder / "ganlib" / "__main__.py").write_text(GANLIB, encoding="utf-8")
    return folder


@pytest.fixture
def course(folder, monkeypatch):
    """course.py of that folder as a module."""
    for name in ("GANLIB_NO_VENV", "GANLIB_CPU"):
        monkeypatch.delenv(name, raising=False)
    spec = importlib.util.spec_from_file_location("course_under_test", folder / "course.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pretend_ready(course):
    """Make a .venv that looks finished."""
    course.venv_python().parent.mkdir(parents=True)
    course.venv_python().touch()
    (course.VENV / "pyvenv.cfg").touch()
    course.STAMP.write_text(json.dumps({**course.wanted_stamp(), "build": "cpu"}), encoding="utf-8")


# ---------------------------------------------------------------- sentences


def test_parses_in_python_3_8_and_imports_only_the_standard_library():
    tree = ast.parse((ROOT / "course.py").read_text(encoding="utf-8"), feature_version=(3, 8))
    imports = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imports |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in imports} <= sys.stdlib_module_names
    # tomllib came with Python 3.11, so importing course.py must not need it
    assert not [node for node in tree.body if isinstance(node, ast.Import) and node.names[0].name == "tomllib"]


def test_help_lists_every_command(course, capsys):
    assert course.main([]) == 0
    text = capsys.readouterr().out
    assert all(f"  {name} " in text for name in course.COMMANDS)


@pytest.mark.parametrize("typed, expected", [("tset", "did you mean 'test'?"), ("xyz", "choose from lab, play")])
def test_unknown_command(course, capsys, typed, expected):
    assert course.main([typed]) == 2
    assert expected in capsys.readouterr().err


def test_play_opens_the_playground_without_a_set_up(course, capsys, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    assert course.main(["play", "04"]) == 0 and course.main(["play"]) == 0
    page = (course.ROOT / "web" / "playground" / "index.html").as_uri()
    assert opened == [f"{page}#experiment=4", page]
    assert page in capsys.readouterr().out


def test_the_experiments_are_as_many_as_the_playground_has(course):
    experiments = (ROOT / "web" / "playground" / "experiments.js").read_text(encoding="utf-8")
    assert experiments.count("title:") == course.EXPERIMENTS


@pytest.mark.parametrize("typed", [["0"], ["13"], ["four"], ["1", "2"], ["-1"]])
def test_play_knows_twelve_experiments(course, capsys, monkeypatch, typed):
    monkeypatch.setattr("webbrowser.open", lambda page: pytest.fail("opened"))
    assert course.main(["play", *typed]) == 2
    assert "from 1 to 12" in capsys.readouterr().err


def test_wrong_python_names_the_command_to_type(course, capsys, monkeypatch):
    monkeypatch.setattr(course, "PYTHONS", ((2, 9),))
    monkeypatch.setattr(course, "other_python", lambda: ["python2.9"])
    monkeypatch.setattr(sys, "argv", ["course.py", "train", "two words"])
    assert course.main(["train", "two words"]) == 2
    assert re.search(r"type  python2\.9 course\.py train ['\"]two words['\"]\n", capsys.readouterr().err)


def test_wrong_python_and_no_other(course, capsys, monkeypatch):
    monkeypatch.setattr(course, "PYTHONS", ((2, 9),))
    monkeypatch.setattr(course, "other_python", lambda: [])
    assert course.main(["lab"]) == 2
    assert "install Python 3.12" in capsys.readouterr().err
    assert not course.VENV.exists()


def test_other_python_skips_those_that_do_not_run(course, monkeypatch):
    monkeypatch.setattr(course, "WINDOWS", False)
    monkeypatch.setattr(course.shutil, "which", lambda name: f"/somewhere/{name}")
    answers = {"/somewhere/python3.12": (), "/somewhere/python3.13": (3, 13)}
    monkeypatch.setattr(course, "ask_version", lambda command: answers.get(command[0], ()))
    assert course.other_python() == ["python3.13"]
    answers.clear()
    assert course.other_python() == []


def test_ask_version(course):
    assert course.ask_version([sys.executable]) == sys.version_info[:2]
    assert course.ask_version([sys.executable, "-c", "raise SystemExit(127)"]) == ()
    assert course.ask_version(["there-is-no-such-program"]) == ()


@pytest.mark.parametrize(
    "platform, machine, expected",
    [("darwin", "x86_64", "Intel Macs"), ("darwin", "arm64", ""), ("linux", "x86_64", "")],
)
def test_intel_mac(course, monkeypatch, platform, machine, expected):
    monkeypatch.setattr(course, "WINDOWS", False)
    monkeypatch.setattr("platform.machine", lambda: machine)
    monkeypatch.setattr(sys, "platform", platform)
    try:
        course.check_machine()
        said = ""
    except course.Problem as problem:
        said = str(problem)
    assert expected in said and bool(expected) == bool(said)


def test_python_without_ensurepip(course, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "ensurepip" else object())
    with pytest.raises(course.Problem, match=r"sudo apt install python3\.\d+-venv"):
        course.check_machine()


def test_too_little_disk(course, capsys, monkeypatch):
    monkeypatch.setattr(course, "free_gigabytes", lambda: 3.9)
    assert course.main(["lab"]) == 2
    assert "Only 3.9 GB is free" in capsys.readouterr().err
    assert not course.VENV.exists()


@pytest.mark.parametrize(
    "log, line, cure",
    [
        (
            "WARNING: Retrying after NewConnectionError('name resolution')\nERROR: No matching distribution found",
            "WARNING: Retrying",
            "check the network",
        ),
        ("ERROR: Could not install: [Errno 28] No space left on device", "ERROR: Could not", "disk is full"),
        ("HINT: Windows Long Path support is off", "HINT", "short path"),
        ("Collecting beta\nERROR: No matching distribution found for beta==1\n\n", "ERROR: No m", "64-bit Python"),
        ("Using cached x.whl\nERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM", "ERROR: THESE", "pip cache purge"),
        ("  raise x\nzipfile.BadZipFile: File is not a zip file", "zipfile.BadZip", "in pip's cache: empty that"),
        ("ERROR: Wheel 'x' located at /tmp/x.whl is invalid.", "ERROR: Wheel", "in pip's cache: empty that"),
        ("zlib.error: Error -3 while decompressing data", "zlib.error", "in pip's cache: empty that"),
        ("WARNING: Cache entry deserialization failed, entry ignored\nERROR: New", "ERROR: New", "read its log"),
        ("ERROR: Something new\nnotice: goodbye", "ERROR: Something new", "read its log"),
        ("== 1/3\nlast words", "last words", "read its log"),
    ],
)
def test_telling_line_and_cure(course, log, line, cure):
    found = course.explain_log(log)
    assert found[0].startswith(line) and cure in found[1]


def test_ctrl_c_ends_without_traceback(course, capsys, monkeypatch):
    def interrupted(args):
        raise KeyboardInterrupt

    monkeypatch.setitem(course.COMMANDS, "lab", (interrupted, ""))
    assert course.main(["lab"]) == 130
    assert capsys.readouterr().err == "Stopped. The same command starts over.\n"


# ---------------------------------------------------------------- which .venv is good


def test_when_venv_is_made(course):
    assert course.why_make_venv() == "There is no .venv yet"
    course.VENV.mkdir()
    assert "was not finished" in course.why_make_venv()
    pretend_ready(course)
    assert course.why_make_venv() == ""
    assert course.ready_python() == str(course.venv_python())
    course.venv_python().unlink()
    assert "is gone" in course.why_make_venv()


def test_venv_of_another_python_or_other_packages_is_made_anew(course, folder):
    pretend_ready(course)
    good = json.loads(course.STAMP.read_text(encoding="utf-8"))
    course.STAMP.write_text(json.dumps({**good, "python": "3.1"}), encoding="utf-8")
    assert "is for Python 3.1, this is" in course.why_make_venv()
    course.STAMP.write_text(json.dumps(good), encoding="utf-8")
    (folder / "pyproject.toml").write_text(PYPROJECT + "[tool.ruff]\nline-length = 100\n", encoding="utf-8")
    assert course.why_make_venv() == ""
    (folder / "pyproject.toml").write_text(PYPROJECT.replace("gamma", "gamma>=2"), encoding="utf-8")
    assert "out of date" in course.why_make_venv()
    (folder / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    (folder / "constraints.txt").write_text("alpha==2\n", encoding="utf-8")
    assert "out of date" in course.why_make_venv()


def test_venv_that_has_lost_packages_is_made_anew(course):
    pretend_ready(course)
    site = course.site_folder()
    (site / "alpha").mkdir(parents=True)
    for file in ("alpha/__init__.py", "beta.py"):
        (site / file).touch()
    (site / "alpha-1.dist-info").mkdir()
    assert course.package_files() == ["alpha/__init__.py", "beta.py"]
    stamp = {**course.read_stamp(), "files": course.package_files()}
    course.STAMP.write_text(json.dumps(stamp), encoding="utf-8")
    assert course.why_make_venv() == ""
    (site / "one more.py").touch()  # the reader has installed something
    (site / "alpha-1.dist-info").rename(site / "alpha-2.dist-info")  # or renewed it
    assert course.why_make_venv() == ""
    (site / "beta.py").unlink()
    assert course.why_make_venv() == "The .venv has lost packages (beta.py is missing)"
    (site / "beta.py").touch()
    shutil.rmtree(site / "alpha")
    assert "alpha/__init__.py is missing" in course.why_make_venv()
    shutil.rmtree(site)
    assert "has lost packages" in course.why_make_venv()


def test_packages_that_pip_has_put_elsewhere_are_missed(course):
    site = course.site_folder()
    (site / "Ruamel.yaml-0.18.dist-info").mkdir(parents=True)
    (site / "alpha-1.dist-info").mkdir()
    assert course.not_installed(["alpha>=1", "ruamel-yaml"]) == []
    assert course.not_installed(["alpha", "alphabet>=2", "al"]) == ["alphabet", "al"]


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\x00"])
def test_damaged_stamp(course, text):
    pretend_ready(course)
    course.STAMP.write_text(text, encoding="utf-8")
    assert "was not finished" in course.why_make_venv()


def test_own_folder_named_venv_is_kept(course, capsys):
    course.VENV.mkdir()
    (course.VENV / "diary.txt").touch()
    assert course.main(["lab"]) == 2
    assert "was not made by course.py and is left as it is: move it away" in capsys.readouterr().err
    assert (course.VENV / "diary.txt").exists()


@pytest.mark.parametrize("kind", ["venv", "uv", "conda", "link", "file"])
def test_an_environment_of_the_reader_s_own_is_never_deleted_unasked(course, folder, capsys, kind):
    own = folder / "elsewhere" if kind == "link" else course.VENV
    if kind == "file":
        own.write_text("mine", encoding="utf-8")
    else:
        (own / "lib" / "python3.11" / "site-packages").mkdir(parents=True)
        (own / ("conda-meta" if kind == "conda" else "pyvenv.cfg")).touch()
        (own / "lib" / "python3.11" / "site-packages" / "precious.py").touch()
    if kind == "link":
        course.VENV.symlink_to(own, target_is_directory=True)
    before = sorted(folder.rglob("*"))
    for command in ("train", "lab", "doctor", "test"):
        assert course.main([command]) == 2
        said = capsys.readouterr().err
        assert "was not made by course.py" in said and "GANLIB_NO_VENV=1" in said
    assert sorted({*folder.rglob("*")} - {course.LOCK}) == before


@pytest.mark.parametrize("trace", ["course-stamp.json", "set-up.log", ""])
def test_half_made_venv_is_discarded(course, trace):
    course.VENV.mkdir()
    if trace:
        (course.VENV / trace).touch()
        (course.VENV / "lib").mkdir()
    course.OLD_VENV.mkdir()  # what a deletion that was cut short leaves
    course.discard_venv()
    assert not course.VENV.exists() and not course.OLD_VENV.exists()


def test_one_set_up_at_a_time(course):
    with course.set_up_lock():
        second = os.open(str(course.LOCK), os.O_RDWR)
        assert not course.try_lock(second)
    assert course.try_lock(second)
    os.close(second)


def test_environment_of_the_child(course, monkeypatch):
    others = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONWARNINGS", "PYTHONIOENCODING", "PYTHONHASHSEED")
    for name in (*others, "PYTHONOPTIMIZE", "PYTHONINSPECT", "MPLBACKEND", "KERAS_BACKEND"):
        monkeypatch.setenv(name, "elsewhere")
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    env = course.child_environment()
    kept = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}
    assert {name: value for name, value in env.items() if name.startswith("PYTHON")} == kept
    assert "MPLBACKEND" not in env and env["KERAS_BACKEND"] == "tensorflow"
    assert (env["PYTHONUTF8"], env["TF_CPP_MIN_LOG_LEVEL"]) == ("1", "2")
    assert env["PATH"].split(os.pathsep)[0] == str(course.venv_python().parent)
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    assert course.child_environment()["TF_CPP_MIN_LOG_LEVEL"] == "0"


# ---------------------------------------------------------------- set-up for real, with packages made here


def make_wheel(folder, name):
    info = f"{name}-1.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}.py", "")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", f"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")


def test_failed_step_shows_the_telling_line_and_leaves_no_stamp(course, capsys):
    course.VENV.mkdir()
    program = "import sys; print('ERROR: No matching distribution found for delta'); sys.exit(1)"
    with pytest.raises(course.Problem, match="type the same command again"):
        course.step("2/3 download and install", [sys.executable, "-c", program], lock=-1)
    assert capsys.readouterr().out.endswith(" s\n    ERROR: No matching distribution found for delta\n")
    assert "== 2/3 download and install" in course.LOG.read_text(encoding="utf-8")
    assert "was not finished" in course.why_make_venv()


def test_half_made_venv_is_repaired_and_then_used(folder, tmp_path):
    packages = tmp_path / "packages"
    packages.mkdir()
    for name in ("alpha", "beta", "gamma", "delta"):
        make_wheel(packages, name)
    (folder / ".venv").mkdir()
    (folder / ".venv" / "set-up.log").touch()
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "GANLIB_"))}
    env |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": packages.as_uri(), "PIP_CONFIG_FILE": os.devnull}
    env |= {"GANLIB_CPU": "1", "PYTHONPATH": "elsewhere"}
    command = [sys.executable, str(folder / "course.py"), "train", "--digits", "ä b"]

    def run():
        done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=120)
        return done.returncode, done.stdout.splitlines(), done.stderr

    code, lines, errors = run()
    assert (code, errors) == (7, "")
    assert lines[0].startswith("The set-up of .venv was not finished: making it, for the CPU")
    steps = [re.sub(r" +\d+ s$", "", line.strip()) for line in lines[1:-1]]
    assert steps == ["1/3 create environment", "2/3 download and install", "3/3 byte-compile"]

    code, lines, errors = run()
    assert (code, errors) == (7, "")
    arguments, where, prefix, variables = json.loads(lines.pop())
    assert not lines
    assert arguments == ["train", "--digits", "ä b"]
    assert Path(where).samefile(tmp_path)
    assert Path(prefix).samefile(folder / ".venv")
    assert variables["PYTHONPATH"] is None and variables["PYTHONUTF8"] == "1"


def test_no_venv_uses_the_running_python(folder, tmp_path):
    elsewhere = str(tmp_path / "elsewhere")
    env = {**os.environ, "GANLIB_NO_VENV": "1", "PYTHONPATH": os.pathsep.join(["", elsewhere, ".", "near"])}
    command = [sys.executable, str(folder / "course.py"), "resume", "x"]
    done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=60)
    arguments, _, prefix, variables = json.loads(done.stdout)
    assert done.returncode == 7 and arguments == ["resume", "x"] and prefix == sys.prefix
    assert variables["PYTHONPATH"].split(os.pathsep) == [str(folder), elsewhere]
    assert not (folder / ".venv").exists()


# ---------------------------------------------------------------- somebody else's folder, and other people's pipes

SHADOWS = ("json", "random", "tqdm", "keras", "numpy", "argparse", "pytest", "jupyterlab", "tools", "runpy", "site")


@pytest.fixture
def theirs(tmp_path):
    """A folder in which files and folders have the names of modules; each would end the program."""
    theirs = tmp_path / "theirs"
    for name in ("ganlib", "matplotlib", "encodings"):
        (theirs / name).mkdir(parents=True)
        (theirs / name / "__init__.py").write_text("raise SystemExit('shadowed')", encoding="utf-8")
    (theirs / "ganlib" / "__main__.py").write_text("raise SystemExit('shadowed')", encoding="utf-8")
    for name in SHADOWS:
        (theirs / f"{name}.py").write_text("raise SystemExit('shadowed')", encoding="utf-8")
    return theirs


def run_course(arguments, cwd, **more):
    env = {**os.environ, "GANLIB_NO_VENV": "1", **more.pop("env", {})}
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, **more}
    command = [sys.executable, str(ROOT / "course.py"), *arguments]
    return subprocess.run(command, cwd=cwd, env=env, encoding="utf-8", timeout=120, **streams)


@pytest.mark.parametrize(
    "arguments, code, said",
    [
        (["train", "--epochs", "0"], 2, "--epochs"),
        (["resume", "."], 2, "cannot be resumed"),
        (["evaluate", "nothing.npz"], 2, "nothing.npz"),
        (["doctor"], 0, "all of it"),
        (["lab", "--version"], 0, ""),
        (["bench"], 0, "speed"),
        (["claims", "77"], 2, "there is no lesson 77"),
        (["colab", "77"], 2, "there is no lesson 77"),
        (["build", "77"], 2, "there is no lesson 77"),
        (["smoke", "77"], 2, "no such notebook"),
        (["slides", "77"], 2, "there is no lesson 77"),
        (["assignment", "77"], 2, "there is no lesson 77"),
        (["grade", "elsewhere"], 2, "There is no folder elsewhere"),
    ],
)
def test_nothing_in_the_working_folder_stands_in_for_a_module(theirs, arguments, code, said):
    done = run_course(arguments, theirs)
    assert done.returncode == code and said in done.stdout + done.stderr
    assert "shadowed" not in done.stdout + done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["bench"], ["doctor"], ["train", "--help"]])
def test_a_reader_who_leaves_and_a_closed_stdout_are_no_error(tmp_path, arguments):
    program = [sys.executable, str(ROOT / "course.py"), *arguments]
    env = {**os.environ, "GANLIB_NO_VENV": "1"}
    reading, writing = os.pipe()
    os.close(reading)  # nobody reads, from the first line on
    streams = {"stderr": subprocess.PIPE, "text": True, "timeout": 120}
    done = subprocess.run(program, env=env, cwd=tmp_path, stdout=writing, **streams)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")
    if os.name == "posix":
        closed = ["sh", "-c", 'exec "$@" >&-', "sh", *program]
        done = subprocess.run(closed, env=env, cwd=tmp_path, **streams)
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "windows, word, quoted",
    [
        (False, "runs/a", "runs/a"),
        (False, "a b", "'a b'"),
        (False, "$HOME", "'$HOME'"),
        (False, "it's", "'it'\"'\"'s'"),
        (False, "a;b", "'a;b'"),
        (True, "C:\\gan\\course.py", "C:\\gan\\course.py"),
        (True, "C:\\my gan", '"C:\\my gan"'),
        (True, "a&b", '"a&b"'),
        (True, "a(1)", '"a(1)"'),
        (True, "é;x", '"é;x"'),
    ],
)
def test_printed_commands_are_quoted_for_the_reader_s_shell(course, monkeypatch, windows, word, quoted):
    monkeypatch.setattr(course, "WINDOWS", windows)
    assert course.quoted(["py", word]) == f"py {quoted}"


def test_proposed_commands_name_course_py_as_it_was_called(theirs):
    done = run_course(["smoke", "77"], theirs)
    assert course_path_in(done.stderr) == str(ROOT / "course.py")


def course_path_in(text: str) -> str:
    words = shlex.split(text.strip().splitlines()[-1].replace("'t", "t"))
    return next(word for word in words if word.endswith("course.py"))


# ---------------------------------------------------------------- commands


def test_test_runs_ruff_then_one_pytest(course, folder, monkeypatch):
    calls = []
    monkeypatch.setattr(course, "call", lambda arguments, **_: calls.append(arguments) or 0)
    monkeypatch.setattr(course, "hand_over", lambda arguments, **_: calls.append(arguments) or 5)
    (folder / "notebooks").mkdir()
    for name in ("02_b.ipynb", "01_a.ipynb"):
        (folder / "notebooks" / name).touch()
    assert course.main(["test", "-x"]) == 5
    ruff, tests = calls
    assert ruff[1] == "ruff"
    assert tests[1] == "pytest" and "--nbval-lax" in tests and tests[tests.index("--dist") + 1] == "loadfile"
    assert tests[-4:] == ["tests", "notebooks/01_a.ipynb", "notebooks/02_b.ipynb", "-x"]
    monkeypatch.setattr(course, "call", lambda arguments, **_: 1)
    assert course.main(["test"]) == 1


def test_smoke_chooses_lessons_by_number(course, folder, capsys, monkeypatch):
    calls = []
    monkeypatch.setattr(course, "hand_over", lambda arguments, **env: calls.append((arguments, env)) or 0)
    (folder / "notebooks" / "solutions").mkdir(parents=True)
    for name in ("01_a.ipynb", "02_b.ipynb", "solutions/02_b.ipynb"):
        (folder / "notebooks" / name).touch()
    assert course.main(["smoke", "2"]) == 0
    arguments, env = calls[0]
    assert arguments[-2:] == ["notebooks/02_b.ipynb", "notebooks/solutions/02_b.ipynb"]
    assert "notebooks/01_a.ipynb" not in arguments and env == {"GANLIB_SMOKE": "1"}
    assert course.main(["smoke", "9"]) == 2
    assert "no such notebook" in capsys.readouterr().err


def test_smoke_in_a_read_only_course_names_the_command_that_makes_a_folder(course, folder, capsys, monkeypatch):
    (folder / "notebooks").mkdir()
    (folder / "notebooks" / "01_one.ipynb").touch()
    monkeypatch.setattr(course.os, "access", lambda path, mode: False)
    assert course.main(["smoke"]) == 2
    assert "course.py copy  and run smoke in the folder" in capsys.readouterr().err


def test_claims_and_colab_run_their_tools_with_the_lesson_numbers(course, folder, monkeypatch):
    calls = []
    monkeypatch.setattr(course, "hand_over", lambda arguments, *_, **env: calls.append(arguments) or 0)
    assert (course.main(["claims", "4"]), course.main(["colab", "01", "02"])) == (0, 0)
    assert calls == [["-m", "tools.claims", "4"], ["-m", "tools.colab", "01", "02"]]
    assert all((ROOT / "tools" / f"{arguments[1].split('.')[1]}.py").exists() for arguments in calls)


def test_bench_lists_and_refuses_unknown_names(course, folder, capsys):
    (folder / "benchmarks").mkdir()
    (folder / "benchmarks" / "speed.py").write_text('"""Steps a second.\n\nMore."""\n', encoding="utf-8")
    assert course.main(["bench"]) == 0
    assert capsys.readouterr().out.split() == ["speed", "Steps", "a", "second."]
    assert course.main(["bench", "sped"]) == 2
    assert "there are: speed." in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C cannot be sent to one process alone")
def test_lab_says_one_line_with_the_address_and_ends_calmly(tmp_path):
    folders = dict.fromkeys(("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"), str(tmp_path))
    env = {**os.environ, **folders, "GANLIB_NO_VENV": "1"}
    command = [sys.executable, str(ROOT / "course.py"), "lab", "--no-browser", "--port-retries=200"]
    lab = subprocess.Popen(command, env=env, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        line = lab.stdout.readline()
        found = re.fullmatch(r"The lessons are open at  (http://\S+?)/lab/tree/notebooks\?token=(\w+)  \(.*\)\n", line)
        assert found, line + lab.stdout.read()
        address, token = found.groups()
        header = {"Authorization": f"token {token}"}
        kernel = urllib.request.Request(f"{address}/api/kernels", data=b"{}", headers=header, method="POST")
        number = json.load(urllib.request.urlopen(kernel, timeout=60))["id"]
        client = BlockingKernelClient(connection_file=str(tmp_path / f"kernel-{number}.json"))
        client.load_connection_file()
        client.start_channels()
        client.wait_for_ready(timeout=120)  # a kernel that is interrupted while it starts prints where
        client.stop_channels()
        lessons = urllib.request.Request(f"{address}/api/contents/notebooks", headers=header)
        assert "01_" in urllib.request.urlopen(lessons, timeout=60).read().decode()
        lab.send_signal(signal.SIGINT)
        assert lab.stdout.read() == "\nClosed. What was saved in JupyterLab is kept.\n"
        assert lab.wait(timeout=60) == 0
    finally:
        lab.kill()


# ---------------------------------------------------------------- packaging


@pytest.mark.parametrize(
    "driver, platform, free, cpu_wanted, build",
    [
        (True, "linux", 50, None, "gpu"),
        (True, "linux", 50, "1", "cpu"),
        (True, "linux", 11, None, "cpu"),
        (False, "linux", 50, None, "cpu"),
        (True, "win32", 50, None, "cpu"),
        (False, "darwin", 50, None, "cpu"),
    ],
)
def test_gpu_build_only_where_it_can_be_used(course, monkeypatch, driver, platform, free, cpu_wanted, build):
    monkeypatch.setattr(course.shutil, "which", lambda name: "/bin/nvidia-smi" if driver else None)
    monkeypatch.setattr(course.os.path, "exists", lambda path: driver)
    monkeypatch.setattr(course, "free_gigabytes", lambda: free)
    monkeypatch.setattr(sys, "platform", platform)
    if cpu_wanted:
        monkeypatch.setenv("GANLIB_CPU", cpu_wanted)
    assert course.choose_build() == build


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def pins():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line.split("==") for line in lines if not line.startswith("#")]
    assert all(len(pin) == 2 and re.fullmatch(r"[\w.]+", pin[1]) for pin in pins)
    assert len(pins) == len(dict(pins))
    return dict(pins)


@pytest.mark.parametrize(
    "system, machine, name",
    [
        ("linux", "x86_64", "tensorflow-cpu"),
        ("linux", "aarch64", "tensorflow"),
        ("darwin", "arm64", "tensorflow"),
        ("win32", "AMD64", "tensorflow"),
    ],
)
def test_one_tensorflow_for_each_system(project, system, machine, name):
    place = {"sys_platform": system, "platform_machine": machine}
    wanted = [Requirement(text) for text in project["optional-dependencies"]["cpu"]]
    chosen = [r.name for r in wanted if r.marker is None or r.marker.evaluate(place)]
    assert [found for found in chosen if found.startswith("tensorflow")] == [name]


def test_installing_ganlib_alone_never_touches_tensorflow(project):
    assert not {"tensorflow", "tensorflow-cpu", "keras"} & {Requirement(r).name for r in project["dependencies"]}


def test_every_requirement_is_pinned_to_a_version_it_allows(project, pins):
    for text in [*project["dependencies"], *sum(project["optional-dependencies"].values(), [])]:
        requirement = Requirement(text)
        assert pins[requirement.name] in requirement.specifier, text


def test_conda_environment_installs_extras_that_exist(project):
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    constraints, editable = environment["dependencies"][-1]["pip"]
    assert constraints == "-c constraints.txt"
    extras = re.fullmatch(r"-e \.\[(.*)\]", editable)[1].split(",")
    assert set(extras) <= set(project["optional-dependencies"])
    assert environment["variables"]["GANLIB_NO_VENV"] == "1"
