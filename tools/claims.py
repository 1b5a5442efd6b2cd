"""List what the lessons claim and what their saved runs found: python -m tools.claims [NN ...]."""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat

from tools import lint, shape
from tools.lessons import NOTEBOOKS, choose, lesson_path, read_lesson, tags_of

# What ganlib.lessons.claims.claim prints: "✓ statement (figures)"; for a condition there are no figures.
NUMBER = r"(?:[-+]?[\d.]+(?:e[-+]?\d+)?|[-+]?inf|nan)"
FIGURES = rf"{NUMBER}, expected {NUMBER}(?: ± {NUMBER})?|{NUMBER} [<>] {NUMBER}(?: < {NUMBER})?"
NOTE = rf"{FIGURES}|the condition is False|{lint.SMOKE_TEXT}"
CLAIM = re.compile(rf"(?P<sign>✓|–|✗ not true:) (?P<statement>.+?)(?: \((?P<note>{NOTE})\))?")
VERDICTS = {"✓": "true", "–": "not checked", "✗ not true:": "FALSE"}


@dataclass(frozen=True)
class Claim:
    """A statement of a lesson, the figures compared ("condition" for a bool), and what the saved run found."""

    statement: str
    value: str
    verdict: str


def claims(path: Path) -> list[Claim]:
    """Return the claims of a saved notebook, in order. What checks of exercises print is not among them."""
    found = []
    for cell in _code_cells(path):
        for output in cell.outputs:
            text = output.get("evalue", "") if output.output_type == "error" else output.get("text", "")
            found += [claim for claim in map(read_claim, text.splitlines()) if claim]
    return found


def read_claim(line: str) -> Claim | None:
    """Return the claim that a printed line holds; None for any other line."""
    match = CLAIM.fullmatch(line.strip())
    if not match or match["statement"].startswith("Right:"):
        return None
    if (match["sign"] == "–") != (match["note"] == lint.SMOKE_TEXT):
        return None
    compared = match["note"] and re.fullmatch(FIGURES, match["note"])
    value = "" if match["sign"] == "–" else match["note"] if compared else "condition"
    return Claim(match["statement"], value, VERDICTS[match["sign"]])


def summary(source: Path) -> str:
    """Return three lines about a lesson: its saved run, and the size of its core path and of the whole source."""
    path = lesson_path(source)
    saved = "not built yet"
    if path.exists():
        seconds = nbformat.read(path, as_version=4).metadata.get("course", {}).get("seconds", "unknown")
        saved = f"{len(claims(path))} claims, {seconds} s at the build"
    lesson = read_lesson(source)
    core, whole = shape.sizes(lesson)
    compared = sum("nbval-check-output" in tags_of(cell) for cell in lesson.cells)
    return f"{saved}, {compared} compared cells\n    core path  {core}\n    whole      {whole}"


def _code_cells(path: Path) -> list[nbformat.NotebookNode]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def main(arguments: list[str] | None = None, folder: Path = NOTEBOOKS) -> int:
    """Print the table of claims and its totals; return 1 when one is not true or a lesson is out of date."""
    parser = argparse.ArgumentParser(description="List the claims of the lessons, with the figures of the saved runs.")
    parser.add_argument("lessons", nargs="*", metavar="NN", help="lesson numbers (default: all)")
    sources = choose(parser, parser.parse_args(arguments).lessons, folder)
    paths = [lesson_path(source) for source in sources]
    rows = {path: claims(path) for path in paths if path.exists()}
    every = [claim for found in rows.values() for claim in found]
    wide = [max((len(getattr(claim, name)) for claim in every), default=0) for name in ("statement", "value")]
    for path, found in rows.items():
        for claim in found:
            print(f"{path.stem[:2]}  {claim.statement:{wide[0]}}  {claim.value:{wide[1]}}  {claim.verdict}")
    print()
    for source in sources:
        print(f"{source.stem[:2]}  {summary(source)}")
    true = sum(claim.verdict == "true" for claim in every)
    print(f"All {len(every)} claims, {true} of them true")
    stale = [path.stem[:2] for path in paths if not path.exists() or lint.stale_reasons(path)]
    if stale:
        print(f"Not built since their last change: {' '.join(stale)}.", file=sys.stderr)
    return int(bool(stale) or true < len(every))


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(main())
