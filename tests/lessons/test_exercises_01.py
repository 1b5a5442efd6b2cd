"""Lesson 01's checks accept the lesson's own solutions and name the usual mistakes."""

import numpy as np
import pytest

from ganlib.lessons.exercises import lesson01
from tools.lessons import NOTEBOOKS, read_lesson

SOURCE = NOTEBOOKS / "source" / "01_background.py"


# Images of sharp bars, and the same bars blurred: small stand-ins for digits and averages of neighbours.
_BARS = np.random.default_rng(3).integers(0, 2, (400, 28, 28)).repeat(4, axis=2)[:, :, :28].astype("uint8") * 255
REAL, BLURRED = _BARS[:200], ((_BARS[200:].astype(float) + np.roll(_BARS[200:], 1, axis=2)) / 2).astype("uint8")


def verdict(check, answer, capsys) -> str:
    check(answer)
    return capsys.readouterr().out


def solutions() -> dict:
    names = {"np": np, "lesson01": lesson01, "real": REAL, "drawn": {"16 neighbours": BLURRED}}
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
        (lambda a, b, p: a * p + b * (1 - p), "entries are not right"),
        (lambda a, b, p: a * p / (b * (1 - p)), "gives the odds"),
        (lambda a, b, p: a * (1 - p) / (a * (1 - p) + b * p), "The priors are swapped"),
        (lambda a, b, p: a * 0.2 / (a * 0.2 + b * 0.8), "is a size or a value fixed in your code"),
    ],
)
def test_bayes(answer, sentence, capsys):
    line = verdict(lesson01.bayes, answer, capsys)
    assert line.startswith("✗ Not yet: ") and sentence in line


def in_pairs(images, n, rng):  # each pixel and the one 14 columns to its right come from one image
    rows = rng.integers(len(images), size=(n, 28, 14))
    rows = np.concatenate([rows, rows], axis=2)
    return images[rows, np.arange(28)[:, None], np.arange(28)]


