"""The pages of the site before Sphinx reads them: lessons as notebooks with their solutions, docs, the first page.

The folder that `write` fills holds lessons/NN_name.ipynb, docs/*.md and index.md. It has the depth of the course's
own folders, so that relative links hold.
"""

from __future__ import annotations

import html
import re
import shutil
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tools.lessons import NOTEBOOKS, colab_address, short_name, tags_of

LINK = re.compile(r"(?<!!)\[([^\[\]]*)\]\((?![a-z]+:|#)([^()\s]+)\)")
BADGE = re.compile(r"^\[!\[Open in Colab\][^\n]*\n", re.MULTILINE)
HEADING = re.compile(r"(^```.*?^```)|^(#{1,5} )", re.MULTILINE | re.DOTALL)  # or a block of code, to step over
SETUP = {"code_prompt_show": "Show the set-up cell", "code_prompt_hide": "Hide the set-up cell"}
SOLUTION = {"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"}
FURTHER = "further-"  # begins the name of the anchor before an optional part


class SiteError(Exception):
    """A lesson that cannot be shown; the message is one sentence for the author."""


def write(root: Path, folder: Path, touch: list[dict[str, str]], address: str) -> None:
    """Fill `folder` with what Sphinx is to read of the course in `root`."""
    (folder / "lessons").mkdir(parents=True)
    lessons = sorted((root / NOTEBOOKS.name).glob("[0-9][0-9]_*.ipynb"))
    notebooks = {path.stem: nbformat.read(path, as_version=4) for path in lessons}
    about = {name: promise(nb) for name, nb in notebooks.items()}
    for path in lessons:
        solved = path.parent / "solutions" / path.name
        solution = nbformat.read(solved, as_version=4) if solved.exists() else None
        nb = page(notebooks[path.stem], solution, short_name(path), root, address)
        nbformat.write(nb, folder / "lessons" / path.name)
    (folder / "docs").mkdir()
    for path in sorted((root / "docs").glob("*.md")):
        text = here(path.read_text(encoding="utf-8"), root, "docs", address)
        (folder / "docs" / path.name).write_text(text, encoding="utf-8")
    for path in sorted((root / "docs").glob("*.png")):
        shutil.copy(path, folder / "docs")
    (folder / "index.md").write_text(first_page(root, about, touch, address), encoding="utf-8")


def page(nb: NotebookNode, solved: NotebookNode | None, name: str, root: Path, address: str) -> NotebookNode:
    """Return a lesson as the site shows it: alt texts at hand, solutions folded under their exercises.

    Raises SiteError when exercises and solutions are not equal in number.
    """
    answers = [cell for cell in solved.cells if "solution" in tags_of(cell)] if solved else []
    exercises = [cell for cell in nb.cells if "exercise" in tags_of(cell)]
    if len(answers) != len(exercises):
        raise SiteError(f"{name} has {len(exercises)} exercises and {len(answers)} solutions: build it again.")
    one_title(nb.cells)
    cells, parts = [], 0
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            cell.source = here(BADGE.sub("", cell.source), root, "notebooks", address)
            if "further" in tags_of(cell):
                parts += 1
                cell.source = f"({FURTHER}{name[:2]}-{parts})=\n{cell.source}"
            cells.append(cell)
            continue
        cells.append(shown(cell))
        if "exercise" in tags_of(cell):
            cells.append(folded(answers.pop(0)))
    cells[0].source = with_button(cells[0].source, colab_address(address, f"notebooks/{name}"))
    nb.cells = cells
    return nb


def one_title(cells: list[NotebookNode]) -> None:
    """Where a lesson has headings as high as its title ("Part two"), put all headings but the title one lower.

    Sphinx makes a page's contents and its links to neighbours from one title.
    """
    below = [cell for cell in cells[1:] if cell.cell_type == "markdown"]
    if any(match[2] == "# " for cell in below for match in HEADING.finditer(cell.source)):
        for cell in below:
            cell.source = HEADING.sub(lambda match: match[1] or f"#{match[2]}", cell.source)


def shown(cell: NotebookNode) -> NotebookNode:
    """Give a code cell the metadata that the site reads: alt texts, and what is folded."""
    own = cell.metadata.setdefault("mystnb", {})
    # myst-nb reads no alt texts: tools/site_sphinx.py puts these where they belong.
    shows = [output for output in cell.outputs if "image/png" in output.get("data", {})]
    cell.metadata.alts = [output.get("metadata", {}).get("image/png", {}).get("alt", "") for output in shows]
    if "setup" in tags_of(cell):
        own.update(SETUP)
        cell.metadata.tags = [*tags_of(cell), "hide-input"]
    return cell


