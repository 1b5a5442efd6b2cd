"""A lesson's text in pieces: headings, questions, hints, paragraphs. Slides and teachers' pages are made of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tools import shape

QUESTIONS = re.compile(
    r"<details><summary><b>Predict(?: before you run)?:</b>(.*?)</summary>(.*?)</details>", re.DOTALL
)
EXERCISE = re.compile(r"#+ [^\n]*\bExercise\b|\*\*Exercise\b")
SETUP = 55  # words of what stands before a question, at most, but for a longer last sentence
DANGLING = re.compile(r"(?:So|Its?|This|These|Those|Then|But|And|That|They|If it)\b")  # leans on the sentence before
_PIECES = re.compile(r"(<details>.*?</details>|<figure.*?</figure>|^\$\$.*?\$\$[ .,]*$)", re.DOTALL | re.MULTILINE)
_KINDS = (
    ("section", r"## "), ("exercise", EXERCISE.pattern), ("part", r"###+ "), ("heading", r"# "), ("hint", r"<details>"),
    ("formula", r"\$\$"), ("list", r"(?:\*|\d+\.) "), ("table", r"\|"), ("html", r"<|!\["),
)  # fmt: skip


@dataclass(frozen=True)
class Block:
    """A piece of markdown; `kind` is section, part, heading, exercise, question, hint, formula, list, table, html or
    prose."""

    kind: str
    text: str

    @property
    def title(self) -> str:
        """The words of a heading."""
        return re.sub(r"\A#+ ", "", self.text)


def blocks(markdown: str) -> Iterator[Block]:
    """Yield the pieces of a text in order; a heading is a piece of its own."""
    for piece in _PIECES.split(markdown):
        if QUESTIONS.match(piece):
            yield Block("question", piece)
        elif _PIECES.match(piece):
            yield _block(piece)
        else:
            spaced = re.sub(r"^(#+ .*)$", r"\n\1\n", piece, flags=re.MULTILINE)
            yield from (_block(part) for part in re.split(r"\n\s*\n", spaced) if part.strip())


def _block(text: str) -> Block:
    text = text.strip()
    return Block(next((kind for kind, begins in _KINDS if re.match(begins, text)), "prose"), text)


def question(block: Block) -> tuple[str, str]:
    """Question and answer of a question, with a capital letter; the answer may be of several paragraphs."""
    asked, answer = QUESTIONS.match(block.text).groups()
    asked = " ".join(re.sub(r"</?b>", "", asked).split())
    return asked[:1].upper() + asked[1:], re.sub(r"</?b>", "", answer).strip()


def before(blocks: Iterable[Block], passed: tuple[str, ...] = ()) -> list[Block]:
    """What stands directly before the end of some blocks: the text since the last heading, question or exercise.

    Kinds that are `passed` end nothing, and are left out.
    """
    found: list[Block] = []
    for block in blocks:
        if block.kind not in passed:
            found = [*found, block] if block.kind in ("prose", "formula", "list", "table") else []
    return found


def setup(lead: list[Block]) -> str:
    """The last sentences of what stands before a question, as markdown; "" if nothing does."""
    prose = [k for k, block in enumerate(lead) if block.kind == "prose"]
    if not prose:
        return ""
    kept: list[str] = []
    for sentence in reversed(sentences(lead[prose[-1]].text)):
        whole = kept and not DANGLING.match(kept[0])
        if whole and shape.words(" ".join([sentence, *kept])) > SETUP:
            break
        kept.insert(0, sentence)
    formula = lead[prose[-1] + 1 : prose[-1] + 2]
    shown = f" {formula[0].text}" if formula and formula[0].kind == "formula" else ""
    return " ".join(kept) + shown


def opening(own: list[Block], longest: int) -> str:
    """The first sentences of the first paragraph, up to a number of words, with the formula it may lead to."""
    prose = [k for k, block in enumerate(own) if block.kind == "prose"]
    if not prose:
        return ""
    text, following = short(own[prose[0]].text, longest), own[prose[0] + 1 : prose[0] + 2]
    if following and following[0].kind == "formula" and text[-1:] not in ".?!":
        return f"{text}\n\n{following[0].text}"
    return re.sub(r":$", ".", text)


def short(text: str, longest: int) -> str:
    """The first sentences of a text, up to a number of words; at least one."""
    kept: list[str] = []
    for sentence in sentences(text):
        if kept and len(" ".join([*kept, sentence]).split()) > longest:
            break
        kept.append(sentence)
    return " ".join(kept)


def sentences(text: str) -> list[str]:
    """The sentences of a paragraph; dots inside a word or before a small letter end none."""
    return re.split(r"(?<=[.?!:])\s+(?=[A-Z*`$\"“])", " ".join(text.split()))
