"""Checks of lesson 01: independent pixels, a Gaussian, a number that tells blurred digits; Bayes' rule, distances."""

from collections.abc import Callable

import numpy as np

from ganlib.lessons.exercises import Wrong, call, check, compare, match

# --- the course's own answers, with which a lesson goes on until the learner's are right ---------------------------


def right_pixels(images: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """The course's own `independent_pixels`."""
    rows = rng.integers(len(images), size=(n, 784))
    return images.reshape(-1, 784)[rows, np.arange(784)].reshape(n, 28, 28)


def right_gaussian(mean: np.ndarray, covariance: np.ndarray, z: np.ndarray) -> np.ndarray:
    """The course's own `gaussian`."""
    values, vectors = np.linalg.eigh(covariance)
    return mean + z @ (vectors * np.sqrt(values.clip(min=0))).T


def right_posterior(density_a: np.ndarray, density_b: np.ndarray, prior_a: float) -> np.ndarray:
    """The course's own `posterior`."""
    a, b = density_a * prior_a, density_b * (1 - prior_a)
    return a / (a + b)


def right_distances(queries: np.ndarray, images: np.ndarray) -> np.ndarray:
    """The course's own `squared_distances`."""
    a, b = queries.astype(float), images.astype(float)
    return (a**2).sum(axis=1)[:, None] - 2 * a @ b.T + (b**2).sum(axis=1)


def squared_steps(images: np.ndarray) -> np.ndarray:
    """The course's own `my_number`: the squared steps from each pixel to the next, added up, (n,)."""
    return (np.diff(images / 255.0, axis=2) ** 2).sum(axis=(1, 2))


# --- independent pixels ---------------------------------------------------------------------------------------------

_INK, _FIXED = (5, 7), (27, 27)  # a pixel that is ink in one image of four, and one that never changes


@check
def independent_pixels(answer: Callable) -> str:
    """`answer(images, n, rng)`: n images (n, 28, 28), each pixel drawn from that pixel's values in the images."""
    for count, n in ((60, 4000), (40, 3000)):
        got = call(answer, _striped(count), n, np.random.default_rng(0), shape=(n, 28, 28))
        _is_drawn(got)
        _holds_pixels_of(got, count)
        _is_independent(got)
        _has_equal_chances(got, count)
    return "each pixel is right by itself, and none knows its neighbour."


def _striped(count: int) -> np.ndarray:
    """Images of one grey each, 10, 11, 12 …, so that all pixels agree, but for `_INK` and `_FIXED`."""
    images = np.empty((count, 28, 28), np.uint8)
    images[:] = (10 + np.arange(count))[:, None, None]
    images[:, *_INK] = 255 * (np.arange(count) < count // 4)
    images[:, *_FIXED] = 200
    return images


def _is_drawn(got: np.ndarray) -> None:
    if (got == got[0]).all():
        raise Wrong("All your images are equal: draw each image anew.")
    if len({tuple(pixels) for pixels in np.sort(got.reshape(len(got), -1)[:50], axis=1)}) == 1:
        raise Wrong("Your images are one image with its pixels in another order: draw for each pixel from all images.")


def _holds_pixels_of(got: np.ndarray, count: int) -> None:
    if (got[:, *_FIXED] != 200).any():
        raise Wrong("A pixel holds a value that this pixel has in no image: copy from its own column, make up nothing.")
    if not np.isin(got[:, *_INK], (0, 255)).all():
        raise Wrong("A pixel that is 0 or 255 in all images has other values: draw one of its values, no mean of them.")
    others = got[:, 0, 0]
    if not np.isin(others, 10 + np.arange(count)).all():
        raise Wrong("A pixel holds a value that this pixel has in no image: copy from its own column, make up nothing.")


def _is_independent(got: np.ndarray) -> None:
    """No two pixels of the 784 may go together; a chance correlation of 3,000 draws stays below 0.12."""
    pixels = np.delete(got.reshape(len(got), -1), [5 * 28 + 7, 27 * 28 + 27], axis=1)
    for name, same in (("images", (got[:, 0, 0] == got[:, 9, 20])), ("rows", got[:, 3, 0] == got[:, 3, 20]),
                       ("columns", got[:, 3, 4] == got[:, 20, 4])):  # fmt: skip
        if same.all():
            raise Wrong(f"You drew whole {name}: pixels that always agree in the data still do. Draw for each pixel.")
    if len(np.unique(pixels, axis=0)) < len(pixels):
        raise Wrong("Some of your images are equal to others: draw each image anew.")
    together = np.corrcoef(pixels.T) if (pixels.std(axis=0) > 0).all() else np.ones((2, 2))
    np.fill_diagonal(together, 0)
    if np.abs(together).max() > 0.12:
        raise Wrong("Some pixels still depend on each other: draw the row anew for each of the 784.")


def _has_equal_chances(got: np.ndarray, count: int) -> None:
    share, due = (got[:, *_INK] == 255).mean(), (count // 4) / count
    if abs(share - due) > 0.05:
        raise Wrong(f"Ink in {due:.0%} of the images became ink in {share:.0%} of yours: draw rows with equal chance.")
    times = np.bincount(got[:, :4].astype(int).ravel(), minlength=10 + count)[10 : 10 + count]
    if times.min() < 0.8 * times.mean() or times.max() > 1.2 * times.mean():
        raise Wrong("Some images give their pixels more often than others: draw rows with equal chance.")


# --- a Gaussian -----------------------------------------------------------------------------------------------------


@check
def gaussian(answer: Callable) -> str:
    """`answer(mean, covariance, z)`: turn z (n, d) from N(0, I) into rows from N(mean, covariance)."""
    mean, covariance = np.array([1.0, -2.0, 3.0]), np.array([[4.0, 2.0, 0.6], [2.0, 3.0, -0.4], [0.6, -0.4, 1.0]])
    _has_moments(answer, mean, covariance)
    _has_moments(answer, np.array([5.0, 0.5]), np.array([[2.0, -1.2], [-1.2, 1.0]]))
    covariance[2] = covariance[:, 2] = 0
    try:
        got = call(answer, mean, covariance, _whitened(3), shape=(6, 3))
    except Wrong as wrong:
        raise Wrong(f"It works, but not with a pixel that never changes: the matrix is singular. {wrong}") from None
    match((got - mean).T @ (got - mean) / 6, covariance, otherwise="It fails with a pixel that never changes.")
    thin = np.random.default_rng(0).standard_normal((20, 3))  # 17 eigenvalues are 0, and rounding makes some negative
    with np.errstate(invalid="ignore"):
        try:
            got = call(answer, np.zeros(20), thin @ thin.T, np.eye(20), shape=(20, 20))
        except Wrong as wrong:
            raise Wrong(f"An eigenvalue 0 may come out as -1e-17: cut it off before you take roots. {wrong}") from None
    match(got.T @ got, thin @ thin.T, otherwise="It fails where many eigenvalues are 0.")
    return "mean and covariance are as asked for, dead pixels included."


def _whitened(d: int) -> np.ndarray:
    """2d rows with mean exactly 0 and covariance exactly I, so that nothing depends on luck."""
    return np.sqrt(d) * np.concatenate([np.eye(d), -np.eye(d)])


def _has_moments(answer: Callable, mean: np.ndarray, covariance: np.ndarray) -> None:
    z = _whitened(len(mean))
    got = call(answer, mean, covariance, z, shape=z.shape)
    twice = got + call(answer, mean, covariance, -z, shape=z.shape)  # what is added to the multiple of z, twice
    if not np.allclose(twice, twice[0], atol=1e-6):
        raise Wrong("Your points are not a constant plus a multiple of z: use the z that is given, draw nothing new.")
    if np.allclose(got.mean(axis=0), 0, atol=1e-6):
        raise Wrong("Your points lie around 0: add the mean.")
    if not np.allclose(got.mean(axis=0), mean, atol=1e-6):
        raise Wrong("The mean of your points is not the mean asked for.")
    lower = np.linalg.cholesky(covariance)
    by_entry = np.sqrt(np.abs(covariance))
    mistakes = {
        "You multiplied by the covariance itself, and it comes in squared: multiply by a root of it.": (
            covariance @ covariance
        ),
        "You used the root the wrong way round: rows of z need root.T on their right.": lower.T @ lower,
        "You scaled each coordinate by itself, so the tilt is lost: a root of the whole matrix is needed.": (
            np.diag(np.diag(covariance))
        ),
        "You scaled by the eigenvalues, but did not turn: with root = vectors * np.sqrt(values) it is z @ root.T.": (
            np.diag(np.linalg.eigvalsh(covariance))
        ),
        "You took the square root of every entry: the root of a matrix is another thing.": by_entry @ by_entry,
        "Your points have covariance I: z has to be multiplied by a root of the covariance.": np.eye(len(mean)),
    }
    found = (got - mean).T @ (got - mean) / len(z)
    match(found, covariance, mistakes, "The covariance of your points is not the one asked for.")


# --- a number that tells -------------------------------------------------------------------------------------------

_PASS = 0.8


def telling_number(real: np.ndarray, drawn: np.ndarray) -> Callable:
    """The check of `answer(images)`: one number for each image, by which a cut tells `real` from `drawn` images."""

    @check
    def telling(answer: Callable) -> str:
        some = np.concatenate([real[:20], drawn[:20]])
        got = call(answer, some, shape=(40,))
        if not np.allclose(got, call(answer, some, shape=(40,))):
            raise Wrong("Your number changes from one call to the next: it must depend on the image alone.")
        if not np.allclose(got[5:12], call(answer, some[5:12], shape=(7,))):
            raise Wrong("An image's number depends on the images beside it: add up or average over axes 1 and 2 only.")
        if np.ptp(got) == 0:
            raise Wrong("All images get the same number: no cut can tell them apart.")
        share = best_cut(lambda images: call(answer, images, shape=(len(images),)), real, drawn)
        if share < 0.6:
            raise Wrong(f"The best cut is right for {share:.0%} of unseen images, hardly better than a coin.")
        if share < _PASS:
            raise Wrong(f"It tells something: {share:.0%} of unseen images are right. Find one for {_PASS:.0%}.")
        return f"{share:.0%} of unseen images told rightly, by one number and one cut."

    return telling


def best_cut(number: Callable, real: np.ndarray, drawn: np.ndarray) -> float:
    """The share of unseen images that one cut on `number(images)` tells rightly, each kind counting half.

    The cut, and the side on which real images lie, are chosen on the first three quarters of the images.
    """
    a, b = np.asarray(number(real), float), np.asarray(number(drawn), float)
    train = 3 * len(a) // 4
    cuts = np.unique(np.quantile(np.concatenate([a[:train], b[:train]]), np.linspace(0, 1, 201)))

    def right(a, b, cut):
        return (np.mean(a > cut) + np.mean(b <= cut)) / 2

    shares = np.array([right(a[:train], b[:train], cut) for cut in cuts])
    best = np.abs(shares - 0.5).argmax()
    share = right(a[train:], b[train:], cuts[best])
    return float(share if shares[best] > 0.5 else 1 - share)


# --- Further --------------------------------------------------------------------------------------------------------


@check
def bayes(answer: Callable) -> str:
    """`answer(density_a, density_b, prior_a)`: the probability of class a at points with these densities, (n,)."""
    mistakes = {
        "The prior has no effect: multiply each density by the share of its own class.": lambda a, b, p: a / (a + b),
        "You returned the probability of class b: class a belongs on top.": lambda a, b, p: (
            1 - right_posterior(a, b, p)
        ),
        "You did not divide by the sum of both classes, so this is no probability yet.": lambda a, b, p: a * p,
        "You divided by the densities alone: the sum below needs the priors too.": lambda a, b, p: a * p / (a + b),
        "The priors are swapped: prior_a belongs to density_a.": lambda a, b, p: right_posterior(a, b, 1 - p),
        "The density of class b has no prior yet: it is 1 - prior_a.": lambda a, b, p: a * p / (a * p + b),
        "You divided by class b alone, which gives the odds: divide by the sum of both.": lambda a, b, p: (
            a * p / (b * (1 - p))
        ),
        "That is the logarithm of the odds: a probability is asked for.": lambda a, b, p: np.log(a * p / (b * (1 - p))),
    }
    cases = [
        (np.array([0.3, 0.02, 0.5]), np.array([0.1, 0.08, 0.5]), 0.2),
        (np.array([0.7, 0.4]), np.array([0.2, 3.0]), 0.7),
    ]
    compare(answer, cases, right_posterior, mistakes)
    return "a density for each class and a prior are enough to classify."


def _products(q, x):
    return q.astype(float) @ x.T.astype(float)


def _differences(q, x):
    return q[:, None].astype(float) - x.astype(float)


DISTANCE_MISTAKES = {
    "uint8 arithmetic wraps round: 3 - 5 is 254 there. Turn the images into floats first.": lambda q, x: (
        (q[:, None] - x) ** 2
    ).sum(axis=2),
    "uint8 differences wrap round: 3 - 5 is 254. Turn the images into floats before you subtract.": lambda q, x: (
        (q[:, None] - x).astype(float) ** 2
    ).sum(axis=2),
    "These are the distances: leave out the root.": lambda q, x: np.sqrt(right_distances(q, x)),
    "You added absolute differences: square them.": lambda q, x: np.abs(_differences(q, x)).sum(axis=2),
    "You took the mean over the pixels: take the sum.": lambda q, x: right_distances(q, x) / q.shape[1],
    "The product of both counts twice: |a - b|² is |a|² - 2ab + |b|².": lambda q, x: (
        right_distances(q, x) + _products(q, x)
    ),
    "The product comes with a minus: |a - b|² is |a|² - 2ab + |b|².": lambda q, x: (
        right_distances(q, x) + 4 * _products(q, x)
    ),
    "This is the product of queries and images alone: |a|² and |b|² are missing.": _products,
    "|a|² is missing: |a - b|² is |a|² - 2ab + |b|².": lambda q, x: (
        right_distances(q, x) - (q.astype(float) ** 2).sum(axis=1)[:, None]
    ),
    "|b|² is missing: |a - b|² is |a|² - 2ab + |b|².": lambda q, x: (
        right_distances(q, x) - (x.astype(float) ** 2).sum(axis=1)
    ),
}


@check
def squared_distances(answer: Callable) -> str:
    """`answer(queries, images)`: squared Euclidean distances of uint8 (m, d) and (n, d), as an array (m, n)."""
    rng = np.random.default_rng(0)
    cases = [tuple(rng.integers(0, 256, (rows, d), dtype=np.uint8) for rows in sizes)
             for sizes, d in (((3, 5), 20), ((4, 2), 7))]  # fmt: skip

    compare(answer, cases, right_distances, DISTANCE_MISTAKES)
    return "all distances at once, without a loop."
