"""Make slides of lessons: python -m tools.slides NN ...

Writes dist/slides/NN_name.html, one file that needs no network: pictures and films of the saved lesson, its questions
(the answer comes with the next key), its exercises. Notes for the speaker, with the minutes and the mistakes to expect,
come with the key N. Optional parts are left out. The browser's print makes a PDF.
"""

from __future__ import annotations

import argparse
import html
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import mistune
import nbformat
from nbformat import NotebookNode

from ganlib.files import write_file
from tools import shape, teaching
from tools.exercises import Exercise, of_lesson
from tools.lessons import NOTEBOOKS, choose, lesson_path, tags_of

TEMPLATE = Path(__file__).with_suffix(".html")
LONGEST = 70  # words of a lesson's text on one slide
SIGNS = {"log": "log", "tanh": "tanh", "exp": "exp", "min": "min", "max": "max", "theta": "θ", "gamma": "γ", "mu": "μ",
         "sigma": "σ", "Sigma": "Σ", "pi": "π", "beta": "β", "eta": "η", "lambda": "λ", "epsilon": "ε", "infty": "∞",
         "cdot": "·", "times": "×", "to": "→", "le": "≤", "ge": "≥", "approx": "≈", "mathbb E": "𝔼", "sum": "Σ ",
         "quad": " ", "qquad": " ", "big": "", "Big": "", "left": "", "right": "", "partial": "∂", "ell": "ℓ",
         "sim": "~", "lVert": "‖", "rVert": "‖", "nabla": "∇", "operatorname": "", "mathrm": "",
         "text": ""}  # fmt: skip
_markdown = mistune.create_markdown(escape=False, plugins=["table"])


def deck(source: Path) -> str:
    """Return the slides of a lesson as one page; raises FileNotFoundError for a lesson that is not built."""
    nb = nbformat.read(lesson_path(source), as_version=4)
    title = re.search(r"^# (.+)$", nb.cells[0].source, re.MULTILINE)
    name = title[1] if title else source.stem
    minutes = teaching.clock(source)
    body = [_title(name, nb.cells[0].source), *_slides(nb, source, minutes)]
    page = TEMPLATE.read_text(encoding="utf-8").replace("{{title}}", html.escape(name))
    return page.replace("{{slides}}", "\n".join(body))


def _title(name: str, text: str) -> str:
    bold = re.search(r"^\*\*(.+?)\*\*", text, re.MULTILINE | re.DOTALL)
    goals = re.search(r"^After this lesson you can\n\n((?:\*.*\n?(?:  .*\n?)*)+)", text, re.MULTILINE)
    parts = [f"<h1>{html.escape(name)}</h1>", rendered(bold[1] if bold else ""), rendered(goals[1] if goals else "")]
    return slide("".join(parts), "Start the notebook now: run all cells.")


def _slides(nb: NotebookNode, source: Path, minutes: dict[str, str]) -> Iterator[str]:
    """The slides of the core path, in the order of the lesson."""
    section, todo = "", iter(of_lesson(source))
    for cell, further in zip(nb.cells, shape.further_cells(nb), strict=True):
        exercise = next(todo) if "exercise" in tags_of(cell) else None
        if further:
            continue
        if cell.cell_type == "markdown":
            for title, text in teaching.split(cell.source):
                if title.startswith(("What usually goes wrong", "Where this comes from")):
                    return
                if title:
                    section = title
                    yield _opening(title, text, minutes.get(title, ""))
                yield from (_question(section, *pair) for pair in teaching.QUESTIONS.findall(text))
        elif exercise:
            yield _exercise(section, exercise, source.parent.parent)
        else:
            yield from (_output(section, output) for output in cell.outputs if _is_shown(output))


def slide(body: str, notes: str = "") -> str:
    """One slide; both arguments are HTML already."""
    more = f'<aside class="notes">{notes}</aside>' if notes else ""
    return f'<section class="slide">{body}{more}</section>'


def _opening(title: str, text: str, minutes: str) -> str:
    """A section's first slide: its heading and the beginning of its text, or all of it where it is a list."""
    text = teaching.QUESTIONS.sub("", text)
    listed = re.search(r"^\* .*(?:\n.+)*", text, re.MULTILINE)
    plain = [part for part in re.split(r"\n\s*\n", text.strip()) if part and not part.startswith(("#", "<", "|", "$$"))]
    words = listed[0] if listed and not title[:1].isdigit() else _short(plain[0] if plain else "")
    return slide(f"<h2>{rendered_line(title)}</h2>{rendered(words)}", html.escape(minutes))


def _short(text: str) -> str:
    """The first sentences of a text, up to the limit; at least one."""
    sentences, kept = re.split(r"(?<=[.?!:])\s+(?=[A-Z*`$])", text), []
    for sentence in sentences:
        if kept and len(" ".join([*kept, sentence]).split()) > LONGEST:
            break
        kept.append(sentence)
    return re.sub(r":$", ".", " ".join(kept))


