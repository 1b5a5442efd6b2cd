"""Grading: ten made submissions of lesson 02, named as platforms name them, and what must never stop a batch."""

import csv
import json
import os
import re
import sys
from pathlib import Path

import nbformat
import pytest
from ten_students import CHECKS, EXERCISES, SOURCE, WRONG, submit

from tools import assignment, grade, grade_pages, grade_worker, handed_in
from tools.exercises import needed, of_lesson, without_check
from tools.lessons import lesson_sources

SOURCES = [path for path in lesson_sources() if any(exercise.alone for exercise in of_lesson(path))]
LINUX = sys.platform.startswith("linux")


# ---------------------------------------------------------------- a batch


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The ten submissions graded once: rows of the CSV by name, and the folder of grades."""
    folder = tmp_path_factory.mktemp("classes") / "week 2"
    folder.mkdir()
    submit(folder)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert grade.main([str(folder), "--jobs", "1", "--seconds", "5"]) == 0
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    target = folder.parent / "week 2-graded"
    rows = list(csv.DictReader((target / "grades.csv").read_text(encoding="utf-8-sig").splitlines()))
    return {row["student"]: row for row in rows}, target


def page(graded, name):
    (path,) = [path for path in (graded[1] / "feedback").rglob("*.html") if name in str(path)]
    return path.read_text(encoding="utf-8")


def points(graded, name):
    return [int(graded[0][name][check]) for check in CHECKS]


def test_names_and_numbers_of_all_students(graded):
    found = {name: row["id"] for name, row in graded[0].items()}
    assert found == {"Anna Müller": "101", "Bob O'Neil": "102", "diazcarla": "103", "eveevil": "104",
                     "Frank Loop": "", "Grace Crash": "", "Hal": "", "'=Ida": "", "Lea": "", "Kim": ""}  # fmt: skip


@pytest.mark.parametrize("name", ["Anna Müller", "'=Ida", "Lea"])
def test_right_answers_count_wherever_they_stand(graded, name):
    assert points(graded, name) == [1] * 5


def test_a_repeated_cell_is_remarked(graded):
    assert "linear_generator: " in graded[0]["'=Ida"]["remarks"]


def test_blank(graded):
    assert points(graded, "Bob O'Neil") == [0] * 5
    assert page(graded, "Bob").count("– Not answered.") == 5


@pytest.mark.parametrize(
    "sentence",
    ["so one of them is missing", "raises NameError: name &#x27;r&#x27;", "D has not moved at all", "is None",
     "has shape (2, 1)"],
)  # fmt: skip
def test_each_kind_of_mistake_gets_its_sentence(graded, sentence):
    assert points(graded, "diazcarla") == [0] * 5
    assert sentence in page(graded, "diazcarla")


def test_cheating_gains_nothing(graded):
    assert points(graded, "eveevil") == [0] * 5
    text = page(graded, "eveevil")
    assert "has no attribute &#x27;library_step&#x27;" in text and "has no attribute &#x27;right_count&#x27;" in text
    assert "Of all points seen at x" in text


def test_a_loop_costs_one_exercise(graded):
    assert points(graded, "Frank Loop") == [0, 1, 1, 1, 1]
    assert "longer than 5 seconds" in page(graded, "Frank")


@pytest.mark.parametrize(
    "sentence",
    ["calls exit()", "ended Python before", "crashed (SIGSEGV)", "raises MemoryError", "raises KeyboardInterrupt"],
)
def test_crashes_are_told_apart(graded, sentence):
    assert points(graded, "Grace Crash") == [0] * 5
    assert sentence in page(graded, "Grace") or not LINUX


def test_sloppy_work_loses_only_what_is_wrong(graded):
    assert points(graded, "Hal") == [0, 0, 0, 1, 1]
    text = page(graded, "Hal")
    assert "Python cannot read the cell" in text and "There is no cell for this exercise" in text
    assert "keep that name" in text


def test_no_notebook(graded):
    assert points(graded, "Kim") == [0] * 5 and "essay.pdf is not a notebook" in page(graded, "Kim")


def test_the_teacher_s_page_counts_and_says_how_it_was_run(graded):
    text = (graded[1] / "index.html").read_text(encoding="utf-8")
    assert "10 students" in text and "sandbox" in text and "network: " in text and "user: " in text
    assert text.count("feedback/") == 10 and "ALARM" not in text


def test_the_table_of_graders_has_these_points(graded):
    page = (Path(__file__).parents[2] / "docs" / "grading.md").read_text(encoding="utf-8")
    table = dict(re.findall(r"^\| (\w+): .*? \| (\d) \|", page, re.MULTILINE))
    given = {"diazcarla": "Carla", "eveevil": "Eve", "'=Ida": "Ida"}
    found = {given.get(name, name.split()[0]): row["points"] for name, row in graded[0].items()}
    assert table == found | {"Mia": "0"}  # test_frameworks.py has her work in lesson 03


def test_grading_again_writes_elsewhere(tmp_path, graded):
    assert grade.new_folder("", graded[1].with_name("week 2")).name == "week 2-graded-2"
    with pytest.raises(grade.Refused, match="nothing is overwritten"):
        grade.new_folder(str(graded[1]), tmp_path)


def test_without_fork_too(tmp_path):
    """As under Windows: a new Python for every answer."""
    one = handed_in.Submission("x", "", code=[{"source": WRONG["ring_modes"], "metadata": {}}], lesson="02")
    shared = {"module": "ganlib.lessons.exercises.lesson02", "helpers": ["import numpy as np"], "seconds": 20,
              "patience": 60, "megabytes": 4096, "fork": False}  # fmt: skip
    worker = grade.Worker(shared)
    found = handed_in.answer(one.code, EXERCISES[0])
    job = {"check": "ring_modes", "answer": "ring_modes", "code": found.code, "helpers": found.helpers}
    assert "one of them is missing" in worker.judge(job)["text"]
    assert worker.judge({**job, "code": "import os\nos._exit(0)"})["state"] == "crashed"
    assert worker.process is None
    left = {**job, "code": "open('left-over', 'w').close()\nring_modes = 1"}
    assert worker.judge(left)["state"] == "wrong" and not (grade.ROOT / "left-over").exists()


def test_a_course_that_lacks_a_package_is_not_the_student_s_fault():
    shared = {"module": "ganlib.lessons.exercises.lesson02", "helpers": ["import no_such_package"], "seconds": 20,
              "patience": 60, "megabytes": 4096, "fork": True}  # fmt: skip
    with pytest.raises(grade.Refused, match="No module named 'no_such_package'"):
        grade.Worker(shared).judge({"check": "ring_modes", "answer": "ring_modes", "code": "", "helpers": []})


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_the_course_s_answers_are_right_and_its_stubs_blank(source):
    exercises = [exercise for exercise in of_lesson(source) if exercise.alone]
    found = []
    for solved in (True, False):
        code = [cell for cell in assignment.notebook(source, exercises, solved).cells if cell.cell_type == "code"]
        found.append(handed_in.Submission(f"solved {solved}", "", code=code, lesson=source.stem[:2]))
    options = grade.parser().parse_args([".", "--jobs", "1"])
    right, blank = grade.grade(found, source, options)[0]
    assert {mark.state for mark in right.marks.values()} == {"right"}, right.marks
    # a table to fill in has a sentence of its own
    assert {mark.state for mark in blank.marks.values()} <= {"blank", "wrong"} and blank.points == 0


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    "path, expected",
    [
        ("Anna Müller_12_assignsubmission_file_/a.ipynb", ("Anna Müller", "12")),
        ("Participant 7_12_assignsubmission_file/sub/a.ipynb", ("Participant 7", "12")),
        ("Lee_Ann_12_assignsubmission_onlinetext_online.html", ("Lee Ann", "12")),
        ("leeann_12_345_02_losses.ipynb", ("leeann", "12")),
        ("leeann_LATE_12_345_a.ipynb", ("leeann", "12")),
        ("03_losses - Lee Ann.ipynb", ("Lee Ann", "")),
        ("Lee Ann - 03_losses.ipynb", ("Lee Ann", "")),
        ("Lee Ann - 03_losses (1).ipynb", ("Lee Ann", "")),
        ("lee_ann.ipynb", ("lee ann", "")),
        ("Lee Ann/x/a.ipynb", ("Lee Ann", "")),
    ],
)
def test_owner(path, expected):
    assert handed_in.owner(Path(path), {"03_losses"}) == expected


@pytest.mark.skipif(not LINUX, reason="only there a name can be any bytes")
def test_names_in_another_code_page_are_read(tmp_path):
    """A zip file made under Windows, unpacked under Linux."""
    place = os.path.join(os.fsencode(tmp_path), "Jörg Weiß".encode("cp1252"))
    os.mkdir(place)
    Path(os.fsdecode(os.path.join(place, "Übung.ipynb".encode("cp1252")))).write_text('{"cells": []}', encoding="utf-8")
    found = handed_in.submissions(tmp_path)
    assert [one.name for one in found] == ["Jörg Weiß"]
    graded = grade.Graded(found[0], {check: grade.Mark("missing", "x") for check in CHECKS})
    grade.write(tmp_path / "new", [graded], EXERCISES, {"lesson": "02"})
    assert "Jörg Weiß,,0,0,0,0,0,0,5,Übung.ipynb" in (tmp_path / "new" / "grades.csv").read_text(encoding="utf-8-sig")


def test_two_students_of_one_name_are_two(tmp_path):
    for number in (1, 2):
        (tmp_path / f"A B_{number}_assignsubmission_file").mkdir()
        (tmp_path / f"A B_{number}_assignsubmission_file" / "a.ipynb").write_text('{"cells": []}', encoding="utf-8")
    found = handed_in.submissions(tmp_path)
    assert [(one.name, one.number) for one in found] == [("A B", "1"), ("A B", "2")]


def test_of_several_notebooks_the_last_copy_is_graded(tmp_path):
    (tmp_path / "A").mkdir()
    for name in ("a.ipynb", "a (10).ipynb", "a (9).ipynb"):
        (tmp_path / "A" / name).write_text('{"cells": []}', encoding="utf-8")
    (one,) = handed_in.submissions(tmp_path)
    assert one.notebook.name == "a (10).ipynb" and "3 notebooks" in one.notes[0]


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"cells": 3}', "\x00", "[" * 100_000, "PK\x03\x04"])
def test_what_is_no_notebook_gets_a_sentence(tmp_path, text):
    (tmp_path / "a.ipynb").write_text(text, encoding="utf-8")
    (one,) = handed_in.submissions(tmp_path)
    assert one.trouble.startswith("a.ipynb is not a notebook")


def test_odd_cells_are_borne(tmp_path):
    cells = [1, {}, {"cell_type": "code"}, {"cell_type": "code", "source": ["a", 1], "metadata": []},
             {"cell_type": "code", "source": None, "metadata": {"ganlib": 3}}]  # fmt: skip
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": cells, "metadata": {"ganlib": []}}), encoding="utf-8")
    (one,) = handed_in.submissions(tmp_path)
    assert not one.trouble and handed_in.answer(one.code, EXERCISES[0]) is None


def test_pages_have_names_of_their_own():
    students = [handed_in.Submission(name, "") for name in ("a/b", "a_b", "A:B", "..", "x" * 300)]
    names = grade_pages.names(students)
    assert len({name.casefold() for name in names}) == 5
    assert all("/" not in name and len(name) < 100 and name[0] != "." for name in names)


def test_moodle_gets_its_own_folders_and_names_back(tmp_path):
    for path in ("Ann Lee_12_assignsubmission_file/a.ipynb", "Bo_13_assignsubmission_file_/b.ipynb",
                 "Cy_14_assignsubmission_file_c.ipynb", "Dee/d.ipynb"):  # fmt: skip
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text('{"cells": []}', encoding="utf-8")
    assert grade_pages.names(handed_in.submissions(tmp_path)) == [
        "Ann Lee_12_assignsubmission_file/feedback.html", "Bo_13_assignsubmission_file_/feedback.html",
        "Cy_14_assignsubmission_file_feedback.html", "Dee.html"]  # fmt: skip


def test_a_page_shows_what_a_student_wrote_as_text():
    one = grade.Graded(handed_in.Submission("<script>", ""))
    one.marks = {check: grade.Mark("wrong", "<img src=x> \ud800") for check in CHECKS}
    text = grade_pages.feedback(one, EXERCISES)
    assert "<script>" not in text and "<img" not in text and text.encode("utf-8")


# ---------------------------------------------------------------- sentences


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (["nowhere"], "There is no folder nowhere."),
        (["packed.zip"], "is packed: unpack it"),
        (["empty"], "holds no files"),
        (["full"], "add  --lesson NN"),
        (["full", "--lesson", "77"], "There is no lesson 77"),
        (["full", "--seconds", "0"], "need a number from 1 on"),
        (["full", "--out", "empty"], "nothing is overwritten"),
    ],
)
def test_bad_input_gets_one_sentence(tmp_path, monkeypatch, capsys, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    for name in ("empty", "full"):
        Path(name).mkdir()
    Path("full/a.ipynb").write_text('{"cells": []}', encoding="utf-8")
    Path("packed.zip").touch()
    assert grade.main(arguments) == 2
    said = capsys.readouterr().err
    assert sentence in said and said.count("\n") == 1
    assert sorted(os.listdir()) == ["empty", "full", "packed.zip"]


def test_a_notebook_of_another_lesson_is_told_so():
    one = handed_in.Submission("x", "", lesson="03")
    assert "is of lesson 03, and lesson 02 is graded" in grade._without_running(one, EXERCISES[0])[0].text


@pytest.mark.parametrize("code", ["-" * 200_000, "(" * 200_000, "a" + ".b" * 200_000, "x = '\0'", "f(", "\ud800"])
def test_code_that_python_cannot_read_stops_nothing(code):
    """Also in another cell than the answer's."""
    right = handed_in.answer([{"source": EXERCISES[0].solution, "metadata": {}}], EXERCISES[0]).code
    bad = {"source": f"{code}\nring_modes = 1", "metadata": {}}
    mark, found = grade._without_running(handed_in.Submission("x", "", code=[bad]), EXERCISES[0])
    assert found is not None and "ring_modes" in found.code
    other = {"source": code, "metadata": {}}
    answers = [other, {"source": EXERCISES[0].solution, "metadata": {}}]
    assert grade._without_running(handed_in.Submission("x", "", code=answers), EXERCISES[0])[1].code == right


