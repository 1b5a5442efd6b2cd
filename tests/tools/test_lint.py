"""tools/lint.py on a tiny lesson: every defect is injected into a good notebook."""

import base64
import shutil

import pytest
from nbformat.v4 import new_output
from tiny import LESSON, code_cells, read, save, write_lesson

from tools import lessons, lint


def test_a_built_lesson_has_no_problems(built):
    assert lint.problems(lessons.lesson_path(built)) == []
    assert lint.problems(lessons.lesson_path(built, solution=True)) == []
    assert lint.check(built.parents[1]) == ([], [])



def test_a_folder_without_lessons_is_not_up_to_date(tmp_path, capsys):
    with pytest.raises(SystemExit):
        lint.main([], tmp_path / "notebooks")
    assert "notebooks/source holds no lesson" in capsys.readouterr().err



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
    path = lessons.lesson_path(copy)
    nb = read(copy)
    inject(nb)
    save(nb, copy)
    found = lint.problems(path)
    assert any(problem.startswith("01_tiny.ipynb: ") and sentence in problem for problem in found), found
    assert all(problem.endswith(".") and "\n" not in problem for problem in found), found



def test_the_static_gate_finds_the_path_of_the_checkout_itself(copy):
    nb = read(copy)
    stream(first(nb), f"saved in {copy.parents[2].resolve()}")
    save(nb, copy)
    assert any(
        "absolute path in its output" in problem for problem in lint.problems(lessons.lesson_path(copy))
    )



@pytest.mark.parametrize(
    "text",
    ["see https://example.org/home/ann", "../tmp/x", "either/or", "loss:\n1", "C: 3", "runs/tmp/x", "x/root"],
)
def test_the_static_gate_takes_no_ordinary_text_for_a_path(copy, text):
    nb = read(copy)
    stream(first(nb), text)
    save(nb, copy)
    assert lint.problems(lessons.lesson_path(copy)) == []



def checked(source, capsys):
    status = lint.main([], source.parents[1])
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
    lessons.lesson_path(copy, solution=True).unlink()
    shutil.copy(lessons.lesson_path(copy), lessons.lesson_path(copy).with_name("09_gone.ipynb"))
    lessons.lesson_path(copy).write_text("{", encoding="utf-8")
    status, said = checked(copy, capsys)
    assert status == 1
    assert "solutions/01_tiny.ipynb: not built yet" in said
    assert "09_gone.ipynb: no source gives this notebook" in said
    assert "01_tiny.ipynb: is not a valid notebook" in said



def test_check_wants_the_same_set_up_cell_first_in_every_lesson(copy):
    write_lesson(copy.parents[2], LESSON.replace("import base64\n", "import base64 \n"), "02_other")
    write_lesson(copy.parents[2], LESSON.replace(' tags=["setup"]', ""), "03_none")
    found = lint.setup_problems(copy.parents[1])
    assert len(found) == 2
    assert found[0].startswith("02_other.py: its set-up cell differs from that of 01_tiny.py")
    assert found[1].startswith("03_none.py: its first code cell, and no other, must carry the tag")



def test_check_notices_a_comment_that_jupytext_takes_for_a_command(copy):
    copy.write_text(LESSON.replace("import base64\n", "# cat pictures come later\n"), encoding="utf-8")
    assert "cell [1] opens differently in JupyterLab" in lint.source_problems(copy)[0]



def test_check_wants_a_jupytext_header(copy):
    copy.write_text("x = 1\n", encoding="utf-8")
    assert "is not in percent format" in lint.source_problems(copy)[0]
