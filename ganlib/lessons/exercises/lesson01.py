"""Checks of lesson 01: Bayes' rule, independent pixels, a Gaussian with a given covariance, squared distances."""

from collections.abc import Callable

import numpy as np

from ganlib.lessons.exercises import Wrong, call, check, match


@check
def bayes(answer: Callable) -> str:
    """`answer(density_a, density_b, prior_a)`: the probability of class a at points with these densities, (n,)."""
    a, b, prior = np.array([0.3, 0.02, 0.5]), np.array([0.1, 0.08, 0.5]), 0.2
    got = call(answer, a, b, prior, shape=(3,))
    joint_a, joint_b = a * prior, b * (1 - prior)
    mistakes = {
        "The prior has no effect: multiply each density by the share of its own class.": a / (a + b),
        "You returned the probability of class b: class a belongs on top.": joint_b / (joint_a + joint_b),
        "You did not divide by the sum of both classes, so this is no probability yet.": joint_a,
        "You divided by the densities alone: the sum below needs the priors too.": joint_a / (a + b),
        "The priors are swapped: prior_a belongs to density_a.": a * (1 - prior) / (a * (1 - prior) + b * prior),
        "The density of class b has no prior yet: it is 1 - prior_a.": joint_a / (joint_a + b),
        "You divided by class b alone, which gives the odds: divide by the sum of both.": joint_a / joint_b,
        "That is the logarithm of the odds: a probability is asked for.": np.log(joint_a / joint_b),
    }
    match(got, joint_a / (joint_a + joint_b), mistakes)
    return "a density for each class and a prior are enough to classify."


@check
def independent_pixels(answer: Callable) -> str:
    """`answer(images, n, rng)`: n images (n, 28, 28), each pixel drawn from that pixel's values in the images."""
    count, n = 60, 4000
    grey = np.arange(count)
    images = np.zeros((count, 28, 28), np.uint8)
    images[:, 0, 0] = images[:, 0, 1] = 10 + grey  # two pixels that always agree
    images[:, 5, 7] = 255 * (grey < 15)  # ink in one image of four
    images[:, 27, 27] = 200
    got = call(answer, images, n, np.random.default_rng(0), shape=(n, 28, 28))
    if (got == got[0]).all():
        raise Wrong("All your images are equal: draw each image anew.")
    if len({tuple(pixels) for pixels in np.sort(got.reshape(n, -1)[:50], axis=1)}) == 1:
        raise Wrong("Your images are one image with its pixels in another order: draw for each pixel from all images.")
    if (got[:, 27, 27] != 200).any():
        raise Wrong("A pixel holds a value that this pixel has in no image: copy from its own column, make up nothing.")
    if (got[:, 0, 0] == got[:, 0, 1]).all():
        raise Wrong(
            "You drew whole images, or whole rows of them: two pixels that always agree in the data still do. Draw for "
            "each pixel."
        )
    if not np.isin(got[:, 5, 7], (0, 255)).all():
        raise Wrong("A pixel that is 0 or 255 in all images has other values: draw one of its values, no mean of them.")
    if not 0.2 < (got[:, 5, 7] == 255).mean() < 0.3:
        share = (got[:, 5, 7] == 255).mean()
        raise Wrong(f"Ink in 25% of the images became ink in {share:.0%} of yours: draw rows with equal chance.")
    if abs(np.corrcoef(got[:, 0, 0], got[:, 0, 1])[0, 1]) > 0.1:
        raise Wrong("Two pixels still depend on each other: draw the row anew for each of them.")
    return "each pixel is right by itself, and none knows its neighbour."


