"""Assignments for nbgrader and Otter: their form for every lesson, nbgrader for real with lesson 03, Otter where it is.

nbgrader runs in an environment of its own, .venv-nbgrader, because it puts its buttons into every JupyterLab that it is
installed beside; made once, on top of this one (nine packages, ten seconds). GANLIB_OTTER names a Python with Otter.
"""

import csv
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml

from tools import assignment, for_nbgrader, for_otter, grade
from tools.exercises import of_lesson, source_of
from tools.lessons import lesson_sources

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv-nbgrader"
LESSONS = lesson_sources()
LOSSES = source_of("03")
ALONE = {source: [exercise for exercise in of_lesson(source) if exercise.alone] for source in LESSONS}
every_lesson = pytest.mark.parametrize("source", LESSONS, ids=lambda source: source.stem)


def handed_out(source, form):
    """The students' notebook that must come out of a framework, and the source that goes in."""
    plain = assignment.notebook(source, ALONE[source], rules=form.RULES)
    return plain, form.notebook(plain, ALONE[source])


def texts(nb, kind="code"):
    return [cell.source for cell in nb.cells if cell.cell_type == kind]


# ---------------------------------------------------------------- the form, for every lesson


@every_lesson
def test_nbgrader_s_source_holds_what_students_see_and_a_graded_cell_for_each_exercise(source):
    plain, made = handed_out(source, for_nbgrader)
    nbformat.validate(made)
    marks = [cell.metadata.get("nbgrader") for cell in made.cells]
    graded = [cell for cell, mark in zip(made.cells, marks, strict=True) if mark and mark["grade"]]
    assert [cell.metadata.nbgrader.grade_id for cell in graded] == [f"test-{e.check}" for e in ALONE[source]]
    assert all(cell.metadata.nbgrader.locked and cell.metadata.nbgrader.points == 1 for cell in graded)
    assert len({mark["grade_id"] for mark in marks if mark}) == 2 * len(graded) > 0
    region = re.compile(r"### BEGIN SOLUTION\n(.*?)\n### END SOLUTION\n", re.DOTALL)  # its stub is an empty line
    answers = [cell.source for cell, mark in zip(made.cells, marks, strict=True) if mark and mark["solution"]]
    assert [region.search(text)[1] for text in answers] == [e.solution for e in ALONE[source]]
    others = [cell for cell in made.cells if cell not in graded]
    assert [region.sub("\n", cell.source) for cell in others] == [cell.source for cell in plain.cells]


@every_lesson
def test_otter_s_source_holds_what_students_see_between_raw_cells_in_pairs(source):
    plain, made = handed_out(source, for_otter)
    nbformat.validate(made)
    settings, *raw = texts(made, "raw")
    assert settings.startswith("# ASSIGNMENT CONFIG\n") and yaml.safe_load(settings)["init_cell"] is False
    one = ["BEGIN QUESTION", "BEGIN SOLUTION", "END SOLUTION", "BEGIN TESTS", "END TESTS", "END QUESTION"]
    assert [text.split("\n")[0].removeprefix("# ") for text in raw] == one * len(ALONE[source])
    asked = [yaml.safe_load(text) for text in raw if "QUESTION" in text and "name" in text]
    assert asked == [{"name": e.check, "points": 1, "check_cell": False} for e in ALONE[source]]
    prompt, answer = r'""" # BEGIN PROMPT\n(.*?)\n""" # END PROMPT', r"# BEGIN SOLUTION NO PROMPT\n.*?\n# END SOLUTION"
    seen = re.compile(f"{prompt}\n{answer}", re.DOTALL)
    tests = [e.graded for e in ALONE[source]]
    left = [seen.sub(r"\1", text) for text in texts(made) if text not in tests]
    assert left == texts(plain) and [text for text in texts(made) if text in tests] == tests
    assert texts(made, "markdown") == texts(plain, "markdown")


