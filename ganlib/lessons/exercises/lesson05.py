"""Checks of lesson 05: the Fréchet distance, entropy, covered points, a stable mean of exponentials, a diagnosis."""

from collections.abc import Callable

import numpy as np

from ganlib.evaluation import metrics
from ganlib.lessons import toys
from ganlib.lessons.exercises import Wrong, check, compare, numbers


@check
def frechet(answer: Callable) -> str:
    """`answer(a, b)`: the squared Fréchet distance of features (n, d) and (m, d), each taken as one normal cloud."""
    rng = np.random.default_rng(0)
    cases = [(_features(rng, 500, 3), _features(rng, 700, 3)), (_features(rng, 900, 5), _features(rng, 600, 5))]
    compare(
        answer,
        cases,
        metrics.frechet_distance,
        {
            "You left out the covariances: two clouds with one mean can differ.": lambda a, b: _shift(a, b),
            "You left out the means.": lambda a, b: _trace(a, b),
            "You took the root at the end: the figure asked for is the square, as in all papers.": lambda a, b: np.sqrt(
                _shift(a, b) + _trace(a, b)
            ),
            "The root of AB counts twice.": lambda a, b: _shift(a, b) + _trace(a, b, 1),
            "The root of AB is taken away, not added.": lambda a, b: _shift(a, b) + _trace(a, b, -2),
            "The root of AB is missing: it takes back what the two clouds share.": lambda a, b: (
                _shift(a, b) + _trace(a, b, 0)
            ),
            "The means go in unsquared: 3 apart must count 9.": lambda a, b: np.sqrt(_shift(a, b)) + _trace(a, b),
            "You added up all entries of the matrix: the trace is its diagonal only.": lambda a, b: (
                _shift(a, b) + _rest(a, b).sum()
            ),
            "You averaged the squares of the shift: they are added up.": lambda a, b: (
                _shift(a, b) / a.shape[1] + _trace(a, b)
            ),
        },
        "Add the squared length of the shift and the trace of A + B - 2 (AB)^(1/2).",
        tolerance=5e-3,  # a covariance divides by n or by n - 1
    )
    return "with the features of a network called Inception, this is the FID of the papers."


