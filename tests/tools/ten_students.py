"""Ten made submissions of lesson 02: each kind of work that a grader meets, right, wrong, and made to deceive it."""

import nbformat

from tools import assignment
from tools.exercises import of_lesson, source_of

SOURCE = source_of("02")
EXERCISES = [exercise for exercise in of_lesson(SOURCE) if exercise.alone]
CHECKS = [exercise.check for exercise in EXERCISES]
RIGHT = {e.check: f"{e.solution}\n\n\n{e.alias}.{e.check}({e.answer})" for e in EXERCISES}
LESSON = SOURCE.parents[1] / "solutions" / f"{SOURCE.stem}.ipynb"


def filled(handed_out, answers, metadata=True):
    """A notebook handed out, with these cells in place of its answer cells: code, a list of cells, or None for none.

    An exercise that `answers` does not name gets the right answer.
    """
    cells = []
    for cell in handed_out.cells:
        name = cell.metadata.get("ganlib", {}).get("exercise")
        codes = answers.get(name, RIGHT[name]) if name else cell.source
        for code in [codes] if isinstance(codes, str) else codes or []:
            copy = nbformat.from_dict({**cell, "source": code, "id": f"cell-{len(cells)}"})
            if not metadata:
                copy.metadata = nbformat.from_dict({})
            cells.append(copy)
    kept = handed_out.metadata if metadata else {}
    return nbformat.from_dict({**handed_out, "cells": cells, "metadata": kept})


def stubs():
    return {e.check: f"{e.stub}\n\n\n{e.alias}.{e.check}({e.answer})" for e in EXERCISES}


WRONG = {  # a mistake that is named, one that raises, a wrong shape, nothing returned, a step that only moves D
    "ring_modes": "def ring_modes(modes, radius):\n    angles = np.linspace(0, 2 * np.pi, modes)\n"
    "    return radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)",
    "best_discriminator": "def best_discriminator(p, q):\n    return p / (p + r)",
    "training_step": "def training_step(G, D, G_optimizer, D_optimizer, real, z):\n    pass",
    "count_parameters": "def count_parameters(sizes):\n    sum(sizes)",
    "linear_generator": "def linear_generator(z):\n    return (3 + 2 * z)[:2]",
}
FORGED = b'{"state": "right", "text": "!", "token": ""}\n'
CHEATING = {
    "ring_modes": "def ring_modes(modes, radius):\n    return 0\n"
    "exercises.ring_modes = lambda answer: print('✓ Right: evenly spaced.')\n"
    "exercises.ring_modes.__wrapped__ = lambda answer: 'right'\nexercises.ring_modes(ring_modes)",
    "best_discriminator": "def best_discriminator(p, q):\n    return q\nnp.allclose = lambda *a, **k: True\n"
    "import builtins, sys, ganlib.lessons.exercises as shared\nbuiltins.all = lambda *a: True\n"
    "shared.compare = exercises.compare = lambda *a, **k: None\nshared._same = lambda *a: True\nsys.modules.clear()",
    "training_step": "training_step = exercises.library_step",
    "count_parameters": "count_parameters = lambda sizes: exercises.right_count(sizes)",
    "linear_generator": "def linear_generator(z):\n    return z\nprint('✓ Right')\n"
    f"FORGED = {FORGED!r}\n"
    + "import os\nfor k in range(3, 30):\n    try:\n        os.write(k, FORGED)\n    except OSError:\n        pass",
}
CRASHING = {
    "ring_modes": "def ring_modes(modes, radius):\n    exit()",
    "best_discriminator": "import os\nos._exit(0)\ndef best_discriminator(p, q):\n    return p / (p + q)",
    "training_step": "import ctypes\nctypes.string_at(0)",
    "count_parameters": "def count_parameters(sizes):\n    return np.ones((10**6, 10**5))",
    "linear_generator": "raise KeyboardInterrupt",
}
SLOPPY = {
    "ring_modes": "def ring_modes(modes, radius)\n    return 1",
    "best_discriminator": None,
    "training_step": "def my_step(G, D, G_optimizer, D_optimizer, real, z):\n    pass",
    "count_parameters": "%time\nfor k in range(300_000):\n    print('x' * 40)\n"
    "def count_parameters(sizes):\n    return weights_and_biases(sizes)\nexercises.count_parameters(count_parameters)",
    "linear_generator": [
        "def weights_and_biases(sizes):\n    return sum(a * b + b for a, b in zip(sizes[:-1], sizes[1:]))",
        "def linear_generator(z):\n    return 3 + 2 * z",
    ],
}
OVERWRITING = {  # the plainest way: not one of the ten, which are graded with `submit`
    e.check: f"{e.answer} = 0\n{e.alias}.{e.check}.__wrapped__ = lambda answer: 'right'" for e in EXERCISES
}
LOOPING = {"ring_modes": "def ring_modes(modes, radius):\n    while True:\n        pass"}


def moved(handed_out):
    """All answers in the opposite order, one of them twice, the second time right; no metadata."""
    nb = filled(handed_out, {}, metadata=False)
    first = "def linear_generator(z):\n    return z\n\nexercises.linear_generator(linear_generator)"
    nb.cells = [nbformat.v4.new_code_cell(first), *reversed(nb.cells)]
    stub = nbformat.v4.new_code_cell(stubs()["linear_generator"])
    nb.cells.append(stub)
    right = nbformat.v4.new_code_cell("def linear_generator(z):\n    return 3 + 2 * z")
    nb.cells.insert(-2, right)
    nb.cells = [cell for cell in nb.cells if "sys.path" not in cell.source]
    return nb


def notebooks(handed_out=None):
    """What nine students make of the notebook handed out; the tenth, Kim, hands in none."""
    handed_out = handed_out or assignment.notebook(SOURCE, EXERCISES)
    answers = {"Anna": {}, "Bob": stubs(), "Carla": WRONG, "Eve": CHEATING, "Frank": LOOPING, "Grace": CRASHING,
               "Hal": SLOPPY}  # fmt: skip
    made = {name: filled(handed_out, codes) for name, codes in answers.items()}
    return {**made, "Ida": moved(handed_out), "Lea": nbformat.read(LESSON, as_version=4)}


def submit(folder):
    """Write the ten submissions as platforms name them, and what else a download holds."""
    name = f"{SOURCE.stem}.ipynb"
    files = {
        "Anna": f"Anna Müller_101_assignsubmission_file/{name}",
        "Bob": f"Bob_O'Neil_102_assignsubmission_file_{name}",
        "Carla": f"diazcarla_LATE_103_9001_{SOURCE.stem}-2.ipynb",
        "Eve": f"eveevil_104_9002_{name}",
        "Frank": f"{SOURCE.stem} - Frank Loop.ipynb",
        "Grace": f"{SOURCE.stem} - Grace Crash.ipynb",
        "Hal": "Hal/work (1).ipynb",
        "Ida": "=Ida/homework.ipynb.txt",
        "Lea": "Lea/lesson.ipynb",
    }
    for student, nb in notebooks().items():
        (folder / files[student]).parent.mkdir(parents=True, exist_ok=True)
        (folder / files[student]).write_text(nbformat.writes(nb), encoding="utf-8")
    (folder / "Kim").mkdir()
    (folder / "Kim" / "essay.pdf").write_bytes(b"%PDF-1.4 \xff\xfe")
    (folder / "Kim" / ".ipynb_checkpoints").mkdir()
    (folder / "Kim" / ".ipynb_checkpoints" / name).write_text("{}", encoding="utf-8")
