"""tools/build.py on a tiny lesson of its own: what it saves, what it refuses, what the static gate finds."""

import base64
import os
import shutil
import subprocess
import sys
from pathlib import Path

import jupytext
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tools import build

HEADER = """\
# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---
"""
LESSON = (
    HEADER
    + """
# %% [markdown]
# # A tiny lesson
# A link to [the next](02_next.ipynb), one to [Python](https://www.python.org), one to [a part](#part).

# %% tags=["setup"]
import base64
import os
from pathlib import Path

from IPython.display import display

# %%
print("working in", Path.cwd().name)
print(os.environ.get("TF_CPP_MIN_LOG_LEVEL"), os.environ.get("GANLIB_SMOKE"), os.environ.get("MPLBACKEND"))

# %%
print("above")
png = {"image/png": "iVBORw0KGgo=", "text/plain": "A dot."}
display(png, metadata={"image/png": {"alt": "A dot."}}, raw=True)
for step in range(3):
    print(f"\\rstep {step}", end="")
print()

# %% [markdown]
# Write the square of x.

# %% tags=["exercise"]
def square(x):
    return None  # your line here
# solution
def square(x):
    return x * x

# %% tags=["nbval-check-output"]
print("not answered yet" if square(3) is None else f"accepted: {square(3)}")

# %% tags=["hide-input"]
6 * 7
"""
)
MARK = "# solution\n"
ANSWER = "def square(x):\n    return x * x\n"


def write_lesson(root: Path, text: str = LESSON, name: str = "01_tiny") -> Path:
    source = root / "notebooks" / "source" / f"{name}.py"
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(text, encoding="utf-8")
    (root / "ganlib").mkdir(exist_ok=True)
    (root / "ganlib" / "__init__.py").write_text("", encoding="utf-8")
    return source


