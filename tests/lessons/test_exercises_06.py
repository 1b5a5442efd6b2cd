"""The checks of lesson 06: every right way is accepted, every plausible mistake is named."""

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
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    return out


def exercises() -> list[tuple[str, str]]:
    """Stub and solution of every exercise, in the order of the lesson."""
    cells = [cell for cell in jupytext.read(SOURCE).cells if "exercise" in cell.metadata.get("tags", [])]
    return [tuple(cell.source.split("# solution\n")) for cell in cells]


@pytest.mark.parametrize("place", range(2))
def test_stub_and_solution(place, capsys):
    stub, solution = exercises()[place]
    for text, mark in ((stub, "– Not answered yet"), (solution, "✓ Right")):
        exec(text, {"np": np, "math": math, "exercises": lesson06})
        assert capsys.readouterr().out.startswith(mark)


def test_solutions_of_the_drills_treat_the_fault(monkeypatch, capsys):
    monkeypatch.setenv("GANLIB_SMOKE", "1")  # whether they become well is tested in test_clinic.py
    stub, solution = exercises()[2]
    for text, mark in ((stub, "– Not answered yet"), (solution, "✓ Right")):
        exec(text, {"patients": [clinic.patient(n) for n in range(1, 8)], "exercises": lesson06})
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == 7 and all(line.startswith(f"Patient {n}  {mark}") for n, line in enumerate(lines, 1))
    assert len(exercises()) == 3


# --- counting modes -----------------------------------------------------------------------------------------------


def measured(samples, modes, std, reach=3, count=None, share=None):
    distances = np.linalg.norm(samples[:, None] - modes, axis=2)
    near = distances.min(axis=1) <= reach * std
    place = distances.argmin(axis=1)
    modes_found = len(np.unique(place[near] if count is None else count(place, near)))
    return modes_found, near.mean() if share is None else share(near)


def in_place(samples, modes, std):
    distances = np.linalg.norm(samples[:, None] - modes, axis=2)
    samples *= 0
    distances /= std
    near = distances <= 3
    return near.any(axis=0).sum(), near.any(axis=1).mean()


def in_a_loop(samples, modes, std):
    found, near = set(), 0
    for sample in samples:
        away = [math.dist(sample, mode) for mode in modes]
        if min(away) <= 3 * std:
            near += 1
            found.add(away.index(min(away)))
    return len(found), near / len(samples)


@pytest.mark.parametrize("answer", [measured, in_place, in_a_loop, lambda s, m, d: np.array(measured(s, m, d))])
def test_coverage_has_more_than_one_right_answer(answer, capsys):
    assert verdict("count_modes", answer, capsys).startswith("✓")


@pytest.mark.parametrize(
    "answer, words",
    [
        (lambda s, m, d: measured(s, m, d, count=lambda place, near: place), "counted every mode that is the nearest"),
        (lambda s, m, d: measured(s, m, d, reach=1), "took one standard deviation"),
        (lambda s, m, d: measured(s, m, d, reach=2), "took two standard deviations"),
        (lambda s, m, d: measured(s, m, d, share=np.sum), "not a count"),
        (lambda s, m, d: measured(s, m, d)[::-1], "share first"),
        (lambda s, m, d: measured(s, m, d, share=lambda near: 1 - near.mean()), "far from every mode"),
        (lambda s, m, d: (measured(s, m, d)[0], measured(s, m, d)[0] / len(m)), "not of the modes"),
        (lambda s, m, d: (measured(s, m, d)[0], measured(s, m, d, share=np.sum)[1] / 400), "a value fixed"),
        (lambda s, m, d: measured(s, m, 0.05), "is a size or a value fixed"),
        (lambda s, m, d: measured(s, m, d)[1], "has shape ()"),
        (lambda s, m, d: None, "is None"),
        (lambda s, m, d: (8, np.nan), "NaN"),
        (lambda s, m, d: 1 / 0, "raises ZeroDivisionError"),
    ],
)
def test_coverage(answer, words, capsys):
    out = verdict("count_modes", answer, capsys)
    assert out.startswith("✗") and any(word in out for word in words.split("|"))


# --- damping ------------------------------------------------------------------------------------------------------


def damping(g):
    return g / 2 - np.sqrt(max(0, g * g / 4 - 0.25))


@pytest.mark.parametrize(
    "answer",
    [
        damping,
        lambda g: -max(np.roots([1, g, 0.25]).real),
        lambda g: -np.linalg.eigvals([[0, 0.5], [-0.5, -g]]).real.max(),
        lambda g: (g / 2 - np.emath.sqrt(g * g / 4 - 0.25)).real,
    ],
)
def test_damping_has_more_than_one_right_answer(answer, capsys):
    assert verdict("damping", answer, capsys).startswith("✓")


@pytest.mark.parametrize(
    "answer, words",
    [
        (lambda g: g / 2, "above, the root is real"),
        (lambda g: g / 2 + np.sqrt(max(0, g * g / 4 - 0.25)), "the slow one decides"),
        (lambda g: -damping(g), "minus the largest real part"),
        (lambda g: g / 2 - np.sqrt(abs(g * g / 4 - 0.25)), "no real part"),
        (lambda g: np.sqrt(g * g / 4 - 0.25), "root is of a negative number"),
        (lambda g: g - np.sqrt(max(0, g * g / 4 - 0.25)), "half of γ"),
        (lambda g: 0.15, "is a size or a value fixed in your code"),
        (lambda g: 2 * damping(g), "which is not right"),
    ],
)
def test_damping(answer, words, capsys):
    out = verdict("damping", answer, capsys)
    assert out.startswith("✗") and words in out


# --- the patients -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer, words",
    [
        (0.1, "is a dictionary"),
        ({1: 2}, "is a dictionary"),
        ({"rate": 1e-3, "r1": 1.0}, "changed 2 settings"),
        ({"learning_rate": 1e-3}, "no setting 'learning_rate'"),
        ({"output": "liner"}, "output cannot be 'liner': it is one of 'linear', 'sigmoid', 'tanh'"),
        ({"rate": "1e-3"}, "rate cannot be '1e-3': it is a number above 0"),
    ],
)
def test_cure_refuses(answer, words, capsys):
    lesson06.cure(clinic.patient(1), answer)
    out = capsys.readouterr().out
    assert out.startswith("✗") and words in out


def test_a_round_tells_of_wrong_numbers_and_of_no_dictionary(capsys):
    lesson06.round_of([clinic.patient(1)], {9: {"r1": 0.1}})
    assert capsys.readouterr().out.splitlines()[0] == "✗ Not yet: there is no patient 9."
    lesson06.round_of([clinic.patient(1)], [1])
    assert "a dictionary from a patient's number" in capsys.readouterr().out