def with_favourites(images, n, rng):  # images of the middle come twice as often
    rows = (rng.integers(len(images), size=(n, 784)) + rng.integers(len(images), size=(n, 784))) // 2
    return flat(images)[rows, np.arange(784)].reshape(n, 28, 28)


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
            "You drew whole rows",
        ),
        (
            lambda images, n, rng: images[rng.integers(len(images), size=(n, 28)), :, np.arange(28)].swapaxes(1, 2),
            "You drew whole columns",
        ),
        (lambda images, n, rng: in_pairs(images, n, rng), "depend on each other"),
        (lambda images, n, rng: with_favourites(images, n, rng), "draw rows with equal chance"),
        (lambda images, n, rng: np.repeat(lesson01.right_pixels(images, n // 2, rng), 2, axis=0), "equal to others"),
        (lambda images, n, rng: images[:n], "and it should have (4000, 28, 28)"),
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
        (lambda q, x: ((q[:, None] - x[None]).astype(float) ** 2).sum(axis=2), "before you subtract"),
        (lambda q, x: np.sqrt(distances(q, x)), "leave out the root"),
        (lambda q, x: np.abs(q[:, None].astype(float) - x).sum(axis=2), "square them"),
        (lambda q, x: distances(q, x) / q.shape[1], "take the sum"),
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


# --- right answers, in other words and in place ---------------------------------------------------------------------


def pixels_by_permuting(images, n, rng):
    columns = images.reshape(len(images), -1)
    return np.stack([rng.choice(column, n) for column in columns.T], axis=1).reshape(n, 28, 28)


def pixels_in_place(images, n, rng):
    new = np.empty((n, 28, 28), "uint8")
    for start in range(0, n, len(images)):
        rng.permuted(images.reshape(len(images), -1), axis=0, out=images.reshape(len(images), -1))
        new[start : start + len(images)] = images[: n - start]
    return new


def pixels_by_take(images, n, rng):
    rows = (rng.random((n, 28, 28)) * len(images)).astype(int)
    return np.take_along_axis(images, rows, axis=0)


def gaussian_in_place(mean, covariance, z):
    values, vectors = np.linalg.eigh(covariance)
    vectors *= np.sqrt(np.maximum(values, 0))
    z[:] = z @ vectors.T
    z += mean
    return z


def gaussian_by_svd(mean, covariance, z):
    turn, scale, _ = np.linalg.svd(covariance, hermitian=True)
    return mean + (z * np.sqrt(scale)) @ turn.T


def gaussian_row_by_row(mean, covariance, z):
    values, vectors = np.linalg.eigh(covariance)
    root = vectors @ np.diag(np.sqrt(np.clip(values, 0, None))) @ vectors.T
    return [mean + root @ row for row in z]


def bayes_in_place(a, b, p):
    a *= p
    b *= 1 - p
    b += a
    a /= b
    return a


def distances_in_place(q, x):
    a, b = q.astype("float32"), x.astype("float32")
    table = a @ b.T
    table *= -2
    table += (a**2).sum(axis=1)[:, None]
    table += (b**2).sum(axis=1)
    return table


def distances_by_a_loop(q, x):
    return [[float(((one.astype(int) - other) ** 2).sum()) for other in x.astype(int)] for one in q]


@pytest.mark.parametrize(
    "check, answer",
    [
        (lesson01.independent_pixels, pixels_by_permuting),
        (lesson01.independent_pixels, pixels_in_place),
        (lesson01.independent_pixels, pixels_by_take),
        (lesson01.gaussian, gaussian_in_place),
        (lesson01.gaussian, gaussian_by_svd),
        (lesson01.gaussian, gaussian_row_by_row),
        (lesson01.bayes, bayes_in_place),
        (lesson01.bayes, lambda a, b, p: 1 / (1 + b * (1 - p) / (a * p))),
        (lesson01.bayes, lambda a, b, p: [x * p / (x * p + y * (1 - p)) for x, y in zip(a, b, strict=True)]),
        (lesson01.squared_distances, distances_in_place),
        (lesson01.squared_distances, distances_by_a_loop),
        (lesson01.squared_distances, lambda q, x: ((q[:, None] - x.astype(float)) ** 2).sum(axis=-1)),
    ],
)
def test_other_right_answers(check, answer, capsys):
    assert verdict(check, answer, capsys).startswith("✓")


# --- a number that tells ---------------------------------------------------------------------------------------------


def sharpness_in_place(images):
    images[(images > 25) & (images < 230)] = 100
    return (images == 100).mean(axis=(1, 2))


@pytest.mark.parametrize(
    "answer",
    [lesson01.squared_steps, sharpness_in_place, lambda x: (x / 255 * (1 - x / 255)).mean(axis=(1, 2)),
     lambda x: [float(np.abs(np.diff(one.astype(float), axis=1)).max() - one.std()) for one in x]],
)  # fmt: skip
def test_numbers_that_tell(answer, capsys):
    assert verdict(lesson01.telling_number(REAL, BLURRED), answer, capsys).startswith("✓")


@pytest.mark.parametrize(
    "answer, sentence",
    [
        (lambda x: np.zeros(len(x)), "All images get the same number"),
        (lambda x: np.random.default_rng().random(len(x)), "changes from one call to the next"),
        (lambda x: (x / 255.0).mean(axis=(1, 2)) - (x / 255.0).mean(), "depends on the images beside it"),
        (lambda x: x[:, 3, 3] * 1.0 + x[:, 8, 20], "hardly better than a coin"),
        (lambda x: (x[:, 0, :4] % 255 > 0).any(axis=1) * 1.0, "It tells something"),
        (lambda x: x.mean(), "has shape ()"),
        (lambda x: x.std(axis=0), "has shape (28, 28)"),
        (lambda x: "sharp", "should be numbers"),
    ],
)
def test_numbers_that_do_not_tell(answer, sentence, capsys):
    line = verdict(lesson01.telling_number(REAL, BLURRED), answer, capsys)
    assert line.startswith("✗ Not yet: ") and sentence in line


def test_a_cut_is_tested_on_unseen_images_and_finds_its_side():
    rng = np.random.default_rng(0)
    low, high = rng.integers(0, 100, (400, 28, 28)), rng.integers(20, 120, (400, 28, 28))
    assert lesson01.best_cut(lambda x: x.mean(axis=(1, 2)), low, high) == 1.0
    assert lesson01.best_cut(lambda x: x.mean(axis=(1, 2)), high, low) == 1.0
    assert abs(lesson01.best_cut(lambda x: x[:, 0, 0], low, rng.integers(0, 100, (400, 28, 28))) - 0.5) < 0.15