def _features(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    return rng.normal(0, 1, (n, d)) @ rng.uniform(-1, 1, (d, d)) + rng.uniform(-2, 2, d)


def _shift(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.sum((a.mean(axis=0) - b.mean(axis=0)) ** 2))


def _rest(a: np.ndarray, b: np.ndarray, times: float = 2) -> np.ndarray:
    cov_a, cov_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    values, vectors = np.linalg.eig(cov_a @ cov_b)  # real and positive: both factors are covariances
    root = (vectors * np.sqrt(values.real.clip(min=0))) @ np.linalg.inv(vectors)
    return (cov_a + cov_b - times * root).real


def _trace(a: np.ndarray, b: np.ndarray, times: float = 2) -> float:
    return float(np.trace(_rest(a, b, times)))


@check
def entropy_of(answer: Callable) -> str:
    """`answer(shares)`: the entropy in nats of shares that add up to 1, some of them perhaps 0."""
    cases = [(np.array([0.5, 0.25, 0.15, 0.1]),), (np.array([0.7, 0.3, 0.0, 0.0, 0.0]),)]
    try:
        with np.errstate(all="ignore"):
            compare(answer, cases, metrics.entropy, _ENTROPY_MISTAKES, "Add up -p log p over the classes.")
    except Wrong as wrong:
        if "NaN or infinite" in str(wrong):
            raise Wrong("A class without images gives NaN: leave the zeros out, 0 · log 0 counts as 0.") from None
        raise
    return "0 for one class alone, log 10 for ten equal ones."


_ENTROPY_MISTAKES = {
    "The sign is wrong: a logarithm of a share is negative, and entropy is not.": lambda p: -metrics.entropy(p),
    "That is in bits: take the natural logarithm, np.log.": lambda p: metrics.entropy(p) / np.log(2),
    "You averaged over all classes: each already counts with its share, so add up.": lambda p: (
        metrics.entropy(p) / len(p)
    ),
    "You averaged over the classes that have images: each already counts with its share, so add up.": lambda p: (
        metrics.entropy(p) / np.count_nonzero(p)
    ),
    "You added the logarithms without their weights: each counts with its share.": lambda p: -np.log(p[p > 0]).sum(),
    "That is exp(entropy), the number of classes in effect: leave out exp.": lambda p: np.exp(metrics.entropy(p)),
    "That is the largest entropy possible, log(k): your answer does not look at the shares.": lambda p: np.log(len(p)),
}


@check
def covered(answer: Callable) -> str:
    """`answer(real, generated, k)`: for each real point, whether a generated one lies in its k-th-neighbour ball."""
    rng = np.random.default_rng(0)
    cases = [
        (rng.normal(0, 1, (60, 2)), rng.normal(0.8, 1.2, (50, 2)), 3),
        (rng.normal(0, 1, (40, 3)), rng.normal(0.5, 1.5, (70, 3)), 5),
    ]
    compare(
        answer,
        cases,
        _covered,
        {
            "Your balls are one neighbour too small: the nearest of all points is the point itself, at distance "
            "0.": lambda r, g, k: _covered(r, g, k - 1),
            "Your balls are one neighbour too large: after sorting, place 0 is the point itself and place k its k-th "
            "neighbour.": lambda r, g, k: _covered(r, g, k + 1),
            "You gave every ball the same radius, the mean: each reaches to its own k-th "
            "neighbour.": lambda r, g, k: _between(r, g).min(axis=1) < _radii(r, k).mean(),
            "Your balls lie round the generated points: that is what recall counts. Put them round the real "
            "ones.": lambda r, g, k: (_between(r, g) < _radii(g, k)).any(axis=1),
            "One generated point in the ball is enough; you ask that all are in it.": lambda r, g, k: (
                _between(r, g).max(axis=1) < _radii(r, k)
            ),
            "You counted the generated points in each ball: is there one, yes or no?": lambda r, g, k: (
                _between(r, g) < _radii(r, k)[:, None]
            ).sum(axis=1),
            "Those are the balls that are empty.": lambda r, g, k: ~_covered(r, g, k),
        },
        "For each real point: is some generated point nearer than its k-th real neighbour?",
    )
    return "their share is the coverage, and with labels you can ask it of every digit."


def _between(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.linalg.norm(a[:, None] - b, axis=2)


def _radii(points: np.ndarray, k: int) -> np.ndarray:
    return np.sort(_between(points, points), axis=1)[:, k]


def _covered(real: np.ndarray, generated: np.ndarray, k: int) -> np.ndarray:
    return _between(real, generated).min(axis=1) < _radii(real, k)


@check
def log_mean_exp(answer: Callable) -> str:
    """`answer(a)`: log(mean(exp(a))) of numbers (n,), without overflow or underflow."""
    large = np.array([-5000.0, -5001.0, -6000.0])
    cases = [(np.array([-1.0, 0.5, 2.0, 2.0]),), (large,), (-large,)]
    try:
        with np.errstate(all="ignore"):
            compare(answer, cases, _log_mean_exp, _EXP_MISTAKES, "log mean exp(a) = m + log mean exp(a - m).", 1e-9)
    except Wrong as wrong:
        if "NaN or infinite" in str(wrong):
            raise Wrong(
                "For numbers near -5000 or 5000 you get no finite number: exp leaves the range of floating point. "
                "Take the largest number out first, and add it again at the end."
            ) from None
        raise
    return "taking out the largest number changes nothing on paper and everything in a computer."


def _log_mean_exp(a: np.ndarray) -> float:
    return a.max() + np.log(np.mean(np.exp(a - a.max())))


_EXP_MISTAKES = {
    "That is the log of the sum: a mean divides by n.": lambda a: _log_mean_exp(a) + np.log(len(a)),
    "You forgot to add the largest number again.": lambda a: _log_mean_exp(a) - a.max(),
    "You added the largest number with the wrong sign.": lambda a: _log_mean_exp(a) - 2 * a.max(),
    "That is the largest number alone: the others count too.": np.max,
    "That is the mean of a: the mean of the exponentials comes before the logarithm.": np.mean,
    "You divided the logarithm by n: the mean is taken inside it.": lambda a: (
        (_log_mean_exp(a) + np.log(len(a))) / len(a)
    ),
}


def suspects() -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Real points of a ring of eight modes, float32 (2000, 2), and those of three generators; one lost a mode."""
    ring = toys.ring(8, std=0.05)
    lost = toys.Mixture(np.delete(ring.modes, 5, axis=0), ring.std)
    generators = {"A": toys.ring(8, std=0.11), "B": lost, "C": ring}
    return ring.sample(2000, 10), {name: g.sample(2000, seed) for seed, (name, g) in enumerate(generators.items(), 11)}


@check
def lost_a_mode(answer: str) -> str:
    """The name of the suspect that lost a mode: "A", "B" or "C"."""
    if not isinstance(answer, str):
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
