"""The checks of lesson 05: every right way is accepted, every plausible mistake is named."""

from pathlib import Path

import jupytext
import numpy as np
import pytest
from scipy.linalg import sqrtm
from scipy.spatial.distance import cdist
from scipy.special import logsumexp

from ganlib.evaluation import metrics
from ganlib.lessons.exercises import lesson05

SOURCE = Path(__file__).parents[2] / "notebooks" / "source" / "05_is_it_any_good.py"
NAMES = ["frechet", "entropy_of", "covered", "lost_a_mode", "log_mean_exp"]


def verdict(name, answer, capsys) -> str:
    getattr(lesson05, name)(answer)
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    return out


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
        exec(text, {"np": np, "sqrtm": sqrtm, "cdist": cdist, "exercises": lesson05})
        assert capsys.readouterr().out.startswith(mark)


# --- the Fréchet distance -----------------------------------------------------------------------------------------


def parts(a, b):
    shift = a.mean(axis=0) - b.mean(axis=0)
    cov_a, cov_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    return shift, cov_a, cov_b, sqrtm(cov_a @ cov_b).real


def frechet_with(formula):
    return lambda a, b: formula(*parts(a, b))


def in_place(a, b):
    shift = a.mean(axis=0) - b.mean(axis=0)
    a -= a.mean(axis=0)
    b -= b.mean(axis=0)
    cov_a, cov_b = a.T @ a / len(a), b.T @ b / len(b)
    cov_a += cov_b
    return shift @ shift + np.trace(cov_a) - 2 * np.trace(sqrtm((cov_a - cov_b) @ cov_b).real)


def by_eigenvalues(a, b):
    shift, cov_a, cov_b, _ = parts(a, b)
    overlap = np.sqrt(np.linalg.eigvals(cov_a @ cov_b).real).sum()
    return np.linalg.norm(shift) ** 2 + np.trace(cov_a) + np.trace(cov_b) - 2 * overlap


@pytest.mark.parametrize("answer", [in_place, by_eigenvalues, metrics.frechet_distance])
def test_frechet_has_more_than_one_right_answer(answer, capsys):
    assert verdict("frechet", answer, capsys).startswith("✓")


@pytest.mark.parametrize(
    "answer, words",
    [
        (frechet_with(lambda s, a, b, r: s @ s), "left out the covariances"),
        (frechet_with(lambda s, a, b, r: np.trace(a + b - 2 * r)), "left out the means"),
        (frechet_with(lambda s, a, b, r: np.sqrt(s @ s + np.trace(a + b - 2 * r))), "root at the end"),
        (frechet_with(lambda s, a, b, r: s @ s + np.trace(a + b - r)), "counts twice"),
        (frechet_with(lambda s, a, b, r: s @ s + np.trace(a + b + 2 * r)), "not added"),
        (frechet_with(lambda s, a, b, r: s @ s + np.trace(a + b)), "what the two clouds share"),
        (frechet_with(lambda s, a, b, r: np.linalg.norm(s) + np.trace(a + b - 2 * r)), "3 apart must count 9"),
        (frechet_with(lambda s, a, b, r: s @ s + np.sum(a + b - 2 * r)), "its diagonal only"),
        (frechet_with(lambda s, a, b, r: np.mean(s**2) + np.trace(a + b - 2 * r)), "averaged the squares"),
        (frechet_with(lambda s, a, b, r: 2 * (s @ s + np.trace(a + b - 2 * r))), "which is not right"),
        (frechet_with(lambda s, a, b, r: s**2 + np.diag(a + b - 2 * r)), "has shape (3,)"),
        (lambda a, b: np.mean((a - b) ** 2), "raises ValueError"),
        (lambda a, b: None, "is None"),
    ],
)
def test_frechet(answer, words, capsys):
    out = verdict("frechet", answer, capsys)
    assert out.startswith("✗") and words in out


# --- entropy ------------------------------------------------------------------------------------------------------


def entropy_in_place(p):
    p = p[p > 0]
    p *= np.log(p)
    return -p.sum()


@pytest.mark.parametrize(
    "answer",
    [entropy_in_place, lambda p: np.sum(p * -np.log(np.where(p > 0, p, 1))), lambda p: np.log(1 / p[p > 0]) @ p[p > 0]],
)
def test_entropy_has_more_than_one_right_answer(answer, capsys):
    assert verdict("entropy_of", answer, capsys).startswith("✓")


