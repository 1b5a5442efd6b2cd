"""Show for every claim of a lesson what makes it false: python -m tools.mutate [NN ...].

The lesson runs for real, in a fresh kernel, and nothing is saved. tools/probe.py says how wrong values are chosen. A
build does the same and stamps the claims that nothing breaks into the notebook, where the static gate refuses them: so
the gate costs no run of its own.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tools import build
from tools.lessons import NOTEBOOKS, BuildError, choose, read_lesson


def main(arguments: list[str] | None = None, folder: Path = NOTEBOOKS) -> int:
    """Print a line for every claim; return 1 when nothing breaks one of them or a lesson does not run."""
    parser = argparse.ArgumentParser(description="List for every claim of the lessons what makes it false.")
    parser.add_argument("lessons", nargs="*", metavar="NN", help="lesson numbers (default: all)")
    status = 0
    for source in choose(parser, parser.parse_args(arguments).lessons, folder):
        try:
            _, found = build.execute(read_lesson(source), source.stem, folder, probed=True)
        except BuildError as error:
            print(error, file=sys.stderr)
            status = 1
            continue
        for row in found:
            broken = f"broken by: {row['broken_by']}" if row["broken_by"] else "NOTHING BREAKS IT"
            print(f"{source.stem[:2]} [{row['cell']:2d}] {row['claim']}\n            {broken}")
        nothing = sum(not row["broken_by"] for row in found)
        print(f"{source.stem[:2]}: {len(found)} claims, {nothing} of them unbreakable", flush=True)
        status = max(status, int(nothing > 0))
    return status


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(main())
