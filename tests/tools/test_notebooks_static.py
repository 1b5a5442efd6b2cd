"""The static gate: every saved lesson and solutions notebook, without running anything."""

import pytest

from tools import lessons, lint

NOTEBOOKS = lessons.notebooks()


def test_there_are_lessons():
    assert lessons.lesson_sources(), "notebooks/source holds no lesson, so the gate would pass on nothing."
    assert NOTEBOOKS, "notebooks holds no built lesson, so the gate would pass on nothing."


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_saved_notebook_has_no_defect(notebook):
    found = lint.problems(notebook)
    assert not found, "\n" + "\n".join(found)


def test_sources_and_notebooks_agree():
    found, notes = lint.check()
    print("\n".join(notes))
    assert not found, "\n" + "\n".join(found)
