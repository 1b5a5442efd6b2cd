"""tools/build.py on a tiny lesson: what it saves, what it refuses, and what nbval sees of it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from tiny import LESSON, code_cells, lesson_with, read, save, stdout, write_lesson

from tools import build, lessons, lint, mutate


def test_the_lesson_is_executed_numbered_and_stripped(built):
    nb = read(built)
    nbformat.validate(nb)
    assert [cell.execution_count for cell in code_cells(nb)] == [1, 2, 3, 4, 5, 6]
    assert (
        stdout(code_cells(nb)[1])
        == "working in notebooks\n2 None module://matplotlib_inline.backend_inline\n"
    )
    assert code_cells(nb)[5].outputs[0].data["text/plain"] == "42"
    assert set(nb.metadata) == {"course", "kernelspec", "language_info"}
    assert "version" not in nb.metadata.language_info
    assert [dict(cell.metadata) for cell in nb.cells if "tags" not in cell.metadata] == [{}] * 4
    assert code_cells(nb)[5].metadata == {"tags": ["hide-input"], "jupyter": {"source_hidden": True}}



def test_text_keeps_its_place_beside_a_figure_and_a_progress_line_its_last_state(built):
    above, figure, below = code_cells(read(built))[2].outputs
    assert (above.text, figure.output_type, below.text) == ("above\n", "display_data", "step 2\n")



def test_the_stamp_says_what_was_built_from_what(built):
    course = read(built).metadata.course
    assert course.source_sha256 == lessons.source_hash(built)
    assert course.ganlib_sha256 == lessons.ganlib_hash(built)
    assert set(course.versions) == {"python", "tensorflow", "keras", "numpy", "matplotlib"}
    assert course.versions.python == ".".join(map(str, sys.version_info[:3]))
    assert 0 <= course.seconds < 60



def test_the_lesson_shows_the_stub_and_the_solutions_the_answer(built):
    stub, answer = code_cells(read(built))[3], code_cells(read(built, solution=True))[3]
    assert stub.source == "def square(x):\n    return None  # your line here"
    assert answer.source == "def square(x):\n    return x * x"
    assert (stub.metadata.tags, answer.metadata.tags) == (["exercise"], ["solution"])
    assert stdout(code_cells(read(built))[4]) == "not answered yet\n"
    assert stdout(code_cells(read(built, solution=True))[4]) == "accepted: 9\n"



def test_only_what_is_out_of_date_is_built(copy, capsys):
    assert not lint.out_of_date(copy)
    assert build.main([], copy.parents[1]) == 0
    assert capsys.readouterr().out == "Every lesson is up to date.\n"
    (copy.parents[2] / "ganlib" / "new.py").write_text("x = 1\n", encoding="utf-8")
    assert lint.out_of_date(copy)



def test_solutions_go_when_the_exercises_go(copy, monkeypatch):
    monkeypatch.setattr(build, "execute", lambda *_: (1.0, []))
    copy.write_text(lesson_with("print(os.sep)"), encoding="utf-8")
    build.build(copy)
    assert not lessons.lesson_path(copy, solution=True).exists()



def test_info_lines_of_tensorflow_are_dropped_and_no_others():
    noise = (
        "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
        "I0000 00:00:1795344814.041787    8963 port.cc:153] oneDNN custom operations are on.\n"
    )
    fault = "E0000 00:00:1795344814.041787    8963 cuda.cc:9] no device\nUserWarning: shapes differ\n"
    text = new_output("stream", name="stderr", text=noise + fault)
    assert build.tidy_outputs([text])[0].text == fault
    assert build.tidy_outputs([new_output("stream", name="stderr", text=noise)]) == []



@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ('raise ValueError("no\\nimages")', "01_tiny, cell [2] of 2, raised ValueError: no images"),
        ('import sys\nprint("oh", file=sys.stderr)', "01_tiny, cell [2] of 2, wrote to stderr: oh"),
        ('print("✓ sharp: not checked in smoke mode")', "01_tiny, cell [2] of 2, ran in smoke mode"),
        ("os._exit(1)", "01_tiny, cell [2] of 2, ended the kernel"),
    ],
    ids=["error", "stderr", "smoke", "dead kernel"],
)
def test_a_faulty_run_is_not_saved(copy, capfd, cell, sentence):
    before = lessons.lesson_path(copy).read_bytes(), lessons.lesson_path(copy, solution=True).read_bytes()
    copy.write_text(lesson_with(cell), encoding="utf-8")
    assert build.main(["1"], copy.parents[1]) == 1
    assert f"Not saved: {sentence}" in capfd.readouterr().err
    assert before == (
        lessons.lesson_path(copy).read_bytes(),
        lessons.lesson_path(copy, solution=True).read_bytes(),
    )
    assert not list(copy.parents[1].rglob("*.tmp"))



def test_nothing_is_saved_when_only_the_solution_fails(copy, capfd):
    before = lessons.lesson_path(copy).read_bytes()
    copy.write_text(LESSON.replace("return x * x", "return 1 / 0"), encoding="utf-8")
    assert build.main(["01"], copy.parents[1]) == 1
    assert "solutions/01_tiny, cell [5] of 6, raised ZeroDivisionError" in capfd.readouterr().err
    assert lessons.lesson_path(copy).read_bytes() == before



# Like LESSON's, but with a check that speaks like those of ganlib.lessons.exercises.
CHECKED = LESSON.replace(
    'print("not answered yet" if square(3) is None else f"accepted: {square(3)}")',
    'got = square(3)\n'
    'print("– Not answered yet: ..." if got is None else "✓ Right: 9" if got == 9 else "✗ Not yet: a square is x²")',
)



@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("return x * x", "return x + x", "solutions/01_tiny, cell [5] of 6, refuses the solution (✗ Not yet: a square"),
        ("return x * x", "return None", "solutions/01_tiny, cell [5] of 6, refuses the solution (– Not answered yet"),
        ("return None ", "return 9 ", "Not saved: 01_tiny, cell [5] of 6, takes the stub for an answer (✓ Right: 9)"),
        ("return None ", "return 1 ", "Not saved: 01_tiny, cell [5] of 6, takes the stub for an answer (✗ Not yet"),
    ],
    ids=["wrong solution", "empty solution", "stub is right", "stub is wrong"],
)
def test_nothing_is_saved_when_a_check_and_its_exercise_disagree(copy, capfd, old, new, sentence):
    assert CHECKED != LESSON and old in CHECKED
    before = lessons.lesson_path(copy).read_bytes()
    copy.write_text(CHECKED.replace(old, new), encoding="utf-8")
    assert build.main(["01"], copy.parents[1]) == 1
    assert sentence in capfd.readouterr().err
    assert lessons.lesson_path(copy).read_bytes() == before



def test_a_check_that_agrees_with_its_exercise_is_saved(copy):
    copy.write_text(CHECKED, encoding="utf-8")
    assert build.main(["01"], copy.parents[1]) == 0
    assert stdout(code_cells(read(copy))[4]) == "– Not answered yet: ...\n"
    assert stdout(code_cells(read(copy, solution=True))[4]) == "✓ Right: 9\n"



def test_a_smoke_run_is_not_even_started(copy, capfd, monkeypatch):
    monkeypatch.setenv("GANLIB_SMOKE", "1")
    assert build.main(["01"], copy.parents[1]) == 1
    assert "01_tiny: GANLIB_SMOKE is set" in capfd.readouterr().err



def test_an_unknown_lesson_is_named(built, capsys):
    with pytest.raises(SystemExit):
        build.main(["7"], built.parents[1])
    assert "there is no lesson 7; there are 01." in capsys.readouterr().err



def run_nbval(source: Path, *options: str, **environment: str) -> str:
    folder = source.parents[1]
    shutil.copy(lessons.NOTEBOOKS / "conftest.py", folder)
    (folder.parent / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    env = {k: v for k, v in os.environ.items() if k not in ("GANLIB_SMOKE", "TF_CPP_MIN_LOG_LEVEL")}
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "-q", "-p", "no:cacheprovider", *options]
    run = subprocess.run(
        [*command, "notebooks"], env=env | environment, cwd=folder.parent, capture_output=True
    )
    return run.stdout.decode("utf-8", errors="replace")



def test_nbval_runs_the_lessons_as_a_reader_does_and_sees_a_changed_output(copy):
    nb = read(copy)
    code = code_cells(nb)
    code[1].metadata.tags = ["nbval-check-output"]  # it shows the working folder and the environment
    code[1].outputs[0].text = "working in notebooks\n2 None module://matplotlib_inline.backend_inline\n"
    code[4].outputs[0].text = "accepted: 10\n"
    code[5].update(source="6 * 7;", outputs=[], metadata={"tags": ["nbval-check-output"]})
    nb.metadata.kernelspec.name = "a-kernel-nobody-has"
    save(nb, copy)
    said = run_nbval(copy)
    assert "1 failed, 5 passed" in said and "01_tiny.ipynb::Cell 4" in said, said



def test_nbval_repeats_the_solutions_in_smoke_mode_only(copy):
    # The test above counts the cells of a run without smoke mode: 6.
    assert "12 tests collected" in run_nbval(copy, "--collect-only", GANLIB_SMOKE="1")



def test_nbval_sees_one_changed_digit_in_a_compared_cell(tmp_path):
    source = write_lesson(tmp_path)
    cell = new_code_cell("print(2**0.5)", metadata={"tags": ["nbval-check-output"]}, execution_count=1)
    cell.outputs = [new_output("stream", name="stdout", text="1.4142135623730951\n")]
    nb = new_notebook(cells=[cell], metadata=nbformat.from_dict(lessons.NOTEBOOK_METADATA))
    save(nb, source)
    assert "1 passed" in run_nbval(source)
    cell.outputs[0].text = "1.4142135623730952\n"
    save(nb, source)
    said = run_nbval(source)
    assert "1 failed" in said and "1.4142135623730952" in said, said


def test_a_build_names_the_claims_that_nothing_breaks(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("GANLIB_SMOKE", raising=False)
    cell = (
        "import random\ndef claim(statement, value):\n    assert value\n"
        "x = random.random() + 1\nclaim('one is one', 1 == 1)\nclaim('x is above 1', x > 1)"
    )
    source = write_lesson(tmp_path, lesson_with(cell))
    assert build.main([], source.parents[1]) == 1
    assert read(source).metadata.course.unbreakable == [{"cell": 2, "claim": "one is one"}]
    assert "cell [2] claims “one is one”, and nothing breaks that" in capsys.readouterr().err
    assert mutate.main([], source.parents[1]) == 1
    said = capsys.readouterr().out
    assert "[ 2] x is above 1\n            broken by: half x" in said and "2 claims, 1 of them unbreakable" in said
