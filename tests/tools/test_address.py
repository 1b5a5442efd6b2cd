"""The address of the course, set everywhere by one command; nothing is executed."""

import shutil

import pytest

from tools import address, lint
from tools.lessons import NOTEBOOKS, read_saved

GITHUB = "https://github.com/someone/course"


@pytest.fixture
def root(tmp_path):
    """A copy of the course with its first lesson and the solutions."""
    for folder in ("source", "solutions", ""):
        (tmp_path / "notebooks" / folder).mkdir(parents=True, exist_ok=True)
        for path in (NOTEBOOKS / folder).glob("01_*"):
            shutil.copy(path, tmp_path / "notebooks" / folder)
    shutil.copytree(NOTEBOOKS.parent / "ganlib", tmp_path / "ganlib", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(NOTEBOOKS.parent / "pyproject.toml", tmp_path)
    assert address.main(["none"], tmp_path) == 0  # whatever the course has now
    return tmp_path


def files(root):
    return {path: path.read_bytes() for path in sorted(root.rglob("*.ipynb")) + [root / "pyproject.toml"]}


def test_one_command_sets_the_address_everywhere_and_the_lessons_stay_up_to_date(root, capsys):
    before = files(root)
    assert address.main([GITHUB], root) == 0
    assert lint.check(root / "notebooks")[0] == []
    for path in root.glob("notebooks/**/*.ipynb"):
        nb = read_saved(path)
        text = "\n".join(cell.source for cell in nb.cells)
        assert f'repository = "{GITHUB}"' in text
        assert f"github/someone/course/blob/main/{path.relative_to(root).as_posix()}" in text
        assert nb.metadata.course.repository == GITHUB and any(cell.get("outputs") for cell in nb.cells)
    assert address.main([], root) == 0
    assert capsys.readouterr().out.endswith(f"{GITHUB}\n")
    assert address.main(["none"], root) == 0
    assert files(root) == before


@pytest.mark.parametrize("wrong", ["github.com/someone/course", "ftp://a.b/c", 'https://a.b/"x'])
def test_what_is_no_address_changes_nothing(root, wrong, capsys):
    before = files(root)
    assert address.main([wrong], root) == 2
    assert "is no address" in capsys.readouterr().err
    assert files(root) == before


def test_a_lesson_that_is_out_of_date_is_left_alone_and_named(root, capsys):
    (source,) = root.glob("notebooks/source/01_*.py")
    source.write_text(source.read_text(encoding="utf-8") + "\n# %%\n1 + 1\n", encoding="utf-8")
    before = files(root)
    assert address.main([GITHUB], root) == 1
    assert "has changed since the build: build lesson 01 again" in capsys.readouterr().err
    changed = [path.name for path, content in files(root).items() if content != before[path]]
    assert changed == ["pyproject.toml"]
