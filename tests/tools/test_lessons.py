"""tools/lessons.py on a tiny lesson: the notebook that a source gives."""

from pathlib import Path

import jupytext
import pytest
from tiny import ANSWER, LESSON, MARK, code_cells, read, write_lesson

from tools import lessons, lint


def test_the_source_opens_as_the_same_notebook_in_jupyter(built):
    opened = jupytext.read(built)
    assert opened.metadata.jupytext.text_representation.format_name == "percent"
    assert len(opened.cells) == len(read(built).cells)
    assert lint.source_problems(built) == []



def test_cell_ids_follow_the_text_of_the_cells(tmp_path):
    source = write_lesson(tmp_path)
    before = [cell.id for cell in lessons.read_lesson(source).cells]
    source.write_text(LESSON.replace("# %%\nprint(", "# %%\n1\n\n# %%\nprint(", 1), encoding="utf-8")
    after = [cell.id for cell in lessons.read_lesson(source).cells]
    assert len(set(before)) == len(before)
    assert [name for name in after if name in before] == before and len(after) == len(before) + 1



def set_repository(source: Path, address: str) -> None:
    settings = source.parents[2] / "pyproject.toml"
    settings.write_text(f'[tool.ganlib]\nrepository = "{address}"\n', encoding="utf-8")



SET_UP = LESSON.replace("from IPython", 'repository = ""  # none\nfrom IPython')



def test_the_address_goes_into_the_set_up_cell_and_a_badge(tmp_path):
    source = write_lesson(tmp_path, SET_UP)
    plain = lessons.read_lesson(source)
    set_repository(source, "")
    assert lessons.read_lesson(source) == plain and "colab" not in str(plain)
    set_repository(source, "https://github.com/ann/gans.git")
    lesson, solution = lessons.read_lesson(source), lessons.read_lesson(source, solution=True)
    colab = "https://colab.research.google.com"
    place = f"{colab}/github/ann/gans/blob/main/notebooks"
    assert lesson.cells[0].source.startswith(
        f"# A tiny lesson\n\n[![Open in Colab]({colab}/assets/colab-badge.svg)]({place}/01_tiny.ipynb)\n"
    )
    assert f"]({place}/solutions/01_tiny.ipynb)" in "".join(cell.source for cell in solution.cells[:2])
    for nb in (lesson, solution):
        assert 'repository = "https://github.com/ann/gans"  # none\n' in code_cells(nb)[0].source
    set_repository(source, "https://example.org/ann/gans/")  # Colab opens notebooks of GitHub only
    assert lessons.read_lesson(source).cells[0] == plain.cells[0]
    assert 'repository = "https://example.org/ann/gans"' in code_cells(lessons.read_lesson(source))[0].source



@pytest.mark.parametrize("address", ["github.com/ann/gans", "https://a b", "https://x')", "git@github.com:ann/gans"])
def test_an_address_that_is_none_is_refused(tmp_path, address):
    source = write_lesson(tmp_path, SET_UP)
    set_repository(source, address)
    with pytest.raises(lessons.BuildError, match="is no address"):
        lessons.read_lesson(source)



def test_a_changed_address_asks_for_a_new_build(copy):
    set_repository(copy, "https://github.com/ann/gans")
    assert lint.stale_reasons(lessons.lesson_path(copy)) == [
        "the repository in pyproject.toml has changed since the build: build lesson 01 again."
    ]



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
    with pytest.raises(lessons.BuildError) as error:
        lessons.read_lesson(write_lesson(tmp_path, text))
    assert sentence in str(error.value)



def test_links_of_the_solutions_go_one_folder_up(built):
    note, title = read(built, solution=True).cells[:2]
    assert "](../01_tiny.ipynb)" in note.source
    assert (
        "](../02_next.ipynb)" in title.source and "](https://" in title.source and "](#part)" in title.source
    )
