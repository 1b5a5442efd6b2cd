"""Measures of generated samples: from the judge's features and probabilities, from pixels, and for points in a plane.

Distances are Euclidean. Everything works in blocks, so that 10,000 against 60,000 rows need less than 1 GB.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from ganlib.evaluation import checks

SIGMAS = tuple(np.logspace(-1, 0, 10))  # among which Goodfellow et al. 2014 choose the width of the Parzen window
_BLOCK = 2**23  # distances held at a time


def frechet_distance(features_a: np.ndarray, features_b: np.ndarray) -> float:
    """Return the squared Fréchet distance between two sets of features, each taken as one Gaussian: 0 = same.

    Features are (n, d) and (m, d), n and m at least d + 1. The value is in squared units of the features:
    compare two distances only if they come from the same judge and from equal numbers of images.
    Raises ValueError for other shapes, too few rows, NaN and infinity.
    Source: Heusel et al. 2017, eq. 6: |mean_a - mean_b|² + Tr(cov_a + cov_b - 2 (cov_a cov_b)^(1/2)).
    """
    a, b = checks.features(features_a, "features_a"), checks.features(features_b, "features_b")
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"features_a has {a.shape[1]} columns, features_b has {b.shape[1]}: use one judge")
    root_a, root_b = _root(_covariance(a)), _root(_covariance(b))
    shift = a.mean(axis=0) - b.mean(axis=0)
    # Tr (cov_a cov_b)^(1/2) is the sum of the singular values of root_a root_b: no root of an unsymmetric
    # matrix, hence no complex numbers, and no root of a rounding error.
    overlap = np.linalg.norm(root_a @ root_b, "nuc")
    distance = shift @ shift + np.sum(root_a**2) + np.sum(root_b**2) - 2 * overlap
    return max(0.0, float(distance))  # rounding can leave -1e-13


def frechet_spread(features: np.ndarray, reference: np.ndarray, rounds: int = 20, seed: int = 0) -> float:
    """Return the standard deviation of `frechet_distance(features, reference)` if other images were drawn.

    It is the spread over `rounds` bootstrap samples of `features` (n, d); `reference` (m, d) stays as it is, because
    everybody measures against the same images. Raises ValueError as `frechet_distance` does, and for `rounds` < 2.
    Source: Efron 1979.
    """
    if rounds < 2:
        raise ValueError(f"rounds is {rounds}: a spread needs at least 2")
    features, rng = checks.features(features, "features"), np.random.default_rng(seed)
    samples = (features[rng.integers(len(features), size=len(features))] for _ in range(rounds))
    return float(np.std([frechet_distance(sample, reference) for sample in samples], ddof=1))


def frechet_floor(
    real: np.ndarray, reference: np.ndarray, n: int, draws: int = 5, seed: int = 0
) -> tuple[float, float]:
    """Return mean and standard deviation of the distance that `n` other real images have: a perfect copy of them.

    `real` are features of real images (m, d), from which `n` different ones are drawn `draws` times; `reference` are
    the features (l, d) that generated images are measured against. A smaller `n` has a higher floor.
    Raises ValueError as `frechet_distance` does, for `n` > m and for `draws` < 2.
    """
    real, rng = checks.features(real, "real"), np.random.default_rng(seed)
    if n > len(real):
        raise ValueError(f"n is {n:,}, but there are only {len(real):,} real rows to draw from")
    if draws < 2:
        raise ValueError(f"draws is {draws}: a spread needs at least 2")
    chosen = (real[rng.choice(len(real), n, replace=False)] for _ in range(draws))
    distances = [frechet_distance(sample, reference) for sample in chosen]
    return float(np.mean(distances)), float(np.std(distances, ddof=1))


def judge_score(probabilities: np.ndarray) -> float:
    """Return exp(mean KL(p(y|x) || p(y))): 1 when all images look alike to the judge, at most the number of classes.

    Probabilities are (n, classes) with rows that add up to 1; p(y) is their mean. It rises when each image is clearly
    of one class and all classes are equally frequent; it sees neither copies nor a lack of variety within a class.
    Raises ValueError for other shapes and for rows that are not probabilities.
    Source: Salimans et al. 2016, section 4, there with the Inception network.
    """
    rows = checks.probabilities(probabilities)
    mean = rows.mean(axis=0)
    # p log p goes to 0 with p; where p is 0, the logarithm of any other number will do.
    ratio = np.where(rows > 0, rows, 1) / np.where(rows > 0, mean, 1)
    return float(np.exp(np.mean(np.sum(rows * np.log(ratio), axis=1))))


class PRDC(NamedTuple):
    """Four shares: `density` can exceed 1, the others are within 0..1."""

    precision: float
    recall: float
    density: float
    coverage: float


def prdc(real: np.ndarray, generated: np.ndarray, k: int = 5) -> PRDC:
    """Return precision, recall, density and coverage of generated features (m, d) beside real ones (n, d).

    Around every row lies a ball that reaches to its k-th neighbour in its own set. Precision is the share of generated
    rows in a real ball, recall the share of real rows in a generated ball, density the mean number of real balls
    around a generated row over k, coverage the share of real balls with a generated row inside. Equal distributions
    have density 1 and, for n = m = 10,000 and k = 5, coverage 0.969; their precision and recall are below 1.
    Raises ValueError for other shapes, NaN, infinity, and unless 1 <= k < n, m.
    Sources: Kynkäänniemi et al. 2019, eq. 1 and 2; Naeem et al. 2020, eq. 3 to 5.
    """
    real, generated = checks.table(real, "real"), checks.table(generated, "generated")
    checks.check_columns(real, generated, "real", "generated")
    if not 1 <= k < min(len(real), len(generated)):
        raise ValueError(
            f"k is {k}, with {len(real):,} real and {len(generated):,} generated rows: it must be at least 1, "
            "and smaller than both"
        )
    centre = real.mean(axis=0)  # without it float32 would not do
    real, generated = (real - centre).astype("float32"), (generated - centre).astype("float32")
    real_radius, generated_radius = _ball(real, k), _ball(generated, k)
    around, recalled, covered = np.zeros(len(generated), int), 0, 0  # around: real balls around each generated row
    for rows, distance in _distances(real, generated):
        radius = real_radius[rows]
        around += np.count_nonzero(distance < radius[:, None], axis=0)
        recalled += np.count_nonzero((distance < generated_radius).any(axis=1))
        covered += np.count_nonzero(distance.min(axis=1) < radius)
    n = len(real)
    return PRDC(float(np.mean(around > 0)), float(recalled / n), float(around.mean() / k), float(covered / n))


def covered(real: np.ndarray, generated: np.ndarray, k: int = 5) -> np.ndarray:
    """Return for each real row (n, d) whether its ball holds a generated one (m, d): bool (n,).

    The mean is the coverage; with labels of the real rows, the mean over one label is the coverage of that kind.
    Raises ValueError as `prdc` does.
    Source: Naeem et al. 2020, eq. 5.
    """
    real, generated = checks.table(real, "real"), checks.table(generated, "generated")
    checks.check_columns(real, generated, "real", "generated")
    if not 1 <= k < len(real):
        raise ValueError(f"k is {k}, with {len(real):,} real rows: it must be at least 1, and smaller")
    centre = real.mean(axis=0)
    real, generated = (real - centre).astype("float32"), (generated - centre).astype("float32")
    nearest = np.concatenate([block.min(axis=1) for _, block in _distances(real, generated)])
    return nearest < _ball(real, k)


class Parzen(NamedTuple):
    """A log-likelihood in nats, its standard error over the test images, and the window's width in units of pixels."""

    log_likelihood: float
    error: float
    sigma: float