@pytest.mark.parametrize(
    "answer, words",
    [
        (lambda p: -np.sum(p * np.log(p)), "leave the zeros out"),
        (lambda p: -metrics.entropy(p), "The sign is wrong"),
        (lambda p: metrics.entropy(p) / np.log(2), "in bits"),
        (lambda p: metrics.entropy(p) / len(p), "over all classes"),
        (lambda p: metrics.entropy(p) / np.count_nonzero(p), "that have images"),
        (lambda p: -np.sum(np.log(p[p > 0])), "without their weights"),
        (lambda p: np.exp(metrics.entropy(p)), "leave out exp"),
        (lambda p: np.log(len(p)), "does not look at the shares"),
        (lambda p: metrics.entropy(p) * 4 / len(p), "is a size or a value fixed in your code"),
        (lambda p: -np.sum(p * np.log(p + 0.1)), "Add up -p log p"),
        (lambda p: -p * np.log(np.maximum(p, 1e-9)), "has shape (4,)"),
    ],
)
def test_entropy_of(answer, words, capsys):
    out = verdict("entropy_of", answer, capsys)
    assert out.startswith("✗") and words in out


# --- covered points -----------------------------------------------------------------------------------------------


def radii(points, k):
    return np.sort(cdist(points, points), axis=1)[:, k]


def covered_in_place(real, generated, k):
    own = cdist(real, real)
    own.sort(axis=1)
    real *= 1.0
    return np.less(cdist(real, generated).min(axis=1), own[:, k])


@pytest.mark.parametrize(
    "answer",
    [
        covered_in_place,
        lambda r, g, k: (cdist(r, g) < radii(r, k)[:, None]).any(axis=1),
        lambda r, g, k: [1.0 * (cdist(g, x[None]).min() < far) for x, far in zip(r, radii(r, k), strict=True)],
    ],
)
def test_covered_has_more_than_one_right_answer(answer, capsys):
    assert verdict("covered", answer, capsys).startswith("✓")


@pytest.mark.parametrize(
    "answer, words",
    [
        (lambda r, g, k: cdist(r, g).min(axis=1) < radii(r, k - 1), "one neighbour too small"),
        (lambda r, g, k: cdist(r, g).min(axis=1) < radii(r, k + 1), "one neighbour too large"),
        (lambda r, g, k: cdist(r, g).min(axis=1) < radii(r, k).mean(), "the same radius"),
        (lambda r, g, k: (cdist(r, g) < radii(g, k)).any(axis=1), "round the generated points"),
        (lambda r, g, k: cdist(r, g).max(axis=1) < radii(r, k), "you ask that all are in it"),
        (lambda r, g, k: (cdist(r, g) < radii(r, k)[:, None]).sum(axis=1), "yes or no"),
        (lambda r, g, k: cdist(r, g).min(axis=1) >= radii(r, k), "that are empty"),
        (lambda r, g, k: cdist(r, g).min(axis=1) < radii(r, 3), "is a size or a value fixed in your code"),
        (lambda r, g, k: (cdist(r, g) < radii(r, k)[:, None]).any(axis=0), "has shape (50,)"),
        (lambda r, g, k: (cdist(r, g).min(axis=1) < radii(r, k)).mean(), "has shape ()"),
        (lambda r, g, k: np.ones(len(r)), "nearer than its k-th real neighbour"),
    ],
)
def test_covered(answer, words, capsys):
    out = verdict("covered", answer, capsys)
    assert out.startswith("✗") and words in out


# --- log mean exp -------------------------------------------------------------------------------------------------


def log_mean_exp_in_place(a):
    top = a.max()
    a -= top
    np.exp(a, out=a)
    return top + np.log(a.mean())


@pytest.mark.parametrize(
    "answer",
    [
        log_mean_exp_in_place,
        lambda a: logsumexp(a) - np.log(len(a)),
        lambda a: np.logaddexp.reduce(a) - np.log(a.size),
    ],
)
def test_log_mean_exp_has_more_than_one_right_answer(answer, capsys):
    assert verdict("log_mean_exp", answer, capsys).startswith("✓")


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
        (lambda a: logsumexp(a) - np.log(3), "is a size or a value fixed in your code"),
        (lambda a: a - a.max(), "has shape (4,)"),
    ],
)
def test_log_mean_exp(answer, words, capsys):
    with np.errstate(all="ignore"):
        out = verdict("log_mean_exp", answer, capsys)
    assert out.startswith("✗") and words in out


# --- the lost mode ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer, words",
    [("A", "too wide"), ("C", "second real sample"), ("D", '"B" or "C"'), (2, '"B" or "C"'), (None, "is None")],
)
def test_lost_a_mode(answer, words, capsys):
    out = verdict("lost_a_mode", answer, capsys)
    assert out.startswith("✗") and words in out


@pytest.mark.parametrize("answer", ["B", " b", "b\n"])
def test_lost_a_mode_in_small_letters(answer, capsys):
    assert verdict("lost_a_mode", answer, capsys).startswith("✓")


def test_the_suspects_are_what_the_answers_say():
    real, suspects = lesson05.suspects()
    a, b, c = (metrics.prdc(real, points) for points in suspects.values())
    assert a.precision < 0.8 and a.recall > 0.99
    assert b.precision > 0.98 and b.recall < 0.9 and b.coverage < 0.9
    assert min(c.precision, c.recall) > 0.98 and c.coverage > 0.95
