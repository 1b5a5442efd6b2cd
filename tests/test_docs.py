"""docs/conclusions.md and docs/article.md: complete tables that name only what is there.

conclusions.md has a section `## NN · Title` for each lesson, with a table of three columns: conclusion, strongest
rival, and the run that excludes it. A run is named by a section of the lesson ("section 4"), by "Further", by a cell
("cell [12]") or by a page of docs. Where there is none, the sentence is "worded" as a guess, "not said", or true "by"
definition. article.md has tables without empty cells; what it names of a lesson is named as "02 §4".
"""

import re
from pathlib import Path

import pytest

from tools.lessons import lesson_sources, read_lesson

DOCS = Path(__file__).resolve().parent.parent / "docs"
LESSONS = {source.stem[:2]: read_lesson(source) for source in lesson_sources()}
SECTION = r"(?:§ ?|\bsections? )(\d+)"
RUN = re.compile(rf"{SECTION}|\bFurther\b|cells? \[\d+\]|docs/\w+\.md")
NO_RUN = re.compile(r"^(worded|not said|not told|by definition|by continuity)")


def rows(text: str) -> list[list[str]]:
    """The rows of all tables in a text, without headings; a bar in code or after a backslash is no border."""
    found = []
    lines = text.splitlines()
    for k, line in enumerate(lines):
        if not line.startswith("|") or re.fullmatch(r"[|: -]+", line):
            continue
        if k + 1 < len(lines) and re.fullmatch(r"\|[|: -]+", lines[k + 1]):
            continue
        line = re.sub(r"`[^`]*`", lambda code: code[0].replace("|", "\0"), line).replace("\\|", "\0")
        found.append([part.strip().replace("\0", "|") for part in line.strip().strip("|").split("|")])
    return found


def sections(nb) -> set[str]:
    """The numbers of a lesson's sections: "## 4 · Name" gives "4"."""
    text = "\n".join(cell.source for cell in nb.cells if cell.cell_type == "markdown")
    return set(re.findall(r"^#+ +(\d+)(?: ·|\.)", text, re.MULTILINE))


def missing(number: str, text: str) -> list[str]:
    """What a text names of a lesson that the lesson does not have."""
    nb = LESSONS[number]
    cells = sum(cell.cell_type == "code" for cell in nb.cells)
    found = [f"§{name}" for name in re.findall(SECTION, text) if name not in sections(nb)]
    return found + [f"cell [{k}]" for k in re.findall(r"cells? \[(\d+)\]", text) if not 0 < int(k) <= cells]


def conclusion_problems(text: str) -> list[str]:
    """What is wrong with the table of conclusions."""
    parts = dict(re.findall(r"^## (\d\d)\b.*?\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    found = [f"lesson {number} has no row" for number in LESSONS if not rows(parts.get(number, ""))]
    for number, part in parts.items():
        for row in rows(part):
            where = f"lesson {number}, “{' | '.join(row)[:60]}”"
            if number not in LESSONS:
                found.append(f"{where}: there is no such lesson")
            elif len(row) != 3 or not all(row):
                found.append(f"{where}: needs three cells, none of them empty")
            elif not RUN.search(row[2]) and not NO_RUN.search(row[2]):
                found.append(f"{where}: name the section or cell of the run, or say “worded as a guess”")
            else:
                found += [f"{where}: the lesson has no {what}" for what in missing(number, row[2])]
    return found


def article_problems(text: str) -> list[str]:
    """What is wrong with the page about the article."""
    table = rows(text)
    found = [] if table else ["has no table"]
    found += [f"“{' | '.join(row)[:60]}”: an empty cell" for row in table if not all(row)]
    for number, rest in re.findall(r"\b(\d\d),? ((?:§ ?\d+|cells? \[\d+\]|,? (?:and )?)+)", text):
        there = missing(number, rest) if number in LESSONS else [f"lesson {number}"]
        found += [f"names {what} of lesson {number}, which is not there" for what in there]
    return found


@pytest.mark.parametrize(
    ("name", "check"), [("conclusions.md", conclusion_problems), ("article.md", article_problems)]
)
def test_the_page_is_complete(name, check):
    assert (DOCS / name).exists(), f"docs/{name} is not there"
    found = check((DOCS / name).read_text(encoding="utf-8"))
    assert not found, "\n".join(found)


HEAD = "| conclusion | rival | run |\n|---|---|---|\n"


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("| c | r | section 1, cell [3] |", None),
        ("| c with `a | b` | r | worded as a guess |", None),
        ("| c |  | section 1 |", "needs three cells"),
        ("| c | section 1 |", "needs three cells"),
        ("| c | r | somewhere |", "name the section or cell"),
        ("| c | r | the wording is a guess |", "name the section or cell"),
        ("| c | r | section 99 |", "the lesson has no §99"),
        ("| c | r | cell [999] |", "the lesson has no cell [999]"),
        ("", "lesson 02 has no row"),
    ],
)
def test_a_bad_row_is_found(row, problem):
    found = conclusion_problems(f"# x\n\n## 02 Title\n\n{HEAD}{row}\n")
    found = [text for text in found if not re.fullmatch(r"lesson (?!02)\d\d has no row", text)]
    assert found == [] if problem is None else any(problem in text for text in found), found


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("| a | b |\n|---|---|\n| x | 02 §1 |", None),
        ("| a | b |\n|---|---|\n| x | |", "an empty cell"),
        ("| a | b |\n|---|---|\n| x | 02 §99 |", "names §99 of lesson 02"),
        ("no table", "has no table"),
    ],
)
def test_a_bad_page_about_the_article_is_found(text, problem):
    found = article_problems(text)
    assert found == [] if problem is None else any(problem in one for one in found), found
