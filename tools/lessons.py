"""Lesson sources, and the notebooks they give before anything is executed.

A source, notebooks/source/NN_name.py, is jupytext percent format. A code cell tagged "exercise" holds the stub, a
line "# solution", and the answer. The lesson notebook shows the stub. notebooks/solutions/NN_name.ipynb shows the
answer; it exists only for lessons with exercises.

A heading tagged "further" begins an optional part: everything down to the next heading of the same or a higher
level that is not tagged so. JupyterLab and Colab show it folded. All else is the core path (tools/shape.py).
"""

from __future__ import annotations

import argparse
import hashlib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
COLAB = "https://colab.research.google.com"
NOTEBOOK_METADATA = {
    "kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"},
    "language_info": {
        "name": "python",
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
        "codemirror_mode": {"name": "ipython", "version": 3},
    },
}


class BuildError(Exception):
    """A lesson that cannot be built; the message is one sentence for the author."""


def lesson_sources(folder: Path = NOTEBOOKS) -> list[Path]:
    """Return the lesson sources of a notebooks folder, in order of their numbers."""
    return sorted((folder / "source").glob("[0-9][0-9]_*.py"))


def lesson_path(source: Path, solution: bool = False) -> Path:
    """Return where the notebook (or the solutions notebook) of a source is saved."""
    folder = source.parent.parent
    return (folder / "solutions" if solution else folder) / f"{source.stem}.ipynb"


def notebooks(folder: Path = NOTEBOOKS) -> list[Path]:
    """Return the saved lessons and solutions of a notebooks folder."""
    return sorted(folder.glob("[0-9][0-9]_*.ipynb")) + sorted((folder / "solutions").glob("*.ipynb"))


def short_name(path: Path) -> str:
    return f"solutions/{path.name}" if path.parent.name == "solutions" else path.name


def choose(parser: argparse.ArgumentParser, numbers: list[str], folder: Path) -> list[Path]:
    """Return the sources with these lesson numbers, all for none; end the program if one does not exist."""
    sources = {source.stem[:2]: source for source in lesson_sources(folder)}
    if not sources:
        parser.error(f"{folder.name}/source holds no lesson: write NN_name.py there first.")
    unknown = [number for number in numbers if number.zfill(2) not in sources]
    if unknown:
        parser.error(f"there is no lesson {unknown[0]}; there are {' '.join(sources)}.")
    return [sources[number.zfill(2)] for number in numbers] or list(sources.values())


def read_lesson(source: Path, solution: bool = False) -> NotebookNode:
    """Read a source and return its notebook, not executed.

    An exercise cell becomes its stub, or its answer if `solution` is true. Of cell metadata only tags stay.
    The repository's address, if there is one, goes into the set-up cell and into a badge below the title.
    Cell ids come from the text of the cells, so that a rebuild changes only the cells that changed.
    Raises BuildError for an exercise without a stub or answer, an empty code cell, or a raw cell.
    """
    cells, address = [], repository(source)
    badge = _badge(address, lesson_path(source, solution).relative_to(source.parents[2]).as_posix())
    for number, cell in numbered(percent(source)):
        where = f"{source.name}: {number}"
        if cell.cell_type == "markdown":
            text = _one_folder_down(cell.source) if solution else cell.source
            if badge and not cells:
                title, _, rest = text.partition("\n")
                text = f"{title}\n\n{badge}\n{rest}"
            cells.append(new_markdown_cell(text, metadata=_kept(cell)))
        elif cell.cell_type != "code":
            raise BuildError(f"{where} is a raw cell: make it markdown or code.")
        else:
            cells.append(_code_cell(cell, solution, where))
            if "setup" in tags_of(cell):
                cells[-1].source = cells[-1].source.replace('repository = ""', f'repository = "{address}"')
    if solution:
        note = f"These are the solutions of [this lesson](../{source.stem}.ipynb). Try its exercises first."
        cells.insert(0, new_markdown_cell(note))
    _name_cells(cells)
    return new_notebook(cells=cells, metadata=nbformat.from_dict(NOTEBOOK_METADATA | _fold_for_colab(cells)))


def repository(source: Path) -> str:
    """Return the public address of the course that a source belongs to, from pyproject.toml; "" if it has none."""
    settings = source.parents[2] / "pyproject.toml"
    if not settings.exists():
        return ""
    found = tomllib.loads(settings.read_text(encoding="utf-8")).get("tool", {}).get("ganlib", {}).get("repository", "")
    check_address(found)
    return found.removesuffix("/").removesuffix(".git")


def check_address(found: str) -> None:
    """Raise BuildError for what is neither the address of a project nor empty."""
    if found and not re.fullmatch(r"https://[\w./~-]+", found):
        raise BuildError(f"pyproject.toml: the repository {found!r} is no address: write https://… or leave it empty.")


def colab_address(address: str, path: str) -> str:
    """Return where Colab opens a file of the project with this address; "" unless it is on GitHub, as Colab asks."""
    github = "https://github.com/"
    return f"{COLAB}/github/{address.removeprefix(github)}/blob/main/{path}" if address.startswith(github) else ""


