"""tools/shape.py: the core path, its size and its limits."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from tiny import LESSON, read, save, write_lesson

from tools import lessons, lint, shape


def text(source, *tags):
    return new_markdown_cell(source, metadata={"tags": list(tags)} if tags else {})


def code(source, *tags):
    return new_code_cell(source, metadata={"tags": list(tags)} if tags else {})


@pytest.mark.parametrize(
    ("cells", "further"),
    [
        (["# a", "x"], "--"),
        (["## a !", "x", "## b", "x"], "++--"),
        (["## a !", "### b", "x", "## c"], "+++-"),
        (["## a !", "# b"], "+-"),
        (["## a !", "## b !", "x", "## c"], "+++-"),
        (["### a !", "x", "## b !", "### c", "## d"], "++++-"),
        (["## a !", "### b !", "x", "### c", "## d"], "++++-"),
        (["### a !", "x", "### b", "x"], "++--"),
        (["## a !", "```\n# no heading\n```", "x", "## b"], "+++-"),
        (["## a !", "some text\n\n## b"], "+-"),
        (["## a", "x", "#### b !", "x"], "--++"),
    ],
)
def test_a_part_ends_at_the_next_untagged_heading_of_its_rank(cells, further):
    made = [code("x") if c == "x" else text(c.removesuffix(" !"), *["further"] * c.endswith(" !")) for c in cells]
    assert shape.further_cells(new_notebook(cells=made)) == [sign == "+" for sign in further]


@pytest.mark.parametrize(
    ("markdown", "count"),
    [
        ("Three plain words.", 3),
        ("**Bold**, *it's* well-known: 2,000 of `x = 1`", 7),
        ("a [link](https://example.org/one/two three) here", 3),
        ("<details><summary><b>Predict:</b> why?</summary>\n\nBecause it is folded.\n</details>", 6),
        ("![a picture of it](x.png)", 4),
        ("so $a + b\n= c$ and $$p_G(x) = \\frac{p_z(z)}{G'(z)} .$$ end", 5),
        ("before\n```python\nx = 1  # many words\n```\nafter", 2),
        ("costs \\$5 and \\$6", 4),
        ("| a | b |\n|---|---|\n| 1 | 2 |", 4),
        ("", 0),
    ],
)
def test_words_of_prose(markdown, count):
    assert shape.words(markdown) == count


FURTHER = LESSON.replace(
    "# %% [markdown]\n# Write the square of x.", '# %% [markdown] tags=["further"]\n# ## Further: a square'
)


def test_a_further_part_is_folded_in_jupyterlab_and_colab(tmp_path):
    nb = lessons.read_lesson(write_lesson(tmp_path, FURTHER))
    (heading,) = [cell for cell in nb.cells if "further" in lessons.tags_of(cell)]
    assert heading.metadata["jp-MarkdownHeadingCollapsed"] is True
    assert nb.metadata.colab.collapsed_sections == [heading.id] == [heading.metadata.id]
    nbformat.validate(nb)
    assert "colab" not in lessons.read_lesson(write_lesson(tmp_path)).metadata
    core, whole = shape.sizes(nb)
    assert (core.cells, core.exercises, whole.cells, whole.exercises) == (4, 0, 8, 1)


def found(cells, path="01_tiny.ipynb", seconds=1, folder="notebooks"):
    nb = new_notebook(cells=cells, metadata={"course": {"seconds": seconds}})
    return list(shape.problems(lessons.Path(folder) / path, nb))


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        ([text("no heading", "further")], 'the text before cell [1] has the tag "further" but no heading'),
        ([text("text\n## a", "further")], "begins an optional part below its first line"),
        ([text("## a", "further"), code("x"), text("text\n## b")], "after cell [1] ends an optional part below"),
        ([text("## a\n## b", "further")], "has a second heading of its rank"),
        ([text("### a\n## b", "further")], "has a second heading of its rank"),
        ([text("## a", "further"), code("1", "setup")], "cell [1] is the set-up and stands in an optional part"),
        (
            [text("## a", "further"), code("def f(): pass"), text("## b"), code("g = [f() for i in range(3)]")],
            "cell [2] uses f from the optional part (cell [1])",
        ),
        ([text("## a", "further"), code("import os"), text("## b"), code("os.sep")], "cell [2] uses os from"),
        ([text("word " * 2001)], "its core path has 2001 words, the limit is 2000"),
        ([code("x") for _ in range(46)], "its core path has 46 cells, the limit is 45"),
        ([code("x", "exercise") for _ in range(4)], "its core path has 4 exercises, the limit is 3"),
    ],
)
def test_a_bad_shape_is_found(cells, sentence):
    (problem,) = found(cells)
    assert sentence in problem and problem.endswith(".")


@pytest.mark.parametrize(
    "cells",
    [
        [text("## a", "further"), text("word " * 3000), *(code("x", "exercise") for _ in range(50))],
        [code("x = 1"), text("## a", "further"), code("x = 2"), text("## b"), code("print(x)")],
        [text("## a", "further"), code("y = 1"), text("## b"), code("y = 2\nprint(y)")],
        [text("## a", "further"), code("%magic"), text("## b"), code("y = 2\nprint(y)")],
        [text("## a\ntext\n### b", "further")],
        [code("x", "exercise") for _ in range(3)],
    ],
)
def test_a_good_shape_has_no_problem(cells):
    assert found(cells) == []


@pytest.mark.parametrize(
    ("name", "limit"),
    [("01_a", 78), ("03_a", 78), ("04_a", 390), ("05_a", 195), ("06_a", 312), ("07_a", 390), ("08_a", 312)],
)
def test_every_lesson_has_its_seconds(name, limit):
    assert found([], f"{name}.ipynb", limit) == []
    (problem,) = found([], f"{name}.ipynb", limit + 1)
    assert f"the limit is {limit} s" in problem
    assert found([], f"{name}.ipynb", limit + 1, "solutions") == []


def test_other_tags_of_text_are_refused(copy):
    nb = read(copy)
    nb.cells[0].metadata["tags"] = ["exercise"]
    save(nb, copy)
    problems = lint.problems(lessons.lesson_path(copy))
    assert any('has the tag "exercise", known tags are further' in problem for problem in problems), problems