def lesson_with(cell: str) -> str:
    """A lesson whose second and last cell is `cell`."""
    return HEADER + f'\n# %% tags=["setup"]\nimport os\n\n# %%\n{cell}\n'


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A folder with the tiny lesson and its solutions, built once. Tests that change it copy it first."""
    root = tmp_path_factory.mktemp("course")
    source = write_lesson(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("GANLIB_SMOKE", raising=False)
        patch.setenv("MPLBACKEND", "Agg")
        assert build.main([], root / "notebooks") == 0
    return source


@pytest.fixture
def copy(built, tmp_path, monkeypatch):
    """The source of a private copy of the built tiny lesson."""
    monkeypatch.delenv("GANLIB_SMOKE", raising=False)
    shutil.copytree(built.parents[2], tmp_path / "course")
    return tmp_path / "course" / "notebooks" / "source" / built.name


def read(source: Path, solution: bool = False):
    return nbformat.read(build.lesson_path(source, solution), as_version=4)


def save(nb, source: Path):
    build.lesson_path(source).write_text(nbformat.writes(nb), encoding="utf-8")


def code_cells(nb):
    return [cell for cell in nb.cells if cell.cell_type == "code"]


def stdout(cell):
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


# --- what a build saves -------------------------------------------------------------------------------------


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
    assert course.source_sha256 == build.source_hash(built)
    assert course.ganlib_sha256 == build.ganlib_hash(built)
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


def test_links_of_the_solutions_go_one_folder_up(built):
    note, title = read(built, solution=True).cells[:2]
    assert "](../01_tiny.ipynb)" in note.source
    assert (
        "](../02_next.ipynb)" in title.source and "](https://" in title.source and "](#part)" in title.source
    )


def test_a_built_lesson_has_no_problems(built):
    assert build.problems(build.lesson_path(built)) == []
    assert build.problems(build.lesson_path(built, solution=True)) == []
    assert build.check(built.parents[1]) == ([], [])


def test_the_source_opens_as_the_same_notebook_in_jupyter(built):
    opened = jupytext.read(built)
    assert opened.metadata.jupytext.text_representation.format_name == "percent"
    assert len(opened.cells) == len(read(built).cells)
    assert build.source_problems(built) == []


def test_cell_ids_follow_the_text_of_the_cells(tmp_path):
    source = write_lesson(tmp_path)
    before = [cell.id for cell in build.read_lesson(source).cells]
    source.write_text(LESSON.replace("# %%\nprint(", "# %%\n1\n\n# %%\nprint(", 1), encoding="utf-8")
    after = [cell.id for cell in build.read_lesson(source).cells]
    assert len(set(before)) == len(before)
    assert [name for name in after if name in before] == before and len(after) == len(before) + 1


def test_only_what_is_out_of_date_is_built(copy, capsys):
    assert not build.out_of_date(copy)
    assert build.main([], copy.parents[1]) == 0
    assert capsys.readouterr().out == "Every lesson is up to date.\n"
    (copy.parents[2] / "ganlib" / "new.py").write_text("x = 1\n", encoding="utf-8")
    assert build.out_of_date(copy)


def test_solutions_go_when_the_exercises_go(copy, monkeypatch):
    monkeypatch.setattr(build, "execute", lambda *_: 1.0)
    copy.write_text(lesson_with("print(os.sep)"), encoding="utf-8")
    build.build(copy)
    assert not build.lesson_path(copy, solution=True).exists()


def test_info_lines_of_tensorflow_are_dropped_and_no_others():
    noise = (
        "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
        "I0000 00:00:1795344814.041787    8963 port.cc:153] oneDNN custom operations are on.\n"
    )
    fault = "E0000 00:00:1795344814.041787    8963 cuda.cc:9] no device\nUserWarning: shapes differ\n"
    text = new_output("stream", name="stderr", text=noise + fault)
    assert build.tidy_outputs([text])[0].text == fault
    assert build.tidy_outputs([new_output("stream", name="stderr", text=noise)]) == []


def set_repository(source: Path, address: str) -> None:
    settings = source.parents[2] / "pyproject.toml"
    settings.write_text(f'[tool.ganlib]\nrepository = "{address}"\n', encoding="utf-8")


SET_UP = LESSON.replace("from IPython", 'repository = ""  # none\nfrom IPython')


def test_the_address_goes_into_the_set_up_cell_and_a_badge(tmp_path):
    source = write_lesson(tmp_path, SET_UP)
    plain = build.read_lesson(source)
    set_repository(source, "")
    assert build.read_lesson(source) == plain and "colab" not in str(plain)
    set_repository(source, "https://github.com/ann/gans.git")
    lesson, solution = build.read_lesson(source), build.read_lesson(source, solution=True)
    colab = "https://colab.research.google.com"
    place = f"{colab}/github/ann/gans/blob/main/notebooks"
    assert lesson.cells[0].source.startswith(
        f"# A tiny lesson\n\n[![Open in Colab]({colab}/assets/colab-badge.svg)]({place}/01_tiny.ipynb)\n"
    )
    assert f"]({place}/solutions/01_tiny.ipynb)" in "".join(cell.source for cell in solution.cells[:2])
    for nb in (lesson, solution):
        assert 'repository = "https://github.com/ann/gans"  # none\n' in code_cells(nb)[0].source
    set_repository(source, "https://example.org/ann/gans/")  # Colab opens notebooks of GitHub only
    assert build.read_lesson(source).cells[0] == plain.cells[0]
    assert 'repository = "https://example.org/ann/gans"' in code_cells(build.read_lesson(source))[0].source


@pytest.mark.parametrize("address", ["github.com/ann/gans", "https://a b", "https://x')", "git@github.com:ann/gans"])
def test_an_address_that_is_none_is_refused(tmp_path, address):
    source = write_lesson(tmp_path, SET_UP)
    set_repository(source, address)
    with pytest.raises(build.BuildError, match="is no address"):
        build.read_lesson(source)


def test_a_changed_address_asks_for_a_new_build(copy):
    set_repository(copy, "https://github.com/ann/gans")
    assert build.stale_reasons(build.lesson_path(copy)) == [
        "the repository in pyproject.toml has changed since the build: build lesson 01 again."
    ]


# --- what a build refuses -----------------------------------------------------------------------------------


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
    before = build.lesson_path(copy).read_bytes(), build.lesson_path(copy, solution=True).read_bytes()
    copy.write_text(lesson_with(cell), encoding="utf-8")
    assert build.main(["1"], copy.parents[1]) == 1
    assert f"Not saved: {sentence}" in capfd.readouterr().err
    assert before == (
        build.lesson_path(copy).read_bytes(),
        build.lesson_path(copy, solution=True).read_bytes(),
    )
    assert not list(copy.parents[1].rglob("*.tmp"))


def test_nothing_is_saved_when_only_the_solution_fails(copy, capfd):
    before = build.lesson_path(copy).read_bytes()
    copy.write_text(LESSON.replace("return x * x", "return 1 / 0"), encoding="utf-8")
    assert build.main(["01"], copy.parents[1]) == 1
    assert "solutions/01_tiny, cell [5] of 6, raised ZeroDivisionError" in capfd.readouterr().err
    assert build.lesson_path(copy).read_bytes() == before


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
    before = build.lesson_path(copy).read_bytes()
    copy.write_text(CHECKED.replace(old, new), encoding="utf-8")
    assert build.main(["01"], copy.parents[1]) == 1
    assert sentence in capfd.readouterr().err
    assert build.lesson_path(copy).read_bytes() == before


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


def test_a_folder_without_lessons_is_not_up_to_date(tmp_path, capsys):
    with pytest.raises(SystemExit):
        build.main(["--check"], tmp_path / "notebooks")
    assert "notebooks/source holds no lesson" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (LESSON.replace(MARK, ""), 'cell [4] is tagged exercise but has 0 lines "# solution"'),
        (LESSON.replace(MARK, MARK + MARK), 'cell [4] is tagged exercise but has 2 lines "# solution"'),
        (LESSON.replace(ANSWER, ""), 'needs a stub above the line "# solution" and an answer below it'),
        (
            LESSON.replace('tags=["exercise"]', ""),
            'cell [4] has a line "# solution" and would show the answer',
        ),
        (LESSON + "\n# %%\n\n# %%\n1\n", "cell [7] is an empty code cell"),
        (LESSON + "\n# %% [raw]\nx\n", "the text after cell [6] is a raw cell"),
    ],
    ids=["no mark", "two marks", "no answer", "untagged answer", "empty cell", "raw cell"],
)
def test_a_source_that_cannot_become_a_lesson_is_explained(tmp_path, text, sentence):
    assert text != LESSON
    with pytest.raises(build.BuildError) as error:
        build.read_lesson(write_lesson(tmp_path, text))
    assert sentence in str(error.value)


# --- what the static gate finds: every defect is injected into a good notebook ------------------------------


def first(nb):
    return code_cells(nb)[0]


def show(cell, **output):
    cell.outputs.append(new_output("display_data", **output))


def stream(cell, text, name="stdout"):
    cell.outputs.append(new_output("stream", name=name, text=text))


def big_png(size):
    return base64.b64encode(bytes(size)).decode()


DEFECTS = {
    "hand-edited code": (lambda nb: first(nb).update(source="x = 1"), "cell [1] was edited by hand"),
    "hand-edited text": (
        lambda nb: nb.cells[0].update(source="x"),
        "text before cell [1] was edited by hand",
    ),
    "cell removed": (lambda nb: nb.cells.pop(), "the number of cells (7, not 8) was edited by hand"),
    "run by hand": (lambda nb: first(nb).metadata.update(execution={}), "cell [1] was edited by hand"),
    "old source": (lambda nb: nb.metadata.course.update(source_sha256="0"), "has changed since the build"),
    "no stamp": (lambda nb: nb.metadata.pop("course"), "the time of the run is not stamped"),
    "too slow": (lambda nb: nb.metadata.course.update(seconds=9999), "the run took 9999 s"),
    "not executed": (lambda nb: first(nb).update(execution_count=None), "execution counts are [None, 2"),
    "wrong order": (lambda nb: first(nb).update(execution_count=7), "execution counts are [7, 2"),
    "widget state": (lambda nb: nb.metadata.update(widgets={}), "metadata of a run by hand (widgets)"),
    "python version": (
        lambda nb: nb.metadata.language_info.update(version="3"),
        "metadata of a run by hand (language_info.version)",
    ),
    "stored error": (
        lambda nb: first(nb).outputs.append(new_output("error", ename="E", evalue="", traceback=[])),
        "cell [1] stores the error E",
    ),
    "stderr": (lambda nb: stream(first(nb), "oh", "stderr"), "cell [1] stores stderr output (oh)"),
    "warning": (lambda nb: stream(first(nb), "WARNING:tensorflow:5 out of"), "cell [1] stores a warning"),
    "smoke": (
        lambda nb: stream(first(nb), "✓ x: not checked in smoke mode"),
        "cell [1] was run in smoke mode",
    ),
    "address": (
        lambda nb: stream(first(nb), "<a.B object at 0x7f00>"),
        "cell [1] shows <a.B object at 0x7f00>",
    ),
    "big figure": (
        lambda nb: show(
            first(nb), data={"image/png": big_png(300_100)}, metadata={"image/png": {"alt": "x"}}
        ),
        "cell [1] has a picture of 300 kB",
    ),
    "big frame": (
        lambda nb: show(
            first(nb), data={"text/html": f'<img alt="x" src="data:image/png;base64,{big_png(400_000)}">'}
        ),
        "cell [1] has a picture of 400 kB",
    ),
    "big notebook": (lambda nb: stream(first(nb), "x " * 2_000_000), "has 4.0 MB, the limit is 4 MB"),
    "big player": (
        lambda nb: show(first(nb), data={"text/html": '<input type="range">' + "x " * 2_500_000}),
        "has 5.0 MB, the limit is 5 MB",
    ),
    "answered stub": (
        lambda nb: stream(code_cells(nb)[4], "✓ Right: 9\n"),
        "cell [5] takes the stub for an answer (✓ Right: 9)",
    ),
    "unknown tag": (
        lambda nb: first(nb).metadata.tags.append("nbval-skip"),
        'cell [1] has the tag "nbval-skip"',
    ),
    "may raise": (
        lambda nb: first(nb).metadata.tags.append("raises-exception"),
        'cell [1] has the tag "raises-exception"',
    ),
    "solution shown": (
        lambda nb: first(nb).metadata.tags.append("solution"),
        'cell [1] has the tag "solution"',
    ),
    "nbval comment": (
        lambda nb: first(nb).update(source="# NBVAL_SKIP\n1"),
        "cell [1] has the comment NBVAL_SKIP",
    ),
    "empty comparison": (
        lambda nb: code_cells(nb)[4].update(outputs=[]),
        "cell [5] is tagged nbval-check-output but shows no text",
    ),
    "path in source": (
        lambda nb: first(nb).update(source="open('/home/ann/mnist.npz')"),
        "cell [1] has an absolute path in its source (/home/ann",
    ),
    "path in text": (
        lambda nb: nb.cells[0].update(source=r"Look in C:\Users\ann."),
        "the text before cell [1] has an absolute path in its source (C:\\Users",
    ),
    "path in output": (
        lambda nb: stream(first(nb), "saved\nto /tmp/x/y.npz"),
        "cell [1] has an absolute path in its output (/tmp/x/y.npz)",
    ),
    "path in html": (
        lambda nb: show(first(nb), data={"text/html": "<a href='/Users/ann/x'>x</a>"}),
        "cell [1] has an absolute path in its output (/Users/ann",
    ),
    "no alt": (
        lambda nb: show(first(nb), data={"image/png": "iVBO"}),
        "cell [1] shows a picture without alt text",
    ),
    "blank alt": (
        lambda nb: show(first(nb), data={"image/png": "iVBO"}, metadata={"image/png": {"alt": " "}}),
        "cell [1] shows a picture without alt text",
    ),
    "no alt in html": (
        lambda nb: show(first(nb), data={"text/html": "<p><img src='x.png'></p>"}),
        "cell [1] has an <img> or ![]() without alt text",
    ),
    "no alt in markdown": (
        lambda nb: nb.cells[0].update(source="![](x.png)"),
        "the text before cell [1] has an <img> or ![]() without alt text",
    ),
    "foreign import": (
        lambda nb: first(nb).update(source="def f():\n    from torch.nn import Linear"),
        "cell [1] imports torch",
    ),
    "magic": (lambda nb: first(nb).update(source="%pip install x"), "cell [1] is not plain Python"),
    "invalid": (lambda nb: first(nb).update(execution_count="x"), "is not a valid notebook"),
}


@pytest.mark.parametrize("kind", DEFECTS)
def test_the_static_gate_finds(copy, kind):
    inject, sentence = DEFECTS[kind]
    path = build.lesson_path(copy)
    nb = read(copy)
    inject(nb)
    save(nb, copy)
    found = build.problems(path)
    assert any(problem.startswith("01_tiny.ipynb: ") and sentence in problem for problem in found), found
    assert all(problem.endswith(".") and "\n" not in problem for problem in found), found


def test_the_static_gate_finds_the_path_of_the_checkout_itself(copy):
    nb = read(copy)
    stream(first(nb), f"saved in {copy.parents[2].resolve()}")
    save(nb, copy)
    assert any(
        "absolute path in its output" in problem for problem in build.problems(build.lesson_path(copy))
    )


@pytest.mark.parametrize(
    "text",
    ["see https://example.org/home/ann", "../tmp/x", "either/or", "loss:\n1", "C: 3", "runs/tmp/x", "x/root"],
)
def test_the_static_gate_takes_no_ordinary_text_for_a_path(copy, text):
    nb = read(copy)
    stream(first(nb), text)
    save(nb, copy)
    assert build.problems(build.lesson_path(copy)) == []


# --- --check ------------------------------------------------------------------------------------------------


def checked(source, capsys):
    status = build.main(["--check"], source.parents[1])
    return status, capsys.readouterr().out


def test_check_is_silent_about_a_fresh_build(built, capsys):
    assert checked(built, capsys) == (0, "Every lesson is up to date.\n")


def test_check_notices_a_changed_source(copy, capsys):
    copy.write_text(LESSON + "\n# %%\n1\n", encoding="utf-8")
    status, said = checked(copy, capsys)
    assert status == 1
    assert "01_tiny.ipynb: source/01_tiny.py has changed since the build: build lesson 01 again." in said
    assert "solutions/01_tiny.ipynb: source/01_tiny.py has changed" in said


def test_check_does_not_mind_line_ends(copy, capsys):
    copy.write_bytes(copy.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    assert checked(copy, capsys)[0] == 0


def test_check_only_notes_a_changed_ganlib(copy, capsys):
    (copy.parents[2] / "ganlib" / "gan.py").write_text("x = 1\n", encoding="utf-8")
    assert checked(copy, capsys) == (0, "Note: ganlib has changed since these lessons were built: 01.\n")


def test_check_notices_missing_orphaned_and_broken_notebooks(copy, capsys):
    build.lesson_path(copy, solution=True).unlink()
    shutil.copy(build.lesson_path(copy), build.lesson_path(copy).with_name("09_gone.ipynb"))
    build.lesson_path(copy).write_text("{", encoding="utf-8")
    status, said = checked(copy, capsys)
    assert status == 1
    assert "solutions/01_tiny.ipynb: not built yet" in said
    assert "09_gone.ipynb: no source gives this notebook" in said
    assert "01_tiny.ipynb: is not a valid notebook" in said


def test_check_wants_the_same_set_up_cell_first_in_every_lesson(copy):
    write_lesson(copy.parents[2], LESSON.replace("import base64\n", "import base64 \n"), "02_other")
    write_lesson(copy.parents[2], LESSON.replace(' tags=["setup"]', ""), "03_none")
    found = build.setup_problems(copy.parents[1])
    assert len(found) == 2
    assert found[0].startswith("02_other.py: its set-up cell differs from that of 01_tiny.py")
    assert found[1].startswith("03_none.py: its first code cell, and no other, must carry the tag")


def test_check_notices_a_comment_that_jupytext_takes_for_a_command(copy):
    copy.write_text(LESSON.replace("import base64\n", "# cat pictures come later\n"), encoding="utf-8")
    assert "cell [1] opens differently in JupyterLab" in build.source_problems(copy)[0]


def test_check_wants_a_jupytext_header(copy):
    copy.write_text("x = 1\n", encoding="utf-8")
    assert "is not in percent format" in build.source_problems(copy)[0]


# --- nbval --------------------------------------------------------------------------------------------------


def run_nbval(source: Path, *options: str, **environment: str) -> str:
    folder = source.parents[1]
    shutil.copy(build.NOTEBOOKS / "conftest.py", folder)
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
    nb = new_notebook(cells=[cell], metadata=nbformat.from_dict(build.NOTEBOOK_METADATA))
    save(nb, source)
    assert "1 passed" in run_nbval(source)
    cell.outputs[0].text = "1.4142135623730952\n"
    save(nb, source)
    said = run_nbval(source)
    assert "1 failed" in said and "1.4142135623730952" in said, said
