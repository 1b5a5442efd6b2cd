"""What the measures ask of their arguments: each check returns the array, or raises ValueError with a sentence."""

import numpy as np


def features(features: np.ndarray, name: str) -> np.ndarray:
    features = np.asarray(features, dtype="float64")
    if features.ndim != 2 or features.shape[1] == 0:
        raise ValueError(f"{name} has the shape {features.shape}; needed is (n, d): one row for each image")
    n, d = features.shape
    if n < d + 1:
        raise ValueError(f"{name} has {n} rows of {d} features: covariance is singular; use at least {d + 1}")
    return finite(features, name)


def table(rows: np.ndarray, name: str) -> np.ndarray:
    rows = np.asarray(rows, dtype="float64")
    if rows.ndim != 2 or rows.size == 0:
        raise ValueError(f"{name} has the shape {rows.shape}; needed is (n, d), n and d at least 1")
    return finite(rows, name)


def pair(a: np.ndarray, b: np.ndarray, name_a: str, name_b: str) -> tuple[np.ndarray, np.ndarray]:
    """Two sets of images or features as float32 (n, d) and (m, d)."""
    a, b = np.asarray(a), np.asarray(b)
    for rows, name in ((a, name_a), (b, name_b)):
        if rows.ndim < 2 or rows.size == 0:
            raise ValueError(f"{name} has the shape {rows.shape}; needed is (n, …), without an empty axis")
        if not (rows.dtype == np.uint8 or np.issubdtype(rows.dtype, np.floating)):
            raise ValueError(f"{name} is {rows.dtype}; needed are uint8 in 0..255 or floats")
        finite(rows, name)
    flat = [rows.reshape(len(rows), -1) for rows in (a, b)]
    check_columns(*flat, name_a, name_b)
    if a.dtype != b.dtype and np.uint8 in (a.dtype, b.dtype):
        floats, name = (a, name_a) if b.dtype == np.uint8 else (b, name_b)
        check_range(floats, name)
    return unit(flat[0]), unit(flat[1])


def images(images: np.ndarray, name: str) -> np.ndarray:
    """Images as float32 (n, 784) in 0..1."""
    images = np.asarray(images)
    if images.ndim not in (2, 3) or images.shape[1:] not in ((28, 28), (784,)) or len(images) == 0:
        raise ValueError(f"{name} has the shape {images.shape}; needed is (n, 28, 28) or (n, 784), n >= 1")
    if images.dtype != np.uint8:
        if not np.issubdtype(images.dtype, np.floating):
            raise ValueError(f"{name} is {images.dtype}; needed are uint8 in 0..255 or floats in 0..1")
        check_range(finite(images, name), name)
    return unit(images.reshape(len(images), -1))


def unit(rows: np.ndarray) -> np.ndarray:
    return rows.astype("float32") / np.float32(255) if rows.dtype == np.uint8 else rows.astype("float32")


def finite(rows: np.ndarray, name: str) -> np.ndarray:
    if rows.dtype != np.uint8 and not np.isfinite(rows).all():
        raise ValueError(f"{name} contains NaN or infinity")
    return rows


def check_range(images: np.ndarray, name: str) -> None:
    low, high = images.min(), images.max()
    if low < 0 or high > 1:
        hint = "take (x + 1) / 2" if -1 <= low < 0 and high <= 1 else "divide by 255, or clip"
        raise ValueError(f"{name} runs from {low:.3g} to {high:.3g}; needed are floats in 0..1: {hint}")


def check_columns(a: np.ndarray, b: np.ndarray, name_a: str, name_b: str) -> None:
    if a.shape[1] != b.shape[1]:
        raise ValueError(f"{name_a} has {a.shape[1]} columns, {name_b} has {b.shape[1]}: they must be equal")


def probabilities(probabilities: np.ndarray) -> np.ndarray:
    rows = np.asarray(probabilities, dtype="float64")
    if rows.ndim != 2 or rows.size == 0:
        raise ValueError(f"probabilities have the shape {rows.shape}; needed is (n, classes), n >= 1")
    check_shares(rows, "each row of probabilities")
    return rows


def check_shares(rows: np.ndarray, name: str) -> None:
    if not (rows >= 0).all():  # also false for NaN
        raise ValueError(f"{name} must be numbers >= 0, without NaN")
    total = rows.sum(axis=-1)
    if not np.allclose(total, 1, atol=1e-3):
        raise ValueError(f"{name} must add up to 1, not {np.ravel(total)[np.abs(total - 1).argmax()]:.3g}")
