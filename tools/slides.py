"""Make slides of lessons: python -m tools.slides NN ...

Writes dist/slides/NN_name.html, one file that needs no network: pictures and films of the saved lesson, its questions
(the answer comes with the next key), its exercises and what they build on. Notes for the speaker come with the key N,
or, with the key P, in a window of their own. Optional parts are left out. The browser's print makes a PDF.
"""

from __future__ import annotations

import argparse
import html
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import mistune
import nbformat
from nbformat import NotebookNode

from ganlib.files import write_file
from tools import prose, shape, teaching
from tools.exercises import Exercise, of_lesson
from tools.lessons import NOTEBOOKS, choose, lesson_path, tags_of
from tools.mistakes import mistakes

TEMPLATE = Path(__file__).with_suffix(".html")
LONGEST = 70  # words of a lesson's text on one slide
BEFORE = 140  # words on the slide before an exercise
DENSE = 95  # words, with ten for each line of code, above which a slide is set smaller
KEYS = "Keys: → on, ← back, K plays a film, N notes, P notes in a window of their own, F full screen."
SIGNS = {"log": "log", "tanh": "tanh", "exp": "exp", "min": "min", "max": "max", "theta": "θ", "gamma": "γ", "mu": "μ",
         "sigma": "σ", "Sigma": "Σ", "pi": "π", "beta": "β", "eta": "η", "lambda": "λ", "epsilon": "ε", "infty": "∞",
         "cdot": "·", "times": "×", "to": "→", "le": "≤", "ge": "≥", "approx": "≈", "sum": "Σ ",
         "quad": " ", "qquad": " ", "big": "", "Big": "", "left": "", "right": "", "partial": "∂", "ell": "ℓ",
         "sim": "~", "pm": "±", "int": "∫ ", "lVert": "‖", "rVert": "‖", "nabla": "∇", "operatorname": "", "mathrm": "",
         "text": ""}  # fmt: skip
_markdown = mistune.create_markdown(escape=False, plugins=["table"])


def deck(source: Path) -> str:
    """Return the slides of a lesson as one page; raises FileNotFoundError for a lesson that is not built."""
    nb = nbformat.read(lesson_path(source), as_version=4)
    title = re.search(r"^# (.+)$", nb.cells[0].source, re.MULTILINE)
    name = title[1] if title else source.stem
    body = [_title(name, nb.cells[0].source), *_Core(nb, source).slides()]
    page = TEMPLATE.read_text(encoding="utf-8").replace("{{title}}", html.escape(name))
    return page.replace("{{slides}}", "\n".join(body))


def _title(name: str, text: str) -> str:
    bold = re.search(r"^\*\*(.+?)\*\*", text, re.MULTILINE | re.DOTALL)
    goals = re.search(r"^After this lesson you can\n\n((?:\*.*\n?(?:  .*\n?)*)+)", text, re.MULTILINE)
    parts = [f"<h1>{html.escape(name)}</h1>", rendered(bold[1] if bold else ""), rendered(goals[1] if goals else "")]
    return slide("".join(parts), f"Start the notebook now: run all cells. {KEYS}")


def slide(body: str, notes: str = "", kind: str = "") -> str:
    """One slide; body and notes are HTML already."""
    more = f'<aside class="notes">{notes}</aside>' if notes else ""
    return f'<section class="slide"><div class="stage{kind and f" {kind}"}">{body}</div>{more}</section>'