def test_a_notebook_that_the_grader_fails_on_costs_its_own_points(monkeypatch):
    monkeypatch.setattr(grade, "answer", lambda *a: 1 / 0)
    mark, found = grade._without_running(handed_in.Submission("x", ""), EXERCISES[0])
    assert found is None and "cannot be read here (ZeroDivisionError)" in mark.text


# ---------------------------------------------------------------- parts


def test_every_lesson_has_an_assignment_with_its_seal(tmp_path):
    for source in sorted(SOURCE.parent.glob("[0-9]*.py")):
        exercises = [exercise for exercise in of_lesson(source) if exercise.alone]
        if exercises:
            nb = assignment.notebook(source, exercises)
            nbformat.validate(nb)
            assert nb.metadata.ganlib["seal"] == assignment.seal(source)
            text = "\n".join(cell.source for cell in nb.cells)
            assert not [e.check for e in exercises if e.solution in text]


def test_assignment_command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert assignment.main(["1"]) == 0
    assert "Left in the lesson, whose data it needs: Exercise 3: a number of your own" in capsys.readouterr().out
    assert [path.name for path in tmp_path.rglob("*.ipynb")] == ["01_background.ipynb", "01_background-answers.ipynb"]
    for arguments, sentence in ((["1"], "nothing is overwritten"), (["77"], "there is no lesson 77")):
        with pytest.raises(SystemExit):
            assignment.main(arguments)
        assert sentence in capsys.readouterr().err