def parzen(
    samples: np.ndarray, test: np.ndarray, validation: np.ndarray, sigmas: Sequence[float] = SIGMAS
) -> Parzen:
    """Return the mean log-likelihood of test images under a mixture of Gaussians, one around each sample.

    All images are uint8 in 0..255 or floats in 0..1, (n, 28, 28) or (n, 784). The width sigma is the one of `sigmas`
    that `validation` likes best. Goodfellow et al. take 10,000 samples, all 10,000 test images, and the first 1,000 of
    the training images 50,000 to 59,999 as `validation`; their generator has then seen only the first 50,000.
    Raises ValueError for other shapes and ranges, NaN, empty sets, one test image only, and a sigma that is not > 0.
    Source: Goodfellow et al. 2014, section 5 and `parzen_ll.py`; warning: Theis, van den Oord, Bethge 2016.
    """
    widths = np.atleast_1d(np.asarray(sigmas, dtype="float64"))
    if widths.ndim != 1 or widths.size == 0 or not (np.isfinite(widths) & (widths > 0)).all():
        raise ValueError("sigmas must be numbers greater than 0")
    samples, test = checks.images(samples, "samples"), checks.images(test, "test")
    if len(test) < 2:
        raise ValueError("test has 1 image: a standard error needs at least 2")
    sigma = widths[0]
    if len(widths) > 1:
        on_validation = _log_likelihoods(checks.images(validation, "validation"), samples, widths).mean(axis=1)
        sigma = widths[on_validation.argmax()]
    values = _log_likelihoods(test, samples, np.array([sigma]))[0]
    return Parzen(float(values.mean()), float(values.std() / np.sqrt(len(values))), float(sigma))


