"""The checks of lesson 06: the solution is accepted, every plausible mistake is named."""

import math
from pathlib import Path

import jupytext
import numpy as np
import pytest

from ganlib.lessons import clinic
from ganlib.lessons.exercises import lesson06

SOURCE = Path(__file__).parents[2] / "notebooks" / "source" / "06_failure_clinic.py"


def verdict(name, answer, capsys) -> str:
    getattr(lesson06, name)(answer)
    return capsys.readouterr().out


def exercises() -> list[tuple[str, str]]:
    """Stub and solution of every exercise, in the order of the lesson."""
    cells = [cell for cell in jupytext.read(SOURCE).cells if "exercise" in cell.metadata.get("tags", [])]
    return [tuple(cell.source.split("# solution\n")) for cell in cells]


@pytest.mark.parametrize("place", range(3))
def test_stub_and_solution(place, capsys):
    stub, solution = exercises()[place]
    for text, mark in ((stub, "– Not answered yet"), (solution, "✓ Right")):
        exec(text, {"np": np, "math": math, "exercises": lesson06})
        assert capsys.readouterr().out.startswith(mark)


def test_solutions_of_the_drills_treat_the_fault(monkeypatch, capsys):
    monkeypatch.setenv("GANLIB_SMOKE", "1")  # whether they become well is tested in test_clinic.py
    patients = [clinic.patient(n) for n in range(1, 8)]
    for stub, solution in exercises()[3:]:
        for text, mark in ((stub, "– Not answered yet"), (solution, "✓ Right")):
            exec(text, {"patients": patients, "exercises": lesson06})
            assert capsys.readouterr().out.startswith(mark)
    assert len(exercises()) == 10


def measured(samples, modes, std, reach=3, count=None, share=None):
    distances = np.linalg.norm(samples[:, None] - modes, axis=2)
    near = distances.min(axis=1) <= reach * std
    place = distances.argmin(axis=1)
    modes_found = len(np.unique(place[near] if count is None else count(place, near)))
    return modes_found, near.mean() if share is None else share(near)


@pytest.mark.parametrize(
    "answer, words",
    [
        (lambda s, m, d: measured(s, m, d, count=lambda place, near: place), "counted every mode that is the nearest"),
        (lambda s, m, d: measured(s, m, d, reach=1), "took one standard deviation"),
        (lambda s, m, d: measured(s, m, d, share=np.sum), "not a count"),
        (lambda s, m, d: measured(s, m, d)[::-1], "share first"),
        (lambda s, m, d: measured(s, m, d, share=lambda near: 1 - near.mean()), "far from every mode"),
        (lambda s, m, d: measured(s, m, d)[1], "has shape ()"),
        (lambda s, m, d: None, "is None"),
        (lambda s, m, d: (8, np.nan), "NaN"),
        (lambda s, m, d: 1 / 0, "raises ZeroDivisionError"),
    ],
)
def test_coverage(answer, words, capsys):
    out = verdict("coverage", answer, capsys)
    assert out.startswith("✗") and words in out


@pytest.mark.parametrize(
    "answer, words",
    [
        (lambda g: g / 2, "above, the root is real"),
        (lambda g: g / 2 + np.sqrt(max(0, g * g / 4 - 0.25)), "the slow one decides"),
        (lambda g: -g / 2 + np.sqrt(max(0, g * g / 4 - 0.25)), "minus the largest real part"),
        (lambda g: g / 2 - np.sqrt(abs(g * g / 4 - 0.25)), "no real part"),
        (lambda g: np.sqrt(g * g / 4 - 0.25), "NaN"),
        (lambda g: g - np.sqrt(max(0, g * g / 4 - 0.25)), "half of γ"),
    ],
)
def test_damping(answer, words, capsys):
    with np.errstate(invalid="ignore"):
        out = verdict("damping", answer, capsys)
    assert out.startswith("✗") and words in out


@pytest.mark.parametrize(
    "answer, words",
    [
        (1.00641, "floor of the sum"),
        (0.31326, "real points only"),
        (0.15663, "generated ones count too"),
        (math.log(2), "says 1/2 to everything"),
        (0.7310586, "the highest probability"),
        (0.0, "this one cannot"),
        (None, "is None"),
        ("half", "should be numbers"),
    ],
)
def test_lowest(answer, words, capsys):
    out = verdict("lowest", answer, capsys)
    assert out.startswith("✗") and words in out


@pytest.mark.parametrize(
    "answer, words",
    [
        (0.1, "is a dictionary"),
        ({1: 2}, "is a dictionary"),
        ({"rate": 1e-3, "r1": 1.0}, "changed 2 settings"),
        ({"learning_rate": 1e-3}, "no setting 'learning_rate'"),
    ],
)
def test_cure_refuses(answer, words, capsys):
    lesson06.cure(clinic.patient(1), answer)
    out = capsys.readouterr().out
    assert out.startswith("✗") and words in out
