"""Checks of lesson 05: Fréchet distance on a line, entropy, precision, a stable mean of exponentials, a diagnosis."""

from collections.abc import Callable

import numpy as np

from ganlib.lessons import toys
from ganlib.lessons.exercises import Wrong, call, check, match, numbers


@check
def frechet_on_a_line(answer: Callable) -> str:
    """`answer(a, b)`: the squared Fréchet distance of two normal distributions, with mean and spread of a and of b."""
    rng = np.random.default_rng(0)
    for a, b in ((rng.normal(0, 1, 400), rng.normal(3, 2, 500)), (rng.normal(-2, 3, 300), rng.normal(-5, 0.5, 300))):
        got = call(answer, a, b, shape=())
        shift, spread = a.mean() - b.mean(), a.std() - b.std()
        right = shift**2 + spread**2
        match(
            got,
            right,
            {
                "You left out the spreads: two distributions with one mean can differ.": shift**2,
                "You left out the means.": spread**2,
                "You compared the variances: the distance between the standard deviations is asked for.": shift**2
                + (a.var() - b.var()) ** 2,
                "You added the two variances and left out the term that takes back what they share: "
                "s² + t² - 2st is (s - t)².": shift**2 + a.var() + b.var(),
                "You took the root at the end: the figure asked for is the square, as in all papers.": np.sqrt(right),
                "The means go in unsquared: 3 apart must count 9.": abs(shift) + spread**2,
                "Neither difference is squared.": abs(shift) + abs(spread),
                "You paired the points one by one: the distance compares distributions, whose points have no "
                "partners.": np.mean((a[:300] - b[:300]) ** 2),
            },
            "Square the difference of the means and that of the standard deviations, and add.",
            tolerance=5e-3,  # np.std divides by n or by n - 1
        )
    return "in 64 dimensions it is the same idea, with a covariance matrix in the place of the spread."


@check
def entropy_of(answer: Callable) -> str:
    """`answer(shares)`: the entropy in nats of shares that add up to 1, some of them perhaps 0."""
    for shares in (np.array([0.5, 0.25, 0.25]), np.array([0.7, 0.3, 0.0, 0.0])):
        positive = shares[shares > 0]
        right = -np.sum(positive * np.log(positive))
        try:
            with np.errstate(all="ignore"):
                got = call(answer, shares, shape=())
        except Wrong as wrong:
            if "NaN or infinite" in str(wrong):
                raise Wrong("A class without images gives NaN: leave the zeros out, 0 · log 0 counts as 0.") from None
            raise
        match(
            got,
            right,
            {
                "The sign is wrong: a logarithm of a share is negative, and entropy is not.": -right,
                "That is in bits: take the natural logarithm, np.log.": right / np.log(2),
                "You averaged: each class already counts with its share, so add up.": right / len(shares),
                "You averaged: each class already counts with its share, so sum up.": right / len(positive),
                "You added the logarithms without their weights: each counts with its share.": -np.log(positive).sum(),
                "That is exp(entropy), the number of classes in effect: leave out exp.": np.exp(right),
                "That is the largest entropy possible, log(k): your answer does not look at the shares.": np.log(
                    len(shares)
                ),
            },
            "Add up -p log p over the classes.",
        )
    return "0 for one class alone, log 10 for ten equal ones."


