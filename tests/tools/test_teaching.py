"""The teacher's pages: as the lessons and checks are now, complete, and with links that lead somewhere."""

import ast
import re

import pytest

from tools import assignment, cuts, prose, shape, shown, teaching
from tools.exercises import of_lesson, source_of
from tools.lessons import NOTEBOOKS, lesson_sources, percent, tags_of
from tools.mistakes import mistakes

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
    parts = ("Objectives", "90 minutes", "Questions to ask", "When they are stuck", "What learners usually get wrong")
    for part in (*parts, "On the projector", "What to skip"):
        assert f"## {part}" in text
    times = [tuple(map(int, pair)) for pair in re.findall(r"^\| (\d+)–(\d+) \|", text, re.MULTILINE)]
    assert times[0][0] == 0 and times[-1] == (85, 90)
    assert all(one[1] == other[0] for one, other in zip(times, times[1:], strict=False))


@pytest.mark.parametrize("path", [path for path in PAGES if path.stem != "README"], ids=lambda path: path.stem)
def test_the_minutes_of_a_row_add_up(path):
    rows = re.findall(r"^\| (\d+)–(\d+) \| .*? \| .*? \| (\d*) *\| (\d*) *\| (\d*) *\|$", PAGES[path], re.MULTILINE)
    assert len(rows) > 6
    for row in rows:
        begin, end, *parts = (int(value or 0) for value in row)
        assert end - begin == sum(parts) > 0, row


@pytest.mark.parametrize("source", lesson_sources(), ids=lambda source: source.stem)
def test_exercises_have_the_minutes_of_the_lesson(source):
    core = [one for one in teaching.sections(source) if not one.further]
    for section, *_, minutes in teaching.timed(core)[1]:
        stated = [re.search(r"\((\d+) minutes?\)", exercise.text) for exercise in section.exercises]
        assert minutes == sum(int(one[1]) if one else teaching.EXERCISE for one in stated)


@pytest.mark.parametrize("source", lesson_sources(), ids=lambda source: source.stem)
def test_nobody_is_blocked_as_the_page_says(source):
    """After an exercise its answer stands in `use(…)`, which falls back on the course's own, before anything else."""
    text = PAGES[FOLDER / f"{source.stem}.md"]
    for exercise in of_lesson(source):
        assert f"```python\n{exercise.solution}\n```\n</details>" in text
        cells = [cell for cell in percent(source).cells if cell.cell_type == "code"]
        own = [k for k, cell in enumerate(cells) if "exercise" in tags_of(cell) and exercise.stub in cell.source]
        for node in (node for cell in cells[own[0] + 1 :] for node in ast.parse(cell.source).body):
            if exercise.answer in shape.names(node)[1]:
                calls = [part for part in ast.walk(node) if isinstance(part, ast.Call)]
                assert any(getattr(call.func, "id", "") in ("use", "use_in_training") for call in calls), exercise.title
                break


@pytest.mark.parametrize("source", lesson_sources(), ids=lambda source: source.stem)
def test_what_is_handed_out_points_at_nothing_that_is_not_there(source):
    """An assignment has no next cell and no film; it has what an exercise builds on."""
    module = NOTEBOOKS.parent / "ganlib" / "lessons" / "exercises" / f"lesson{source.stem[:2]}.py"
    said = module.read_text(encoding="utf-8") if module.exists() else ""
    lesson = r"[Nn]ext cells?\b|\b(?:film|cell|picture) (?:below|above)|rest of the lesson|uses? (?:it|your function)\b"
    assert not re.findall(lesson, said)
    for exercise in of_lesson(source):
        asked = assignment._asked(exercise)
        assert not re.findall(lesson, asked) and exercise.before in asked and len(asked.split()) > 20


def test_only_three_mistakes_are_not_folded_and_certain_ones_lead():
    text = PAGES[FOLDER / "02_generator_and_discriminator.md"]
    (wrong,) = re.findall(r"^## What learners.*?(?=^## )", text, re.MULTILINE | re.DOTALL)
    for part in re.split(r"^\*\*Exercise", wrong, flags=re.MULTILINE)[1:]:
        assert part.split("<details>")[0].count("\n* ") <= 3
    step = mistakes(of_lesson(source_of("02"))[2], NOTEBOOKS)
    assert "labels are swapped" in step[0] and "sign of G's loss" in step[1]
    assert step.index("D's loss is half of what it should be: add the two means.") < min(
        k for k, one in enumerate(step) if "right after your step" in one or "not moved at all" in one)  # fmt: skip


def test_a_question_has_its_section_and_what_stands_before_it():
    text = PAGES[FOLDER / "02_generator_and_discriminator.md"]
    assert "* *Section 5, “G alone”.* Now D is held still, and G moves." in text
    assert "film: “Both, in turns: your step”" in text and "4: “the two phases”" in text


def test_pieces_of_text():
    text = """Before. So it is:

$$x
= 1$$

<details><summary><b>Predict:</b> is it?</summary>

Yes.

Quite.
</details>

### Exercise 1: count (3 minutes)

Count.

<details><summary>Hint</summary>One.</details>
"""
    found = list(prose.blocks(text))
    assert [block.kind for block in found] == ["prose", "formula", "question", "exercise", "prose", "hint"]
    assert prose.question(found[2]) == ("Is it?", "Yes.\n\nQuite.")
    assert prose.setup(found[:2]) == "Before. So it is: $$x\n= 1$$"  # "So" leans on the sentence before
    assert prose.before(found[:3]) == [] and prose.before(found[:3], passed=("question",)) == found[:2]


def test_what_may_be_cut_is_needed_nowhere():
    found = {source.stem[:2]: cuts.spare(source) for source in lesson_sources()}
    assert ("5 · Watch it play", "Break it") in found["02"] and all(found.values())
    assert not [pair for pair in found["02"] if pair[0][:1] in "234"]  # exercises, and what they lead to
    assert ("4 · Diagnosis before cure", "") not in found["04"]  # it makes a function that section 5 calls
    assert cuts.reads("a = [b for b in c]\nd = a") == {"c"} and cuts.reads("a = a + 1") == {"a"}
    assert cuts.made("for x in y:\n    z = x") == {"x", "z"}


def test_what_a_cell_shows():
    code = 'pictures.show(pictures.dots(rows, "loss", title="A is nearest"), alt="Three rows.")'
    assert shown.pictures(code) == ["A is nearest"]
    assert shown.pictures("pictures.show(pictures.two_phases(), alt=ALT)") == ["the two phases"]
    assert shown.pictures("def look():\n    pictures.show(pictures.two_phases())") == []
    assert shown.films('alt = "It grows. Then it ends."\npictures.player(frames, captions, alt=alt)') == ["It grows"]


@pytest.mark.parametrize("source", lesson_sources(), ids=lambda source: source.stem)
def test_every_exercise_that_a_check_takes_alone_has_sentences(source):
    for exercise in of_lesson(source):
        if exercise.alone:
            assert len(mistakes(exercise, NOTEBOOKS)) >= 2, exercise.check


def test_sentences_are_those_of_the_exercise_and_of_no_other():
    ring, best = of_lesson(source_of("02"))[:2]
    assert any("last mode lies on your first" in line for line in mistakes(ring, NOTEBOOKS))
    assert not set(mistakes(ring, NOTEBOOKS)) & set(mistakes(best, NOTEBOOKS))


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
