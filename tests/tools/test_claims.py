"""tools/claims.py: what counts as a claim, and the table of them."""

import os
from contextlib import redirect_stdout
from io import StringIO

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from ganlib.lessons.claims import ClaimError, claim
from tools import claims, lessons, lint

SOURCE = '''\
# %% tags=["setup"]
import os

# %% [markdown]
# ## Two words
# and $x = 1$ more.

# %% tags=["nbval-check-output"]
print()

# %% [markdown] tags=["further"]
# ## Further: more

# %% tags=["exercise"]
x = ...

y = ...
# solution
x = 1

# %% [markdown]
# ## End
'''


def printed(*arguments, **options) -> str:
    """The line that a claim prints, or the message that it raises."""
    with redirect_stdout(StringIO()) as out:
        try:
            claim(*arguments, **options)
        except ClaimError as error:
            return str(error)
    return out.getvalue()


@pytest.mark.parametrize(
    ("arguments", "options", "figures", "verdict"),
    [
        (("log 2 (the loss) is right", 0.693147), {"equals": 0.6931471806, "within": 1e-6},
         "0.693147, expected 0.693147 ± 1e-06", "true"),
        (("a count", 8), {"equals": 8}, "8, expected 8", "true"),
        (("negative", -1.5), {"below": 0}, "-1.5 < 0", "true"),
        (("large", float("inf")), {"above": 1e300}, "inf > 1e+300", "true"),
        (("between", 0.5), {"above": 0.25, "below": 0.75}, "0.25 < 0.5 < 0.75", "true"),
        (("a condition (any)", True), {}, "condition", "true"),
        (("too large", 3.0), {"below": 2}, "3 < 2", "FALSE"),
        (("not so", False), {}, "condition", "FALSE"),
    ],
)  # fmt: skip
def test_every_kind_of_claim_is_read_back(arguments, options, figures, verdict):
    assert claims.read_claim(printed(*arguments, **options)) == claims.Claim(arguments[0], figures, verdict)


def test_a_claim_of_a_smoke_run_is_not_checked(monkeypatch):
    monkeypatch.setenv("GANLIB_SMOKE", "1")
    line = printed("sharp", 3.0, above=1, quality=True)
    assert claims.read_claim(line) == claims.Claim("sharp", "", "not checked")


@pytest.mark.parametrize(
    "line", ["", "✓ Right: 9 is right.", "✗ Not yet: no.", "– Not answered yet: dots.", "– a list", "a ✓ b"]
)
def test_other_lines_are_no_claims(line):
    assert claims.read_claim(line) is None


@pytest.fixture
def folder(tmp_path):
    """A notebooks folder with lesson 01, saved with three claims, and lesson 02, which is not built."""
    for name in ("01_a.py", "02_b.py"):
        (tmp_path / "notebooks" / "source").mkdir(parents=True, exist_ok=True)
        (tmp_path / "notebooks" / "source" / name).write_text(SOURCE, encoding="utf-8")
    (tmp_path / "ganlib").mkdir()
    text = "✓ one\nmore\n✓ two (1 > 0)\n✓ Right: yes\n"
    cells = [new_code_cell("print()\n\nprint()\nprint()", outputs=[new_output("stream", name="stdout", text=text)])]
    cells += [new_code_cell("1", metadata={"tags": ["nbval-check-output", "exercise"]})]
    cells[1].outputs = [new_output("stream", name="stdout", text="✓ three (2, expected 2)\n")]
    path = tmp_path / "notebooks" / "01_a.ipynb"
    path.write_text(nbformat.writes(new_notebook(cells=cells, metadata={"course": {"seconds": 7}})), encoding="utf-8")
    return tmp_path / "notebooks"


def test_the_table_and_its_totals(folder, capsys, monkeypatch):
    monkeypatch.setattr(lint, "stale_reasons", lambda path: [])
    assert claims.main(["1"], folder) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines[:3]] == [
        ["01", "one", "condition", "true"],
        ["01", "two", "1", ">", "0", "true"],
        ["01", "three", "2,", "expected", "2", "true"],
    ]
    assert lines[4:] == [
        "01  3 claims, 7 s at the build, 1 compared cells",
        "    core path  4 cells, 6 words, 0 exercises, median 1 lines of code",
        "    whole      6 cells, 8 words, 1 exercises, median 1 lines of code",
        "All 3 claims, 3 of them true",
    ]


def test_a_false_claim_and_an_unbuilt_lesson_are_told(folder, capsys):
    assert claims.main([], folder) == 1
    assert "Not built since their last change: 01 02." in capsys.readouterr().err
    path = folder / "01_a.ipynb"
    nb = nbformat.read(path, as_version=4)
    error = new_output("error", ename="ClaimError", evalue=printed("four", 3.0, below=2), traceback=[])
    nb.cells[1].outputs.append(error)
    path.write_text(nbformat.writes(nb), encoding="utf-8")
    assert claims.main(["01"], folder) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[3].split() == ["01", "four", "3", "<", "2", "FALSE"] and said[-1] == "All 4 claims, 3 of them true"


def test_no_claim_of_a_built_lesson_is_overlooked():
    for path in lessons.notebooks():
        if path.parent.name == "solutions":
            continue
        nb = nbformat.read(path, as_version=4)
        ticks = [
            line
            for cell in nb.cells
            for output in cell.get("outputs", [])
            for line in output.get("text", "").splitlines()
            if "✓" in line and "✓ Right" not in line
        ]
        assert len(claims.claims(path)) == len(ticks), os.path.basename(path)