class Modes(NamedTuple):
    """How many modes were found, and which share of the samples lies near one."""

    found: int
    high_quality: float


def mode_coverage(samples: np.ndarray, modes: np.ndarray, sigma: float) -> Modes:
    """Return the number of modes with a sample near, and the share of samples near a mode: within 3 `sigma` of it.

    `samples` are (n, d), the `modes` of a mixture of Gaussians (k, d), `sigma` its standard deviation. The papers take
    n = 2,500. Raises ValueError for other shapes, NaN, infinity, fewer samples than modes, and a sigma not > 0.
    Source: Srivastava et al. 2017 (VEEGAN), section 4.
    """
    samples, modes = checks.table(samples, "samples"), checks.table(modes, "modes")
    checks.check_columns(samples, modes, "samples", "modes")
    if len(samples) < len(modes):
        raise ValueError(f"{len(samples)} samples cannot find {len(modes)} modes: draw more (the papers take 2,500)")
    if not (np.isfinite(sigma) and sigma > 0):
        raise ValueError(f"sigma is {sigma}: it must be greater than 0")
    distance = np.linalg.norm(samples[:, None] - modes, axis=2)
    mode, near = distance.argmin(axis=1), distance.min(axis=1) <= 3 * sigma
    return Modes(len(np.unique(mode[near])), float(near.mean()))