def test_needed_pieces():
    pieces = ["import numpy as np", "def f(x):\n    return g(x)", "def g(x):\n    return np.sin(x)", "y = 1"]
    assert needed(pieces, "def h():\n    return f(2)") == pieces[:3]
    assert needed(pieces, "broken ( y") == ["y = 1"]
    assert needed(pieces, "def h(y, f):\n    np = y\n    return [f(x) for x in np]") == []  # names of its own
    assert needed(pieces, "class A:\n    x = f\n    def g(self):\n        return lambda: y") == pieces


def test_without_check_takes_out_the_call_only():
    code = "def f():\n    return 1\n\n\nexercises.f(f)  # see\nx = exercises.f(3)\n"
    assert without_check(code, "f") == "def f():\n    return 1\n\n\nx = exercises.f(3)"


@pytest.mark.skipif(not LINUX, reason="needs fork")
def test_what_an_answer_leaves_running_is_ended(tmp_path):
    read, write = os.pipe()
    grade_worker.ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
    child = os.fork()
    if child == 0:
        os.setsid()
        if os.fork() == 0:
            os.setsid()
            os.write(write, f"{os.getpid()}\n".encode())
            import time

            time.sleep(60)
        os._exit(0)
    pid = int(os.read(read, 100))
    grade_worker._end(child)
    grade_worker.ctypes.CDLL(None).prctl(36, 0, 0, 0, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.skipif(not LINUX, reason="needs fork")
def test_a_silent_process_is_waited_for_no_longer_than_said():
    read, write = os.pipe()
    assert grade_worker._read_until(read, b"x", 0.05) == (b"", True)
    os.write(write, b"x\n")
    assert grade_worker._read_until(read, b"x", 1) == (b"x\n", False)


@pytest.mark.skipif(not LINUX or os.geteuid() != 0, reason="needs root")
@pytest.mark.parametrize("rights", grade_worker.STRANGERS)
def test_a_stranger_can_write_nothing(tmp_path, rights):
    (tmp_path / "a").write_text("mine", encoding="utf-8")
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        grade_worker._become_stranger(rights)
        for action in (lambda: open(tmp_path / "a", "w"), lambda: os.setuid(0), lambda: os.kill(os.getppid(), 0)):
            try:
                action()
                os.write(write, b"could ")
            except OSError:
                os.write(write, b"no ")
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read, 100) == b"no no no " and (tmp_path / "a").read_text(encoding="utf-8") == "mine"