def folded(cell: NotebookNode) -> NotebookNode:
    """Return the cell of a solution, folded with what it prints."""
    cell = shown(cell)
    cell.id = f"solution-{cell.id}"
    cell.metadata.mystnb.update(SOLUTION)
    cell.metadata.tags = ["solution", "hide-cell"]
    return cell


def with_button(text: str, colab: str) -> str:
    """Put a link to Colab, if there is an address, below the title of a lesson. No picture: nothing is loaded."""
    title, _, rest = text.partition("\n")
    button = f'\n<p><a class="button" href="{html.escape(colab)}">Open in Colab</a></p>\n' if colab else ""
    return f"{title}\n{button}{rest}"


def here(text: str, root: Path, folder: str, address: str) -> str:
    """Return markdown whose relative links fit the site; those to other files go to the project, or become text.

    `folder` is the one, in `root`, that the links start from.
    """
    text = re.sub(r"""((?:href|src)=["'])\.\./web/""", r"\1../", text)

    def link(match: re.Match) -> str:
        label, target = match[1], match[2]
        path, _, rest = target.partition("#")
        end = f"#{rest}" if rest else ""
        place = (root / folder / path.partition("?")[0]).resolve()
        inside = place.relative_to(root).as_posix() if place.is_relative_to(root) else ""
        if inside.startswith("web/"):
            return f'<a class="button" href="../{target.partition("web/")[2]}">{label}</a>'
        if re.fullmatch(r"notebooks/(solutions/)?\d\d_\w+\.ipynb", inside):
            return f"[{label}](../lessons/{place.name}{end})"
        if re.fullmatch(r"docs/\w+\.(md|png)", inside):
            return match[0]
        return f"[{label}]({address}/blob/main/{inside}{end})" if address and inside else label

    return LINK.sub(link, text)


def at_home(text: str, made: Path) -> str:
    """Return the page of a folder of web with links in place of `<span data-page="NAME">` to pages that the site has.

    Opened from the course's folder, without a site around it, it has the words only. `made` is the site's folder.
    """

    def link(match: re.Match) -> str:
        name, words = match[1], match[2]
        there = (made / f"{name}.html").exists()
        return f'<a data-page="{name}" href="../{name}.html">{words}</a>' if there else words

    return re.sub(r'<span data-page="([\w/]+)">(.*?)</span>', link, text, flags=re.DOTALL)


def promise(nb: NotebookNode) -> tuple[str, str]:
    """Return the title of a lesson and its first paragraph, which says what the reader will have."""
    title, _, rest = BADGE.sub("", nb.cells[0].source).partition("\n")
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", rest.strip().partition("\n\n")[0])
    return title.lstrip("# "), " ".join(text.replace("**", "").split())


def first_page(root: Path, about: dict[str, tuple[str, str]], touch: list[dict[str, str]], address: str) -> str:
    """Return the text of the first page: what the course is, what can be touched, the lessons, how to run them."""
    readme = (root / "README.md").read_text(encoding="utf-8") if (root / "README.md").exists() else "# The course\n"
    lines = [readme.partition("\n## ")[0].strip(), ""]
    if touch:
        lines += ["## Try it in the browser", "", "Nothing to install.", ""]
        lines += [f'* <a href="{f["name"]}/index.html"><b>{f["title"]}</b></a>  \n  {f["about"]}' for f in touch]
    lines += ["", "## The lessons", ""]
    lines += [f"* [{title}](lessons/{name}.ipynb)  \n  {text}" for name, (title, text) in about.items()]
    start = f"[Get the course]({address}), then" if address else "In the course's folder,"
    lines += [
        "", "## Run them", "", f"{start} with Python 3.11, 3.12 or 3.13:", "",
        "```\npython3 course.py lab      # open the lessons in JupyterLab\n"
        "python3 course.py train    # watch a GAN learn to write digits\n```", "",
        "The pages show what the notebooks printed and drew when they were last built; no page runs Python.", "",
        "Code: MIT licence. Text and figures: CC BY 4.0.", "",
        toctree("Lessons", [f"lessons/{name}" for name in about]),
        toctree("Background", [f"docs/{path.stem}" for path in sorted((root / "docs").glob("*.md"))]),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def toctree(caption: str, names: list[str]) -> str:
    listed = "\n".join(names)
    return f"```{{toctree}}\n:hidden:\n:titlesonly:\n:caption: {caption}\n\n{listed}\n```\n"