@every_lesson
def test_the_graded_cell_takes_the_course_s_answer_and_names_what_is_wrong_with_the_stub(source, capsys):
    plain, _ = handed_out(source, for_nbgrader)
    space = {"__name__": "__main__"}
    exec(texts(plain)[1], space)  # what answers use of the lesson: it once used names that only the lesson makes
    for exercise in ALONE[source]:
        exec(exercise.solution, space)
        exec(exercise.graded, space)
        exec(exercise.stub, space)
        with pytest.raises(AssertionError) as raised:
            exec(exercise.graded, space)
        assert str(raised.value)
        assert exercise.answer != "said"
    assert capsys.readouterr() == ("", "")  # nbgrader takes a line on stderr for a mistake, Otter one on stdout


# ---------------------------------------------------------------- the command


def test_assignments_of_one_course_of_nbgrader_lie_side_by_side(tmp_path, capsys):
    course = str(tmp_path / "course")
    assert assignment.main(["3", "--core", "--for", "nbgrader", "--out", course]) == 0
    settings = tmp_path / "course" / "nbgrader_config.py"
    assert for_nbgrader.STUB in settings.read_text(encoding="utf-8")
    settings.write_text("# mine\n", encoding="utf-8")
    capsys.readouterr()
    assert assignment.main(["6", "--for", "nbgrader", "--out", course]) == 0
    said = capsys.readouterr().out
    assert "stays as it is" in said and for_nbgrader.STUB in said and "Left in the lesson" in said
    assert settings.read_text(encoding="utf-8") == "# mine\n"
    there = sorted(path.stem for path in tmp_path.rglob("*.ipynb"))
    assert there == [LOSSES.stem, source_of("06").stem]
    nb = nbformat.read(tmp_path / "course" / "source" / there[0] / f"{there[0]}.ipynb", as_version=4)
    assert nb.metadata.ganlib["seal"] == assignment.seal(LOSSES)
    assert len([cell for cell in nb.cells if cell.metadata.get("nbgrader", {}).get("grade")]) == 3


@pytest.mark.parametrize("framework", ["nbgrader", "otter"])
def test_nothing_is_overwritten(tmp_path, monkeypatch, capsys, framework):
    monkeypatch.chdir(tmp_path)
    assert assignment.main(["3", "--for", framework]) == 0
    assert [path.name for path in tmp_path.iterdir()] == [f"assignment-03-{framework}"]
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(SystemExit):
        assignment.main(["3", "--for", framework])
    assert "nothing is overwritten" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_another_grader_is_told_so(capsys):
    with pytest.raises(SystemExit):
        assignment.main(["3", "--for", "gradescope"])
    assert "nbgrader" in capsys.readouterr().err


# ---------------------------------------------------------------- nbgrader for real, lesson 03


def run(python, folder, *arguments):
    """Run a module in a folder, without the reader's settings; return what it printed."""
    here = [str(Path(sys.prefix) / "share" / "jupyter"), os.environ.get("JUPYTER_PATH", "")]
    env = {key: value for key, value in os.environ.items() if key not in ("GANLIB_SMOKE", "MPLBACKEND", "PYTHONHOME")}
    env |= {"PYTHONPATH": str(ROOT), "JUPYTER_PATH": os.pathsep.join(filter(None, here))}
    env |= {"JUPYTER_CONFIG_DIR": str(folder / "none"), "IPYTHONDIR": str(folder / "ipython")}
    env["PATH"] = os.pathsep.join([str(Path(python).parent), env["PATH"]])  # nbgrader calls alembic by its name
    command = [str(python), "-m", *map(str, arguments)]
    made = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "encoding": "utf-8", "errors": "replace"}
    return subprocess.run(command, cwd=folder, env=env, timeout=600, **made).stdout