class _Core:
    """The slides of a lesson's core path, made in the order of its cells."""

    def __init__(self, nb: NotebookNode, source: Path):
        self.source, self.minutes = source, teaching.clock(source)
        further = shape.further_cells(nb)
        todo = iter(of_lesson(source))
        exercises = [next(todo) if "exercise" in tags_of(cell) else None for cell in nb.cells]
        self.cells = [pair for *pair, late in zip(nb.cells, exercises, further, strict=True) if not late]
        self.section = self.part = self.opened = self.waiting = ""
        self.lead: list[prose.Block] = []
        self.last = 0  # the number of the slide with the section's last picture or film; 0: none yet
        self.made = 1

    def slides(self) -> Iterator[str]:
        for k, (cell, exercise) in enumerate(self.cells):
            if cell.cell_type == "markdown":
                for found in self._text(list(prose.blocks(cell.source))):
                    if found is None:
                        return
                    yield self._counted(found)
            elif exercise:
                yield from map(self._counted, self._exercise(exercise))
            else:
                self.lead = []
                for output in filter(_is_shown, cell.outputs):
                    yield self._counted(self._output(output, self._said_after(k)))
                    self.last = self.last if _is_sound(output) else self.made

    def _counted(self, text: str) -> str:
        self.made += 1
        return text

    def _text(self, found: list[prose.Block]) -> Iterator[str | None]:
        """The slides of a cell of text; None where the core path ends."""
        for k, block in enumerate(found):
            if block.kind == "section":
                if block.title.startswith(("What usually goes wrong", "Where this comes from")):
                    yield None
                self.section, self.part, self.last = block.title, "", 0
                yield from self._opening(found[k + 1 :])
            elif block.kind == "question":
                yield self._question(*prose.question(block))
            elif block.text.startswith("#"):
                self.part = block.title if block.kind == "part" else ""
            self.lead = prose.before([*self.lead, block])

    def _opening(self, rest: list[prose.Block]) -> Iterator[str]:
        """A section's first slide: its heading and the beginning of its text, or all of it where it is a list.

        Where there is no text, the heading goes to the next slide.
        """
        ends = [k for k, block in enumerate(rest) if block.kind in ("section", "part", "exercise", "question")]
        own = rest[: min(ends, default=len(rest))]
        listed = [block.text for block in own if block.kind == "list"]
        numbered = self.section[:1].isdigit()
        self.opened = listed[0] if listed and not numbered else prose.opening(own, LONGEST)
        whole = "\n\n".join(block.text for block in prose.before(own))
        if [rest[k].kind for k in ends[:1]] == ["exercise"] and shape.words(whole) <= BEFORE:
            self.opened = whole
        self.waiting = "" if self.opened else self.section
        if self.opened:
            body = f"<h2>{rendered_line(self.section)}</h2>{rendered(self.opened)}"
            yield slide(body, html.escape(self.minutes.get(self.section, "")), _density(self.opened))

    def _label(self, more: str = "") -> str:
        """The section above a slide's own heading; large on its first slide, if it has none of its own."""
        first, self.waiting = self.waiting, ""
        words = " · ".join(filter(None, [rendered_line(self.section), more]))
        return f'<p class="section{first and " first"}">{words}</p>' if words else ""

    def _notes(self, words: str = "") -> str:
        begins = html.escape(self.minutes.get(self.waiting, "")) if self.waiting else ""
        return " ".join(filter(None, [begins, words]))

    def _question(self, asked: str, answer: str) -> str:
        """A question with what stands before it, beside the last picture or frame of its section."""
        setup, notes = prose.setup(self.lead), self._notes()
        shown = "" if " ".join(setup.split()) in " ".join(self.opened.split()) else rendered(setup)
        label = self._label(html.escape(self.part))
        said = f'<div class="setup">{shown}</div>' if shown else ""
        text = f'{said}<h2>{rendered_line(asked)}</h2><div class="answer">{rendered(answer)}</div>'
        if not self.last:
            return slide(label + text, notes)
        picture = f'<img data-of="{self.last}" alt="The picture before this question">'
        return slide(f'{label}<div class="beside"><div>{text}</div>{picture}</div>', notes)

    def _exercise(self, exercise: Exercise) -> Iterator[str]:
        """What an exercise builds on, if no slide has shown it, and the exercise."""
        minutes = teaching.given_minutes(exercise)
        before = _ending(exercise.before, self.opened)
        if before:
            heading, notes = f"<h2>Before {html.escape(exercise.title.split(':')[0].lower())}</h2>", self._notes()
            yield slide(self._label() + heading + rendered(before), notes, _density(before))
        self.part, self.lead = "", []
        text = re.sub(r"\A#+ [^\n]*\n|<details>.*?</details>", "", exercise.text, flags=re.DOTALL).strip()
        text = re.sub(r"\A\*\*Exercise[^*]*\*\*\s*", "", text)
        wrong = "".join(f"<li>{rendered_line(one)}</li>" for one in mistakes(exercise, self.source.parent.parent)[:3])
        hints = exercise.text.count("<summary>Hint")
        look = f" Look for:<ul>{wrong}</ul>" if wrong else ""
        notes = self._notes(f"Hints in the notebook: {hints}.{look}")
        label, code = self._label(f"{minutes} minutes"), f"<pre>{html.escape(exercise.stub)}</pre>"
        body = f"{label}<h2>{html.escape(exercise.title)}</h2>{rendered(text)}{code}"
        yield slide(body, notes, _density(text, exercise.stub))

    def _output(self, output: NotebookNode, said: str) -> str:
        """A picture, or a film under its heading, with what the lesson says after it as notes."""
        data, notes = output["data"], self._notes(rendered(said) if said else "")
        if "text/html" in data:
            section = f"<small>{rendered_line(self.section)}</small>" if self.part else ""
            heading, self.waiting = f"<h2>{section}{rendered_line(self.part or self.section)}</h2>", ""
            if _is_sound(output):
                return slide(f'{heading}<div class="film">{data["text/html"]}</div>', f"K plays and stops it. {notes}")
            film = f'<div class="film" style="--ratio: {_ratio(data["text/html"])}">{data["text/html"]}</div>'
            return slide(heading + film, f"K plays and stops it. {notes}", "wide")
        alt = html.escape(output.get("metadata", {}).get("image/png", {}).get("alt", ""))
        picture = f'<img alt="{alt}" src="data:image/png;base64,{"".join(data["image/png"].split())}">'
        return slide(self._label(html.escape(self.part)) + picture, notes)

    def _said_after(self, k: int) -> str:
        """What the lesson says right after a cell, unless the next slides show it."""
        following = self.cells[k + 1][0] if k + 1 < len(self.cells) else None
        if following is None or following.cell_type != "markdown":
            return ""
        found = list(prose.blocks(following.source))
        if found[0].kind != "prose" or (len(found) > 1 and found[1].kind in ("question", "exercise")):
            return ""
        return prose.opening(found[:2], LONGEST)


