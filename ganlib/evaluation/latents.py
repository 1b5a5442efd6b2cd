"""Measures of lesson 08: how grey images are, how many latents an encoder uses, how far they are from the prior."""

import numpy as np

from ganlib.evaluation import checks


def grey_share(images: np.ndarray, low: float = 0.2, high: float = 0.8) -> float:
    """Return the share of pixels that are neither dark nor bright, strictly between `low` and `high`: 0 is sharpest.

    Images are uint8 in 0..255 or floats in 0..1, (n, 28, 28) or (n, 784). Real MNIST images have 6 %: the edges of
    strokes. Raises ValueError for other shapes and ranges, NaN, empty sets, and unless 0 <= low < high <= 1.
    """
    if not 0 <= low < high <= 1:
        raise ValueError(f"low is {low} and high is {high}: needed is 0 <= low < high <= 1")
    pixels = checks.images(images, "images")
    return float(np.mean((pixels > low) & (pixels < high)))


def active_latents(means: np.ndarray, least: float = 0.01) -> int:
    """Return how many latents tell images apart: those whose mean varies from image to image by more than `least`.

    `means` are those of q(z|x), (n, d), n at least 2; the variance is over the images. Raises ValueError for other
    shapes, NaN and infinity.
    Source: Burda, Grosse, Salakhutdinov 2016, section 5.2.
    """
    return int(np.sum(_rows(means, "means").var(axis=0) > least))


def gap_to_prior(means: np.ndarray, log_variances: np.ndarray) -> float:
    """Return how far the latents of all images together are from N(0, 1), in nats; 0 for its mean and covariance.

    It is the divergence from the prior of one Gaussian, which has mean and covariance of the mixture of all q(z|x):
    at most the divergence of the mixture itself, which has no closed form. Both arguments are (n, d), n at least 2.
    Raises ValueError for other shapes, NaN and infinity.
    Source: the aggregate posterior, Makhzani et al. 2016; the divergence of two Gaussians, Kullback 1959.
    """
    means, log_variances = _rows(means, "means"), _rows(log_variances, "log_variances")
    if means.shape != log_variances.shape:
        raise ValueError(f"means have the shape {means.shape}, log_variances {log_variances.shape}: make them equal")
    mean, covariance = means.mean(axis=0), np.atleast_2d(np.cov(means, rowvar=False, bias=True))
    covariance = covariance + np.diag(np.exp(log_variances).mean(axis=0))
    _, log_determinant = np.linalg.slogdet(covariance)
    return float((np.trace(covariance) + mean @ mean - len(mean) - log_determinant) / 2)


def _rows(values: np.ndarray, name: str) -> np.ndarray:
    values = checks.table(values, name).astype("float64")
    if len(values) < 2:
        raise ValueError(f"{name} has 1 row: a variance needs at least 2")
    return values
