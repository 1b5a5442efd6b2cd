"""The pages of a graded batch, each one file without script: one a student, and one for the teacher."""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import quote

from tools.exercises import Exercise
from tools.handed_in import Submission

if TYPE_CHECKING:
    from typing import Any

STYLE = """
:root { color-scheme: light dark; }
body { font: 17px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid #8886; vertical-align: top; }
h2 { font-size: 1.1rem; margin: 1.6rem 0 .2rem; }
p { margin: .2rem 0; }
.right { color: #00785a; } .other { color: #b04a00; }
@media (prefers-color-scheme: dark) { .right { color: #4fd1a5; } .other { color: #ffab70; } }
.note { opacity: .75; font-size: .9rem; }
"""
SIGNS = {"right": "✓", "blank": "–"}


def page(title: str, body: str) -> str:
    """A whole page; `body` is HTML already."""
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    top = f'<!doctype html>\n<html lang="en">\n<head>{head}<style>{STYLE}</style></head>'
    return f"{top}\n<body>\n{body}\n</body>\n</html>\n"


def escape(text: object) -> str:
    # Lone surrogates, as a notebook can hold them, cannot be written as UTF-8.
    return html.escape(str(text).encode("utf-8", "replace").decode("utf-8"))


def names(students: list[Submission]) -> list[str]:
    """A path for each student's page, made of what every system allows, no two alike; for Moodle where it looks."""
    found: list[str] = []
    for one in students:
        if one.place:
            found.append(f"{one.place}feedback.html")
            continue
        plain = unicodedata.normalize("NFC", f"{one.name} {one.number}".strip())
        base = re.sub(r"[^\w.-]+", "_", plain).strip("._")[:80] or "student"
        name, k = f"{base}.html", 2
        while name.casefold() in {other.casefold() for other in found}:
            name, k = f"{base}-{k}.html", k + 1
        found.append(name)
    return found


def feedback(one: Any, exercises: list[Exercise]) -> str:
    """The page of a student: every exercise with the sentence of its check."""
    parts = [f"<h1>{escape(one.submission.name)}: {one.points} of {len(exercises)}</h1>"]
    parts += [f'<p class="note">{escape(note)}</p>' for note in one.submission.notes]
    for exercise in exercises:
        mark = one.marks[exercise.check]
        kind = "right" if mark.points else "other"
        sign = SIGNS.get(mark.state, "✗")
        parts.append(f"<h2>{escape(exercise.title)}</h2>")
        parts.append(f'<p class="{kind}">{sign} {escape(mark.text)}</p>')
        if mark.note:
            parts.append(f'<p class="note">{escape(mark.note)}</p>')
    return page(f"{one.submission.name}: feedback", "\n".join(parts))


def overview(graded: list[Any], exercises: list[Exercise], pages: list[str], report: dict[str, str]) -> str:
    """The teacher's page: the grades, what went wrong how often, and how the answers were run."""
    parts = [f"<h1>Lesson {escape(report['lesson'])}: {len(graded)} students</h1>", _grades(graded, exercises, pages)]
    for exercise in exercises:
        marks = [one.marks[exercise.check] for one in graded]
        right = sum(mark.points for mark in marks)
        parts.append(f"<h2>{escape(exercise.title)}: {right} of {len(marks)} right</h2>")
        said = Counter(mark.text for mark in marks if not mark.points)
        rows = "".join(f"<li>{count} × {escape(text)}</li>" for text, count in said.most_common(8))
        parts.append(f"<ul>{rows}</ul>" if rows else "")
    parts.append("<h2>How the answers were run</h2>")
    parts.append("<p>Each in a process of its own, with limits. No sandbox: answers read what their user can read.</p>")
    parts.append("<ul>" + "".join(f"<li>{escape(k)}: {escape(v)}</li>" for k, v in report.items()) + "</ul>")
    return page("Grades", "\n".join(filter(None, parts)))


def _grades(graded: list[Any], exercises: list[Exercise], pages: list[str]) -> str:
    heads = "".join(f"<th>{escape(e.check.replace('_', ' '))}</th>" for e in exercises)
    rows = []
    for one, name in zip(graded, pages, strict=True):
        cells = "".join(_sign(one.marks[e.check]) for e in exercises)
        link = f'<a href="feedback/{quote(name)}">{escape(one.submission.name)}</a>'
        rows.append(f"<tr><td>{link}</td>{cells}<td>{one.points}</td></tr>")
    return f"<table><tr><th>student</th>{heads}<th>points</th></tr>\n" + "\n".join(rows) + "\n</table>"


def _sign(mark: Any) -> str:
    sign, kind = SIGNS.get(mark.state, "✗"), "right" if mark.points else "other"
    return f'<td class="{kind}" title="{escape(mark.text)}">{sign}</td>'