def _ending(text: str, opened: str) -> str:
    """The end of what an exercise builds on, up to the limit, without the paragraphs that a slide has shown."""
    shown = " ".join(opened.split())
    found = [block for block in prose.blocks(text) if " ".join(block.text.split()) not in shown]
    kept: list[str] = []
    for block in reversed(found):
        room = BEFORE - shape.words("\n\n".join(kept))
        if shape.words(block.text) > room and any(re.match(r"\w|\*\*", one) for one in kept):
            last = [] if block.kind != "prose" else prose.sentences(block.text)
            while last and shape.words(" ".join(last)) > room:
                del last[0]
            return "\n\n".join(filter(None, [" ".join(last), *kept]))
        kept.insert(0, block.text)
    return "\n\n".join(kept)


def _density(text: str, code: str = "") -> str:
    weight = shape.words(text) + 10 * len(code.splitlines())
    return "denser" if weight > 1.6 * DENSE else "dense" if weight > DENSE else ""


def _is_shown(output: NotebookNode) -> bool:
    return bool({"image/png", "text/html"} & set(output.get("data", {})))


def _is_sound(output: NotebookNode) -> bool:
    return "<audio" in output["data"].get("text/html", "")


def _ratio(film: str) -> float:
    """Width over height of a film's frames."""
    found = re.search(r'<script type="application/json">(.*?)</script>', film, re.DOTALL)
    data = json.loads(found[1]) if found else {}
    return round(data["width"] / data["height"], 3) if data else 1.5


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
    text = re.sub(r"\\mathbb\{?\s*E\}?", "𝔼", text).replace(r"\|", "‖")
    text = re.sub(r"\\(?:text|mathrm|operatorname)\{([^{}]*)\}", r"\1", text)
    text = re.sub(r"\\t?frac(\w)(\w)", r"\\frac{\1}{\2}", text)
    for _ in range(3):
        text = re.sub(r"\\sqrt\{([^{}]*)\}", r"√(\1)", text)
        text = re.sub(r"\\t?frac\{([^{}]*)\}\{([^{}]*)\}", r"(\1)/(\2)", text)
        text = re.sub(r"\^\{([^{}]*)\}|\^(\\?\w|\*)", lambda m: f"<sup>{m[1] or m[2]}</sup>", text)
        text = re.sub(r"_\{([^{}]*)\}|_(\\?\w)", lambda m: f"<sub>{m[1] or m[2]}</sub>", text)
    text = re.sub(r"\\([A-Za-z]+)", lambda m: SIGNS.get(m[1], m[1]), text)
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
    print(f"Open it in a browser. {KEYS} Its print makes a PDF.")
    return 0


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(main())
