"""Measured rows, kept in a CSV beside their benchmark, so that a run goes on where it was stopped."""

import csv
from collections.abc import Collection, Sequence
from pathlib import Path


def stored(path: Path, texts: Collection[str]) -> list[dict]:
    """The rows of a file, none if it is not there: floats but in the columns `texts`, "" where nothing stands."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [{key: value if key in texts or not value else float(value) for key, value in row.items()} for row in rows]


def add(path: Path, columns: Sequence[str], row: dict) -> None:
    """Append a row to a file, which gets its header first if it is new."""
    new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(row)