def _badge(address: str, path: str) -> str:
    place = colab_address(address, path)
    return f"[![Open in Colab]({COLAB}/assets/colab-badge.svg)]({place})" if place else ""


def has_exercises(source: Path) -> bool:
    """Tell whether a source has a cell tagged "exercise"."""
    return any("exercise" in tags_of(cell) for cell in percent(source).cells)


def split_exercise(text: str) -> tuple[str, str]:
    """Split the text of an exercise cell at its line "# solution" into stub and answer.

    Raises ValueError unless there is exactly one such line with code above and below it.
    """
    lines = text.split("\n")
    marks = [k for k, line in enumerate(lines) if line.rstrip() == "# solution"]
    if len(marks) != 1:
        raise ValueError(f'has {len(marks)} lines "# solution"; it needs exactly one')
    stub, answer = "\n".join(lines[: marks[0]]).strip("\n"), "\n".join(lines[marks[0] + 1 :]).strip("\n")
    if not stub.strip() or not answer.strip():
        raise ValueError('needs a stub above the line "# solution" and an answer below it')
    return stub, answer


def percent(source: Path) -> NotebookNode:
    # By default jupytext turns a comment like "# cat pictures" into the command "cat pictures".
    fmt = {"extension": ".py", "format_name": "percent", "comment_magics": False}
    return jupytext.reads(source.read_text(encoding="utf-8"), fmt=fmt)


def _code_cell(cell: NotebookNode, solution: bool, where: str) -> NotebookNode:
    text, tags = cell.source, tags_of(cell)
    if not text.strip():
        raise BuildError(f"{where} is an empty code cell: delete it.")
    if "exercise" in tags:
        try:
            text = split_exercise(text)[solution]
        except ValueError as error:
            raise BuildError(f"{where} is tagged exercise but {error}.") from None
        tags = ["solution" if solution and tag == "exercise" else tag for tag in tags]
    elif re.search(r"^# solution\s*$", text, re.MULTILINE):
        raise BuildError(f'{where} has a line "# solution" and would show the answer: tag it "exercise".')
    return new_code_cell(text, metadata=_kept(cell) | ({"tags": tags} if tags else {}))


def _kept(cell: NotebookNode) -> dict:
    """Return what stays of a cell's metadata: its tags, and what JupyterLab reads where a tag alone does nothing."""
    kept = {"tags": tags_of(cell)} if tags_of(cell) else {}
    if "hide-input" in tags_of(cell):
        kept["jupyter"] = {"source_hidden": True}
    if "further" in tags_of(cell):
        kept["jp-MarkdownHeadingCollapsed"] = True
    return kept


def _fold_for_colab(cells: list[NotebookNode]) -> dict:
    # Colab keeps the folded headings in the notebook's metadata, by an id in the metadata of the cell.
    folded = [cell for cell in cells if "further" in tags_of(cell)]
    for cell in folded:
        cell.metadata["id"] = cell.id
    return {"colab": {"collapsed_sections": [cell.id for cell in folded]}} if folded else {}


def _one_folder_down(markdown: str) -> str:
    # Solutions lie one folder deeper than lessons, so a relative link needs one more "../".
    return re.sub(r"""(\]\(|(?:src|href)=["'])(?![a-z]+:|[#/])""", r"\1../", markdown)


def _name_cells(cells: list[NotebookNode]) -> None:
    seen: dict[str, int] = {}
    for cell in cells:
        name = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:8]
        seen[name] = seen.get(name, 0) + 1
        cell.id = name if seen[name] == 1 else f"{name}-{seen[name]}"


def tags_of(cell: NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def numbered(nb: NotebookNode) -> Iterator[tuple[str, NotebookNode]]:
    """Pair every cell with its name in messages: "cell [3]", or "the text after cell [3]"."""
    number = 0
    for cell in nb.cells:
        number += cell.cell_type == "code"
        text = f"the text after cell [{number}]" if number else "the text before cell [1]"
        yield f"cell [{number}]" if cell.cell_type == "code" else text, cell


def source_hash(source: Path) -> str:
    """Return the SHA-256 of a text file, the same whatever its line ends."""
    return hashlib.sha256(source.read_text(encoding="utf-8").encode()).hexdigest()


def ganlib_hash(source: Path) -> str:
    """Return one SHA-256 of all modules of the ganlib that lies beside the notebooks folder of a source."""
    modules = sorted((source.parents[2] / "ganlib").rglob("*.py"))
    return hashlib.sha256("".join(f"{m.name} {source_hash(m)}\n" for m in modules).encode()).hexdigest()


def read_saved(path: Path) -> NotebookNode:
    try:
        nb = nbformat.read(path, as_version=4)
        nbformat.validate(nb)
    except Exception as error:  # nbformat lets through errors of several libraries
        line = str(error).strip().split("\n")[0][:100]
        raise BuildError(f"is not a valid notebook ({line}): build it again.") from None
    return nb
