"""Links that open the lessons on a JupyterHub, through nbgitpuller: one a lesson.

    python -m tools.hub https://hub.example.org

A student who follows a link logs in, gets the course's repository into his folder (at the next time what is new in it),
and sees the lesson. docs/hub.md shows the links without the hub's address; `course.py address` keeps them up to date.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from urllib.parse import urlencode

from ganlib.files import write_file
from tools.lessons import NOTEBOOKS, lesson_sources, percent, repository

BETWEEN = re.compile(r"(?<=<!-- links -->\n).*?(?=<!-- end of links -->)", re.DOTALL)
NONE_YET = "https://OWNER/NAME"  # what the page shows while the course has no address


def link(hub: str, address: str, lesson: str) -> str:
    """Return the link that opens a lesson, such as "02_generator_and_discriminator", on the hub at this address."""
    folder = address.rpartition("/")[2]  # the name that nbgitpuller gives the copy
    asked = {"repo": address, "branch": "main", "urlpath": f"lab/tree/{folder}/notebooks/{lesson}.ipynb"}
    return f"{hub.rstrip('/')}/hub/user-redirect/git-pull?{urlencode(asked)}"


def titles(root: Path) -> dict[str, str]:
    """Return the titles of the lessons, "02 · Generator and discriminator", by the names of their files."""
    found = {}
    for source in lesson_sources(root / NOTEBOOKS.name):
        title = re.search(r"^# (.+)$", percent(source).cells[0].source, re.MULTILINE)
        found[source.stem] = title[1] if title else source.stem
    return found


def table(root: Path) -> str:
    """Return the table of links for docs/hub.md; HUB stands for the hub's address."""
    address = repository(root / "notebooks" / "source" / "any.py") or NONE_YET
    rows = [f"| {title} | `{link('HUB', address, lesson)}` |" for lesson, title in titles(root).items()]
    return "\n".join(["| lesson | link |", "|---|---|", *rows]) + "\n"


def renew(root: Path) -> None:
    """Write the table of links into docs/hub.md; nothing to do where there is no such page."""
    page = root / "docs" / "hub.md"
    if page.exists():
        text, links = page.read_text(encoding="utf-8"), table(root)
        write_file(page, BETWEEN.sub(lambda _: links, text).encode())


def main(arguments: list[str] | None = None, root: Path = NOTEBOOKS.parent) -> int:
    """Print the links for one hub; return the exit status."""
    parser = argparse.ArgumentParser(prog="course.py hub", description="Print links that open lessons on a JupyterHub.")
    parser.add_argument("hub", help="the hub's address, such as https://hub.example.org")
    hub = parser.parse_args(arguments).hub
    if not re.fullmatch(r"https?://[\w.:/~-]+", hub):
        parser.error(f"{hub} is no address: write https://…")
    address = repository(root / "notebooks" / "source" / "any.py")
    if not address:
        print("The course has no public address yet: set it with  course.py address https://…", file=sys.stderr)
        return 2
    for lesson, title in titles(root).items():
        print(f"{title}\n  {link(hub, address, lesson)}")
    return 0


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(main())
