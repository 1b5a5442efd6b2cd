"""List what the lessons claim and what their saved runs found: python -m tools.claims [NN ...]."""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import nbformat

from tools import build

# What ganlib.lessons.claims.claim prints: "✓ statement (figures)"; for a condition there are no figures.
NUMBER = r"(?:[-+]?[\d.]+(?:e[-+]?\d+)?|[-+]?inf|nan)"
FIGURES = rf"{NUMBER}, expected {NUMBER}(?: ± {NUMBER})?|{NUMBER} [<>] {NUMBER}(?: < {NUMBER})?"
NOTE = rf"{FIGURES}|the condition is False|{build.SMOKE_TEXT}"
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
    if (match["sign"] == "–") != (match["note"] == build.SMOKE_TEXT):
        return None
    compared = match["note"] and re.fullmatch(FIGURES, match["note"])
    value = "" if match["sign"] == "–" else match["note"] if compared else "condition"
    return Claim(match["statement"], value, VERDICTS[match["sign"]])


def shape(path: Path) -> str:
    """Return one line about a saved notebook: its claims, cells, and what nbval compares in it."""
    nb, code = nbformat.read(path, as_version=4), _code_cells(path)
    lines = [sum(bool(line.strip()) for line in cell.source.splitlines()) for cell in code]
    tags = [tag for cell in code for tag in cell.metadata.get("tags", [])]
    return (
        f"{len(claims(path)):3d} claims, {len(nb.cells)} cells, median {median(lines):g} lines of code, "
        f"{tags.count('nbval-check-output')} compared cells, {tags.count('exercise')} exercises"
    )


def _code_cells(path: Path) -> list[nbformat.NotebookNode]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def main(arguments: list[str] | None = None, folder: Path = build.NOTEBOOKS) -> int:
    """Print the table of claims and its totals; return 1 when one is not true or a lesson is out of date."""
    parser = argparse.ArgumentParser(description="List the claims of the lessons, with the figures of the saved runs.")
    parser.add_argument("lessons", nargs="*", metavar="NN", help="lesson numbers (default: all)")
    sources = build.choose(parser, parser.parse_args(arguments).lessons, folder)
    paths = [build.lesson_path(source) for source in sources]
    rows = {path: claims(path) for path in paths if path.exists()}
    every = [claim for found in rows.values() for claim in found]
    wide = [max((len(getattr(claim, name)) for claim in every), default=0) for name in ("statement", "value")]
    for path, found in rows.items():
        for claim in found:
            print(f"{path.stem[:2]}  {claim.statement:{wide[0]}}  {claim.value:{wide[1]}}  {claim.verdict}")
    print()
    for path in rows:
        print(f"{path.stem[:2]}  {shape(path)}")
    true = sum(claim.verdict == "true" for claim in every)
    print(f"All {len(every)} claims, {true} of them true")
    stale = [path.stem[:2] for path in paths if not path.exists() or build.stale_reasons(path)]
    if stale:
        print(f"Not built since their last change: {' '.join(stale)}.", file=sys.stderr)
    return int(bool(stale) or true < len(every))


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(main())