def make_environment(wanted, stamp):
    """Make .venv-nbgrader on top of this environment. It cannot be renamed when it is complete: its scripts know it."""
    shutil.rmtree(VENV, ignore_errors=True)
    base = getattr(sys, "_base_executable", sys.executable)
    subprocess.run([base, "-I", "-m", "venv", VENV], check=True)
    (packages,) = VENV.glob("lib/python*/site-packages")
    ours = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "course.pth").write_text("\n".join([*ours, ""]), encoding="utf-8")
    pip = ["-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--quiet"]
    command = [VENV / "bin" / "python", *pip, "-c", ROOT / "constraints.txt", *wanted]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace")
    if done.returncode:
        pytest.fail(f"nbgrader could not be installed: {done.stderr.strip().splitlines()[-1]}", pytrace=False)
    (VENV / "course-stamp.txt").write_text(stamp, encoding="utf-8")  # last: without it the environment is half-made


@pytest.fixture(scope="module")
def nbgrader_python():
    """A Python with nbgrader and the course."""
    if not sys.platform.startswith("linux"):
        pytest.skip("nbgrader was tried under Linux only")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["optional-dependencies"]["nbgrader"]
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    stamp = hashlib.sha256(json.dumps([wanted, pins, sys.prefix, sys.version]).encode()).hexdigest()
    kept = VENV / "course-stamp.txt"
    if not kept.exists() or kept.read_text(encoding="utf-8") != stamp:
        make_environment(wanted, stamp)
    return VENV / "bin" / "python"


WRONG = "def generator_loss(fake_logits):\n    return -tf.reduce_mean(tf.nn.softplus(fake_logits))"
CHEAT = {exercise.check: f"{exercise.answer} = 0" for exercise in ALONE[LOSSES]}
CHEAT["discriminator_loss"] += "\n" + "\n".join(f"check.{name}.__wrapped__ = lambda answer: 'right'" for name in CHEAT)


def hand_in(folder, nb, name, answers):
    """Write a student's notebook: the one released, with these answers by the names of their checks."""
    nb = nbformat.from_dict(json.loads(json.dumps(nb)))
    for cell in nb.cells:
        check = cell.metadata.get("ganlib", {}).get("exercise")
        cell.source = answers.get(check, cell.source) if check else cell.source
    path = folder / "submitted" / name / LOSSES.stem
    path.mkdir(parents=True)
    (path / f"{LOSSES.stem}.ipynb").write_text(nbformat.writes(nb), encoding="utf-8")


@pytest.fixture(scope="module")
def course(nbgrader_python, tmp_path_factory):
    """A course of nbgrader: released, handed in by four students, graded and fed back."""
    folder = tmp_path_factory.mktemp("nbgrader") / "course"
    assert assignment.main(["3", "--for", "nbgrader", "--out", str(folder)]) == 0
    said = run(nbgrader_python, folder, "nbgrader", "generate_assignment", LOSSES.stem)
    release = folder / "release" / LOSSES.stem / f"{LOSSES.stem}.ipynb"
    assert release.exists(), said[-2000:]
    released = nbformat.read(release, as_version=4)
    right = {exercise.check: exercise.solution for exercise in ALONE[LOSSES]}
    right["jensen_shannon"] += "\nimport warnings\nprint('done')\nwarnings.warn('of an odd kind')"
    hand_in(folder, released, "right", right)
    broken = {"generator_loss": WRONG, "gradient_penalty": "def gradient_penalty(gradients)\n    return 1"}
    hand_in(folder, released, "mistakes", right | broken)
    hand_in(folder, released, "blank", {})
    hand_in(folder, released, "cheat", CHEAT)
    said = run(nbgrader_python, folder, "nbgrader", "autograde", LOSSES.stem)
    run(nbgrader_python, folder, "nbgrader", "generate_feedback", LOSSES.stem)
    run(nbgrader_python, folder, "nbgrader", "export")
    assert (folder / "grades.csv").exists(), said[-2000:]
    return folder


