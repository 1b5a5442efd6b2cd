"""The checks of lesson 05: the solution is accepted, every plausible mistake is named."""

from pathlib import Path

import jupytext
import numpy as np
import pytest
from scipy.special import logsumexp

from ganlib.evaluation import metrics
from ganlib.lessons.exercises import lesson05

SOURCE = Path(__file__).parents[2] / "notebooks" / "source" / "05_is_it_any_good.py"
NAMES = ["frechet_on_a_line", "entropy_of", "precision", "lost_a_mode", "log_mean_exp"]


def verdict(name, answer, capsys) -> str:
    getattr(lesson05, name)(answer)
    return capsys.readouterr().out


def exercises() -> dict[str, tuple[str, str]]:
    """Stub and solution of every exercise, by the name of its check."""
    cells = [cell for cell in jupytext.read(SOURCE).cells if "exercise" in cell.metadata.get("tags", [])]
    parts = [cell.source.split("# solution\n") for cell in cells]
    return {solution.split("exercises.")[1].split("(")[0]: (stub, solution) for stub, solution in parts}


def test_every_exercise_has_a_check():
    assert list(exercises()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_stub_and_solution(name, capsys):
    stub, solution = exercises()[name]
    for text, mark in ((stub, "– Not answered yet"), (solution, "✓ Right")):
        exec(text, {"np": np, "exercises": lesson05})
        assert capsys.readouterr().out.startswith(mark)


def frechet(a, b):
    return (a.mean() - b.mean()) ** 2 + (a.std() - b.std()) ** 2


@pytest.mark.parametrize(
    "answer, words",
    [
        (lambda a, b: (a.mean() - b.mean()) ** 2, "left out the spreads"),
        (lambda a, b: (a.std() - b.std()) ** 2, "left out the means"),
        (lambda a, b: (a.mean() - b.mean()) ** 2 + (a.var() - b.var()) ** 2, "compared the variances"),
        (lambda a, b: (a.mean() - b.mean()) ** 2 + a.var() + b.var(), "takes back what they share"),
        (lambda a, b: np.sqrt(frechet(a, b)), "root at the end"),
        (lambda a, b: abs(a.mean() - b.mean()) + (a.std() - b.std()) ** 2, "3 apart must count 9"),
        (lambda a, b: abs(a.mean() - b.mean()) + abs(a.std() - b.std()), "Neither difference is squared"),
        (lambda a, b: np.mean((a[:300] - b[:300]) ** 2), "have no partners"),
        (lambda a, b: np.mean((a - b) ** 2), "raises ValueError"),
        (lambda a, b: 2 * frechet(a, b), "and add"),
        (lambda a, b: None, "is None"),
        (lambda a, b: a - b.mean(), "has shape (400,)"),
    ],
)
def test_frechet_on_a_line(answer, words, capsys):
    out = verdict("frechet_on_a_line", answer, capsys)
    assert out.startswith("✗") and words in out


@pytest.mark.parametrize(
    "answer",
    [
        lambda a, b: (a.mean() - b.mean()) ** 2 + a.var() + b.var() - 2 * a.std() * b.std(),
        lambda a, b: (a.mean() - b.mean()) ** 2 + (a.std(ddof=1) - b.std(ddof=1)) ** 2,
    ],
)
def test_frechet_on_a_line_has_more_than_one_right_answer(answer, capsys):
    assert verdict("frechet_on_a_line", answer, capsys).startswith("✓")


def positive(shares):
    return shares[shares > 0]


@pytest.mark.parametrize(
    "answer, words",
    [
        (lambda p: -np.sum(p * np.log(p)), "leave the zeros out"),
        (lambda p: np.sum(p * np.log(p)), "The sign is wrong"),
        (lambda p: -np.sum(p * np.log2(p)), "in bits"),
        (lambda p: -np.mean(p * np.log(p)), "You averaged"),
        (lambda p: -np.sum(np.log(p)), "without their weights"),
        (lambda p: np.exp(metrics.entropy(p)), "leave out exp"),
        (lambda p: np.log(len(p)), "does not look at the shares"),
        (lambda p: -np.sum(p * np.log(p + 0.1)), "Add up -p log p"),
        (lambda p: -p * np.log(np.maximum(p, 1e-9)), "has shape (3,)"),
    ],
)
def test_entropy_of(answer, words, capsys):
    out = verdict("entropy_of", answer, capsys)
    assert out.startswith("✗") and words in out


def distances(a, b):
    return np.linalg.norm(a[:, None] - b, axis=2)


def radii(points, k):
    return np.sort(distances(points, points), axis=1)[:, k]


@pytest.mark.parametrize(
    "answer, words",
    [
        (lambda r, g, k: (distances(r, g) < radii(g, k)).any(axis=1).mean(), "That is recall"),
        (lambda r, g, k: (distances(r, g) < radii(r, k)[:, None]).any(axis=1).mean(), "That is coverage"),
        (lambda r, g, k: (distances(r, g) < radii(r, k)[:, None]).sum(axis=0).mean() / k, "That is density"),
        (lambda r, g, k: (distances(r, g) < radii(r, k - 1)[:, None]).any(axis=0).mean(), "one neighbour too small"),
        (lambda r, g, k: (distances(r, g) < radii(r, k + 1)[:, None]).any(axis=0).mean(), "one neighbour too large"),
        (lambda r, g, k: (distances(r, g) < radii(r, k).mean()).any(axis=0).mean(), "the same radius"),
        (lambda r, g, k: (distances(r, g) < radii(r, k)[:, None]).all(axis=0).mean(), "in all of them"),
        (lambda r, g, k: (distances(r, g) < radii(r, k)[:, None]).mean(), "counts pairs"),
        (lambda r, g, k: (distances(r, g) < radii(r, k)[:, None]).any(axis=0), "has shape (50,)"),
        (lambda r, g, k: (distances(r, g) < radii(r, k)).any(axis=0).mean(), "raises ValueError"),
        (lambda r, g, k: 0.5, "nearer to some real point"),
    ],
)
def test_precision(answer, words, capsys):
    out = verdict("precision", answer, capsys)
    assert out.startswith("✗") and words in out


@pytest.mark.parametrize(
    "answer, words",
    [
        (logsumexp, "a mean divides by n"),
        (lambda a: np.log(np.mean(np.exp(a))), "leaves the range"),
        (lambda a: a.min() + np.log(np.mean(np.exp(a - a.min()))), "leaves the range"),
        (lambda a: np.log(np.mean(np.exp(a - a.max()))), "forgot to add"),
        (lambda a: np.log(np.mean(np.exp(a - a.max()))) - a.max(), "wrong sign"),
        (np.max, "largest number alone"),
        (np.mean, "comes before the logarithm"),
        (lambda a: logsumexp(a) / len(a), "the mean is taken inside"),
        (lambda a: np.exp(logsumexp(a - a.max())) / len(a), "for any m"),
        (lambda a: a - a.max(), "has shape (4,)"),
    ],
)
def test_log_mean_exp(answer, words, capsys):
    with np.errstate(all="ignore"):
        out = verdict("log_mean_exp", answer, capsys)
    assert out.startswith("✗") and words in out


@pytest.mark.parametrize(
    "answer, words",
    [("A", "too wide"), ("C", "second real sample"), ("D", '"B" or "C"'), (2, '"B" or "C"'), (None, "is None")],
)
def test_lost_a_mode(answer, words, capsys):
    out = verdict("lost_a_mode", answer, capsys)
    assert out.startswith("✗") and words in out


def test_lost_a_mode_in_small_letters(capsys):
    assert verdict("lost_a_mode", " b", capsys).startswith("✓")


def test_the_suspects_are_what_the_answers_say():
    real, suspects = lesson05.suspects()
    a, b, c = (metrics.prdc(real, points) for points in suspects.values())
    assert a.precision < 0.8 and a.recall > 0.99
    assert b.precision > 0.98 and b.recall < 0.9 and b.coverage < 0.9
    assert min(c.precision, c.recall) > 0.98 and c.coverage > 0.95
