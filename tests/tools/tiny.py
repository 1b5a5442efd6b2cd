"""A tiny lesson, and how tests read and change what is built from it."""

from pathlib import Path

import nbformat

from tools import lessons

HEADER = """\
# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---
"""



LESSON = (
    HEADER
    + """
# %% [markdown]
# # A tiny lesson
# A link to [the next](02_next.ipynb), one to [Python](https://www.python.org), one to [a part](#part).

# %% tags=["setup"]
import base64
import os
from pathlib import Path

from IPython.display import display

# %%
print("working in", Path.cwd().name)
print(os.environ.get("TF_CPP_MIN_LOG_LEVEL"), os.environ.get("GANLIB_SMOKE"), os.environ.get("MPLBACKEND"))

# %%
print("above")
png = {"image/png": "iVBORw0KGgo=", "text/plain": "A dot."}
display(png, metadata={"image/png": {"alt": "A dot."}}, raw=True)
for step in range(3):
    print(f"\\rstep {step}", end="")
print()

# %% [markdown]
# Write the square of x.

# %% tags=["exercise"]
def square(x):
    return None  # your line here
# solution
def square(x):
    return x * x

# %% tags=["nbval-check-output"]
print("not answered yet" if square(3) is None else f"accepted: {square(3)}")

# %% tags=["hide-input"]
6 * 7
"""
)



MARK = "# solution\n"



ANSWER = "def square(x):\n    return x * x\n"



def write_lesson(root: Path, text: str = LESSON, name: str = "01_tiny") -> Path:
    source = root / "notebooks" / "source" / f"{name}.py"
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(text, encoding="utf-8")
    (root / "ganlib").mkdir(exist_ok=True)
    (root / "ganlib" / "__init__.py").write_text("", encoding="utf-8")
    return source



def lesson_with(cell: str) -> str:
    """A lesson whose second and last cell is `cell`."""
    return HEADER + f'\n# %% tags=["setup"]\nimport os\n\n# %%\n{cell}\n'



def read(source: Path, solution: bool = False):
    return nbformat.read(lessons.lesson_path(source, solution), as_version=4)



def save(nb, source: Path):
    lessons.lesson_path(source).write_text(nbformat.writes(nb), encoding="utf-8")



def code_cells(nb):
    return [cell for cell in nb.cells if cell.cell_type == "code"]



def stdout(cell):
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")