@check
def precision(answer: Callable) -> str:
    """`answer(real, generated, k)`: the share of generated points within the k-th-neighbour ball of a real point."""
    rng = np.random.default_rng(0)  # with this seed every mistake has a value of its own
    real, generated, k = rng.normal(0, 1, (60, 2)), rng.normal(0.8, 1.6, (50, 2)), 3
    got = call(answer, real, generated, k, shape=())
    between = np.linalg.norm(real[:, None] - generated, axis=2)  # (real, generated)
    own_real = np.sort(np.linalg.norm(real[:, None] - real, axis=2), axis=1)
    own_generated = np.sort(np.linalg.norm(generated[:, None] - generated, axis=2), axis=1)
    inside = between < own_real[:, [k]]
    match(
        got,
        inside.any(axis=0).mean(),
        {
            "That is recall, the share of real points in a generated ball: exchange the two sets.": (
                between < own_generated[:, k]
            )
            .any(axis=1)
            .mean(),
            "That is coverage, the share of real balls with a generated point inside: count the generated points "
            "instead.": inside.any(axis=1).mean(),
            "That is density: a generated point counts once, however many balls it is in.": inside.sum() / (50 * k),
            "Your balls are one neighbour too small: the nearest of all points is the point itself, at distance 0.": (
                between < own_real[:, [k - 1]]
            )
            .any(axis=0)
            .mean(),
            "Your balls are one neighbour too large: after sorting, place 0 is the point itself and place k its k-th "
            "neighbour.": (between < own_real[:, [k + 1]]).any(axis=0).mean(),
            "You gave every ball the same radius: each reaches to its own k-th neighbour.": (
                between < own_real[:, k].mean()
            )
            .any(axis=0)
            .mean(),
            "A point must be in one ball; you ask that it be in all of them.": inside.all(axis=0).mean(),
            "That counts pairs of a point and a ball: a generated point counts once.": inside.mean(),
        },
        "For each generated point: is it nearer to some real point than that one's k-th neighbour?",
        tolerance=1e-6,
    )
    return "any one ball is enough, and each ball is as large as its neighbourhood is empty."


@check
def log_mean_exp(answer: Callable) -> str:
    """`answer(a)`: log(mean(exp(a))) of numbers (n,), without overflow or underflow."""
    small, large = np.array([-1.0, 0.5, 2.0, 2.0]), np.array([-5000.0, -5001.0, -6000.0])
    for a in (small, large, -large):
        top = a.max()
        right = top + np.log(np.mean(np.exp(a - top)))
        try:
            with np.errstate(all="ignore"):
                got = call(answer, a, shape=())
        except Wrong as wrong:
            if "NaN or infinite" in str(wrong):
                raise Wrong(
                    f"For numbers near {a[0]:.0f} you get no finite number: exp leaves the range of floating point. "
                    "Take the largest number out first, and add it again at the end."
                ) from None
            raise
        match(
            got,
            right,
            {
                "That is the log of the sum: a mean divides by n.": right + np.log(len(a)),
                "You forgot to add the largest number again.": right - top,
                "You added the largest number with the wrong sign.": right - 2 * top,
                "That is the largest number alone: the others count too.": top,
                "That is the mean of a: the mean of the exponentials comes before the logarithm.": a.mean(),
                "You divided the logarithm by n: the mean is taken inside it.": (right + np.log(len(a))) / len(a),
            },
            "log mean exp(a) = m + log mean exp(a - m), for any m.",
            tolerance=1e-9,
        )
    return "taking out the largest number changes nothing on paper and everything in a computer."


def suspects() -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Real points of a ring of eight modes, float32 (2000, 2), and those of three generators; one lost a mode."""
    ring = toys.ring(8, std=0.05)
    lost = toys.Mixture(np.delete(ring.modes, 5, axis=0), ring.std)
    generators = {"A": toys.ring(8, std=0.11), "B": lost, "C": ring}
    return ring.sample(2000, 10), {name: g.sample(2000, seed) for seed, (name, g) in enumerate(generators.items(), 11)}


@check
def lost_a_mode(answer: str) -> str:
    """The name of the suspect that lost a mode: "A", "B" or "C"."""
    if answer is None or not isinstance(answer, str):
        numbers(answer)  # refuses None
        raise Wrong('The name of a generator is asked for: "A", "B" or "C".')
    name = answer.strip().upper()
    if name == "A":
        raise Wrong(
            "A has the lowest precision: its points are spread too wide. Its coverage is low only because fewer good "
            "points are left to fill the balls; its recall is 1, so it goes wherever real points are."
        )
    if name == "C":
        raise Wrong("C differs from the real points in nothing: its four figures are those of a second real sample.")
    if name != "B":
        raise Wrong('The name of a generator is asked for: "A", "B" or "C".')
    return "its points are as good as real ones, and an eighth of the real points has none of them near."