@check
def gaussian(answer: Callable) -> str:
    """`answer(mean, covariance, z)`: turn z (n, d) from N(0, I) into rows from N(mean, covariance)."""
    mean, covariance = np.array([1.0, -2.0, 3.0]), np.array([[4.0, 2.0, 0.6], [2.0, 3.0, -0.4], [0.6, -0.4, 1.0]])
    # Mean exactly 0 and covariance exactly I, so that nothing depends on luck.
    z = np.sqrt(3) * np.concatenate([np.eye(3), -np.eye(3)])
    got = call(answer, mean, covariance, z, shape=(6, 3))
    twice = got + call(answer, mean, covariance, -z, shape=(6, 3))  # what is added to the multiple of z, twice
    if not np.allclose(twice, twice[0], atol=1e-6):
        raise Wrong("Your points are not a constant plus a multiple of z: use the z that is given, draw nothing new.")
    if np.allclose(got.mean(axis=0), 0, atol=1e-6):
        raise Wrong("Your points lie around 0: add the mean.")
    if not np.allclose(got.mean(axis=0), mean, atol=1e-6):
        raise Wrong("The mean of your points is not the mean asked for.")
    lower = np.linalg.cholesky(covariance)
    found = (got - mean).T @ (got - mean) / len(z)
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
        "You took the square root of every entry: the root of a matrix is another thing.": (
            np.sqrt(np.abs(covariance)) @ np.sqrt(np.abs(covariance))
        ),
        "Your points have covariance I: z has to be multiplied by a root of the covariance.": np.eye(3),
    }
    match(found, covariance, mistakes, "The covariance of your points is not the one asked for.")
    covariance[2] = covariance[:, 2] = 0
    try:
        got = call(answer, mean, covariance, z, shape=(6, 3))
    except Wrong as wrong:
        raise Wrong(f"It works, but not with a pixel that never changes: the matrix is singular. {wrong}") from None
    match((got - mean).T @ (got - mean) / len(z), covariance, otherwise="It fails with a pixel that never changes.")
    thin = np.random.default_rng(0).standard_normal((20, 3))  # 17 eigenvalues are 0, and rounding makes some negative
    with np.errstate(invalid="ignore"):
        try:
            call(answer, np.zeros(20), thin @ thin.T, np.eye(20), shape=(20, 20))
        except Wrong as wrong:
            raise Wrong(f"An eigenvalue 0 may come out as -1e-17: cut it off before you take roots. {wrong}") from None
    return "mean and covariance are as asked for, dead pixels included."


@check
def squared_distances(answer: Callable) -> str:
    """`answer(queries, images)`: squared Euclidean distances of uint8 (m, d) and (n, d), as an array (m, n)."""
    rng = np.random.default_rng(0)
    queries, images = rng.integers(0, 256, (3, 20), dtype=np.uint8), rng.integers(0, 256, (5, 20), dtype=np.uint8)
    got = call(answer, queries.copy(), images.copy(), shape=(3, 5))
    a, b = queries[:, None].astype("float64"), images[None].astype("float64")
    right = ((a - b) ** 2).sum(axis=2)
    if not np.allclose(got, right) and np.allclose(call(answer, a[:, 0], b[0], shape=(3, 5)), right):
        raise Wrong("uint8 arithmetic wraps round: 3 - 5 is 254 there. Turn the images into floats first.")
    mistakes = {
        "These are the distances: leave out the root.": np.sqrt(right),
        "You added absolute differences: square them.": np.abs(a - b).sum(axis=2),
        "You took the mean over the pixels: take the sum.": right / 20,
        "The product of both counts twice: |a - b|² is |a|² - 2ab + |b|².": right + (a * b).sum(axis=2),
        "The product comes with a minus: |a - b|² is |a|² - 2ab + |b|².": right + 4 * (a * b).sum(axis=2),
        "This is the product of queries and images alone: |a|² and |b|² are missing.": (a * b).sum(axis=2),
        "|a|² is missing: |a - b|² is |a|² - 2ab + |b|².": right - (a**2).sum(axis=2),
        "|b|² is missing: |a - b|² is |a|² - 2ab + |b|².": right - (b**2).sum(axis=2),
    }
    match(got, right, mistakes)
    return "all distances at once, without a loop."