def nearest(queries: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return `distances, places`: how far each query is from its nearest row, float64 (n,), and which row that is (n,).

    Both are images, uint8 (taken as 0..1) or float, or features, (n, …) and (m, …) with equal shapes behind n and m.
    Images are compared pixel by pixel: distance 1 is one pixel from black to white.
    Raises ValueError for other shapes, empty sets, NaN, infinity, and floats over 1 beside uint8.
    """
    queries, rows = checks.pair(queries, rows, "queries", "rows")
    places = np.empty(len(queries), int)
    for part, distance in _distances(queries, rows):
        places[part] = distance.argmin(axis=1)
    distances = np.empty(len(queries))
    for start in range(0, len(queries), 1000):  # once more, without rounding: a copy has distance 0
        part = slice(start, start + 1000)
        difference = queries[part].astype("float64") - rows[places[part]]
        distances[part] = np.sqrt(np.einsum("ij,ij->i", difference, difference))
    return distances, places


@dataclass(frozen=True)
class Memorisation:
    """The share of training images among the real images that are nearest to a generated one.

    `distinct` counts these real images: each counts once, however many generated images come near it, so that one
    picture drawn many times is one finding. `low` and `high` bound the share with 95 % confidence; `expected` is what
    a generator has that cannot tell the two sets of real images apart. `copied` is the share of copies that it takes,
    at least, to reach `low`. `to_train` and `to_held_out` are the distances of all generated images (n,).
    """

    share: float
    low: float
    high: float
    expected: float
    distinct: int
    to_train: np.ndarray = field(repr=False)
    to_held_out: np.ndarray = field(repr=False)

    @property
    def copied(self) -> float:
        return self._copies(self.low)

    @property
    def decided(self) -> bool:
        """False when even copies alone could not fail: too few different images, which is collapse and not copying."""
        return self._copies(_wilson(1.0, self.distinct)[0]) >= 0.1

    @property
    def passed(self) -> bool:
        """True when less than a tenth must be copies: unseen images of the training set's writers look like 9 %."""
        return self.decided and self.copied < 0.1

    @property
    def verdict(self) -> str:
        if not self.decided:
            return f"no verdict: all come near the same {self.distinct} real images, which is collapse and no copying"
        return "passed" if self.passed else f"FAILED, at least {self.copied:.0%} are copies"

    def _copies(self, low: float) -> float:
        return max(0.0, (low - self.expected) / (1 - self.expected))


def memorisation(generated: np.ndarray, train: np.ndarray, held_out: np.ndarray) -> Memorisation:
    """Ask of the real images that come nearest to the generated ones whether the generator was trained on them.

    Arguments are images or features, as `nearest` takes them, at least 100 generated ones; `held_out` are real, from
    the same source as `train`, and unseen in training. If nothing is copied, every real image is the nearest equally
    often, and the share is that of `train` among all; copies, with a little noise too, raise it towards 1. It does not
    notice a few copies among many other images. Raises ValueError as `nearest` does, and for fewer images.
    Sources: the idea of three samples, Meehan, Chaudhuri, Dasgupta 2020; the interval, Wilson 1927.
    """
    if len(generated) < 100:
        raise ValueError(f"generated has {len(generated)} images: the test needs at least 100")
    (to_train, in_train), (to_held_out, in_held_out) = nearest(generated, train), nearest(generated, held_out)
    won = np.sign(to_held_out - to_train).astype(int)  # 1: nearer to a training image; 0: to both
    hits = np.unique(np.stack([won, np.where(won < 0, in_held_out, in_train)]), axis=1)
    distinct, share = hits.shape[1], float((hits[0] + 1).mean() / 2)
    low, high = _wilson(share, distinct)
    expected = len(train) / (len(train) + len(held_out))
    return Memorisation(share, low, high, expected, distinct, to_train, to_held_out)


def class_histogram(probabilities: np.ndarray) -> np.ndarray:
    """Return the share of images that each class gets when every image counts for its most probable class.

    Probabilities are (n, classes) with rows that add up to 1; so do the shares, float64 (classes,).
    Raises ValueError for other shapes and for rows that are not probabilities.
    """
    rows = checks.probabilities(probabilities)
    return np.bincount(rows.argmax(axis=1), minlength=rows.shape[1]) / len(rows)


def entropy(shares: np.ndarray) -> float:
    """Return the entropy of shares (k,) in nats: 0 when one class has all, log(k) when all are equal.

    Raises ValueError when the shares are not one row of numbers >= 0 that add up to 1.
    Source: Shannon 1948.
    """
    shares = np.asarray(shares, dtype="float64")
    if shares.ndim != 1:
        raise ValueError(f"shares have the shape {shares.shape}; needed is (k,)")
    checks.check_shares(shares, "shares")
    positive = shares[shares > 0]  # p log p goes to 0 with p
    return float(np.sum(positive * np.log(1 / positive)))


def _distances(a: np.ndarray, b: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield blocks of the squared distances between rows: which rows of `a`, and float32 (block, m).

    They can be below 0 by a rounding error, one in a million of the rows' squared lengths. The next block overwrites
    the one before: fresh memory for each would cost a quarter of the time.
    """
    ones = np.ones((max(len(a), len(b)), 1), "float32")
    left = np.hstack([-2 * a, _squared(a), ones[: len(a)]])
    right = np.hstack([b, ones[: len(b)], _squared(b)]).T  # one product gives -2ab + |a|² + |b|²
    step = max(1, _BLOCK // len(b))
    memory = np.empty((min(step, len(a)), len(b)), "float32")
    for start in range(0, len(a), step):
        part = slice(start, min(start + step, len(a)))
        yield part, np.matmul(left[part], right, out=memory[: part.stop - part.start])


def _squared(rows: np.ndarray) -> np.ndarray:
    return np.einsum("ij,ij->i", rows, rows)[:, None]


def _ball(rows: np.ndarray, k: int) -> np.ndarray:
    """The squared distance of every row to its k-th neighbour: its own, 0, comes before the first."""
    return np.concatenate([np.partition(block, k, axis=1)[:, k].copy() for _, block in _distances(rows, rows)])


def _wilson(share: float, n: int) -> tuple[float, float]:
    """The bounds within which a share of n lies with 95 % confidence."""
    z = 1.96
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return float(centre - half), float(centre + half)


def _log_likelihoods(images: np.ndarray, centres: np.ndarray, sigmas: np.ndarray) -> np.ndarray:
    """The log-density of images (n, d), for each sigma: float64 (sigmas, n)."""
    values = np.empty((len(sigmas), len(images)))
    for part, squared in _distances(images, centres):
        closest = squared.min(axis=1, keepdims=True)
        exponents = np.empty_like(squared)
        squared -= closest  # the largest of the exponentials becomes 1, and none overflows
        for i, sigma in enumerate(sigmas):
            exponents = np.multiply(squared, np.float32(-0.5 / sigma**2), out=exponents)
            mean = np.exp(exponents, out=exponents).mean(axis=1, dtype="float64")
            values[i, part] = np.log(mean) - 0.5 / sigma**2 * closest[:, 0]
    return values - images.shape[1] * np.log(sigmas * np.sqrt(2 * np.pi))[:, None]


def _covariance(features: np.ndarray) -> np.ndarray:
    return np.atleast_2d(np.cov(features, rowvar=False))  # np.cov makes a scalar of one column


def _root(covariance: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(values.clip(min=0))) @ vectors.T
