"""The tiny lesson, built once."""

import shutil

import pytest
from tiny import write_lesson

from tools import build


@pytest.fixture(scope="session")
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
