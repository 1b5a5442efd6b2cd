"""Folders of the reader's own, beside a course that only an administrator can write to."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools import lab, own_folder
from tools.own_folder import Refused

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows; servers run Linux")


@pytest.fixture
def course(tmp_path):
    """A small course: two lessons, their solutions, a package, and what is nobody else's."""
    root = tmp_path / "opt" / "course"
    for folder in ("notebooks/solutions", "ganlib", ".git", "runs", "assignment-02", ".venv"):
        (root / folder).mkdir(parents=True)
    for name in ("course.py", "notebooks/01_one.ipynb", "notebooks/02_two.ipynb", "ganlib/gan.py"):
        (root / name).write_text(name, encoding="utf-8")
    return root


def test_lessons_are_copied_and_the_rest_is_linked(course, tmp_path):
    mine = tmp_path / "home" / "gan-lessons"
    assert own_folder.own_folder(mine, course) == (["01_one.ipynb", "02_two.ipynb"], [])
    links = {path.relative_to(mine).as_posix() for path in mine.rglob("*") if path.is_symlink()}
    assert links == {".venv", "course.py", "ganlib", "notebooks/solutions"}
    assert not (mine / "notebooks" / "01_one.ipynb").is_symlink()
    assert (mine / "ganlib" / "gan.py").read_text(encoding="utf-8") == "ganlib/gan.py"


def test_a_second_call_renews_what_is_unchanged_and_keeps_what_the_reader_has_changed(course, tmp_path):
    mine = tmp_path / "mine"
    own_folder.own_folder(mine, course)
    assert own_folder.own_folder(mine, course) == ([], [])
    (mine / "notebooks" / "01_one.ipynb").write_text("my answer", encoding="utf-8")
    for name in ("01_one", "02_two", "03_three"):
        (course / "notebooks" / f"{name}.ipynb").write_text("second edition", encoding="utf-8")
    assert own_folder.own_folder(mine, course) == (["02_two.ipynb", "03_three.ipynb"], ["01_one.ipynb"])
    assert (mine / "notebooks" / "01_one.ipynb").read_text(encoding="utf-8") == "my answer"
    assert (mine / "notebooks" / "02_two.ipynb").read_text(encoding="utf-8") == "second edition"
    (mine / "notebooks" / "01_one.ipynb").unlink()  # to have it anew
    assert own_folder.own_folder(mine, course) == (["01_one.ipynb"], [])


@pytest.mark.parametrize("damage", ["", "no JSON", "[1]"])
def test_without_the_list_of_copies_every_other_lesson_counts_as_changed(course, tmp_path, damage):
    mine = tmp_path / "mine"
    own_folder.own_folder(mine, course)
    (mine / own_folder.COPIED).write_text(damage, encoding="utf-8")
    (course / "notebooks" / "01_one.ipynb").write_text("second edition", encoding="utf-8")
    assert own_folder.own_folder(mine, course) == ([], ["01_one.ipynb"])


def test_a_course_that_has_moved_is_linked_again_and_the_reader_s_own_files_stay(course, tmp_path):
    mine = tmp_path / "mine"
    own_folder.own_folder(mine, course)
    (mine / "ganlib").unlink()
    (mine / "ganlib").mkdir()
    moved = course.rename(course.with_name("moved"))
    own_folder.own_folder(mine, moved)
    assert os.readlink(mine / "course.py") == str(moved / "course.py")
    assert not (mine / "ganlib").is_symlink()


def test_a_folder_in_the_course_and_one_that_cannot_be_made_are_refused(course, tmp_path, monkeypatch, capsys):
    for inside in (course, course / "notebooks" / "mine"):
        with pytest.raises(Refused, match="lies in the course itself"):
            own_folder.own_folder(inside, course)
    (tmp_path / "file").touch()
    with pytest.raises(Refused, match="cannot be made"):
        own_folder.own_folder(tmp_path / "file" / "mine", course)
    assert own_folder.main([str(tmp_path / "file" / "mine")]) == 2
    assert own_folder.main(["--help"]) == 2
    assert capsys.readouterr().err.count("\n") == 2


def test_lab_in_a_read_only_course_says_how_to_have_a_folder_of_one_s_own(monkeypatch, capsys):
    monkeypatch.setattr(lab.os, "access", lambda path, mode: False)
    monkeypatch.setattr(lab.os, "_exit", lambda status: None)
    monkeypatch.setattr(lab.Lab, "launch_instance", lambda arguments: None)
    lab.main([])
    assert "course.py copy" in capsys.readouterr().out.splitlines()[0]


def test_the_set_up_cell_of_a_copied_lesson_finds_the_package_and_the_data_of_the_course(tmp_path):
    """As in a student's kernel: the working folder is that of the copy, and nothing else says where the course is."""
    mine = tmp_path / "gan-lessons"
    own_folder.own_folder(mine)
    nb = json.loads((mine / "notebooks" / "02_generator_and_discriminator.ipynb").read_text(encoding="utf-8"))
    (cell,) = ["".join(one["source"]) for one in nb["cells"] if "setup" in one["metadata"].get("tags", [])]
    program = cell + "\nimport ganlib.data as d; print(ganlib.__file__, d.DATA, d.load_mnist()[0][0].shape, sep='|')"
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [sys.executable, "-P", "-c", program]
    done = subprocess.run(command, cwd=mine / "notebooks", env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].split("|") == [
        str(mine / "ganlib" / "__init__.py"), str(ROOT / "data"), "(60000, 28, 28)",
    ]  # fmt: skip
