"""Measures of generated images, computed from the judge's features and probabilities."""

import numpy as np


def frechet_distance(features_a: np.ndarray, features_b: np.ndarray) -> float:
    """Return the squared Fréchet distance between two sets of features, each taken as one Gaussian: 0 = same.

    Features are (n, d) and (m, d), n and m at least d + 1. The value is in squared units of the features:
    compare two distances only if they come from the same judge and from equal numbers of images.
    Raises ValueError for other shapes, too few rows, NaN and infinity.
    Source: Heusel et al. 2017, eq. 6: |mean_a - mean_b|² + Tr(cov_a + cov_b - 2 (cov_a cov_b)^(1/2)).
    """
    a, b = _features(features_a, "features_a"), _features(features_b, "features_b")
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"features_a has {a.shape[1]} columns, features_b has {b.shape[1]}: use one judge")
    root_a, root_b = _root(_covariance(a)), _root(_covariance(b))
    shift = a.mean(axis=0) - b.mean(axis=0)
    # Tr (cov_a cov_b)^(1/2) is the sum of the singular values of root_a root_b: no root of an unsymmetric
    # matrix, hence no complex numbers, and no root of a rounding error.
    overlap = np.linalg.norm(root_a @ root_b, "nuc")
    distance = shift @ shift + np.sum(root_a**2) + np.sum(root_b**2) - 2 * overlap
    return max(0.0, float(distance))  # rounding can leave -1e-13


def class_histogram(probabilities: np.ndarray) -> np.ndarray:
    """Return the share of images that each class gets when every image counts for its most probable class.

    Probabilities are (n, classes) with rows that add up to 1; so do the shares, float64 (classes,).
    Raises ValueError for other shapes and for rows that are not probabilities.
    """
    rows = np.asarray(probabilities, dtype="float64")
    if rows.ndim != 2 or rows.size == 0:
        raise ValueError(f"probabilities have the shape {rows.shape}; needed is (n, classes), n >= 1")
    _check_shares(rows, "each row of probabilities")
    return np.bincount(rows.argmax(axis=1), minlength=rows.shape[1]) / len(rows)


def entropy(shares: np.ndarray) -> float:
    """Return the entropy of shares (k,) in nats: 0 when one class has all, log(k) when all are equal.

    Raises ValueError when the shares are not one row of numbers >= 0 that add up to 1.
    Source: Shannon 1948.
    """
    shares = np.asarray(shares, dtype="float64")
    if shares.ndim != 1:
        raise ValueError(f"shares have the shape {shares.shape}; needed is (k,)")
    _check_shares(shares, "shares")
    positive = shares[shares > 0]  # p log p goes to 0 with p
    return float(np.sum(positive * np.log(1 / positive)))


def _features(features: np.ndarray, name: str) -> np.ndarray:
    features = np.asarray(features, dtype="float64")
    if features.ndim != 2 or features.shape[1] == 0:
        raise ValueError(f"{name} has the shape {features.shape}; needed is (n, d): one row for each image")
    n, d = features.shape
    if n < d + 1:
        raise ValueError(f"{name} has {n} rows of {d} features: covariance is singular; use at least {d + 1}")
    if not np.isfinite(features).all():
        raise ValueError(f"{name} contains NaN or infinity")
    return features


def _covariance(features: np.ndarray) -> np.ndarray:
    return np.atleast_2d(np.cov(features, rowvar=False))  # np.cov makes a scalar of one column


def _root(covariance: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(values.clip(min=0))) @ vectors.T


def _check_shares(rows: np.ndarray, name: str) -> None:
    if not (rows >= 0).all():  # also false for NaN
        raise ValueError(f"{name} must be numbers >= 0, without NaN")
    total = rows.sum(axis=-1)
    if not np.allclose(total, 1, atol=1e-3):
        raise ValueError(f"{name} must add up to 1, not {np.ravel(total)[np.abs(total - 1).argmax()]:.3g}")