def test_what_nbgrader_releases_is_what_learners_see(course):
    released = nbformat.read(course / "release" / LOSSES.stem / f"{LOSSES.stem}.ipynb", as_version=4)
    plain, _ = handed_out(LOSSES, for_nbgrader)
    graded = [cell.source for cell in released.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    assert len(graded) == 5 and all(text.startswith("# Graded, 1 point") for text in graded)
    assert [cell.source for cell in released.cells if cell.source not in graded] == [c.source for c in plain.cells]


def test_nbgrader_s_points(course):
    """Whoever overwrites the checks gets all of them, and none from course.py grade, which reads the same files."""
    rows = csv.DictReader((course / "grades.csv").read_text(encoding="utf-8").splitlines())
    points = {row["student_id"]: (float(row["score"]), float(row["max_score"])) for row in rows}
    assert points == {"right": (5, 5), "mistakes": (3, 5), "blank": (0, 5), "cheat": (5, 5)}
    assert grade.main([str(course / "submitted"), "--jobs", "1"]) == 0
    ours = csv.DictReader((course / "submitted-graded" / "grades.csv").read_text(encoding="utf-8-sig").splitlines())
    found = {row["student"]: row["points"] for row in ours}
    assert found == {"right": "5", "mistakes": "3", "blank": "0", "cheat": "0"}


def test_nbgrader_s_feedback_has_our_sentences(course):
    def page(name):
        text = (course / "feedback" / name / LOSSES.stem / f"{LOSSES.stem}.html").read_text(encoding="utf-8")
        return re.sub(r"<[^>]+>", "", text)

    assert page("blank").count("AssertionError: Not answered.") == 5
    assert "AssertionError: That is the saturating loss, log(1 − D): its slope vanishes" in page("mistakes")
    assert "AssertionError" not in page("right")


# ---------------------------------------------------------------- Otter for real, lesson 03


@pytest.fixture(scope="module")
def otter(tmp_path_factory):
    """A Python with Otter, and a folder with what it has assigned."""
    python = os.environ.get("GANLIB_OTTER", "")
    if not python:
        pytest.skip("Otter needs an environment of its own, which GANLIB_OTTER names: see docs/grading.md")
    folder = tmp_path_factory.mktemp("otter") / "new"
    assert assignment.main(["3", "--for", "otter", "--out", str(folder)]) == 0
    said = run(python, folder, "otter", "assign", f"{LOSSES.stem}.ipynb", "dist")
    assert (folder / "dist" / "student" / f"{LOSSES.stem}.ipynb").exists(), said
    return python, folder / "dist"


def test_what_otter_assigns_is_what_learners_see(otter):
    assigned = nbformat.read(otter[1] / "student" / f"{LOSSES.stem}.ipynb", as_version=4)
    plain, _ = handed_out(LOSSES, for_otter)
    assert [cell.source for cell in assigned.cells] == [cell.source for cell in plain.cells]


@pytest.mark.parametrize("folder, points", [("autograder", 5), ("student", 0)])
def test_otter_s_points(otter, folder, points):
    python, dist = otter
    (zipped,) = (dist / "autograder").glob("*.zip")
    said = run(python, dist / folder, "otter", "run", f"{LOSSES.stem}.ipynb", "-a", zipped, "--no-logo")
    found = json.loads((dist / folder / "results.json").read_text(encoding="utf-8"))["tests"]
    assert sum(test.get("score", 0) for test in found) == points, said
    assert (points == 5) != ("Not answered." in json.dumps(found))


# ---------------------------------------------------------------- the table


def test_the_table_of_graders_is_of_these_exercises_and_submissions():
    from benchmarks import graders

    page = graders.PAGE.read_text(encoding="utf-8")
    assert f"<!-- graders {graders.stamp()} -->" in page, "type  python3 course.py bench graders"
    rows = re.findall(r"^\| (\w+): (.*?) \|(?: [\d–]+ \|){3} (.*?) \|$", page, re.MULTILINE)
    assert {name: (what, why) for name, what, why in rows} == graders.STUDENTS
