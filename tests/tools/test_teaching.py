"""The teacher's pages: as the lessons and checks are now, complete, and with links that lead somewhere."""

import re

import pytest

from tools import teaching
from tools.exercises import of_lesson, source_of
from tools.lessons import NOTEBOOKS, lesson_sources

FOLDER = NOTEBOOKS.parent / "teaching"
PAGES = teaching.pages()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_the_page_is_what_lesson_and_checks_say_now(path):
    assert path.exists() and path.read_text(encoding="utf-8") == PAGES[path], "type  python3 course.py teaching"


def test_there_is_no_page_of_a_lesson_that_is_gone():
    assert {path.stem for path in FOLDER.glob("[0-9]*.md")} == {source.stem for source in lesson_sources()}


@pytest.mark.parametrize("path", [path for path in PAGES if path.stem != "README"], ids=lambda path: path.stem)
def test_a_page_has_all_its_parts_and_fills_the_class(path):
    text = PAGES[path]
    for part in ("Objectives", "90 minutes", "Questions to ask", "What learners usually get wrong", "On the projector"):
        assert f"## {part}" in text
    times = [tuple(map(int, pair)) for pair in re.findall(r"^\| (\d+)–(\d+) \|", text, re.MULTILINE)]
    assert times[0][0] == 0 and times[-1] == (85, 90)
    assert all(one[1] == other[0] for one, other in zip(times, times[1:], strict=False))


@pytest.mark.parametrize("source", lesson_sources(), ids=lambda source: source.stem)
def test_every_exercise_that_a_check_takes_alone_has_sentences(source):
    for exercise in of_lesson(source):
        if exercise.alone:
            assert len(teaching.mistakes(exercise, NOTEBOOKS)) >= 2, exercise.check


def test_sentences_are_those_of_the_exercise_and_of_no_other():
    ring, best = of_lesson(source_of("02"))[:2]
    assert any("last mode lies on your first" in line for line in teaching.mistakes(ring, NOTEBOOKS))
    assert not set(teaching.mistakes(ring, NOTEBOOKS)) & set(teaching.mistakes(best, NOTEBOOKS))


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.md")), ids=lambda path: path.stem)
def test_links_lead_somewhere(path):
    text = re.sub(r"`[^`]*`", "", path.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", text):
        assert (path.parent / target).exists(), target


def test_the_table_names_every_lesson():
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert not [source.stem for source in lesson_sources() if f"({source.stem}.md)" not in text]


def test_the_plans_name_sections_that_are_there():
    """`[02](02_x.md), section 4` and, further down, `02, section 4`."""
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"(?<![\d:–-])(\d\d)(?:\]\([\w.]+\))?, sections? (\d+)(?:(?: to |, )(\d+))?", text)
    assert len(named) > 8
    for number, *wanted in named:
        (source,) = NOTEBOOKS.glob(f"source/{number}_*.py")
        there = {one.title.split(" · ")[0] for one in teaching.sections(source)}
        assert set(filter(None, wanted)) <= there, number
