"""Lesson 01's checks accept the lesson's own solutions and name the usual mistakes."""

import numpy as np
import pytest

from ganlib.lessons.exercises import lesson01
from tools.lessons import NOTEBOOKS, read_lesson

SOURCE = NOTEBOOKS / "source" / "01_background.py"


def verdict(check, answer, capsys) -> str:
    check(answer)
    return capsys.readouterr().out


def solutions() -> dict:
    names = {"np": np}
    for cell in read_lesson(SOURCE, solution=True).cells:
        if {"exercise", "solution"} & set(cell.metadata.get("tags", [])):
            exec(cell.source, names)
    return names


@pytest.mark.parametrize(
    "check, name",
    [
        (lesson01.bayes, "posterior"),
        (lesson01.independent_pixels, "independent_pixels"),
        (lesson01.gaussian, "gaussian"),
        (lesson01.squared_distances, "squared_distances"),
    ],
)
def test_the_solution_is_right_and_the_stub_not_answered(check, name, capsys):
    assert verdict(check, solutions()[name], capsys).startswith("✓ Right: ")
    assert verdict(check, lambda *arguments: ..., capsys).startswith("– Not answered yet")


@pytest.mark.parametrize(
    "answer, sentence",
    [
        (lambda a, b, p: a / (a + b), "The prior has no effect"),
        (lambda a, b, p: b * (1 - p) / (a * p + b * (1 - p)), "probability of class b"),
        (lambda a, b, p: a * p, "did not divide by the sum of both"),
        (lambda a, b, p: a * p / (a + b), "divided by the densities alone"),
        (lambda a, b, p: a * p / (a * p + b * p), "The prior has no effect"),
        (lambda a, b, p: a * p + b * (1 - p), "One entry is"),
    ],
)
def test_bayes(answer, sentence, capsys):
    line = verdict(lesson01.bayes, answer, capsys)
    assert line.startswith("✗ Not yet: ") and sentence in line


def flat(images):
    return images.reshape(len(images), -1)


@pytest.mark.parametrize(
    "answer, sentence",
    [
        (lambda images, n, rng: images[rng.integers(len(images), size=n)], "You drew whole images"),
        (lambda images, n, rng: np.broadcast_to(images.mean(axis=0), (n, 28, 28)), "All your images are equal"),
        (
            lambda images, n, rng: flat(images)[rng.integers(len(images), size=784), np.arange(784)].reshape(1, 28, 28)
            * np.ones((n, 1, 1)),
            "All your images are equal",
        ),
        (lambda images, n, rng: rng.permuted(np.tile(flat(images)[0], (n, 1)), axis=1).reshape(-1, 28, 28),
         "pixels in another order"),
        (lambda images, n, rng: rng.choice(images.ravel(), (n, 28, 28)), "a value that this pixel has in no image"),
        (lambda images, n, rng: rng.integers(0, 256, (n, 28, 28)), "a value that this pixel has in no image"),
        (
            lambda images, n, rng: rng.normal(images.mean(axis=0), images.std(axis=0), (n, 28, 28)),
            "draw one of its values, no mean of them",
        ),
        (
            lambda images, n, rng: flat(images)[rng.integers(20, size=(n, 784)), np.arange(784)].reshape(n, 28, 28),
            "draw rows with equal chance",
        ),
        (
            lambda images, n, rng: images[rng.integers(len(images), size=(n, 28)), np.arange(28)],
            "You drew whole images",
        ),
        (lambda images, n, rng: images[:n], "has shape (60, 28, 28), and it should have (4000, 28, 28)"),
    ],
)  # fmt: skip
def test_independent_pixels(answer, sentence, capsys):
    line = verdict(lesson01.independent_pixels, answer, capsys)
    assert line.startswith("✗ Not yet: ") and sentence in line


def by_eigenvalues(mean, covariance, z):
    values, vectors = np.linalg.eigh(covariance)
    return mean + z @ (vectors * np.sqrt(values.clip(0)))


def unclipped(mean, covariance, z):
    values, vectors = np.linalg.eigh(covariance)
    return mean + z @ (vectors * np.sqrt(values - 1e-9)).T


@pytest.mark.parametrize(
    "answer, sentence",
    [
        (lambda m, c, z: m + z @ c, "it comes in squared"),
        (lambda m, c, z: m + z @ np.linalg.cholesky(c), "the wrong way round"),
        (by_eigenvalues, "did not turn"),
        (lambda m, c, z: m + z * np.sqrt(np.diag(c)), "the tilt is lost"),
        (lambda m, c, z: m + z @ np.sqrt(np.abs(c)), "the root of a matrix is another thing"),
        (lambda m, c, z: m + z, "have covariance I"),
        (lambda m, c, z: z @ np.linalg.cholesky(c).T, "add the mean"),
        (lambda m, c, z: 2 * m + z @ np.linalg.cholesky(c).T, "not the mean asked for"),
        (lambda m, c, z: m + z @ np.linalg.cholesky(c).T, "the matrix is singular. <lambda> raises LinAlgError"),
        (unclipped, "holds NaN"),
        (lambda m, c, z: m + 2 * z @ np.linalg.cholesky(c).T, "The covariance of your points is not"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_gaussian(answer, sentence, capsys):
    line = verdict(lesson01.gaussian, answer, capsys)
    assert line.startswith("✗ Not yet: ") and sentence in line


def test_gaussian_takes_any_root(capsys):
    def symmetric(mean, covariance, z):
        values, vectors = np.linalg.eigh(covariance)
        return mean + z @ (vectors * np.sqrt(values.clip(min=0))) @ vectors.T

    assert verdict(lesson01.gaussian, symmetric, capsys).startswith("✓")


@pytest.mark.parametrize(
    "answer, sentence",
    [
        (lambda q, x: ((q[:, None] - x[None]) ** 2).sum(axis=2), "wraps round"),
        (lambda q, x: ((q[:, None] - x[None]).astype(float) ** 2).sum(axis=2), "wraps round"),
        (lambda q, x: np.sqrt(distances(q, x)), "leave out the root"),
        (lambda q, x: np.abs(q[:, None].astype(float) - x).sum(axis=2), "square them"),
        (lambda q, x: distances(q, x) / 20, "take the sum"),
        (lambda q, x: distances(q, x) + q.astype(float) @ x.T, "counts twice"),
        (lambda q, x: distances(q, x) + 4 * q.astype(float) @ x.T, "comes with a minus"),
        (lambda q, x: q.astype(float) @ x.T, "alone"),
        (lambda q, x: distances(q, x).T, "has shape (5, 3), and it should have (3, 5)"),
    ],
)
def test_squared_distances(answer, sentence, capsys):
    line = verdict(lesson01.squared_distances, answer, capsys)
    assert line.startswith("✗ Not yet: ") and sentence in line


def distances(q, x):
    return ((q[:, None].astype(float) - x[None].astype(float)) ** 2).sum(axis=2)