def _question(section: str, question: str, answer: str) -> str:
    asked = question.strip()
    body = f"<h2>{rendered_line(asked[:1].upper() + asked[1:])}</h2>"
    body = f'{_where(section)}{body}<div class="answer">{rendered(answer)}</div>'
    return slide(body, f"Let them commit to an answer first, by show of hands. {rendered_line(answer)}")


def _exercise(section: str, exercise: Exercise, folder: Path) -> str:
    text = re.split(r"<details>", exercise.text)[0]
    text = re.sub(r"\A#+ [^\n]*\n", "", text)
    paragraphs = re.split(r"\n\s*\n", text.strip())
    chosen = [part for part in paragraphs if part.startswith("**Exercise")] or paragraphs
    body = f"<h2>{html.escape(exercise.title)}</h2>{rendered(_short(' '.join(chosen)))}"
    code = f"<pre>{html.escape(exercise.stub)}</pre>"
    wrong = "".join(f"<li>{rendered_line(line)}</li>" for line in teaching.mistakes(exercise, folder)[:6])
    notes = f"{teaching.given_minutes(exercise)} minutes. What usually goes wrong:<ul>{wrong}</ul>"
    return slide(f"{_where(section)}{body}{code}", notes)


def _is_shown(output: NotebookNode) -> bool:
    return bool({"image/png", "text/html"} & set(output.get("data", {})))


def _output(section: str, output: NotebookNode) -> str:
    """A picture with its alt text, or a film."""
    data = output["data"]
    if "text/html" in data:
        return slide(f'{_where(section)}<div class="film">{data["text/html"]}</div>', "The slider and the space bar.")
    alt = html.escape(output.get("metadata", {}).get("image/png", {}).get("alt", ""))
    picture = f'<img alt="{alt}" src="data:image/png;base64,{"".join(data["image/png"].split())}">'
    return slide(_where(section) + picture, f"To see: {alt}")


def _where(section: str) -> str:
    return f'<p class="section">{rendered_line(section)}</p>' if section else ""


# ---------------------------------------------------------------- text


def rendered(markdown: str) -> str:
    """Markdown as HTML; links become their words, formulas text with raised and lowered parts."""
    text = re.sub(r"\$\$(.+?)\$\$|(?<!\\)\$([^$]+)\$", lambda m: formula(m[1] or m[2]), markdown, flags=re.DOTALL)
    return _markdown(re.sub(r"(?<!!)\[([^\]]*)\]\([^)]*\)", r"\1", text)).strip()


def rendered_line(markdown: str) -> str:
    """The same for a part of a line."""
    return re.sub(r"\A<p>|</p>\Z", "", rendered(re.sub(r"</?b>", "", " ".join(markdown.split()))))


def formula(latex: str) -> str:
    """A formula of the lessons as HTML: good enough to read from a slide, not to set a book."""
    text = html.escape(" ".join(latex.split()), quote=False)
    text = re.sub(r"\\(?:text|mathrm|operatorname)\{([^{}]*)\}", r"\1", text)
    for _ in range(3):
        text = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"(\1)/(\2)", text)
        text = re.sub(r"\^\{([^{}]*)\}|\^(\\?\w)", lambda m: f"<sup>{m[1] or m[2]}</sup>", text)
        text = re.sub(r"_\{([^{}]*)\}|_(\\?\w)", lambda m: f"<sub>{m[1] or m[2]}</sub>", text)
    text = re.sub(r"\\(mathbb E|[A-Za-z]+)", lambda m: SIGNS.get(m[1], m[1]), text)
    text = re.sub(r"\\[,;! ]", " ", text)
    return "<i>" + re.sub(r"[{}\\]", "", text) + "</i>"


# ---------------------------------------------------------------- the command


def main(arguments: list[str] | None = None, folder: Path = NOTEBOOKS) -> int:
    """Write the slides that the command line names; return the exit status."""
    parser = argparse.ArgumentParser(prog="course.py slides", description="Make slides of lessons.")
    parser.add_argument("lessons", nargs="*", metavar="NN", help="lesson numbers (default: all)")
    target = folder.parent / "dist" / "slides"
    for source in choose(parser, parser.parse_args(arguments).lessons, folder):
        if not lesson_path(source).exists():
            parser.error(f"lesson {source.stem[:2]} is not built yet: type  course.py build {source.stem[:2]}")
        target.mkdir(parents=True, exist_ok=True)
        content = deck(source).encode()
        write_file(target / f"{source.stem}.html", content)
        print(f"dist/slides/{source.stem}.html  {len(content) / 1e6:.1f} MB")
    print("Open it in a browser. Arrows: on and back; N: notes; F: full screen; print: PDF.")
    return 0


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(main())
